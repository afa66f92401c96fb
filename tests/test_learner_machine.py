"""A learner equals a model in plain lists and dicts, whatever is done to it and in which order."""

import copy
import os
import pickle
import shutil
import tempfile
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from plain_learner import PlainLearner, RefusedError
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.naive_bayes import GaussianNB
from test_transactions import Interrupted

from skactive import ActiveLearner
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.semi_supervised import IncrementalLabelSpreading
from skactive.strategies import CDFProduct, UncertaintyHerding, UncertaintySampling

# Features are drawn from few rows, so that a pool has duplicates and zero vectors.
BANK = np.vstack([np.zeros(3), np.random.default_rng(0).normal(size=(11, 3))])
PLACES = st.integers(0, len(BANK) - 1)
ESTIMATORS = {
    "label spreading": IncrementalLabelSpreading,
    "neighbors": IncrementalKNeighborsClassifier,
    "max_labeled": lambda: IncrementalKNeighborsClassifier(max_labeled=3),
    "half_life": lambda: IncrementalKNeighborsClassifier(half_life=2.0),
    "naive Bayes": GaussianNB,
    "refit": lambda: LogisticRegression(max_iter=1000),
    "partial_fit": lambda: SGDClassifier(loss="log_loss", random_state=0),
}
# What they have learned depends on the grouping of the answers.
BY_BATCHES = {"naive Bayes", "partial_fit"}
STRATEGIES = {
    "herding": UncertaintyHerding,
    "product": CDFProduct,
    "sampling": UncertaintySampling,
}
KINDS_OF_LABELS = [("a", "b", "c", "new"), (0, 1, 2, 9)]
REFUSALS = (ValueError, TypeError, IndexError)
# The number of calls of rules, for the figure of benchmarks/results/learner_machine.md.
STEPS = {"done": 0}


def drawn_names(names, max_size=3):
    return st.lists(st.sampled_from(names), min_size=1, max_size=max_size)


def seen(learner):
    """The state of a learner, by its attributes."""
    return {
        "n_samples": len(learner.ids),
        "labeled": learner.labeled.tolist(),
        "labels": learner.labels.tolist(),
        "answered": learner.answered.tolist(),
        "answers": learner.answers.tolist(),
        "skipped": learner.skipped.tolist(),
        "candidates": learner.candidates.tolist(),
        "classes": learner.classes_.tolist(),
    }


def probabilities_of(learner):
    """The probabilities of the bank; None while the classifier cannot predict."""
    try:
        found = learner.predict_proba(BANK)
    except NotFittedError:
        return None
    assert np.isfinite(found).all()
    # GaussianNB takes differences of log-likelihoods, which are large where a variance is small.
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-4)
    assert found.shape[1] == len(learner.classes_)
    assert set(learner.predict(BANK).tolist()) <= set(learner.classes_.tolist())
    return found


