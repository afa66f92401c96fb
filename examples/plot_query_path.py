"""
Samples selected by each strategy
=================================

This example compares the samples that four strategies select from points in the plane. The points belong to three
classes, a few of them are far from all others, and none is labelled at the start.
"""

# %%
# The points
# ----------
# The classes differ in size, and two of them overlap.

import numpy as np
from sklearn.datasets import make_blobs

X, y = make_blobs(
    n_samples=[150, 100, 50],
    centers=[[0.0, 0.0], [3.2, 0.6], [0.8, 4.0]],
    cluster_std=[1.0, 0.8, 0.6],
    random_state=0,
)
outliers = [[-4.0, 5.0], [6.5, -3.0], [6.0, 5.5], [-4.0, -3.0]]
X, y = np.vstack([X, outliers]), np.append(y, [0, 1, 2, 0])

# %%
# The strategies
# --------------
# Distances in the plane are Euclidean, so `metric="euclidean"` is set for classifier and measures. The last strategy is
# the CDF product with only one of its three factors.

from skactive.strategies import CDFProduct, RandomSampling, UncertaintySampling

product = CDFProduct()
product.set_params(density__metric="euclidean", diversity__metric="euclidean")
diversity = CDFProduct(weights={"uncertainty": 0.0, "density": 0.0})
diversity.set_params(diversity__metric="euclidean")

strategies = {
    "random": RandomSampling(random_state=0),
    "margin": UncertaintySampling(random_state=0),
    "CDF product": product,
    "diversity alone": diversity,
}

# %%
# The first twelve queries
# ------------------------
# The colour of a point is its class, which is unknown to a strategy until the point is labelled. The numbers are the
# order of the queries.

import matplotlib.pyplot as plt

from skactive import ActiveLearner
from skactive.inspection import QueryPathDisplay
from skactive.neighbors import IncrementalKNeighborsClassifier

classifier = IncrementalKNeighborsClassifier(metric="euclidean")
figure, axes = plt.subplots(2, 2, figsize=(9, 7.4), layout="constrained")
displays = {}
for ax, (name, strategy) in zip(axes.flat, strategies.items(), strict=True):
    learner = ActiveLearner(classifier, strategy, X)
    for _ in range(12):
        index = learner.query()
        learner.teach(index, y[index])
    title = f"{name}: {learner.score(X, y):.0%} correct"
    displays[name] = QueryPathDisplay.from_estimator(learner, y=y, ax=ax, legend=False, title=title)

# %%
# Predictions after each answer
# -----------------------------
# The colour of the background is the predicted class. Press play, or step from answer to answer: the ring marks the
# latest answer.

displays["CDF product"].animate()

# %%
# Summary
# -------
# - Random selection queries each class in proportion to its size. Here it never selects the smallest class, and spends
#   one query on an outlier.
# - Margin sampling selects points along the borders between the known classes, and any point between these classes,
#   however far away. Its first query is arbitrary.
# - The CDF product starts in the densest region, then selects from each class in turn, and does not select outliers.
# - Diversity alone does the opposite: it first selects the outliers, then points at the edge of the classes.
#
# Twelve queries on one set of points show how strategies differ, not which is better. For that, compare their labelling
# curves.
