"""Labels are kept as they are: distinct ones stay distinct, of the same type and value."""

import csv
import enum
import pickle
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.naive_bayes import GaussianNB

from skactive import ActiveLearner, Pool
from skactive.base import CategoricalTarget
from skactive.cli import main
from skactive.cli._samples import Table
from skactive.datasets import load_vectors
from skactive.model_selection import BudgetedClassifier
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.semi_supervised import IncrementalLabelSpreading
from skactive.strategies import RandomSampling

X = np.random.default_rng(0).normal(size=(12, 3))

TEXTS = st.one_of(
    st.sampled_from(["1", "01", "1.0", "-1", "True", "a", "a\0", "A", "é", "nan", "$x_1$", "a b"]),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5),
).filter(lambda text: text == text.strip() != "")
INTEGERS = st.one_of(
    st.sampled_from([0, 1, -1, 2**53, 2**53 + 1, 2**63 - 1]), st.integers(-(2**63), 2**63 - 1)
)
HASHES = st.one_of(st.sampled_from([5, 2**63 + 1, 2**63 + 2, 2**64 - 1]), st.integers(0, 2**64 - 1))
NUMBERS = st.one_of(
    st.sampled_from([0.0, 1.0, -1.0, 2.0**53]), st.integers(-(2**53), 2**53).map(float)
)
BYTES = st.one_of(st.sampled_from([b"a", b"a\0", b"1"]), st.binary(min_size=1, max_size=4))
KINDS = {"texts": TEXTS, "integers": INTEGERS, "hashes": HASHES, "numbers": NUMBERS}
ALL_KINDS = {**KINDS, "booleans": st.booleans(), "bytes": BYTES}


def distinct(kind):
    """Some distinct labels of one kind."""
    return st.lists(ALL_KINDS[kind], min_size=2, max_size=5, unique=True)


def learner_of(**options):
    return ActiveLearner(IncrementalKNeighborsClassifier(), RandomSampling(), X_pool=X, **options)


def one_by_one(labels, learner=None):
    learner = learner or learner_of()
    for index, label in enumerate(labels):
        learner.teach(index, label)
    return learner


def relabeled(labels):
    learner = learner_of().teach(range(len(labels)), [labels[0]] * len(labels))
    for index, label in enumerate(labels):
        learner.relabel([index], [label])
    return learner


def undone(labels):
    learner = one_by_one(labels)
    learner.relabel(range(len(labels)), labels[::-1]).undo()
    learner.undo()
    return learner.teach(len(labels) - 1, labels[-1])


def predicted(classifier, rows):
    return classifier.predict(X[: len(rows)])


NEAREST = IncrementalKNeighborsClassifier(1, weights="distance", smoothing=0.0, metric="euclidean")


def as_array(y):
    return CategoricalTarget().validate(y)


def added(classifier, y):
    for row, label in enumerate(y):
        classifier.add_labeled(X[row : row + 1], [label])
    return classifier


def seeded_then_taught(y):
    learner = learner_of(X_labeled=X[:1], y_labeled=y[:1]).teach(range(len(y) - 1), y[1:])
    return learner.pool.labeled_outside()[1], learner.labels


def budgeted(y):
    fitted = BudgetedClassifier(
        IncrementalKNeighborsClassifier(), RandomSampling(), budget=len(y)
    ).fit(X[: len(y)], y)
    return fitted.y_labeled_[np.argsort(fitted.query_indices_)]


