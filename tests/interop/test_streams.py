"""Strategies of streams against those of scikit-activeml; river's streams and detectors; modAL."""

import warnings
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.naive_bayes import GaussianNB
from streams_under_contract import small_stream

from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.streams import (
    CognitiveDual,
    FixedUncertainty,
    LocalDensity,
    PeriodicSampling,
    ProbabilisticSampling,
    RandomVariableUncertainty,
    Split,
    StreamBudget,
    StreamRandomSampling,
    StreamSampler,
    VariableUncertainty,
)

N = 600
SHARE = 0.2
WINDOW = 50


class ScriptedNumbers(np.random.RandomState):
    """The same random factor for each call at one sample, and the next one at the next sample.

    scikit-activeml computes a decision by one random number, and moves on by another.
    """

    def __init__(self):
        super().__init__(0)
        self.factors = np.random.RandomState(7).normal(1, 1, size=N).tolist()

    def normal(self, *_):
        return self.factors[0]

    def get_state(self):
        return None

    def set_state(self, _):
        pass

    def random_sample(self, size=None):
        self.factors.pop(0)

    def __deepcopy__(self, memo):
        return self


class EachSample:
    """Random factors, one for each sample, whether it is drawn or not."""

    def __init__(self):
        self.factors = np.random.RandomState(7).normal(1, 1, size=N).tolist()

    def normal(self, *_):
        return self.factors[0]


def confidences(seed=0):
    """Return utilities as of a classifier that becomes certain and is wrong again."""
    random = np.random.default_rng(seed)
    height = 0.25 + 0.25 * np.cos(np.linspace(0, 12, N))
    return random.beta(1, 3, size=N) * 2 * height


def decide(strategy, utilities, *, window=WINDOW, numbers=None, X=None):
    """Return our decisions about samples of given utilities."""
    budget = StreamBudget(SHARE, window=window)
    strategy.begin(np.random.RandomState(5) if numbers is None else numbers)
    X = np.zeros((N, 1)) if X is None else X
    decisions = []
    for x, one in zip(X, utilities, strict=True):
        utility = strategy.utility(x, one)
        queried = strategy.decide(utility, budget) and budget.is_left
        strategy.observe(x, queried)
        budget.record(queried)
        decisions.append(queried)
        if numbers is not None:
            numbers.factors.pop(0)
    return decisions


def their_decisions(manager, utilities):
    decisions = []
    for one in utilities:
        queried = manager.query_by_utility(np.array([one]))
        manager.update(np.zeros((1, 1)), queried)
        decisions.append(len(queried) == 1)
    return decisions


@pytest.fixture
def managers():
    pytest.importorskip("skactiveml")
    from skactiveml.stream import budgetmanager

    return budgetmanager


def assert_equal_and_telling(ours, theirs):
    assert ours == theirs
    assert 0.05 * N < sum(ours) < 0.5 * N


def test_fixed_uncertainty_equals_that_of_scikit_activeml(managers):
    strategy, utilities = FixedUncertainty(), confidences()
    strategy.begin(None)
    utilities += 0.3
    strategy.uncertainties(np.zeros((1, 1)), lambda X: np.full((len(X), 4), 0.25))
    theirs = managers.FixedUncertaintyBudgetManager(classes=range(4), w=WINDOW, budget=SHARE)
    budget, ours = StreamBudget(SHARE, window=WINDOW), []
    for one in utilities:
        ours.append(strategy.decide(one, budget) and budget.is_left)
        budget.record(ours[-1])
    assert_equal_and_telling(ours, their_decisions(theirs, utilities))


def test_variable_uncertainty_equals_that_of_scikit_activeml(managers):
    utilities = confidences()
    theirs = managers.VariableUncertaintyBudgetManager(theta=0.9, s=0.03, w=WINDOW, budget=SHARE)
    ours = decide(VariableUncertainty(0.9, step=0.03), utilities)
    assert_equal_and_telling(ours, their_decisions(theirs, utilities))


def test_split_equals_that_of_scikit_activeml(managers):
    utilities = confidences()
    theirs = managers.SplitBudgetManager(
        v=0.4, theta=0.9, s=0.03, w=WINDOW, budget=SHARE, random_state=5
    )
    ours = decide(Split(0.9, step=0.03, random_share=0.4), utilities)
    assert_equal_and_telling(ours, their_decisions(theirs, utilities))


def test_random_variable_uncertainty_equals_that_of_scikit_activeml(managers):
    utilities = confidences()
    theirs = managers.RandomVariableUncertaintyBudgetManager(
        theta=0.9, s=0.03, w=WINDOW, budget=SHARE, random_state=ScriptedNumbers()
    )
    ours = decide(RandomVariableUncertainty(0.9, step=0.03), utilities, numbers=EachSample())
    assert_equal_and_telling(ours, their_decisions(theirs, utilities))


