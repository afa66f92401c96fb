"""
What does each strategy ask about?
==================================

Points in the plane show what a strategy looks for. There are three classes, a few points far from all others, and nobody
has labelled anything yet.
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
# In the plane distances are Euclidean: classifier and measures are told so. The last strategy is the CDF product with one
# of its three factors only.

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
# The colour of a point is its class, which the strategies do not know before they ask. The numbers are the order of the
# queries.

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
    title = f"{name}: {learner.score(X, y):.0%} right"
    displays[name] = QueryPathDisplay.from_estimator(learner, y=y, ax=ax, legend=False, title=title)

# %%
# The border moves
# ----------------
# The background is the class that the classifier predicts there. Press play, or step from answer to answer: the ring is
# around the answer that is new.

displays["CDF product"].animate()

# %%
# What was learned
# ----------------
# - Random selection asks about each class in proportion to its size. Here it never meets the smallest one, and spends a
#   question on a point that speaks for nobody.
# - Margin sampling works along the borders between the classes that it has met, and on anything that lies between them,
#   however far away. Its first question is arbitrary.
# - The CDF product begins in the middle, where the points are densest, goes to each class in turn, and asks about no
#   point that is far from all others.
# - Diversity alone does the opposite: it asks about those first, and then goes around the rim.
#
# Twelve queries on one set of points show how strategies differ, not which is better. For that, compare their curves.