# The labels of as many samples, after they went one way into the package and out of it.
ROUTES = {
    "teach": lambda y: learner_of().teach(range(len(y)), y).labels,
    "teach one by one": lambda y: one_by_one(y).labels,
    "answers": lambda y: one_by_one(y).answers,
    "teach an array": lambda y: learner_of().teach(range(len(y)), as_array(y)).labels,
    "relabel": lambda y: relabeled(y).labels,
    "undo": lambda y: undone(y).labels,
    "forget": lambda y: one_by_one(y).forget(0).teach(range(len(y)), y).labels,
    "seed set": lambda y: learner_of(X_labeled=X[: len(y)], y_labeled=y).pool.labeled_samples()[1],
    "seed set, then teach": lambda y: np.concatenate(
        [part.astype(object) for part in seeded_then_taught(y)]
    ),
    "pickle": lambda y: pickle.loads(pickle.dumps(one_by_one(y))).labels,
    "pool": lambda y: Pool(X).add_labels(range(len(y)), y).labels,
    "fit": lambda y: IncrementalKNeighborsClassifier().fit(X[: len(y)], y).y_labeled_,
    "add_labeled": lambda y: added(IncrementalKNeighborsClassifier(), y).y_labeled_,
    "predict": lambda y: predicted(NEAREST.fit(X[: len(y)], y), y),
    "explain": lambda y: NEAREST.fit(X[: len(y)], y).explain(X[: len(y)]).labels[:, 0],
    "spreading": lambda y: added(IncrementalLabelSpreading(), y).y_labeled_,
    "spreading, relabelled": lambda y: (
        IncrementalLabelSpreading().fit(X, [-1] * len(X)).relabel(range(len(y)), y).y_labeled_
    ),
    "budgeted": budgeted,
}


def assert_kept(found, labels):
    """Raise unless labels came back in their order, each of the same type and value."""
    found = np.asarray(found).tolist()
    assert list(map(type, found)) == list(map(type, labels))
    assert found == labels


@pytest.mark.parametrize("kind", ALL_KINDS)
@pytest.mark.parametrize("route", ROUTES)
@settings(max_examples=4, deadline=None)
@given(data=st.data())
def test_distinct_labels_come_back_as_they_were(route, kind, data):
    if (route, kind) == ("budgeted", "bytes"):
        pytest.skip("scikit-learn refuses bytes")
    labels = data.draw(distinct(kind))
    assert_kept(ROUTES[route](labels), labels)


@pytest.mark.parametrize("kind", ALL_KINDS)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_declared_classes_are_kept(kind, data):
    labels = data.draw(distinct(kind))
    for classes in (
        learner_of(classes=labels).pool.classes_,
        IncrementalKNeighborsClassifier().partial_fit(X[:1], labels[:1], classes=labels).classes_,
        IncrementalLabelSpreading(3).partial_fit(X, [-1] * 12, classes=labels).classes_,
    ):
        assert_kept(classes, sorted(labels))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "classifier",
    [IncrementalKNeighborsClassifier(), IncrementalLabelSpreading(3)],
    ids=lambda classifier: type(classifier).__name__,
)
@settings(max_examples=4, deadline=None)
@given(data=st.data())
def test_probabilities_depend_on_the_order_of_classes_and_not_on_their_names(
    classifier, kind, data
):
    labels = data.draw(distinct(kind))
    texts = [["a\0", "a", "b"], ["a", "a\0"]] if kind == "texts" else []
    for names in [labels, *texts]:
        codes = [sorted(names).index(name) for name in names]
        found, expected = (
            ActiveLearner(classifier, RandomSampling(), X).teach(range(12), np.resize(y, 12))
            for y in (as_array(names), np.array(codes))
        )
        assert_kept(found.classes_, sorted(names))
        np.testing.assert_array_equal(found.predict_proba(X), expected.predict_proba(X))


@pytest.mark.parametrize("kind", [*KINDS, "booleans"])
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_a_journal_and_a_state_keep_labels(tmp_path_factory, kind, data):
    labels = data.draw(distinct(kind))
    folder = tmp_path_factory.mktemp("kept")
    learner = one_by_one(labels, learner_of(journal=folder / "answers.jsonl"))
    learner.relabel(range(len(labels)), labels[::-1])
    learner.pool.distance_to_labeled()
    learner.pool.save_state(folder / "state.npz")
    again = learner_of(journal=folder / "answers.jsonl", state=folder / "state.npz")
    assert_kept(again.labels, labels[::-1])
    np.testing.assert_array_equal(
        again.pool.distance_to_labeled(), learner.pool.distance_to_labeled()
    )


def test_bytes_are_refused_by_a_journal_and_change_nothing(tmp_path):
    learner = learner_of(journal=tmp_path / "answers.jsonl")
    with pytest.raises(TypeError, match="is a bytes, which a journal cannot store"):
        learner.teach([0], [b"a"])
    assert len(learner.labeled) == 0


