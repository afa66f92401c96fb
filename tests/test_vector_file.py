"""Vectors on disk: opening, writing, and errors about invalid files."""

import copy
import errno
import os
import pickle

import numpy as np
import pytest

from skactive import ActiveLearner
from skactive.datasets import VectorFile, open_vectors, write_vectors


def vectors(n_samples=300, n_features=5):
    return np.random.default_rng(0).normal(size=(n_samples, n_features))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_written_vectors_are_read(tmp_path, dtype):
    X = vectors().astype(dtype)
    opened = open_vectors(write_vectors(tmp_path / "x.npy", X, dtype=dtype))
    assert (opened.shape, opened.dtype, opened.nbytes, len(opened)) == (
        X.shape,
        X.dtype,
        X.nbytes,
        300,
    )
    np.testing.assert_array_equal(np.load(tmp_path / "x.npy"), X)
    np.testing.assert_array_equal(np.asarray(opened), X)


@pytest.mark.parametrize(
    "index",
    [
        3,
        -1,
        slice(None),
        slice(7, 2),
        slice(2, 50, 3),
        [5, 2, 2, -300],
        np.arange(0),
        np.arange(300) % 7 == 0,
        (slice(3, 9), 2),
    ],
    ids=lambda index: type(index).__name__,
)
def test_rows_are_picked_as_from_an_array(tmp_path, index):
    X = vectors()
    opened = open_vectors(write_vectors(tmp_path / "x.npy", X, dtype="float64"))
    np.testing.assert_array_equal(opened[index], X[index])


def test_a_row_outside_is_named(tmp_path):
    opened = open_vectors(write_vectors(tmp_path / "x.npy", vectors()))
    with pytest.raises(IndexError, match=r"Row 300 is out of bounds for .+ has 300 rows"):
        opened[[1, 300]]


def test_an_archive_that_is_not_compressed_is_read_in_place(tmp_path):
    X = vectors().astype(np.float32)
    np.savez(tmp_path / "x.npz", y=np.arange(300), X=X, other=X + 1)
    np.testing.assert_array_equal(open_vectors(tmp_path / "x.npz")[:], X)
    np.testing.assert_array_equal(open_vectors(tmp_path / "x.npz", key="other")[9], X[9] + 1)
    with pytest.raises(ValueError, match="has no array 'z'"):
        open_vectors(tmp_path / "x.npz", key="z")
    np.savez_compressed(tmp_path / "c.npz", X=X)
    with pytest.raises(ValueError, match="is compressed, so that single rows cannot be read"):
        open_vectors(tmp_path / "c.npz")


@pytest.mark.parametrize("missing", [1, 3000])
@pytest.mark.parametrize("name", ["x.npy", "x.npz"])
def test_a_truncated_file_is_refused(tmp_path, name, missing):
    path = tmp_path / name
    if name == "x.npy":
        write_vectors(path, vectors(1000))
    else:
        np.savez(path, X=vectors(1000))
    os.truncate(path, path.stat().st_size - missing)
    with pytest.raises(ValueError, match=r"x\.np[yz] is (incomplete|not a complete)"):
        open_vectors(path)


def test_a_file_that_is_no_array_of_vectors_is_refused(tmp_path):
    (tmp_path / "text.npy").write_text("no vectors")
    with pytest.raises(ValueError, match="does not begin with the header of a NumPy array"):
        open_vectors(tmp_path / "text.npy")
    for array in (np.ones(3), np.ones((3, 2), dtype=int), np.asfortranarray(vectors())):
        np.save(tmp_path / "x.npy", array)
        with pytest.raises(ValueError, match="2-dimensional array of float16, float32 or float64"):
            open_vectors(tmp_path / "x.npy")


def test_a_swapped_file_is_refused_by_its_fingerprint(tmp_path):
    X = vectors()
    earlier = open_vectors(write_vectors(tmp_path / "x.npy", X)).fingerprint
    assert open_vectors(tmp_path / "x.npy", fingerprint=earlier).fingerprint == earlier
    X[[5, 6]] = X[[6, 5]]
    write_vectors(tmp_path / "x.npy", X)
    with pytest.raises(ValueError, match="contains other vectors than before"):
        open_vectors(tmp_path / "x.npy", fingerprint=earlier)


