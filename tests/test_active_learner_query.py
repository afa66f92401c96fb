"""ActiveLearner.query: its positions, and the arguments it rejects."""

import copy
import pickle

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from skactive import ActiveLearner
from skactive.measures import Entropy, Margin
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.strategies import CDFProduct, RandomSampling, UncertaintySampling


def two_clouds(n_samples=24):
    rng = np.random.default_rng(0)
    y = np.arange(n_samples) % 2
    X = np.where(y[:, np.newaxis], [3.0, 0.5], [0.5, 3.0]) + rng.normal(size=(n_samples, 2))
    return X, np.array(["down", "right"])[y]


ESTIMATORS = [
    IncrementalKNeighborsClassifier(3),
    LogisticRegression(),
    RandomForestClassifier(5, random_state=0),
    GaussianNB(),
    SGDClassifier(random_state=0),
    LinearSVC(),
    make_pipeline(StandardScaler(), IncrementalKNeighborsClassifier(metric="euclidean")),
    make_pipeline(StandardScaler(), LogisticRegression()),
]
STRATEGIES = [
    CDFProduct(),
    CDFProduct(random_state=3),
    UncertaintySampling(Entropy()),
    RandomSampling(random_state=0),
]


def last_step(estimator):
    return type(getattr(estimator, "steps", [(None, estimator)])[-1][1]).__name__


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=last_step)
@pytest.mark.parametrize("strategy", STRATEGIES, ids=lambda strategy: type(strategy).__name__)
def test_every_strategy_labels_the_whole_pool_with_every_estimator(strategy, estimator):
    X, y = two_clouds()
    learner = ActiveLearner(estimator, strategy, X)
    selected = []
    for n_instances in (1, 1, 2, 5, 10, 5):
        indices, utilities = learner.query(n_instances, return_utilities=True)
        assert indices.shape == utilities.shape == (n_instances,)
        assert indices.dtype.kind == "i"
        assert np.isfinite(utilities).all()
        np.testing.assert_array_equal(learner.query(n_instances), indices)
        learner.teach(indices, y[indices])
        selected += indices.tolist()
    assert sorted(selected) == list(range(24))
    assert learner.candidates.size == 0
    np.testing.assert_array_equal(learner.labeled, selected)
    np.testing.assert_array_equal(learner.labels, y[selected])
    assert learner.score(X, y) > 0.8


def test_positions_refer_to_the_pool_as_it_was_given():
    X, y = two_clouds()
    learner = ActiveLearner(X_pool=X)
    learner.teach([5, 2, 7], y[[5, 2, 7]]).skip([0, 1])
    np.testing.assert_array_equal(learner.candidates, np.setdiff1d(np.arange(24), [0, 1, 2, 5, 7]))
    everything_left = learner.query(19)
    assert set(everything_left) == set(learner.candidates)
    np.testing.assert_array_equal(learner.samples([7, 0]), X[[7, 0]])


def test_candidates_narrow_the_choice():
    X, y = two_clouds()
    learner = ActiveLearner(X_pool=X).teach([0, 1], y[:2])
    selected, utilities = learner.query(3, candidates=[9, 4, 17], return_utilities=True)
    assert set(selected) == {4, 9, 17}
    assert utilities.shape == (3,)
    assert learner.query(candidates=np.array([11])) == [11]


@pytest.mark.parametrize(
    ("candidates", "error", "message"),
    [
        ([3, 5], ValueError, "Sample 3 of the pool is labelled already. Hint: `candidates` lists"),
        ([5, 4], ValueError, "Sample 4 of the pool is skipped already. Hint: `candidates` lists"),
        ([24], IndexError, "no sample 24 in a pool of 24: positions go from 0 to 23"),
        ([-1], IndexError, "no sample -1 in a pool of 24"),
        ([0.5], TypeError, r"named by integer positions. Got \[0.5\] instead"),
        ([True, False], TypeError, "named by integer positions"),
        ([], ValueError, "No sample is left to label: each of the pool's 24 is .* passed"),
    ],
)
def test_candidates_that_are_none_are_refused(candidates, error, message):
    X, y = two_clouds()
    learner = ActiveLearner(X_pool=X).teach(3, y[3]).skip(4)
    with pytest.raises(error, match=message):
        learner.query(candidates=candidates)


def test_querying_more_than_the_remaining_candidates_raises_with_their_number():
    X, y = two_clouds()
    learner = ActiveLearner(X_pool=X).teach(range(20), y[:20]).skip(20)
    with pytest.raises(ValueError, match=r"n_instances=4 .* 3 of the pool's 24 are left to label"):
        learner.query(4)
    assert set(learner.query(3)) == {21, 22, 23}
    learner.teach([21, 22, 23], y[21:])
    with pytest.raises(ValueError, match=r"each of the pool's 24 is labelled, .* undo"):
        learner.query()


