"""Pools in the processes of a Dask cluster select as one pool does, even if workers die."""

import inspect
import os
import signal
import sys
import time
from contextlib import suppress
from functools import partial
from itertools import combinations
from operator import attrgetter

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from test_contracts import INVALID_EXPONENTS, READ, Reads, assert_raises_for_the_exponent

from skactive import ActiveLearner, Pool
from skactive.datasets import open_vectors, write_vectors
from skactive.integrations.dask import PartitionedLearner, PartitionedPool, _partitions
from skactive.measures import (
    DistributionMatching,
    Diversity,
    Entropy,
    InformationDensity,
    Margin,
    Measure,
)
from skactive.neighbors import IncrementalKNeighborsClassifier, IncrementalKNeighborsRegressor
from skactive.semi_supervised import IncrementalLabelSpreading
from skactive.strategies import (
    CDFProduct,
    KCenterGreedy,
    RandomSampling,
    TypiClust,
    UncertaintyHerding,
    UncertaintySampling,
)

distributed = pytest.importorskip("distributed")
da = pytest.importorskip("dask.array")

pytestmark = pytest.mark.once


class KillsItsWorker(Measure):
    """A measure whose first use ends its process."""

    def __init__(self, flag):
        self.flag = flag

    def utilities(self, pool):
        with suppress(FileNotFoundError):
            # Only the first of two workers ends.
            self.flag.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        return pool.X[pool.candidates, 0]


class AsksSome(Measure):
    """A measure that uses density if there are many candidates."""

    def utilities(self, pool):
        return pool.density() if pool.n_candidates > 20 else np.ones(pool.n_candidates)


@pytest.fixture(scope="module")
def client():
    """Return a cluster of two processes."""
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=":0"
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def threads():
    """Return a cluster within this process, for many short loops."""
    with distributed.Client(
        processes=False, n_workers=2, threads_per_worker=1, dashboard_address=":0"
    ) as client:
        yield client


def digits(n=600):
    X, y = load_digits(return_X_y=True)
    return X[:n], y[:n]


def both(X, chunk, client, **arguments):
    """Return a pool of one process and one in partitions."""
    arguments = {"estimator": IncrementalKNeighborsClassifier(), "dtype": np.float64} | arguments
    blocks = da.from_array(X, chunks=(chunk, X.shape[1]))
    return Pool(X, **arguments), PartitionedPool(blocks, client=client, **arguments)


def assert_same_choice(strategy, whole, parts, n_instances=1, **arguments):
    indices, utilities = strategy.select(whole, n_instances, **arguments)
    found, worth = strategy.select(parts, n_instances, **arguments)
    np.testing.assert_array_equal(found, indices)
    np.testing.assert_allclose(worth, utilities, rtol=1e-6)
    return indices


