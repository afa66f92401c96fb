"""A labelling session keeps every answer, through undo, restarts and kills."""

import copy
import errno
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.exceptions import NotFittedError

from skactive._io import journal_file
from skactive.labeling import LabelingSession
from skactive.labeling._log import SessionLog

N_SAMPLES = 10
X = np.random.default_rng(0).normal(size=(N_SAMPLES, 3)).astype(np.float32)
SAMPLES = st.lists(st.integers(0, N_SAMPLES - 1), min_size=1, max_size=3)
CLASSES = st.sampled_from(["apple", "pear", "Größe 5", "苹果", 'a "b"\n<c>'])
NAMES = st.lists(CLASSES, min_size=1, max_size=3)


class Lengths(TransformerMixin, BaseEstimator):
    """Turns texts into their lengths and numbers of vowels; "?" has no vector."""

    def __sklearn_is_fitted__(self):
        return True

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        rows = [[len(text), sum(text.count(vowel) for vowel in "aeiou"), 1.0] for text in X]
        return np.where(np.array([[text == "?"] for text in X]), np.nan, rows)


@dataclass
class Plain:
    """The labels of a session, in plain dicts and lists."""

    labels: dict = field(default_factory=dict)
    skipped: dict = field(default_factory=dict)
    postponed: list = field(default_factory=list)
    test: set = field(default_factory=set)
    confirmed: set = field(default_factory=set)
    classes: list = field(default_factory=list)
    descriptions: dict = field(default_factory=dict)

    def open(self, samples):
        self.confirmed -= {*samples}
        for one in samples:
            self.skipped.pop(one, None)
            if one in self.postponed:
                self.postponed.remove(one)

    def label(self, samples, label):
        self.open(samples)
        self.labels.update(dict.fromkeys(samples, label))
        for name in names_of(label):
            if name not in self.classes:
                self.classes.append(name)

    def rename(self, old, new):
        self.labels = {one: renamed(label, old, new) for one, label in self.labels.items()}


def names_of(label):
    return [label] if isinstance(label, str) else list(label)


def renamed(label, old, new):
    names = {new if name in old else name for name in names_of(label)}
    return names.pop() if isinstance(label, str) else tuple(sorted(names))


class SessionMachine(RuleBasedStateMachine):
    """Each action has the effect that it has on plain dicts; undo and redo go back and forth."""

    multi_label = False

    def label_of(self, names):
        """Return a class; or all names but one, which may be none."""
        return tuple(sorted({*names[1:]})) if self.multi_label else names[0]

    @initialize(n_labels=st.integers(0, 2))
    def begin(self, n_labels):
        self.folder = tempfile.TemporaryDirectory()
        self.path = f"{self.folder.name}/vectors.npz"
        y = np.array(["apple"] * n_labels + [""] * (N_SAMPLES - n_labels))
        np.savez(self.path, X=X, y=y)
        self.session = LabelingSession(self.path, multi_label=self.multi_label)
        self.ids = [one.id for one in self.session.samples()]
        self.plain, self.done, self.undone = Plain(), [], []
        if n_labels:
            self.plain.label(range(n_labels), ("apple",) if self.multi_label else "apple")

    def teardown(self):
        if hasattr(self, "session"):
            self.session.close()
            self.folder.cleanup()

    def do(self, call, change):
        """Call a method, which must do what `change` does to the plain state."""
        before = copy.deepcopy(self.plain)
        call()
        change(self.plain)
        if self.plain != before:
            self.done.append(before)
            self.undone.clear()

    def refused(self, call):
        size = self.size()
        with pytest.raises(ValueError, match="Hint:"):
            call()
        assert self.size() == size

    def size(self):
        return Path(f"{self.path}.session", "answers.jsonl").stat().st_size

    def named(self, samples):
        return [self.ids[one] for one in samples]

    @rule(samples=SAMPLES, names=NAMES)
    def answer(self, samples, names):
        label = self.label_of(names)

        def call():
            return self.session.answer_many(self.named(samples), label)

        if any(self.plain.labels.get(one, label) != label for one in samples):
            self.refused(call)
            return
        fresh = [one for one in samples if one not in self.plain.labels]
        self.do(call, lambda plain: plain.label(fresh, label) if fresh else None)

    @rule(samples=SAMPLES, names=NAMES)
    def relabel(self, samples, names):
        label = self.label_of(names)

        def call():
            return self.session.relabel(self.named(samples), label)

        if any(one not in self.plain.labels for one in samples):
            self.refused(call)
            return

        def change(plain):
            equal = {one for one in samples if plain.labels[one] == label}
            plain.label({*samples} - equal, label)
            plain.confirmed |= equal

        self.do(call, change)

    @rule(samples=SAMPLES)
    def reopen(self, samples):
        def change(plain):
            plain.open(samples)
            for one in samples:
                plain.labels.pop(one, None)

        self.do(lambda: self.session.reopen(self.named(samples)), change)

    @rule(samples=SAMPLES, reason=st.sampled_from(["", "blurred"]))
    def skip(self, samples, reason):
        def change(plain):
            plain.open(samples)
            plain.skipped.update(dict.fromkeys(samples, reason))

        def call():
            return self.session.skip(self.named(samples), reason)

        is_labeled = any(one in self.plain.labels for one in samples)
        self.refused(call) if is_labeled else self.do(call, change)

    @rule(samples=SAMPLES)
    def postpone(self, samples):
        def change(plain):
            plain.open(samples)
            plain.postponed += dict.fromkeys(samples)

        def call():
            return self.session.postpone(self.named(samples))

        is_labeled = any(one in self.plain.labels for one in samples)
        self.refused(call) if is_labeled else self.do(call, change)

    @rule(old=CLASSES, new=CLASSES)
    def rename(self, old, new):
        def change(plain):
            plain.classes = [new if one == old else one for one in plain.classes]
            plain.rename({old}, new)
            if old in plain.descriptions:
                plain.descriptions[new] = plain.descriptions.pop(old)

        def call():
            return self.session.rename_class(old, new)

        known = self.plain.classes
        if old not in known or (new in known and new != old):
            self.refused(call)
        else:
            self.do(call, change)

    @rule(names=st.lists(CLASSES, min_size=1, max_size=3, unique=True), into=CLASSES)
    def merge(self, names, into):
        def change(plain):
            gone = set(names) - {into}
            plain.classes = [one for one in plain.classes if one not in gone]
            plain.rename(gone, into)
            for one in gone:
                plain.descriptions.pop(one, None)

        def call():
            return self.session.merge_classes(names, into)

        is_known = {*names, into} <= set(self.plain.classes)
        self.do(call, change) if is_known else self.refused(call)

    @rule(name=CLASSES, text=st.sampled_from(["", "round"]))
    def describe(self, name, text):
        def change(plain):
            plain.descriptions.pop(name, None)
            if text:
                plain.descriptions[name] = text

        def call():
            return self.session.describe_class(name, text)

        self.do(call, change) if name in self.plain.classes else self.refused(call)

    @rule(name=CLASSES)
    def add_or_remove_class(self, name):
        def remove(plain):
            plain.classes.remove(name)
            plain.descriptions.pop(name, None)

        if name not in self.plain.classes:
            self.do(lambda: self.session.add_class(name), lambda plain: plain.classes.append(name))
        elif any(name in names_of(label) for label in self.plain.labels.values()):
            self.refused(lambda: self.session.remove_class(name))
        else:
            self.do(lambda: self.session.remove_class(name), remove)

    @rule(n=st.integers(1, 3))
    def hold_out(self, n):
        drawn = []
        self.do(
            lambda: drawn.extend(self.session.hold_out(n)),
            lambda plain: plain.test.update(self.ids.index(one) for one in drawn),
        )
        assert not {self.ids.index(one) for one in drawn} & set(self.plain.labels)

    @rule()
    def undo(self):
        if not self.done:
            with pytest.raises(ValueError, match="There is no action to undo"):
                self.session.undo()
            return
        self.session.undo()
        self.undone.append(self.plain)
        self.plain = self.done.pop()

    @rule()
    def redo(self):
        if not self.undone:
            with pytest.raises(ValueError, match="There is no action to redo"):
                self.session.redo()
            return
        self.session.redo()
        self.done.append(self.plain)
        self.plain = self.undone.pop()

    @rule()
    def restart(self):
        self.session.close()
        self.session = LabelingSession(self.path)

    @invariant()
    def has_the_labels_of_the_model(self):
        if not hasattr(self, "session"):
            return
        plain, found = self.plain, self.session.samples()
        assert [one.label for one in found] == [plain.labels.get(n) for n in range(N_SAMPLES)]
        assert [one.is_test for one in found] == [n in plain.test for n in range(N_SAMPLES)]
        assert {n for n, one in enumerate(found) if one.status == "skipped"} == set(plain.skipped)
        assert {n for n, one in enumerate(found) if one.status == "postponed"} == set(
            plain.postponed
        )
        assert {*self.session._log.state.confirmed} == {self.ids[n] for n in plain.confirmed}
        assert self.session.classes == plain.classes
        assert self.session.descriptions == plain.descriptions

    @rule()
    def asks_all_samples_that_are_left(self):
        plain = self.plain
        asked = [self.ids.index(one.id) for one in self.session.next(N_SAMPLES)]
        later = [one for one in plain.postponed if one not in plain.test]
        left = {*range(N_SAMPLES)} - {*plain.labels, *plain.skipped, *plain.test}
        assert sorted(asked) == sorted(left)
        assert asked[len(asked) - len(later) :] == later

    @invariant()
    def teaches_all_but_test_samples(self):
        if not hasattr(self, "session"):
            return
        self.session.wait()
        with self.session._learning.current() as learner:
            taught = dict(zip(learner.ids[learner.labeled], learner.labels, strict=True))
        plain = self.plain
        form = set if self.multi_label else str
        assert taught == {
            self.ids[n]: form(label) for n, label in plain.labels.items() if n not in plain.test
        }


