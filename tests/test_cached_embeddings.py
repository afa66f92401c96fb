"""Only samples that the store does not have are embedded, and each row is that of its sample."""

from contextlib import nullcontext
from itertools import chain

import numpy as np
import pytest
from sklearn.preprocessing import Normalizer
from test_embedding_store import VECTORS, key_of

from skactive.base import EmbeddingStore
from skactive.embedding import CachedTransformer
from skactive.embedding._cached_embeddings import cached_embeddings
from skactive.embedding._sqlite_store import SQLiteStore


class MemoryStore:
    """A store with the two methods of the contract and nothing else."""

    def __init__(self):
        self.embeddings = {}

    def get(self, keys):
        return {key: self.embeddings[key] for key in keys if key in self.embeddings}

    def put(self, keys, embeddings):
        self.embeddings.update(zip(keys, embeddings, strict=True))
        return True


class FullStore:
    """A store that cannot keep anything."""

    def get(self, keys):
        return {}

    def put(self, keys, embeddings):
        return False


@pytest.fixture(params=["folder", "object"])
def location(request, tmp_path):
    """Return a store in the forms that the transformers accept."""
    return tmp_path if request.param == "folder" else MemoryStore()


def stored(location, numbers):
    """Return the numbers whose embeddings a store has."""
    is_folder = not isinstance(location, MemoryStore)
    with SQLiteStore(location) if is_folder else nullcontext(location) as store:
        return [number for number in numbers if store.get([key_of(number)])]


class Computation:
    """Vectors by position, with a record of the positions that were computed."""

    def __init__(self, vectors):
        self.vectors = vectors
        self.computed = []

    def __call__(self, positions):
        assert isinstance(positions, np.ndarray)
        self.computed.append(positions.tolist())
        return self.vectors[positions]


def through(location, numbers, compute, **parameters):
    parameters = {"label": "embedding", "progress": False, "block_size": 4, **parameters}
    keys = [None if number is None else key_of(number) for number in numbers]
    return cached_embeddings(location, len(keys), keys.__getitem__, compute, **parameters)


def test_only_missing_vectors_are_computed_in_whole_blocks(location):
    vectors = np.arange(40.0).reshape(20, 2)
    first = Computation(vectors)
    through(location, range(0, 20, 2), first.vectors[::2].__getitem__)
    rest = Computation(vectors)
    np.testing.assert_array_equal(through(location, range(20), rest), vectors)
    assert rest.computed == [[1, 3, 5, 7], [9, 11, 13, 15], [17, 19]]
    np.testing.assert_array_equal(through(location, range(20), pytest.fail), vectors)


def test_equal_samples_are_computed_once(location):
    numbers = [1, 1, 2, 1, 3, 3, 1, 2, 4, 4]
    vectors = np.array([[number, -number] for number in numbers], dtype=np.float32)
    computation = Computation(vectors)
    np.testing.assert_array_equal(through(location, numbers, computation), vectors)
    assert sorted(chain.from_iterable(computation.computed)) == [0, 2, 4, 8]


def test_vectors_that_are_not_finite_are_computed_once_and_not_stored(location):
    numbers = [1, 2, 1, 3, 1, 2, 1, 4, 1]
    vectors = np.array([[np.nan if n == 1 else n, n] for n in numbers], dtype=np.float32)
    for expected in [[[0, 1, 3, 7]], [[0]]]:
        computation = Computation(vectors)
        np.testing.assert_array_equal(through(location, numbers, computation), vectors)
        assert computation.computed == expected


def test_samples_without_a_key_are_computed_each_time_and_each_for_itself(location):
    vectors = np.arange(12.0).reshape(6, 2)
    numbers = [None, 1, None, 2, None, None]
    for expected in [[[0, 1, 2, 3], [4, 5]], [[0, 2, 4, 5]]]:
        computation = Computation(vectors)
        np.testing.assert_array_equal(through(location, numbers, computation), vectors)
        assert computation.computed == expected


def test_an_interruption_keeps_the_blocks_before(location):
    def interrupted(positions):
        if 8 in positions:
            raise KeyboardInterrupt
        return VECTORS[positions]

    with pytest.raises(KeyboardInterrupt):
        through(location, range(20), interrupted)
    assert stored(location, range(20)) == list(range(8))


def test_stored_vectors_of_another_length_are_computed_again(location):
    through(location, range(6), np.zeros((6, 5)).__getitem__)
    computation = Computation(np.ones((20, 3)))
    np.testing.assert_array_equal(through(location, range(20), computation), np.ones((20, 3)))
    np.testing.assert_array_equal(through(location, range(20), pytest.fail), np.ones((20, 3)))


def test_different_types_become_a_common_type(location):
    through(location, range(4), np.full((4, 2), 2**40).__getitem__)
    vectors = through(location, range(8), np.full((8, 2), 0.5, np.float32).__getitem__)
    assert vectors.dtype == np.float64
    assert vectors[[0, 7]].tolist() == [[2**40, 2**40], [0.5, 0.5]]


def test_vectors_of_several_lengths_are_refused(location):
    with pytest.raises(ValueError, match=r"embedding of X\[4\] has length 4, but the others ha"):
        through(location, range(8), lambda positions: np.zeros((4, 3 + (positions[0] > 0))))


@pytest.mark.parametrize("shape", [(4,), (3, 2), (4, 2, 2)])
def test_an_embedding_without_a_row_for_each_sample_raises(location, shape):
    with pytest.raises(ValueError, match=r"of 4 samples must have shape \(4, n_features\)\. Got"):
        through(location, range(4), lambda positions: np.zeros(shape))


def test_progress_is_shown_on_standard_error(location, capsys):
    through(location, range(20), VECTORS.__getitem__, progress=True)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "embedding: 100%" in captured.err
    through(location, range(20), VECTORS.__getitem__)
    assert capsys.readouterr().err == ""


def test_vectors_that_a_store_cannot_keep_are_computed_once_and_returned():
    numbers = [1, 2, 1, 3, 1, 2, 1, 4, 1]
    vectors = np.array([[number, -number] for number in numbers], dtype=np.float32)
    computation = Computation(vectors)
    np.testing.assert_array_equal(through(FullStore(), numbers, computation), vectors)
    assert sorted(chain.from_iterable(computation.computed)) == [0, 1, 3, 7]


def test_a_transformer_takes_any_store(tmp_path):
    store = MemoryStore()
    X = np.arange(12.0).reshape(4, 3)
    vectors = CachedTransformer(Normalizer(), store).fit_transform(X)
    np.testing.assert_array_equal(vectors, Normalizer().transform(X))
    assert len(store.embeddings) == 4
    store.embeddings = {key: -embedding for key, embedding in store.embeddings.items()}
    np.testing.assert_array_equal(CachedTransformer(Normalizer(), store).transform(X), -vectors)


def test_only_objects_with_both_methods_are_stores(tmp_path):
    with SQLiteStore(tmp_path) as store:
        assert isinstance(store, EmbeddingStore)
    assert isinstance(MemoryStore(), EmbeddingStore)
    assert not isinstance({}, EmbeddingStore)
    with pytest.raises(TypeError, match="must be the path of a folder or an EmbeddingStore"):
        CachedTransformer(Normalizer(), {}).fit()
