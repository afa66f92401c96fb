"""Models are saved and loaded by skops, which stores no code: the loaded object is equivalent."""

import inspect

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skactive.measures
import skactive.strategies
from skactive import ActiveLearner, Pool
from skactive.labeling import LabelingSession
from skactive.measures import Measure
from skactive.model_selection import BudgetedClassifier
from skactive.neighbors import IncrementalKNeighborsClassifier, NeighborGraph
from skactive.semi_supervised import IncrementalLabelSpreading
from skactive.strategies import CDFProduct, QueryStrategy

skops_io = pytest.importorskip("skops.io")

X, Y = load_digits(return_X_y=True)
X, Y = X[:120], Y[:120]
NEW = X[:20] + 0.5
LABELS = {
    "integers": Y,
    "strings": np.array([f"digit {label}" for label in Y]),
    "booleans": Y < 5,
}
CLASSIFIERS = [
    IncrementalKNeighborsClassifier(),
    IncrementalKNeighborsClassifier(weights="gaussian", max_labeled=15, half_life=5),
    IncrementalLabelSpreading(),
    IncrementalLabelSpreading(metric="euclidean", head_weight=0.5),
]


def saved_and_loaded(thing):
    saved = skops_io.dumps(thing)
    untrusted = skops_io.get_untrusted_types(data=saved)
    assert all(name.startswith(("skactive.", "scipy.sparse.", "numpy.dtype")) for name in untrusted)
    return skops_io.loads(saved, trusted=untrusted)


@pytest.mark.parametrize("kind", LABELS)
@pytest.mark.parametrize("classifier", CLASSIFIERS, ids=repr)
def test_a_loaded_classifier_predicts_and_learns_as_the_saved_one(classifier, kind):
    labels = LABELS[kind]
    classifier = clone(classifier).fit(X, labels)
    classifier.remove_labeled([117, 119]).relabel([116], labels[:1])
    loaded = saved_and_loaded(classifier)
    for step in range(3):
        for name in ("classes_", "labeled_indices_", "y_labeled_"):
            np.testing.assert_array_equal(getattr(loaded, name), getattr(classifier, name))
        np.testing.assert_array_equal(loaded.predict_proba(NEW), classifier.predict_proba(NEW))
        new = slice(5 * step, 5 * step + 5)
        for one in (classifier, loaded):
            one.add_labeled(NEW[new], labels[new])


def test_a_loaded_spreading_classifier_finds_the_nodes_of_the_saved_one():
    unlabeled = np.where(np.arange(120) < 10, Y, -1)
    classifier = IncrementalLabelSpreading().fit(X, unlabeled)
    classifier.add_labeled(X[[50]], Y[[50]])
    loaded = saved_and_loaded(classifier)
    loaded.add_labeled(X[[60]], Y[[60]])
    assert loaded.labeled_indices_.tolist() == [*range(10), 50, 60]
    classifier.add_labeled(X[[60]], Y[[60]])
    np.testing.assert_array_equal(loaded.transduction_, classifier.transduction_)


def test_sparse_features_are_loaded_as_they_were_saved():
    for classifier in (IncrementalKNeighborsClassifier(), IncrementalLabelSpreading()):
        classifier.fit(sp.csr_matrix(X), Y)
        loaded = saved_and_loaded(classifier)
        np.testing.assert_array_equal(loaded.predict_proba(NEW), classifier.predict_proba(NEW))


def test_a_loaded_graph_has_the_affinity_of_the_saved_one():
    graph = NeighborGraph.of(X, n_neighbors=5)
    graph.affinity("median")
    graph.affinity(0.5)
    loaded = saved_and_loaded(graph)
    assert (loaded.affinity() != graph.affinity()).nnz == 0
    for found, expected in zip(loaded.kneighbors(NEW), graph.kneighbors(NEW), strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    "classifier",
    [
        make_pipeline(StandardScaler(), IncrementalLabelSpreading()),
        BudgetedClassifier(IncrementalKNeighborsClassifier(), budget=20),
        BudgetedClassifier(IncrementalLabelSpreading(), budget=20),
    ],
    ids=["pipeline", "k-NN on a budget", "spreading on a budget"],
)
def test_composed_classifiers_are_loaded(classifier):
    classifier.fit(X, Y)
    np.testing.assert_array_equal(
        saved_and_loaded(classifier).predict(NEW), classifier.predict(NEW)
    )


