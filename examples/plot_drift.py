"""
When the task changes
=====================

Somebody decides that what was called 0 is called 1 from now on, and the other way round, and so for 2 and 3. The answers
so far are half wrong then, and nobody tells the classifier. Here the labelling loop goes through such a change on
scikit-learn's handwritten digits.
"""

# %%
# What can be done about it
# -------------------------
# A classifier can forget by itself: ``max_labeled`` keeps the last answers only, ``half_life`` trusts an answer the less
# the more came after it. Or somebody says ``forget``, at best when the change happens, else when a drift detector notices
# that fewer answers than before are what the classifier predicted. The detector is one of river's
# (``pip install 'skactive[drift]'``).

from river.drift import PageHinkley

from skactive.neighbors import IncrementalKNeighborsClassifier

classifiers = {
    "no forgetting": IncrementalKNeighborsClassifier(),
    "max_labeled=100": IncrementalKNeighborsClassifier(max_labeled=100),
    "half_life=50": IncrementalKNeighborsClassifier(half_life=50),
    "forget() at the change": IncrementalKNeighborsClassifier(),
    "forget(20) at the signal": IncrementalKNeighborsClassifier(),
}

# %%
# The loop
# --------
# After 150 answers the four classes change their names. Accuracy is always that on the task as it is now, on samples that
# are not in the pool, taken after every fifth answer; the curves are means over two splits.

import warnings

import numpy as np
from sklearn.datasets import load_digits

from skactive import ActiveLearner
from skactive.learner import DriftWarning
from skactive.strategies import CDFProduct

X, y = load_digits(return_X_y=True)
swapped = np.array([1, 0, 3, 2, 4, 5, 6, 7, 8, 9])
n_before = 150
scored_after = np.arange(5, 301, 5)
signals = []


def accuracies(name, seed):
    order = np.random.default_rng(seed).permutation(len(X))
    pool, test = order[:800], order[800:1300]
    watched = PageHinkley(mode="up", threshold=5) if "signal" in name else None
    learner = ActiveLearner(classifiers[name], CDFProduct(), X[pool], drift_detector=watched)
    curve = []
    for n in range(scored_after[-1]):
        if n == n_before and "change" in name:
            learner.forget()
        names = y if n < n_before else swapped[y]
        indices = learner.query()
        n_signals = len(learner.drifts)
        learner.teach(indices, names[pool][indices])
        if len(learner.drifts) > n_signals:
            signals.append(n + 1)
            learner.forget(n_kept=20)
        if n + 1 in scored_after:
            curve.append(learner.score(X[test], names[test]))
    return curve


with warnings.catch_warnings():
    warnings.simplefilter("ignore", DriftWarning)  # here the program reads `drifts` instead
    curves = {
        name: np.mean([accuracies(name, seed) for seed in range(2)], axis=0) for name in classifiers
    }
print("signals after", sorted(signals), "labels")

# %%
# What it looks like
# ------------------
# The triangles at the bottom are the detector's signals: those of both splits coincide.

import matplotlib.pyplot as plt

colors = ["#6e6e6e", "#0072B2", "#E69F00", "#009E73", "#D55E00"]
styles = ["--", "-", "-", "-", "-"]
figure, ax = plt.subplots(figsize=(7.5, 4.8), layout="constrained")
ax.axvline(n_before, color="black", linewidth=1, linestyle=":")
ax.annotate(
    "classes swap", (n_before, 0.02), xytext=(-6, 0), textcoords="offset points", ha="right"
)
for (name, curve), color, style in zip(curves.items(), colors, styles, strict=True):
    ax.plot(scored_after, curve, style, color=color, linewidth=2, label=name)
ax.plot(signals, [0.02] * len(signals), "^", color=colors[-1], markersize=8, label="signal")
ax.set(xlabel="number of labels", ylabel="accuracy on the task as it is", ylim=(0, 1))
ax.legend(loc="lower right", bbox_to_anchor=(1, 0.06), frameon=False)
plt.show()

# %%
# In numbers
# ----------
# How many labels after the change until the mean accuracy is back at 90 % of what it was?

after = scored_after > n_before
for name, curve in curves.items():
    good = curve[after] >= 0.9 * curve[~after][-1]
    needed = scored_after[after][good][0] - n_before
    print(
        f"{name:>24}: {needed} labels; {curve[~after][-1]:.2f} before, {curve[-1]:.2f} in the end"
    )

# %%
# What was learned
# ----------------
# - A classifier that forgets nothing recovers too, by asking until new answers outnumber old ones: that takes more
#   than twice the labels that starting from nothing takes.
# - Forgetting everything is best where somebody knows when the task changed, although the next few answers are spent on
#   what was known before.
# - ``half_life`` is almost as quick without being told of anything, and ``max_labeled`` gains once the old answers are on
#   their way out. Both pay for it with two per cent of accuracy while nothing changes.
# - The detector needs 15 answers to be sure, in both splits. What is forgotten then is missed for a while, and still it
#   is quicker than to forget nothing.
# - All this is for answers that are no longer true. Where new classes join the old ones, the old answers are: the
#   benchmark called ``drift`` shows what forgetting them costs.
