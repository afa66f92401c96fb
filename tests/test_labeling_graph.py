"""The neighbour graph of a session, which is kept in its folder."""

import numpy as np
import pytest

from skactive.labeling import LabelingSession
from skactive.neighbors import NeighborGraph

TEXTS = [f"{word} {number}" for number in range(20) for word in ("red apple", "sweet orange")]


def write(kind, folder, n=40):
    """Write samples, and return their path."""
    if kind == "text":
        path = folder / "texts.txt"
        path.write_text("\n".join(TEXTS[:n]), encoding="utf-8")
    else:
        path = folder / "points.npz"
        X = np.random.default_rng(0).normal(size=(40, 3))[:n]
        np.savez(path, X=X)
    return path


def questions(path):
    """Label three samples, and return the next one and what is suspected."""
    with LabelingSession(path, classes=["low", "high"]) as session:
        session.wait()
        while session.counts()["n_labeled"] < 3:
            [one] = session.next()
            session.answer(one.id, session.classes[session.counts()["n_labeled"] % 2])
        return [one.id for one in session.next(5)], session.predictions()


@pytest.mark.parametrize("kind", ["text", "vector"])
def test_the_graph_is_built_once(kind, tmp_path, monkeypatch):
    path = write(kind, tmp_path)
    found = questions(path)
    file = path.with_name(path.name + ".session") / "graph.npz"
    before = file.read_bytes()

    def fail(*_):
        raise AssertionError("The graph is built again.")

    monkeypatch.setattr(NeighborGraph, "save", fail)
    # Texts have graphs of a part of the samples at first, which are not kept.
    if kind == "vector":
        monkeypatch.setattr("skactive.pool._graphs._neighbors", fail)
    assert questions(path) == found
    assert file.read_bytes() == before


@pytest.mark.parametrize("damage", ["empty", "cut off", "other samples", "a folder"])
def test_a_graph_that_does_not_fit_is_built_again(damage, tmp_path):
    path = write("vector", tmp_path)
    folder = path.with_name(path.name + ".session")
    file = folder / "graph.npz"
    if damage == "a folder":
        file.mkdir(parents=True)
        (file / "kept").touch()
    expected = questions(path)
    if damage == "empty":
        file.write_bytes(b"")
    elif damage == "cut off":
        file.write_bytes(file.read_bytes()[:-200])
    elif damage == "other samples":
        X = np.random.default_rng(1).normal(size=(40, 3))
        NeighborGraph.of(X).save(file)
    assert questions(path) == expected
    if file.is_file():
        assert NeighborGraph.load(file, np.load(path)["X"]).n_samples == 40


def test_samples_that_were_added_are_in_the_graph(tmp_path):
    questions(write("vector", tmp_path, n=30))
    path = write("vector", tmp_path, n=40)
    questions(path)
    file = path.with_name(path.name + ".session") / "graph.npz"
    assert NeighborGraph.load(file).n_samples == 40
