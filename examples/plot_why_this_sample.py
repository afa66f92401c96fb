"""
Why this sample?
================

Whoever labels sooner or later asks: why do you show me this one? The learner can say. Here it is asked about handwritten
digits, at the first query and at later ones.
"""

# %%
# The loop
# --------
# The recorded digits answer in the person's place. Before each answer the learner explains its question; the explanations
# are kept. Explaining changes nothing.

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
# Nothing is labelled yet, so only the density of the pool has something to say.

print(explanations[0])

# %%
# The fiftieth query
# ------------------
# By now the classifier has met all ten digits.

print(explanations[49])

# %%
# The digits in question
# ----------------------
# The fiftieth, and the labelled digits nearest to it. Does the classifier hesitate for a good reason?

import matplotlib.pyplot as plt

explanation = explanations[49]
asked = explanation.index
near = explanation.labeled
figure, axes = plt.subplots(1, 1 + len(near.indices), figsize=(8, 1.9), layout="constrained")
axes[0].set_title(f"asked about:\n{asked}", size=10, weight="bold")
for ax, name, label in zip(axes[1:], near.names, near.labels, strict=True):
    ax.set_title(f"{name}:\na person said {label}", size=9)
for ax, position in zip(axes, [asked, *near.indices], strict=True):
    ax.imshow(digits.images[position], cmap="gray_r")
    ax.set(xticks=[], yticks=[])

# %%
# All candidates at once
# ----------------------
# The next query. Each of the first three panels turns the values of one measure into factors: the share of the candidates
# with a lower value. The last panel has the products, best first.

from skactive.inspection import UtilityDisplay

display = UtilityDisplay.from_estimator(learner)

# %%
# The same for the candidate of which the classifier is least sure: plain uncertainty sampling would ask about it next.

import numpy as np

table = display.table()
unsure = table["index"][np.argmax(table["uncertainty_value"])]
display = UtilityDisplay.from_estimator(learner, unsure)

# %%
# How the reasons change
# ----------------------
# The factors of each query, from the first to the fiftieth.

colors = {"uncertainty": "#0072B2", "density": "#D55E00", "diversity": "#009E73"}
factors = np.array([explanation.factors for explanation in explanations])
figure, ax = plt.subplots(figsize=(7.5, 4), layout="constrained")
markers = iter("os^")
for (name, color), column in zip(colors.items(), factors.T, strict=True):
    ax.plot(range(1, 51), column, next(markers), color=color, alpha=0.35, markersize=5)
    smooth = np.convolve(column, np.full(10, 0.1), mode="valid")
    ax.plot(range(10, 51), smooth, color=color, linewidth=2, label=name)
ax.set(xlabel="query", ylabel="factor of the sample asked about", ylim=(-0.02, 1.04))
ax.legend(title="mean of the last ten", frameon=False, loc="lower left", ncols=3)
ax.spines[["top", "right"]].set_visible(False)

for name, column in zip(colors, factors.T, strict=True):
    print(
        f"{name:12} queries 4 to 25: {column[3:25].mean():.2f}   26 to 50: {column[25:].mean():.2f}"
    )
right = [e.classes[0] == y[e.index] for e in explanations[10:]]
print(f"right about {sum(right)} of the last {len(right)} samples before the person answered")

# %%
# What was learned
# ----------------
# - The first query goes by density alone: without a label, every candidate is equally uncertain and equally different.
# - The fiftieth is a 6 that leans to the right, and the classifier wavers between 6, 0 and 5. The labelled digits nearest to
#   it say why, and none of them is as near as its own neighbours in the pool.
# - Uncertainty decides throughout: its factor stays close to 1, while a middling density and diversity are good enough. No
#   sample is best at everything; the product looks for the best compromise.
# - The candidate of which the classifier is least sure is not asked about: too few others are like it.
# - The samples asked about are hard on purpose. That the classifier is right about fewer than half of them says nothing
#   about how good it is.
