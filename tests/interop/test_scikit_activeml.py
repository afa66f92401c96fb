"""Strategies of scikit-activeml used in skactive, and the reverse."""

import inspect
import pickle
import subprocess
import sys

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.datasets import make_blobs
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

from skactive import ActiveLearner
from skactive.integrations.scikit_activeml import ActivemlStrategy
from skactive.model_selection import compare_strategies
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.pool import Pool
from skactive.semi_supervised import IncrementalLabelSpreading
from skactive.strategies import CDFProduct, KCenterGreedy, RandomSampling, UncertaintySampling

peers = pytest.importorskip("skactiveml.pool", reason="scikit-activeml is not installed")

from skactiveml.base import SingleAnnotatorPoolQueryStrategy  # noqa: E402
from skactiveml.classifier import (  # noqa: E402
    MixtureModelClassifier,
    ParzenWindowClassifier,
    SklearnClassifier,
)
from strategies_under_contract import STRATEGIES, assert_query  # noqa: E402

from skactive.integrations.scikit_activeml import SkactiveStrategy  # noqa: E402

X, codes = make_blobs(90, 4, centers=3, cluster_std=2.0, random_state=0)
NAMES = np.array(["pear", "apple", "quince"])
y = NAMES[codes]
TWO = codes < 2


class Careless(SingleAnnotatorPoolQueryStrategy):
    """Returns a given answer, and the first feature as the utility of each candidate."""

    def __init__(self, answer=(), missing_label=np.nan, random_state=None):
        super().__init__(missing_label=missing_label, random_state=random_state)
        self.answer = answer

    def query(self, X, y, candidates=None, batch_size=1, return_utilities=False):
        utilities = np.full((batch_size, len(X)), np.nan)
        left = np.flatnonzero(np.isnan(y)) if candidates is None else candidates
        utilities[:, left] = X[left, 0]
        return np.asarray(self.answer), utilities


@pytest.mark.parametrize("answer", [(5, 5, 5), (0, 5, 1), (2, 5), (5,), (5, -1, 99), (5, 8, 7, 6)])
def test_a_strategy_with_a_careless_answer_chooses_different_candidates(answer):
    samples = np.arange(9.0)[:, np.newaxis]
    learner = ActiveLearner(
        IncrementalKNeighborsClassifier(), ActivemlStrategy(Careless(answer)), X_pool=samples
    )
    # 0 and 1 are labelled, 2 is skipped.
    learner.teach([0, 1], ["a", "b"]).skip([2])
    assert learner.query(3).tolist() == ([5, 8, 7])


THEIRS = [getattr(peers, name) for name in peers.__all__ if inspect.isclass(getattr(peers, name))]
REGRESSION = "needs continuous labels"
# Strategies that cannot select samples for a classifier, and the reasons.
UNSUPPORTED = {
    "ExpectedErrorReduction": "abstract",
    "ExpectedModelChangeMaximization": REGRESSION,
    "ExpectedModelOutputChange": REGRESSION,
    "ExpectedModelVarianceReduction": REGRESSION,
    "GreedySamplingTarget": REGRESSION,
    "KLDivergenceMaximization": REGRESSION,
    "RegressionTreeBasedAL": REGRESSION,
}
ARGUMENTS = {
    "Quire": {"classes": NAMES},
    "CostEmbeddingAL": {"classes": NAMES},
    "SubSamplingWrapper": {"query_strategy": peers.UncertaintySampling(), "max_candidates": 0.5},
    "ParallelUtilityEstimationWrapper": {"query_strategy": peers.CoreSet(), "n_jobs": 1},
    "GreedyBALD": {"n_MC_samples": 20},
}
SUPPORTED = [one for one in THEIRS if one.__name__ not in UNSUPPORTED]


def theirs(one, **params):
    return one(**{"random_state": 0, **ARGUMENTS.get(one.__name__, {}), **params})