class LearnerMachine(RuleBasedStateMachine):
    """Changes a learner and its model."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.n_named = 0
        self.is_checked = False

    def teardown(self):
        self.learner = None
        self.folder.cleanup()

    @initialize(
        places=st.lists(PLACES, min_size=3, max_size=9),
        estimator=st.sampled_from(sorted(ESTIMATORS)),
        strategy=st.sampled_from(sorted(STRATEGIES)),
        kinds=st.sampled_from(KINDS_OF_LABELS),
        declares=st.sampled_from(["nothing", "classes", "strict classes"]),
        n_seeds=st.sampled_from([0, 0, 1, 3]),
        is_named=st.booleans(),
        is_stored=st.sampled_from([True, True, False]),
    )
    def start(self, places, estimator, strategy, kinds, declares, n_seeds, is_named, is_stored):
        self.kinds, self.is_named = kinds, is_named
        self.path = Path(self.folder.name, "answers.jsonl") if is_stored else None
        # Every row that the pool ever had.
        self.ever = []
        self.plain = PlainLearner(
            rows=tuple(self.new_rows(places)),
            declared=kinds[:3] if declares != "nothing" else (),
            is_strict=declares == "strict classes",
        )
        self.choose(estimator, strategy, n_seeds)
        self.learner = self.opened()

    def new_rows(self, places):
        names = [f"sample {self.n_named + number}" for number in range(len(places))]
        self.n_named += len(places)
        self.ever += places
        return list(zip(names, places, strict=True))

    def choose(self, estimator, strategy, n_seeds):
        self.estimator, self.strategy = estimator, strategy
        self.plain = replace(
            self.plain,
            seeds=tuple(self.kinds[number % 2] for number in range(n_seeds)),
            max_labeled=ESTIMATORS[estimator]().max_labeled if estimator == "max_labeled" else None,
        )

    def opened(self, plain=None, path=None, **settings):
        """A learner with the settings of the model, with the newest `n_seeds` of the seed set."""
        plain = plain or self.plain
        n_seeds = settings.pop("n_seeds", len(plain.seeds))
        if n_seeds:
            seeds = slice(len(plain.seeds) - n_seeds, None)
            settings["X_labeled"] = BANK[1 : 1 + len(plain.seeds)][seeds]
            settings["y_labeled"] = list(plain.seeds)[seeds]
        if plain.declared:
            settings |= {"classes": list(plain.declared), "strict_classes": plain.is_strict}
        if self.is_named:
            settings["ids"] = plain.names
        estimator = settings.pop("estimator", self.estimator)
        return ActiveLearner(
            ESTIMATORS[estimator](),
            STRATEGIES[self.strategy](),
            X_pool=BANK[[place for _, place in plain.rows]],
            journal=path or self.path,
            **settings,
        )

    def named(self, names, *, by_ids):
        """Samples as arguments of a call."""
        if by_ids and self.is_named:
            return {"ids": names}
        return {"indices": [self.plain.position(name) for name in names]}

    def content(self):
        return self.path and self.path.read_bytes()

    # Each of these returns a call, and the model after it; None if the call must be refused.

    def a_teaching(self, data):
        names = data.draw(drawn_names(self.plain.names))
        labels = data.draw(st.lists(st.sampled_from(self.kinds), min_size=3, max_size=3))
        labels = labels[: len(names)]
        where = self.named(names, by_ids=data.draw(st.booleans()))
        return lambda one: one.teach(y=labels, **where), lambda: self.plain.teach(names, labels)

    def a_correction(self, data):
        known = list(self.plain.in_pool()) or self.plain.names
        names = data.draw(drawn_names(known, max_size=2))
        labels = data.draw(st.lists(st.sampled_from(self.kinds), min_size=2, max_size=2))
        labels = labels[: len(names)]
        where = self.named(names, by_ids=data.draw(st.booleans()))
        return lambda one: one.relabel(y=labels, **where), lambda: self.plain.relabel(names, labels)

    def a_skip(self, data):
        names = data.draw(drawn_names(self.plain.names, max_size=2))
        where = self.named(names, by_ids=data.draw(st.booleans()))
        return lambda one: one.skip(**where), lambda: self.plain.skip(names)

    def an_unskip(self, data):
        names = data.draw(drawn_names(sorted(self.plain.skipped()) or self.plain.names))
        where = self.named(names, by_ids=data.draw(st.booleans()))
        return lambda one: one.unskip(**where), lambda: self.plain.unskip(names)

    def an_unlabeling(self, data):
        known = sorted(self.plain.in_pool())
        names = data.draw(drawn_names(known or self.plain.names))
        where = self.named(names, by_ids=data.draw(st.booleans()))
        return lambda one: one.unlabel(**where), lambda: self.plain.unlabel(names)

    def a_forgetting(self, data):
        n_kept = data.draw(st.integers(0, 4))
        return lambda one: one.forget(n_kept), lambda: self.plain.forget(n_kept)

    def an_undo(self, data):
        return lambda one: one.undo(), lambda: self.plain.undo()[0]

    def an_extension(self, data):
        rows = self.new_rows(data.draw(st.lists(PLACES, min_size=1, max_size=2)))
        if self.is_named and data.draw(st.sampled_from([False, False, True])):
            rows[-1] = self.plain.rows[0]
        names = {"ids": [name for name, _ in rows]} if self.is_named else {}
        X = BANK[[place for _, place in rows]]
        return lambda one: one.extend(X, **names), lambda: self.plain.extend(rows)

    def a_removal(self, data):
        names = data.draw(drawn_names(self.plain.names, max_size=2))
        where = self.named(names, by_ids=data.draw(st.booleans()))
        return lambda one: one.remove(**where), lambda: self.plain.remove(names)

    def a_query(self, data):
        def after():
            if not self.plain.candidates():
                raise RefusedError
            return self.plain

        return lambda one: one.query(), after

    def a_prediction(self, data):
        return probabilities_of, lambda: self.plain

    ACTIONS = (
        a_teaching,
        a_correction,
        a_skip,
        an_unskip,
        an_unlabeling,
        a_forgetting,
        an_undo,
        an_extension,
        a_removal,
        a_query,
        a_prediction,
    )

    def do(self, call, model):
        """Execute a call, and return its result; None if it was refused, as it must be."""
        STEPS["done"] += 1
        try:
            after = model()
        except RefusedError:
            self.refused(call)
            return None
        returned = call(self.learner)
        self.changed(after)
        return returned

    def changed(self, after):
        self.is_checked &= after is self.plain
        self.plain = after

    def refused(self, call):
        content = self.content()
        with pytest.raises(REFUSALS):
            call(self.learner)
        assert self.content() == content
        self.is_checked = False

    @rule(data=st.data())
    def teach(self, data):
        assert self.do(*self.a_teaching(data)) in {None, self.learner}

    @precondition(lambda self: self.plain.candidates())
    @rule(data=st.data(), label=st.integers(0, 2))
    def teach_a_candidate(self, data, label):
        position = data.draw(st.sampled_from(self.plain.candidates()))
        names, labels = [self.plain.names[position]], [self.kinds[label]]
        self.do(lambda one: one.teach(position, labels), lambda: self.plain.teach(names, labels))

    @precondition(lambda self: self.plain.in_pool())
    @rule(data=st.data())
    def teach_again(self, data):
        name = data.draw(st.sampled_from(sorted(self.plain.in_pool())))
        position, label = self.plain.position(name), self.plain.in_pool()[name]
        self.do(lambda one: one.teach([position] * 2, [label] * 2), lambda: self.plain)

    @rule(
        data=st.data(),
        method=st.sampled_from(["teach", "relabel"]),
        bad=st.sampled_from([None, np.nan, "", " ", ["a", "b"], b"a", 2**70]),
    )
    def bad_labels(self, data, method, bad):
        STEPS["done"] += 1
        position = data.draw(st.sampled_from(range(len(self.plain.rows))))
        if bad == 2**70 and isinstance(self.kinds[0], int):
            bad = None
        if isinstance(bad, int | bytes) and not self.plain.classes():
            bad = None
        self.refused(lambda one: getattr(one, method)([position], [bad]))

    @rule(
        method=st.sampled_from(["teach", "relabel", "unlabel", "skip", "unskip", "remove"]),
        bad=st.sampled_from(
            [
                {"indices": [-1]},
                {"indices": [0, 1000]},
                {"indices": [0.5]},
                {"indices": ["a"]},
                {"indices": [0], "ids": ["sample 0"]},
                {"ids": ["nowhere"]},
                {},
            ]
        ),
    )
    def bad_samples(self, method, bad):
        STEPS["done"] += 1
        labels = list(self.kinds[: len(bad.get("indices", [0]))])
        more = {"y": labels} if method in {"teach", "relabel"} else {}
        self.refused(lambda one: getattr(one, method)(**bad, **more))

    @rule(method=st.sampled_from(["teach", "relabel"]))
    def bad_lengths(self, method):
        STEPS["done"] += 1
        self.refused(lambda one: getattr(one, method)([0], self.kinds[:2]))

    @rule(data=st.data())
    def relabel(self, data):
        self.do(*self.a_correction(data))

    @rule(data=st.data())
    def skip(self, data):
        self.do(*self.a_skip(data))

    @rule(data=st.data())
    def unskip(self, data):
        self.do(*self.an_unskip(data))

    @rule(data=st.data())
    def unlabel(self, data):
        self.do(*self.an_unlabeling(data))

    @rule(data=st.data())
    def forget(self, data):
        self.do(*self.a_forgetting(data))

    @rule(n_times=st.integers(1, 5))
    def undo(self, n_times):
        for _ in range(n_times):
            before = self.plain
            found = self.do(*self.an_undo(None))
            if found is not None:
                names = {before.names[position] for position in found.tolist()}
                assert names == before.undo()[1]

    @precondition(lambda self: len(self.plain.rows) < 14)
    @rule(data=st.data())
    def extend(self, data):
        self.do(*self.an_extension(data))

    @rule(data=st.data())
    def remove(self, data):
        self.do(*self.a_removal(data))

    @rule(data=st.data())
    def query(self, data):
        candidates = self.plain.candidates()
        n = data.draw(st.integers(1, len(candidates) + 1))
        if n > len(candidates):
            STEPS["done"] += 1
            self.refused(lambda one: one.query(n))
            return
        chosen, utilities = self.do(
            lambda one: one.query(n, return_utilities=True), lambda: self.plain
        )
        assert len(set(chosen.tolist())) == n
        assert set(chosen.tolist()) <= set(candidates)
        assert np.isfinite(utilities).all()

    @rule()
    def predict(self):
        self.do(*self.a_prediction(None))

    @rule(function=st.sampled_from([copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))]))
    def copy(self, function):
        STEPS["done"] += 1
        copied = function(self.learner)
        self.equals_a_fresh_one(copied)
        if self.path is None:
            self.learner = copied
        elif self.plain.history:
            copied.undo()
            assert seen(copied) == self.plain.undo()[0].state()
        self.is_checked = False

    @precondition(lambda self: self.path)
    @rule()
    def reopen(self):
        STEPS["done"] += 1
        self.learner = self.opened()
        self.is_checked = False

    @precondition(lambda self: self.path)
    @rule(
        estimator=st.sampled_from(sorted(ESTIMATORS)),
        strategy=st.sampled_from(sorted(STRATEGIES)),
        n_seeds=st.sampled_from([0, 1, 3]),
        order=st.randoms(use_true_random=False),
    )
    def reopen_differently(self, estimator, strategy, n_seeds, order):
        STEPS["done"] += 1
        # Equal samples without ids are interchangeable.
        if self.is_named or len(set(self.ever)) == len(self.ever):
            rows = list(self.plain.rows)
            order.shuffle(rows)
            self.plain = replace(self.plain, rows=tuple(rows))
        self.choose(estimator, strategy, n_seeds)
        self.learner = self.opened()
        self.is_checked = False

    @rule(data=st.data(), action=st.sampled_from(ACTIONS), line=st.integers(0, 3000))
    def interrupt(self, data, action, line):
        call, model = action(self, data)
        try:
            after = model()
        except RefusedError:
            return
        STEPS["done"] += 1
        try:
            with Interrupted(line):
                call(self.learner)
        except KeyboardInterrupt:
            found = seen(self.learner), len(self.learner._history)
            assert found in [(one.state(), len(one.history)) for one in (self.plain, after)]
            if found != (after.state(), len(after.history)):
                after = self.plain
        self.plain = after
        self.is_checked = False

    @invariant()
    def the_model_is_right(self):
        assert seen(self.learner) == self.plain.state()
        if not self.is_checked:
            self.equals_a_fresh_one(self.learner)
            if self.path:
                self.file_has_all()
        self.is_checked = True

    def equals_a_fresh_one(self, learner):
        assert seen(learner) == self.plain.state()
        labels = self.plain.in_pool()
        fresh = self.fresh(labels)
        found, expected = probabilities_of(learner), probabilities_of(fresh)
        n = min(len(self.plain.candidates()), 2)
        chosen = learner.query(n).tolist() if n else []
        if self.estimator in BY_BATCHES:
            return
        assert (found is None) == (expected is None)
        if found is not None:
            np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)
        if self.strategy == "product":
            # Rounding decides the ranks of equal samples, and so the second sample of a batch.
            n = min(n, 1) if self.is_same_to_the_bit(learner.pool, fresh.pool) else 0
        if n:
            # Which of equal samples is first depends on rounding.
            assert self.places(chosen[:n]) == self.places(fresh.query(n).tolist())

    def is_same_to_the_bit(self, pool, other):
        if pool.n_labeled == 0:
            return True
        values = [(one.posterior(), one.distance_to_labeled()) for one in (pool, other)]
        return all(np.array_equal(*pair) for pair in zip(*values, strict=True))

    def places(self, positions):
        return [self.plain.rows[position][1] for position in positions]

    def fresh(self, labels):
        """A new learner with the labels and skipped samples that the model has now."""
        n_seeds = len(self.plain.labels()[0]) - len(labels)
        memory, self.path = self.path, None
        try:
            learner = self.opened(n_seeds=n_seeds)
        finally:
            self.path = memory
        learner.skip([self.plain.position(name) for name in sorted(self.plain.skipped())])
        if labels:
            positions = [self.plain.position(name) for name in labels]
            learner.teach(positions, list(labels.values()))
        return learner

    def file_has_all(self):
        path = self.path.with_name("copy.jsonl")
        shutil.copy(self.path, path)
        plain = replace(self.plain, seeds=(), max_labeled=None)
        learner = self.opened(plain, path, estimator="neighbors")
        learner._journal.close()
        assert seen(learner) == plain.state()


@pytest.fixture(autouse=True)
def without_warnings_of_naive_bayes():
    """Ignore the logarithm of the share of a declared class without labels, which is 0."""
    with warnings.catch_warnings():
        ignore_warnings_of_naive_bayes()
        yield


def ignore_warnings_of_naive_bayes():
    for text in ("divide by zero", "invalid value"):
        warnings.filterwarnings("ignore", text, RuntimeWarning, "sklearn")


N_EXAMPLES = int(os.environ.get("SKACTIVE_MACHINE_EXAMPLES", "15"))


class TestLearner(LearnerMachine.TestCase):
    settings = settings(max_examples=N_EXAMPLES, stateful_step_count=25)
