"""The file of a journal: other programs, other processes, lines that cannot be read."""

import errno
import json
import os
import subprocess
import sys
import warnings

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from skactive import ActiveLearner
from skactive.neighbors import IncrementalKNeighborsClassifier

X = np.random.default_rng(0).normal(size=(24, 3))


def learner_of(path, X_pool=X, **parameters):
    classifier = IncrementalKNeighborsClassifier(max_labeled=parameters.pop("max_labeled", None))
    return ActiveLearner(classifier, X_pool=X_pool, journal=path, **parameters)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "answers.jsonl"


def replaced(path):
    """Replace a file by a copy, as editors and synchronisation tools do."""
    copy = path.with_name("copy")
    copy.write_bytes(path.read_bytes())
    copy.replace(path)


@pytest.mark.parametrize("change", [replaced, lambda path: path.unlink()])
def test_answers_follow_the_path_when_the_file_is_replaced_or_removed(path, change):
    learner = learner_of(path).teach([1], ["a"])
    for position in range(2, 7):
        change(path)
        learner.teach([position], ["b"])
        learner.skip([position + 10])
    learner.undo()
    again = learner_of(path)
    assert again.labeled.tolist() == [1, 2, 3, 4, 5, 6]
    assert again.skipped.tolist() == [12, 13, 14, 15]


def edited(path):
    path.write_text(path.read_text().replace('"a"', '"z"'))


def edited_elsewhere(path):
    replaced(path)
    edited(path)


def shortened(path):
    path.write_text("\n".join(path.read_text().splitlines()[:-1]))


@pytest.mark.parametrize("change", [edited_elsewhere, shortened, lambda path: path.write_text("")])
def test_an_answer_is_not_written_into_a_file_that_was_edited(path, change):
    learner = learner_of(path).teach([1], ["a"])
    change(path)
    content = path.read_bytes()
    for _ in range(2):
        with pytest.raises(
            RuntimeError, match=r"was changed by another program after .* not stored"
        ):
            learner.teach([2], ["b"])
    assert learner.labeled.tolist() == [1]
    assert path.read_bytes() == content
    # As the message says, moving the file away is one way on.
    path.rename(path.with_name("edited"))
    learner.teach([2], ["b"])
    assert learner_of(path).labeled.tolist() == [1, 2]


