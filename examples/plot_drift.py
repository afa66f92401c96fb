"""
When the task changes
=====================

In this example the definition of the classes changes during labelling: 0 and 1 swap their names, and so do 2 and 3.
Many of the previous answers are then wrong, and the classifier is not informed. The labelling loop goes through such a
change on scikit-learn's handwritten digits.
"""

# %%
# Ways to forget
# --------------
# A classifier can forget by itself: ``max_labeled`` keeps only the latest answers, and with ``half_life`` the weight of
# an answer decays as more answers follow it. Alternatively ``forget`` is called, at best when the change happens,
# otherwise when a drift detector finds that the classifier predicts fewer answers correctly than before. The detector
# here is one of river's (``pip install 'skactive[drift]'``).

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
# After 150 answers the four classes change their names. The accuracy is computed after every fifth answer with the
# current names, on samples that are not in the pool. The curves are means over two splits.

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
    warnings.simplefilter("ignore", DriftWarning)  # this script reads `drifts` instead
    curves = {
        name: np.mean([accuracies(name, seed) for seed in range(2)], axis=0) for name in classifiers
    }
print("signals after", sorted(signals), "labels")

# %%
# The curves
# ----------
# The triangles at the bottom are the detector's signals, which coincide in both splits.

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
ax.set(xlabel="number of labels", ylabel="accuracy with the current names", ylim=(0, 1))
ax.legend(loc="lower right", bbox_to_anchor=(1, 0.06), frameon=False)
plt.show()

# %%
# The numbers
# -----------
# The number of labels after the change until the mean accuracy is back at 90 % of its value before the change.

after = scored_after > n_before
for name, curve in curves.items():
    good = curve[after] >= 0.9 * curve[~after][-1]
    needed = scored_after[after][good][0] - n_before
    print(
        f"{name:>24}: {needed} labels; {curve[~after][-1]:.2f} before, {curve[-1]:.2f} at the end"
    )

# %%
# Summary
# -------
# - A classifier that forgets nothing also recovers, once new answers outnumber old ones. This takes more than twice as
#   many labels as starting again without labels.
# - Forgetting everything is best if the time of the change is known, although the next few answers only restore
#   knowledge that was lost.
# - ``half_life`` recovers almost as fast without any information about the change, and ``max_labeled`` improves as the
#   old answers are dropped. Both cost two per cent of accuracy while the task does not change.
# - The detector needs 15 answers for its signal, in both splits. After it, the forgotten answers are missing for a
#   while, but recovery is still faster than without forgetting.
# - These results are for answers that are no longer valid. If new classes are added to the old ones, the old answers
#   remain valid: the benchmark ``drift`` shows the cost of forgetting them.