def write_table(path, texts):
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["a", "text", "label"])
        writer.writerows([place, "word", text] for place, text in enumerate(texts))
    return path


@settings(max_examples=40, deadline=None)
@given(
    texts=st.lists(
        st.one_of(
            st.sampled_from(["1", "01", "1.0", "-0", "+1", " 1", "1e3", "True", "true", "x", "NA"]),
            INTEGERS.map(str),
            HASHES.map(str),
            st.integers(2**64, 2**70).map(str),
        ),
        min_size=2,
        max_size=5,
        unique=True,
    )
)
def test_labels_of_text_files_are_names(tmp_path_factory, texts):
    path = write_table(tmp_path_factory.mktemp("kept") / "t.csv", texts)
    y = load_vectors(path, features="a")[1].tolist()
    # Numbers are read as such only if that changes nothing but white space around them.
    assert [str(label) for label in y] in (texts, [text.strip() for text in texts])
    assert len(set(y)) == len(texts)
    assert len(set(map(type, y))) == 1
    embedded = Table(path, column="text", label=None, labels=True).y.tolist()
    assert embedded == y


@pytest.mark.parametrize(
    ("texts", "labels"),
    [
        (["0", "1", "-2"], [0, 1, -2]),
        ([" 1", "2"], [1, 2]),
        (["01", "1", "2"], ["01", "1", "2"]),
        (["01", "02"], ["01", "02"]),
        (["1.0", "2.0"], ["1.0", "2.0"]),
        (["1", "1.0"], ["1", "1.0"]),
        ([str(2**64), str(2**64 + 1)], [str(2**64), str(2**64 + 1)]),
        ([str(2**64 - 1), "5"], [2**64 - 1, 5]),
        ([str(2**64 - 1), "-5"], [str(2**64 - 1), "-5"]),
        (["9" * 5000, "1"], ["9" * 5000, "1"]),
        (["True", "False"], [True, False]),
        (["True", "true"], ["True", "true"]),
        (["1", "True"], ["1", "True"]),
        (["a ", "a"], ["a ", "a"]),
    ],
)
@pytest.mark.parametrize("suffix", ["csv", "tsv"])
def test_cells_of_text_files_have_these_labels(tmp_path, suffix, texts, labels):
    mark = {"csv": ",", "tsv": "\t"}[suffix]
    path = tmp_path / f"t.{suffix}"
    lines = [mark.join(["a", "label"]), *(f"{row}{mark}{text}" for row, text in enumerate(texts))]
    path.write_text("\n".join(lines))
    assert_kept(load_vectors(path)[1], labels)


@pytest.mark.parametrize("names", [["01", "1"], [str(2**64), str(2**64 + 1)], ["1", "1.0"]])
def test_a_comparison_gets_the_labels_of_the_file(tmp_path, capsys, monkeypatch, names):
    monkeypatch.chdir(tmp_path)
    write_table(tmp_path / "t.csv", names * 6)
    compared = []

    def compare(estimator, strategies, X, y, **options):
        compared.append(y)
        raise ValueError("No comparison here.")

    monkeypatch.setattr("skactive.model_selection.compare_strategies", compare)
    assert main(["compare", "t.csv", "--features", "a", "--budget", "3", "--folds", "2"]) == 2
    assert "No comparison here." in capsys.readouterr().err
    assert_kept(compared[0], names * 6)


@pytest.mark.parametrize("kind", ["texts", "integers", "hashes", "booleans"])
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_typed_files_keep_labels(tmp_path_factory, kind, data):
    labels = data.draw(distinct(kind))
    folder = tmp_path_factory.mktemp("kept")
    frame = pd.DataFrame({"a": X[: len(labels), 0], "text": "word"})
    frame["label"] = CategoricalTarget().validate(labels)
    frame.to_parquet(folder / "t.parquet")
    assert_kept(load_vectors(folder / "t.parquet", features="a")[1], labels)
    if not any(isinstance(label, str) and label.endswith("\0") for label in labels):
        np.savez(folder / "t.npz", X=X[: len(labels)], y=CategoricalTarget().validate(labels))
        assert_kept(load_vectors(folder / "t.npz")[1], labels)
        table = Table(folder / "t.parquet", column="text", label=None, labels=True)
        assert_kept(table.y, labels)


