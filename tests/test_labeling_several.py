"""Sessions in which a sample has several labels: predictions, progress, exports and refusals."""

import csv
import json

import joblib
import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin

from skactive import ActiveLearner
from skactive.base import MultiLabelTarget
from skactive.labeling import LabelingSession
from skactive.labeling._api import MessageError, PageApi
from skactive.neighbors import IncrementalKNeighborsRegressor

pytest.importorskip("pandas")

WORDS = {"art": "canvas", "law": "judge", "sport": "goal"}


class Counts(TransformerMixin, BaseEstimator):
    """Texts as counts of the words of the classes."""

    def __sklearn_is_fitted__(self):
        return True

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return np.array([[1.0, *(3 * text.count(word) for word in WORDS.values())] for text in X])


def texts_and_labels(n=160):
    generator = np.random.default_rng(0)
    has = generator.random((n, len(WORDS))) < 0.5
    labels = [tuple(name for name, one in zip(WORDS, row, strict=True) if one) for row in has]
    return [
        " ".join([*(WORDS[name] for name in label), f"no. {place}"])
        for place, label in enumerate(labels)
    ], labels


TEXTS, LABELS = texts_and_labels()
TRUTH = dict(zip(TEXTS, LABELS, strict=True))


@pytest.fixture
def session(tmp_path):
    with LabelingSession(
        TEXTS, tmp_path / "s", embedder=Counts(), classes=list(WORDS), multi_label=True
    ) as session:
        yield session.wait()


def answer(session, n):
    for _ in range(n):
        [one] = session.next()
        session.answer(one.id, TRUTH[one.value])


def test_labels_are_predicted_each_by_itself(session):
    answer(session, 110)
    predicted = session.predictions()
    open_ = session.samples("open")
    right = [predicted[one.id][0] == TRUTH[one.value] for one in open_]
    assert np.mean(right) > 0.5  # by chance 1 / 8
    assert all(0.5 <= probability <= 1 for _, probability in predicted.values())
    # A sample is among the guesses of each label that is predicted.
    for name in WORDS:
        guessed = session.guesses(name)
        assert {one.id for one, _ in guessed} == {
            one.id for one in open_ if name in predicted[one.id][0]
        }
        assert [p for _, p in guessed] == sorted((p for _, p in guessed), reverse=True)
    assert session.labels_per_class() == {
        name: sum(name in one.label for one in session.samples("labeled")) for name in WORDS
    }


def test_a_wrong_label_is_suspicious_and_corrected(session):
    answer(session, 110)
    wrong = next(one for one in session.history() if one.label == ("art",))
    session.relabel([wrong.id], ["law", "sport"])
    issues = session.suspicious()
    suggestions = dict(zip(issues.names, issues.suggestions, strict=True))
    assert suggestions[wrong.id] == {"art"}
    session.relabel([wrong.id], ["sport", "law"])
    assert wrong.id not in session.suspicious().names
    session.undo()
    session.undo()
    assert session.sample(wrong.id).label == ("art",)


def test_progress_measures_samples_whose_labels_are_all_right(session):
    session.hold_out(20)
    answer(session, 110)
    for one in session.next(20, test=True):
        session.answer(one.id, TRUTH[one.value])
    predicted = session.predictions()
    tested = [one for one in session.samples("labeled") if one.is_test]
    progress = session.progress()
    share = np.mean([predicted[one.id][0] == one.label for one in tested])
    assert progress.test_accuracy.value == share
    assert progress.accuracy is None
    assert "agreement" in progress.advice.sentence


