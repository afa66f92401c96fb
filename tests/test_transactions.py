"""An action is executed in memory and on disk, or in neither, whatever interrupts it."""

import copy
import os
import pickle
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, SGDClassifier

import skactive
from skactive import ActiveLearner
from skactive.learner import StabilizedPredictions, StoppingCriterion
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.semi_supervised import IncrementalLabelSpreading

# Interruptions of lines of our own code: the same on every Python version.
pytestmark = pytest.mark.once

RNG = np.random.default_rng(0)
X = np.vstack([RNG.normal(size=(12, 3)), RNG.normal(size=(12, 3)) + 3])
X[5], X[7] = X[4], 0
PACKAGE = str(Path(skactive.__file__).parent)

ESTIMATORS = {
    "default": IncrementalLabelSpreading,
    "neighbors": IncrementalKNeighborsClassifier,
    "forgetting": lambda: IncrementalKNeighborsClassifier(max_labeled=3),
    "partial fit": lambda: SGDClassifier(loss="log_loss", random_state=0),
    "refit": LogisticRegression,
}
ACTIONS = {
    "teach": lambda learner: learner.teach([7, 8], ["a", "b"]),
    "relabel": lambda learner: learner.relabel([13, 3], ["a", "c"]),
    "skip": lambda learner: learner.skip([9, 10]),
    "unlabel": lambda learner: learner.unlabel([13, 3]),
    "unskip": lambda learner: learner.unskip([20]),
    "forget": lambda learner: learner.forget(2),
    "undo": lambda learner: learner.undo(),
    "query": lambda learner: learner.query(2),
}


def learner_of(estimator, path, **settings):
    return ActiveLearner(ESTIMATORS[estimator](), X_pool=X, journal=path, **settings)


def prepared(estimator, path):
    learner = learner_of(estimator, path).teach([0, 1, 12], ["a", "a", "b"])
    learner.skip([20]).relabel([1], ["c"]).teach([13, 3], ["b", "a"])
    return learner


def labels_of(learner):
    labels = zip(learner.labeled.tolist(), learner.labels.tolist(), strict=True)
    answers = zip(learner.answered.tolist(), learner.answers.tolist(), strict=True)
    return list(labels), learner.skipped.tolist(), list(answers)


def assert_equal(learner, other):
    assert labels_of(learner) == labels_of(other)
    if isinstance(learner.estimator, SGDClassifier):
        # What it has learned depends on the grouping of the answers.
        return
    assert learner.predict_proba(X) == pytest.approx(other.predict_proba(X), abs=1e-6)
    assert learner.query(2).tolist() == other.query(2).tolist()


class Interrupted:
    """Raise KeyboardInterrupt at one line of the package."""

    def __init__(self, line):
        self.left = line

    def __enter__(self):
        sys.settrace(self.trace)

    def __exit__(self, *_):
        sys.settrace(None)

    def trace(self, frame, event, _):
        if not frame.f_code.co_filename.startswith(PACKAGE):
            return None
        if event == "line":
            self.left -= 1
            if self.left < 0:
                sys.settrace(None)
                raise KeyboardInterrupt
        return self.trace


def n_lines(action, learner):
    counter = Interrupted(10**9)
    with counter:
        action(learner)
    return 10**9 - counter.left


# Every line is interrupted if this is 0; a sample of that many lines otherwise.
N_LINES = int(os.environ.get("SKACTIVE_INTERRUPTED_LINES", "12"))


@pytest.mark.parametrize("kind", ACTIONS)
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_an_interrupted_action_has_happened_everywhere_or_nowhere(estimator, kind, tmp_path):
    action = ACTIONS[kind]
    before = prepared(estimator, tmp_path / "before")
    after = prepared(estimator, tmp_path / "after")
    after.query()
    lines = np.arange(n_lines(action, after))
    if N_LINES:
        lines = np.random.default_rng(len(kind)).choice(lines, min(N_LINES, len(lines)), False)
    states = [labels_of(before), labels_of(after)]
    for line in lines.tolist():
        path = tmp_path / f"{line}.jsonl"
        learner = prepared(estimator, path)
        learner.query()
        with pytest.raises(KeyboardInterrupt), Interrupted(line):
            action(learner)
        found = labels_of(learner)
        assert found in states, line
        assert_equal(learner, before if found == states[0] else after)
        learner._journal.close()
        assert labels_of(learner_of(estimator, path)) == found, line
        if found == states[0]:
            # The same call again is executed, and stored.
            again = learner_of(estimator, path)
            action(again)
            assert labels_of(again) == states[1]
            again._journal.close()
            assert labels_of(learner_of(estimator, path)) == states[1]