class SeveralLabelsMachine(SessionMachine):
    """The same, with several labels of each sample."""

    multi_label = True


TestSeveralLabels = SeveralLabelsMachine.TestCase
TestSeveralLabels.settings = settings(max_examples=20, stateful_step_count=25)

TestSession = SessionMachine.TestCase
TestSession.settings = settings(max_examples=30, stateful_step_count=25)


def test_answers_survive_a_kill(tmp_path):
    code = """
import sys, numpy as np
from skactive._io import journal_file
from skactive.labeling import LabelingSession
from skactive.labeling._log import SessionLog
session = LabelingSession(sys.argv[1])
while True:
    for one in session.samples():
        if one.label is None:
            session.answer(one.id, "apple")
            print(one.id, flush=True)
"""
    path = tmp_path / "vectors.npz"
    np.savez(path, X=np.random.default_rng(1).normal(size=(400, 3)))
    with subprocess.Popen(
        [sys.executable, "-c", code, path], stdout=subprocess.PIPE, text=True
    ) as process:
        answered = {process.stdout.readline().strip() for _ in range(25)}
        process.send_signal(signal.SIGKILL)
        answered |= set(process.stdout.read().split())
    with LabelingSession(path) as session:
        labeled = {one.id for one in session.samples("labeled")}
        # The last answer may be on disk, but not yet printed.
        assert answered <= labeled
        assert len(labeled) <= len(answered) + 1
        assert len(session.undo()) == 1


def test_a_session_in_use_names_its_process(tmp_path):
    path = tmp_path / "vectors.npz"
    np.savez(path, X=X)
    with LabelingSession(path):
        code = f"from skactive.labeling import LabelingSession; LabelingSession({str(path)!r})"
        found = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False
        )
    assert f"Another process ({os.getpid()}) writes its answers to" in found.stderr


