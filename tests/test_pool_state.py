"""The state of a pool is restored after a restart, with the same next query."""

import errno

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skactive import ActiveLearner, Pool
from skactive._engine.distances import Space
from skactive._engine.labeled_distances import NearestLabeled
from skactive.datasets import open_vectors, write_vectors
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.strategies import CDFProduct


def made(X, **parameters):
    return Pool(X, estimator=IncrementalKNeighborsClassifier(), **parameters)


def results_of(pool):
    return [
        pool.posterior(),
        pool.density(),
        pool.distance_to_labeled(),
        pool.distance_to_labeled(aggregate="min"),
        CDFProduct().utilities(pool),
    ]


def points():
    return np.random.default_rng(0).normal(size=(40, 3))


def merged_rows(monkeypatch):
    """Count the labels in each product of the pool."""
    counted, merge = [], NearestLabeled.merge

    def counting(self, block, compared, slots, tolerance):
        counted.append(len(slots))
        return merge(self, block, compared, slots, tolerance)

    monkeypatch.setattr(NearestLabeled, "merge", counting)
    return counted


@pytest.mark.parametrize("n_labeled", [0, 1, 3, 12])
@pytest.mark.parametrize("n_later", [0, 2])
def test_a_restored_pool_answers_as_one_that_went_on(tmp_path, monkeypatch, n_labeled, n_later):
    y = np.arange(40) % 3
    order = np.random.default_rng(1).permutation(40)[: n_labeled + n_later]
    pool = made(points()).add_labels(order[:n_labeled], y[order[:n_labeled]])
    results_of(pool)
    pool.save_state(tmp_path / "state.npz")
    restored = made(points(), state=tmp_path / "state.npz")
    for one in (pool, restored):
        for place in order:
            one.add_labels([place], [y[place]])
    counted = merged_rows(monkeypatch)
    for found, expected in zip(results_of(restored), results_of(pool), strict=True):
        np.testing.assert_array_equal(found, expected) if found is not None else None
    if n_labeled:
        assert sum(counted) == 2 * n_later


def test_labels_undone_before_and_after_saving_do_not_matter(tmp_path):
    pool = made(points()).add_labels([5, 1, 7, 2], list("abab")).remove_labels([1])
    results_of(pool)
    pool.save_state(tmp_path / "state.npz")
    same = made(points(), state=tmp_path / "state.npz").add_labels([5, 7, 2], list("aab"))
    another = made(points(), state=tmp_path / "state.npz").add_labels([5, 7, 3], list("aab"))
    relabeled = made(points(), state=tmp_path / "state.npz").add_labels([5, 7, 2], list("aaa"))
    seeded = made(points(), state=tmp_path / "state.npz", X_labeled=points()[:1], y_labeled=["a"])
    seeded.add_labels([5, 7, 2], list("aab"))
    for restored in (same, another, relabeled, seeded):
        restored.relabel([7], ["b"]).add_labels([9], ["b"]).remove_labels([5])
        fresh = made(points())
        if restored is seeded:
            fresh.add_labeled(points()[:1], ["a"])
        fresh.add_labels(restored.labeled, restored.labels)
        for found, expected in zip(results_of(restored), results_of(fresh), strict=True):
            np.testing.assert_allclose(found, expected, atol=1e-6)


def test_values_read_from_a_state_are_saved_again_without_being_used(tmp_path, monkeypatch):
    path = tmp_path / "state.npz"
    pool = made(points()).add_labels([5, 1, 7], list("aba"))
    results_of(pool)
    pool.save_state(path)
    made(points(), state=path).add_labels([5, 1, 7], list("aba")).save_state(path)
    counted = merged_rows(monkeypatch)
    again = made(points(), state=path).add_labels([5, 1, 7], list("aba"))
    for found, expected in zip(results_of(again), results_of(pool), strict=True):
        np.testing.assert_array_equal(found, expected)
    assert not counted