@pytest.mark.parametrize("package", [skactive.measures, skactive.strategies])
def test_every_measure_and_strategy_is_loaded_with_its_parameters(package):
    kinds = [getattr(package, name) for name in package.__all__]
    classes = [kind for kind in kinds if inspect.isclass(kind)]
    things = [kind for kind in classes if issubclass(kind, Measure | QueryStrategy)]
    concrete = [kind() for kind in things if not kind.__abstractmethods__]
    assert len(concrete) >= len(things) - 1
    for thing in concrete:
        loaded = saved_and_loaded(thing)
        assert type(loaded) is type(thing)
        assert repr(loaded) == repr(thing)


@pytest.mark.parametrize("kind", LABELS)
@pytest.mark.parametrize(
    "classifier", [None, *CLASSIFIERS[::2], LogisticRegression(max_iter=500)], ids=repr
)
def test_a_loaded_learner_goes_on_as_the_saved_one(classifier, kind):
    labels = LABELS[kind]
    classifier = None if classifier is None else clone(classifier)
    learner = ActiveLearner(classifier, X_pool=X, ids=[f"photo {place}" for place in range(120)])
    learner.teach(range(0, 40, 2), labels[:40:2]).skip([41]).relabel([4], labels[:1]).query(2)
    loaded = saved_and_loaded(learner)
    for step in range(3):
        np.testing.assert_array_equal(loaded.query(3), learner.query(3))
        np.testing.assert_array_equal(loaded.predict_proba(NEW), learner.predict_proba(NEW))
        for one in (learner, loaded):
            one.teach([50 + step], labels[[50 + step]])
    assert loaded.undo().tolist() == learner.undo().tolist()
    assert str(loaded.progress) == str(learner.progress)
    assert str(loaded.explain_query(100)) == str(learner.explain_query(100))


def test_a_loaded_learner_chooses_by_the_values_cached_before_it_was_saved():
    steps = make_pipeline(StandardScaler(), IncrementalKNeighborsClassifier())
    learner = ActiveLearner(steps, CDFProduct(), X, X_labeled=NEW[:2], y_labeled=Y[:2])
    learner.teach([5, 6, 7], Y[5:8]).forget(4)
    learner.query()
    loaded = saved_and_loaded(learner)
    for one in (learner, loaded):
        one.teach([9], Y[9:10])
    np.testing.assert_array_equal(loaded.query(4), learner.query(4))
    assert loaded.undo().tolist() == learner.undo().tolist() == [9]
    assert loaded.undo().tolist() == learner.undo().tolist()
    np.testing.assert_array_equal(loaded.labeled, learner.labeled)
    np.testing.assert_array_equal(loaded.query(4), learner.query(4))


def test_a_loaded_pool_has_the_answers_and_distances_of_the_saved_one():
    pool = Pool(X, estimator=IncrementalKNeighborsClassifier()).add_labels([3, 1], ["a", "b"])
    pool.distance_to_labeled("euclidean", "min")
    pool.density()
    pool.coverage_gain()
    pool.posterior()
    loaded = saved_and_loaded(pool)
    for one in (pool, loaded):
        one.add_labels([7], ["c"])
    np.testing.assert_array_equal(loaded.labeled, [3, 1, 7])
    np.testing.assert_array_equal(loaded.posterior(), pool.posterior())
    np.testing.assert_array_equal(loaded.distance_to_labeled(), pool.distance_to_labeled())
    np.testing.assert_array_equal(loaded.coverage_gain(), pool.coverage_gain())


def test_the_classifier_of_a_session_predicts_texts_as_before(tmp_path):
    texts = [f"{word} {n}" for n in range(10) for word in ("red apple", "sweet orange")]
    with LabelingSession(texts, tmp_path) as session:
        for one in session.wait().next(6):
            session.answer(one.id, one.value.split()[1])
        classifier = session.classifier()
    loaded = saved_and_loaded(classifier)
    new = ["an apple", "an orange", "neither"]
    np.testing.assert_array_equal(loaded.predict_proba(new), classifier.predict_proba(new))
