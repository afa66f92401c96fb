"""The journal: answers survive the process."""

import copy
import errno
import json
import os
import pickle
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skactive import ActiveLearner
from skactive._io.fingerprint import row_fingerprints
from skactive.learner import StabilizedPredictions
from skactive.neighbors import IncrementalKNeighborsClassifier

RNG = np.random.default_rng(0)
Y = np.arange(24) % 3
X = np.eye(3)[Y] + RNG.normal(scale=0.2, size=(24, 3))


def learner_of(path, X_pool=X, **settings):
    return ActiveLearner(IncrementalKNeighborsClassifier(), X_pool=X_pool, journal=path, **settings)


def state(learner):
    return {
        "labeled": learner.labeled.tolist(),
        "labels": learner.labels.tolist(),
        "skipped": learner.pool.skipped.tolist(),
        "answered": learner.answered.tolist(),
        "answers": learner.answers.tolist(),
        "next": learner.query().tolist() if len(learner.candidates) else None,
    }


@pytest.fixture
def path(tmp_path):
    return tmp_path / "answers.jsonl"


def test_a_loop_goes_on_where_it_was(path):
    learner = ActiveLearner(X_pool=X, journal=path, stopping=StabilizedPredictions(every=2))
    for _ in range(4):
        selected = learner.query(2)
        learner.teach(selected, Y[selected])
    before, progress = state(learner), str(learner.progress)
    again = ActiveLearner(X_pool=X, journal=path, stopping=StabilizedPredictions(every=2))
    assert state(again) == before
    assert str(again.progress) == progress
    assert again.predict_proba(X) == pytest.approx(learner.predict_proba(X))
    assert again.undo().tolist() == selected.tolist()
    assert len(learner_of(path).labeled) == 6


STEPS = st.lists(st.tuples(st.sampled_from("ttttrRsfuo"), st.integers(0, 23)), max_size=15)


@settings(max_examples=40, deadline=None)
@given(steps=STEPS)
def test_any_history_is_restored(tmp_path_factory, steps):
    path = tmp_path_factory.mktemp("journal") / "answers.jsonl"
    learner = learner_of(path)
    for kind, place in steps:
        try:
            {
                "t": lambda: learner.teach([place, (place + 7) % 24], ["a", "b"]),  # noqa: B023
                "r": lambda: learner.relabel([place], ["c"]),  # noqa: B023
                "R": lambda: learner.relabel(learner.labeled[-2:], ["d", "e"]),  # noqa: B023
                "s": lambda: learner.skip([place, (place + 5) % 24]),  # noqa: B023
                "f": lambda: learner.forget(place % 5),  # noqa: B023
                "u": learner.undo,
                "o": lambda: None,
            }[kind]()
        except ValueError:
            continue
        if kind == "o":
            learner = reopened(path, learner)
    reopened(path, learner)


def reopened(path, learner):
    again = learner_of(path)
    assert state(again) == state(learner)
    return again


@pytest.mark.parametrize(
    "labels",
    [
        [1, 2],
        np.array(["süß", "sauer, 'scharf'\n"]),
        [True, False],
        [1.0, 2.0],
        np.array([3, 4], np.uint8),
    ],
)
def test_labels_come_back_as_they_were(path, labels):
    learner_of(path).teach([3, 5], labels)
    again = learner_of(path)
    assert again.labels.tolist() == np.asarray(labels).tolist()
    assert [type(label) for label in again.labels.tolist()] == [
        type(label) for label in np.asarray(labels).tolist()
    ]


def test_a_journal_can_be_read_by_a_person(path):
    learner_of(path).teach([3, 9], ["apple", "fig"]).relabel([9, 3], ["plum", "fig"]).skip([7, 4])
    first, session, taught, relabeled, skipped = map(json.loads, path.read_text().splitlines())
    assert (first["format"], first["pool"]) == ("skactive answers 2", 24)
    assert (session["session"], session["pool"]) == (os.getpid(), 24)
    assert (taught["teach"], taught["labels"]) == ([3, 9], ["apple", "fig"])
    assert (relabeled["relabel"], relabeled["labels"]) == ([9, 3], ["plum", "fig"])
    assert skipped["skip"] == [4, 7]
    for entry, positions in ((taught, [3, 9]), (relabeled, [9, 3]), (skipped, [4, 7])):
        assert entry["samples"] == row_fingerprints(X, positions).tolist()
        assert "ids" not in entry
    assert taught["time"].endswith("+00:00")