def test_random_sampling_queries_what_scikit_activeml_does_while_budget_is_left():
    stream = pytest.importorskip("skactiveml.stream")
    theirs = stream.StreamRandomSampling(budget=SHARE, random_state=5)
    strategy, budget, decisions = StreamRandomSampling(), StreamBudget(SHARE), []
    strategy.begin(np.random.RandomState(5))
    for _ in range(N):
        x = np.zeros((1, 1))
        queried = theirs.query(x)
        theirs.update(x, queried)
        (utility,) = strategy.uncertainties(x, None)
        assert strategy.decide(utility, budget) is (len(queried) == 1)
        decisions.append(len(queried) == 1 and budget.is_left)
        budget.record(decisions[-1])
    assert sum(decisions) > 0.15 * N


def test_periodic_sampling_equals_that_of_scikit_activeml():
    stream = pytest.importorskip("skactiveml.stream")
    for share in (0.01, 0.2, 0.37, 1.0):
        theirs, ours = stream.PeriodicSampling(budget=share), PeriodicSampling()
        budget = StreamBudget(share)
        for _ in range(N):
            x = np.zeros((1, 1))
            queried = theirs.query(x)
            theirs.update(x, queried)
            assert ours.decide(0.0, budget) is (len(queried) == 1)
            budget.record(len(queried) == 1)


def classifier_of(probabilities):
    """Return a classifier of scikit-activeml with given class probabilities, one for each call."""
    from skactiveml.base import SkactivemlClassifier

    class Given(SkactivemlClassifier):
        def __init__(self):
            super().__init__(classes=[0, 1])
            self.rows = iter(probabilities)

        def fit(self, X, y, sample_weight=None):
            return self

        def predict_proba(self, X):
            return np.array([next(self.rows)])

    return Given()


def density_of(theirs, probabilities, X):
    decisions, classifier = [], classifier_of(probabilities)
    for x in X:
        queried = theirs.query(x[np.newaxis], classifier)
        theirs.update(x[np.newaxis], queried)
        decisions.append(len(queried) == 1)
    return decisions


def test_local_density_equals_that_of_scikit_activeml(managers):
    stream = pytest.importorskip("skactiveml.stream")
    X, _ = small_stream(N)
    largest = 1 - confidences() / 2
    probabilities = np.column_stack([largest, 1 - largest])
    manager = managers.DensityBasedSplitBudgetManager(
        theta=0.9, s=0.03, budget=SHARE, random_state=ScriptedNumbers()
    )
    theirs = stream.StreamDensityBasedAL(window_size=30, budget_manager=manager, budget=SHARE)
    ours = decide(
        LocalDensity(0.9, step=0.03, window_size=30),
        2 * (1 - largest),
        window=None,
        numbers=EachSample(),
        X=X,
    )
    assert_equal_and_telling(ours, density_of(theirs, probabilities, X))


def test_cognitive_dual_equals_that_of_scikit_activeml(managers):
    stream = pytest.importorskip("skactiveml.stream")
    X, _ = small_stream(N)
    largest = 1 - confidences() / 2
    probabilities = np.column_stack([largest, 1 - largest])
    pairs = [
        (
            VariableUncertainty(0.9, step=0.03),
            managers.VariableUncertaintyBudgetManager(theta=0.9, s=0.03, w=WINDOW, budget=SHARE),
        ),
        (
            RandomVariableUncertainty(0.9, step=0.03),
            managers.RandomVariableUncertaintyBudgetManager(
                theta=0.9, s=0.03, w=WINDOW, budget=SHARE, random_state=ScriptedNumbers()
            ),
        ),
    ]
    for strategy, manager in pairs:
        theirs = stream.CognitiveDualQueryStrategy(
            force_full_budget=True,
            density_threshold=1,
            cognition_window_size=8,
            budget_manager=manager,
            budget=SHARE,
        )
        ours = decide(
            CognitiveDual(strategy, window_size=8), 1 - largest, numbers=EachSample(), X=X
        )
        assert_equal_and_telling(ours, density_of(theirs, probabilities, X))


