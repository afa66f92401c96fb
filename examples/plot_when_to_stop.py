"""
When to stop
============

Every label costs annotation time. A test set would show when more labels no longer increase the accuracy, but a test
set has to be labelled too. This example compares three indicators that the loop can compute without a test set with the
true accuracy, which is not available to the loop.
"""

# %%
# Indicators
# ----------
# - **Stability**: the share of the predictions for the pool that the last ten answers did not change (Bloodgood and
#   Vijay-Shanker, "A method for stopping active learning based on stabilizing predictions and the need for
#   user-adjustable stopping", CoNLL 2009).
# - **Confidence**: the mean margin between the most probable class and the second, over the remaining candidates.
# - **Agreement**: the share of the last 20 samples that were predicted correctly before they were labelled.

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skactive import ActiveLearner
from skactive.measures import Margin
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.strategies import CDFProduct

STEP, N_LABELS, N_SPLITS = 10, 240, 4


def run_loop(X_pool, y_pool, X_test, y_test):
    """Return the three indicators and the true accuracy after every ten labels."""
    learner = ActiveLearner(IncrementalKNeighborsClassifier(), CDFProduct(), X_pool)
    points, agreed, before = [], [], None
    for n_labels in range(1, N_LABELS + 1):
        index = learner.query()
        if n_labels > 1:
            agreed.append(learner.predict(X_pool[index])[0] == y_pool[index[0]])
        learner.teach(index, y_pool[index])
        if n_labels % STEP == 0:
            predictions = learner.predict(X_pool)
            stability = np.nan if before is None else np.mean(predictions == before)
            confidence = 1 - Margin().utilities(learner.pool).mean()
            agreement = np.mean(agreed[-20:]) if len(agreed) >= 20 else np.nan
            before = predictions
            points.append([stability, confidence, agreement, learner.score(X_test, y_test)])
    return points


X, y = load_digits(return_X_y=True)
X = X.astype(np.float32)
known, full_scores = [], []
for seed in range(N_SPLITS):
    X_pool, X_test, y_pool, y_test = train_test_split(
        X, y, test_size=0.4, stratify=y, random_state=seed
    )
    known.append(run_loop(X_pool, y_pool, X_test, y_test))
    everything = IncrementalKNeighborsClassifier().fit(X_pool, y_pool)
    full_scores.append(everything.score(X_test, y_test))
known = np.array(known)
n_labels = np.arange(STEP, N_LABELS + 1, STEP)

# %%
# The curves
# ----------
# Each thin line is one split, the thick line the mean over all splits.

import matplotlib.pyplot as plt

titles = ["stability", "confidence", "agreement"]
figure, axes = plt.subplots(1, 3, figsize=(10.5, 3.9), sharey=True, layout="constrained")
for place, (ax, title) in enumerate(zip(axes, titles, strict=True)):
    for column, color, label in ((3, "#6e6e6e", "true accuracy"), (place, "#0072B2", title)):
        ax.plot(n_labels, known[:, :, column].T, color=color, linewidth=0.7, alpha=0.4)
        style = {"linestyle": "--"} if column == 3 else {}
        ax.plot(n_labels, known[:, :, column].mean(axis=0), color=color, label=label, lw=2, **style)
    ax.set_title(title, loc="left")
    ax.set(xlabel="labels", ylim=(0, 1.02))
    ax.legend(loc="lower right", frameon=False)
    ax.grid(visible=True, color="0.92")
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
axes[0].set_ylabel("share")

# %%
# Stopping rules and their cost
# -----------------------------
# Each rule stops when the last three values reach a threshold. The table compares the accuracy at this point with the
# accuracy with all labels of the pool.


def stopping_place(values, threshold):
    """Return the first index at which the last three values reach `threshold`, or None."""
    enough = values >= threshold
    for place in range(2, len(values)):
        if enough[place - 2 : place + 1].all():
            return place
    return None


print("stop when, three times in a row    labels of each split        accuracy missed")
rules = [(0, 0.97), (0, 0.98), (0, 0.99), (1, 0.5), (1, 0.6), (2, 0.8), (2, 0.9)]
for column, threshold in rules:
    places = [stopping_place(split[:, column], threshold) for split in known]
    stopped = [(split, place) for split, place in enumerate(places) if place is not None]
    missed = [full_scores[split] - known[split, place, 3] for split, place in stopped]
    counts = " ".join(f"{'never' if p is None else n_labels[p]:>5}" for p in places)
    worst = f"{min(missed):6.3f} to {max(missed):.3f}" if missed else ""
    print(f"{titles[column]:>10} is at least {threshold:.0%}  {counts}   {worst}")
print(f"accuracy with all {len(X_pool)} labels of the pool: {np.mean(full_scores):.3f}")

# %%
# Summary
# -------
# - All three indicators rise with the accuracy, but none of them estimates it. When predictions hardly change any more,
#   3 to 8 points of accuracy are still missing: predictions become stable before the accuracy reaches its maximum.
# - Stability levels off first and has the clearest meaning: when 98 or 99 per cent of the predictions stay the same,
#   ten more labels change little. It shows that further gains need many labels, not that no gain is left.
# - Confidence continues to rise while the accuracy hardly does. No value marks the point to stop: the threshold has to
#   be chosen for each task and classifier.
# - Agreement is far below the accuracy for the first 100 labels, since the strategy selects the hardest samples, and it
#   is noisy: with 20 answers it changes in steps of 5 per cent. A low agreement does not mean a bad classifier.
# - These rules stop with 90 to 210 of 1,078 labels. Whether the missing accuracy is worth the remaining labels depends
#   on the task. To measure the accuracy, draw some samples at random, label them, and keep them out of the pool.
