"""Neighbours and files from outside are checked once, where they enter."""

import os
import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator

from skactive import ActiveLearner, Pool
from skactive.datasets import load_vectors, open_vectors
from skactive.neighbors import NeighborGraph
from skactive.semi_supervised import IncrementalLabelSpreading

X = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
GOOD = NeighborGraph.of(X, n_neighbors=2)


def with_entry(array, value, place=(3, 1), dtype=None):
    array = array.astype(array.dtype if dtype is None else dtype)
    array[place] = value
    return array


NEIGHBORS, DISTANCES = GOOD.indices, GOOD.distances
FAULTS = {
    "minus one": (
        with_entry(NEIGHBORS, -1),
        DISTANCES,
        "The neighbour -1 of sample 3 is not a position",
    ),
    "too large": (
        with_entry(NEIGHBORS, 6),
        DISTANCES,
        "The neighbour 6 of sample 3 is not a position",
    ),
    "huge": (
        with_entry(NEIGHBORS, 2**40, dtype=np.int64),
        DISTANCES,
        "The neighbour 1099511627776 of sample 3",
    ),
    "unsigned": (
        with_entry(NEIGHBORS, 2**63, dtype=np.uint64),
        DISTANCES,
        "The neighbour 9223372036854775808",
    ),
    "floats": (
        NEIGHBORS.astype(float),
        DISTANCES,
        "Neighbours must be integers, and distances floats",
    ),
    "objects": (
        NEIGHBORS.astype(object),
        DISTANCES,
        "Neighbours must be integers, and distances floats",
    ),
    "texts": (
        NEIGHBORS.astype(str),
        DISTANCES,
        "Neighbours must be integers, and distances floats",
    ),
    "integer distances": (
        NEIGHBORS,
        DISTANCES.astype(int),
        "Neighbours must be integers, and distances floats",
    ),
    "NaN": (NEIGHBORS, with_entry(DISTANCES, np.nan), "at least 0. Got nan for sample 3"),
    "negative": (NEIGHBORS, with_entry(DISTANCES, -0.5), "at least 0. Got -0.5 for sample 3"),
    "minus infinity": (
        NEIGHBORS,
        with_entry(DISTANCES, -np.inf),
        "at least 0. Got -inf for sample 3",
    ),
    "unsorted": (
        NEIGHBORS,
        DISTANCES[:, ::-1],
        "The neighbours of sample 0 are not sorted by distance",
    ),
    "itself": (
        with_entry(NEIGHBORS, 3),
        DISTANCES,
        "Sample 3 is its own neighbour at the distance",
    ),
    "twice": (np.repeat(NEIGHBORS[:, :1], 2, axis=1), DISTANCES, "has the neighbour . twice"),
    "shapes": (
        NEIGHBORS,
        DISTANCES[:, :1],
        r"one shape .n_samples, n_neighbors.. Got \(6, 2\) and \(6, 1\)",
    ),
    "masked": (
        np.ma.masked_array(NEIGHBORS, np.eye(6, 2, dtype=bool)),
        DISTANCES,
        "Neighbours or distances have masked values",
    ),
    "masked distances": (
        NEIGHBORS,
        np.ma.masked_array(DISTANCES, np.eye(6, 2, dtype=bool)),
        "Neighbours or distances have masked values",
    ),
    "one row": (NEIGHBORS[0], DISTANCES[0], r"Got \(2,\) and \(2,\)"),
}


def write_graph(folder, indices, distances, metric):
    """Write the file of a graph without its checks."""
    np.savez(
        folder / "graph.npz",
        format="skactive neighbour graph 2",
        indices=indices,
        distances=distances,
        metric=metric,
        fingerprint="",
    )


@pytest.mark.parametrize("fault", FAULTS)
def test_a_graph_of_foreign_neighbors_is_checked(fault, tmp_path):
    indices, distances, message = FAULTS[fault]
    with pytest.raises(ValueError, match=message):
        NeighborGraph(indices, distances)
    if indices.dtype == object or np.ma.is_masked(indices) or np.ma.is_masked(distances):
        return
    write_graph(tmp_path, indices, distances, "cosine")
    match = f"graph.npz is not a complete neighbour graph. Hint: .*{message}"
    with pytest.raises(ValueError, match=match):
        NeighborGraph.load(tmp_path / "graph.npz")


