"""The second graph of tables."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.datasets import load_wine

from skactive.semi_supervised._spread_view import TableView

X = load_wine().data


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("value", [0.3, -7.0, 1e9, 1e-30, 1e30])
def test_features_that_are_constant_but_for_rounding_change_no_neighbour(value, dtype):
    value, table = dtype(value), X.astype(dtype)
    rounded = np.where(np.arange(len(X)) % 3 == 0, np.nextafter(value, dtype(np.inf)), value)
    with_column = np.hstack([table, rounded[:, np.newaxis]])
    views = [TableView(one, 15, alpha=0.9, tol=3e-3) for one in (table, with_column)]
    assert_array_equal(views[0].graph.indices, views[1].graph.indices)


@pytest.mark.parametrize("scale", [1e-20, 1e-3, 1e6, 1e20])
def test_units_of_features_change_no_neighbour(scale):
    units = np.where(np.arange(X.shape[1]) % 2 == 0, 1.0, scale)
    views = [TableView(table, 15, alpha=0.9, tol=3e-3) for table in (X, (X + 3) * units)]
    assert (views[0].graph.indices == views[1].graph.indices).mean() > 0.99