def test_large_integers_beside_missing_labels_are_kept(tmp_path):
    labels = pd.array([2**53, 2**53 + 1, None], dtype="Int64")
    pd.DataFrame({"text": "word", "label": labels}).to_parquet(tmp_path / "t.parquet")
    table = Table(tmp_path / "t.parquet", column="text", label=None, labels=True)
    assert table.y.tolist() == ["9007199254740992", "9007199254740993", ""]


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        ([b"a", b"\xff"], r"Row 2 of column 'label' .* is b'\\xff', which is not a class label"),
        ([1.0, 1e300], "is 1e[+]300, which is not a class label"),
        (["a\0", "b"], None),
    ],
)
def test_labels_that_a_parquet_file_cannot_pass_on_are_refused(tmp_path, labels, sentence):
    frame = pd.DataFrame({"a": [1, 2], "text": "word", "label": labels})
    frame.to_parquet(tmp_path / "t.parquet")
    if sentence is None:
        with pytest.raises(Exception, match="ends with a NUL character"):
            Table(tmp_path / "t.parquet", column="text", label=None, labels=True)
    else:
        with pytest.raises(ValueError, match=sentence):
            load_vectors(tmp_path / "t.parquet", features="a")


# Labels of two types that NumPy or Python take for equal, or convert to one type.
MIXED = [
    (1, True),
    (True, 1),
    (1, 1.0),
    (1.0, True),
    (2**53 + 1, 2.0**53),
    ("1", 1),
    ("a", b"a"),
    (b"a", "a"),
    ("True", True),
    (2**63 + 1, -1),
]


@pytest.mark.parametrize(("first", "second"), MIXED)
def test_labels_of_two_types_are_refused_in_one_sentence(first, second):
    nearest = IncrementalKNeighborsClassifier().fit(X[:1], [first])
    spreading = IncrementalLabelSpreading().fit(X, [-1] * 12).relabel([0], [first])
    learner = learner_of().teach(0, first)
    for call in (
        lambda: learner.teach(1, second),
        lambda: learner.relabel(0, second),
        lambda: learner.pool.add_labeled(X[:1], [second]),
        lambda: learner_of().teach([0, 1], [first, second]),
        lambda: learner_of(classes=[first]).teach(0, second),
        lambda: learner_of(X_labeled=X[:1], y_labeled=[first]).teach(0, second),
        lambda: nearest.add_labeled(X[:1], [second]),
        lambda: nearest.relabel([0], [second]),
        lambda: spreading.relabel([1], [second]),
        lambda: IncrementalKNeighborsClassifier().fit(X[:2], [first, second]),
    ):
        with pytest.raises(ValueError, match="one type") as caught:
            call()
        assert repr(first) in str(caught.value)
        assert repr(second) in str(caught.value)
    assert_kept(learner.labels, [first])
    assert_kept(nearest.classes_, [first])
    assert_kept(spreading.classes_, [first])


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, pd.NaT, np.datetime64("NaT", "s")])
@pytest.mark.parametrize("good", ["a", 1, 1.0, True])
def test_a_missing_label_is_refused_in_one_sentence(missing, good):
    learner = learner_of()
    for y in ([good, missing], pd.Series([good, missing], dtype=object)):
        with pytest.raises(ValueError, match=r"^y\[1\] is missing \(.*Hint: leave out samples"):
            learner.teach([0, 1], y)
    assert len(learner.labeled) == 0


def test_a_masked_label_is_missing():
    with pytest.raises(ValueError, match=r"y\[1\] is missing \(None\)"):
        learner_of().teach([0, 1], np.ma.array(["a", "b"], mask=[False, True]))