def test_probabilistic_sampling_equals_that_of_scikit_activeml(managers):
    stream = pytest.importorskip("skactiveml.stream")
    from skactiveml.classifier import ParzenWindowClassifier

    X, names = small_stream(200)
    y = np.unique(names, return_inverse=True)[1]
    gamma = 0.4
    manager = managers.BalancedIncrementalQuantileFilter(w=40, w_tol=20, budget=SHARE)
    theirs = stream.StreamProbabilisticAL(budget_manager=manager, budget=SHARE, random_state=0)
    classifier = ParzenWindowClassifier(
        classes=range(3), metric="rbf", metric_dict={"gamma": gamma}
    )
    ours = ProbabilisticSampling(gamma=gamma, n_compared=40, balance=20)
    ours.begin(None)
    labeled, decisions = [], []
    for place, x in enumerate(X):
        row = x[np.newaxis]
        if place < 10:
            labeled.append(place)
            continue
        classifier.fit(X[labeled], y[labeled])
        queried, utilities = theirs.query(row, classifier, return_utilities=True)
        theirs.update(row, queried, {"utilities": utilities})
        ours.learned(lambda: X[labeled])
        [utility] = ours.uncertainties(row, classifier.predict_proba)
        assert utility == pytest.approx(utilities[0], abs=1e-9)
        # Rounding must not decide about the largest of the utilities.
        spent = SimpleNamespace(share=SHARE, n_seen=len(decisions), n_queried=sum(decisions))
        decision = ours.decide(float(utilities[0]), spent)
        assert decision == (len(queried) == 1)
        decisions.append(decision)
        if decision:
            labeled.append(place)
    assert 0.1 * len(decisions) < sum(decisions) < 0.4 * len(decisions)


def sea(*, variant, seed=1, n=400):
    synth = pytest.importorskip("river.datasets").synth
    return list(synth.SEA(variant=variant, seed=seed).take(n))


def test_samples_of_river_are_dicts():
    sampler = StreamSampler(budget=0.2)
    n_correct = 0
    for x, y in sea(variant=0):
        if sampler.query(x):
            sampler.teach(x, y)
        n_correct += sampler.predict(x) == y
    assert n_correct > 0.85 * 400
    assert sampler.n_queried_ <= 80
    assert sampler.n_features_in_ == 3


def test_a_classifier_of_river_learns_through_its_own_adapter():
    pytest.importorskip("river")
    from river import compat, naive_bayes

    estimator = compat.convert_river_to_sklearn(naive_bayes.GaussianNB())
    sampler = StreamSampler(estimator, classes=[False, True], budget=0.2, random_state=0)
    for x, y in sea(variant=0):
        if sampler.query(x):
            sampler.teach(x, y)
    assert np.mean([sampler.predict(x) == y for x, y in sea(variant=0, seed=2)]) > 0.85


@pytest.mark.parametrize(
    "estimator", [None, GaussianNB(), IncrementalKNeighborsClassifier(3, metric="euclidean")]
)
def test_at_a_drift_the_old_labels_are_forgotten(estimator):
    drift = pytest.importorskip("river.drift")
    detector = drift.PageHinkley(mode="up", threshold=5)
    classes = [0, 1] if estimator is not None else None

    def sampler_with(detector):
        return StreamSampler(
            estimator,
            "random",
            budget=0.5,
            classes=classes,
            drift_detector=detector,
            random_state=0,
        )

    watched, other = sampler_with(detector), sampler_with(None)
    X = np.random.default_rng(0).normal(size=(1_000, 2))
    y = (X[:, 0] > 0).astype(int)
    y[500:] = 1 - y[500:]  # the classes swap
    n_correct = {id(one): 0 for one in (watched, other)}
    for sampler in (watched, other):
        for n, (x, label) in enumerate(zip(X, y, strict=True)):
            if sampler.query(x):
                sampler.teach(x, label)
            if n >= 600:
                n_correct[id(sampler)] += sampler.predict(x) == label
            if n == 499:
                assert sampler.drifts_ == []
                n_before = sampler.n_labeled_
    assert n_before < watched.drifts_[0] < n_before + 40
    assert other.drifts_ == []
    assert n_correct[id(watched)] > n_correct[id(other)] + 50
    assert not detector.drift_detected  # a copy is updated


def test_the_stream_loop_of_modal_works_with_a_sampler_and_with_its_learner():
    pytest.importorskip("modAL")
    from modAL.uncertainty import classifier_uncertainty

    from skactive.integrations.modal import ActiveLearner

    X, y = small_stream(300)
    codes = np.unique(y, return_inverse=True)[1]
    classifier = IncrementalKNeighborsClassifier(metric="euclidean")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        modals = ActiveLearner(classifier, X_training=X[:5], y_training=codes[:5])
    ours = StreamSampler().teach(X[:5], codes[:5])
    counts = []
    for learner in (modals, ours):
        n_taught = 0
        for x, label in zip(X[5:200, np.newaxis], codes[5:200, np.newaxis], strict=True):
            if classifier_uncertainty(learner, x)[0] >= 0.2:
                learner.teach(x, label)
                n_taught += 1
        counts.append(n_taught)
        assert 20 < n_taught < 190
        assert np.mean(learner.predict(X[200:]) == codes[200:]) > 0.75
    # The same classifier decides in both.
    assert counts[0] == counts[1]
