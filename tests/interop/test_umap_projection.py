"""UMAP projects the pool, and its own warnings are hidden."""

import numpy as np
import pytest
from sklearn.datasets import load_iris

from skactive import ActiveLearner
from skactive.inspection import QueryPathDisplay

pytest.importorskip("umap")
pytest.importorskip("matplotlib")

from matplotlib.figure import Figure

# Slow, and the other package is the same for all releases of scikit-learn.
pytestmark = pytest.mark.once

X, Y = load_iris(return_X_y=True)


def test_the_pool_is_projected_by_umap():
    learner = ActiveLearner(X_pool=X).teach([0, 60, 120], Y[[0, 60, 120]])
    ax = Figure().subplots()
    display = QueryPathDisplay.from_estimator(learner, y=Y, projection="umap", ax=ax)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("UMAP 1", "UMAP 2")
    assert display.coordinates.shape == (150, 2)
    assert np.isfinite(display.coordinates).all()