def test_a_file_of_an_unknown_metric_is_refused(tmp_path):
    write_graph(tmp_path, NEIGHBORS, DISTANCES, "unheard")
    with pytest.raises(ValueError, match=r"graph.npz is a neighbour graph in another format"):
        NeighborGraph.load(tmp_path / "graph.npz")


def test_missing_neighbors_are_the_sample_itself():
    indices, distances = with_entry(NEIGHBORS, 3), with_entry(DISTANCES, np.inf)
    affinity = NeighborGraph(indices, distances).affinity("median")
    assert affinity.diagonal().sum() == 0
    for dtype in (np.int64, np.uint8):
        np.testing.assert_array_equal(
            NeighborGraph(NEIGHBORS.astype(dtype), DISTANCES).indices, NEIGHBORS
        )


class Searcher(BaseEstimator):
    """A transformer of another package, which returns a given matrix."""

    def __init__(self, found=None):
        self.found = found

    def fit_transform(self, X, y=None):
        return self.found


def csr(columns, values=None, dtype=np.float64, shape=(6, 6)):
    """Return a matrix whose entries were not checked."""
    matrix = sp.csr_matrix((np.ones(12), np.tile([1, 2], 6), np.arange(7) * 2), (6, 6))
    matrix.indices = np.asarray(columns, dtype=np.int32)
    matrix.data = np.ones(12, dtype) if values is None else np.asarray(values, dtype=dtype)
    return matrix[: shape[0]] if shape != (6, 6) else matrix


COLUMNS = np.tile([1, 2], 6)
MATRICES = {
    "minus one": (csr(with_entry(COLUMNS, -1, 5)), "not positions from 0 to 5.*Hint: an approx"),
    "too large": (csr(with_entry(COLUMNS, 6, 5)), "not positions from 0 to 5"),
    "huge": (csr(with_entry(COLUMNS, 2**31 - 1, 5)), "not positions from 0 to 5"),
    "column-wise": (csr(with_entry(COLUMNS, -1, 5)).T, "not positions from 0 to 5"),
    "NaN": (csr(COLUMNS, with_entry(np.ones(12), np.nan, 5)), "distances that are NaN"),
    "negative": (csr(COLUMNS, with_entry(np.ones(12), -0.5, 5)), "the negative distance -0.5"),
    "complex": (csr(COLUMNS, dtype=complex), "distances of the type complex128"),
    "bool": (csr(COLUMNS, dtype=bool), "distances of the type bool"),
    "objects": (np.full((6, 6), "a", dtype=object), "distances of the type object"),
    "shape": (csr(COLUMNS)[:5], r"a matrix of shape \(5, 6\) for 6 samples"),
    "list": ([1, 2, 3], r"a matrix of shape \(3,\) for 6 samples"),
    "none": (None, r"a matrix of shape \(\) for 6 samples"),
    "starts": (csr(COLUMNS), "not positions from 0 to 5"),
}
MATRICES["starts"][0].indptr = np.array([0, 2, 1, 6, 8, 10, 12], dtype=np.int32)


@pytest.mark.parametrize("fault", MATRICES)
def test_the_result_of_a_foreign_transformer_is_checked(fault):
    found, message = MATRICES[fault]
    with pytest.raises(ValueError, match=message):
        NeighborGraph.of(X, n_neighbors=2, transformer=Searcher(found))


@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.uint8])
@pytest.mark.parametrize("convert", [sp.csr_matrix, sp.csc_array, sp.coo_matrix, sp.lil_matrix])
def test_good_matrices_of_each_kind_are_taken(dtype, convert):
    distances = np.arange(36, dtype=dtype).reshape(6, 6) + 1
    graph = NeighborGraph.of(
        X, n_neighbors=2, metric="euclidean", transformer=Searcher(convert(distances))
    )
    np.testing.assert_array_equal(graph.indices[0], [1, 2])
    np.testing.assert_array_equal(graph.distances[3], [19, 20])


def test_the_rounding_below_zero_of_a_foreign_search_is_no_fault():
    graph = NeighborGraph.of(
        X, n_neighbors=2, metric="euclidean", transformer=Searcher(csr(COLUMNS, [-1e-7] * 12))
    )
    assert graph.distances[0].tolist() == [0, 0]


