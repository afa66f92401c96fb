"""Sets of labels: their forms, their errors, and any history of a learner against plain dicts."""

import copy
import json
import pickle
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sklearn.neighbors import KNeighborsClassifier

from skactive import ActiveLearner, Pool
from skactive.base import MultiLabelTarget
from skactive.model_selection import BudgetedMultiLabelClassifier
from skactive.strategies import RandomSampling

ABC = MultiLabelTarget(["a", "b", "c"])
X = np.random.default_rng(0).normal(size=(8, 2))


class PolarsLike:
    """A table whose names of columns are a list, as those of Polars."""

    def __init__(self, columns, names):
        self.columns = list(names)
        self._array = np.array(columns).T

    def __array__(self, dtype=None, copy=None):
        return self._array.astype(dtype or self._array.dtype)


COMPLETE = [
    [[1, 0, 1], [0, 0, 0]],
    np.array([[1, 0, 1], [0, 0, 0]], dtype=bool),
    np.array([[1.0, 0.0, 1.0], [0.0, 0.0, 0.0]]),
    np.array([[1, 0, 1], [0, 0, 0]], dtype=object),
    sp.csr_matrix([[1, 0, 1], [0, 0, 0]]),
    sp.csr_array([[1, 0, 1], [0, 0, 0]]),
    pd.DataFrame([[1, 0, 1], [0, 0, 0]], columns=["a", "b", "c"]),
    pd.DataFrame([[0, 1, 1], [0, 0, 0]], columns=["b", "a", "c"]),
    [{"a", "c"}, set()],
    [["a", "c"], []],
    [("c", "a"), ()],
    [np.array(["a", "c"]), np.array([])],
    np.array([{"a", "c"}, frozenset()], dtype=object),
    pd.Series([["a", "c"], []], index=[7, 3]),
    [pd.Series(["a", "c"]), pd.Series([], dtype=object)],
    [pd.Series([1, 0, 1]), pd.Series([0, 0, 0])],
    PolarsLike([[1, 0], [0, 0], [1, 0]], ("a", "b", "c")),
    PolarsLike([[0, 0], [1, 0], [1, 0]], ("b", "a", "c")),
    [{"a": True, "b": False, "c": 1}, {"a": 0, "b": 0, "c": np.False_}],
]


@pytest.mark.parametrize("y", COMPLETE, ids=lambda y: type(y).__name__)
def test_all_forms_of_labels_are_the_same_labels(y):
    labels = ABC.validate(y)
    assert labels.shape == (2,)
    assert ABC.resolved(labels, ABC.classes).tolist() == [{"a", "c"}, set()]
    encoded = ABC.for_estimator(labels, ["a", "b", "c"])
    assert encoded.dtype == np.int8
    assert encoded.tolist() == [[1, 0, 1], [0, 0, 0]]
    assert ABC.from_estimator(encoded, ABC.classes).tolist() == [{"a", "c"}, set()]


@pytest.mark.parametrize(
    "y",
    [
        [[1, -1, 0]],
        [[1, np.nan, 0]],
        [[True, None, False]],
        np.array([[1, -1, 0]]),
        np.array([[1, np.nan, 0]]),
        np.array([[1, None, 0]], dtype=object),
        pd.DataFrame([[1, pd.NA, 0]], columns=["a", "b", "c"]),
        np.ma.array([[1, 1, 0]], mask=[[0, 1, 0]]),
        [{"a": True, "c": False}],
        {"a": True, "c": False},
    ],
    ids=lambda y: type(y).__name__,
)
def test_labels_that_are_not_answered_are_kept(y):
    labels = ABC.validate(y)
    assert ABC.for_estimator(labels, ["a", "b", "c"]).tolist() == [[1, -1, 0]]
    (one,) = ABC.resolved(labels, ABC.classes)
    assert one.unanswered == {"b"}
    assert repr(one) == "{'a'; unanswered: 'b'}"
    assert one != {"a"}
    assert pickle.loads(pickle.dumps(one)) == copy.deepcopy(one) == one
    assert hash(pickle.loads(pickle.dumps(one))) == hash(one)