@pytest.mark.parametrize(
    "strategy",
    [
        CDFProduct(),
        CDFProduct(random_state=0),
        CDFProduct(
            [("sure", Entropy()), ("near", Diversity("euclidean", aggregate="min"))],
            {"sure": 2.0, "near": 0.5},
        ),
        CDFProduct([("dense", InformationDensity()), ("unused", Margin())], {"unused": 0}),
        CDFProduct([("unsure", Margin())], random_state=3),
        UncertaintySampling(random_state=1),
        UncertaintySampling(Diversity()),
        KCenterGreedy(),
        KCenterGreedy("euclidean", random_state=0),
        RandomSampling(random_state=0),
    ],
)
@pytest.mark.parametrize("chunk", [250, 600])
def test_a_loop_selects_the_same_samples_as_in_one_process(strategy, chunk, threads):
    X, y = digits()
    whole, parts = both(X, chunk, threads)
    for n_instances in (1, 3, 1, 2, 4):
        indices = assert_same_choice(strategy, whole, parts, n_instances)
        whole.add_labels(indices, y[indices])
        parts.add_labels(indices, y[indices])
    np.testing.assert_array_equal(parts.candidates, whole.candidates)
    np.testing.assert_array_equal(parts.labeled, whole.labeled)
    np.testing.assert_array_equal(parts.labels, whole.labels)
    np.testing.assert_array_equal(parts.classes_, whole.classes_)
    for one, other in zip(parts.labeled_samples(), whole.labeled_samples(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_query_goes_on_when_a_worker_is_killed_in_the_middle(client, tmp_path):
    X, y = digits()
    flag = tmp_path / "flag"
    strategy = CDFProduct(
        [("unsure", Margin()), ("dense", InformationDensity()), ("first", KillsItsWorker(flag))]
    )
    whole, parts = both(X, 150, client)
    known = strategy.select(parts, 4)[0]
    whole.add_labels(known, y[known])
    parts.add_labels(known, y[known]).skip([7])
    whole.skip([7])
    expected = strategy.select(whole, 3)[0]

    flag.touch()
    n_before = len(client.nthreads())
    np.testing.assert_array_equal(strategy.select(parts, 3)[0], expected)
    assert not flag.exists()
    while len(client.nthreads()) < n_before:
        time.sleep(0.05)
    assert_same_choice(CDFProduct(), whole, parts, 2)


def test_a_killed_worker_changes_no_action_and_no_new_learner(client, tmp_path):
    X, y = digits(120)

    def start(journal):
        blocks = da.from_array(X / 16, chunks=(30, 64))
        return PartitionedLearner(None, CDFProduct(), blocks, client=client, journal=journal)

    one = ActiveLearner(IncrementalKNeighborsClassifier(), CDFProduct(), X / 16)
    other = start(tmp_path / "answers.jsonl")
    for learner in (one, other):
        learner.teach([3, 9, 40], y[[3, 9, 40]]).skip([7]).query()
    os.kill(next(iter(client.run(os.getpid).values())), signal.SIGKILL)
    assert len(start(None).query(2)) == 2
    for learner in (one, other):
        learner.teach([17, 70], y[[17, 70]]).relabel([9], [y[9] + 1]).forget(3)
        learner.undo()
        learner.extend(X[:5] / 8).remove([8, 100])
    np.testing.assert_array_equal(other.labeled, one.labeled)
    np.testing.assert_array_equal(other.query(3), one.query(3))
    np.testing.assert_allclose(other.predict_proba(X), one.predict_proba(X), atol=1e-6)


@pytest.mark.parametrize("classes", [None, np.arange(10)])
def test_herding_in_one_partition_is_herding(classes, threads):
    X, y = digits()
    whole, parts = both(X, 600, threads, classes=classes)
    for strategy in (UncertaintyHerding(), UncertaintyHerding(None)):
        for n_instances in (1, 1, 3, 2):
            indices = assert_same_choice(strategy, whole, parts, n_instances)
            whole.add_labels(indices, y[indices])
            parts.add_labels(indices, y[indices])


@pytest.mark.parametrize("known", [[], [3], [0, 1, 22, 23]])
def test_partitions_agree_on_the_utility_of_herding(known, threads):
    """All samples of one partition may be certain while those of another are not."""
    X, y = digits()
    order = np.argsort(y, kind="stable")
    X, y = X[order], y[order]
    _, parts = both(X, 150, threads)
    parts.add_labels(known, y[known])
    indices, utilities = UncertaintyHerding().select(parts, 4)
    assert len(np.unique(indices)) == 4
    assert (np.diff(utilities) <= 0).all() or len(known) > 0


@pytest.mark.parametrize("strategy", [UncertaintyHerding(), KCenterGreedy(), CDFProduct()])
def test_partitions_may_run_out_of_candidates(strategy, threads):
    X, y = digits(40)
    _, parts = both(X, 10, threads)
    parts.skip(np.arange(10))
    for _ in range(5):
        indices, _ = strategy.select(parts, 5)
        parts.add_labels(indices, y[indices])
    indices, _ = strategy.select(parts, 5)
    assert sorted([*parts.labeled, *indices]) == list(range(10, 40))


def test_a_herded_batch_covers_its_share_of_the_best(threads):
    """Within the partitions, no batch covers more than 1 / (1 - 1 / e) times as much."""
    X, _ = digits(40)
    strategy = UncertaintyHerding(None, n_neighbors=5)
    _, parts = both(X, 20, threads)
    batch, _ = strategy.select(parts, 3)

    halves = [Pool(X[:20], dtype=np.float64), Pool(X[20:], dtype=np.float64)]
    kernels = np.zeros((40, 40))
    for start, half in zip((0, 20), halves, strict=True):
        kernel = half.graph(5).affinity("median").toarray() + np.eye(20)
        kernels[start : start + 20, start : start + 20] = kernel
    best = max(
        kernels[list(some)].max(axis=0).sum() for some in combinations(range(40), len(batch))
    )
    covered = kernels[batch].max(axis=0)
    for sample in batch:
        other = halves[0] if sample >= 20 else halves[1]
        start = 0 if sample >= 20 else 20
        across = other.coverages.covered_by(X[[sample]], (5, "cosine", "median"))
        covered[start : start + 20] = np.maximum(covered[start : start + 20], across)
    assert covered.sum() >= (1 - 1 / np.e) * best


def test_a_herded_batch_contains_no_copies_from_other_partitions(threads):
    X, _ = digits(60)
    _, parts = both(np.vstack([X, X]), 60, threads)
    batch, _ = UncertaintyHerding().select(parts, 8)
    assert len(np.unique(batch % 60)) == 8


def test_stored_features_stay_on_disk(client, tmp_path):
    X, y = digits()
    paths = [
        write_vectors(tmp_path / f"{start}.npy", X[start : start + 200], dtype="float32")
        for start in (0, 200, 400)
    ]
    parts = PartitionedPool(
        [open_vectors(path) for path in paths],
        estimator=IncrementalKNeighborsClassifier(),
        client=client,
    )
    whole = Pool(X, estimator=IncrementalKNeighborsClassifier())
    for _ in range(4):
        indices = assert_same_choice(CDFProduct(), whole, parts, 2)
        whole.add_labels(indices, y[indices])
        parts.add_labels(indices, y[indices])
    assert parts.n_partitions == 3
    X[3, 5] = np.nan
    np.save(tmp_path / "faulty.npy", X.astype(np.float32))
    with pytest.raises(ValueError, match=r"Partition 0 of the pool: .* NaN.* first in row 3"):
        PartitionedPool([open_vectors(tmp_path / "faulty.npy")], client=client)
    X[3, 5] = digits()[0][3, 5]
    np.testing.assert_array_equal(parts.features([599, 0, 200]), X[[599, 0, 200]])


def test_samples_may_come_out_of_any_graph_of_dask(threads):
    """Vectors embedded block by block, with unknown lengths, some of them 0."""
    X, _ = digits()
    raw = da.from_array(X, chunks=(100, 64))
    made = raw.map_blocks(lambda block: block[:, ::2] / 16, chunks=(raw.chunks[0], (32,)))
    is_kept = (X[:, 2] < 1) & (np.arange(len(X)) >= 100)
    kept = X[is_kept][:, ::2] / 16
    made = made[da.from_array(is_kept, chunks=100)]
    parts = PartitionedPool(made, dtype=np.float64, client=threads)
    assert parts.n_partitions == 5
    whole = Pool(kept, dtype=np.float64)
    assert (parts.n_samples, parts.n_features) == kept.shape
    assert_same_choice(CDFProduct(), whole, parts, 5)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_taking_back_and_replacing_equals_a_pool_of_one_process(threads, data):
    X, y = digits(60)
    X = X + np.random.default_rng(0).random(X.shape)
    outside = X[:6] + 1.0
    whole, parts = both(
        X,
        data.draw(st.sampled_from([7, 25, 60])),
        threads,
        classes=data.draw(st.sampled_from([None, np.arange(12)])),
    )
    positions = st.lists(st.integers(0, len(X) - 1), min_size=1, max_size=6, unique=True)
    for _ in range(data.draw(st.integers(1, 5))):
        step = data.draw(
            st.sampled_from(["label", "outside", "remove", "relabel", "skip", "unskip"])
        )
        chosen = np.array(data.draw(positions))
        if step == "skip":
            chosen = chosen[~whole.is_labeled(chosen)]
        if step in {"remove", "relabel"}:
            chosen = chosen[whole.is_labeled(chosen)]
        if step == "label":
            chosen = chosen[~whole.is_labeled(chosen)]
        for pool in (whole, parts):
            if step == "label":
                pool.add_labels(chosen, y[chosen])
            elif step == "outside":
                pool.add_labeled(outside[: len(chosen)], y[: len(chosen)])
            elif step == "relabel":
                pool.relabel(chosen, (y[chosen] + 1) % 10)
            elif step == "remove":
                pool.remove_labels(chosen)
            else:
                getattr(pool, step)(chosen)
        np.testing.assert_array_equal(parts.candidates, whole.candidates)
        assert parts.n_labeled == whole.n_labeled
        assert parts.n_candidates == whole.n_candidates
        assert_same_choice(CDFProduct(), whole, parts, 2)


def test_any_classifier_predicts_on_the_workers(threads):
    X, y = digits()
    classifier = LogisticRegression()
    whole, parts = both(X / 16, 250, threads, estimator=classifier)
    for _ in range(4):
        indices = assert_same_choice(UncertaintySampling(), whole, parts, 5)
        for pool in (whole, parts):
            pool.add_labels(indices, y[indices])
        classifier.fit(*whole.labeled_samples())
    classifier.set_params(C=0.01).fit(*whole.labeled_samples())
    whole.invalidate_posterior()
    parts.invalidate_posterior()
    assert_same_choice(UncertaintySampling(), whole, parts, 5)


def test_parameters_of_the_neighbours_may_change_between_queries(threads):
    X, y = digits()
    classifier = IncrementalKNeighborsClassifier()
    whole, parts = both(X, 250, threads, estimator=classifier)
    for pool in (whole, parts):
        pool.add_labels(np.arange(40), y[:40])
    for parameters in ({}, {"n_neighbors": 3, "weights": "uniform"}, {"metric": "euclidean"}):
        classifier.set_params(**parameters)
        assert_same_choice(UncertaintySampling(), whole, parts, 2)


def test_a_query_can_be_about_some_candidates(threads):
    X, _ = digits()
    whole, parts = both(X, 250, threads)
    for strategy in (CDFProduct(), UncertaintySampling(), RandomSampling(random_state=1)):
        assert_same_choice(strategy, whole, parts, 3, candidates=[3, 4, 5, 300, 599])
    with pytest.raises(ValueError, match="n_instances=6 samples were requested, but 5 of"):
        CDFProduct().select(parts, 6, candidates=[3, 4, 5, 300, 599])


def test_answers_are_sent_in_pieces(threads, monkeypatch):
    monkeypatch.setattr(_partitions, "LOG_BYTES", 2_000)
    X, y = digits()
    whole, parts = both(X, 250, threads)
    for pool in (whole, parts):
        pool.add_labels(np.arange(100), y[:100])
    assert_same_choice(CDFProduct(), whole, parts, 2)


def test_workers_let_go_of_pools_that_are_closed_or_gone(client):
    X, _ = digits(100)

    def held():
        return client.run(
            lambda: len(sys.modules["skactive.integrations.dask._partition"]._partitions)
        )

    with PartitionedPool(da.from_array(X, chunks=(50, 64)), client=client) as pool:
        before = sum(held().values())
        assert before >= 2
    assert sum(held().values()) == before - 2
    with pytest.raises(RuntimeError, match="This pool is closed"):
        CDFProduct().select(pool)

    pool = PartitionedPool(da.from_array(X, chunks=(50, 64)), client=client)
    del pool
    pool = PartitionedPool(da.from_array(X, chunks=(100, 64)), client=client)
    assert sum(held().values()) == before - 1
    pool.close()


@pytest.mark.parametrize(
    ("strategy", "fault"),
    [
        (TypiClust(), "TypiClust cannot choose from a partitioned pool. Hint: use one of CDFProd"),
        (
            CDFProduct([("density", InformationDensity("euclidean"))]),
            "The metric of the density of a partitioned pool must be 'cosine', since others",
        ),
        (
            CDFProduct([("matching", DistributionMatching())]),
            r"a partitioned pool does so within its partitions only\. Hint: use Coverage",
        ),
    ],
)
def test_strategies_that_need_all_samples_at_once_raise(strategy, fault, threads):
    X, _ = digits(100)
    _, parts = both(X, 50, threads)
    with pytest.raises((TypeError, ValueError), match=fault):
        strategy.select(parts)
    assert len(CDFProduct().select(parts)[0]) == 1


def test_a_measure_computed_on_some_partitions_only_raises(threads):
    X, _ = digits(60)
    _, parts = both(X, 50, threads)
    with pytest.raises(RuntimeError, match="Some partitions need unit vectors of all samples"):
        CDFProduct([("some", AsksSome())]).select(parts)


@pytest.mark.parametrize(
    ("X", "arguments", "fault"),
    [
        ([[1.0, 2.0]], {}, "X must be a Dask array with two dimensions, or a list of features on"),
        (np.eye(3), {}, "Got ndarray instead"),
        ("array", {"estimator": IncrementalLabelSpreading()}, "learns from a graph of all samples"),
        (
            "array",
            {"estimator": IncrementalKNeighborsClassifier(max_labeled=3)},
            "so that max_labeled must be None. Got 3.",
        ),
        ("array", {"y_labeled": [1]}, "y_labeled was passed without X_labeled"),
        ("array", {"X_labeled": [[1.0]], "y_labeled": [1]}, "1 features, but the pool has 64"),
        ("array", {"client": "here"}, "must be a dask.distributed.Client.*Got 'here' instead"),
        ("nan", {}, "Partition 1 of the pool: Input X_pool contains NaN, first in row 0"),
        ("empty", {}, "X has no samples"),
    ],
)
def test_invalid_input_raises_with_a_sentence(X, arguments, fault, threads):
    made = digits(100)[0]
    if isinstance(X, str):
        made[50 if X == "nan" else 0, 3] = np.nan if X == "nan" else 0.0
        X = da.from_array(made[:0] if X == "empty" else made, chunks=(50, 64))
    with pytest.raises((TypeError, ValueError), match=fault):
        PartitionedPool(X, **({"client": threads} | arguments))


@pytest.mark.parametrize(
    ("method", "arguments", "fault"),
    [
        ("add_labels", ([1, 2], ["a"]), "There are 2 indices, but 1 labels"),
        ("add_labels", ([1000], [1]), "There is no sample 1000 in a pool of 100"),
        ("add_labels", ([0, 5], [3, 4]), "Sample 0 is labelled 1 already. Got 3 for it"),
        ("add_labels", ([5], ["five"]), "Labels are numbers so far"),
        ("remove_labels", ([9],), "Sample 9 of the pool is not labelled"),
        ("relabel", ([0, 0], [2, 2]), "A sample is named twice"),
        ("skip", ([0],), "Sample 0 of the pool is labelled already"),
    ],
)
def test_a_faulty_answer_leaves_the_pool_as_it_was(method, arguments, fault, threads):
    X, _ = digits(100)
    _, parts = both(X, 50, threads)
    parts.add_labels([0, 1], [1, 2])
    with pytest.raises((TypeError, ValueError, IndexError), match=fault):
        getattr(parts, method)(*arguments)
    assert parts.labels.tolist() == [1, 2]
    assert parts.n_candidates == 98
    assert len(CDFProduct().select(parts)[0]) == 1


def test_without_a_client_or_dask_the_remedy_is_named(monkeypatch):
    X = da.zeros((4, 2))
    if distributed.client._get_global_client() is None:
        with pytest.raises(ValueError, match="There is no cluster for the pool"):
            PartitionedPool(X)
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ImportError, match=r"pip install 'skactive\[dask\]'"):
        PartitionedPool(X)


@pytest.mark.parametrize("estimator", [None, LogisticRegression()])
def test_a_learner_queries_and_learns_as_in_one_process(estimator, threads):
    X, y = digits()
    X = X / 16
    seed = {"X_labeled": X[:3], "y_labeled": y[:3], "classes": np.arange(10)}
    one = ActiveLearner(estimator or IncrementalKNeighborsClassifier(), CDFProduct(), X, **seed)
    other = PartitionedLearner(
        estimator,
        CDFProduct(),
        X_pool=da.from_array(X, chunks=(250, 64)),
        client=threads,
        **seed,
    )
    for n_instances in (4, 1, 6, 3):
        indices = one.query(n_instances)
        np.testing.assert_array_equal(other.query(n_instances), indices)
        for learner in (one, other):
            learner.teach(indices, y[indices])
    for learner in (one, other):
        learner.relabel(indices[:1], [(y[indices[0]] + 1) % 10]).skip([30, 31])
        for _ in range(3):
            learner.undo()
    np.testing.assert_array_equal(other.labeled, one.labeled)
    np.testing.assert_array_equal(other.query(2), one.query(2))
    np.testing.assert_allclose(other.predict_proba(X), one.predict_proba(X), atol=1e-6)
    np.testing.assert_array_equal(other.samples([5, 400]), X[[5, 400]].astype(np.float32))
    assert f"{len(one.labeled)} of 600 samples labelled" in repr(other)


def test_a_learner_goes_on_with_its_journal(threads, tmp_path):
    X, y = digits()
    blocks = da.from_array(X, chunks=(250, 64))

    def start(X_pool=blocks, **settings):
        return PartitionedLearner(
            X_pool=X_pool, journal=tmp_path / "answers.jsonl", client=threads, **settings
        )

    learner = start()
    for _ in range(3):
        indices = learner.query(2)
        learner.teach(indices, y[indices])
    learner.skip(learner.query())
    expected, labeled, skipped = learner.query(2), learner.labeled, learner.pool.skipped
    del learner
    np.testing.assert_array_equal(start().query(), expected[:1])
    changed = da.from_array(X + 1, chunks=(250, 64))
    with pytest.raises(ValueError, match=rf"sample {labeled[0]} \(line 3\), which is not in"):
        start(changed)
    # Samples are found again by content, in the workers that have them.
    moved = start(da.from_array(X[::-1].copy(), chunks=(170, 64)))
    np.testing.assert_array_equal(moved.labeled, 599 - labeled)
    np.testing.assert_array_equal(moved.labels, y[labeled])
    np.testing.assert_array_equal(moved.pool.skipped, 599 - skipped)
    # And by their ids, which are written from now on.
    ids = np.arange(600) + 1000
    start(ids=ids)
    moved = start(da.from_array(X[::-1].copy(), chunks=(170, 64)), ids=ids[::-1])
    np.testing.assert_array_equal(moved.labeled, 599 - labeled)
    with pytest.raises(ValueError, match=rf"id {1000 + labeled[0]} \(line 3\), which has other"):
        start(changed, ids=ids)


@pytest.mark.parametrize(
    ("call", "error", "fault"),
    [
        (lambda X: PartitionedLearner(), TypeError, "PartitionedLearner needs the samples"),
        (
            lambda X: PartitionedLearner(make_pipeline(LogisticRegression()), X_pool=X),
            TypeError,
            "must be a classifier of features. Got a Pipeline",
        ),
        (
            lambda X: PartitionedLearner(IncrementalLabelSpreading(), X_pool=X),
            TypeError,
            "learns from a graph of all samples",
        ),
        (
            lambda X: PartitionedLearner(IncrementalKNeighborsRegressor(), X_pool=X),
            TypeError,
            "must be a classifier. Got IncrementalKNeighborsRegressor",
        ),
        (
            lambda X: PartitionedPool(X, estimator=IncrementalKNeighborsRegressor()),
            TypeError,
            "labels of a partitioned pool are classes, one for each sample. Got Incremental",
        ),
        (
            lambda X: PartitionedLearner(X_pool=X).pool.graph(),
            NotImplementedError,
            "no neighbour graph of all its 100 samples",
        ),
        (
            lambda X: PartitionedLearner(X_pool=X).label(),
            NotImplementedError,
            "has no widget to label in",
        ),
        (
            lambda X: PartitionedLearner(X_pool=X).query_labels(),
            TypeError,
            "query_labels needs several labels for each sample",
        ),
        (
            lambda X: PartitionedLearner(X_pool=X).refresh(),
            ValueError,
            "There is nothing to refresh",
        ),
    ],
)
def test_unsupported_methods_of_a_partitioned_learner_raise(call, error, fault, threads):
    with pytest.raises(error, match=fault), threads.as_current():
        call(da.from_array(digits(100)[0], chunks=(50, 64)))


def test_every_public_name_of_the_learner_works_on_a_partitioned_pool(threads):
    X, y = digits(200)
    X = X / 16
    one = ActiveLearner(IncrementalKNeighborsClassifier(), CDFProduct(), X)
    other = PartitionedLearner(
        strategy=CDFProduct(), X_pool=da.from_array(X, chunks=(70, 64)), client=threads
    )
    indices = one.query(12)
    for learner in (one, other):
        learner.teach(indices, y[indices]).skip([5]).relabel(indices[:1], [y[indices[0]]])
    index = int(one.query()[0])
    arguments = {
        "explain": (X[:3],),
        "explain_query": (index,),
        "features": (X[:3],),
        "predict": (X[:3],),
        "predict_proba": (X[:3],),
        "samples": ([3, 150],),
        "score": (X, y),
        "query": (2,),
        "teach": ([index], [y[index]]),
        "relabel": ([index], [(y[index] + 1) % 10]),
        "skip": ([7],),
        "forget": (6,),
        "undo": (),
        "extend": (X[:3] + 1,),
        "remove": ([198, 201],),
        "label_issues": (),
        "to_frame": (),
        "unlabel": ([index],),
        "unskip": ([5],),
        "fitted_estimator": (),
        "refresh": (),
    }
    # A partitioned pool has no widget, and one label for each sample.
    left_out = {"label", "query_labels"}
    names = [name for name in dir(one) if not name.startswith("_") and name not in left_out]
    order = sorted(names, key=lambda name: list(arguments).index(name) if name in arguments else -1)
    for name in order:
        values = [getattr(learner, name) for learner in (one, other)]
        if not inspect.ismethod(values[0]):
            assert type(values[0]).__name__ == type(values[1]).__name__ or name in {
                "X_pool",
                "pool",
            }
            assert repr(values[1])
            continue
        results = []
        for value in values:
            try:
                results.append(value(*arguments[name]))
            except (TypeError, ValueError, NotImplementedError) as error:
                results.append(str(error))
        if isinstance(results[0], np.ndarray):
            np.testing.assert_allclose(results[1], results[0], atol=1e-6)
        elif name == "explain_query":
            assert results[1].sentences == results[0].sentences
            assert str(results[1])
        elif isinstance(results[0], str | float):
            assert results[1] == results[0]
    assert str(other.progress) == str(one.progress)
    np.testing.assert_array_equal(other.labeled, one.labeled)


def test_a_partitioned_pool_gives_the_numbers_of_one_process(threads):
    X, y = digits(200)
    one, parts = both(X / 16, 70, threads)
    for pool in (one, parts):
        pool.add_labeled(X[:2] / 16, y[:2]).add_labels([3, 100, 50], y[[3, 100, 50]]).skip([7, 150])
    for method, arguments in [
        ("posterior", ()),
        ("posterior", ([180, 3, 90],)),
        ("of_posterior", (largest_share,)),
        ("density", ()),
        ("distance_to_labeled", ("euclidean", "min")),
        ("distances_to", ([4, 190],)),
        ("labeled_neighbors", (3,)),
        ("nearest_labeled", (120, 3)),
        ("labeled_samples", ()),
        ("labeled_outside", ()),
        ("take", ([5, 199],)),
        ("is_labeled", ([3, 4],)),
    ]:
        expected, found = (getattr(pool, method)(*arguments) for pool in (one, parts))
        for left, right in (
            zip(np.atleast_1d(expected), np.atleast_1d(found), strict=True)
            if (not isinstance(expected, tuple))
            else zip(expected, found, strict=True)
        ):
            np.testing.assert_allclose(right, left, atol=1e-5)
    everywhere = [pool.of_posterior(largest_share, everywhere=True) for pool in (one, parts)]
    np.testing.assert_allclose(everywhere[1], everywhere[0], atol=1e-6)
    for pool in (one, parts):
        pool.forget(2).restore_forgotten().forget(3)
    np.testing.assert_array_equal(parts.labeled, one.labeled)
    np.testing.assert_allclose(parts.posterior(), one.posterior(), atol=1e-6)


def with_warning(call, name):
    with pytest.warns(DeprecationWarning, match=rf"Pool\.{name} is now \w*Pool\."):
        return call()


# How each method of a pool that is not in `READ` is called, in this order.
CALLED = {
    "add_labeled": lambda pool, X, y: pool.add_labeled(X[:1] / 2, y[:1]),
    "add_labels": lambda pool, X, y: pool.add_labels([11, 150], y[[11, 150]]),
    "add_samples": lambda pool, X, y: pool.add_samples(X[:3]).remove_samples([200, 201, 202]),
    "batch": lambda pool, X, y: pool.batch(CDFProduct()).n_candidates,
    "completed_labels": lambda pool, X, y: pool.completed_labels([12, 160], y[[12, 160]]),
    "forget": lambda pool, X, y: pool.forget(5),
    "has_graph": lambda pool, X, y: pool.has_graph(Pool(X).graph(3)),
    "invalidate_posterior": lambda pool, X, y: pool.invalidate_posterior(),
    "is_labeled": lambda pool, X, y: pool.is_labeled([3, 100]),
    "new_labels": lambda pool, X, y: pool.new_labels([12, 160], y[[12, 160]]),
    "reset": lambda pool, X, y: pool.reset().add_labels([3, 100, 50], y[[3, 100, 50]]).skip([7]),
    "replaced_labels": lambda pool, X, y: pool.replaced_labels([100], [(y[100] + 1) % 10]),
    "labels_of": lambda pool, X, y: pool.labels_of([100, 11]),
    "recall": lambda pool, X, y: with_warning(pool.recall, "recall"),
    "refitted": lambda pool, X, y: with_warning(pool.refitted, "refitted"),
    "relabel": lambda pool, X, y: pool.relabel([100], [(y[100] + 1) % 10]),
    "remove_labels": lambda pool, X, y: pool.remove_labels([50]),
    "remove_samples": lambda pool, X, y: pool.remove_samples([199]).add_samples(X[199:]),
    "restore_forgotten": lambda pool, X, y: pool.forget(4).restore_forgotten(),
    "save_state": lambda pool, X, y: pool.save_state("state.npz"),
    "skip": lambda pool, X, y: pool.skip([8, 170]),
    "unskip": lambda pool, X, y: pool.unskip([7]),
}
# Names that exist in each partition alone, and names whose values are those of the partitions.
ONLY_IN_PARTITIONS = {"coverages", "geometry", "graph", "graphs", "save_state"}
OF_PARTITIONS = {"coverage_gain", "largest_coverage_gain"}


def numbers_of(value):
    """Return the numbers of a value of a pool: for the pool itself, those of its labels."""
    if isinstance(value, Pool | PartitionedPool):
        value = value.labeled, value.labels, value.candidates, value.n_forgotten, value.posterior()
    return value if isinstance(value, tuple) else (value,)


def test_every_public_name_of_a_pool_works_on_a_partitioned_pool(threads, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    X, y = digits(200)
    X = X / 16
    pools = both(X, 70, threads)
    for pool in pools:
        pool.add_labeled(X[:2], y[:2]).add_labels([3, 100, 50], y[[3, 100, 50]]).skip([7, 150])
        pool.unskip([150])
    for name in sorted(name for name in dir(pools[0]) if not name.startswith("_")):
        if name in CALLED:
            call = partial(CALLED[name], X=X, y=y)
        else:
            call = READ.get(name, attrgetter(name))
        expected = call(pools[0])
        assert not inspect.ismethod(expected), f"`CALLED` has no call of {name}"
        if name in ONLY_IN_PARTITIONS:
            fault = r"has no .+ of all its 200 samples, only one in each partition\. Hint: .+\.$"
            with pytest.raises(NotImplementedError, match=fault):
                call(pools[1])
            continue
        found = call(pools[1])
        for left, right in zip(numbers_of(expected), numbers_of(found), strict=True):
            if isinstance(left, np.ndarray):
                assert name in OF_PARTITIONS or np.allclose(right, left, atol=1e-5), name
            elif isinstance(left, int | float | dict):
                assert name in OF_PARTITIONS or right == left, name
            else:
                assert (right is None) == (left is None), name


@pytest.mark.parametrize(
    "rows", [slice(65, 75), slice(None, None, -30), [3, 150], np.arange(200) % 50 == 7, slice(0, 0)]
)
def test_rows_of_a_partitioned_pool_are_read_as_from_an_array(rows, threads):
    X, _ = digits(200)
    whole, parts = both(X, 70, threads)
    np.testing.assert_array_equal(parts.X[rows], whole.X[rows])


def test_a_row_outside_a_partitioned_pool_raises(threads):
    _, parts = both(digits(200)[0], 70, threads)
    for row in (-1, 200):
        with pytest.raises(IndexError, match=f"There is no sample {row} in a pool of 200"):
            parts.X[[row]]


def test_the_estimator_of_a_partitioned_pool_can_be_replaced(threads):
    X, y = digits(200)
    whole, parts = both(X / 16, 70, threads, estimator=None)
    for pool in (whole, parts):
        pool.add_labeled(X[:2] / 16, y[:2]).add_labels(np.arange(5, 40), y[5:40]).skip([7 + 100])
    logistic = LogisticRegression().fit(*whole.labeled_samples())
    neighbors = IncrementalKNeighborsClassifier(3)
    for estimator in (neighbors, logistic, IncrementalKNeighborsClassifier(), None, neighbors):
        for pool in (whole, parts):
            pool.estimator = estimator
        assert parts.estimator is estimator
        if estimator is None:
            assert parts.posterior() is None
            continue
        np.testing.assert_allclose(parts.posterior(), whole.posterior(), atol=1e-6)
        assert_same_choice(UncertaintySampling(), whole, parts, 2)
    with pytest.raises(TypeError, match="learns from a graph of all samples"):
        parts.estimator = IncrementalLabelSpreading()
    assert parts.estimator is neighbors


def largest_share(posterior):
    return posterior.max(axis=1)


@pytest.mark.parametrize(("exponent", "error"), INVALID_EXPONENTS)
def test_an_exponent_outside_its_range_raises_with_a_sentence(exponent, error, threads):
    _, parts = both(digits(60)[0], 30, threads)
    assert_raises_for_the_exponent(parts, exponent, error)
    assert parts.largest_coverage_gain(np.ones(60), 0, n_neighbors=3)[1] > 0


@pytest.mark.parametrize("n_instances", [1, 3])
@pytest.mark.parametrize("name", sorted(READ))
def test_a_measure_can_read_every_name_in_a_partition(name, n_instances, threads):
    X, y = digits(120)
    _, parts = both(X / 16, 50, threads)
    parts.add_labeled(X[:2] / 16, y[:2]).add_labels([3, 60], y[[3, 60]]).skip([7])
    indices, _ = CDFProduct([("reads", Reads(name))]).select(parts, n_instances)
    assert len(set(indices.tolist()) - {3, 7, 60}) == n_instances


def test_a_pool_in_partitions_changes_as_one_in_one_process(threads):
    X, y = digits(300)
    whole, parts = both(X[:200], 100, threads)
    strategies = [CDFProduct(), UncertaintySampling(), KCenterGreedy(), CDFProduct(random_state=0)]

    def both_are_the_same(*changes):
        for change in changes:
            change(whole)
            assert change(parts) is parts
        for strategy in strategies:
            assert_same_choice(strategy, whole, parts, 2)
        np.testing.assert_allclose(parts.density(), whole.density())
        np.testing.assert_array_equal(parts.features(np.arange(len(parts.X))), whole.X)
        for name in ("labeled", "labels", "skipped", "candidates", "n_forgotten"):
            np.testing.assert_array_equal(getattr(parts, name), getattr(whole, name))

    both_are_the_same(
        lambda pool: pool.add_labeled(X[:1], y[:1]),
        lambda pool: pool.add_labels([3, 150, 7], y[[3, 150, 7]]).skip([9, 110]),
    )
    both_are_the_same(lambda pool: pool.remove_samples([0, 1, 3, 120, 199]))
    both_are_the_same(lambda pool: pool.add_samples(X[200:250]).add_labels([210], [y[0]]))
    both_are_the_same(lambda pool: pool.remove_samples(np.arange(195, 245)))
    assert parts.n_partitions == 2
    # The new partition is not taken for the one that was removed.
    both_are_the_same(lambda pool: pool.add_samples(X[250:]))
    both_are_the_same(
        lambda pool: pool.remove_samples(np.arange(110)).forget(1).restore_forgotten()
    )
    assert parts.n_partitions == 2


def test_a_wrong_change_leaves_the_partitions_as_they_are(threads, tmp_path):
    X, _ = digits(40)
    write_vectors(tmp_path / "part.npy", X.astype(np.float32))
    parts = PartitionedPool([open_vectors(tmp_path / "part.npy")], client=threads)
    for change, error, message in [
        (lambda: parts.add_samples(X[:, :3]), ValueError, "X has 3 features, but the pool has 64"),
        (lambda: parts.add_samples(np.nan * X), ValueError, "contains NaN"),
        (lambda: parts.add_samples("X"), TypeError, "X must be a Dask array"),
        (lambda: parts.add_samples(X, X), ValueError, "no samples beside its features"),
        (lambda: parts.remove_samples([40]), IndexError, "There is no sample 40"),
        (lambda: parts.remove_samples(range(40)), ValueError, "All 40 samples of the pool"),
        (lambda: parts.remove_samples([7]), TypeError, "Sample 7 is on disk, where it cannot be"),
    ]:
        with pytest.raises(error, match=message):
            change()
    assert parts.n_samples == 40
    assert parts.add_samples(X[:5]).remove_samples([42]).n_samples == 44
    np.testing.assert_allclose(parts.features([0, 43]), X[[0, 4]])


def test_strict_classes_are_those_of_the_whole_pool(threads):
    X, _ = digits(20)
    learner = PartitionedLearner(
        X_pool=da.from_array(X, chunks=(10, -1)),
        classes=["apple", "pear"],
        strict_classes=True,
        client=threads,
    )
    with pytest.raises(ValueError, match="Did you mean 'apple'"):
        learner.teach(0, "aple")
    assert learner.teach([0, 15], ["apple", "pear"]).labels.tolist() == ["apple", "pear"]
