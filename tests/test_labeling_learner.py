"""A session over the pool of a learner: both have the same labels, whichever of them changes."""

import json

import numpy as np
import pytest
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline

from skactive import ActiveLearner
from skactive.embedding import TextDescriptor
from skactive.labeling import LabelingSession
from skactive.labeling._api import PageApi
from skactive.semi_supervised import IncrementalLabelSpreading
from skactive.strategies import RandomSampling

TEXTS = [
    f"{colour} {fruit} {n}"
    for n in range(10)
    for colour, fruit in [("red", "apple"), ("yellow", "pear")]
]
TRUTH = ["apple", "pear"] * 10


def points():
    return np.random.default_rng(0).normal(size=(20, 3)) + 9 * np.eye(3)[np.arange(20) % 2]


def taught(learner):
    return dict(zip(learner.labeled.tolist(), learner.labels.tolist(), strict=True))


def test_the_learner_selects_and_learns(tmp_path):
    learner = ActiveLearner(X_pool=points(), strategy="margin")
    with LabelingSession(TEXTS, tmp_path / "task", learner=learner) as session:
        for _ in range(6):
            [one] = session.next()
            [place] = learner.query()
            assert one.value == TEXTS[place]
            session.answer(one.id, TRUTH[place])
        assert session.progress().n_labeled == 6
        assert taught(learner) == {p: TRUTH[p] for p in taught(learner)}
        assert len(taught(learner)) == 6
        session.undo()
        session.skip([session.next()[0].id])
        session.next()
        assert (len(learner.labeled), len(learner.skipped)) == (5, 1)
        found = session.predictions()
        assert [found[one.id][0] for one in session.samples()] == TRUTH
        session.export(tmp_path / "labels.csv")
        with pytest.raises(ValueError, match=r"learner\.predict"):
            session.write_predictions(TEXTS, tmp_path / "new.csv")
    assert learner.predict(points()).tolist() == TRUTH


def test_a_session_resumes_with_another_learner(tmp_path):
    X = points()
    with LabelingSession(None, tmp_path / "task", learner=ActiveLearner(X_pool=X)) as session:
        for place, one in enumerate(session.samples()[:8]):
            session.answer(one.id, TRUTH[place])
    order = np.random.default_rng(1).permutation(20)
    learner = ActiveLearner(X_pool=X[order])
    with LabelingSession(None, tmp_path / "task", learner=learner):
        expected = {p: TRUTH[at] for p, at in enumerate(order.tolist()) if at < 8}
        assert taught(learner) == expected


def test_labels_of_the_learner_are_labels_of_the_session(tmp_path):
    learner = ActiveLearner(X_pool=points()).teach([3, 4], ["pear", "apple"]).skip([5])
    for _ in range(2):
        with LabelingSession(TEXTS, tmp_path / "task", learner=learner) as session:
            labels = {TEXTS.index(one.value): one.label for one in session.history()}
            assert labels == {3: "pear", 4: "apple"}
            assert [one.value for one in session.samples("skipped")] == [TEXTS[5]]


def test_changes_of_the_learner_are_actions_of_the_session(tmp_path):
    learner = ActiveLearner(X_pool=points())
    with LabelingSession(TEXTS, tmp_path / "task", learner=learner) as session:
        ids = [one.id for one in session.samples()]
        session.answer_many(ids[:2], "apple")
        session.next()
        learner.relabel([1], ["pear"])
        learner.teach([2], ["apple"])
        learner.skip([3])
        session.next()
        assert [session.sample(one).label for one in ids[:3]] == ["apple", "pear", "apple"]
        assert session.sample(ids[3]).status == "skipped"
        learner.undo()
        learner.undo()
        session.next()
        assert session.sample(ids[2]).label is None
        assert session.sample(ids[3]).status == "open"
        learner.undo()
        session.next()
        assert session.sample(ids[1]).label == "apple"
        # The page can undo what the learner did.
        session.undo()
        session.next()
        assert taught(learner) == {0: "apple", 1: "pear"}
    learner.unlabel([0])
    assert taught(learner) == {1: "pear"}