INVALID = [
    ([[1, 0]], ValueError, "indicator matrix has 2 columns, but there are 3 labels: 'a', 'b', 'c'"),
    ([[1, 0, 2]], ValueError, r"y\[0, 2\] is 2, but an indicator matrix has 1"),
    ([[0, 0, 0], [1, 0, 0.5]], ValueError, r"y\[1, 2\] is 0\.5, but"),
    ([[0, 0, np.inf]], ValueError, r"y\[0, 2\] is inf, but"),
    (np.array([[0, 1, "x"]], dtype=object), ValueError, r"y\[0, 2\] is 'x', but"),
    ([[1, 0, 1], [1, 0]], ValueError, "rows of different lengths, 2 and 3"),
    ("a", ValueError, r"y is 'a', but each sample has a set of labels\. Hint: pass an indicator"),
    (["a", "b"], ValueError, r"y\[0\] is 'a', but each sample has a set of labels"),
    ([1, 0, 1], ValueError, r"y\[0\] is 1, but each sample has a set of labels"),
    (np.array([1, 0, 1]), ValueError, r"y\[0\] is 1, .*, of one row such as Y\[\[3\]\] for one"),
    (3, ValueError, "y is 3, but each sample has a set of labels"),
    ([{"a"}, None], ValueError, r"y\[1\] is missing \(None\)"),
    ([{"a"}, np.nan], ValueError, r"y\[1\] is missing"),
    ([{"a", None}], ValueError, r"is missing \(None\)"),
    ([{"a", 1}], ValueError, "mixes"),
    ([{"a": "yes"}], ValueError, r"y\[0\] has 'yes' for the label 'a'\. Hint: pass True or False"),
    ([{" "}], ValueError, "is a blank label"),
    ([[["a"]]], ValueError, r"y\[0\] is \[\['a'\]\], in which names are lists themselves\. Hint: "),
    (np.zeros((1, 3, 1)), ValueError, r"y\[0\] is .*, in which names are lists themselves"),
    (pd.DataFrame([[1, 0, 1]], columns=["a", "b", "d"]), ValueError, "columns of y are"),
]


@pytest.mark.parametrize("y", [[{}], [[-1, -1, -1]], np.full((1, 3), np.nan)])
def test_an_answer_about_no_label_is_refused(y):
    learner = ActiveLearner(KNeighborsClassifier(1), "random", X, target=ABC).teach([0], [{"a"}])
    for call in (
        lambda: learner.teach([3], y),
        lambda: learner.teach([0], y),
        lambda: learner.relabel([0], y),
        lambda: Pool(X, target=ABC, X_labeled=X[:1], y_labeled=y),
    ):
        with pytest.raises(ValueError, match=r"y\[0\] answers no label\. Hint: leave out"):
            call()
    assert learner.labels.tolist() == [{"a"}]
    assert ABC.validate(y).tolist() == [set()]


@pytest.mark.parametrize(("y", "error", "message"), INVALID, ids=[row[2] for row in INVALID])
def test_bad_labels_change_nothing(y, error, message):
    learner = ActiveLearner(KNeighborsClassifier(1), "random", X, target=ABC).teach([0], [{"a"}])
    for call in (
        lambda: ABC.validate(y),
        lambda: learner.teach([3], y),
        lambda: learner.relabel([0], y),
        lambda: Pool(X, target=ABC, X_labeled=X[:1], y_labeled=y),
    ):
        with pytest.raises(error, match=message):
            call()
    assert learner.labels.tolist() == [{"a"}]
    assert learner.classes_.tolist() == ["a", "b", "c"]


def test_labels_of_another_type_are_refused():
    for known, given in [([{"a"}], [{3}]), ([{3}], [{"a"}]), ([{"a"}], [[0, 1]])]:
        pool = Pool(X, target=MultiLabelTarget()).add_labels([0], known)
        with pytest.raises(ValueError, match="Labels are"):
            pool.add_labels([1], given)
        assert pool.labels.tolist() == known


