"""A named pipe or a device among files is refused in one sentence, and never waited for."""

import os
from pathlib import Path

import numpy as np
import pytest

from skactive import Pool
from skactive._io import regular_files
from skactive._io.content_keys import content_key
from skactive._io.regular_files import open_regular
from skactive.cli._samples import open_source
from skactive.datasets import load_vectors, open_vectors, write_vectors
from skactive.embedding._pixels import ImageForm, read_pixels
from skactive.inspection._thumbnails import thumbnail
from skactive.neighbors import NeighborGraph

FORM = ImageForm(4, 4, 3)

SPECIAL = [("pipe", "a named pipe"), ("/dev/zero", "a device")]


@pytest.fixture(params=SPECIAL, ids=["pipe", "device"])
def special(request, tmp_path):
    """Return the path of a named pipe or of a device, and its kind."""
    path, kind = request.param
    if path == "pipe":
        if not hasattr(os, "mkfifo"):
            pytest.skip("there are no named pipes")
        path = tmp_path / "pipe"
        os.mkfifo(path)
    elif not Path(path).exists():
        pytest.skip("there are no devices")
    return path, kind


def test_a_pipe_or_a_device_is_no_image_and_has_no_key(special):
    path, kind = special
    pytest.importorskip("PIL", reason="Pillow is not installed")
    with pytest.raises(ValueError, match=f"^{kind}, not a regular file$"):
        read_pixels(path, FORM)
    with pytest.raises(OSError, match=f"^{kind}, not a regular file$"):
        open_regular(path)

    assert content_key(b"", Path(path), paths=False) is None
    assert content_key(b"", str(path), paths=True) == content_key(b"", str(path), paths=False)


def test_a_pipe_that_replaces_a_file_is_not_waited_for(tmp_path, monkeypatch):
    if not hasattr(os, "mkfifo"):
        pytest.skip("there are no named pipes")
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setattr(regular_files, "special_kind", lambda path: None)
    with open_regular(tmp_path / "pipe", buffering=0) as file:
        assert not file.read(1)


def test_a_pipe_or_a_device_has_no_thumbnail(special):
    pytest.importorskip("PIL", reason="Pillow is not installed")
    path, _ = special
    assert "no image of a known kind" in thumbnail("Display", Path(path), None)


def npy_labels(path):
    np.save(path.parent / "X.npy", np.eye(3))
    return load_vectors(path.parent / "X.npy", label=path)


READERS = {
    ".csv": load_vectors,
    ".tsv": load_vectors,
    ".npz": load_vectors,
    ".npy": lambda path: load_vectors(path, label=0),
    ".parquet": load_vectors,
    "y.npy": npy_labels,
    "stored.npy": open_vectors,
    "written.parquet": lambda path: write_vectors(path.parent / "w.npy", path),
    "samples.csv": lambda path: open_source(str(path), column=None, label=None, labels=True),
}


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("kind", ["a named pipe", "a device"])
def test_every_reader_of_vectors_refuses_it(kind, name, tmp_path):
    if not hasattr(os, "mkfifo") or not Path("/dev/zero").exists():
        pytest.skip("there are no named pipes or devices")
    if "parquet" in name:
        pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    elif "sv" in name:
        pytest.importorskip("pandas", reason="pandas is not installed")
    path = tmp_path / name
    if kind == "a device":
        path.symlink_to("/dev/zero")
    else:
        os.mkfifo(path)
    with pytest.raises(ValueError) as raised:  # noqa: PT011 - the whole text is compared
        READERS[name](path)
    assert str(raised.value) == (
        f"{path} is {kind}, not a regular file. Hint: write its content to a file first."
    )


@pytest.mark.parametrize("load", [NeighborGraph.load, lambda path: Pool(np.eye(3), state=path)])
def test_a_pipe_or_a_device_is_neither_a_graph_nor_a_state(special, load):
    path, kind = special
    with pytest.raises(ValueError, match=f"is {kind}, not a regular file"):
        load(path)


def test_a_damaged_directory_of_an_archive_raises_one_sentence(tmp_path):
    """The offset of an array may lie before the beginning of the file."""
    np.savez(tmp_path / "whole.npz", X=np.eye(9, dtype=np.float32))
    whole = (tmp_path / "whole.npz").read_bytes()
    damaged = tmp_path / "damaged.npz"
    for n_missing in range(1, len(whole) - 64, 7):
        damaged.write_bytes(whole[:64] + whole[64 + n_missing :])
        with pytest.raises(ValueError, match=r"damaged\.npz"):
            open_vectors(damaged)[:]