def written(folder, kind):
    """Write a file, and return it, the reader, and what the reader returns."""
    path = folder / f"{kind}.npz"
    if kind == "graph":
        GOOD.save(path)
        return path, lambda: [NeighborGraph.load(path).indices, NeighborGraph.load(path).distances]
    if kind == "state":
        pool = Pool(X).add_labels([0, 4], ["a", "b"])
        pool.density(), pool.distance_to_labeled(), pool.labeled_neighbors(2)
        pool.save_state(path)

        def read():
            again = Pool(X, state=path).add_labels([0, 4], ["a", "b"])
            return [again.density(), again.distance_to_labeled(), *again.labeled_neighbors(2)]

        return path, read
    np.savez(path, X=X, y=np.arange(6) % 2)
    if kind == "open":
        return path, lambda: [open_vectors(path)[:]]
    return path, lambda: list(load_vectors(path))


@pytest.mark.parametrize("kind", ["graph", "state", "load", "open"])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_damaged_file_is_read_right_or_named_in_one_error(kind, tmp_path_factory, data):
    path, read = written(tmp_path_factory.mktemp("fuzz"), kind)
    expected, content = read(), bytearray(path.read_bytes())
    # Headers and the directory at the end, where most fields are, are hit as often as the rest.
    places = st.one_of(
        st.integers(0, 99),
        st.integers(len(content) - 400, len(content) - 1),
        st.integers(0, len(content) - 1),
    )
    for place in data.draw(st.lists(places, max_size=3)):
        content[place] ^= data.draw(st.integers(1, 255))
    end = data.draw(st.one_of(st.just(len(content)), st.integers(0, len(content))))
    path.write_bytes(content[:end])
    found, message = outcome(read)
    if found is None:
        assert os.fspath(path) in message
        return
    # Opening vectors reads the header only; `fingerprint` is the check of their numbers.
    for array, right in zip(found, expected, strict=True):
        assert array.shape == right.shape
        assert kind == "open" or np.array_equal(array, right)


def outcome(read):
    """Return what is read, or None and the message of a ValueError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return read(), ""
    except ValueError as error:
        return None, str(error)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("places 2 cosine", np.full((6, 2), 2, dtype="i4")),
        ("places 2 cosine", np.full((6, 2), -2, dtype="i4")),
        ("places 2 cosine", np.zeros((6, 2))),
        ("places 2 cosine", np.zeros((5, 2), dtype="i4")),
        ("compared 2 cosine", np.full((6, 2), np.nan)),
        ("compared 2 cosine", np.zeros((6, 1))),
        ("density cosine", np.full(6, np.nan)),
        ("density cosine", np.ones(5)),
        ("total cosine", np.full(6, np.inf)),
        ("positions", np.array([0, -1])),
        ("positions", np.array([0, 6])),
        ("positions", np.array([0.0, 4.0])),
        ("labels digest", np.array(["a"])),
    ],
)
def test_a_state_with_impossible_values_is_refused(tmp_path, name, value):
    path, read = written(tmp_path, "state")
    with np.load(path) as file:
        arrays = {**file}
    assert name in arrays
    np.savez(path, **{**arrays, name: value})
    with pytest.raises(ValueError, match=r"state.npz is not a complete state of a pool. Hint"):
        read()


def test_a_missing_file_stays_an_error_of_the_system(tmp_path):
    with pytest.raises(FileNotFoundError):
        NeighborGraph.load(tmp_path / "graph.npz")


def test_no_faulty_graph_reaches_a_learner(tmp_path):
    with pytest.raises(ValueError, match="is not a position"):
        ActiveLearner(
            IncrementalLabelSpreading(),
            X_pool=X,
            graph=NeighborGraph(with_entry(NEIGHBORS, -1), DISTANCES, X=X),
        )


MASKED = np.ma.masked_array([1, 2], [False, True])


@pytest.mark.parametrize(
    "call",
    [
        lambda learner: learner.teach(MASKED, ["a", "b"]),
        lambda learner: learner.skip(MASKED),
        lambda learner: learner.samples(MASKED),
        lambda learner: learner.remove(MASKED),
        lambda learner: learner.query(candidates=MASKED),
        lambda learner: learner.explain_query(MASKED),
    ],
)
def test_masked_positions_are_refused(call):
    learner = ActiveLearner(X_pool=np.eye(6))
    with pytest.raises(TypeError, match="named by integer positions"):
        call(learner)
    whole = np.ma.masked_array([1, 2], False)
    assert learner.teach(whole, ["a", "b"]).labeled.tolist() == [1, 2]