def test_the_columns_of_the_first_matrix_are_all_labels():
    pool = Pool(X, target=MultiLabelTarget()).add_labels([0, 1], [[0, 1, 0, 0], [0, 0, -1, 0]])
    assert pool.classes_.tolist() == [0, 1, 2, 3]
    assert pool.labeled_samples()[1].tolist() == [[0, 1, 0, 0], [0, 0, -1, 0]]
    with pytest.raises(ValueError, match="matrix has 3 columns, but there are 4 labels: 0, 1, 2"):
        pool.add_labels([2], [[0, 1, 0]])
    pool.add_labels([2], [{3}])
    assert pool.labels.tolist()[2] == {3}
    table = pd.DataFrame([[1, 0]], columns=["cat", "dog"])
    assert Pool(X, target=MultiLabelTarget()).add_labels([0], table).classes_.tolist() == [
        "cat",
        "dog",
    ]


def test_a_new_name_extends_the_labels_after_the_declared_ones_unless_they_are_strict():
    pool = Pool(X, target=MultiLabelTarget(["m", "b"])).add_labels([0], [{"m"}])
    pool.add_labels([1, 2], [{"z", "b"}, {"c": True}])
    assert pool.classes_.tolist() == ["m", "b", "c", "z"]
    expected = [[1, 0, 0, 0], [0, 1, 0, 1], [-1, -1, 1, 0]]
    assert pool.labeled_samples()[1].tolist() == expected
    pool.remove_labels([1])
    assert pool.classes_.tolist() == ["m", "b", "c"]
    strict = Pool(X, target=MultiLabelTarget(["apple", "pear"]), strict_classes=True)
    for y in ([{"apple", "aple"}], [{"aple": False}]):
        with pytest.raises(ValueError, match=r"'aple' is not one .* Did you mean 'apple'\?"):
            strict.add_labels([0], y)
    with pytest.raises(ValueError, match="strict_classes=True needs the classes"):
        Pool(X, target=MultiLabelTarget(), strict_classes=True)


def test_classes_are_declared_by_the_target_alone():
    with pytest.raises(ValueError, match=r"Hint: pass them as target=MultiLabelTarget\(classes\)"):
        Pool(X, target=ABC, classes=["a"])
    with pytest.raises(ValueError, match="has 'a' twice"):
        MultiLabelTarget(["a", "b", "a"])
    with pytest.raises(ValueError, match="is empty"):
        MultiLabelTarget([])
    assert repr(ABC) == "MultiLabelTarget(['a', 'b', 'c'])"


def test_an_answer_about_a_labelled_sample_completes_it_or_contradicts_it():
    learner = ActiveLearner(KNeighborsClassifier(1), "random", X, target=ABC)
    learner.teach(0, {"a": True}).teach([0, 1], [{"b": False}, {"c"}])
    assert repr(learner.labels[0]) == "{'a'; unanswered: 'c'}"
    for y in ({"a": False}, [[1, 1, 0]], [[]], {"b"}):
        with pytest.raises(ValueError, match=r"Sample 0 is labelled \{'a'; unanswered: 'c'\}"):
            learner.teach(0, y)
    learner.teach(0, [["a", "c"]])
    assert learner.labels.tolist() == [{"a", "c"}, {"c"}]
    learner.relabel(0, {"a": False}).relabel([1], [[-1, 1, -1]])
    assert learner.labels.tolist() == [{"c"}, {"b", "c"}]
    learner.undo()
    learner.undo()
    assert learner.labels.tolist() == [{"a", "c"}, {"c"}]
    learner.undo()
    assert repr(learner.labels[0]) == "{'a'; unanswered: 'c'}"


def test_answers_about_one_sample_in_one_call_are_combined():
    learner = ActiveLearner(KNeighborsClassifier(1), "random", X, target=ABC)
    learner.teach([4, 4, 5], [{"a": 1}, {"b": 0}, {"a"}])
    assert learner.labeled.tolist() == [4, 5]
    assert repr(learner.labels[0]) == "{'a'; unanswered: 'c'}"
    with pytest.raises(ValueError, match="Sample 6 is labelled"):
        learner.teach([6, 6], [{"a": 1}, {"a": 0}])


# An explanation of a failure takes minutes.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)
NAMES = ["a", "b", "c", "new", "other"]
DECLARED = ["b", "a", "c"]


def plain_answer(answer, width):
    """What an answer says of each label; labels that are not in it are absent or not answered."""
    if isinstance(answer, dict):
        return dict(answer), False
    if answer and isinstance(answer[0], int):
        return {n: v == 1 for n, v in zip(DECLARED[:width], answer, strict=True) if v >= 0}, False
    return dict.fromkeys(answer, True), True


