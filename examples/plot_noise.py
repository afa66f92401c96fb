"""
What do wrong answers cost?
===========================

People err. Here the labelling loop is played on scikit-learn's handwritten digits with people who answer wrongly in 10 or
20 % of all cases, and with three of the latter who vote on each sample. Three opinions cost three answers, so everything
is counted in answers.
"""

# %%
# Who answers
# -----------
# ``NoisyOracle(0.2)`` names a wrong digit for every fifth sample, by chance. ``AnnotatorPanel(3, 0.2)`` asks three such
# people, and takes the majority.

import numpy as np
from sklearn.datasets import load_digits

from skactive.model_selection import AnnotatorPanel, NoisyOracle

X, y = load_digits(return_X_y=True)
panel = AnnotatorPanel(3, 0.2, random_state=0)
votes = panel.votes(y)
print(f"wrong answers of one person: {np.mean(votes[:, 0] != y):.1%}")
print(f"wrong labels of the panel:   {np.mean(panel.labels(votes) != y):.1%}")

# %%
# The loop
# --------
# Whoever answers, 180 answers may be used. For the panel that makes 60 samples. The classifier goes by a single nearest
# neighbour, or by a vote of 15. Scores are against the true labels, in each of three splits.

from skactive.model_selection import compare_strategies
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.strategies import CDFProduct

N_ANSWERS = 180
people = {
    "no errors": (None, 1),
    "one person, 10 % wrong": (NoisyOracle(0.1), 1),
    "one person, 20 % wrong": (NoisyOracle(0.2), 1),
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
# A label that is wrong spoils the prediction of all samples next to it, until others outvote it.

import matplotlib.pyplot as plt

colors = ["#000000", "#56B4E9", "#D55E00", "#009E73"]
figure, axes = plt.subplots(1, 2, figsize=(10, 4.2), sharey=True, layout="constrained")
for ax, n_neighbors in zip(axes, (1, 15), strict=True):
    for name, color in zip(people, colors, strict=True):
        ax.plot(*curves[n_neighbors, name], color=color, linewidth=1.8, label=name)
    ax.set_title("one neighbour decides" if n_neighbors == 1 else "15 neighbours vote", loc="left")
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
# The accuracy after so many answers:

points = (60, 120, 180)
print(f"{'k':>2}  {'who answers':<34}" + "".join(f"{n:>8}" for n in points))
for (n_neighbors, name), (n_answers, scores) in curves.items():
    shown = "".join(f"{scores[n_answers == n][0]:>8.3f}" for n in points)
    print(f"{n_neighbors:>2}  {name:<34}{shown}")

# %%
# What was learned
# ----------------
# - Where one neighbour decides, errors cost accuracy: with every fifth answer wrong, 180 answers give 0.73 instead of 0.93,
#   and more of the same hardly help. Two further opinions on each sample do: from 80 answers on they are worth their
#   price, and at 180 they give 0.79.
# - Where 15 neighbours vote, errors cost labels and little else: with every fifth answer wrong, 60 answers give 0.805
#   instead of 0.855, and 180 give the same 0.94 as without errors.
# - There, new samples are worth more than second opinions (0.94 against 0.86 with 180 answers): neighbours that vote are
#   a panel already.
# - These people err by chance. Yours may take certain classes for each other: ``NoisyOracle`` takes a confusion matrix,
#   so play the loop with theirs before you choose.
