"""The strategies of streams against their definitions, computed naively, and by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from streams_under_contract import run, sampler_of, small_stream
from test_documentation import DOCS, names, rows

from skactive.measures import Entropy, LeastConfidence, Margin
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
    StreamHerding,
    StreamRandomSampling,
    StreamSampler,
    VariableUncertainty,
    all_stream_strategies,
)

GUIDE = (DOCS / "streams.md").read_text(encoding="utf-8")
X, Y = small_stream(150)


def test_the_guide_has_a_row_for_each_strategy():
    listed = {names(name)[0]: names(strategy)[0] for name, strategy, _ in rows(GUIDE, "name")}
    registered = {
        name: type(entry.strategy).__name__ for name, entry in all_stream_strategies().items()
    }
    assert listed == registered


def begun(strategy):
    strategy.begin(np.random.RandomState(0))
    return strategy


def unlimited():
    return StreamBudget(1.0)


def test_the_threshold_of_fixed_uncertainty_follows_the_share_and_the_classes():
    strategy = begun(FixedUncertainty())
    strategy.uncertainties(X[:1], lambda rows: np.full((len(rows), 4), 0.25))
    budget = StreamBudget(0.2)
    # 1 / 4 + 0.2 (1 - 1 / 4) = 0.4
    assert strategy.decide(1 - 0.39, budget)
    assert not strategy.decide(1 - 0.41, budget)


def test_the_threshold_of_variable_uncertainty_falls_with_queries_and_rises_without():
    strategy = begun(VariableUncertainty(0.8, step=0.1))
    assert strategy.decide(0.3, unlimited())  # a confidence of 0.7
    assert strategy.threshold_ == pytest.approx(0.72)
    assert not strategy.decide(0.2, unlimited())
    assert strategy.threshold_ == pytest.approx(0.792)


def test_without_budget_the_threshold_stays():
    spent = StreamBudget(1)
    spent.record(True)
    for strategy in (VariableUncertainty(0.8), RandomVariableUncertainty(0.8), Split(0.8)):
        assert not begun(strategy).decide(1.0, spent)
        assert strategy.threshold_ == 0.8


def test_parameter_deviation_of_random_variable_uncertainty():
    def n_queried(deviation):
        strategy = begun(RandomVariableUncertainty(0.5, step=0.001, deviation=deviation))
        return sum(strategy.decide(0.3, unlimited()) for _ in range(200))

    # The confidence 0.7 is above the threshold 0.5 unless a factor is larger than 1.4.
    assert n_queried(0.001) == 0
    assert 40 < n_queried(1.0) < 120


def test_parameter_random_share_of_split():
    def n_queried(random_share):
        strategy = begun(Split(0.1, step=0.001, random_share=random_share))
        budget = StreamBudget(0.5)
        return sum(strategy.decide(0.0, budget) for _ in range(400))

    assert n_queried(0.001) < 5
    assert 80 < n_queried(0.9) < 260


def test_random_and_periodic_sampling_need_no_predictions():
    def forbidden(rows):
        raise AssertionError

    for strategy in (StreamRandomSampling(), PeriodicSampling()):
        assert begun(strategy).uncertainties(X, forbidden).shape == (150,)


@given(share=st.integers(1, 100).map(lambda percent: percent / 100))
def test_periodic_sampling_leaves_equal_distances(share):
    budget, places = StreamBudget(share), []
    for place in range(300):
        queried = PeriodicSampling().decide(0.0, budget)
        budget.record(queried)
        if queried:
            places.append(place)
    assert budget.n_queried == pytest.approx(300 * share, abs=1)
    gaps = set(np.diff(places))
    assert gaps <= {int(1 / share), int(1 / share) + 1, int(1 / share) - 1}


def naive_densities(rows, window_size):
    """Return of each sample how many of the latest samples it is the nearest so far."""
    counts = []
    for place, x in enumerate(rows):
        start = max(0, place - window_size)
        count = 0
        for other in range(start, place):
            # Of the samples that were there when they came, and those that came later.
            others = [*range(max(0, other - window_size), other), *range(other + 1, place)]
            distances = [np.linalg.norm(rows[other] - rows[one]) for one in others]
            count += np.linalg.norm(rows[other] - x) < min(distances, default=np.inf)
        counts.append(count)
    return counts


@pytest.mark.parametrize("window_size", [1, 5, 200])
def test_local_density_queries_only_samples_that_are_the_nearest_of_another(window_size):
    strategy = begun(LocalDensity(window_size=window_size))
    utilities = [strategy.utility(x, 0.5) for x in X[:60]]
    expected = [0.5 if n else -np.inf for n in naive_densities(X[:60], window_size)]
    assert utilities == expected
    assert 5 < sum(np.isfinite(utilities)) < 60


@pytest.mark.parametrize("strategy", [LocalDensity(), CognitiveDual(), StreamHerding()], ids=repr)
def test_by_the_cosine_the_length_of_samples_does_not_matter(strategy):
    strategy = strategy.set_params(metric="cosine")
    lengths = np.random.default_rng(0).uniform(0.1, 10, size=(150, 1))

    def utilities(rows):
        begun(strategy)
        found = []
        for x in rows:
            found.append(strategy.utility(x, 0.5))
            strategy.observe(x, len(found) % 7 == 0)
        return found

    np.testing.assert_allclose(utilities(X * lengths), utilities(X), rtol=1e-6)
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(
            utilities(X), begun(strategy.set_params(metric="euclidean")) and utilities(X)
        )


def test_parameter_density_threshold_of_cognitive_dual():
    def n_dense(threshold):
        strategy = begun(CognitiveDual(density_threshold=threshold, window_size=20))
        return sum(np.isfinite(strategy.utility(x, 0.5)) for x in X)

    assert 150 == n_dense(0) > n_dense(1) > n_dense(2) > n_dense(4)


def test_cognitive_dual_forgets_the_most_faded_sample():
    strategy = begun(CognitiveDual(window_size=2))
    for x in ([0.0], [10.0], [0.2], [20.0]):
        strategy.utility(np.array(x), 0.5)
    # 0.2 was the nearest of both others, and none came near to it.
    assert strategy.rows_.ravel().tolist() == [0.0, 10.0, 20.0]


def test_cognitive_dual_decides_by_the_given_strategy():
    inner = CognitiveDual(PeriodicSampling(), density_threshold=0)
    assert run(sampler_of(inner, budget=0.2), X, Y) == run(
        sampler_of(PeriodicSampling(), budget=0.2), X, Y
    )
    with pytest.raises(TypeError, match="'strategy' parameter of CognitiveDual must be a strategy"):
        begun(CognitiveDual("split"))


def naive_herding(strategy, rows, queried, window_size):
    """Return the utility of the last of some samples, by the sums of the definition."""
    *before, x = range(len(rows))
    latest = before[-window_size:]

    def distance(one, other):
        return np.linalg.norm(rows[one] - rows[other])

    reaches = []
    for one in latest:
        others = sorted(distance(one, other) for other in range(max(0, one - window_size), one))
        reaches.append(others[min(7, len(others)) - 1] if others else 0.0)
    bandwidth = np.sqrt(np.median(np.square(reaches))) if reaches else 0.0

    def similarity(one, other):
        if bandwidth == 0:
            return float(distance(one, other) == 0)
        return np.exp(-(distance(one, other) ** 2) / (2 * bandwidth**2))

    herded = coverage = 0.0
    for one in [*latest, x]:
        covered = max((similarity(one, other) for other in queried), default=0.0)
        gain = max(0.0, similarity(one, x) - covered)
        coverage += gain
        herded += strategy[one] * gain
    return herded, coverage


@pytest.mark.parametrize("half_coverage", [None, 3.0])
@pytest.mark.parametrize("window_size", [4, 200])
def test_herding_equals_its_definition(half_coverage, window_size):
    strategy = begun(StreamHerding(window_size, half_coverage=half_coverage))
    random = np.random.default_rng(0)
    uncertainties, queried = random.uniform(size=50), []
    for place in range(50):
        utility = strategy.utility(X[place], uncertainties[place])
        herded, coverage = naive_herding(uncertainties, X[: place + 1], queried, window_size)
        power = 0 if half_coverage is None else len(queried) / (len(queried) + half_coverage)
        assert utility == pytest.approx(herded / coverage**power)
        is_queried = place % 6 == 1
        strategy.observe(X[place], is_queried)
        if is_queried:
            queried.append(place)


def test_herding_predicts_the_latest_samples_again_after_new_labels():
    strategy, calls = begun(StreamHerding(5, metric="cosine")), []

    def posterior(rows):
        calls.append(rows.copy())
        return np.full((len(rows), 2), 0.5)

    for x in X[:8]:
        strategy.uncertainties(x[np.newaxis], posterior)
        strategy.utility(x, 0.0)
        strategy.observe(x, False)
    assert [len(rows) for rows in calls] == [1] * 8
    strategy.learned(lambda: X[:1])
    strategy.uncertainties(X[8:9], posterior)
    assert sorted(calls[8].tolist()) == sorted(X[3:8].tolist())
    assert strategy.window_["uncertainty"].tolist() == [1.0] * 5


def test_herding_covers_by_equal_samples_once():
    strategy = begun(StreamHerding())
    same = np.ones(2)
    assert strategy.utility(same, 0.5) == 0.5
    strategy.observe(same, True)
    assert strategy.utility(same, 0.5) == 0.0


def test_parameter_n_compared_of_stream_herding():
    for n_compared in (1, 30):
        strategy = begun(StreamHerding(n_compared=n_compared))
        budget = unlimited()
        for value in range(50):
            strategy.decide(float(value), budget)
        assert len(strategy.utilities_) == n_compared


def test_herding_queries_the_largest_utilities_and_more_of_them_with_budget_left_over():
    utilities = np.random.default_rng(0).permutation(1000).astype(float)

    def queried(n_before):
        strategy, budget = begun(StreamHerding(n_compared=100)), StreamBudget(0.1)
        for _ in range(n_before):
            budget.record(False)
        return [u for u in utilities[:100] if strategy.decide(u, budget)]

    few, many = queried(0), queried(500)
    assert len(few) < len(many)
    assert np.mean(few) > np.mean(utilities[:100])


def naive_corrections(counts, prior, max_labels):
    """The definition: each label in turn is drawn from the probabilities after those before it."""
    n_classes = len(counts)

    def error(known):
        best = max(range(n_classes), key=lambda c: known[c])
        total = sum(known) + n_classes * prior
        return 1 - (known[best] + prior) / total

    def expected(known, n_left):
        if n_left == 0:
            return error(known)
        total = sum(known) + n_classes * prior
        return sum(
            (known[c] + prior)
            / total
            * expected([k + (c == i) for i, k in enumerate(known)], n_left - 1)
            for c in range(n_classes)
        )

    return max((error(counts) - expected(counts, m)) / m for m in range(1, max_labels + 1))


@pytest.mark.parametrize("prior", [0.001, 1.0])
def test_parameter_prior_of_probabilistic_sampling(prior):
    assert_corrections(prior, 2)


@pytest.mark.parametrize("max_labels", [1, 2, 3])
def test_parameter_max_labels_of_probabilistic_sampling(max_labels):
    assert_corrections(0.01, max_labels)


def assert_corrections(prior, max_labels):
    strategy = begun(ProbabilisticSampling(prior, max_labels=max_labels, gamma=0.7))
    strategy.learned(lambda: X[:20])
    posterior = np.random.default_rng(0).dirichlet([0.4, 0.4, 0.4], 15)
    found = strategy.uncertainties(X[20:35], lambda rows: posterior)
    for x, p, utility in zip(X[20:35], posterior, found, strict=True):
        n_around = sum(np.exp(-0.7 * np.square(x - one).sum()) for one in X[:20])
        expected = naive_corrections((n_around * p).tolist(), prior, max_labels)
        assert utility == pytest.approx(expected, abs=1e-12)


def test_parameter_gamma_of_probabilistic_sampling():
    posterior = np.full((5, 2), 0.5)

    def utilities(gamma, labeled=X[:20]):
        strategy = begun(ProbabilisticSampling(gamma=gamma))
        assert strategy.uncertainties(X[:5], lambda rows: posterior).max() <= 0.5
        strategy.learned(lambda: labeled)
        return strategy.uncertainties(X[:5], lambda rows: posterior)

    n, variance = 20, X[:20].var(axis=0).sum()
    mean = (n - 1) * np.log((n - 1) / 2e-12) / (4 * n * variance)
    np.testing.assert_allclose(utilities(None), utilities(mean))
    assert utilities(0.01).max() < utilities(5.0).max()
    # Equal samples have no variance: a label counts within the unit of the features.
    np.testing.assert_allclose(utilities(None, X[[3, 3]]), utilities(1 / X.shape[1], X[[3, 3]]))


def test_without_labels_nothing_can_be_corrected():
    strategy = begun(ProbabilisticSampling())
    assert strategy.uncertainties(X[:3], lambda rows: None).tolist() == [0, 0, 0]


def test_parameter_n_compared_of_probabilistic_sampling():
    for n_compared in (1, 30):
        strategy = begun(ProbabilisticSampling(n_compared=n_compared))
        for value in range(50):
            strategy.decide(float(value), unlimited())
        assert len(strategy.utilities_) == n_compared


def test_parameter_balance_of_probabilistic_sampling():
    utilities = np.random.default_rng(0).random(100)

    def n_queried(balance, n_before):
        strategy, budget = begun(ProbabilisticSampling(balance=balance)), StreamBudget(0.1)
        for _ in range(n_before):
            budget.record(False)
        return sum(strategy.decide(one, budget) for one in utilities)

    assert n_queried(50, 300) > n_queried(50, 0)
    assert n_queried(5, 300) > n_queried(500, 300)


def test_the_samples_that_herding_queries_predict_better_than_random_ones():
    found = {}
    for name in ("herding", "random"):
        scores = []
        for seed in range(5):
            rows, labels = small_stream(500, seed)
            sampler = StreamSampler(strategy=name, budget=0.05, random_state=seed)
            run(sampler, rows[:300], labels[:300])
            scores.append(sampler.score(rows[300:], labels[300:]))
        found[name] = np.mean(scores)
    assert found["herding"] > found["random"]


@pytest.mark.parametrize("measure", [Margin(), LeastConfidence(), Entropy()], ids=repr)
def test_of_probabilities_is_the_measure_without_a_pool(measure):
    from skactive import Pool

    classifier = IncrementalKNeighborsClassifier()
    pool = Pool(X, estimator=classifier).add_labels(range(12), Y[:12])
    probabilities = classifier.add_labeled(X[:12], Y[:12]).predict_proba(X[12:])
    # The pool stores features in single precision.
    np.testing.assert_allclose(
        measure.of_probabilities(probabilities), measure.utilities(pool), atol=1e-4
    )


@pytest.mark.parametrize(
    ("strategy", "message"),
    [
        (VariableUncertainty(0), "'threshold' parameter of VariableUncertainty .* Got 0 instead"),
        (VariableUncertainty(step=1), "'step' parameter .* above 0 and below 1. Got 1 instead"),
        (RandomVariableUncertainty(deviation=0), "'deviation' parameter .* Got 0 instead"),
        (Split(random_share=1.0), "'random_share' parameter of Split .* Got 1.0 instead"),
        (LocalDensity(window_size=0), "'window_size' parameter of LocalDensity .* Got 0 instead"),
        (LocalDensity(metric="manhattan"), "'metric' parameter .* one of .'cosine', 'euclidean'"),
        (CognitiveDual(window_size=0), "'window_size' parameter .* Got 0 instead"),
        (CognitiveDual(density_threshold=-1), "'density_threshold' parameter .* Got -1 instead"),
        (CognitiveDual(metric="l1"), "'metric' parameter .* Got 'l1' instead"),
        (StreamHerding(0), "'window_size' parameter of StreamHerding .* Got 0 instead"),
        (StreamHerding(half_coverage=0), "'half_coverage' parameter .* Got 0 instead"),
        (StreamHerding(n_compared=0), "'n_compared' parameter .* Got 0 instead"),
        (StreamHerding(metric="l1"), "'metric' parameter .* Got 'l1' instead"),
    ],
    ids=repr,
)
def test_invalid_parameters_are_refused_at_the_first_sample(strategy, message):
    with pytest.raises(ValueError, match=message):
        StreamSampler(strategy=strategy).query(X[0])