answers = st.one_of(
    st.lists(st.sampled_from(NAMES), unique=True, max_size=3),
    st.dictionaries(st.sampled_from(NAMES), st.booleans(), max_size=3),
    st.lists(st.sampled_from([-1, 0, 1]), min_size=3, max_size=3),
)


class LabelSetMachine(RuleBasedStateMachine):
    """A learner with sets of labels, and one dict of True and False for each sample."""

    @initialize()
    def start(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name, "answers.jsonl")
        self.model, self.past = {}, []
        self.learner = self.opened()

    def teardown(self):
        if hasattr(self, "folder"):
            self.folder.cleanup()

    def opened(self):
        target = MultiLabelTarget(DECLARED)
        return ActiveLearner(
            KNeighborsClassifier(1), RandomSampling(), X, target=target, journal=self.path
        )

    def classes(self):
        named = {name for labels in self.model.values() for name in labels}
        return DECLARED + sorted(named - set(DECLARED))

    def changed(self, position, labels):
        if self.model.get(position) == labels:
            return
        self.past.append(copy.deepcopy(self.model))
        self.model[position] = labels

    def normalised(self, labels):
        # A label that was never named is one that the sample does not have.
        return {name: value for name, value in labels.items() if value is not False}

    @rule(position=st.integers(0, 7), answer=answers)
    def teach(self, position, answer):
        said, is_complete = plain_answer(answer, 3)
        if not said and not is_complete:
            with pytest.raises(ValueError, match=r"y\[0\] answers no label"):
                self.learner.teach(position, [answer])
            return
        known = self.model.get(position)
        if known is None:
            new = {} if is_complete else {n: None for n in self.classes() if n not in said}
            self.learner.teach(position, [answer])
            self.changed(position, self.normalised(new | said))
            return
        universe = {*self.classes(), *said}
        says = {n: said.get(n, False) for n in universe} if is_complete else said
        conflicts = [n for n, v in says.items() if known.get(n, False) not in (None, v)]
        if conflicts:
            with pytest.raises(ValueError, match="is labelled"):
                self.learner.teach(position, [answer])
            return
        self.learner.teach(position, [answer])
        self.changed(position, self.normalised(known | says))

    @precondition(lambda self: self.model)
    @rule(data=st.data(), answer=answers)
    def relabel(self, data, answer):
        position = data.draw(st.sampled_from(sorted(self.model)))
        said, is_complete = plain_answer(answer, 3)
        if not said and not is_complete:
            with pytest.raises(ValueError, match=r"y\[0\] answers no label"):
                self.learner.relabel(position, [answer])
            return
        self.learner.relabel(position, [answer])
        known = {} if is_complete else self.model[position]
        self.changed(position, self.normalised(known | said))

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def unlabel(self, data):
        position = data.draw(st.sampled_from(sorted(self.model)))
        self.learner.unlabel(position)
        self.past.append(copy.deepcopy(self.model))
        del self.model[position]

    @precondition(lambda self: self.past)
    @rule()
    def undo(self):
        self.learner.undo()
        self.model = self.past.pop()

    @rule()
    def open_again(self):
        self.learner = self.opened()

    @invariant()
    def labels_are_those_of_the_model(self):
        if not hasattr(self, "learner"):
            return
        learner, classes = self.learner, self.classes()
        assert learner.classes_.tolist() == classes
        found = dict(zip(learner.labeled.tolist(), learner.labels.tolist(), strict=True))
        assert sorted(found) == sorted(self.model)
        for position, labels in self.model.items():
            assert set(found[position]) == {n for n, v in labels.items() if v}
            assert found[position].unanswered == {n for n, v in labels.items() if v is None}
        order = [learner.labeled.tolist().index(p) for p in sorted(self.model)]
        rows = learner.pool.labeled_samples()[1][order] if order else []
        code = {True: 1, False: 0, None: -1}
        expected = [[code[self.model[p].get(n, False)] for n in classes] for p in sorted(found)]
        assert [row.tolist() for row in rows] == expected
        answered = dict(zip(learner.answered.tolist(), learner.answers.tolist(), strict=True))
        assert answered == found


