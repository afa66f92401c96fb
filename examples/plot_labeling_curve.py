"""
Which strategy needs the fewest labels?
=======================================

How many labels a query strategy saves depends on the samples, so it is worth a measurement before a person starts to
label. Here the labelling loop is played on scikit-learn's handwritten digits, whose labels stand in for the person's
answers.
"""

# %%
# The strategies
# --------------
# Random selection is the baseline that every strategy has to beat. Margin sampling goes by uncertainty alone. The CDF
# product weighs uncertainty with density and diversity; without the latter it shows what they are good for.

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
# In each of ten splits, the training part is the pool. Five samples are asked about at once; the classifier, k-nearest
# neighbours, learns their labels and is scored on the test part.

from sklearn.datasets import load_digits

from skactive.model_selection import compare_strategies

X, y = load_digits(return_X_y=True)
settings = {"budget": 150, "batch_size": 5, "cv": 10, "random_state": 0}
comparison = compare_strategies(None, strategies, X, y, **settings)

# %%
# The curves
# ----------
# The upper line is the accuracy with every label of the training part. The savings in the legend are read off at the
# dotted line.

from skactive.inspection import LabelingCurveDisplay

display = LabelingCurveDisplay.from_results(comparison)

# %%
# The numbers
# -----------
# How many labels does each strategy need for a given share of the accuracy with every label?

full_score = comparison.full_scores.mean()
print("share of full score  " + "  ".join(f"{name:>17}" for name in comparison.names))
for share in (0.7, 0.8, 0.9, 0.95):
    counts = comparison.labels_to_score(share * full_score)
    print(f"{share:>19.0%}  " + "  ".join(f"{count:>17.0f}" for count in counts))

# %%
# Is it sure?
# -----------
# The curves of two strategies may differ by chance. Each pair is tested over the splits, on the mean height of its
# curves, by a t-test that allows for the training samples which the splits share.

from skactive.inspection import StrategyComparisonDisplay

display = StrategyComparisonDisplay.from_results(comparison)

# %%
# The same in numbers, each against random selection:

tests = comparison.paired_tests(baseline="random")
for name, difference, p_value in zip(
    tests.first, tests.mean_difference, tests.corrected_p_value, strict=True
):
    print(f"{name:>17}: {difference:+.3f}, p = {p_value:.1g}")

# %%
# What was learned
# ----------------
# - For 90 % of the accuracy with every label, the CDF product needs 55 labels, margin sampling 65 and random selection
#   105. That both are better than random is sure: they win in all ten splits.
# - Which of the two is better is not: over the whole curve the CDF product is ahead by 0.012, but it wins in six splits
#   and loses in four. It is ahead with the first labels, while the classifier knows too little for its uncertainty to
#   mean much; for the last few per cent margin sampling needs fewer.
# - Uncertainty and density without diversity are surely worse than random selection: they ask about the same crowd again
#   and again. What a measure is worth shows only in company.
# - One set of samples is not all sets of samples: play the loop on yours before you choose.