@pytest.mark.parametrize("n_instances", [0, -1, 1.0, "2", None, True])
def test_a_number_of_instances_that_is_none_is_refused(n_instances):
    learner = ActiveLearner(X_pool=two_clouds()[0])
    with pytest.raises((TypeError, ValueError), match="'n_instances' parameter of query must be"):
        learner.query(n_instances)


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=last_step)
def test_a_query_changes_nothing(estimator):
    X, y = two_clouds()
    learner = ActiveLearner(estimator, X_pool=X).teach([0, 1, 2], y[:3])
    twin = copy.deepcopy(learner)
    for _ in range(3):
        learner.query(4)
    np.testing.assert_array_equal(learner.query(10), twin.query(10))
    np.testing.assert_array_equal(learner.predict(X), twin.predict(X))


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=last_step)
@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda learner: pickle.loads(pickle.dumps(learner))]
)
def test_a_copy_goes_on_as_the_original_would_and_apart_from_it(estimator, copied):
    X, y = two_clouds()
    learner = ActiveLearner(estimator, X_pool=X).teach([0, 1, 2, 3], y[:4]).skip([8])
    learner.query()
    twin = copied(learner)
    for _ in range(3):
        indices = learner.query(2)
        np.testing.assert_array_equal(twin.query(2), indices)
        learner.teach(indices, y[indices])
        twin.teach(indices, y[indices])
    np.testing.assert_array_equal(twin.predict(X), learner.predict(X))
    assert set(twin.undo()) == set(indices)
    assert len(twin.labeled) == len(learner.labeled) - 2


def test_texts_are_queried_without_labels():
    texts = ["red apple", "green apple", "sweet orange", "orange peel"]
    vectorizer = HashingVectorizer(n_features=2**8)
    learner = ActiveLearner(make_pipeline(vectorizer, LogisticRegression()), X_pool=texts)
    first = learner.query(2)
    assert learner.samples(first) == [texts[position] for position in first]


def test_ids_are_positions_where_none_are_given():
    np.testing.assert_array_equal(ActiveLearner(X_pool=two_clouds()[0]).ids, np.arange(24))


def test_the_index_of_a_frame_or_series_names_its_samples():
    pd = pytest.importorskip("pandas")
    X, _ = two_clouds()
    names = [f"photo {number}" for number in range(24)]
    learner = ActiveLearner(X_pool=pd.DataFrame(X, index=names, columns=["x", "y"]))
    assert learner.ids.tolist() == names
    assert learner.ids[learner.query()][0] in names
    texts = pd.Series(["red apple", "sour apple", "an orange"], index=[30, 10, 20])
    pipeline = make_pipeline(HashingVectorizer(n_features=2**8), IncrementalKNeighborsClassifier())
    learner = ActiveLearner(pipeline, X_pool=texts).teach([2], ["orange"])
    assert learner.ids.tolist() == [30, 10, 20]
    assert learner.samples([2]).tolist() == ["an orange"]
    assert learner.samples([2]).index.tolist() == [20]


@pytest.mark.parametrize(
    "ids",
    [
        ["a", "b", "c"],
        [7, 5, 6],
        [1, "a", None],
        [(1, 2), (3, 4), (5, 6)],
        [("a", 1), ("b",), ("c", (1, 2))],
        np.array([3, 1, 2]),
    ],
)
def test_the_callers_own_ids_are_kept_as_they_are(ids):
    learner = ActiveLearner(X_pool=np.eye(3), ids=ids)
    assert learner.ids.shape == (3,)
    assert learner.ids.tolist() == list(ids)


def test_ids_of_another_length_are_refused():
    with pytest.raises(ValueError, match="There are 2 ids for the 3 samples of X_pool"):
        ActiveLearner(X_pool=np.eye(3), ids=["a", "b"])


@pytest.mark.parametrize(
    ("ids", "got"),
    [
        (5, "Got 5 instead"),
        (np.array("abc"), r"Got array\('abc', dtype='<U3'\) instead"),
        (iter("abc"), "Got <str_.* instead"),
        (np.eye(3), r"Got an array of shape \(3, 3\) instead"),
        ([["a", "b"]] * 3, r"Got an array of shape \(3, 2\) instead"),
    ],
    ids=["number", "no dimension", "iterator", "matrix", "lists"],
)
def test_ids_that_are_no_names_are_refused(ids, got):
    sentence = "The 'ids' parameter must be a list or array with one name for each sample. "
    with pytest.raises(ValueError, match=f"{sentence}{got}. Hint: a name of several parts must"):
        ActiveLearner(X_pool=np.eye(3), ids=ids)


@pytest.mark.parametrize("strategy", [CDFProduct, lambda learner, X: [0], ["random"]])
def test_an_object_that_is_not_a_strategy_raises(strategy):
    with pytest.raises(
        TypeError, match=r"must be a query strategy, such as CDFProduct\(\), or a name"
    ):
        ActiveLearner(None, strategy, np.eye(3))


def test_a_measure_in_place_of_a_strategy_is_named():
    with pytest.raises(TypeError, match=r"Hint: a measure is queried by UncertaintySampling\("):
        ActiveLearner(None, Margin(), np.eye(3))


def test_the_repr_shows_the_progress_of_the_labelling():
    learner = ActiveLearner(X_pool=np.eye(5)).teach([0, 1], ["a", "b"]).skip(2)
    assert repr(learner) == (
        "<ActiveLearner: 2 of 5 samples labelled, 2 left, "
        "estimator=IncrementalLabelSpreading(), strategy=UncertaintyHerding()>"
    )