def goes_by_a_classifier(one):
    return not {"clf", "estimator", "ensemble"}.isdisjoint(inspect.signature(one.query).parameters)


@pytest.mark.parametrize(
    ("one", "estimator"),
    [(one, None) for one in SUPPORTED]
    + [(one, GaussianNB()) for one in SUPPORTED if goes_by_a_classifier(one)],
    ids=lambda value: getattr(value, "__name__", repr(value)),
)
def test_every_strategy_of_theirs_selects_in_our_loop(one, estimator):
    # One of them knows two classes only; expected errors fit a classifier for each candidate.
    kept = TWO if one.__name__ == "EpistemicUncertaintySampling" else codes >= 0
    kept = kept & (np.arange(len(X)) % (6 if "EER" in one.__name__ else 2) == 0)
    strategy = ActivemlStrategy(theirs(one))
    learner = ActiveLearner(estimator, strategy, X[kept])
    for _ in range(5):
        indices = learner.query()
        np.testing.assert_array_equal(indices, learner.query())
        learner.teach(indices, y[kept][indices])
    indices, utilities = learner.query(return_utilities=True)
    assert_query((indices, utilities), learner.candidates, 1)
    worth = strategy.utilities(learner.pool)
    assert worth.shape == (learner.pool.n_candidates,)
    assert np.isfinite(worth).all()
    assert "Sample" in str(learner.explain_query(indices))


def test_unsupported_strategies_raise_with_the_reason():
    pool = Pool(X).add_labels([0, 1, 2], y[:3])
    reasons = {
        one.__name__: REGRESSION
        for one in THEIRS
        if not inspect.isabstract(one) and "reg" in inspect.signature(one.query).parameters
    }
    reasons |= {one.__name__: "abstract" for one in THEIRS if inspect.isabstract(one)}
    reasons |= {"ExpectedErrorReduction": "abstract"}
    assert reasons == UNSUPPORTED
    for name, reason in UNSUPPORTED.items():
        if reason == REGRESSION:
            with pytest.raises(TypeError, match=f"{name} of scikit-activeml {REGRESSION}"):
                ActivemlStrategy(getattr(peers, name)()).select(pool)


def test_the_selection_equals_that_of_the_original_strategy():
    labels = np.full(len(X), np.nan)
    labels[[5, 50, 80]] = np.searchsorted(np.unique(y), y[[5, 50, 80]])
    pool = Pool(X, dtype=np.float64, estimator=IncrementalKNeighborsClassifier())
    pool.add_labels([5, 50, 80], y[[5, 50, 80]])
    classifier = SklearnClassifier(GaussianNB(), classes=[0, 1, 2], random_state=3)
    for strategy, params in [
        (peers.CoreSet(random_state=3), {}),
        (peers.UncertaintySampling("margin_sampling", random_state=3), {"clf": classifier}),
        (peers.Badge(random_state=3), {"clf": classifier}),
    ]:
        expected, worth = strategy.query(X, labels, batch_size=4, return_utilities=True, **params)
        for ours in (
            ActivemlStrategy(strategy, GaussianNB() if params else None),
            ActivemlStrategy(strategy, query_params=params),
        ):
            indices, utilities = ours.select(pool, 4)
            np.testing.assert_array_equal(indices, expected)
            np.testing.assert_array_equal(utilities, worth[range(4), np.asarray(expected)])


def test_seed_set_and_skipped_samples_are_passed_as_such():
    far = np.full((1, 4), 50.0)
    learner = ActiveLearner(
        strategy=ActivemlStrategy(peers.CoreSet(random_state=0)),
        X_pool=np.vstack([X, 2 * far, far + 1]),
        X_labeled=far,
        y_labeled=["far"],
    )
    assert learner.teach([0], [y[0]]).query().tolist() == [90]
    assert learner.skip([90]).query() < 90
    indices, utilities = learner.query(3, candidates=[7, 8, 9], return_utilities=True)
    assert_query((indices, utilities), [7, 8, 9], 3)