def test_a_process_does_not_get_a_file_that_was_replaced_while_it_is_written(path):
    learner = learner_of(path).teach([1], ["a"])
    replaced(path)
    learner.teach([2], ["a"])
    script = (
        "import sys, numpy as np; from skactive import ActiveLearner; "
        "X = np.random.default_rng(0).normal(size=(24, 3)); "
        "ActiveLearner(X_pool=X, journal=sys.argv[1])"
    )
    process = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=False
    )
    assert f"Another process ({os.getpid()}) writes its answers" in process.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_a_forked_process_does_not_write_to_the_journal_of_its_parent(path):
    learner = learner_of(path).teach([1], ["a"])
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            learner.teach([2], ["b"])
            os.write(writes, b"stored")
        except RuntimeError as error:
            os.write(writes, str(error).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    os.close(writes)
    message = os.read(reads, 1000).decode()
    os.close(reads)
    assert f"written by process {os.getpid()}, from which this one was forked" in message
    learner.teach([3], ["c"])
    assert learner_of(path).labeled.tolist() == [1, 3]


def test_a_file_system_without_locks_is_named(path, monkeypatch):
    fcntl = pytest.importorskip("fcntl")

    def failing(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", failing)
    with pytest.raises(RuntimeError, match=r"cannot be locked: No locks available\. .* local disk"):
        learner_of(path)


def test_a_pipe_is_no_journal(path):
    os.mkfifo(path)
    with pytest.raises(ValueError, match="is not a regular file"):
        learner_of(path)


LINES = [
    ({"teach": [3], "skip": [4], "labels": ["a"]}, "it has several actions, 'teach' and 'skip'"),
    ({"undo": False}, r"unknown action in \['undo'\]"),
    ({"undo": "all"}, r"unknown action in \['undo'\]"),
    ({"undo": "skip", "of": [1]}, "There is no answer to take back"),
    ({"format": "skactive answers 2", "pool": 24}, "another file of answers begins here"),
    ({"relabel": [5], "labels": ["a"]}, "Sample 5 .* not"),
    ({"teach": [5, 5], "labels": ["a", "b"]}, "named twice"),
    ({"teach": [5], "labels": ["a", "b"]}, "inconsistent numbers of samples"),
    ({"teach": [5]}, "labels"),
    ({"forget": -1}, "at least 0"),
]


@pytest.mark.parametrize(("entry", "sentence"), LINES)
def test_a_line_that_is_not_one_action_is_refused_with_its_number(path, entry, sentence):
    learner_of(path).teach([1], ["a"])
    content = path.read_bytes() + json.dumps(entry).encode() + b"\n"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"Line 4 of .* cannot be executed: .*{sentence}"):
        learner_of(path)
    assert path.read_bytes() == content


def test_an_undo_says_what_it_took_back(path):
    learner = learner_of(path).teach([3, 5], ["a", "b"]).skip([7]).forget(1)
    for _ in range(3):
        learner.undo()
    entries = [json.loads(line) for line in path.read_text().splitlines()][-3:]
    assert [entry["undo"] for entry in entries] == ["forget", "skip", "teach"]
    assert [entry.get("of") for entry in entries] == [None, [7], [3, 5]]


STEPS = st.lists(st.tuples(st.sampled_from("tttrRsSfuu"), st.integers(0, 23)), max_size=15)
SETTINGS = st.tuples(st.sampled_from([None, 2, 3]), st.booleans())


@settings(max_examples=60, deadline=None)
@given(steps=STEPS, yesterday=SETTINGS, today=SETTINGS)
@example(
    steps=[("t", 5), ("t", 1), ("t", 2), ("t", 3), ("u", 0), ("u", 0)],
    yesterday=(3, False),
    today=(None, False),
)
def test_no_answer_depends_on_the_estimator_that_reads_it(
    tmp_path_factory, steps, yesterday, today
):
    """Whatever a classifier forgets, and with or without a seed set, all answers are read."""
    path = tmp_path_factory.mktemp("journal") / "answers.jsonl"
    learner = with_settings(path, yesterday)
    for kind, place in steps:
        try:
            act(learner, kind, place)
        except ValueError:
            continue
    expected = [learner.answered.tolist(), learner.answers.tolist()]
    again = with_settings(path, today)
    assert [again.answered.tolist(), again.answers.tolist()] == expected
    latest = dict(zip(*expected, strict=True))
    if today[0] is None and "f" not in [kind for kind, _ in steps]:
        assert dict(zip(again.labeled.tolist(), again.labels.tolist(), strict=True)) == latest
    if len(again.labeled):
        labels = dict(zip(again.labeled.tolist(), again.labels.tolist(), strict=True))
        assert labels.items() <= latest.items()
    # What is taken back today is taken back for all settings.
    try:
        again.undo()
    except ValueError:
        return
    expected = [again.answered.tolist(), again.answers.tolist()]
    for others in (yesterday, (None, True), (1, False)):
        read = with_settings(path, others)
        assert [read.answered.tolist(), read.answers.tolist()] == expected


def with_settings(path, chosen):
    max_labeled, is_seeded = chosen
    seed = {"X_labeled": X[:2] + 1, "y_labeled": ["a", "b"]} if is_seeded else {}
    return learner_of(path, max_labeled=max_labeled, **seed)


def act(learner, kind, place):
    actions = {
        "t": lambda: learner.teach([place, (place + 7) % 24], ["a", "b"]),
        "r": lambda: learner.relabel([place], ["c"]),
        "R": lambda: learner.relabel(learner.labeled[-2:], ["d", "e"][-len(learner.labeled) :]),
        "s": lambda: learner.skip([place, (place + 5) % 24]),
        "S": lambda: learner.unskip(learner.skipped[:2]),
        "f": lambda: learner.forget(place % 5),
        "u": learner.undo,
    }
    actions[kind]()


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_what_cannot_be_read_is_kept(tmp_path_factory, data):
    """A damaged file is read, or refused and left as it is; no byte is lost."""
    path = tmp_path_factory.mktemp("journal") / "answers.jsonl"
    learner_of(path).teach([1], ["a"]).teach([2, 3], ["b", "c"]).skip([4])
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(content) - 1))
        kind = data.draw(st.sampled_from(["flip", "cut", "insert", "drop"]))
        if kind == "flip":
            content[place] ^= 1 << data.draw(st.integers(0, 7))
        elif kind == "cut":
            del content[max(place, 1) :]
        elif kind == "insert":
            content[place:place] = data.draw(st.binary(min_size=1, max_size=3))
        elif len(content) > 1:
            del content[place]
    path.write_bytes(content)
    aside = path.with_name("answers.jsonl.incomplete")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        refusal = refusal_of(path)
    if refusal:
        assert path.read_bytes() == content
        assert "Hint:" in refusal
        return
    kept = path.read_bytes() + (aside.read_bytes() if aside.exists() else b"")
    lines = [line for line in bytes(content).splitlines() if line.strip()]
    # The first line alone, cut within, is that of a file without answers.
    assert all(line in kept for line in lines) or len(lines) == 1


def refusal_of(path):
    """Return the error of a file that is refused, or an empty string."""
    try:
        learner_of(path)
    except ValueError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("line_end", ["\u2028", " ", "", "\x00", ","])
def test_a_file_of_one_long_line_is_left_as_it_is(path, line_end):
    """A line feed that another program replaced does not make it the beginning of a header."""
    learner_of(path).teach([3], ["a"])
    content = path.read_text(encoding="utf-8").replace("\n", line_end).encode()
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"is not a file of answers\. Hint"):
        learner_of(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_a_file_in_another_encoding_is_left_as_it_is(path, encoding):
    learner_of(path).teach([3], ["a"])
    content = path.read_text(encoding="utf-8").encode(encoding)
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"is not a file of answers\. Hint"):
        learner_of(path)
    assert path.read_bytes() == content


def test_a_file_of_a_later_version_is_named(path):
    learner_of(path).teach([3], ["a"])
    path.write_bytes(path.read_bytes().replace(b"skactive answers 2", b"skactive answers 3"))
    with pytest.raises(ValueError, match=r"'skactive answers 3', which .* Hint: update skactive"):
        learner_of(path)


def test_answers_stay_in_the_file_when_the_working_directory_changes(path, monkeypatch):
    (path.parent / "other").mkdir()
    monkeypatch.chdir(path.parent)
    learner = learner_of(path.name).teach([3], ["a"])
    monkeypatch.chdir("other")
    learner.teach([4], ["b"])
    assert learner.journal == path
    assert list(path.parent.joinpath("other").iterdir()) == []
    assert learner_of(path).labeled.tolist() == [3, 4]
