"""The progress of a session: its curve, and when labelling can stop, across restarts and undo."""

import json
import os
from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_digits

from skactive import labeling
from skactive.cli import main
from skactive.labeling import CurvePoint, LabelingSession
from skactive.labeling._curve import SessionCurve
from skactive.learner import AccuracyEstimate

X, y = load_digits(n_class=4, return_X_y=True)
LABELS = np.array(["zero", "one", "two", "three"])[y]


@pytest.fixture
def digits(tmp_path):
    np.savez(tmp_path / "digits.npz", X=X[:300].astype(np.float32))
    return tmp_path / "digits.npz"


def label(session, n, seen=1):
    """Answer samples, and return the progress after each of the last ones."""
    names = {one.id: place for place, one in enumerate(session.samples())}
    found = []
    for left in range(n, 0, -1):
        [one] = session.next()
        session.answer(one.id, LABELS[names[one.id]])
        if left <= seen:
            found.append(session.progress())
    return found


def point(n, value=0.5):
    return CurvePoint(n, AccuracyEstimate(value, 0.25, 0.75, n), None)


def test_advice_says_when_labelling_can_stop_and_a_restart_knows_the_same(digits):
    with LabelingSession(digits) as session:
        assert session.wait().progress().advice.stop is False
        [first] = label(session, 1)
        assert first.advice.sentence.startswith("Continue: about 40 more labels are needed")
        last = label(session, 69)[-1].advice
        assert last.stop
        assert last.sentence.startswith("Stop: predictions no longer change (agreement ")
        assert [one.criterion for one in last.verdicts] == ["StabilizedPredictions"]
        assert last.sentence in str(session.progress()).splitlines()
    with LabelingSession(digits) as session:
        # The criteria compare the same states, although all labels were taught again.
        assert session.wait().progress().advice == last


def test_answers_that_come_at_once_are_noted_as_if_they_came_one_by_one(digits):
    with LabelingSession(digits) as session:
        last = label(session.wait(), 65)[-1]
        answered = [(one.id, one.label) for one in reversed(session.history())]
    other = digits.with_name("other")
    with LabelingSession(digits, other) as session:
        session.wait()
        for id_, name in answered:
            session.answer(id_, name)
        assert session.progress().advice == last.advice


def test_nothing_left_means_stop_unless_samples_are_postponed(tmp_path):
    np.savez(tmp_path / "few.npz", X=X[:3])
    with LabelingSession(tmp_path / "few.npz") as session:
        first, second, third = [one.id for one in session.wait().samples()]
        session.answer_many([first, second], "zero")
        session.postpone([third])
        advice = session.progress().advice
        assert (advice.stop, advice.sentence) == (
            False,
            "Continue: only postponed samples are left.",
        )
        session.answer(third, "one")
        advice = session.progress().advice
        assert (advice.stop, advice.sentence) == (True, "Stop: no samples are left.")


def test_the_curve_is_that_of_all_days_and_ends_at_the_present(digits):
    with LabelingSession(digits) as session:
        session.wait().hold_out(5)
        before = label(session, 15, seen=9)
        numbers = [one.n_labeled for one in session.progress().curve]
        assert numbers == sorted({one.n_labeled for one in before if one.accuracy is not None})
    with LabelingSession(digits) as session:
        names = {one.id: place for place, one in enumerate(session.wait().samples())}
        for one in session.next(5, test=True):
            session.answer(one.id, LABELS[names[one.id]])
        progress = label(session, 5, seen=5)[-1]
        assert [one.n_labeled for one in progress.curve] == [*numbers, *range(16, 21)]
        assert progress.curve[-1] == CurvePoint(20, progress.accuracy, progress.test_accuracy)
        assert progress.curve[-1].test_accuracy.n_labeled == 5
        assert progress.curve[: len(numbers) - 1] == before[-1].curve[:-1]
        # Undone labels are not on the curve, and come back with them.
        for _ in range(3):
            session.undo()
        shorter = session.progress().curve
        assert [one.n_labeled for one in shorter] == [*numbers, 16, 17]
        for _ in range(3):
            session.redo()
        assert [one.n_labeled for one in session.progress().curve] == [*numbers, *range(16, 21)]


