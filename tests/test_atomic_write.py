"""A file is written completely or not at all, and what a killed process leaves is removed."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from skactive._io import atomic_write as module
from skactive._io.atomic_write import atomic_write, folder_beside, remove_left_over
from skactive.cli._embed import write_npz
from skactive.datasets import open_vectors, write_vectors
from skactive.neighbors import NeighborGraph
from skactive.pool import Pool

locks = pytest.mark.skipif(module.fcntl is None, reason="without locks nothing is removed")

WRITING = """
import sys
from pathlib import Path
from skactive._io.atomic_write import atomic_write, folder_beside
kind, path = sys.argv[1:]
with {"file": atomic_write, "folder": folder_beside}[kind](Path(path)) as made:
    if kind == "file":
        made.write(b"part")
        made.flush()
    else:
        (made / "part").touch()
    print("begun", flush=True)
    sys.stdin.read()
"""


def begun(kind, path):
    """Start a process that writes to a path until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITING, kind, str(path)],
        env=os.environ | {"PYTHONPATH": str(Path(module.__file__).parents[2])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout.readline().strip() == b"begun"
    return process


def left_over(path):
    """Make what a killed process leaves of writing a path."""
    part = path.with_name(f".{path.name}.0123abcd.part")
    part.write_bytes(b"part")
    return part


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@locks
@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_a_killed_process_leaves_is_removed_and_that_of_a_live_one_is_kept(tmp_path, kind):
    target = tmp_path / "target"
    with begun(kind, target) as killed, begun(kind, target) as live:
        killed.kill()
        killed.wait()
        assert len(names(tmp_path)) == 2
        remove_left_over(target)
        assert len(names(tmp_path)) == 1
        remove_left_over(target)
        assert len(names(tmp_path)) == 1
        live.communicate()
    assert live.returncode == 0
    assert names(tmp_path) == (["target"] if kind == "file" else [])


X = np.eye(3)
WRITERS = {
    "write_npz": lambda path: write_npz(path, {"X": X}, model="m"),
    "write_vectors": lambda path: write_vectors(path, X),
    "graph": lambda path: NeighborGraph.of(X, n_neighbors=1).save(path),
    "pool": lambda path: Pool(X).save_state(path),
}


@locks
@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_every_writer_removes_what_is_left_of_its_file(tmp_path, write):
    path = tmp_path / "a.npy"
    part = left_over(path)
    write(path)
    assert not part.exists()


READERS = {
    "write_vectors": open_vectors,
    "graph": NeighborGraph.load,
    "pool": lambda path: Pool(X, state=path),
}


@locks
@pytest.mark.parametrize("writer", READERS)
def test_every_reader_removes_what_is_left_of_its_file(tmp_path, writer):
    path = tmp_path / "a.npy"
    WRITERS[writer](path)
    part = left_over(path)
    READERS[writer](path)
    assert not part.exists()


def test_only_temporary_files_of_the_same_target_are_removed(tmp_path):
    others = [
        "a",
        ".a.part",
        ".a.npz.0123abcd.part",
        ".a.0123abcd.0123abcd.part",
        ".a.0123abcd.partly",
        ".a.0123ABCD.part",
        ".b.0123abcd.part",
        "xa.0123abcd.part",
    ]
    for name in others:
        (tmp_path / name).touch()
    remove_left_over(tmp_path / "a")
    assert names(tmp_path) == sorted(others)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="links and pipes of POSIX")
def test_links_are_not_followed_and_a_pipe_does_not_block(tmp_path):
    (tmp_path / "mine").touch()
    (tmp_path / ".a.00000000.part").symlink_to(tmp_path / "mine")
    os.mkfifo(tmp_path / ".a.00000001.part")
    remove_left_over(tmp_path / "a")
    assert (tmp_path / "mine").exists()
    assert (tmp_path / ".a.00000000.part").is_symlink()


@locks
@pytest.mark.parametrize("make", [module._made_file, module._made_folder])
def test_what_is_removed_before_it_is_locked_is_made_again(tmp_path, monkeypatch, make):
    lock, made = module.fcntl.flock, []

    def removing_first(handle, operation):
        if not made:
            made.extend(tmp_path.iterdir())
            remove(made[0])
        lock(handle, operation)

    def remove(path):
        path.rmdir() if path.is_dir() else path.unlink()

    monkeypatch.setattr(module.fcntl, "flock", removing_first)
    path, handle = make(tmp_path / "a", 0o700)
    assert [path] == list(tmp_path.iterdir()) != made
    os.close(handle)


@pytest.mark.parametrize("fault", ["no fcntl", "no locks here"])
def test_without_locks_files_are_written_and_nothing_is_removed(tmp_path, monkeypatch, fault):
    if fault == "no fcntl":
        monkeypatch.setattr(module, "fcntl", None)
    elif module.fcntl is not None:

        def no_locks(*_):
            raise OSError("No locks available")

        monkeypatch.setattr(module.fcntl, "flock", no_locks)
    part = left_over(tmp_path / "a")
    with atomic_write(tmp_path / "a") as file:
        file.write(b"whole")
    with folder_beside(tmp_path / "b") as made:
        (made / "c").touch()
    assert (tmp_path / "a").read_bytes() == b"whole"
    assert names(tmp_path) == [part.name, "a"]


def failing_file(path):
    with atomic_write(path) as file:
        file.write(b"new")
        raise ZeroDivisionError


def failing_folder(path):
    with folder_beside(path) as made:
        (made / "c").touch()
        raise ZeroDivisionError


@pytest.mark.parametrize("write", [failing_file, failing_folder])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, write):
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(ZeroDivisionError):
        write(tmp_path / "a")
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"
