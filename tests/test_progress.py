"""A killed or forked process leaves the progress bars of others usable."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import skactive
from skactive._progress import ProgressBar

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


def test_every_bar_of_the_package_has_its_own_lock():
    package = Path(skactive.__file__).parent
    importing = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tqdm")
    }
    assert importing == {"_progress.py"}