def test_a_state_has_every_metric_and_number_of_neighbors(tmp_path, monkeypatch):
    def results(pool):
        for metric in ("cosine", "euclidean", "manhattan"):
            yield pool.density(metric)
            yield pool.distance_to_labeled(metric)
            yield from pool.labeled_neighbors(1, metric)
            yield from pool.labeled_neighbors(3, metric)
        yield pool.distance_to_labeled("chebyshev")
        yield from pool.labeled_neighbors(2, "braycurtis")

    def used(pool):
        list(results(pool.add_labels([5, 1, 7, 2], list("abab"))))
        return pool

    def computed(*arguments):
        raise AssertionError("computed again")

    path = tmp_path / "state.npz"
    pool = used(made(points()))
    pool.save_state(path)
    made(points(), state=path).add_labels([5, 1, 7, 2], list("abab")).save_state(path)
    for name in ("compare", "pairs"):
        monkeypatch.setattr(Space, name, computed)
    monkeypatch.setattr(Pool, "_information_density", computed)
    restored = used(made(points(), state=path))
    for found, expected in zip(results(restored), results(pool), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_a_learner_goes_on_with_its_journal_and_its_state(tmp_path):
    files = {"journal": tmp_path / "answers.jsonl", "state": tmp_path / "state.npz"}

    def start():
        return ActiveLearner(
            IncrementalKNeighborsClassifier(), CDFProduct(), X_pool=points(), **files
        )

    learner = start()
    for _ in range(6):
        indices = learner.query()
        learner.teach(indices, indices % 2)
    learner.pool.save_state(files["state"])
    expected = learner.query()
    del learner
    np.testing.assert_array_equal(start().query(), expected)


def test_a_learner_whose_features_differ_slightly_goes_on_with_its_journal(tmp_path):
    files = {"journal": tmp_path / "answers.jsonl", "state": tmp_path / "state.npz"}

    def start(scale):
        scaled = FunctionTransformer(lambda X: X * scale)
        classifier = make_pipeline(scaled, IncrementalKNeighborsClassifier())
        return ActiveLearner(classifier, CDFProduct(), X_pool=points(), **files)

    learner = start(1.0).teach([3, 5], ["a", "b"])
    learner.pool.save_state(files["state"])
    del learner
    with pytest.warns(UserWarning, match=r"other features, .*\. Its content is computed again"):
        again = start(1.0 + 1e-6)
    assert again.labeled.tolist() == [3, 5]
    assert len(again.query()) == 1


def swapped(X, first):
    """Return rows in which two neighbours are swapped."""
    order = np.arange(len(X))
    order[[first, first + 1]] = first + 1, first
    return X[order]


def stored(X, folder):
    return open_vectors(write_vectors(folder / "x.npy", X, dtype="float16"))


@pytest.mark.parametrize(
    "kept",
    [lambda X, _: X, lambda X, _: sp.csr_matrix(X), stored],
    ids=["dense", "sparse", "file"],
)
def test_the_state_of_other_samples_is_computed_again_with_a_warning(tmp_path, kept):
    X = np.random.default_rng(0).normal(size=(1000, 3))
    path = tmp_path / "state.npz"
    made(kept(X, tmp_path)).save_state(path)
    made(kept(X, tmp_path), state=path)
    for others in (*(swapped(X, first) for first in (0, 5, 998)), X[::-1], X[:-1], X + 1, X.T):
        with pytest.warns(UserWarning, match="is the state of a pool with other features"):
            pool = made(kept(others, tmp_path), state=path)
        np.testing.assert_array_equal(pool.density(), made(kept(others, tmp_path)).density())


@settings(max_examples=30, deadline=None)
@given(st.permutations(range(8)), st.integers(0, 8), st.booleans())
def test_a_state_is_accepted_for_its_own_rows_in_their_order_alone(
    tmp_path_factory, order, n_kept, is_kept
):
    # Rows 2 and 3 are the same.
    X = np.array([[1, 2], [3, 4], [5, 6], [5, 6], [7, 8], [9, 1], [2, 2], [3, 3]], float)
    path = tmp_path_factory.mktemp("state") / "state.npz"
    made(X).save_state(path)
    others = X[np.arange(8) if is_kept else order][: max(n_kept, 1) if not is_kept else 8]
    if np.array_equal(others, X):
        made(others, state=path)
    else:
        with pytest.warns(UserWarning, match="is the state of a pool with other features"):
            made(others, state=path)


def test_a_state_of_an_earlier_version_is_computed_again_with_a_warning(tmp_path):
    path = tmp_path / "state.npz"
    np.savez(path, format="skactive pool state 1", content="62fda89fb51e6130b4fe27abdd5b4d9a")
    with pytest.warns(UserWarning, match=r"written by an earlier version, .* computed again"):
        made(points(), state=path)


@pytest.mark.parametrize("keep", [0, 10, 300])
def test_half_a_state_is_refused(tmp_path, keep):
    path = tmp_path / "state.npz"
    made(points()).save_state(path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ValueError, match="is not a complete state of a pool"):
        made(points(), state=path)


def test_a_full_disk_leaves_the_earlier_state_whole(tmp_path, monkeypatch):
    path = tmp_path / "state.npz"
    pool = made(points())
    pool.save_state(path)
    before = path.read_bytes()

    def full(file, **arrays):
        file.write(b"half of it")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="No space left"):
        pool.save_state(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
