"""
Explain a query
===============

``ActiveLearner.explain_query`` explains why a sample was selected. This example explains queries of handwritten digits,
the first one and later ones.
"""

# %%
# The loop
# --------
# The recorded labels are the answers. Before each answer the learner explains its query, and the explanations are
# stored. An explanation does not change the state of the learner.

from sklearn.datasets import load_digits

from skactive import ActiveLearner
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.strategies import CDFProduct

digits = load_digits()
X, y = digits.data, digits.target

learner = ActiveLearner(IncrementalKNeighborsClassifier(), CDFProduct(), X)
explanations = []
for _ in range(50):
    index = learner.query()
    explanations.append(learner.explain_query(index))
    learner.teach(index, y[index])

# %%
# The first query
# ---------------
# Nothing is labelled yet, so the utility depends only on the density of the pool.

print(explanations[0])

# %%
# The fiftieth query
# ------------------
# The labelled samples now include all ten digits.

print(explanations[49])

# %%
# The selected sample and its neighbours
# --------------------------------------
# The fiftieth sample, and the labelled digits nearest to it. They show why the classifier is uncertain.

import matplotlib.pyplot as plt

explanation = explanations[49]
selected = explanation.index
near = explanation.labeled
figure, axes = plt.subplots(1, 1 + len(near.indices), figsize=(8, 1.9), layout="constrained")
axes[0].set_title(f"selected:\n{selected}", size=10, weight="bold")
for ax, name, label in zip(axes[1:], near.names, near.labels, strict=True):
    ax.set_title(f"{name}:\nlabelled as {label}", size=9)
for ax, position in zip(axes, [selected, *near.indices], strict=True):
    ax.imshow(digits.images[position], cmap="gray_r")
    ax.set(xticks=[], yticks=[])

# %%
# All candidates at once
# ----------------------
# The next query. Each of the first three panels shows the values of one measure and the factors computed from them: the
# share of the candidates with a lower value. The last panel has the products in descending order.

from skactive.inspection import UtilityDisplay

display = UtilityDisplay.from_estimator(learner)

# %%
# The same for the most uncertain candidate, which plain uncertainty sampling would select next.

import numpy as np

table = display.table()
unsure = table["index"][np.argmax(table["uncertainty_value"])]
display = UtilityDisplay.from_estimator(learner, unsure)

# %%
# The factors over time
# ---------------------
# The factors of the selected sample of each query, from the first to the fiftieth.

colors = {"uncertainty": "#0072B2", "density": "#D55E00", "diversity": "#009E73"}
factors = np.array([explanation.factors for explanation in explanations])
figure, ax = plt.subplots(figsize=(7.5, 4), layout="constrained")
markers = iter("os^")
for (name, color), column in zip(colors.items(), factors.T, strict=True):
    ax.plot(range(1, 51), column, next(markers), color=color, alpha=0.35, markersize=5)
    smooth = np.convolve(column, np.full(10, 0.1), mode="valid")
    ax.plot(range(10, 51), smooth, color=color, linewidth=2, label=name)
ax.set(xlabel="query", ylabel="factor of the selected sample", ylim=(-0.02, 1.04))
ax.legend(title="mean of the last ten", frameon=False, loc="lower left", ncols=3)
ax.spines[["top", "right"]].set_visible(False)

for name, column in zip(colors, factors.T, strict=True):
    print(
        f"{name:12} queries 4 to 25: {column[3:25].mean():.2f}   26 to 50: {column[25:].mean():.2f}"
    )
right = [e.classes[0] == y[e.index] for e in explanations[10:]]
print(f"{sum(right)} of the last {len(right)} samples predicted correctly before the answer")

# %%
# Summary
# -------
# - The first query depends on density alone: without a label, every candidate is equally uncertain and equally
#   different.
# - The fiftieth sample is a 6 that leans to the right, with similar probabilities of 6, 0 and 5. The labelled digits
#   nearest to it show why, and none of them is as near as its neighbours in the pool.
# - Uncertainty dominates all later queries: its factor stays close to 1, while medium values of density and diversity
#   are sufficient. No sample has the highest value of every measure; the product selects the best compromise.
# - The most uncertain candidate is not selected, because too few other samples are similar to it.
# - The selected samples are difficult by design. A share of correct predictions below one half on them does not measure
#   the accuracy of the classifier.
