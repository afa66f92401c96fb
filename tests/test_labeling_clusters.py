"""Groups of similar samples of a session."""

import numpy as np
import pytest

from skactive.labeling import LabelingSession
from skactive.labeling._clusters import clusters

SIZES = [50, 30, 20]


def grouped():
    """Return vectors of three directions, of any length, and the number of the direction."""
    generator = np.random.default_rng(0)
    groups = np.repeat([0, 1, 2], SIZES)
    X = np.eye(8)[groups] + 0.05 * generator.normal(size=(100, 8))
    return X * generator.uniform(0.1, 9, size=(100, 1)), groups


def test_clusters_are_directions_in_order_of_their_sizes():
    X, groups = grouped()
    found = clusters(X)
    assert [len(one) for one in found] == SIZES
    assert [np.unique(groups[one]).tolist() for one in found] == [[0], [1], [2]]
    directions = X / np.linalg.norm(X, axis=1, keepdims=True)
    for one in found:
        apart = np.linalg.norm(directions[one] - directions[one].mean(axis=0), axis=1)
        assert (np.diff(apart) >= -1e-9).all()


@pytest.mark.parametrize(
    ("X", "sizes"),
    [
        (np.ones((1, 3)), [1]),
        (np.ones((30, 3), dtype=np.float32), [30]),
        (np.zeros((30, 3)), [30]),
        (np.eye(2), [1, 1]),
    ],
    ids=["one", "equal", "zeros", "two"],
)
def test_few_different_vectors_are_few_clusters(X, sizes):
    assert [len(one) for one in clusters(X)] == sizes


def test_a_large_pool_is_in_clusters_as_a_whole():
    X = np.random.default_rng(0).normal(size=(12_000, 4)).astype(np.float32)
    found = clusters(X)
    assert len(found) == 16
    assert np.sort(np.concatenate(found)).tolist() == list(range(12_000))


def test_groups_keep_their_places_while_they_become_smaller(tmp_path):
    X, groups = grouped()
    np.savez(tmp_path / "points.npz", X=X.astype(np.float32))
    with LabelingSession(tmp_path / "points.npz") as session:
        first, second, third = session.wait().clusters()
        names = [one.id for one in session.samples()]
        assert set(first) == {names[place] for place in np.flatnonzero(groups == 0)}
        session.answer_many(second, "b")
        session.skip(first[:1])
        session.postpone(first[1:2])
        assert session.clusters() == [first[2:], [], third]
        for _ in range(3):
            session.undo()
        assert session.clusters() == [first, second, third]
        tested = session.hold_out(40)
        left = [[one for one in group if one not in tested] for group in (first, second, third)]
        assert session.clusters() == left
        assert set(tested) & set(third)


def test_there_are_no_clusters_before_the_first_vectors(tmp_path):
    (tmp_path / "empty.txt").write_text("one\ntwo\n", encoding="utf-8")

    class Failing:
        def transform(self, X):
            raise ValueError("no vectors")

        def __sklearn_is_fitted__(self):
            return True

    with LabelingSession(tmp_path / "empty.txt", embedder=Failing()) as session:
        assert session.clusters() == []
