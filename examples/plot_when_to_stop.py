"""
When to stop
============

Every label costs a person's time. A test set would tell when more labels bring no more accuracy, but a test set has to be
labelled too. The loop itself knows a few things that hint at it: here they are held against the true accuracy, which the
loop does not see.
"""

# %%
# What the loop knows
# -------------------
# - **Stability**: of all predictions for the pool, the share that the last ten answers did not change (Bloodgood and
#   Vijay-Shanker, "A method for stopping active learning based on stabilizing predictions and the need for user-adjustable
#   stopping", CoNLL 2009).
# - **Confidence**: the mean lead of the most probable class over the second, over the candidates that are left.
# - **Agreement**: how many of the last 20 samples were predicted right before the person answered.

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skactive import ActiveLearner
from skactive.measures import Margin
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.strategies import CDFProduct

STEP, N_LABELS, N_SPLITS = 10, 240, 4


def play(X_pool, y_pool, X_test, y_test):
    """Return what is known after each ten labels, and the accuracy, which is not."""
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
    known.append(play(X_pool, y_pool, X_test, y_test))
    everything = IncrementalKNeighborsClassifier().fit(X_pool, y_pool)
    full_scores.append(everything.score(X_test, y_test))
known = np.array(known)
n_labels = np.arange(STEP, N_LABELS + 1, STEP)

# %%
# The curves
# ----------
# A thin line is one split, a thick line the mean over all.

import matplotlib.pyplot as plt

titles = ["stability", "confidence", "agreement"]
figure, axes = plt.subplots(1, 3, figsize=(10.5, 3.9), sharey=True, layout="constrained")
for place, (ax, title) in enumerate(zip(axes, titles, strict=True)):
    for column, color, label in ((3, "#6e6e6e", "accuracy, not seen"), (place, "#0072B2", title)):
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
# Rules, and what they would have cost
# ------------------------------------
# Stop when the last three values are at least so high. What was the accuracy then, and how much more would all labels of
# the pool have given?


def stopping_place(values, threshold):
    """Return where the last three values first are all at least `threshold`, or None."""
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
# What was learned
# ----------------
# - All three rise with the accuracy, and none of them is the accuracy. Where predictions hardly change any more, 3 to 8
#   points of accuracy are still missing: the loop becomes stable before it has learned all that there is.
# - Stability is the first to level off, and closest to what it stands for: when 98 or 99 per cent of the predictions stay,
#   ten more labels change little. It tells that labels have become expensive, not that nothing is left to gain.
# - Confidence goes on rising while the accuracy hardly does. Nothing marks the place to stop: a threshold has to
#   be found anew for each task and classifier.
# - Agreement is far below the accuracy for the first 100 labels, since the strategy asks about the hardest samples, and it is
#   noisy: 20 answers move in steps of 5 per cent. A low agreement does not mean a bad classifier.
# - These rules stop with 90 to 210 of 1,078 labels. Whether what is missing then is worth the other labels is for the task to
#   say. Who has to know the accuracy draws some samples at random, has them labelled, and keeps them out of the pool.