def test_every_position_of_an_action_is_written(path):
    learner = learner_of(path).teach([3, 5, 9], list("abc"))
    learner.skip([4, 6]).relabel([9, 5], ["y", "z"]).teach([1, 2], ["a", "b"]).forget(3)
    learner.skip([10, 11])
    before = state(learner)
    assert before["skipped"] == [4, 6, 10, 11]
    assert (before["labeled"], before["labels"]) == ([9, 1, 2], ["y", "a", "b"])
    assert (before["answered"], before["answers"]) == ([3, 5, 9, 1, 2], list("azyab"))
    for positions in ([10, 11], [3, 5], [1, 2], [9, 5], [4, 6], [3, 5, 9]):
        assert state(learner_of(path)) == before
        assert sorted(learner_of(path).undo().tolist()) == sorted(positions)
        before = state(learner_of(path))
    assert before == state(learner_of(path.with_name("fresh")))


def test_a_line_that_was_cut_short_is_set_aside_wherever_it_was_cut(path):
    learner_of(path).teach([3], ["apple"])
    whole = path.read_bytes()
    learner_of(path).teach([4], ["pear"])
    rest = path.read_bytes()[len(whole) :]
    aside = path.with_name("answers.jsonl.incomplete")
    for cut in range(1, len(rest) - 1):
        path.write_bytes(whole + rest[:cut])
        last = rest[:cut].splitlines()[-1]
        if last.endswith(b"}"):
            continue
        with pytest.warns(UserWarning, match=r"is incomplete, .* moved to answers\.jsonl\.incomp"):
            assert learner_of(path).labeled.tolist() == [3]
        assert path.read_bytes().startswith(whole)
        assert path.read_bytes().endswith(b"\n")
        assert aside.read_bytes() == last + b"\n"
        aside.unlink()
    for end in (rest, rest[:-1], rest + b"\n", rest + b" \r\n\n", rest[:-1] + b"\r"):
        path.write_bytes(whole + end)
        assert learner_of(path).labeled.tolist() == [3, 4]
        assert learner_of(path).labeled.tolist() == [3, 4]
    assert not aside.exists()


def test_a_file_truncated_at_creation_is_created_again(path):
    learner_of(path)
    first = path.read_bytes().splitlines(keepends=True)[0]
    for cut in (0, 1, 20, len(first) - 1):
        path.write_bytes(first[:cut])
        assert learner_of(path).teach([3], ["apple"]).labeled.tolist() == [3]
        assert learner_of(path).labeled.tolist() == [3]


@pytest.mark.parametrize(
    "content", [b"label\n3\n", b"\x00\xff", b'{"a": 1}\n', b"[1]\n", b"x" * 99]
)
def test_another_file_is_left_alone(path, content):
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"answers\.jsonl is not a file of answers\. Hint: pass"):
        learner_of(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (b'{"teach": [3', r"Line 3 of .* cannot be read: b'\{\"teach\": \[3'\. Hint: rem"),
        (
            b'{"teach": [99], "labels": [1]}',
            r"Line 3 of .* cannot be executed: .*99.*, remove that line",
        ),
        (b'{"sing": true}', r"Line 3 of .* cannot be executed: unknown action in \['sing'\]\."),
        (b'{"undo": true}', r"Line 3 of .* cannot be executed: There is no answer to take back\."),
    ],
)
def test_a_line_that_makes_no_sense_is_named_and_kept(path, line, sentence):
    learner_of(path)
    content = path.read_bytes() + line + b"\n" + b'{"teach": [3], "labels": [1]}\n'
    path.write_bytes(content)
    with pytest.raises(ValueError, match=sentence):
        learner_of(path)
    assert path.read_bytes().startswith(content)


@pytest.mark.parametrize("kind", ["teach", "relabel", "skip", "forget", "undo"])
@pytest.mark.parametrize("taken", [0, 5])
def test_a_full_disk_leaves_everything_as_it_was(path, kind, taken, monkeypatch):
    learner = learner_of(path).teach([1, 2], ["a", "b"])
    before, content = state(learner), path.read_bytes()
    steps = {
        "teach": lambda: learner.teach([7, 8], ["a", "c"]),
        "relabel": lambda: learner.relabel([1], ["z"]),
        "skip": lambda: learner.skip([9]),
        "forget": lambda: learner.forget(1),
        "undo": learner.undo,
    }
    write = os.write

    def written(file, data):
        if not data.endswith(b"}\n"):
            return write(file, data)
        if taken == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(file, data[:taken])

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", written)
        with pytest.raises(OSError, match=r"No space left|is the disk full\?"):
            steps[kind]()
    assert state(learner) == before
    assert path.read_bytes() == content
    steps[kind]()
    assert state(learner_of(path)) == state(learner)


def failing(*_):
    raise MemoryError("no memory")