def test_a_session_in_use_is_read_and_stays_as_it_is(tmp_path):
    path = tmp_path / "vectors.npz"
    np.savez(path, X=X)
    code = (
        "import sys\nfrom skactive.labeling import LabelingSession\n"
        f"with LabelingSession({str(path)!r}, classes=['apple', 'pear']) as session:\n"
        "    ids = [one.id for one in session.samples()]\n"
        "    session.answer_many(ids[::2], 'apple')\n"
        "    session.answer_many(ids[1:8:2], 'pear')\n"
        "    print('open', flush=True)\n"
        "    sys.stdin.readline()\n"
        "    session.answer(ids[9], 'plum')\n"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout.readline() == "open\n"
    folder = tmp_path / "vectors.npz.session"
    log = folder / "answers.jsonl"
    # The other process is writing a line.
    content = log.read_bytes() + b'{"answer": ["'
    log.write_bytes(content)
    settings = (folder / "session.json").read_bytes()
    with LabelingSession.open(folder, read_only=True).wait() as session:
        assert session.labels_per_class() == {"apple": 5, "pear": 4}
        assert session.progress().n_labeled == 9
        assert len(session.predictions()) == N_SAMPLES
        session.export(tmp_path / "labels.csv")
        ids = [one.id for one in session.samples()]
        for call in [
            lambda: session.answer(ids[9], "apple"),
            lambda: session.relabel([ids[0]], "pear"),
            lambda: session.reopen([ids[0]]),
            lambda: session.skip([ids[9]]),
            lambda: session.postpone([ids[9]]),
            lambda: session.hold_out(1),
            lambda: session.rename_class("pear", "plum"),
            lambda: session.once("a", session.undo),
        ]:
            with pytest.raises(RuntimeError, match=r"is open to read only: nothing is stored\."):
                call()
        assert session.labels_per_class() == {"apple": 5, "pear": 4}
    assert log.read_bytes() == content
    assert (folder / "session.json").read_bytes() == settings
    assert not (folder / "curve.jsonl").exists()
    log.write_bytes(content.removesuffix(b'{"answer": ["'))
    other.communicate("\n")
    with LabelingSession(path, folder, read_only=True) as session:
        assert session.classes == ["apple", "pear", "plum"]


def test_only_an_existing_session_is_opened_to_read(tmp_path):
    path = tmp_path / "vectors.npz"
    np.savez(path, X=X, y=["apple"] * 3 + [""] * (N_SAMPLES - 3))
    with pytest.raises(FileNotFoundError, match="has no session yet"):
        LabelingSession(path, read_only=True)
    assert not (tmp_path / "vectors.npz.session").exists()
    LabelingSession(path).close()
    # Labels that the source has gained count, and are written by the next session that writes.
    np.savez(path, X=X, y=["apple"] * 3 + ["pear"] * 2 + [""] * (N_SAMPLES - 5))
    log = tmp_path / "vectors.npz.session" / "answers.jsonl"
    content = log.read_bytes()
    with LabelingSession.open(path, read_only=True) as session:
        assert session.labels_per_class() == {"apple": 3, "pear": 2}
    assert log.read_bytes() == content
    log.unlink()
    with LabelingSession.open(path, read_only=True) as session:
        assert session.labels_per_class() == {"apple": 3, "pear": 2}
    assert not log.exists()


def test_texts_are_embedded_and_predicted(tmp_path):
    texts = ["aeiou" * n for n in range(1, 20)] + ["xyz" * n for n in range(1, 20)] + ["?"]
    with LabelingSession(texts, tmp_path, embedder=Lengths()) as session:
        first = session.next(3)
        assert len({one.id for one in first}) == 3
        session.answer(first[0].id, "vowels" if first[0].value[0] == "a" else "consonants")
        session.wait()
        assert session.progress().n_unreadable == 1
        session.hold_out(6)
        while session.progress().n_labeled < 12:
            [one] = session.next()
            session.answer(one.id, "vowels" if one.value[0] == "a" else "consonants")
        for one in session.next(6, test=True):
            session.answer(one.id, "vowels" if one.value[0] == "a" else "consonants")
        accuracy = session.progress().test_accuracy
        assert accuracy.n_labeled == 6
        assert 0 <= accuracy.lower <= accuracy.value <= accuracy.upper <= 1
        classifier = session.classifier()
    assert classifier.predict(["aeiou" * 25, "xyz" * 25]).tolist() == ["vowels", "consonants"]


def test_other_samples_are_refused_and_grown_ones_taken(tmp_path):
    texts = ["one", "two", "three"]
    with LabelingSession(texts, tmp_path, embedder=Lengths()) as session:
        session.answer(session.samples()[1].id, "even")
    with pytest.raises(ValueError, match=r"has answers for 1 sample, .* none of which is in the"):
        LabelingSession(["four", "five"], tmp_path, embedder=Lengths())
    with LabelingSession(["zero", *texts], tmp_path, embedder=Lengths()) as session:
        assert [one.label for one in session.samples()] == [None, None, "even", None]


def test_vectors_are_in_memory_once(tmp_path):
    np.savez(tmp_path / "vectors.npz", X=X.astype(np.float32))
    with LabelingSession(tmp_path / "vectors.npz") as session:
        session.wait()
        [one] = session.next()
        with session._learning.current() as learner:
            assert np.shares_memory(learner.pool.X, one.value)


def test_results_need_vectors_and_labels(tmp_path):
    np.savez(tmp_path / "vectors.npz", X=X)
    with LabelingSession(tmp_path / "vectors.npz") as session:
        session.wait()
        with pytest.raises(NotFittedError):
            session.classifier()
        assert session.progress().accuracy is None
        [one] = session.next()
        assert str(session.explain(one.id)).startswith(f"Sample {one.id} comes first of 10")


def test_a_repeated_request_is_executed_once(tmp_path):
    np.savez(tmp_path / "vectors.npz", X=X)
    with LabelingSession(tmp_path / "vectors.npz") as session:
        first, second = (one.id for one in session.samples()[:2])
        assert session.once("r1", lambda: session.answer(first, "apple"))
        assert session.once("r2", lambda: session.answer(second, "pear"))
        assert session.once("r3", session.undo)
        assert not session.once("r3", session.undo)
        assert session.sample(first).label == "apple"
        with pytest.raises(ValueError, match="no class"):
            session.once("r4", lambda: session.rename_class("x", "y"))
    with LabelingSession(tmp_path / "vectors.npz") as session:
        assert not session.once("r1", lambda: session.answer(first, "pear"))
        assert [one.label for one in session.samples()[:2]] == ["apple", None]
        assert session.once("r4", session.redo)
        assert session.sample(second).label == "pear"


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda s: s.answer("nowhere", "apple"), ValueError, "No sample has the id 'nowhere'"),
        (lambda s: s.answer(s.samples()[0].id, " "), ValueError, "is not blank. Got ' '"),
        (lambda s: s.answer(s.samples()[0].id, 1), TypeError, "is a str. Got 1"),
        (lambda s: s.rename_class("aple", "pear"), ValueError, "no class 'aple'"),
        (lambda s: s.next(0), ValueError, "must be an int of at least 1. Got 0"),
        (lambda s: s.hold_out(-1), ValueError, "must be an int of at least 1. Got -1"),
    ],
)
def test_bad_calls_change_nothing(tmp_path, call, error, message):
    np.savez(tmp_path / "vectors.npz", X=X)
    with LabelingSession(tmp_path / "vectors.npz", classes=["apple"]) as session:
        size = (session.folder / "answers.jsonl").stat().st_size
        with pytest.raises(error, match=message):
            call(session)
        assert (session.folder / "answers.jsonl").stat().st_size == size


