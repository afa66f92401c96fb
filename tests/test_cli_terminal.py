"""The commands end in good order: after Ctrl-C, on closed streams, and with strange names."""

import contextlib
import os
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import make_blobs

import skactive
from skactive.cli import main
from skactive.cli._output import PARAMETERS, as_options, write, write_note

# The command's output in a terminal is the same on every Python version.
pytestmark = pytest.mark.once

SMALL = ["--budget", "12", "--folds", "3", "--jobs", "1", "--no-plot"]
LIGHT = ["--classifier", "nearest", "--strategies", "random"]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(skactive.__file__).parents[1])}
COMMAND = [sys.executable, "-m", "skactive"]
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and streams are POSIX's")


@pytest.fixture
def blobs(tmp_path, monkeypatch):
    """Write 90 samples in three classes, and change to their folder."""
    X, codes = make_blobs(90, n_features=4, centers=3, cluster_std=4.0, random_state=0)
    np.savez(tmp_path / "blobs.npz", X=X, y=np.array(["a", "b", "c"])[codes])
    monkeypatch.chdir(tmp_path)


KEPT = "The finished loops are in loops. Hint: run the same command again to continue."
NOT_KEPT = "Nothing is kept. Hint: with --resume FOLDER, an interrupted run can continue."
INTERRUPTS = {
    "plain": KeyboardInterrupt(),
    "in compiled code": SystemError("a function returned with an exception set"),
}
INTERRUPTS["in compiled code"].__cause__ = KeyboardInterrupt()


@pytest.mark.parametrize("error", INTERRUPTS.values(), ids=INTERRUPTS)
@pytest.mark.parametrize(
    ("options", "sentence"), [([], NOT_KEPT), (["--resume", "loops"], KEPT)], ids=["", "resume"]
)
def test_ctrl_c_ends_with_130_and_says_what_is_kept(
    blobs, capsys, monkeypatch, error, options, sentence
):
    def interrupted(*_, **__):
        raise error

    monkeypatch.setattr("skactive.model_selection.compare_strategies", interrupted)
    assert main(["compare", "blobs.npz", *SMALL, *options]) == 130
    assert capsys.readouterr() == ("", f"skactive: interrupted. {sentence}\n")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ([], "No file was written. Hint: with --cache FOLDER, a second run continues."),
        (
            ["--cache", "kept"],
            (
                "The vectors so far are in kept, and no file was written. Hint: run the same "
                "command again to continue."
            ),
        ),
    ],
)
def test_ctrl_c_while_embedding_says_what_is_kept(blobs, capsys, monkeypatch, options, sentence):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("skactive.cli._samples.open_source", interrupted)
    assert main(["embed", "photos", "--model", "m", "-o", "v.npz", *options]) == 130
    assert capsys.readouterr() == ("", f"skactive: interrupted. {sentence}\n")


def test_another_error_is_no_interrupt(blobs, monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr("skactive.model_selection.compare_strategies", broken)
    with pytest.raises(ZeroDivisionError):
        main(["compare", "blobs.npz", *SMALL])


def run(*arguments, **settings):
    return subprocess.run(
        [*COMMAND, *arguments], env=ENVIRONMENT, check=False, capture_output=True, **settings
    )


@posix
@pytest.mark.parametrize("interrupts", [True, False], ids=["a terminal", "nohup"])
def test_a_run_ends_by_ctrl_c_unless_it_is_ignored(blobs, interrupts):
    def prepare():
        signal.signal(signal.SIGINT, signal.SIG_DFL if interrupts else signal.SIG_IGN)

    process = subprocess.Popen(
        [*COMMAND, "compare", "blobs.npz", *SMALL, "--resume", "loops", "--budget", "60"],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=prepare,  # noqa: PLW1509 - no thread has started
    )
    seen = b""
    while b"labelling loops" not in seen and process.poll() is None:
        seen += process.stderr.read(1)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert b"Traceback" not in errors
    assert process.returncode == (130 if interrupts else 0)
    if interrupts:
        assert errors.decode().splitlines()[-1] == f"skactive: interrupted. {KEPT}"
    else:
        assert b"label savings" in output


INTERRUPTED_IMPORT = """
import runpy
import sys


class Interrupter:
    def find_spec(self, name, path=None, target=None):
        if name == "skactive.cli._main":
            print("interrupted")
            raise KeyboardInterrupt


sys.meta_path.insert(0, Interrupter())
sys.argv = ["skactive", "label", "."]
"""
STARTS = {
    "module": "runpy.run_module('skactive', run_name='__main__')",
    "script": "from {} import {} as script\nsys.exit(script())",
}


@pytest.mark.parametrize("start", STARTS)
def test_ctrl_c_while_the_command_is_loaded_ends_it_without_a_traceback(start):
    table = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())
    script = STARTS[start].format(*table["project"]["scripts"]["skactive"].split(":"))
    process = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_IMPORT + script],
        env=ENVIRONMENT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert process.stderr == ""
    assert (process.returncode, process.stdout) == (130, "interrupted\n")


def without(*numbers):
    """Return a function that closes streams in the child process."""

    def close():
        for number in numbers:
            with contextlib.suppress(OSError):
                os.close(number)

    return close


