"""
Strategies in a modAL loop
==========================

An existing modAL loop does not have to change: every strategy of skactive is a ``query_strategy`` of modAL. In this
example modAL's own uncertainty sampling and the CDF product label handwritten digits in the same loop.
"""

# %%
# The loop
# --------
# The loop is that of modAL: query, teach, and remove the labelled sample from the pool. ``skactive.integrations.modal``
# has modAL's ``ActiveLearner`` for current versions of scikit-learn; an incremental classifier is updated without a
# refit.

import numpy as np

from skactive.integrations.modal import ActiveLearner
from skactive.neighbors import IncrementalKNeighborsClassifier


def accuracies(query_strategy, X_pool, y_pool, X_test, y_test, X_seed, y_seed, n_queries):
    """Return the accuracy on the test part after one label, and after every third answer."""
    learner = ActiveLearner(
        estimator=IncrementalKNeighborsClassifier(),
        query_strategy=query_strategy,
        X_training=X_seed,
        y_training=y_seed,
    )
    scores = [learner.score(X_test, y_test)]
    for number in range(1, n_queries + 1):
        indices, samples = learner.query(X_pool)
        learner.teach(samples, y_pool[indices])
        X_pool, y_pool = np.delete(X_pool, indices, axis=0), np.delete(y_pool, indices)
        if number % 3 == 0:
            scores.append(learner.score(X_test, y_test))
    return scores


# %%
# The strategies
# --------------
# The first strategy is modAL's own function. The others belong to skactive: ``Margin`` uses the probabilities of the
# two most probable classes, modAL's uncertainty sampling only that of the most probable one.

from modAL.uncertainty import uncertainty_sampling

from skactive.strategies import CDFProduct, RandomSampling, UncertaintySampling

strategies = {
    "modAL's uncertainty_sampling": uncertainty_sampling,
    "skactive's UncertaintySampling (margin)": UncertaintySampling(random_state=0),
    "skactive's CDFProduct": CDFProduct(),
    "skactive's RandomSampling": RandomSampling(random_state=0),
}

# %%
# The samples
# -----------
# In each of three repeats, the digits are split into a pool and a test part. One digit of the pool is labelled
# beforehand, because modAL's functions need a fitted classifier.

from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

X, y = load_digits(return_X_y=True)
X = X.astype(np.float32)
N_SPLITS, N_QUERIES = 3, 75
curves = {name: [] for name in strategies}
for seed in range(N_SPLITS):
    X_pool, X_test, y_pool, y_test = train_test_split(
        X, y, test_size=0.4, stratify=y, random_state=seed
    )
    split = (X_pool[1:], y_pool[1:], X_test, y_test, X_pool[:1], y_pool[:1])
    for name, strategy in strategies.items():
        curves[name].append(accuracies(strategy, *split, N_QUERIES))

# %%
# The curves
# ----------

import matplotlib.pyplot as plt

styles = {
    "modAL's uncertainty_sampling": ("#D55E00", "-"),
    "skactive's UncertaintySampling (margin)": ("#009E73", "-."),
    "skactive's CDFProduct": ("#0072B2", "-"),
    "skactive's RandomSampling": ("#6e6e6e", "--"),
}
n_labels = np.arange(1, N_QUERIES + 2, 3)
figure, ax = plt.subplots(figsize=(7.5, 4.6), layout="constrained")
for name, (color, line_style) in styles.items():
    scores = np.array(curves[name])
    mean, error = scores.mean(axis=0), scores.std(axis=0, ddof=1) / np.sqrt(N_SPLITS)
    ax.fill_between(n_labels, mean - error, mean + error, color=color, alpha=0.16, linewidth=0)
    ax.plot(n_labels, mean, color=color, linestyle=line_style, linewidth=2, label=name)
ax.set(xlabel="labels, the first one included", ylabel="accuracy on the test part", ylim=(0, 1))
ax.set_title(f"mean ± 1 standard error over {N_SPLITS} splits", loc="left", size=11)
ax.legend(loc="lower right", frameon=False)
ax.grid(visible=True, color="0.92")
ax.set_axisbelow(True)
ax.spines[["top", "right"]].set_visible(False)

# %%
# The numbers
# -----------

print(f"{'accuracy with':40} 10 labels  25 labels  49 labels  76 labels")
for name, scores in curves.items():
    mean = np.mean(scores, axis=0)
    at = [mean[n_labels.searchsorted(count)] for count in (10, 25, 49, 76)]
    print(f"{name:40} {at[0]:9.2f}  {at[1]:9.2f}  {at[2]:9.2f}  {at[3]:9.2f}")

# %%
# Summary
# -------
# - Only ``query_strategy`` changes in the loop.
# - With the first 25 labels the CDF product is ahead of modAL's uncertainty sampling by about ten points of accuracy,
#   and of random selection by twenty: while the classifier has few labels, density and diversity are more informative
#   than its uncertainty.
# - From 50 labels on the three are close, and at the end uncertainty sampling is a point or two ahead, as in `the
#   labelling curves <plot_labeling_curve.html>`_.
# - Here the two most probable classes are a better criterion than the most probable one alone.
# - modAL passes the whole pool with each query. For a new loop ``skactive.ActiveLearner`` is faster, because it keeps
#   the cached values of the pool between queries.