def test_a_skipped_sample_can_be_postponed_and_postponing_it_again_changes_nothing(tmp_path):
    np.savez(tmp_path / "vectors.npz", X=X)
    with LabelingSession(tmp_path / "vectors.npz") as session:
        first, second = [one.id for one in session.samples()[:2]]
        session.skip([first], "blurred")
        session.postpone([first])
        assert session.sample(first).status == "postponed"
        session.undo()
        assert session.sample(first).status == "skipped"
        session.redo()
        session.postpone([second])
        session.undo()
        session.postpone([first])
        assert session.redo() == [second]
        session.postpone([first])
        assert session._log.state.postponed == [second, first]


def test_undo_takes_back_an_answer_and_no_class_that_the_caller_chose(tmp_path):
    np.savez(tmp_path / "vectors.npz", X=X)
    with LabelingSession(tmp_path / "vectors.npz", classes=["apple", "pear"]) as session:
        session.answer(session.samples()[0].id, "plum")
        session.undo()
        assert session.classes == ["apple", "pear"]
        with pytest.raises(ValueError, match="There is no action to undo"):
            session.undo()
        session.rename_class("apple", "quince")
        session.remove_class("pear")
        session.answer(session.samples()[0].id, "plum")
        session.answer(session.samples()[1].id, "plum")
        session.undo()
    # What was renamed or removed stays so, and what was undone can be executed again.
    chosen = ["apple", "pear", "plum", "fig"]
    with LabelingSession(tmp_path / "vectors.npz", classes=chosen) as session:
        assert session.classes == ["quince", "plum", "fig"]
        session.redo()
        session.undo()
        session.undo()
        assert session.classes == ["quince", "fig", "plum"]