LabelSetMachine.TestCase.settings = settings(
    max_examples=60, stateful_step_count=12, deadline=None, phases=PHASES
)
TestLabelSets = LabelSetMachine.TestCase


def test_a_journal_stores_names(tmp_path):
    path = tmp_path / "answers.jsonl"
    learner = ActiveLearner(KNeighborsClassifier(1), "random", X, target=ABC, journal=path)
    learner.teach([0, 1], [[1, 0, 1], [0, -1, 0]]).relabel(0, {"a": False})
    entries = [json.loads(line) for line in path.read_text().splitlines()]
    assert [entry["labels"] for entry in entries if "labels" in entry] == [
        [["a", "c"], {"has": [], "unanswered": ["b"]}],
        [["c"]],
    ]
    more = MultiLabelTarget(["a", "b", "c", "d"])
    again = ActiveLearner(KNeighborsClassifier(1), "random", X, target=more, journal=path)
    assert again.labels.tolist() == learner.labels.tolist()
    assert again.pool.labeled_samples()[1].tolist() == [[0, 0, 1, 0], [0, -1, 0, 0]]


def test_a_journal_keeps_the_columns_of_a_matrix_without_names(tmp_path):
    path = tmp_path / "answers.jsonl"
    for _ in range(2):
        learner = ActiveLearner(
            KNeighborsClassifier(1), "random", X, target=MultiLabelTarget(), journal=path
        )
        if not len(learner.labeled):
            learner.teach([0], [[1, 0, 0]])
        assert learner.classes_.tolist() == [0, 1, 2]


@pytest.mark.parametrize("plain", [3, "a", {"unanswered": []}])
def test_a_journal_with_other_labels_is_refused(plain):
    with pytest.raises(ValueError, match="is no set of labels"):
        ABC.from_plain([plain])


FORMS_OF_SCORED = {
    "matrix": lambda rows: rows,
    "sets": lambda rows: [{n for n, has in zip("abc", row, strict=True) if has} for row in rows],
    "names": lambda rows: [[n for n, has in zip("abc", row, strict=True) if has] for row in rows],
    "dicts": lambda rows: [dict(zip("abc", row, strict=True)) for row in rows.tolist()],
    "sparse": sp.csr_matrix,
    "table": lambda rows: pd.DataFrame(rows[:, ::-1], columns=["c", "b", "a"]),
}
ROWS = np.random.default_rng(1).integers(0, 2, size=(8, 3))


@pytest.mark.parametrize("form", FORMS_OF_SCORED)
def test_scores_take_all_forms_of_labels(form):
    y = FORMS_OF_SCORED[form](ROWS)
    learner = ActiveLearner(KNeighborsClassifier(3), "random", X, target=ABC).teach(range(8), ROWS)
    assert learner.score(X, y) == (learner.predict(X) == ROWS).all(axis=1).mean() < 1
    budgeted = BudgetedMultiLabelClassifier(KNeighborsClassifier(3), "random", budget=8).fit(X, y)
    weights = np.arange(8)
    right = (budgeted.predict(X)[:, np.argsort(budgeted.classes_)] == sorted_columns(y)).all(axis=1)
    assert budgeted.score(X, y) == right.mean()
    assert budgeted.score(X, y, weights) == pytest.approx(np.average(right, weights=weights))


def sorted_columns(y):
    return y.to_numpy()[:, ::-1] if hasattr(y, "columns") else ROWS


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([{"a"}, {"b", "z"}], r"y\[1\] has the label 'z', which is not one of \['a', 'b', 'c'\]"),
        ([[1, 0, 0], [1, -1, 0]], r"y\[1\] is answered in part"),
        ([{"a": True}, {"a"}], r"y\[0\] is answered in part"),
        ([[1, 0], [0, 1]], "indicator matrix has 2 columns, but there are 3 labels"),
    ],
)
def test_labels_that_cannot_be_scored_are_named(y, message):
    learner = ActiveLearner(KNeighborsClassifier(3), "random", X, target=ABC).teach(range(8), ROWS)
    with pytest.raises(ValueError, match=message):
        learner.score(X[:2], y)