@pytest.mark.parametrize(
    ("y", "sentence"),
    [
        ([("a", 1), ("b",)], r"y\[0\] is \('a', 1\), of type tuple, which is not a class label"),
        ([("a", 1), ("b", 2)], r"y should be a 1d array, got an array of shape \(2, 2\)"),
        ([[0, 1], [1, 0]], r"y should be a 1d array, got an array of shape \(2, 2\)"),
        ([np.arange(2), np.arange(3)], r"y\[0\] is array\(\[0, 1\]\), of type ndarray"),
        ([np.ones((2, 3)), np.ones((2, 4))], "y must have one label for each sample"),
        ([{"a"}, {"b"}], "of type set, which is not a class label"),
        ([1j, 2j], "of type complex, which is not a class label"),
        ([Decimal(1), Decimal(2)], "of type Decimal, which is not a class label"),
        (np.array(["2026-01-01"] * 2, "M8[ns]"), "of type datetime64, which is not a class label"),
        ([1.0, 1e300], r"y\[1\] is 1e\+300, of type float, which is not a class label"),
        ([2**64, 1], r"y\[0\] is an integer of 65 bits, but labels have at most 64"),
        ([1, -(2**200)], r"y\[1\] is an integer of 201 bits"),
    ],
)
def test_things_that_are_no_labels_are_refused_in_one_sentence(y, sentence):
    for learner in (learner_of(), ActiveLearner(GaussianNB(), RandomSampling(), X_pool=X)):
        with pytest.raises(ValueError, match=sentence):
            learner.teach([0, 1], y)
        assert len(learner.labeled) == 0


@pytest.mark.parametrize("blank", ["", " ", "\t\n", "\u00a0"])
def test_a_blank_answer_is_refused(tmp_path, blank):
    learner = learner_of(journal=tmp_path / "answers.jsonl").teach(0, "a")
    for call in (
        lambda: learner.teach(1, blank),
        lambda: learner.teach([1, 2], ["b", blank]),
        lambda: learner.relabel(0, blank),
        lambda: learner_of(classes=["a", blank]),
        lambda: learner_of(X_labeled=X[:1], y_labeled=[blank]),
    ):
        with pytest.raises(ValueError, match="is a blank label"):
            call()
    assert_kept(learner_of(journal=tmp_path / "answers.jsonl").labels, ["a"])


def test_white_space_around_an_answer_is_removed_and_said_once(tmp_path):
    learner = learner_of(journal=tmp_path / "answers.jsonl").teach(0, "a")
    with pytest.warns(UserWarning, match="'a ' becomes 'a'\\.") as caught:
        learner.teach(1, "a ")
    assert len(caught) == 1
    with pytest.warns(UserWarning, match=r"' b' becomes 'b' \(and 1 more\)") as caught:
        learner.teach([2, 3, 4], [" b", "c d", "b\n"])
    assert len(caught) == 1
    with pytest.warns(UserWarning, match="'b\\\\t' becomes 'b'") as caught:
        learner.relabel(0, "b\t")
    assert len(caught) == 1
    assert_kept(learner.labels, ["b", "a", "b", "c d", "b"])
    assert_kept(learner_of(journal=tmp_path / "answers.jsonl").labels, learner.labels.tolist())
    with pytest.warns(UserWarning, match="'b ' becomes 'b'") as caught:
        declared = learner_of(classes=["a", "b "])
    assert len(caught) == 1
    assert_kept(declared.pool.classes_, ["a", "b"])
    assert_kept(declared.estimator.classes_, ["a", "b"])


@pytest.mark.parametrize("labels", [["a ", "a"], ["", "a"]])
def test_recorded_labels_are_kept_with_white_space(tmp_path, labels):
    path = tmp_path / "answers.jsonl"
    y = np.array(labels)
    learner_of(journal=path).teach([0, 1], y).teach(2, y[0]).teach([3], [y[0]])
    assert_kept(learner_of(journal=path).labels, [*labels, labels[0], labels[0]])
    assert_kept(IncrementalKNeighborsClassifier().fit(X[:2], labels).y_labeled_, labels)
    assert_kept(budgeted(labels), labels)


def test_members_of_an_enumeration_are_the_values_that_they_equal():
    class Color(enum.StrEnum):
        RED = "red"
        BLUE = "blue"

    assert_kept(learner_of().teach([0, 1], [Color.RED, Color.BLUE]).labels, ["red", "blue"])