def test_classes_are_passed_whatever_the_strategy_assumed():
    pool = Pool(X, estimator=IncrementalKNeighborsClassifier()).add_labels(
        [5, 50, 80], y[[5, 50, 80]]
    )
    with_classes = ActivemlStrategy(
        peers.UncertaintySampling(missing_label="none", random_state=0),
        ParzenWindowClassifier(classes=["a", "b"], missing_label="none", random_state=0),
    )
    without_classes = ActivemlStrategy(
        peers.UncertaintySampling(random_state=0), ParzenWindowClassifier()
    )
    np.testing.assert_array_equal(
        with_classes.select(pool, 5)[0], without_classes.select(pool, 5)[0]
    )
    assert with_classes.estimator.classes == ["a", "b"]


def test_a_declared_class_without_a_label_counts():
    strategy = ActivemlStrategy(peers.Quire(classes=["quince", "fig", "apple"], random_state=0))
    assert strategy._classes(Pool(X)).tolist() == ["apple", "fig", "quince"]
    pool = Pool(X).add_labels([5, 50], ["pear", "fig"])
    assert strategy._classes(pool).tolist() == ["apple", "fig", "pear", "quince"]


def test_the_estimator_of_a_strategy_is_chosen_by_its_requirements():
    def parameter_of(strategy, own, name):
        pool = Pool(X, estimator=own).add_labels([5, 50, 80], y[[5, 50, 80]])
        return ActivemlStrategy(strategy)._query_params(pool, np.unique(y))[name]

    knn = IncrementalKNeighborsClassifier(3)
    assert isinstance(parameter_of(peers.FourDs(), knn, "clf"), MixtureModelClassifier)
    assert isinstance(parameter_of(peers.ProbabilisticAL(), knn, "clf"), ParzenWindowClassifier)
    assert isinstance(parameter_of(peers.MonteCarloEER(), knn, "clf"), ParzenWindowClassifier)
    assert isinstance(
        parameter_of(peers.MonteCarloEER(), GaussianNB(), "clf").estimator, GaussianNB
    )
    assert parameter_of(peers.Clue(), knn, "estimator").estimator.n_neighbors == 3
    spreading = IncrementalLabelSpreading(metric="euclidean")
    stand_in = parameter_of(peers.Badge(), spreading, "clf").estimator
    assert isinstance(stand_in, IncrementalKNeighborsClassifier)
    assert stand_in.metric == "euclidean"
    bagged = parameter_of(peers.QueryByCommittee(random_state=4), knn, "ensemble")
    assert len(bagged.fit(X, codes).estimators_) == 10
    assert bagged.estimator.random_state == 4
    members = [GaussianNB(), LogisticRegression()]
    pool = Pool(X).add_labels([5, 50, 80], y[[5, 50, 80]])
    committee = ActivemlStrategy(peers.QueryByCommittee(random_state=0), members)
    assert len(committee._query_params(pool, np.unique(y))["ensemble"]) == 2
    assert_query(committee.select(pool, 3), pool.candidates, 3)


def test_label_spreading_may_be_the_learner():
    strategy = ActivemlStrategy(peers.UncertaintySampling(random_state=0))
    learner = ActiveLearner(IncrementalLabelSpreading(), strategy, X).teach([5, 50], y[[5, 50]])
    assert_query(learner.query(4, return_utilities=True), learner.candidates, 4)


def test_theirs_are_cloned_pickled_and_tuned_as_ours_are():
    strategy = ActivemlStrategy(peers.Badge(random_state=1), LogisticRegression(C=2.0))
    copied = pickle.loads(pickle.dumps(clone(strategy)))
    assert copied.get_params()["estimator__C"] == 2.0
    assert copied.set_params(strategy__random_state=5).strategy.random_state == 5
    assert strategy.strategy.random_state == 1
    assert "ActivemlStrategy" in strategy._repr_html_()