@pytest.mark.parametrize(
    ("classes", "names", "labels"),
    [
        ([0, 1], ["0", "1", "7"], [0, 1, 7]),
        ([False, True], ["False", "True"], [False, True]),
        (None, ["0", "1"], ["0", "1"]),
    ],
)
def test_classes_have_the_type_of_the_learner(classes, names, labels, tmp_path):
    learner = ActiveLearner(X_pool=points(), classes=classes)
    with LabelingSession(TEXTS, tmp_path / "task", learner=learner) as session:
        assert session.classes == [] if classes is None else names[:2]
        for place, name in enumerate(names):
            session.answer(session.samples()[place].id, name)
        session.next()
        assert learner.labels.tolist() == labels
        assert {label for label, _ in session.predictions().values()} <= set(names)


@pytest.mark.parametrize(
    ("classes", "name"), [([0, 1], "apple"), ([0, 1], "01"), ([0, 1], "1.0"), ([False, True], "1")]
)
def test_a_class_of_another_type_is_refused_before_it_is_stored(classes, name, tmp_path):
    learner = ActiveLearner(X_pool=points(), classes=classes)
    with LabelingSession(TEXTS, tmp_path / "task", learner=learner) as session:
        one = session.samples()[0].id
        session.answer(one, str(classes[0]))
        for act in [
            lambda: session.answer(session.samples()[1].id, name),
            lambda: session.relabel([one], name),
            lambda: session.add_class(name),
            lambda: session.rename_class(str(classes[0]), name),
        ]:
            with pytest.raises(ValueError, match=f"'{name}' is no class of this learner"):
                act()
        assert session.classes == [str(one) for one in classes]


@pytest.mark.parametrize("strategy", [None, RandomSampling(random_state=0)])
@pytest.mark.parametrize("estimator", [IncrementalLabelSpreading(), GaussianNB()])
@pytest.mark.parametrize("ids", [None, [f"n{n}" for n in range(20)]])
def test_every_message_of_the_page_works(ids, estimator, strategy, tmp_path):
    X, y = points(), np.arange(20) % 2
    learner = ActiveLearner(estimator, strategy, X, X_labeled=X[:2] + 1, y_labeled=y[:2], ids=ids)
    images = np.zeros((20, 4, 4), dtype=np.uint8)
    with LabelingSession(images, tmp_path / "task", learner=learner) as session:
        api = PageApi(session)
        for n in range(12):
            [one] = api.call("next", {"n": 1})["samples"]
            assert one["picture"]
            explained = api.call("explain", {"id": one["id"]})
            assert explained["sentences"][0].startswith("This sample")
            assert {row["name"] for row in explained["classes"]} <= {"0", "1"}
            place = [other.id for other in session.samples()].index(one["id"])
            wrong = n == 8
            given = {"ids": [one["id"]], "label": str(y[place] ^ wrong), "request": f"{n}"}
            api.call("act", {"kind": "answer", **given})
        assert len(learner.labeled) == 12
        for name, given in [
            ("state", {}),
            ("progress", {"curve": True}),
            ("history", {}),
            ("suspicious", {}),
            ("guesses", {"n": 5, "label": "0"}),
            ("cluster", {"n": 5, "place": 0}),
        ]:
            json.dumps(api.call(name, given), allow_nan=False)
        assert api.call("guesses", {"n": 20, "label": "0"})["samples"] != []
        session.hold_out(4)
        for one in session.next(4, test=True):
            session.answer(one.id, "0")
        assert session.progress().test_accuracy.n_labeled == 4
        assert len(learner.labeled) == 12


def test_a_pipeline_shows_its_own_samples(tmp_path):
    steps = make_pipeline(TextDescriptor(), IncrementalLabelSpreading())
    learner = ActiveLearner(steps, X_pool=TEXTS)
    with LabelingSession(None, tmp_path / "task", learner=learner) as session:
        assert session.kind == "text"
        for place in range(4):
            session.answer(session.samples()[place].id, TRUTH[place])
        assert session.classifier().predict(["red apple"]).tolist() == ["apple"]
        assert len(session.predictions()) == 20


def test_a_blank_text_of_the_pool_is_a_sample(tmp_path):
    learner = ActiveLearner(X_pool=np.eye(3))
    with LabelingSession(["red", " ", "blue"], tmp_path, learner=learner) as session:
        assert [one.value for one in session.samples()] == ["red", " ", "blue"]