@posix
@pytest.mark.parametrize("numbers", [(1,), (1, 2), (0, 1, 2)], ids=str)
@pytest.mark.parametrize(
    ("arguments", "code"), [(["--help"], 0), (["compare", "--zoom"], 2)], ids=["help", "error"]
)
def test_closed_streams_end_quietly(numbers, arguments, code):
    process = run(*arguments, preexec_fn=without(*numbers))
    assert process.returncode == code
    assert process.stdout == b""
    assert b"Traceback" not in process.stderr


@posix
def test_a_closed_output_does_not_keep_the_files_from_being_written(blobs):
    assert run("compare", "blobs.npz", *SMALL, *LIGHT, preexec_fn=without(1, 2)).returncode == 0
    assert Path("labeling_curve.csv").read_text().startswith("strategy,split,n_labels,score\n")


@posix
def test_a_closed_pipe_causes_no_output(blobs):
    process = subprocess.Popen(
        [*COMMAND, "compare", "blobs.npz", *SMALL, *LIGHT, "--quiet"],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 141
    assert Path("labeling_curve.csv").exists()


def test_without_a_command_the_help_is_printed(capsys):
    assert main([]) == 0
    output, errors = capsys.readouterr()
    assert "compare query strategies" in output
    assert errors == ""


@pytest.mark.parametrize(
    ("arguments", "guess"),
    [
        (["comapre"], "compare"),
        (["embd", "photos"], "embed"),
        (["compare", "--stratgies", "margin"], "--strategies"),
        (["compare", "--bud", "5"], "--budget"),
        (["compare", "x.npz", "--output_dir=out"], "--output-dir"),
        (["compare", "--metric", "eucledian"], "euclidean"),
        (["compare", "--classifier", "spread"], "spreading"),
        (["compare", "--strategies", "hering"], "herding"),
        (["compare", "--strategies", "Typi_Clust"], "typi-clust"),
        (["embed", "x.csv", "--model", "m", "-o", "v.npz", "--labels", "y"], "--label"),
        (["embed", "x.csv", "--model", "m", "-o", "v.npz", "--errors", "skipp"], "skip"),
        (["--verson"], "--version"),
    ],
)
def test_a_mistyped_name_gets_a_guess(capsys, arguments, guess):
    assert main(arguments) == 2
    assert f" Hint: did you mean {guess}?" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["prune"], ["compare", "--zoom"], ["compare", "--target"]])
def test_a_name_like_no_other_gets_none(capsys, arguments):
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert "did you mean" not in error
    assert "--help' lists the commands and options." in error


@pytest.mark.parametrize("name", PARAMETERS)
def test_hints_name_options_as_typed(name):
    message = as_options(f"Hint: pass another one as `{name}`, such as `{name}=2`.")
    option = f"--{'resume' if name == 'memory' else name.replace('_', '-')}"
    assert message == f"Hint: pass another one as {option}, such as {option} 2."


FAULTS = {
    "no label": "a,b,kind\n1,2,x\n",
    "no number": "a,b,label\n1,two,x\n3,4,y\n",
    "ids alone": "id,label\n1,x\n2,y\n",
    "one class": "a,label\n1,x\n2,x\n",
    "separator": "a;label\n1;x\n",
    "ragged": "a,label\n1,x\n2,x,3\n",
    "number missing": "a,label\n1,x\n,y\n",
    "label fraction": "a,label\n1,0.5\n2,1\n",
}


@pytest.mark.parametrize("content", FAULTS.values(), ids=FAULTS)
def test_no_error_on_a_file_names_a_parameter_of_python(tmp_path, monkeypatch, capsys, content):
    pytest.importorskip("pandas")
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text(content)
    assert main(["compare", "t.csv"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("skactive: error: ")
    assert "`" not in error
    assert "=" not in error


def test_no_message_brings_control_characters_to_the_terminal(capsys):
    for print_text in (write, write_note):
        print_text("a\x1b[2J\x07b\nc\r\u202e\x9b")
        output = "".join(capsys.readouterr())
        assert output.endswith("a\\x1b[2J\\x07b\nc\\r\\u202e\\x9b\n")


RED = "x\x1b[31m"


def test_strange_names_and_labels_are_escaped(tmp_path, monkeypatch, capsys):
    pytest.importorskip("pandas")
    monkeypatch.chdir(tmp_path)
    rows = [f"{i % 7},{i % 3},{('y', RED)[i % 2]}" for i in range(20)]
    name = "t\x1b]0;title\x07.csv"
    Path(name).write_text("a\x1b[1m,b,label\n" + "\n".join([*rows, "1,1,z\x1b[2J"]))
    assert main(["compare", name, *SMALL, "--budget", "3"]) == 0
    for arguments in (["\x1b[1m"], ["no\x1b[1m.csv"], [name, "--label", "\x1b[1m"]):
        assert main(["compare", *arguments]) == 2
    assert main(["compare", "--strategies", "\x1b[1m"]) == 2
    output, errors = capsys.readouterr()
    assert "\\x1b" in output
    assert "\\x1b" in errors
    assert not {"\x1b", "\x07"} & set(output + errors)
