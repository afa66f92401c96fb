"""What numba compiles does as numpy does, and as the definition says."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_spreading import solved

from skactive.neighbors import _spread as spreading_module
from skactive.neighbors._spread import Spread, compiled_push, plain_push
from skactive.pool import _coverage as coverage_module
from skactive.pool._coverage import Coverage, compiled_gains, plain_gains

pytest.importorskip("numba")

TOLERANCE = 1e-3


def affinity(n_nodes, share, seed):
    """Return a symmetric graph; where few edges are drawn, some nodes have none."""
    half = sp.triu(sp.random(n_nodes, n_nodes, share, random_state=seed), k=1)
    return sp.csr_matrix(half + half.T)


ANSWERS = st.lists(st.tuples(st.integers(0, 29), st.sampled_from("ab")), min_size=1, max_size=12)


@pytest.mark.parametrize("push", [plain_push, compiled_push], ids=lambda push: push.__name__)
@settings(max_examples=25)
@given(
    answers=ANSWERS,
    taken_back=st.integers(0, 12),
    alpha=st.sampled_from([0.0, 0.5, 0.97]),
    share=st.sampled_from([0.0, 0.03, 0.2, 0.9]),
    seed=st.integers(0, 99),
)
def test_either_push_solves_the_system_to_the_tolerance(
    push, answers, taken_back, alpha, share, seed
):
    graph = affinity(30, share, seed)
    spread = Spread(graph, alpha=alpha, tol=TOLERANCE)
    labels = np.zeros((30, 2))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spreading_module, "plain_push", push)
        patch.setattr(spreading_module, "compiled_push", push)
        for amount, some in [(1.0, answers), (-1.0, answers[:taken_back])]:
            for node, name in some:
                spread.add(np.array([node]), name, amount)
                labels[node, "ab".index(name)] += amount
    exact, scale = solved(graph, labels, alpha)
    error = np.abs(spread.scores("ab") - exact).max(axis=1)
    assert (error <= TOLERANCE * scale + 1e-12).all()


@pytest.mark.parametrize("push", [plain_push, compiled_push], ids=lambda push: push.__name__)
def test_either_push_goes_on_when_nodes_join(push, monkeypatch):
    monkeypatch.setattr(spreading_module, "plain_push", push)
    monkeypatch.setattr(spreading_module, "compiled_push", push)
    graph = affinity(30, 0.2, 1)
    spread = Spread(graph[:20, :20], alpha=0.9, tol=TOLERANCE)
    spread.add(np.array([3, 7]), "a")
    spread.join(graph)
    spread.add(np.array([25]), "a")
    labels = np.zeros((30, 1))
    labels[[3, 7, 25]] = 1
    exact, scale = solved(graph, labels, 0.9)
    error = np.abs(spread.scores("a") - exact).max(axis=1)
    assert (error <= TOLERANCE * scale + 1e-12).all()


def test_with_numba_installed_the_compiled_push_is_taken(monkeypatch):
    monkeypatch.setattr(spreading_module, "plain_push", lambda *_: pytest.fail("not compiled"))
    spread = Spread(affinity(30, 0.2, 0), alpha=0.9, tol=TOLERANCE)
    spread.add(np.array([4]), "a")
    assert spread.scores("a")[4] >= 1


@pytest.mark.parametrize("gains", [plain_gains, compiled_gains], ids=lambda gains: gains.__name__)
@pytest.mark.parametrize("share", [0.0, 0.05, 0.9])
def test_either_sums_gains_as_a_dense_kernel_does(gains, share):
    rng = np.random.default_rng(0)
    kernel = affinity(40, share, 2)
    dense = kernel.toarray()
    np.fill_diagonal(dense, 1.0)
    covered, weights = rng.random(40), rng.random(40)
    rows = np.array([0, 3, 17, 39])
    expected = weights @ np.maximum(dense - covered[:, np.newaxis], 0.0)
    everyone = np.arange(40)
    assert gains(kernel, everyone, covered, weights) == pytest.approx(expected)
    assert gains(kernel, rows, covered, weights) == pytest.approx(expected[rows])


def test_with_numba_installed_gains_are_compiled(monkeypatch):
    monkeypatch.setattr(coverage_module, "plain_gains", lambda *_: pytest.fail("not compiled"))
    assert Coverage(affinity(30, 0.2, 0)).gains(np.ones(30), "all").min() >= 1