def test_a_point_replaces_the_one_with_as_many_labels(tmp_path):
    curve = SessionCurve(tmp_path / "curve.jsonl")
    for n in [10, 11, 12, 13]:
        found = curve.followed(point(n))
    assert found == [point(n) for n in [10, 11, 12, 13]]
    tested = point(11)._replace(test_accuracy=labeling.TestAccuracy(0.5, 0.1, 0.9, 4))
    assert curve.followed(tested) == [point(10), tested]
    again = SessionCurve(tmp_path / "curve.jsonl")
    found = [point(10), tested, point(12), point(13, 0.6)]
    assert again.followed(point(13, 0.6)) == found
    assert again.followed(point(14)) == [*found, point(14)]


def test_a_long_curve_has_few_points(tmp_path):
    curve = SessionCurve(tmp_path / "curve.jsonl")
    for n in range(10, 3000):
        found = curve.followed(point(n))
    assert len(found) < 300
    assert found[-1] == point(2999)
    assert len(SessionCurve(tmp_path / "curve.jsonl").followed(point(3000))) <= len(found) + 1


@pytest.mark.parametrize(
    "damage",
    [
        b"\n\xff\xfe\n",
        b"[]\n5\nnull\n",
        b'{"n_labeled": 12, "acc',
        b'{"n_labeled": "12", "accuracy": [0.5, 0.1, 0.9, 9], "test_accuracy": null}\n',
        b'{"n_labeled": 12, "accuracy": [0.5, 0.1], "test_accuracy": null}\n',
        b'{"n_labeled": 12, "accuracy": [0.5, 0.1, 7, 9], "test_accuracy": null}\n',
        b'{"n_labeled": 12, "accuracy": ["nan", 0.1, 0.7, 9], "test_accuracy": null}\n',
        b'{"n_labeled": 12, "accuracy": {"value": 1}, "test_accuracy": null}\n',
        b'{"n_labeled": true, "accuracy": null, "test_accuracy": null}\n',
        b'{"n_labeled": 12}\n',
        b'{"n_labeled": 5, "accuracy": [0.5, 0.4, 0.6, 1e999], "test_accuracy": null}\n',
        b"[" * 100_000 + b"\n",
        b'{"n_labeled": ' + b"[" * 100_000 + b"\n",
    ],
)
def test_damaged_lines_of_the_curve_are_left_out(damage, tmp_path):
    path = tmp_path / "curve.jsonl"
    SessionCurve(path).followed(point(10))
    with path.open("ab") as file:
        file.write(damage)
    curve = SessionCurve(path)
    assert curve.followed(point(13)) == [point(10), point(13)]
    # The next line is whole, and the damaged one is not replaced.
    assert damage.rstrip(b"\n") in path.read_bytes()
    assert SessionCurve(path).followed(point(14)) == [point(10), point(13), point(14)]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes have no name on this system")
def test_a_pipe_in_place_of_the_curve_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "curve.jsonl")
    assert SessionCurve(tmp_path / "curve.jsonl").followed(point(10)) == [point(10)]


def test_a_curve_that_cannot_be_written_does_not_stop_the_labelling(digits):
    digits.with_name("digits.npz.session").mkdir()
    (digits.with_name("digits.npz.session") / "curve.jsonl").mkdir()
    with LabelingSession(digits) as session:
        progress = label(session.wait(), 15)[-1]
        assert progress.curve[-1].accuracy == progress.accuracy
        path = session.folder / "curve.jsonl"
        path.rmdir()
    # Another process may write it now.
    session.progress()
    assert not path.exists()


def test_accuracies_say_that_not_all_samples_are_read(digits):
    with LabelingSession(digits) as session:
        session.wait().hold_out(4)
        label(session, 20)
        for one in session.next(4, test=True):
            session.answer(one.id, "0")
        progress = session.progress()
    assert "read so far" not in str(progress)
    assert " % of 4 test samples are predicted correctly (95 % interval: " in str(progress)
    partly = replace(progress, n_embedded=60)
    assert str(partly).splitlines()[-1] == (
        f"60 of {len(session)} samples are read so far; the accuracies can change until all are"
    )
    without = replace(partly, accuracy=None, test_accuracy=None)
    assert str(without).endswith(" samples are read so far")


def test_status_prints_the_advice(digits, capsys):
    with LabelingSession(digits) as session:
        label(session.wait(), 12)
    main(["status", str(digits)])
    assert "\nContinue: " in capsys.readouterr().out


def test_the_lines_of_the_curve_are_json(digits):
    with LabelingSession(digits) as session:
        progress = label(session.wait(), 14)[-1]
    lines = (session.folder / "curve.jsonl").read_text().splitlines()
    last = json.loads(lines[-1])
    assert last["n_labeled"] == 14
    assert last["accuracy"][0] == progress.accuracy.value