@pytest.mark.parametrize("estimator", ["default", "refit"])
def test_an_interrupted_learner_without_a_journal_goes_on(estimator):
    for action in ACTIONS.values():
        finished = prepared(estimator, None)
        n, after = n_lines(action, finished), labels_of(finished)
        before = labels_of(prepared(estimator, None))
        for line in np.linspace(0, n - 1, 7).astype(int).tolist():
            learner = prepared(estimator, None)
            with pytest.raises(KeyboardInterrupt), Interrupted(line):
                action(learner)
            found = labels_of(learner)
            assert found in (before, after)
            if found == before:
                action(learner)
            assert labels_of(learner) == after


@pytest.mark.parametrize("name", ["ids", "X_pool"])
@pytest.mark.parametrize("kind", ["extend", "remove"])
def test_samples_agree_with_the_pool_right_after_an_interrupted_change(kind, name, tmp_path):
    actions = {
        "extend": lambda learner: learner.extend(X[:2]),
        "remove": lambda learner: learner.remove([0, 20]),
    }
    n_after = {"extend": 26, "remove": 22}[kind]
    n, found = n_lines(actions[kind], prepared("neighbors", tmp_path / "whole")), set()
    # The last lines are those after the line in the journal.
    for line in [n // 2, *range(n - 40, n)]:
        learner = prepared("neighbors", tmp_path / f"{line}.jsonl")
        with pytest.raises(KeyboardInterrupt), Interrupted(line):
            actions[kind](learner)
        found.add(len(getattr(learner, name)))
        assert len(getattr(learner, name)) == learner.pool.n_samples
    assert found == {24, n_after}


INTERRUPTED_TEACHING = """
import signal, sys
# A process in the background may have inherited that interrupts are ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
import numpy as np
from skactive import ActiveLearner
X = np.random.default_rng(0).normal(size=(300, 3))
learner = ActiveLearner(X_pool=X, journal=sys.argv[1])
learner.teach([0, 1], ["a", "b"]).query()
done = 2
while done < 60:
    try:
        print("ready", flush=True)
        while done < 60:
            learner.teach([done], ["ab"[done % 2]])
            done += 1
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    except KeyboardInterrupt:
        assert learner.labeled.tolist() in (list(range(done)), list(range(done + 1)))
assert learner.labeled.tolist() == list(range(60))
del learner
again = ActiveLearner(X_pool=X, journal=sys.argv[1])
assert again.labeled.tolist() == list(range(60)), again.labeled
assert again.labels.tolist() == ["ab"[i % 2] for i in range(60)]
print("done", flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX")
def test_signals_at_random_moments_lose_and_repeat_nothing(tmp_path):
    command = [sys.executable, "-c", INTERRUPTED_TEACHING, str(tmp_path / "answers.jsonl")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for _ in range(20):
            line = process.stdout.readline()
            if line != "ready\n":
                break
            process.send_signal(signal.SIGINT)
        assert (line + process.stdout.read()).endswith("done\n")
        assert process.wait() == 0


class Failing(StoppingCriterion):
    """A criterion of a user, with a fault."""

    every = 1

    def note(self, learner):
        raise RuntimeError("no such file")

    def reason(self, learner, notes):
        return False, "it fails"


class FailingDetector:
    """A drift detector of a user, with a fault."""

    drift_detected = False

    def update(self, x):
        raise RuntimeError("no such file")


@pytest.mark.parametrize(
    "settings", [{"stopping": Failing()}, {"drift_detector": FailingDetector()}]
)
def test_a_failing_observer_is_reported_and_every_answer_is_stored(settings, tmp_path):
    path = tmp_path / "answers.jsonl"
    learner = learner_of("default", path)
    learner.teach([0, 12], ["a", "b"]) if "drift_detector" in settings else None
    learner = learner_of("default", path, **settings)
    with pytest.warns(UserWarning, match="answers are stored, but .* RuntimeError: no such file"):
        learner.teach([1, 13], ["a", "b"])
    expected = labels_of(learner)
    assert 13 in learner.labeled
    # A restart does not fail, and repeats no warning.
    assert labels_of(learner_of("default", path, **settings)) == expected
    assert labels_of(learner_of("default", path)) == expected


class Refusing(IncrementalKNeighborsClassifier):
    """A classifier that cannot remove a sample."""

    def remove_labeled(self, indices):
        raise RuntimeError("nothing can be removed")


def test_a_classifier_that_fails_leaves_memory_and_disk_as_they_were(tmp_path):
    path = tmp_path / "answers.jsonl"
    learner = ActiveLearner(Refusing(), X_pool=X, journal=path).teach([0, 12], ["a", "b"])
    content, before = path.read_bytes(), labels_of(learner)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="nothing can be removed"):
            learner.undo()
        assert labels_of(learner) == before
        assert path.read_bytes() == content
    assert learner.teach([1], ["a"]).predict(X[:1]).tolist() == ["a"]


@pytest.fixture
def switching_often():
    """Let threads take turns after microseconds."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("switching_often")
def test_threads_see_the_state_before_or_after_an_action(tmp_path):
    path = tmp_path / "answers.jsonl"
    learner = learner_of("default", path, stopping=StabilizedPredictions(every=2))
    learner.teach([0, 12], ["a", "b"])
    failures = []

    def work(number):
        rng = np.random.default_rng(number)
        try:
            for _ in range(12):
                kind = rng.integers(5)
                if kind == 0:
                    position = int(rng.integers(24))
                    learner.teach([position], ["ab"[position // 12]])
                elif kind == 1:
                    assert np.isfinite(learner.predict_proba(X)).all()
                elif kind == 2:
                    copy.deepcopy(learner)
                elif kind == 3:
                    assert "labels" in str(learner.progress)
                else:
                    labels = learner.to_frame()["label"]
                    assert len(labels) == 24
        except Exception as error:  # noqa: BLE001  every exception is a failure
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    expected = labels_of(learner)
    assert all(label == "ab"[place // 12] for place, label in expected[0])
    assert labels_of(learner_of("default", path)) == expected


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
@pytest.mark.parametrize("name", ["default", "neighbors"])
@pytest.mark.usefixtures("switching_often")
def test_a_copy_made_while_a_thread_changes_the_learner_is_a_state_of_it(name, copied):
    learner = learner_of(name, None).teach([0, 12], ["a", "b"])
    is_done = threading.Event()

    def work():
        rng = np.random.default_rng(0)
        for _ in range(30):
            n = len(learner.X_pool)
            if rng.random() < 0.5:
                learner.extend(rng.normal(size=(2, X.shape[1])))
            else:
                learner.remove([n - 1])
            learner.teach(position := learner.query(), ["a"] * len(position))
        is_done.set()

    thread = threading.Thread(target=work)
    thread.start()
    copies = []
    while not is_done.is_set():
        copies.append(copied(learner))
    thread.join()
    assert copies
    for one in copies[:: max(1, len(copies) // 10)]:
        labeled = len(one.labeled)
        assert one.predict_proba(one.X_pool).shape == (len(one.X_pool), 2)
        assert len(one.teach(one.query(), ["b"]).labeled) == labeled + 1


def test_a_pickled_learner_shares_its_samples_with_nothing_that_is_copied():
    learner = learner_of("neighbors", None).teach([0, 12], ["a", "b"])
    state = learner.__getstate__()
    assert state["_samples"].X_pool is learner.X_pool
    assert state["_pool"].X is learner.pool.X
    assert state["_history"] is not learner._history


def test_a_second_learner_takes_over_while_a_thread_teaches_the_first(tmp_path):
    path = tmp_path / "answers.jsonl"
    first = learner_of("neighbors", path)
    stored, refused = [], []

    def teach():
        for position in range(24):
            try:
                first.teach([position], ["a"])
                stored.append(position)
            except RuntimeError as error:
                refused.append(str(error))

    thread = threading.Thread(target=teach)
    thread.start()
    second = learner_of("neighbors", path)
    thread.join()
    known = second.labeled.tolist()
    assert known == stored
    assert all("written by another object" in text for text in refused)
    second.teach([23], ["a"])
    assert set(stored) | {23} == set(learner_of("neighbors", path).labeled.tolist())


def test_every_public_method_of_a_learner_is_locked():
    for name in dir(ActiveLearner):
        member = getattr(ActiveLearner, name)
        function = member.fget if isinstance(member, property) else member
        if name.startswith("_") or not callable(function):
            continue
        # A session has locks of its own, which its threads take before that of the learner.
        simple = {"X_pool", "ids", "journal", "drift_detector", "pool", "label"}
        assert hasattr(function, "__wrapped__") != (name in simple), name