def test_a_label_of_the_source_is_neither_skipped_nor_postponed_by_redo(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("id,text\na,one\nb,two\nc,three\n", encoding="utf-8")
    with LabelingSession(path, id_column="id", embedder=Lengths()) as session:
        session.postpone(["a"])
        session.skip(["b"])
    path.write_text("id,text,label\na,one,x\nb,two,x\nc,three,\n", encoding="utf-8")
    with LabelingSession(path, id_column="id", embedder=Lengths()) as session:
        for _ in range(2):
            for call in [session.undo, session.undo, session.redo, session.redo]:
                call()
                assert [one.id for one in session.next(3)] == ["c"]
        assert list(session.counts().values()) == [2, 0, 0, 0, 0]


def test_samples_that_are_gone_are_not_counted(tmp_path):
    path = tmp_path / "vectors.npz"
    np.savez(path, X=X)
    with LabelingSession(path) as session:
        names = [one.id for one in session.samples()]
        session.answer_many(names[:3], "apple")
        session.answer_many(names[7:], "pear")
        session.skip([names[3], names[6]])
        session.postpone([names[5]])
    np.savez(path, X=X[:6])
    with pytest.warns(UserWarning, match="3 samples not in the source"):
        session = LabelingSession(path)
    with session:
        assert session.labels_per_class() == {"apple": 3, "pear": 0}
        counts = session.counts()
    assert list(counts.values()) == [3, 0, 0, 1, 1]
    np.savez(path, X=X)
    with LabelingSession(path) as session:
        assert session.labels_per_class() == {"apple": 3, "pear": 3}


def test_a_label_that_is_given_again_is_not_doubtful(tmp_path):
    X = np.repeat([[0.0, 0.0], [9.0, 9.0]], 10, axis=0) + np.arange(20)[:, None] / 100
    np.savez(tmp_path / "x.npz", X=X, y=["low"] * 9 + ["high"] * 10 + ["low"])
    with LabelingSession(tmp_path / "x.npz") as session:
        names = [one.id for one in session.wait().samples()]
        assert session.suspicious().names == (names[9], names[19])
        session.relabel([names[9], names[0]], "low")
        assert session.sample(names[9]).label == "low"
        session.relabel([names[19]], "low")
        assert len(session.suspicious()) == 0
    with LabelingSession(tmp_path / "x.npz") as session:
        assert len(session.wait().suspicious()) == 0
        session.undo()
        assert session.suspicious().names == (names[19],)


def test_vectors_have_their_pictures_and_guesses_are_sorted(tmp_path):
    X = np.repeat([[0.0, 0.1], [5.0, 5.1]], 10, axis=0) + np.arange(20)[:, None] / 100
    np.savez(tmp_path / "x.npz", X=X, images=np.arange(80).reshape(20, 2, 2))
    with LabelingSession(tmp_path / "x.npz") as session:
        ids = [one.id for one in session.wait().samples()]
        assert session.source == tmp_path / "x.npz"
        assert session.picture(ids[3]).tolist() == [[12, 13], [14, 15]]
        assert session.guesses("low") == []
        session.answer_many([ids[0], ids[5]], "low")
        session.answer_many([ids[10], ids[15]], "high")
        session.skip([ids[1]])
        session.hold_out(4)
        guesses = session.guesses("low")
        assert {one.id for one, _ in guesses} == {
            one.id for one in session.samples("open") if not one.is_test and one.id in ids[:10]
        }
        probabilities = [probability for _, probability in guesses]
        assert probabilities == sorted(probabilities, reverse=True)
        assert session.labels_per_class() == {"low": 2, "high": 2}


def test_texts_have_no_pictures_and_lists_no_source(tmp_path):
    with LabelingSession(["a b", "c d"], tmp_path / "s", embedder=Lengths()) as session:
        assert session.source is None
        assert session.picture(session.samples()[0].id) is None


def test_labels_of_the_source_keep_their_classes_through_undo_and_redo(tmp_path):
    table = tmp_path / "texts.csv"
    texts = ["red apple", "pear", "plum", "fig"]

    def write_labels(*labels):
        lines = [f"{text},{label}" for text, label in zip(texts, labels, strict=True)]
        table.write_text("\n".join(["text,label", *lines]) + "\n", encoding="utf-8")

    write_labels("", "", "", "")
    with LabelingSession(table, embedder=Lengths()) as session:
        ids = [one.id for one in session.samples()]
        session.answer(ids[0], "x")
        session.answer(ids[1], "a")
        session.rename_class("a", "b")
    write_labels("", "", "x", "b")  # classes that only actions to be undone have added
    with LabelingSession(table, embedder=Lengths()) as session:
        for move in [session.undo] * 3 + [session.redo] * 3:
            move()
            labels = [one.label for one in session.samples()]
            assert labels[2:] == ["x", "b"]
            assert {label for label in labels if label} <= set(session.classes)
        assert labels == ["x", "b", "x", "b"]


def write_photos(folder, *names):
    image = pytest.importorskip("PIL.Image")
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        image.new("RGB", (4, 4), (len(name) % 256, 0, 0)).save(path)


def without_setting(folder, name):
    """Write the settings of a session as an older version did."""
    path = folder / "session.json"
    settings = json.loads(path.read_text())
    del settings[name]
    path.write_text(json.dumps(settings))


@pytest.mark.parametrize("is_old", [False, True])
@pytest.mark.parametrize("is_beside", [False, True])
def test_subfolders_stay_what_they_were_when_the_session_was_created(is_beside, is_old, tmp_path):
    photos, beside = tmp_path / "photos", tmp_path / "photos" / "cover.png"
    write_photos(photos, "2020/a.png", "2020/b.png", "2021/c.png")
    if is_beside:
        write_photos(photos, beside.name)
    with LabelingSession(photos) as session:
        if not is_beside:
            session.answer("2020/a.png", "cat")
        expected = {one.id: one.label for one in session.samples()}
    assert expected["2021/c.png"] == ("2021" if is_beside else None)
    if is_old:
        without_setting(tmp_path / "photos.session", "subfolders_are_classes")
    if is_beside:
        beside.unlink()
        del expected[beside.name]
    else:
        write_photos(photos, beside.name)
        expected[beside.name] = None
    for _ in range(2):
        message = "classes in .*, as when the session was created, .* Hint: create a new session"
        with pytest.warns(UserWarning, match=message) as warned:
            session = LabelingSession(photos)
        assert len(warned) == 1
        with session:
            assert {one.id: one.label for one in session.samples()} == expected
    with LabelingSession(photos, tmp_path / "new") as session:
        assert session.labels_per_class() == ({} if is_beside else {"2020": 2, "2021": 1})


def test_sources_without_subfolders_have_nothing_to_decide(tmp_path):
    table = tmp_path / "texts.csv"
    table.write_text("text,label\none,x\ntwo,\n")
    LabelingSession(table, embedder=Lengths()).close()
    without_setting(tmp_path / "texts.csv.session", "subfolders_are_classes")
    LabelingSession(table, embedder=Lengths()).close()
    settings = json.loads((tmp_path / "texts.csv.session" / "session.json").read_text())
    assert settings["subfolders_are_classes"] is None


def test_subfolders_are_decided_when_there_are_some(tmp_path):
    photos = tmp_path / "photos"
    write_photos(photos, "a.png")
    LabelingSession(photos).close()
    write_photos(photos, "apple/b.png", "apple/d.png")
    with LabelingSession(photos) as session:
        assert session.labels_per_class() == {"apple": 2}
        session.answer("a.png", "pear")
    (photos / "apple").rename(tmp_path / "apple")
    with pytest.warns(UserWarning, match="stay on disk"):
        LabelingSession(photos).close()
    # Without subfolders for a while, they are still classes.
    (tmp_path / "apple").rename(photos / "apple")
    (photos / "a.png").rename(photos / "apple" / "a.png")
    write_photos(photos, "apple/c.png")
    message = r"The subfolders of the source are classes in .* although no images are beside them"
    with pytest.warns(UserWarning, match="stay on disk"), pytest.warns(UserWarning, match=message):
        session = LabelingSession(photos)
    with session:
        assert session.sample("apple/c.png").label == "apple"


def other_source(kind, folder):
    """Return a source whose samples have the same names in each folder."""
    write_photos(folder, "a.png", "b.png")
    if kind == "folder":
        return folder, {}, "a.png"
    path = folder / "table.csv"
    if kind == "files":
        path.write_text("file\na.png\nb.png\n")
        return path, {}, "a.png"
    path.write_text("id,text\n1,good\n2,bad\n")
    return path, {"id_column": "id", "embedder": Lengths()}, "1"


KINDS_WITH_NAMES = ["folder", "files", "ids"]


@pytest.mark.parametrize("kind", KINDS_WITH_NAMES)
def test_answers_are_not_taken_for_other_samples_with_the_same_names(kind, tmp_path):
    source, options, name = other_source(kind, tmp_path / "first")
    other, _, _ = other_source(kind, tmp_path / "second")
    folder = tmp_path / "session"
    LabelingSession(other, folder, **options).close()
    with LabelingSession(
        source, folder, **options
    ) as session:  # without answers, any source will do
        session.answer(name, "x")
    settings = (folder / "session.json").read_bytes()
    message = r"has answers for samples of .*first.*, and .*second.* has others with the same names"
    with pytest.raises(ValueError, match=message):
        LabelingSession(other, folder, **options)
    assert (folder / "session.json").read_bytes() == settings
    with LabelingSession(source, folder, **options) as session:
        assert session.sample(name).label == "x"
    # The hint: if they are copies, the first ones are moved away.
    (tmp_path / "first").rename(tmp_path / "away")
    with pytest.warns(UserWarning, match=r"samples of .*first.*, which are not there any more"):
        LabelingSession(other, folder, **options).close()
    with LabelingSession(other, folder, **options) as session:
        assert session.sample(name).label == "x"


@pytest.mark.parametrize("kind", KINDS_WITH_NAMES)
def test_a_session_moves_with_its_source_and_follows_links_to_it(kind, tmp_path):
    source, options, name = other_source(kind, tmp_path / "work" / "data")
    with LabelingSession(source, tmp_path / "work" / "session", **options) as session:
        session.answer(name, "x")
    (tmp_path / "work").rename(tmp_path / "moved")
    other_source(kind, tmp_path / "work" / "data")
    (tmp_path / "link").symlink_to(tmp_path / "moved" / "data")
    for data in [tmp_path / "moved" / "data", tmp_path / "link"]:
        path = data / source.relative_to(tmp_path / "work" / "data")
        with LabelingSession(path, tmp_path / "moved" / "session", **options) as session:
            assert session.sample(name).label == "x"


def test_a_table_that_names_the_same_files_is_the_same_source(tmp_path):
    write_photos(tmp_path, "photos/a.png", "b.png")
    absolute = tmp_path / "b.png"
    tables = [tmp_path / "photos" / "1.csv", tmp_path / "photos" / "2.csv", tmp_path / "3.csv"]
    for table in tables:
        table.write_text(f"file\n{absolute}\na.png\n")
    with LabelingSession(tables[0], tmp_path / "session") as session:
        session.answer(str(absolute), "x")
    for table in tables:
        with LabelingSession(table, tmp_path / "session") as session:
            assert session.sample(str(absolute)).label == "x"


@pytest.mark.parametrize(
    "line", ['{"unknown": 1}', '{"answer": ["a"]}', '{"redo": true}', "[1]", "no line"]
)
def test_a_line_that_is_no_action_is_named(line, tmp_path):
    with LabelingSession(["a", "b"], tmp_path, embedder=Lengths()):
        pass
    log = tmp_path / "answers.jsonl"
    content = log.read_text() + line + "\n"
    log.write_text(content)
    with pytest.raises(ValueError, match=r"Line 3 of .* cannot be executed: .* Hint: remove"):
        LabelingSession(["a", "b"], tmp_path, embedder=Lengths())
    assert log.read_text() == content


@pytest.mark.parametrize("change", [{"source": 5}, {"source": None, "model": 1}, None])
def test_settings_of_another_kind_are_refused_in_a_sentence(change, tmp_path):
    path = tmp_path / "session.json"
    settings = {"format": "skactive session 1", "source": "a.csv", **dict.fromkeys(["model"])}
    path.write_text(json.dumps({**settings, **(change or {})}))  # COLUMNS are missing
    with pytest.raises(ValueError, match=r"is not of a session of this version"):
        LabelingSession.open(tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="names are bytes on Linux only")
def test_a_source_whose_name_is_no_text_is_opened_again(tmp_path):
    path = tmp_path / os.fsdecode(b"texts\xff.txt")
    path.write_text("red apple\npear\n")
    with LabelingSession(path, embedder=Lengths()) as session:
        session.answer(session.samples()[0].id, "apple")
    with LabelingSession.open(path, embedder=Lengths()) as session:
        assert [one.label for one in session.samples()] == ["apple", None]


class Returns(Lengths):
    """Returns what a function makes of proper vectors."""

    def __init__(self, function=None):
        self.function = function

    def transform(self, X):
        return self.function(super().transform(X))


def ended(X):
    raise SystemExit


@pytest.mark.parametrize(
    ("function", "error", "message"),
    [
        (csr_matrix, TypeError, "Returns returns a sparse matrix. Hint: append a TruncatedSVD"),
        (lambda X: X[:, 0], ValueError, r"of type float64 and shape \(4,\) for 4 samples\. Hint"),
        (lambda X: X[:-1], ValueError, r"shape \(3, 3\) for 4 samples"),
        (lambda X: X[:, :, None], ValueError, r"shape \(4, 3, 1\)"),
        (lambda X: X[:, :0], ValueError, r"shape \(4, 0\)"),
        (lambda X: X.astype(str), ValueError, "array of type <U32"),
        (lambda X: None, ValueError, r"array of type object and shape \(\)"),
        (ended, RuntimeError, "The embedding was stopped before it had all samples"),
    ],
)
def test_what_is_no_vector_is_named_and_answers_stay(function, error, message, tmp_path):
    texts = ["apple", "pear", "plum", "fig"]
    with LabelingSession(texts, tmp_path, embedder=Returns(function)) as session:
        with pytest.raises(error, match=message):
            session.wait()
        session.answer(session.next()[0].id, "fruit")
        session.export(tmp_path / "labels.csv", labeled_only=True)
    with LabelingSession(texts, tmp_path, embedder=Lengths()) as session:
        assert len(session.history()) == 1


def test_samples_that_cannot_be_read_are_no_question_of_time(tmp_path):
    with LabelingSession(["?", "?"], tmp_path, embedder=Lengths()) as session:
        session.wait()
        with pytest.raises(NotFittedError, match="No sample can be read"):
            session.classifier()


@pytest.mark.parametrize("embedder", [5, object(), Lengths, len])
def test_what_is_no_transformer_is_refused(embedder, tmp_path):
    with pytest.raises(TypeError, match=r"'embedder' .* must be a transformer, or the handle"):
        LabelingSession(["a", "b"], tmp_path / "new", embedder=embedder)
    assert not (tmp_path / "new").exists()


def test_a_file_is_no_folder_of_a_session(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(NotADirectoryError, match="file is a file, but the session is a folder"):
        LabelingSession(["a", "b"], tmp_path / "file", embedder=Lengths())


def test_only_samples_that_are_asked_are_explained(tmp_path):
    with LabelingSession(list("abcd"), tmp_path, embedder=Lengths()) as session:
        ids = [one.id for one in session.wait().samples()]
        session.answer(ids[0], "x")
        session.skip([ids[1]])
        session.postpone([ids[2]])
        session.hold_out(1)
        for one, status in zip(ids, ["labeled", "skipped", "postponed", "a test"], strict=True):
            with pytest.raises(ValueError, match=f"{one}' is not asked: it is {status}"):
                session.explain(one)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda s, a: s.answer(5, "x"), ValueError, "No sample has the id 5"),
        (lambda s, a: s.answer([a], "x"), ValueError, r"No sample has the id \['"),
        (lambda s, a: s.answer(a, None), TypeError, "The name of a class is a str. Got None"),
        (lambda s, a: s.answer_many(None, "x"), TypeError, "'ids' .* must be a list of str. Got"),
        (lambda s, a: s.reopen(5), TypeError, "'ids' .* must be a list of str. Got 5"),
        (lambda s, a: s.next(exclude=5), TypeError, "'exclude' .* must be a list of str. Got 5"),
        (lambda s, a: s.merge_classes(None, "x"), TypeError, "'names' .* must be a list of str"),
        (lambda s, a: s.merge_classes([["x"]], "x"), ValueError, r"There is no class \['x'\]"),
        (lambda s, a: s.merge_classes("xyz", "x"), ValueError, "There is no class 'xyz'"),
        (lambda s, a: s.samples("done"), ValueError, "must be one of open, labeled, .* 'done'"),
        (lambda s, a: s.skip([a], None), TypeError, "'reason' .* must be a str. Got None"),
        (lambda s, a: s.describe_class("x", 5), TypeError, "'description' .* must be a str. Got 5"),
        (lambda s, a: s.once(None, s.undo), TypeError, "'request' .* must be a str. Got None"),
        (lambda s, a: s.once(["r"], s.undo), TypeError, "'request' .* must be a str. Got "),
    ],
)
def test_arguments_of_another_kind_change_nothing(call, error, message, tmp_path):
    with LabelingSession(list("abc"), tmp_path, embedder=Lengths(), classes="x") as session:
        assert session.classes == ["x"]
        log = (tmp_path / "answers.jsonl").read_bytes()
        with pytest.raises(error, match=message):
            call(session, session.samples()[0].id)
        assert (tmp_path / "answers.jsonl").read_bytes() == log
    with pytest.raises(TypeError, match=r"'classes' .* must be a list of str"):
        LabelingSession(list("abc"), tmp_path, embedder=Lengths(), classes=5)