def test_one_comparison_contains_all_packages(tmp_path):
    strategies = {
        "random": RandomSampling(),
        "cdf-product": CDFProduct(),
        "their committee": ActivemlStrategy(peers.QueryByCommittee()),
        "their badge": ActivemlStrategy(peers.Badge()),
    }
    curves = [
        compare_strategies(
            None, strategies, X, y, budget=8, cv=2, random_state=0, memory=memory
        ).frame()
        for memory in (None, tmp_path, tmp_path)
    ]
    assert set(curves[0]["strategy"]) == set(strategies)
    for again in curves[1:]:
        assert curves[0].equals(again)


def test_an_object_that_is_not_a_scikit_activeml_strategy_raises():
    for wrong in (CDFProduct(), peers.CoreSet, "badge"):
        with pytest.raises(TypeError, match="needs a pool-based strategy of scikit-activeml"):
            ActivemlStrategy(wrong).select(Pool(X))
    with pytest.raises(TypeError, match="CoreSet of scikit-activeml needs dense features"):
        ActivemlStrategy(peers.CoreSet()).select(Pool(sp.csr_matrix(X)))
    with pytest.raises(ValueError, match="n_instances=91 samples were requested"):
        ActivemlStrategy(peers.CoreSet()).select(Pool(X), 91)


def labels_with_missing(positions, missing):
    labels = np.full(len(X), missing, dtype=object if missing is None else None)
    labels = labels.astype("<U6") if isinstance(missing, str) else labels
    labels[positions] = y[positions] if not isinstance(missing, float) else codes[positions]
    return labels


@pytest.mark.parametrize("strategy", STRATEGIES, ids=repr)
def test_each_of_ours_chooses_as_itself_in_their_hands(strategy):
    labeled = np.array([5, 50, 80, 81])
    labels = labels_with_missing(labeled, np.nan)
    ours = SkactiveStrategy(strategy)
    assert isinstance(ours, SingleAnnotatorPoolQueryStrategy)
    indices, utilities = ours.query(X, labels, batch_size=3, return_utilities=True)
    learner = ActiveLearner(IncrementalKNeighborsClassifier(), strategy, X)
    learner.teach(labeled, codes[labeled])
    expected, worth = learner.query(3, return_utilities=True)
    np.testing.assert_array_equal(indices, expected)
    np.testing.assert_array_equal(utilities[range(3), indices], worth)
    assert utilities.shape == (3, len(X))
    for row in range(3):
        missing = {*labeled.tolist(), *indices[:row].tolist()}
        assert set(np.flatnonzero(np.isnan(utilities[row])).tolist()) == missing
        best = np.nanmax(utilities[row])
        assert utilities[row, indices[row]] == pytest.approx(best)


@pytest.mark.parametrize("missing", [None, "none", np.nan], ids=repr)
def test_labels_of_any_kind_and_classifiers_of_any_package(missing):
    labels = labels_with_missing(np.arange(0, 90, 9), missing)
    ours = SkactiveStrategy(UncertaintySampling(), missing_label=missing)
    classes = np.unique(codes if missing is not None and not isinstance(missing, str) else y)
    wrapped = SklearnClassifier(GaussianNB(), classes=classes, missing_label=missing)
    chosen = [
        ours.query(X, labels, clf=classifier, fit_clf=fit, batch_size=4).tolist()
        for classifier, fit in [
            (GaussianNB(), True),
            (wrapped, True),
            (clone(wrapped).fit(X, labels), False),
        ]
    ]
    assert chosen[0] == chosen[1] == chosen[2]


