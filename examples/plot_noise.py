"""
The cost of annotation errors
=============================

Annotators make errors. This example runs the labelling loop on scikit-learn's handwritten digits with annotators whose
error rate is 10 or 20 %, and with a panel of three of the latter who vote on each sample. A label of the panel costs
three answers, so all budgets are counted in answers.
"""

# %%
# The annotators
# --------------
# ``NoisyOracle(0.2)`` returns a wrong digit at random for every fifth sample. ``AnnotatorPanel(3, 0.2)`` takes the
# majority of three such annotators.

import numpy as np
from sklearn.datasets import load_digits

from skactive.model_selection import AnnotatorPanel, NoisyOracle

X, y = load_digits(return_X_y=True)
panel = AnnotatorPanel(3, 0.2, random_state=0)
votes = panel.votes(y)
print(f"wrong answers of one annotator: {np.mean(votes[:, 0] != y):.1%}")
print(f"wrong labels of the panel:      {np.mean(panel.labels(votes) != y):.1%}")

# %%
# The loop
# --------
# The budget is 180 answers in each case, which is 60 samples for the panel. The classifier uses the single nearest
# neighbour, or a vote of 15. Scores are computed with the true labels, in each of three splits.

from skactive.model_selection import compare_strategies
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.strategies import CDFProduct

N_ANSWERS = 180
people = {
    "no errors": (None, 1),
    "one annotator, 10 % wrong": (NoisyOracle(0.1), 1),
    "one annotator, 20 % wrong": (NoisyOracle(0.2), 1),
    "majority of three, each 20 % wrong": (AnnotatorPanel(3, 0.2), 3),
}

curves = {}
for n_neighbors in (1, 15):
    for name, (oracle, n_annotators) in people.items():
        comparison = compare_strategies(
            IncrementalKNeighborsClassifier(n_neighbors),
            {"cdf-product": CDFProduct()},
            X,
            y,
            budget=N_ANSWERS // n_annotators,
            cv=3,
            oracle=oracle,
            random_state=0,
        )
        n_answers = n_annotators * comparison.n_labels
        curves[n_neighbors, name] = n_answers, comparison.mean_scores[0]

# %%
# The curves
# ----------
# A wrong label changes the predictions of all samples near it, until other labels outvote it.

import matplotlib.pyplot as plt

colors = ["#000000", "#56B4E9", "#D55E00", "#009E73"]
figure, axes = plt.subplots(1, 2, figsize=(10, 4.2), sharey=True, layout="constrained")
for ax, n_neighbors in zip(axes, (1, 15), strict=True):
    for name, color in zip(people, colors, strict=True):
        ax.plot(*curves[n_neighbors, name], color=color, linewidth=1.8, label=name)
    ax.set_title("one neighbour" if n_neighbors == 1 else "vote of 15 neighbours", loc="left")
    ax.set_xlabel("answers")
    ax.set_xlim(0, N_ANSWERS)
    ax.grid(visible=True, color="0.92", linewidth=0.8)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
axes[0].set_ylabel("accuracy on the test part")
axes[1].legend(frameon=False, loc="lower right")

# %%
# The numbers
# -----------
# The accuracy after 60, 120 and 180 answers:

points = (60, 120, 180)
print(f"{'k':>2}  {'annotators':<34}" + "".join(f"{n:>8}" for n in points))
for (n_neighbors, name), (n_answers, scores) in curves.items():
    shown = "".join(f"{scores[n_answers == n][0]:>8.3f}" for n in points)
    print(f"{n_neighbors:>2}  {name:<34}{shown}")

# %%
# Summary
# -------
# - With one neighbour, errors cost accuracy: with every fifth answer wrong, 180 answers give 0.73 instead of 0.93, and
#   more answers of this kind hardly help. Two further answers for each sample do help: from 80 answers on the panel is
#   better, and with 180 it reaches 0.79.
# - With a vote of 15 neighbours, errors only cost additional labels: with every fifth answer wrong, 60 answers give
#   0.805 instead of 0.855, and 180 give the same 0.94 as without errors.
# - In this case, new samples are worth more than further answers for the same sample (0.94 against 0.86 with 180
#   answers): the neighbours already outvote single errors.
# - These errors are random. Real annotators may confuse particular classes: ``NoisyOracle`` accepts a confusion matrix,
#   so run the comparison with theirs before you choose.