def test_a_text_is_one_of_several(tmp_path):
    with LabelingSession(list("abc"), tmp_path, embedder=Lengths()) as session:
        first = session.next()[0].id
        assert session.next(exclude=first)[0].id != first
        session.answer_many(first, "x")
        session.add_class("y")
        session.merge_classes("x", "y")
        assert session.sample(first).label == "y"


def test_answers_that_cannot_be_stored_say_so(tmp_path):
    session = LabelingSession(list("abc"), tmp_path / "s", embedder=Lengths())
    first, second, _ = (one.id for one in session.samples())
    session.answer(first, "x")
    (tmp_path / "s").rename(tmp_path / "moved")
    with pytest.raises(FileNotFoundError, match=r"s does not exist any more\. The answer"):
        session.answer(second, "x")
    (tmp_path / "moved").rename(tmp_path / "s")
    session.answer(second, "x")
    session.close()
    with pytest.raises(RuntimeError, match=r"is closed\. The answer is not stored\. Hint: open"):
        session.undo()
    with LabelingSession(list("abc"), tmp_path / "s", embedder=Lengths()) as session:
        assert [one.label for one in session.samples()] == ["x", "x", None]


def test_a_full_disk_is_named(tmp_path, monkeypatch):
    def no_space(file, data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with LabelingSession(list("abc"), tmp_path, embedder=Lengths()) as session:
        log = tmp_path / "answers.jsonl"
        content = log.read_bytes()
        with monkeypatch.context() as patched:
            patched.setattr("skactive._io.journal_file.os.write", no_space)
            with pytest.raises(OSError, match=r"The answer is not stored: No space.*answers"):
                session.answer(session.next()[0].id, "x")
        assert log.read_bytes() == content
        assert session.history() == []
        session.answer(session.next()[0].id, "x")
        assert len(session.history()) == 1


@pytest.mark.parametrize("error", [MemoryError(), ValueError("no such photo")])
def test_progress_names_every_error_of_an_embedder(error, tmp_path):
    def fail(X):
        raise error

    with LabelingSession(["a", "b"], tmp_path, embedder=Returns(fail)) as session:
        with pytest.raises(type(error)):
            session.wait()
        expected = str(error) or "MemoryError"
        assert str(session.progress()).endswith(f"Reading the samples failed: {expected}")


@pytest.fixture
def session(tmp_path):
    np.savez(tmp_path / "points.npz", X=X)
    with LabelingSession(tmp_path / "points.npz") as session:
        yield session.wait()


def test_answers_and_what_is_read_of_them_do_not_wait_for_the_learner(session):
    ids = [one.id for one in session.samples()]
    calls = [
        lambda: session.answer(ids[0], "x"),
        lambda: session.answer(ids[1], "y"),
        lambda: session.relabel(ids[1], "x"),
        lambda: session.skip(ids[2]),
        lambda: session.postpone(ids[3]),
        lambda: session.hold_out(1),
        lambda: session.rename_class("x", "z"),
        session.undo,
        session.redo,
        session.history,
        session.samples,
        session.labels_per_class,
        lambda: session.next(test=True),
    ]
    with session._learning.current() as learner:
        thread = threading.Thread(target=lambda: [call() for call in calls], daemon=True)
        thread.start()
        thread.join(timeout=60)
        assert not thread.is_alive()
        assert len(learner.labeled) == 0
    assert len(session.history()) == 2
    with session._learning.current() as learner:
        assert set(learner.labels) <= {"z"}
        assert len(learner.labeled) + len(session.next(N_SAMPLES)) == N_SAMPLES - 2


@pytest.mark.parametrize("call", ["answer", "undo", "redo", "import"])
def test_an_interrupted_answer_that_is_on_the_disk_is_learnt(call, session, monkeypatch):
    first = session.next()[0].id
    if call == "undo":
        session.answer(first, "x")
    if call == "redo":
        session.answer(first, "x")
        session.undo()
    session.next()
    append = session._log._file.append

    def interrupted(line):
        append(line)
        raise KeyboardInterrupt

    monkeypatch.setattr(session._log._file, "append", interrupted)
    actions = {
        "answer": lambda: session.answer(first, "x"),
        "undo": session.undo,
        "redo": session.redo,
        "import": lambda: session._log.import_labels([first], "x"),
    }
    with pytest.raises(KeyboardInterrupt):
        actions[call]()
    expected = [] if call == "undo" else [first]
    with session._learning.current() as learner:
        assert learner.ids[learner.labeled].tolist() == expected


def test_the_learner_follows_again_after_an_error(session, monkeypatch):
    first, second = session.next(2)

    def fail(*arguments):
        raise ValueError("no memory left")

    with monkeypatch.context() as patched:
        patched.setattr("skactive.labeling._learning.bring", fail)
        session.answer(first.id, "x")
        asked = session.next(N_SAMPLES)
        assert first.id not in [one.id for one in asked]
        assert str(session.progress().error) == "no memory left"
    session.answer(second.id, "y")
    assert session.progress().error is None
    with session._learning.current() as learner:
        assert set(learner.ids[learner.labeled]) == {first.id, second.id}


class OneChunk(Lengths):
    """Embeds the first samples, and the others once it is released."""

    def __init__(self):
        self.is_released = threading.Event()
        self.n_calls = 0

    def transform(self, X):
        self.n_calls += 1
        if self.n_calls > 1:
            self.is_released.wait(timeout=60)
        return super().transform(X)


def test_answered_samples_are_embedded_first(tmp_path):
    texts = ["a" * n + "x" * (n % 7) for n in range(1, 601)]
    with LabelingSession(texts, tmp_path, embedder=Lengths()) as session:
        ids = np.array([one.id for one in session.samples()])
        answered = ids[session._order[[300, 400, 599]]].tolist()
        session.answer_many(answered, "x")
        session.reopen(answered[0])
        session.skip(answered[0])
    embedder = OneChunk()
    with LabelingSession(texts, tmp_path, embedder=embedder) as session:
        while session.n_embedded < 256:
            time.sleep(0.01)
        with session._learning.current() as learner:
            assert set(learner.ids[learner.labeled]) == set(answered[1:])
            assert learner.ids[learner.skipped].tolist() == answered[:1]
        embedder.is_released.set()
        session.wait()
        with session._learning.current() as learner:
            assert sorted(learner.ids) == sorted(ids)


class Interrupter:
    """Raises KeyboardInterrupt at the n-th call of a function of a file."""

    def __init__(self, file, n):
        self.file = file
        self.n = n

    def __call__(self, frame, event, argument):
        if event == "call" and frame.f_code.co_filename.endswith(self.file):
            self.n -= 1
            if self.n == 0:
                sys.settrace(None)
                raise KeyboardInterrupt


@pytest.mark.parametrize("file", ["labeling/_log.py", "labeling/_state.py"])
@pytest.mark.parametrize("call", ["answer", "undo", "redo", "rename", "merge"])
def test_memory_equals_the_disk_after_an_interruption_anywhere(call, file, tmp_path):
    actions = {
        "answer": lambda log: log.do("answer", ["c", "d"], label="y"),
        "undo": lambda log: log.undo(),
        "redo": lambda log: log.redo(),
        "rename": lambda log: log.do("rename_class", "x", to="z"),
        "merge": lambda log: log.do("merge_classes", ["x"], to="w"),
    }
    n_interrupted = 0
    for n in range(1, 60):
        log = SessionLog(tmp_path / f"{n}.jsonl")
        log.do("answer", ["a"], label="w")
        log.do("answer", ["b"], label="x")
        log.do("answer", ["c"], label="x")
        log.undo()
        log.request = "last"
        try:
            sys.settrace(Interrupter(file, n))
            actions[call](log)
        except KeyboardInterrupt:
            n_interrupted += 1
        finally:
            sys.settrace(None)
        log.close()
        again = SessionLog(tmp_path / f"{n}.jsonl")
        again.close()
        for name in ("state", "done", "undone", "requests", "imported"):
            assert getattr(log, name) == getattr(again, name)
    assert 0 < n_interrupted < 59


def test_a_log_is_closed_after_the_answer_that_is_being_written(tmp_path, monkeypatch):
    log = SessionLog(tmp_path / "log.jsonl")
    is_writing, may_write = threading.Event(), threading.Event()
    write = journal_file._write

    def slow(*arguments):
        is_writing.set()
        may_write.wait(timeout=60)
        write(*arguments)

    monkeypatch.setattr(journal_file, "_write", slow)
    threads = [threading.Thread(target=lambda: log.do("answer", ["a"], label="x"))]
    threads[0].start()
    is_writing.wait(timeout=60)
    threads.append(threading.Thread(target=log.close))
    threads[1].start()
    threads[1].join(timeout=0.2)
    other = os.open(tmp_path / "other", os.O_RDWR | os.O_CREAT)
    may_write.set()
    for thread in threads:
        thread.join(timeout=60)
    assert os.read(other, 99) == b""
    os.close(other)
    monkeypatch.undo()
    again = SessionLog(tmp_path / "log.jsonl")
    again.close()
    assert list(again.state.answers) == ["a"]


def test_a_request_without_effect_is_not_repeated_later(session):
    first = session.next()[0].id
    session.answer(first, "x")
    assert session.once("again", lambda: session.answer(first, "x"))
    session.undo()
    assert not session.once("again", lambda: session.answer(first, "x"))
    assert session.history() == []


def test_the_classifier_has_no_path_of_the_session(tmp_path):
    Image = pytest.importorskip("PIL.Image")
    (tmp_path / "photos").mkdir()
    for number in range(6):
        Image.new("RGB", (8, 8), (40 * number, 0, 0)).save(tmp_path / "photos" / f"{number}.png")
    with LabelingSession(tmp_path / "photos") as session:
        for one, label in zip(session.wait().next(2), "xy", strict=True):
            session.answer(one.id, label)
        assert session.classifier()[0].cache is None
        assert session.write_predictions(tmp_path / "photos", tmp_path / "new.csv") == 6


def test_a_postponed_test_sample_is_asked_again(session):
    [drawn] = session.hold_out(1)
    session.postpone(drawn)
    assert [one.id for one in session.next(test=True)] == [drawn]
    assert drawn not in [one.id for one in session.next(N_SAMPLES)]


def test_labels_are_exported_if_the_embedder_fails(tmp_path):
    def fail(X):
        raise ArithmeticError("no such photo")

    with LabelingSession(["a", "b"], tmp_path / "s", embedder=Returns(fail)) as session:
        session.answer(session.samples()[0].id, "x")
        with pytest.warns(UserWarning, match="have no prediction: no such photo"):
            session.export(tmp_path / "labels.csv")
        with pytest.raises(ArithmeticError):
            session.classifier()
    assert "x" in (tmp_path / "labels.csv").read_text(encoding="utf-8")
