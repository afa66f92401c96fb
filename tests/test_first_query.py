"""The first query of a large pool does not wait for its graph, and changes nothing else."""

import copy
import gc
import io
import os
import pickle
import subprocess
import sys
from functools import partial
from pathlib import Path
from threading import Event
from weakref import WeakSet

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skactive
from skactive import ActiveLearner, _background
from skactive._background import Background
from skactive._progress import advance
from skactive.datasets import open_vectors
from skactive.measures import Measure
from skactive.neighbors import IncrementalKNeighborsClassifier, NeighborGraph
from skactive.pool import FeatureCache
from skactive.pool import _graphs as graphs
from skactive.semi_supervised import IncrementalLabelSpreading
from skactive.strategies import RandomSampling, UncertaintyHerding

N_SAMPLES, N_COMPARED, MAX_INSTANCES = 40, 25, 3
X = np.random.default_rng(0).normal(size=(N_SAMPLES, 3)).astype(np.float32) + 2
Y = np.where(X[:, 0] > 2, "a", "b")
ROWS = np.sort(np.random.default_rng(0).choice(N_SAMPLES, N_COMPARED, replace=False))


@pytest.fixture(autouse=True, scope="module")
def _small_pools_are_large():
    with pytest.MonkeyPatch.context() as patch:
        for name in ("N_COMPARED", "MAX_INSTANCES"):
            patch.setattr(f"skactive.learner._queries.{name}", globals()[name])
        patch.setattr("skactive.learner._queries.MIN_SAMPLES", N_SAMPLES - 5)
        yield


def built_at_once(X_pool=X, **arguments):
    """Return a learner that builds its graph before it returns, and never compares a sample."""
    return ActiveLearner(X_pool=X_pool, cache=FeatureCache(), **arguments)


class Held:
    """Searches of neighbours that wait until they may go on."""

    def __init__(self, monkeypatch):
        self.go_on, self.n_searches, self.search = Event(), 0, graphs._neighbors
        monkeypatch.setattr(graphs, "_neighbors", self)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.go_on.set()

    def __call__(self, *arguments):
        self.n_searches += 1
        assert self.go_on.wait(60)
        return self.search(*arguments)


@pytest.mark.parametrize("n_instances", [1, MAX_INSTANCES])
@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"strategy": UncertaintyHerding(random_state=3)},
        {"estimator": IncrementalLabelSpreading(4, metric="euclidean")},
        {"class_descriptions": {"a": X[:2] + 1, "b": X[2:4] - 1}},
        {"classes": ["a", "b", "c"]},
    ],
    ids=["default", "random_state", "metric", "descriptions", "classes"],
)
def test_the_first_query_is_that_of_a_sample(arguments, n_instances):
    learner = ActiveLearner(X_pool=X, **arguments)
    known = ActiveLearner(X_pool=X[ROWS], **arguments).query(n_instances, return_utilities=True)
    for again in (learner, learner, pickle.loads(pickle.dumps(learner)), copy.deepcopy(learner)):
        indices, utilities = again.query(n_instances, return_utilities=True)
        assert indices.tolist() == ROWS[known[0]].tolist()
        assert utilities.tolist() == known[1].tolist()


@pytest.mark.parametrize(
    "read",
    [
        lambda learner: learner.query().tolist(),
        lambda learner: learner.ids.tolist(),
        lambda learner: learner.X_pool.tolist(),
        lambda learner: learner.samples(learner.query()).tolist(),
        lambda learner: learner.candidates.tolist(),
        lambda learner: (learner.labeled.tolist(), learner.labels.tolist(), repr(learner)),
        lambda learner: (learner.skipped.tolist(), learner.answered.tolist()),
        lambda learner: (learner.answers.tolist(), learner.classes_.tolist()),
    ],
)
def test_samples_and_labels_do_not_wait_for_the_graph(read, monkeypatch):
    known = read(ActiveLearner(X_pool=X))
    # The sample's graph is searched first.
    with Held(monkeypatch) as held:
        monkeypatch.setattr(
            "skactive.learner._queries.FirstQuery.draw", drawn_without(held, monkeypatch)
        )
        learner = ActiveLearner(X_pool=X)
        assert read(learner) == known
        assert learner._is_deferred
    learner.teach([0], ["a"])
    assert held.n_searches == 1


def drawn_without(held, monkeypatch):
    """Return `FirstQuery.draw`, which searches without waiting."""
    from skactive.learner._queries import FirstQuery

    draw = FirstQuery.draw

    def drawn(self, X):
        with monkeypatch.context() as patch:
            patch.setattr(graphs, "_neighbors", held.search)
            return draw(self, X)

    return drawn


def taught(learner, at):
    fresh = np.setdiff1d(at, learner.labeled)
    learner.teach(fresh, Y[fresh])


def relabeled(learner, at):
    learner.relabel(at, ["b"] * len(at))


def predicted(learner, _):
    if len(learner.labeled):
        learner.predict(X[:2])


