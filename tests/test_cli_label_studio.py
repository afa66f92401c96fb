"""`skactive label-studio`: its options, errors and output."""

import os
import signal
import subprocess
import sys
from functools import partial

import pytest
from fake_label_studio import TOKEN, FakeLabelStudio, choice

from skactive.cli import main

pytest.importorskip("pandas")


@pytest.fixture
def studio(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", TOKEN)
    texts = ["red apple", "green apple", "apple pie", "sweet orange", "orange cake", "orange juice"]
    with FakeLabelStudio(data=[{"text": text} for text in texts]) as studio:
        yield studio


def run(studio, *arguments):
    return main(["label-studio", studio.url, "--project", "3", *arguments])


def error_of(capsys):
    output = capsys.readouterr()
    [line] = output.err.splitlines()
    return line.removeprefix("skactive: error: ")


def test_once_brings_session_and_queue_up_to_date(studio, capsys, tmp_path):
    assert run(studio, "--once", "--ahead", "5") == 0
    assert len(studio.queue()) == 5
    for number in (1, 2, 4):
        studio.annotate(number, "B" if number == 4 else "A")
    studio.annotate(3, None, skip=True)
    assert run(studio, "--once", "--push-all") == 0
    first, second, third = capsys.readouterr().out.splitlines()
    next_ = ", ".join(map(str, studio.queue()))
    assert first.startswith("0 labels of 6 tasks. Next tasks: ")
    assert second.startswith("3 answered, 1 skipped: 3 labels of 6 tasks, 1 skipped")
    assert second.endswith(f"Next tasks: {next_}, …")
    assert third == "3 predictions written to project 3."
    assert main(["status", "label-studio-project-3.session"]) == 0
    assert "3 labels of 6 samples, 1 skipped" in capsys.readouterr().out
    assert main(["export", "label-studio-project-3.session", "-o", "labels.csv"]) == 0
    assert "red apple,A" in (tmp_path / "labels.csv").read_text()


def test_options_reach_the_bridge(studio, tmp_path, capsys):
    (tmp_path / "token").write_text(f"{TOKEN}\n", encoding="utf-8-sig")
    os.environ.pop("LABEL_STUDIO_API_KEY")
    for number in (1, 2, 4, 5):
        studio.annotate(number, "B" if number > 3 else "A")
    options = ["--token-file", "token", "--session", "own", "--show-guesses", "--once"]
    assert run(studio, *options) == 0
    assert (tmp_path / "own" / "session.json").exists()
    assert {one["task"]: one["result"] for one in studio.predictions} == {
        3: choice("A"),
        6: choice("B"),
    }


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--token-file", "none"], "The token cannot be read from none: No such file"),
        (["--once", "--serve", "0"], "--serve needs a bridge that keeps running"),
        (["--session", "file"], "is a file, but the session is a folder"),
        (["--ahead", "4"], "must be a whole number of at least 5"),
        (["--poll", "0"], "must be a whole number of at least 1"),
    ],
)
def test_errors_are_sentences(arguments, sentence, studio, capsys, tmp_path):
    (tmp_path / "file").touch()
    assert run(studio, *arguments) == 2
    assert sentence in error_of(capsys)


def test_failures_of_label_studio_are_sentences(studio, capsys, monkeypatch):
    studio.config = studio.config.replace('"single"', '"rating"')
    assert run(studio, "--once") == 2
    assert "has choice='rating'. Hint: " in error_of(capsys)
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", "another")
    assert run(studio) == 2
    error = error_of(capsys)
    assert "refuses the token" in error
    assert "another" not in error
    monkeypatch.delenv("LABEL_STUDIO_API_KEY")
    assert run(studio) == 2
    assert "There is no token of Label Studio. Hint: " in error_of(capsys)


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is a signal of POSIX")
@pytest.mark.parametrize("push", [False, True])
@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_ends_it_and_the_token_is_no_argument(number, push, studio, tmp_path):
    for task in (1, 4):
        studio.annotate(task, "A" if task == 1 else "B")
    command = [sys.executable, "-m", "skactive", "label-studio", studio.url, "--project", "3"]
    process = subprocess.Popen(
        [*command, *(["--push-all"] if push else [])],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        # A process in the background of a shell, and its children, ignore the signal.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - it needs no lock
    )
    line = process.stdout.readline()
    assert line.startswith("2 answered: 2 labels of 6 tasks")
    assert studio.sampling == "Uncertainty sampling"
    process.send_signal(getattr(signal, number))
    output, errors = process.communicate(timeout=60)
    assert studio.sampling == "Sequential sampling"
    assert "Label Studio asks the tasks by sequential sampling again." in output.splitlines()
    if push:
        assert process.returncode == 0
        assert output.splitlines()[-1] == "4 predictions written to project 3."
    else:
        assert process.returncode == 130
        assert errors == (
            "skactive: interrupted. The same command resumes, and reads all answers from Label "
            "Studio. State of the session: skactive status label-studio-project-3.session\n"
        )
    assert TOKEN not in output + errors


def test_a_port_in_use_is_named(studio, capsys):
    pytest.importorskip("starlette")
    pytest.importorskip("uvicorn")
    assert run(studio, "--serve", str(studio.port)) == 2
    assert f"The model cannot listen on port {studio.port}: " in error_of(capsys)