def test_a_fingerprint_of_an_earlier_version_is_refused(tmp_path):
    path = write_vectors(tmp_path / "x.npy", vectors())
    with pytest.raises(ValueError, match=r"was computed by version 0.1, from 64 of the rows"):
        open_vectors(path, fingerprint="73d11a86257a0faa431b5e157ece2822")


def test_only_a_fingerprint_reads_the_rows(tmp_path, monkeypatch):
    path = write_vectors(tmp_path / "x.npy", vectors())
    counted, window = [], VectorFile._window

    def counting(self, start, stop):
        counted.append((start, stop))
        return window(self, start, stop)

    monkeypatch.setattr(VectorFile, "_window", counting)
    opened = open_vectors(path)
    assert not counted
    assert opened.fingerprint == opened.fingerprint
    assert counted == [(0, 300)]


def test_a_journal_follows_its_vectors_into_another_file(tmp_path):
    X = vectors()

    def learner():
        return ActiveLearner(
            X_pool=open_vectors(tmp_path / "x.npy"), journal=tmp_path / "answers.jsonl"
        )

    write_vectors(tmp_path / "x.npy", X)
    learner().teach([1, 2], ["a", "b"])
    write_vectors(tmp_path / "x.npy", X[::-1])
    assert learner().labeled.tolist() == [298, 297]
    write_vectors(tmp_path / "x.npy", X[2:])
    with pytest.raises(ValueError, match=r"sample 298 \(line 3\), which is not in X_pool"):
        learner()


@pytest.mark.parametrize("change", [lambda path: os.truncate(path, 200), os.utime])
def test_a_file_that_changes_while_it_is_in_use_raises(tmp_path, change):
    path = write_vectors(tmp_path / "x.npy", vectors())
    os.utime(path, (1, 1))
    opened = open_vectors(path)
    change(path)
    with pytest.raises(OSError, match="was changed while its vectors were in use"):
        opened[:10]


def test_copies_open_the_same_file_or_none(tmp_path):
    X = vectors()
    opened = open_vectors(write_vectors(tmp_path / "x.npy", X))
    for copied in (copy.deepcopy(opened), pickle.loads(pickle.dumps(opened))):
        np.testing.assert_array_equal(copied[:], opened[:])
    pickled = pickle.dumps(opened)
    X[[5, 6]] = X[[6, 5]]
    write_vectors(tmp_path / "x.npy", X)
    with pytest.raises(ValueError, match="contains other vectors than before"):
        pickle.loads(pickled)


def test_a_full_disk_leaves_the_earlier_file_whole(tmp_path, monkeypatch):
    path = write_vectors(tmp_path / "x.npy", vectors())
    before = path.read_bytes()

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_vectors(path, -vectors())
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e6])
def test_a_number_that_half_precision_does_not_hold_is_named(tmp_path, value):
    X = vectors()
    X[7, 1] = value
    with pytest.raises(ValueError, match="Row 7 of X has a number that is not finite in float16"):
        write_vectors(tmp_path / "x.npy", X)
    assert not list(tmp_path.iterdir())


def test_other_names_and_types_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"The 'path' must end in \.npy"):
        write_vectors(tmp_path / "x.bin", vectors())
    with pytest.raises(ValueError, match="must be float16, float32 or float64"):
        write_vectors(tmp_path / "x.npy", vectors(), dtype="int8")


@pytest.mark.parametrize("as_lists", [True, False])
def test_a_parquet_file_becomes_vectors(tmp_path, as_lists):
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    X = vectors(40_000).astype(np.float32)
    names = pa.array([f"photo {place}" for place in range(len(X))])
    if as_lists:
        table = pa.table({"id": names, "v": pa.FixedSizeListArray.from_arrays(X.ravel(), 5)})
        columns = ["v"]
    else:
        columns = [f"f{place}" for place in range(5)]
        table = pa.table({"id": names, **dict(zip(columns, X.T.copy(), strict=True))})
    pq.write_table(table, tmp_path / "x.parquet", row_group_size=9000)
    path = write_vectors(
        tmp_path / "x.npy", tmp_path / "x.parquet", dtype="float32", columns=columns
    )
    np.testing.assert_array_equal(open_vectors(path)[:], X)
    with pytest.raises(ValueError, match="neither numbers nor one column of lists"):
        write_vectors(tmp_path / "x.npy", tmp_path / "x.parquet")