# Before the first answer, queries differ from those of a learner that compares all candidates.
CHANGES = {
    "query": lambda learner, _: learner.query(),
    "undo": lambda learner, _: learner.undo() if learner._history else None,
    "predict": predicted,
    "explain": lambda learner, _: learner.explain_query(learner.candidates[:1]),
    "remove": lambda learner, _: learner.remove([1]),
    "extend": lambda learner, _: learner.extend(X[:1] + 0.5),
    "teach": taught,
    "skip": lambda learner, at: learner.skip(np.setdiff1d(at, learner.labeled)),
    "relabel": lambda learner, at: relabeled(learner, np.intersect1d(at, learner.labeled)),
    "pickle": lambda learner, _: pickle.loads(pickle.dumps(learner)),
    "copy": lambda learner, _: copy.deepcopy(learner),
}
ACTIONS = st.lists(
    st.tuples(st.sampled_from(sorted(CHANGES)), st.integers(0, N_SAMPLES - 9)), max_size=8
)


def act(learner, action):
    name, index = action
    changed = CHANGES[name](learner, np.array([index]))
    return changed if name in {"pickle", "copy"} else learner


@settings(max_examples=25, deadline=None)
@given(actions=ACTIONS)
def test_the_learner_is_the_one_whose_graph_was_built_at_once(actions):
    learner, other = ActiveLearner(X_pool=X), built_at_once()
    for action in actions:
        learner, other = act(learner, action), act(other, action)
    if learner._history:
        first, second = (one.query(2, return_utilities=True) for one in (learner, other))
        assert first[0].tolist() == second[0].tolist()
        assert first[1].tolist() == second[1].tolist()
    for one in (learner, other):
        one.teach(one.candidates[:2], ["a", "b"])
    assert learner.labeled.tolist() == other.labeled.tolist()
    assert learner.predict_proba(X).tolist() == other.predict_proba(X).tolist()
    assert learner.query().tolist() == other.query().tolist()
    assert str(learner.progress) == str(other.progress)


class Cost(Measure):
    def utilities(self, pool):
        return np.arange(N_SAMPLES)[pool.candidates].astype(float)


def saved(path):
    np.save(path / "X.npy", X)
    return path / "X.npy"


@pytest.mark.parametrize(
    "arguments",
    [
        lambda _: {"strategy": "density-weighted"},
        lambda _: {"strategy": "margin"},
        lambda _: {"strategy": UncertaintyHerding(Cost())},
        lambda _: {"estimator": IncrementalKNeighborsClassifier()},
        lambda _: {"estimator": LogisticRegression()},
        lambda _: {"X_pool": sp.csr_matrix(X)},
        lambda path: {"X_pool": open_vectors(saved(path))},
        lambda _: {"X_pool": X[: N_SAMPLES - 6]},
        lambda _: {"X_labeled": X[:2] + 1, "y_labeled": ["a", "b"]},
        lambda _: {"graph": NeighborGraph.of(X)},
    ],
    ids=[
        "density",
        "margin",
        "measure",
        "k-NN",
        "refit",
        "sparse",
        "disk",
        "small",
        "seed set",
        "graph",
    ],
)
def test_other_learners_compare_all_candidates(arguments, tmp_path):
    arguments = {"X_pool": X, **arguments(tmp_path)}
    learner = ActiveLearner(**arguments)
    assert not learner._is_deferred
    indices = learner.query(2).tolist()
    if "graph" not in arguments:
        assert indices == built_at_once(**arguments).query(2).tolist()
    assert indices == learner.strategy.select(learner.pool, 2)[0].tolist()


def test_a_memory_map_is_compared_like_an_array(tmp_path):
    learner = ActiveLearner(X_pool=np.load(saved(tmp_path), mmap_mode="r"))
    assert learner._is_deferred
    assert learner.query(2).tolist() == ActiveLearner(X_pool=X).query(2).tolist()
    learner.teach([0], ["a"])
    assert learner.query().tolist() == built_at_once().teach([0], ["a"]).query().tolist()


@pytest.mark.parametrize("query", [{"n_instances": 4}, {"candidates": [3, 7, 11]}])
def test_large_batches_and_candidates_are_chosen_among_all(query):
    learner, other = ActiveLearner(X_pool=X), built_at_once()
    assert learner.query(**query).tolist() == other.query(**query).tolist()


def test_steps_of_a_pipeline_and_another_strategy_later(monkeypatch):
    learner = ActiveLearner(make_pipeline(StandardScaler(), IncrementalLabelSpreading()), X_pool=X)
    scaled = StandardScaler().fit_transform(X)
    assert learner._is_deferred
    assert learner.query().tolist() == ActiveLearner(X_pool=scaled).query().tolist()
    learner.strategy = UncertaintyHerding(None, bandwidth=0.3)
    assert learner.query() in ROWS
    learner.strategy = RandomSampling(random_state=0)
    known = built_at_once(scaled, strategy=RandomSampling(random_state=0)).query()
    assert learner.query().tolist() == known.tolist()