def test_exports_have_all_labels_and_are_imported_again(session, tmp_path):
    answer(session, 30)
    labels = {one.id: one.label for one in session.samples()}
    predicted = session.predictions()
    for suffix in ("csv", "jsonl", "json", "parquet", "joblib"):
        session.export(tmp_path / f"labels.{suffix}")
    with (tmp_path / "labels.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        label = labels[row["id"]]
        assert row["label"] == ("" if label is None else "|".join(label) or "|")
        if label is None:
            assert row["predicted"] == ("|".join(predicted[row["id"]][0]) or "|")
    for line in (tmp_path / "labels.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        assert row["label"] == (None if labels[row["id"]] is None else [*labels[row["id"]]])
    for task in json.loads((tmp_path / "labels.json").read_text(encoding="utf-8")):
        if labels[task["data"]["id"]] is not None:
            [result] = task["annotations"][0]["result"]
            assert result["value"]["choices"] == [*labels[task["data"]["id"]]]
    classifier = joblib.load(tmp_path / "labels.joblib")
    found = classifier.predict(TEXTS)
    # A labelled sample of the session has its own labels.
    assert all(
        tuple(np.array(session.classes)[row > 0]) == predicted[one.id][0]
        for row, one in zip(found, session.samples(), strict=True)
        if one.label is None
    )
    # The table is a source whose labels count; one without any label is a label, too.
    with LabelingSession(
        tmp_path / "labels.csv",
        tmp_path / "again",
        embedder=Counts(),
        text_column="sample",
        label_column="label",
        id_column="id",
        multi_label=True,
    ) as again:
        assert {one.id: one.label for one in again.samples()} == labels


def test_parquet_has_lists(session, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    answer(session, 12)
    session.export(tmp_path / "labels.parquet")
    rows = parquet.read_table(tmp_path / "labels.parquet").to_pylist()
    labels = {one.id: one.label for one in session.samples()}
    assert {row["id"]: row["label"] for row in rows} == {
        id_: None if label is None else [*label] for id_, label in labels.items()
    }


def test_new_samples_are_predicted(session, tmp_path):
    answer(session, 110)
    # The columns of the classifier are the present classes in their order.
    session.add_class("a class before law")
    session.rename_class("law", "a law")
    session.merge_classes(["a class before law"], "sport")
    n = session.write_predictions(["a judge", "a goal on a canvas"], tmp_path / "new.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "new.jsonl").read_text().splitlines()]
    assert n == 2
    assert [row["predicted"] for row in rows] == [["a law"], ["art", "sport"]]


def test_an_image_has_a_copy_for_each_label(tmp_path):
    image = pytest.importorskip("PIL.Image")
    (tmp_path / "photos").mkdir()
    for number in range(3):
        image.new("RGB", (8, 8), (80 * number, 0, 0)).save(tmp_path / f"photos/{number}.png")
    with LabelingSession(tmp_path / "photos", multi_label=True) as session:
        session.answer("0.png", ["red", "round"])
        session.answer("1.png", [])
        session.answer("2.png", ["red"])
        session.export(tmp_path / "copies", labeled_only=True)
    found = sorted(path.relative_to(tmp_path / "copies") for path in tmp_path.glob("copies/*/*"))
    assert list(map(str, found)) == ["red/0.png", "red/2.png", "round/0.png"]


@pytest.mark.parametrize(
    ("label", "error", "sentence"),
    [
        ("art", TypeError, r"have several labels each\. Got 'art'.*such as \['art'\]"),
        (3, TypeError, "have several labels each"),
        ({"art": False}, TypeError, r"have several labels each\. Got \{'art': False\}"),
        ([3], TypeError, "The name of a class is a str"),
        (["a|b"], ValueError, "the character |"),
        ([" "], ValueError, "is not blank"),
    ],
)
def test_other_labels_are_refused(label, error, sentence, session):
    [one] = session.next()
    with pytest.raises(error, match=sentence):
        session.answer(one.id, label)
    assert session.sample(one.id).label is None
    assert session.classes == list(WORDS)


@pytest.mark.parametrize("label", [["art"], ("art", "law"), {"art"}, frozenset()])
def test_several_labels_are_refused_by_a_session_of_classes(label, tmp_path):
    with LabelingSession(TEXTS, tmp_path / "s", embedder=Counts()) as session:
        [one] = session.next()
        with pytest.raises(TypeError, match=r"has one class.*multi_label=True"):
            session.answer(one.id, label)
        assert session.sample(one.id).label is None


def test_the_choice_belongs_to_the_session(session, tmp_path):
    answer(session, 2)
    session.close()
    with pytest.raises(ValueError, match=r"have several labels each\. Hint: choose another"):
        LabelingSession(TEXTS, tmp_path / "s", embedder=Counts(), multi_label=False)
    with LabelingSession(TEXTS, tmp_path / "s", embedder=Counts()) as again:
        assert again.multi_label
        assert len(again.history()) == 2
    with LabelingSession(TEXTS, tmp_path / "t", embedder=Counts()) as other:
        assert not other.multi_label
    with pytest.raises(ValueError, match=r"have one class each\. Hint: choose another"):
        LabelingSession(TEXTS, tmp_path / "t", embedder=Counts(), multi_label=True)
    with pytest.raises(TypeError, match=r"must be a bool or None\. Got 'yes'"):
        LabelingSession(TEXTS, tmp_path / "u", embedder=Counts(), multi_label="yes")


def test_a_learner_of_several_labels_is_labelled_in_a_session(tmp_path):
    X = Counts().transform(TEXTS)
    learner = ActiveLearner(X_pool=X, target=MultiLabelTarget(list(WORDS)))
    learner.teach([0, 1], [set(LABELS[0]), set(LABELS[1])])
    with LabelingSession(TEXTS, tmp_path / "s", learner=learner) as session:
        assert session.multi_label
        names = [one.id for one in session.samples()]
        assert [session.sample(one).label for one in names[:2]] == LABELS[:2]
        for place in range(2, 110):
            session.answer(names[place], LABELS[place])
        session.relabel([names[0]], ["sport"])
        predicted = session.predictions()
        right = [predicted[name][0] == label for name, label in zip(names, LABELS, strict=True)]
        assert np.mean(right) > 0.5
        # A change of the learner is an action of the session.
        learner.relabel([1], [{"law"}])
        session.next()
        assert session.sample(names[1]).label == ("law",)
    labels = dict(zip(learner.labeled.tolist(), learner.labels, strict=True))
    assert labels[0] == {"sport"}
    assert labels[20] == set(LABELS[20])
    with pytest.raises(ValueError, match="multi_label=False is not the kind of labels"):
        LabelingSession(TEXTS, tmp_path / "t", learner=learner, multi_label=False)


def test_a_learner_of_numbers_is_refused(tmp_path):
    X = Counts().transform(TEXTS)
    learner = ActiveLearner(IncrementalKNeighborsRegressor(), X_pool=X)
    with pytest.raises(TypeError, match="are numbers, but those of a session are classes"):
        LabelingSession(TEXTS, tmp_path / "s", learner=learner)


def test_messages_of_the_page_have_lists(session):
    api = PageApi(session)
    assert api.call("state", {})["multi_label"] is True
    [sample] = api.call("next", {"n": 1})["samples"]
    given = {"kind": "answer", "ids": [sample["id"]], "label": ["law", "art"], "request": "a"}
    [_, *_] = api.call("act", given)["classes"]
    assert session.sample(sample["id"]).label == ("art", "law")
    assert api.call("history", {"label": "law"})["n"] == 1
    assert api.call("history", {"label": "sport"})["n"] == 0
    for label in ("law", [3], None):
        with pytest.raises(MessageError, match="'label' is a list of str"):
            api.call("act", {**given, "label": label, "request": f"b{label}"})
    answer(session, 30)
    suspicious = api.call("suspicious", {})
    json.dumps(suspicious)
    json.dumps(api.call("explain", {"id": session.next()[0].id}))
