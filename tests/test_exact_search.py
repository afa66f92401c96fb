"""The exact search in blocks: the same rows as in one block, with many ties."""

import tracemalloc

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from strategies import METRICS, samples_for

from skactive._engine import exact_search
from skactive._engine.distances import Rows, Space


def nearest(metric, X, n_neighbors, order, exclude):
    rows = Rows(X)
    distances, columns = exact_search.search(
        Space(metric), rows, rows, n_neighbors, precedence=lambda: order, exclude=exclude
    )
    return distances, np.sort(columns, axis=1)


@given(
    data=st.data(),
    metric=st.sampled_from(METRICS),
    is_sparse=st.booleans(),
    n_neighbors=st.integers(1, 25),
    block=st.integers(1, 24),
    excludes=st.booleans(),
)
def test_blocks_do_not_change_the_nearest_rows(
    data, metric, is_sparse, n_neighbors, block, excludes
):
    X = data.draw(samples_for(metric, 20))
    X = sp.csr_matrix(X) if is_sparse and metric != "chebyshev" else X
    order = np.array(data.draw(st.permutations(range(20))))
    exclude = np.arange(20) if excludes else None
    at_once = nearest(metric, X, n_neighbors, order, exclude)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exact_search, "BLOCK_ROWS", block)
        in_blocks = nearest(metric, X, n_neighbors, order, exclude)
    rounding = 2 * float(np.max(Space(metric).rounding(Rows(X), Rows(X))))
    np.testing.assert_allclose(in_blocks[0], at_once[0], rtol=0, atol=rounding)
    np.testing.assert_array_equal(in_blocks[1], at_once[1])


def test_temporary_memory_does_not_grow_with_the_number_of_rows():
    X = np.random.default_rng(0).normal(size=(100_000, 16)).astype(np.float32)
    queries, rows, order = Rows(X[:100] + 1), Rows(X), np.arange(len(X))
    for _ in range(2):
        tracemalloc.start()
        exact_search.search(Space(), queries, rows, 5, precedence=lambda: order)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    # One block of all rows takes 130 MB.
    assert peak < 4e7