def test_candidates_are_positions_or_samples():
    labels = labels_with_missing([5, 50, 80], np.nan)
    ours = SkactiveStrategy(KCenterGreedy("euclidean"))
    among = np.array([3, 60, 7, 9])
    indices, utilities = ours.query(X, labels, candidates=among, return_utilities=True)
    assert np.flatnonzero(~np.isnan(utilities[0])).tolist() == sorted(among.tolist())
    by_samples, worth = ours.query(X, labels, candidates=X[among], return_utilities=True)
    assert worth.shape == (1, 4)
    np.testing.assert_array_equal(among[by_samples], indices)
    np.testing.assert_allclose(worth[0], utilities[0, among])


def test_ours_begin_without_a_label_and_keep_their_rules_on_batches():
    nothing = np.full(len(X), np.nan)
    for classifier in (None, GaussianNB(), ParzenWindowClassifier()):
        assert len(SkactiveStrategy().query(X, nothing, clf=classifier, batch_size=2)) == 2
    with pytest.warns(UserWarning, match="larger than number of candidates"):
        assert len(SkactiveStrategy().query(X[:3], nothing[:3], batch_size=5)) == 3
    with pytest.raises(ValueError, match="labelled already"):
        SkactiveStrategy().query(X, labels_with_missing([4], np.nan), candidates=[4])


def test_ours_are_seeded_cloned_and_wrapped_by_theirs():
    labels = labels_with_missing([5, 50, 80], np.nan)
    seeded = [
        SkactiveStrategy(RandomSampling(), random_state=seed)
        .query(X, labels, batch_size=9)
        .tolist()
        for seed in (0, 0, 1)
    ]
    assert seeded[0] == seeded[1] != seeded[2]
    copied = pickle.loads(pickle.dumps(clone(SkactiveStrategy(CDFProduct()))))
    assert (
        copied.set_params(strategy__diversity__aggregate="min").get_params()[
            "strategy__diversity__aggregate"
        ]
        == "min"
    )
    sampled = peers.SubSamplingWrapper(copied, max_candidates=10, random_state=0)
    _, utilities = sampled.query(X, labels, return_utilities=True)
    assert np.isfinite(utilities).sum() == 10
    there_and_back = ActivemlStrategy(SkactiveStrategy(KCenterGreedy()))
    pool = Pool(X).add_labels([5, 50], y[[5, 50]])
    np.testing.assert_array_equal(
        there_and_back.select(pool, 5)[0], KCenterGreedy().select(pool, 5)[0]
    )


BLOCKED = "import sys; sys.modules['skactiveml'] = None\n"


@pytest.mark.parametrize(
    "use",
    [
        "from skactive.integrations.scikit_activeml import SkactiveStrategy",
        "import skactive.integrations.scikit_activeml as integration, skactive\n"  # noqa: ISC004
        "integration.ActivemlStrategy(None).select(skactive.Pool([[1.0]]))",
    ],
)
def test_without_the_package_the_error_names_the_extra(use):
    ran = subprocess.run(
        [sys.executable, "-c", BLOCKED + use], capture_output=True, text=True, check=False
    )
    assert (
        "ImportError: skactive.integrations.scikit_activeml needs scikit-activeml, which is not "
        "installed. Install it with: pip install 'skactive[activeml]'"
    ) in ran.stderr


def test_an_unknown_name_is_an_attribute_error():
    import skactive.integrations.scikit_activeml as integration

    with pytest.raises(AttributeError, match="has no attribute 'Badge'"):
        integration.Badge  # noqa: B018
    assert {"ActivemlStrategy", "SkactiveStrategy"} <= set(dir(integration))


@pytest.mark.parametrize("y", [["a", "b", "?", "?"], ["a", "b", "a", "b"]])
def test_a_pool_without_unlabelled_samples_is_refused_in_one_sentence(y):
    strategy = SkactiveStrategy(CDFProduct(), missing_label=None)
    with pytest.raises(ValueError, match="No sample is unlabelled: missing_label=None is not in y"):
        strategy.query(np.eye(4), np.array(y, dtype=object))