def test_a_classifier_without_probabilities_has_no_guesses(tmp_path):
    from sklearn.svm import LinearSVC

    learner = ActiveLearner(LinearSVC(), RandomSampling(random_state=0), points())
    with LabelingSession(TEXTS, tmp_path / "task", learner=learner) as session:
        for place in range(4):
            session.answer(session.samples()[place].id, TRUTH[place])
        assert session.predictions() == {}


def test_an_error_of_the_classifier_is_shown_and_answers_stay(tmp_path):
    learner = ActiveLearner(X_pool=points(), classes=["apple", "pear"], strict_classes=True)
    with LabelingSession(TEXTS, tmp_path / "task", learner=learner) as session:
        session.answer(session.samples()[0].id, "aple")
        assert "Did you mean 'apple'?" in str(session.progress().error)
        session.rename_class("aple", "apples")
        session.merge_classes(["apples"], "apple")
        assert session.progress().error is None
        assert learner.labels.tolist() == ["apple"]


@pytest.mark.parametrize(
    ("source", "error", "sentence"),
    [
        (TEXTS[:5], ValueError, "There are 5 samples to show for the 20 samples of the pool"),
        (np.zeros((3, 4, 4)), ValueError, "3 images for 20 vectors"),
    ],
)
def test_there_is_one_sample_for_each_of_the_pool(source, error, sentence, tmp_path):
    learner = ActiveLearner(X_pool=points())
    with pytest.raises(error, match=sentence):
        LabelingSession(source, tmp_path / "task", learner=learner)


def test_an_answer_of_the_page_is_taught_before_its_reply(tmp_path):
    learner = ActiveLearner(X_pool=points())
    with LabelingSession(TEXTS, tmp_path / "task", learner=learner) as session:
        api, ids = PageApi(session), [one.id for one in session.samples()]
        api.call("act", {"kind": "answer", "ids": ids[:1], "label": "apple", "request": "1"})
        assert taught(learner) == {0: "apple"}
        api.call("act", {"kind": "undo", "request": "2"})
        assert taught(learner) == {}


def test_undo_of_the_learner_takes_back_one_answer(tmp_path):
    learner = ActiveLearner(X_pool=points())
    with LabelingSession(TEXTS, tmp_path / "task", learner=learner) as session:
        ids = [one.id for one in session.samples()]
        session.answer(ids[0], "apple")
        session.answer(ids[1], "pear")
        session.next()
        learner.undo()
        session.next()
        assert [one.id for one in session.history()] == ids[:1]
        session.answer_many(ids[2:12], "apple")
        session.next()
        learner.undo()
        session.next()
        assert [one.id for one in session.history()] == ids[:1]


def test_a_pool_that_changes_is_named(tmp_path):
    learner = ActiveLearner(X_pool=points())
    with LabelingSession(TEXTS, tmp_path / "task", learner=learner) as session:
        learner.extend(np.ones((1, 3)))
        with pytest.raises(ValueError, match="The pool of the learner has 21 samples now"):
            session.next()


def test_a_learner_has_no_other_embedder(tmp_path):
    learner = ActiveLearner(X_pool=points())
    with pytest.raises(ValueError, match="leave embedder out"):
        LabelingSession(TEXTS, tmp_path / "task", learner=learner, embedder=TextDescriptor())


def test_the_widget_of_a_learner_resumes_and_keeps_the_last_change(tmp_path, monkeypatch):
    pytest.importorskip("anywidget")
    monkeypatch.chdir(tmp_path)
    learner = ActiveLearner(X_pool=points())
    session = learner.label(TEXTS).session
    assert session.folder == tmp_path / "labels.session"
    ids = [one.id for one in session.samples()]
    session.answer_many(ids[:3], "apple")
    session.next()
    session.answer(ids[3], "pear")
    session.next()
    learner.undo()
    again = learner.label(TEXTS).session
    assert again.id == session.id
    assert taught(learner) == {0: "apple", 1: "apple", 2: "apple"}
    assert again.sample(ids[3]).label is None
    again.close()