@pytest.mark.parametrize("error", [MemoryError, RuntimeError, KeyboardInterrupt])
def test_an_error_of_the_thread_is_raised_once(error, monkeypatch):
    learner, search = ActiveLearner(X_pool=X), graphs._neighbors
    first = learner.query()

    def failing(*_):
        raise error("in the thread")

    begun = Background(failing, "neighbour graph", N_SAMPLES)
    learner._pool.graphs._begun = (*learner._pool.graphs._begun[:2], begun)
    with pytest.raises(error, match="in the thread"):
        learner.teach(first, Y[first])
    assert learner.query().tolist() == first.tolist()
    learner.teach(first, Y[first])
    assert graphs._neighbors is search
    known = built_at_once().teach(first, Y[first])
    assert learner.query().tolist() == known.query().tolist()


def test_an_interrupted_wait_can_be_repeated(monkeypatch):
    with Held(monkeypatch) as held:
        monkeypatch.setattr(
            "skactive.learner._queries.FirstQuery.draw", drawn_without(held, monkeypatch)
        )
        learner = ActiveLearner(X_pool=X)

        def interrupted(*_):
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr("skactive._background.wait", interrupted)
            with pytest.raises(KeyboardInterrupt):
                learner.teach([2], ["a"])
        assert learner.labeled.tolist() == []
    learner.teach([2], ["a"])
    assert held.n_searches == 1
    assert learner.query().tolist() == built_at_once().teach([2], ["a"]).query().tolist()


def test_the_thread_ends_with_the_learner(monkeypatch):
    def endless(*_):
        while True:
            advance(1)

    learner = ActiveLearner(X_pool=X)
    monkeypatch.setattr(graphs, "_neighbors", endless)
    learner._pool.graphs.begin(15, "cosine")
    thread = learner._pool.graphs._begun[2]._thread
    assert thread.is_alive()
    del learner
    gc.collect()
    thread.join(60)
    assert not thread.is_alive()


def test_all_threads_are_interrupted_before_one_is_waited_for(monkeypatch):
    are_both = Event()

    def until_the_other_one_is_interrupted(other):
        return are_both.wait(60) and threads[other].stopping.wait(60)

    waiting = [partial(until_the_other_one_is_interrupted, other) for other in (1, 0)]
    threads = [Background(function, "graph", 4) for function in waiting]
    are_both.set()
    monkeypatch.setattr(_background, "_running", WeakSet(threads))
    _background._stop_all()
    assert [thread.is_done() for thread in threads] == [True, True]
    assert [thread.result() for thread in threads] == [True, True]


def test_wrong_parameters_are_reported_at_once():
    with pytest.raises(ValueError, match="'alpha' parameter"):
        ActiveLearner(IncrementalLabelSpreading(alpha=2.0), X_pool=X)
    with pytest.raises(ValueError, match="n_instances"):
        ActiveLearner(X_pool=X).query("two")


def test_the_explanation_of_a_first_query_names_the_sample():
    learner = ActiveLearner(X_pool=X)
    index = learner.query()
    sentence = "The first query compares 25 samples, drawn at random."
    explanation = learner.explain_query(index)
    assert explanation.sentences[-1] == sentence
    known = built_at_once().explain_query(index)
    assert explanation.sentences[:-1] == known.sentences
    assert explanation.n_candidates == N_SAMPLES
    learner.skip(np.setdiff1d(ROWS, index)[:1])
    assert sentence not in learner.explain_query(index).sentences


def test_a_journal_is_resumed(tmp_path):
    path = tmp_path / "answers.jsonl"
    learner = ActiveLearner(X_pool=X, journal=path)
    assert learner._is_deferred
    first = learner.query()
    learner.teach(first, Y[first])
    resumed = ActiveLearner(X_pool=X, journal=path)
    known = built_at_once().teach(first, Y[first])
    assert resumed.query().tolist() == learner.query().tolist() == known.query().tolist()


def test_a_waiting_caller_sees_the_progress(monkeypatch):
    is_shown = Event()

    class Terminal(io.StringIO):
        def isatty(self):
            return True

        def write(self, text):
            if "3/4" in text:
                is_shown.set()
            return super().write(text)

    def function():
        advance(3)
        return is_shown.wait(60)

    monkeypatch.setattr("sys.stderr", Terminal())
    monkeypatch.setattr("skactive._progress.DELAY", 0.0)
    assert Background(function, "neighbour graph", 4).result()


# A forked process has no thread, and its learner builds the graph itself. The program ends while
# its own thread is at work.
AT_THE_END = """
import os
import numpy as np
from skactive import ActiveLearner
from skactive.learner import _queries

_queries.MIN_SAMPLES, _queries.N_COMPARED = 1_000, 500
X = np.random.default_rng(0).normal(size=(60_000, 64)).astype(np.float32)
if hasattr(os, "fork"):
    small = ActiveLearner(X_pool=X[:2_000])
    forked = os.fork()
    if forked == 0:
        known = small.teach([0, 1], ["a", "b"]).predict(X[:1])
        os._exit(0 if known[0] == "a" else 1)
    assert os.waitpid(forked, 0)[1] == 0
learner = ActiveLearner(X_pool=X)
assert len(learner.query()) == 1 and learner._is_deferred
"""


def test_a_program_ends_while_the_graph_is_built():
    root = str(Path(skactive.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": root}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", AT_THE_END],
        check=False,
        timeout=120,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
