"""A cluster that fails, or an interruption, costs no answer and never a call without an end."""

import os
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

import skactive
from skactive import ActiveLearner
from skactive.datasets import open_vectors, write_vectors
from skactive.integrations.dask import PartitionedLearner, PartitionedPool, _cluster
from skactive.integrations.dask._partition import release
from skactive.measures import Measure
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.strategies import CDFProduct

distributed = pytest.importorskip("distributed")
da = pytest.importorskip("dask.array")

pytestmark = pytest.mark.once

PACKAGE = str(Path(skactive.__file__).parent)
X, Y = load_digits(return_X_y=True)
X, Y = X[:90] / 16, Y[:90]
NAMES = [f"photos/{row}.jpg" for row in range(90)]
LOST = r"The cluster no longer holds the samples of this pool: .* with the same `journal`\.$"


def in_threads():
    return distributed.Client(
        processes=False, n_workers=2, threads_per_worker=1, dashboard_address=":0"
    )


@pytest.fixture(scope="module")
def threads():
    """Return a cluster within this process."""
    with in_threads() as client:
        yield client


def blocks(rows):
    return da.from_array(rows, chunks=(max(1, len(rows) // 3), rows.shape[1]))


def learners(client, journal=None, n=60, estimator=None, **settings):
    """Return learners of one process and in partitions."""
    estimator = estimator or IncrementalKNeighborsClassifier()
    settings |= {"classes": range(10)}
    return (
        ActiveLearner(estimator, CDFProduct(), X[:n], **settings),
        PartitionedLearner(
            estimator, CDFProduct(), blocks(X[:n]), client=client, journal=journal, **settings
        ),
    )


def labels_of(learner):
    labels = zip(learner.labeled.tolist(), learner.labels.tolist(), strict=True)
    answers = zip(learner.answered.tolist(), learner.answers.tolist(), strict=True)
    return list(labels), learner.skipped.tolist(), list(answers), learner.ids.tolist()


def assert_equal(one, other):
    assert labels_of(one) == labels_of(other)
    # The solver of a fitted classifier ends at its own tolerance.
    atol = 1e-3 if isinstance(one.estimator, LogisticRegression) else 1e-6
    np.testing.assert_allclose(other.predict_proba(X), one.predict_proba(X), atol=atol)
    np.testing.assert_array_equal(other.query(2), one.query(2))


@pytest.mark.parametrize(
    "make",
    [
        lambda X: blocks(X).map_blocks(sp.csr_matrix),
        lambda X: blocks(X).map_blocks(sp.csr_array, meta=sp.csr_array((0, 0))),
        lambda X: blocks(X).map_blocks(sp.coo_matrix, meta=np.empty((0, 0)), dtype=X.dtype),
        lambda X: da.from_array(sp.csr_matrix(X), chunks=(40, 64)),
        lambda X: da.from_array(sp.csr_array(X), chunks=(40, 16)),
    ],
)
def test_sparse_blocks_raise_and_leave_the_cluster_as_it_was(make, threads):
    with pytest.raises(TypeError, match=r"blocks of X must be arrays\. Got a sparse c\w+\. Hint:"):
        PartitionedPool(make(X), client=threads)
    assert PartitionedPool(blocks(X), client=threads).n_samples == 90


# What happens to a part file, and what the next pool that reads it says.
DAMAGES = {
    "missing": (lambda path: path.unlink(), "cannot be read: .*No such file"),
    "replaced": (lambda path: write_vectors(path, X[::-1], dtype="float64"), "other vectors than"),
    "shrunk": (lambda path: os.truncate(path, 5000), "is incomplete"),
    "empty": (lambda path: os.truncate(path, 0), "does not begin with the header"),
    "a folder": (lambda path: (path.unlink(), path.mkdir()), "cannot be read: .*s a directory"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_part_file_raises_in_the_client_and_leaves_the_workers(damage, threads, tmp_path):
    paths = [write_vectors(tmp_path / f"{name}.npy", X, dtype="float64") for name in "ab"]
    parts = [open_vectors(path) for path in paths]
    in_use = PartitionedPool(parts, client=threads, dtype=np.float64)
    change, message = DAMAGES[damage]
    n_before, content = len(threads.nthreads()), paths[1].read_bytes()
    with PartitionedPool(parts, client=threads, dtype=np.float64) as later:
        # The workers open the file again.
        release(later.X._held.token)
        change(paths[1])
        with pytest.raises((ValueError, OSError), match=f"^Partition 1 of the pool.*{message}"):
            later.density()
        assert len(threads.nthreads()) == n_before
        if paths[1].is_dir():
            paths[1].rmdir()
        paths[1].write_bytes(content)
        assert len(later.density()) == 180
    if damage in {"shrunk", "empty"}:
        with pytest.raises(OSError, match="was changed while its vectors were in use"):
            in_use.distances_to([150])
    # The file is opened again, or still has the rows that were opened.
    np.testing.assert_allclose(in_use.features([3, 150]), X[[3, 60]])
    np.testing.assert_allclose(in_use.distances_to([150])[150], 0, atol=1e-7)


def test_a_cluster_without_workers_raises_and_goes_on_with_new_ones(monkeypatch):
    monkeypatch.setattr(_cluster, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(_cluster, "WORKERS_SECONDS", 0.02)
    with distributed.Client(processes=False, n_workers=0, dashboard_address=":0") as client:
        with pytest.raises(RuntimeError, match=r"no worker for 0\.02 seconds\. Hint: start"):
            PartitionedPool(blocks(X), client=client)
        client.cluster.scale(1)
        client.wait_for_workers(1)
        monkeypatch.undo()
        assert PartitionedPool(blocks(X), client=client).n_samples == 90


class LosesTheScheduler(Measure):
    """A measure during whose computation the connection to the scheduler ends."""

    client = None

    def utilities(self, pool):
        self.client.loop.add_callback(self.client.scheduler_comm.comm.abort)
        reconnected.wait(5)
        return np.zeros(pool.n_candidates)

    def __reduce__(self):
        return LosesTheScheduler, ()


reconnected = threading.Event()


def test_a_query_without_its_scheduler_ends_and_the_journal_goes_on(tmp_path, monkeypatch):
    path = tmp_path / "answers.jsonl"
    with in_threads() as client:
        one, other = learners(client, path)
        for learner in (one, other):
            learner.teach([3, 9, 40], Y[[3, 9, 40]])
        monkeypatch.setattr(LosesTheScheduler, "client", client)
        other.strategy = CDFProduct([("lost", LosesTheScheduler())])
        with pytest.raises(RuntimeError, match=LOST):
            other.query()
        reconnected.set()
        other.strategy = CDFProduct()
        with pytest.raises(RuntimeError, match=LOST):
            other.query()
        # The journal names a sample by its content, which the workers had.
        with pytest.raises(RuntimeError, match=LOST):
            other.teach([7], [Y[7]])
        assert labels_of(other) == labels_of(one)
        for learner in (one, other):
            learner.undo()
            learner.teach([3, 9], Y[[3, 9]])
    with pytest.raises(RuntimeError, match=LOST):
        other.query()
    with in_threads() as client:
        assert_equal(one, learners(client, path)[1])


@pytest.mark.parametrize("estimator", [None, LogisticRegression()])
def test_a_partitioned_learner_extends_and_removes_as_one_in_one_process(
    estimator, threads, tmp_path
):
    path = tmp_path / "answers.jsonl"
    one, other = learners(threads, path, estimator=estimator, ids=NAMES[:60])
    steps = [
        lambda it: it.teach([3, 9, 40, 22], Y[[3, 9, 40, 22]]).skip([7]),
        lambda it: it.extend(X[60:80], ids=NAMES[60:80]),
        lambda it: it.teach([70, 5], Y[[70, 5]]),
        lambda it: it.remove([3, 7, 65]),
        lambda it: it.undo(),
        lambda it: it.remove(ids=["photos/22.jpg"]),
        lambda it: it.extend(X[80:], ids=NAMES[80:]).extend(X[[3]], ids=[NAMES[3]]),
        lambda it: it.teach(ids=["photos/3.jpg", "photos/85.jpg"], y=Y[[3, 85]]),
    ]
    for step in steps:
        step(one)
        step(other)
        assert_equal(one, other)
    other._journal.close()
    kept = [NAMES.index(name) for name in one.ids]
    again = PartitionedLearner(
        estimator, CDFProduct(), blocks(X[kept]), client=threads, journal=path, ids=one.ids
    )
    assert labels_of(again)[:2] == labels_of(one)[:2]


def test_answers_wait_in_the_journal_until_extend_brings_their_samples(threads, tmp_path):
    path = tmp_path / "answers.jsonl"
    one, other = learners(threads, path, ids=NAMES[:60])
    for learner in (one, other):
        learner.teach([3, 9], Y[[3, 9]]).extend(X[60:], ids=NAMES[60:]).teach([70], [Y[70]])
    other._journal.close()
    with pytest.warns(UserWarning, match=r"photos/70\.jpg"):
        part = learners(threads, path, ids=NAMES[:60])[1]
    assert part.labeled.tolist() == [3, 9]
    part.extend(blocks(X[60:]), ids=NAMES[60:])
    assert_equal(one, part)


def test_samples_that_cannot_join_or_leave_are_named(threads, tmp_path):
    path = write_vectors(tmp_path / "part.npy", X[:60], dtype="float32")
    settings = {"client": threads, "ids": NAMES[:60], "journal": tmp_path / "answers.jsonl"}
    learner = PartitionedLearner(None, CDFProduct(), [open_vectors(path)], **settings)
    learner.teach([3], [Y[3]])
    before = labels_of(learner)
    for change, error, message in [
        (lambda it: it.extend(sp.csr_array(X[:2]), ids="ab"), TypeError, "X must be a Dask array"),
        (lambda it: it.extend("X", ids=["a"]), TypeError, "X must be a Dask array"),
        (lambda it: it.extend([["a"] * 64], ids=["a"]), TypeError, "X must be a Dask array"),
        (lambda it: it.extend(X[:2, :9], ids=["a", "b"]), ValueError, "X has 9 features, but the"),
        (lambda it: it.extend(X[:2] * np.nan, ids=["a", "b"]), ValueError, "contains NaN"),
        (lambda it: it.extend(X[:0], ids=[]), ValueError, "X has no samples"),
        (lambda it: it.extend(X[:1]), ValueError, "and those of X_new have none. Hint: pass ids"),
        (lambda it: it.extend(X[:1], ids=[NAMES[3]]), ValueError, "is that of row 3 already"),
        (lambda it: it.extend(X[:2], ids=["a"]), ValueError, "There are 1 ids for the 2 samples"),
        (lambda it: it.remove([7]), TypeError, "Sample 7 is on disk, where it cannot be removed"),
        (lambda it: it.remove(range(60)), ValueError, "remove would leave none of the 60 samples"),
    ]:
        with pytest.raises(error, match=message):
            change(learner)
        assert labels_of(learner) == before
    learner.extend(X[60:62].tolist(), ids=["a", "b"]).remove(ids=["a"])
    assert learner.ids[-1] == "b"
    np.testing.assert_allclose(learner.samples([60]), X[[61]], atol=1e-6)
    assert len(learner.query(2)) == 2


class Interrupted:
    """Raise KeyboardInterrupt at one line of the package."""

    def __init__(self, line):
        self.left = line

    def __enter__(self):
        sys.settrace(self.trace)

    def __exit__(self, *_):
        sys.settrace(None)

    def trace(self, frame, event, _):
        if not frame.f_code.co_filename.startswith(PACKAGE):
            return None
        if event == "line":
            self.left -= 1
            if self.left < 0:
                sys.settrace(None)
                raise KeyboardInterrupt
        return self.trace


ACTIONS = {
    "teach": lambda learner: learner.teach([17, 18], Y[[17, 18]]),
    "relabel": lambda learner: learner.relabel([9], [(Y[9] + 1) % 10]),
    "forget": lambda learner: learner.forget(2),
    "undo": lambda learner: learner.undo(),
    "query": lambda learner: learner.query(2),
    "extend": lambda learner: learner.extend(X[60:70]),
    "remove": lambda learner: learner.remove([5, 9]),
}
# Every line is interrupted if this is 0; a sample of that many lines otherwise.
N_LINES = int(os.environ.get("SKACTIVE_INTERRUPTED_LINES", "4"))


def prepared(client, path=None):
    both = learners(client, path)
    for learner in both:
        learner.teach([3, 9, 40], Y[[3, 9, 40]]).skip([7])
    return both


@pytest.mark.parametrize("kind", ACTIONS)
def test_an_interrupted_action_has_happened_everywhere_or_nowhere(kind, threads, tmp_path):
    action = ACTIONS[kind]
    before, after = (prepared(threads)[0] for _ in range(2))
    action(after)
    counter = Interrupted(10**9)
    counted = prepared(threads, tmp_path / "counted")[1]
    with counter:
        action(counted)
    lines = np.arange(10**9 - counter.left)
    if N_LINES:
        lines = np.random.default_rng(len(kind)).choice(lines, min(N_LINES, len(lines)), False)
    for line in lines.tolist():
        path = tmp_path / f"{line}.jsonl"
        learner = prepared(threads, path)[1]
        with pytest.raises(KeyboardInterrupt), Interrupted(line):
            action(learner)
        is_done = labels_of(learner) == labels_of(after)
        assert_equal(after if is_done else before, learner)
        if not is_done or kind == "query":
            action(learner)
            assert_equal(after, learner)
        learner._journal.close()
        rows = X[:70] if kind == "extend" else np.delete(X[:60], [5, 9], axis=0)
        again = PartitionedLearner(
            None,
            CDFProduct(),
            blocks(rows if kind in {"extend", "remove"} else X[:60]),
            classes=range(10),
            client=threads,
            journal=path,
        )
        assert labels_of(again)[:2] == labels_of(after)[:2]
        again._journal.close()


def test_threads_share_a_partitioned_learner(threads, tmp_path):
    _, learner = learners(threads, tmp_path / "answers.jsonl")
    errors = []

    def work(number):
        try:
            for row in range(number, 60, 20):
                learner.teach([row], [Y[row]])
                assert len(learner.query(3)) == 3
                assert len(learner.labels) > 0
                assert len(learner.predict_proba(X[:2])) == 2
        except BaseException as error:  # noqa: BLE001  shown by the assertion
            errors.append(error)

    workers = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert errors == []
    taught = sorted(row for number in range(4) for row in range(number, 60, 20))
    assert sorted(learner.labeled.tolist()) == taught
    order = learner.labeled
    one = ActiveLearner(
        IncrementalKNeighborsClassifier(), CDFProduct(), X[:60], classes=range(10)
    ).teach(order, Y[order])
    assert_equal(one, learner)
