"""A comparison with memory runs the loops that are missing, and no loop twice."""

import io
import json
import os
import pickle

import joblib
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import make_scorer, recall_score
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skactive.measures import Diversity, Measure
from skactive.model_selection import compare_strategies, labeling_curve
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.strategies import CDFProduct, QueryStrategy, RandomSampling

pytestmark = pytest.mark.once

RNG = np.random.default_rng(0)
Y = np.array(["ash", "birch"])[np.arange(24) % 2]
X = RNG.normal(size=(24, 3)) + (Y == "ash")[:, np.newaxis]
PLAYED = []


class Counted(QueryStrategy):
    """A strategy that selects in the order of the pool, and records the start of each loop."""

    def __init__(self, name="a", *, fails_at=None, random_state=None):
        super().__init__(random_state=random_state)
        self.name = name
        self.fails_at = fails_at

    def utilities(self, pool):
        if len(pool.labeled) == 0:
            PLAYED.append(self.name)
            if len(PLAYED) == FAIL["at"]:
                raise KeyboardInterrupt
        return -np.arange(pool.n_candidates, dtype=float)


class Constant(Measure):
    def utilities(self, pool):
        return np.ones(pool.n_candidates)


FAIL = {"at": None}


@pytest.fixture(autouse=True)
def _nothing_played():
    PLAYED.clear()
    FAIL["at"] = None


def recall_of_ash(estimator, X, y):
    return recall_score(y, estimator.predict(X), pos_label="ash", zero_division=0)


def n_stored(folder):
    return len(list(folder.glob("*.json")))


def run_comparison(folder, strategies=None, *, X=X, y=Y, estimator=None, **arguments):
    """Return the number of loops that a comparison runs, and the comparison."""
    PLAYED.clear()
    settings = {"budget": 4, "cv": 3, "random_state": 0, "memory": folder, "n_jobs": 1}
    strategies = {"a": Counted()} if strategies is None else strategies
    found = compare_strategies(estimator, strategies, X, y, **settings | arguments)
    return len(PLAYED), found


@pytest.mark.parametrize("form", [str, os.fspath, lambda path: joblib.Memory(path, verbose=0)])
def test_a_second_run_only_reads_results(tmp_path, form):
    once, first = run_comparison(form(tmp_path))
    again, second = run_comparison(form(tmp_path))
    _, without = run_comparison(None)
    assert (once, again) == (3, 0)
    for other in (second, without):
        np.testing.assert_array_equal(first.test_scores, other.test_scores)
        np.testing.assert_array_equal(first.full_scores, other.full_scores)


def test_an_interrupted_run_goes_on_where_it_was(tmp_path):
    both = {"a": Counted("a"), "b": Counted("b")}
    FAIL["at"] = 5  # one of them is the query that "b" runs beforehand
    with pytest.raises(KeyboardInterrupt):
        run_comparison(tmp_path, both)
    FAIL["at"] = None
    # Of the four started loops, three were finished.
    count, resumed = run_comparison(tmp_path, both)
    assert count == 6 - 3
    np.testing.assert_array_equal(resumed.test_scores, run_comparison(None, both)[1].test_scores)


def test_only_new_strategies_run(tmp_path):
    run_comparison(tmp_path, {"a": Counted("a")})
    count, _ = run_comparison(tmp_path, {"a": Counted("a"), "b": Counted("b")})
    assert count == 3
    assert PLAYED == ["b"] * 3


def test_a_name_is_not_part_of_the_key(tmp_path):
    run_comparison(tmp_path)
    assert run_comparison(tmp_path, {"another name": Counted()})[0] == 0


@pytest.mark.parametrize(
    "change",
    [
        {"strategies": {"a": Counted("b")}},
        {"strategies": {"a": Counted(random_state=1)}},
        {"estimator": IncrementalKNeighborsClassifier(3)},
        {"estimator": make_pipeline(FunctionTransformer(), LogisticRegression(C=2.0))},
        {"X": X.astype(np.float32)},
        {"X": X + (np.arange(24) == 7)[:, np.newaxis]},
        {"y": np.where(np.arange(24) == 7, "ash", Y)},
        {"budget": 5},
        {"batch_size": 2},
        {"random_state": 1},
        {"cv": StratifiedKFold(3)},
        {"scoring": "f1_macro"},
        {"scoring": make_scorer(recall_score, pos_label="ash")},
        {"scoring": recall_of_ash},
    ],
    ids=lambda change: next(iter(change)),
)
def test_everything_a_curve_depends_on_is_part_of_the_key(tmp_path, change):
    assert run_comparison(tmp_path)[0] == 3
    assert run_comparison(tmp_path, **change)[0] >= 3
    assert run_comparison(tmp_path, **change)[0] == 0
    assert run_comparison(tmp_path)[0] == 0


def test_nested_parameters_are_part_of_the_key(tmp_path):
    def product(**parameters):
        measures = [("constant", Constant()), ("diversity", Diversity())]
        return CDFProduct(measures).set_params(**parameters)

    def n_new(**parameters):
        before = n_stored(tmp_path)
        run_comparison(tmp_path, {"product": product(**parameters)})
        return n_stored(tmp_path) - before

    assert n_new() == 3 + 3
    for change in (
        {"diversity__metric": "euclidean"},
        {"weights": {"diversity": 0.5}},
        {"random_state": 0},
    ):
        assert n_new(**change) == 3
        assert n_new(**change) == 0
    assert n_new() == 0


