"""A killed or forked process leaves the progress bars of others usable."""

import ast
import io
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp

import skactive
from skactive._progress import ProgressBar, advance, long_step, reported
from skactive.datasets import open_vectors
from skactive.neighbors import (
    BlockwiseKNeighborsTransformer,
    NeighborGraph,
    PrincipalKNeighborsTransformer,
)

# Process exit codes are the claims: 0 if a bar can be created.
FORKED = """
import os, signal, threading
from skactive._progress import ProgressBar

def free():
    is_free = ProgressBar.get_lock().acquire(blocking=False)
    if is_free:
        ProgressBar.get_lock().release()
        ProgressBar(total=3, disable=True).update(1)
    return is_free

ProgressBar(total=1, disable=True).close()
reading, writing = os.pipe()
killed = os.fork()
if killed == 0:
    with ProgressBar.get_lock():
        os.write(writing, b"1")
        signal.pause()
os.read(reading, 1)
os.kill(killed, signal.SIGKILL)
os.waitpid(killed, 0)
assert free()

held, done = threading.Event(), threading.Event()

def hold():
    with ProgressBar.get_lock():
        held.set()
        done.wait()

thread = threading.Thread(target=hold)
thread.start()
held.wait()
forked = os.fork()
if forked == 0:
    os._exit(0 if free() else 1)
status = os.waitpid(forked, 0)[1]
done.set()
thread.join()
assert status == 0
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
def test_a_killed_process_holds_no_lock_of_another():
    script = [sys.executable, "-W", "ignore", "-c", FORKED]
    root = str(Path(skactive.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": root}
    # A process that waits for the lock would wait for ever.
    subprocess.run(script, check=True, timeout=120, env=environment)


def test_a_bar_shows_each_step(capsys):
    with ProgressBar(total=2, desc="steps", mininterval=0) as bar:
        bar.update(1)
        assert "steps:  50%" in capsys.readouterr().err
        bar.update(1)
    assert "steps: 100%" in capsys.readouterr().err


class Terminal(io.StringIO):
    def isatty(self):
        return True


def shown_by(step, monkeypatch, *, delay=0.0):
    """Return what a step of four samples writes to a terminal."""
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setattr("skactive._progress.DELAY", delay)
    step()
    return terminal.getvalue()


def four_samples():
    with long_step("neighbour graph", 4):
        # More than four: a search may try some samples first.
        for _ in range(3):
            advance(2)


def in_a_thread():
    with ThreadPoolExecutor(1) as threads:
        threads.submit(four_samples).result()


def test_a_long_step_shows_a_bar_that_disappears(monkeypatch):
    shown = shown_by(four_samples, monkeypatch)
    assert "neighbour graph:   0%" in shown
    assert shown.endswith("\r")
    assert not shown.split("\r")[-2].strip()


def test_a_step_of_less_than_two_seconds_shows_nothing(monkeypatch):
    assert shown_by(four_samples, monkeypatch, delay=2.0) == ""


@pytest.mark.parametrize(
    ("name", "value", "step"),
    [
        (None, None, in_a_thread),
        ("skactive._progress.parent_process", object, four_samples),
        (f"{__name__}.Terminal.isatty", lambda _: False, four_samples),
    ],
    ids=["thread", "worker", "file"],
)
def test_a_step_that_nobody_watches_shows_nothing(name, value, step, monkeypatch):
    if name is not None:
        monkeypatch.setattr(name, value)
    assert shown_by(step, monkeypatch) == ""


HIDDEN = """
import io, sys
import skactive._progress as progress

class Terminal(io.StringIO):
    isatty = lambda self: True

sys.stderr, progress.DELAY = Terminal(), 0.0
with progress.long_step("step", 4):
    progress.advance(2)
print(repr(sys.stderr.getvalue()))
"""


def test_an_environment_variable_hides_the_bar():
    root = str(Path(skactive.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": root, "TQDM_DISABLE": "1"}
    script = [sys.executable, "-c", HIDDEN]
    done = subprocess.run(script, check=True, env=environment, capture_output=True, text=True)
    assert done.stdout == "''\n"


def features_of(kind, tmp_path):
    X = np.random.default_rng(0).normal(size=(300, 20)).astype(np.float32)
    if kind == "sparse":
        return sp.csr_matrix(np.where(X > 0, X, 0))
    if kind == "disk":
        np.save(tmp_path / "X.npy", X)
        return open_vectors(tmp_path / "X.npy")
    return X


@pytest.mark.parametrize("kind", ["array", "sparse", "disk"])
@pytest.mark.parametrize(
    "transformer",
    [
        PrincipalKNeighborsTransformer(5),
        PrincipalKNeighborsTransformer(5, metric="manhattan"),
        BlockwiseKNeighborsTransformer(5),
        BlockwiseKNeighborsTransformer(5, algorithm="clusters"),
    ],
    ids=["components", "manhattan", "exact", "clusters"],
)
def test_each_search_of_neighbors_reports_all_samples(transformer, kind, tmp_path):
    if kind == "sparse" and transformer.algorithm == "clusters":
        pytest.skip("clusters need dense features")
    X, reports = features_of(kind, tmp_path), []
    with reported(reports.append):
        transformer.fit_transform(X)
    # Cells are tried with all samples, as there are fewer than 512.
    n_tried = 300 * (transformer.algorithm == "clusters")
    assert sum(reports) == 300 + n_tried


def test_building_a_graph_is_a_long_step(monkeypatch):
    X = np.random.default_rng(0).normal(size=(40, 3))
    shown = shown_by(lambda: NeighborGraph.of(X, n_neighbors=3), monkeypatch)
    # The width of the bar follows the terminal.
    assert "neighbour graph:   0%|" in shown
    assert "| 0/40 [" in shown


def test_every_bar_of_the_package_has_its_own_lock():
    package = Path(skactive.__file__).parent
    importing = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tqdm")
    }
    assert importing == {"_progress.py"}
