"""
Which strategy needs the fewest labels?
=======================================

The number of labels that a query strategy saves depends on the samples, and can be measured before an annotator starts
to label. This example runs the labelling loop on scikit-learn's handwritten digits, with the recorded labels as the
annotator's answers.
"""

# %%
# The strategies
# --------------
# Random selection is the baseline. Margin sampling uses uncertainty alone. The CDF product combines uncertainty with
# density and diversity; the variant without diversity shows the effect of this measure.

from skactive.strategies import CDFProduct, RandomSampling, UncertaintySampling

strategies = {
    "random": RandomSampling(),
    "margin": UncertaintySampling(),
    "cdf-product": CDFProduct(),
    "without diversity": CDFProduct(weights={"diversity": 0.0}),
}

# %%
# The loop
# --------
# In each of ten splits, the training part is the pool. Each query selects five samples. The classifier, k-nearest
# neighbours, learns their labels and is scored on the test part.

from sklearn.datasets import load_digits

from skactive.model_selection import compare_strategies
from skactive.neighbors import IncrementalKNeighborsClassifier

X, y = load_digits(return_X_y=True)
settings = {"budget": 150, "batch_size": 5, "cv": 10, "random_state": 0}
comparison = compare_strategies(IncrementalKNeighborsClassifier(), strategies, X, y, **settings)

# %%
# The curves
# ----------
# The upper line is the accuracy with all labels of the training part. The legend shows the label savings at the dotted
# line.

from skactive.inspection import LabelingCurveDisplay

display = LabelingCurveDisplay.from_results(comparison)

# %%
# The numbers
# -----------
# The number of labels that each strategy needs for a given share of the accuracy with all labels.

full_score = comparison.full_scores.mean()
print("share of full score  " + "  ".join(f"{name:>17}" for name in comparison.names))
for share in (0.7, 0.8, 0.9, 0.95):
    counts = comparison.labels_to_score(share * full_score)
    print(f"{share:>19.0%}  " + "  ".join(f"{count:>17.0f}" for count in counts))

# %%
# Statistical significance
# ------------------------
# The curves of two strategies may differ by chance. Each pair of strategies is compared over the splits, by the mean
# height of their curves, in a t-test corrected for the training samples that the splits share.

from skactive.inspection import StrategyComparisonDisplay

display = StrategyComparisonDisplay.from_results(comparison)

# %%
# The same as numbers, each strategy compared with random selection:

tests = comparison.paired_tests(baseline="random")
for name, difference, p_value in zip(
    tests.first, tests.mean_difference, tests.corrected_p_value, strict=True
):
    print(f"{name:>17}: {difference:+.3f}, p = {p_value:.1g}")

# %%
# Summary
# -------
# - For 90 % of the accuracy with all labels, the CDF product needs 55 labels, margin sampling 65 and random selection
#   105. Both are significantly better than random selection: they win in all ten splits.
# - Between the two, the difference is not significant: over the whole curve the CDF product is ahead by 0.012, but it
#   wins in six splits and loses in four. It is ahead with the first labels, while the uncertainty of the classifier is
#   not yet reliable; for the last few per cent margin sampling needs fewer labels.
# - Uncertainty and density without diversity are significantly worse than random selection: they query the same dense
#   region repeatedly. The value of a measure depends on the measures it is combined with.
# - These results hold for one data set: run the comparison on your own samples before you choose a strategy.