@pytest.mark.parametrize("max_labeled", [None, 3])
@pytest.mark.parametrize("method", ["add_labeled", "remove_labeled", "relabel"])
@pytest.mark.parametrize("kind", ["teach", "relabel", "forget", "undo"])
@pytest.mark.parametrize("last", ["teach", "relabel", "forget"])
def test_an_error_of_the_classifier_leaves_everything_as_it_was(
    path, last, kind, method, max_labeled, monkeypatch
):
    def steps_of(learner, position):
        return {
            "teach": lambda: learner.teach([position], ["c"]),
            "relabel": lambda: learner.relabel([3], ["z" * position]),
            "forget": lambda: learner.forget(2 if position == 7 else 1),
            "undo": learner.undo,
        }

    def everything(learner):
        classifier = learner.fitted_estimator()
        stored = sorted(map(str, zip(*classifier.labeled_samples(), strict=True)))
        return state(learner), stored, path.read_bytes()

    classifier = IncrementalKNeighborsClassifier(max_labeled=max_labeled)
    learner = ActiveLearner(classifier, X_pool=X, journal=path)
    learner.teach([1], ["a"]).teach([2], ["b"]).teach([3], ["a"])
    steps_of(learner, 7)[last]()
    before = everything(learner)
    step = steps_of(learner, 8)[kind]
    with monkeypatch.context() as patch:
        patch.setattr(IncrementalKNeighborsClassifier, method, failing)
        try:
            step()
        except MemoryError:
            patch.undo()
            assert everything(learner) == before
            step()
    resumed = IncrementalKNeighborsClassifier(max_labeled=max_labeled)
    assert state(ActiveLearner(resumed, X_pool=X, journal=path)) == state(learner)


def test_a_label_that_text_cannot_hold_is_refused_whole(path):
    learner = learner_of(path).teach([1], ["a"])
    before, content = state(learner), path.read_bytes()
    with pytest.raises(TypeError, match=r"The label .* is a bytes, which a journal cannot"):
        learner_of(path.with_name("other")).teach([2], [b"raw"])
    assert state(learner) == before
    assert path.read_bytes() == content


def test_within_a_process_the_last_learner_writes(path):
    first = learner_of(path).teach([1], ["a"])
    second = learner_of(path).teach([2], ["b"])
    with pytest.raises(RuntimeError, match=r"written by another object, which was created af"):
        first.teach([3], ["c"])
    assert first.labeled.tolist() == [1]
    second.teach([3], ["c"])
    assert learner_of(path).labeled.tolist() == [1, 2, 3]


def test_a_learner_that_cannot_be_built_does_not_lock_the_journal(path):
    first = learner_of(path).teach([1], ["a"])
    with pytest.raises(ValueError, match="is not in X_pool"):
        learner_of(path, X[2:])
    first.teach([2], ["b"])
    content = path.read_bytes()
    path.write_bytes(content + b'{"undo": "all"}\n')
    with pytest.raises(ValueError, match="unknown action in"):
        learner_of(path)
    path.write_bytes(content)
    assert first.teach([3], ["c"]).labeled.tolist() == [1, 2, 3]


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_a_copy_writes_to_no_journal(path, copied):
    learner = learner_of(path).teach([1], ["a"])
    twin = copied(learner).teach([2], ["b"])
    assert (learner.journal, twin.journal) == (path, None)
    learner.teach([3], ["c"])
    assert learner_of(path).labeled.tolist() == [1, 3]


WRITER = """
    import sys, time
    import numpy as np
    from skactive import ActiveLearner
    from skactive.neighbors import IncrementalKNeighborsClassifier
    X = np.random.default_rng(0).normal(size=(5000, 3))
    learner = ActiveLearner(IncrementalKNeighborsClassifier(), X_pool=X, journal=sys.argv[1])
    print("ready", flush=True)
    for position in range(5000):
        learner.teach([position], [position % 3])
        print(position, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def writer(path):
    """Return a process that teaches and prints the acknowledged answers."""
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WRITER), str(path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[1],
    )
    assert process.stdout.readline() == "ready\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.mark.skipif(os.name != "posix", reason="signals and locks are POSIX")
@pytest.mark.parametrize("n_seen", [1, 30, 200])
def test_acknowledged_answers_survive_a_kill(path, writer, n_seen):
    acknowledged = [int(writer.stdout.readline()) for _ in range(n_seen)]
    writer.send_signal(signal.SIGKILL)
    acknowledged += [int(line) for line in writer.stdout.read().splitlines() if line]
    writer.wait()
    pool = np.random.default_rng(0).normal(size=(5000, 3))
    learner = learner_of(path, pool)
    assert set(acknowledged) <= set(learner.labeled.tolist())
    assert len(learner.labeled) <= len(acknowledged) + 1
    assert learner.labels.tolist() == [position % 3 for position in learner.labeled]


@pytest.mark.skipif(os.name != "posix", reason="signals and locks are POSIX")
def test_a_second_process_is_refused_with_the_first_ones_number(path, writer):
    pool = np.random.default_rng(0).normal(size=(5000, 3))
    with pytest.raises(RuntimeError, match=rf"Another process \({writer.pid}\) writes its answers"):
        learner_of(path, pool)
    writer.kill()
    writer.wait()
    learner_of(path, pool).teach([4999], [0])