@pytest.mark.parametrize("package", ["skactive", "sklearn"])
def test_another_release_runs_again(tmp_path, monkeypatch, package):
    run_comparison(tmp_path)
    if package == "skactive":
        monkeypatch.setattr("skactive.model_selection._compare_strategies.__version__", "next")
    else:
        monkeypatch.setattr("sklearn.__version__", "next")
    assert run_comparison(tmp_path)[0] == 3


def test_loops_in_several_threads_are_stored_too(tmp_path):
    strategies = {"random": RandomSampling(), "cdf": CDFProduct()}
    with joblib.parallel_config("threading"):
        _, together = run_comparison(tmp_path, strategies, n_jobs=2)
    stored = n_stored(tmp_path)
    assert stored == 2 * 3 + 3
    _, again = run_comparison(tmp_path, strategies)
    np.testing.assert_array_equal(together.test_scores, again.test_scores)
    assert n_stored(tmp_path) == stored


def test_loops_of_other_processes_which_get_a_memory_map_are_found(tmp_path):
    mapped = np.memmap(tmp_path / "X", dtype=X.dtype, mode="w+", shape=X.shape)
    mapped[:] = X
    assert run_comparison(tmp_path, X=mapped)[0] == 3
    assert run_comparison(tmp_path)[0] == 0


def test_an_estimator_fitted_before_is_the_one_that_is_not(tmp_path):
    run_comparison(tmp_path, estimator=LogisticRegression())
    assert run_comparison(tmp_path, estimator=LogisticRegression().fit(X, Y))[0] == 0


def test_an_object_that_cannot_be_pickled_raises_before_any_loop(tmp_path):
    estimator = make_pipeline(FunctionTransformer(lambda X: X), LogisticRegression())
    with pytest.raises(pickle.PicklingError, match="lambda"):
        run_comparison(tmp_path, estimator=estimator)
    assert PLAYED == []
    assert run_comparison(None, estimator=estimator)[0] == 3


def test_without_a_seed_there_is_nothing_to_resume(tmp_path):
    with pytest.raises(ValueError, match=r"random_state=None every run draws .*random_state=0"):
        run_comparison(tmp_path, random_state=None)


def test_memory_is_a_folder_or_that_of_joblib():
    with pytest.raises(
        TypeError, match=r"'memory' parameter .* a joblib\.Memory or None\. Got 3 instead"
    ):
        run_comparison(3)


def test_a_labeling_curve_resumes_too(tmp_path):
    settings = {"budget": 3, "cv": 2, "random_state": 0, "memory": tmp_path}
    labeling_curve(None, Counted(), X, Y, **settings)
    PLAYED.clear()
    labeling_curve(None, Counted(), X, Y, **settings)
    assert PLAYED == []


class Planted:
    """Executed when it is unpickled."""

    def __reduce__(self):
        return pytest.fail, ("a planted file was executed",)


DAMAGE = {
    "pickle": lambda content: pickle.dumps(Planted()),
    "npy": lambda content: npy_bytes(np.array([Planted()], dtype=object)),
    "cut": lambda content: content[:-9],
    "empty": lambda content: b"",
    "another digit": lambda content: content.replace(b"0.", b"9.", 1),
    "other scores": lambda content: json.dumps(json.loads(content) | {"scores": [9.0]}).encode(),
    "a list": lambda content: b"[1, 2]",
    "a number": lambda content: b"1.0",
    "deep": lambda content: b"[" * 10**5,
    "no text": lambda content: b"\xff" + content,
}


def npy_bytes(array):
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_or_planted_file_is_computed_again_and_never_executed(tmp_path, damage):
    _, first = run_comparison(tmp_path)
    files = list(tmp_path.iterdir())
    assert len(files) == 3 + 3
    for file in files:
        file.write_bytes(damage(file.read_bytes()))
    count, second = run_comparison(tmp_path)
    assert count == 3
    np.testing.assert_array_equal(first.test_scores, second.test_scores)
    np.testing.assert_array_equal(first.full_scores, second.full_scores)
    assert run_comparison(tmp_path)[0] == 0


def test_the_results_of_other_loops_are_not_taken(tmp_path):
    run_comparison(tmp_path)
    first, second, *_ = sorted(tmp_path.glob("curve-*.json"))
    first.write_bytes(second.read_bytes())
    assert run_comparison(tmp_path)[0] == 1


def test_files_of_joblib_are_not_read(tmp_path):
    run_comparison(joblib.Memory(tmp_path, verbose=0))
    for file in tmp_path.rglob("*.pkl"):
        file.write_bytes(pickle.dumps(Planted()))
    assert run_comparison(tmp_path)[0] == 3


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are those of POSIX")
def test_a_named_pipe_does_not_block(tmp_path):
    run_comparison(tmp_path)
    file = next(tmp_path.glob("curve-*.json"))
    file.unlink()
    os.mkfifo(file)
    assert run_comparison(tmp_path)[0] == 1