CLASSES = ["apple", "banana", "cherry"]


@pytest.mark.parametrize(
    ("classes", "label", "hint"),
    [
        (CLASSES, "aple", "Did you mean 'apple'?"),
        (CLASSES, "BANANA", "Did you mean 'banana'?"),
        (CLASSES, "x", "Hint: the classes are 'apple', 'banana', 'cherry'."),
        (range(100), 111, "Did you mean 11?"),
        ([str(number) * 9 for number in range(20)], "x", "and 8 more."),
    ],
)
def test_strict_classes_refuse_other_labels(tmp_path, classes, label, hint):
    path, known = tmp_path / "answers.jsonl", next(iter(classes))
    learner = learner_of(classes=classes, strict_classes=True, journal=path).teach(0, known)
    for call in (
        lambda: learner.teach(1, label),
        lambda: learner.relabel(0, label),
        lambda: learner.pool.add_labeled(X[:1], [label]),
        lambda: learner_of(
            classes=classes, strict_classes=True, X_labeled=X[:1], y_labeled=[label]
        ),
    ):
        with pytest.raises(ValueError, match="is not one of the declared classes") as caught:
            call()
        assert repr(label) in str(caught.value)
        assert str(caught.value).endswith(hint)
    assert_kept(learner.labels, [known])
    assert_kept(learner_of(journal=path).labels, [known])
    assert_kept(learner_of(classes=classes).teach(0, label).labels, [label])


def test_strict_classes_need_classes():
    with pytest.raises(ValueError, match=r"strict_classes=True needs the classes\. Hint: pass all"):
        learner_of(strict_classes=True)


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, -1])
@pytest.mark.parametrize(
    "labels", [["a", "b"], [1, 2], [1.0, 2.0], [True, False], [2**53, 2**53 + 1]]
)
def test_missing_labels_are_unlabelled_for_spreading(missing, labels):
    y = [labels[0], missing, labels[1], *[missing] * 9]
    spreading = IncrementalLabelSpreading(3).fit(X, y)
    assert spreading.labeled_indices_.tolist() == [0, 2]
    assert_kept(spreading.y_labeled_, labels)


@pytest.mark.parametrize(
    "y",
    [
        pd.Series(["a", "b", None, None] * 3, dtype="string"),
        pd.Series(["a", "b", None, None] * 3, dtype="string").astype("category"),
        pd.Series([2**53, 2**53 + 1, None, None] * 3, dtype="Int64"),
        np.array([1, 2, np.nan, np.nan] * 3),
    ],
    ids=lambda y: str(y.dtype),
)
def test_missing_values_of_columns_are_unlabelled_for_spreading(y):
    spreading = IncrementalLabelSpreading(3).fit(X, y)
    assert spreading.labeled_indices_.tolist() == [0, 1, 4, 5, 8, 9]
    assert_kept(spreading.classes_, pd.Series(y).dropna().unique().tolist())


@pytest.mark.parametrize(
    "y", [[-1, 1] * 6, [-1.0, 1.0] * 6, ["-1", "+1"] * 6, np.array([-1, 1] * 6)]
)
def test_minus_one_beside_one_class_warns(y):
    with pytest.warns(UserWarning, match="y has -1, which means unlabelled, and one class, "):
        assert len(IncrementalLabelSpreading(3).fit(X, y).classes_) == 1


def test_minus_one_is_a_class_where_no_sample_is_unlabelled():
    assert_kept(IncrementalLabelSpreading(3).add_labeled(X, [-1, 1] * 6).classes_, [-1, 1])


def test_one_long_label_does_not_cost_the_others_memory():
    long, names = "x" * 100_000, [f"class {row}" for row in range(11)]
    for y in ([*names, long], np.array([*names, long])):
        learner = learner_of().teach(range(12), y)
        single = one_by_one(y)
        for labels in (learner.labels, learner.answers, learner.pool.classes_, single.labels):
            assert sorted(labels.tolist()) == sorted([*names, long])
            assert labels.nbytes < len(long)
