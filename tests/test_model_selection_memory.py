"""A comparison with memory plays what is missing, and nothing that was played before."""

import os
import pickle
import warnings

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import make_scorer, recall_score
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skactive.measures import Diversity, Measure
from skactive.model_selection import _loop_memory, compare_strategies, labeling_curve
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.strategies import CDFProduct, QueryStrategy, RandomSampling

RNG = np.random.default_rng(0)
Y = np.array(["ash", "birch"])[np.arange(24) % 2]
X = RNG.normal(size=(24, 3)) + (Y == "ash")[:, np.newaxis]
PLAYED = []


class Counted(QueryStrategy):
    """Asks in the order of the pool, and notes the beginning of each loop."""

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


def played(folder, strategies=None, *, X=X, y=Y, estimator=None, **arguments):
    """Return how many loops a comparison plays, and the comparison."""
    PLAYED.clear()
    settings = {"budget": 4, "cv": 3, "random_state": 0, "memory": folder, "n_jobs": 1}
    strategies = {"a": Counted()} if strategies is None else strategies
    found = compare_strategies(estimator, strategies, X, y, **settings | arguments)
    return len(PLAYED), found


@pytest.mark.parametrize("form", [str, os.fspath, lambda path: joblib.Memory(path, verbose=0)])
def test_a_second_run_only_reads_results(tmp_path, form):
    once, first = played(form(tmp_path))
    again, second = played(form(tmp_path))
    _, without = played(None)
    assert (once, again) == (3, 0)
    for other in (second, without):
        np.testing.assert_array_equal(first.test_scores, other.test_scores)
        np.testing.assert_array_equal(first.full_scores, other.full_scores)


def test_an_interrupted_run_goes_on_where_it_was(tmp_path):
    both = {"a": Counted("a"), "b": Counted("b")}
    FAIL["at"] = 5  # one of them is the question that "b" is asked beforehand
    with pytest.raises(KeyboardInterrupt):
        played(tmp_path, both)
    FAIL["at"] = None
    # Of the four loops that were begun, three were finished; "a" waits, and is asked beforehand.
    count, resumed = played(tmp_path, both)
    assert count == 6 - 3 + 1
    np.testing.assert_array_equal(resumed.test_scores, played(None, both)[1].test_scores)


def test_only_new_strategies_run(tmp_path):
    played(tmp_path, {"a": Counted("a")})
    count, _ = played(tmp_path, {"a": Counted("a"), "b": Counted("b")})
    assert count == 3
    assert PLAYED == ["b"] * 3


def test_a_name_is_not_part_of_the_key(tmp_path):
    played(tmp_path)
    assert played(tmp_path, {"another name": Counted()})[0] == 0


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
    assert played(tmp_path)[0] == 3
    assert played(tmp_path, **change)[0] >= 3
    assert played(tmp_path, **change)[0] == 0
    assert played(tmp_path)[0] == 0


def test_nested_parameters_are_part_of_the_key():
    def product(**parameters):
        return CDFProduct([("constant", Constant()), ("diversity", Diversity())]).set_params(
            **parameters
        )

    keys = [
        _loop_memory.key_of(strategy)
        for strategy in (
            product(),
            product(diversity__metric="euclidean"),
            product(weights={"diversity": 0.5}),
            product(random_state=0),
        )
    ]
    assert len(set(keys)) == 4
    assert _loop_memory.key_of(product()) == keys[0]


@pytest.mark.parametrize("package", ["skactive", "sklearn"])
def test_another_release_runs_again(tmp_path, monkeypatch, package):
    played(tmp_path)
    if package == "skactive":
        monkeypatch.setattr(_loop_memory, "__version__", "next")
    else:
        monkeypatch.setattr("sklearn.__version__", "next")
    assert played(tmp_path)[0] == 3


def test_edited_code_runs_again(tmp_path, monkeypatch):
    name = "own_measure"
    keys = []
    for value in ("1.0", "2.0", "1.0"):
        file = tmp_path / f"{name}.py"
        file.write_text(
            "from skactive.measures import Measure\n"
            "def score(estimator, X, y):\n"
            f"    return {value}\n"
            f"class Base(Measure):\n    height = {value}\n"
            "class Own(Base):\n    def utilities(self, pool):\n        return 0\n"
        )
        module = type(os)(name)
        module.__file__ = str(file)
        monkeypatch.setitem(__import__("sys").modules, name, module)
        exec(compile(file.read_text(), str(file), "exec"), vars(module))  # noqa: S102
        keys.append(
            (
                _loop_memory.key_of(CDFProduct([("own", module.Own())])),
                _loop_memory.key_of(make_scorer(module.score)),
            )
        )
    assert keys[0] == keys[2]
    assert not set(keys[0]) & set(keys[1])


def test_large_samples_are_read_once(tmp_path, monkeypatch):
    read = []
    key_of = _loop_memory.key_of
    monkeypatch.setattr(
        _loop_memory, "key_of", lambda value: read.append(type(value)) or key_of(value)
    )
    played(tmp_path, X=pd.DataFrame(X))
    assert read.count(pd.DataFrame) == 1


def test_loops_in_several_processes_are_stored_too(tmp_path):
    strategies = {"random": RandomSampling(), "cdf": CDFProduct()}
    with joblib.parallel_config("threading"):
        _, together = played(tmp_path, strategies, n_jobs=2)
    stored = len(list(tmp_path.rglob("output.pkl")))
    assert stored == 2 * 3 + 3
    _, again = played(tmp_path, strategies)
    np.testing.assert_array_equal(together.test_scores, again.test_scores)
    assert len(list(tmp_path.rglob("output.pkl"))) == stored


def test_a_loop_that_was_sent_to_another_process_is_stored_where_it_belongs(tmp_path):
    job = _loop_memory.LoopMemory("someone", tmp_path).job(divmod, 7, 2)
    assert not job.is_stored()
    assert pickle.loads(pickle.dumps(job)).result(5) == (5, (3, 1))
    assert job.is_stored()


def test_an_estimator_fitted_before_is_the_one_that_is_not(tmp_path):
    played(tmp_path, estimator=LogisticRegression())
    assert played(tmp_path, estimator=LogisticRegression().fit(X, Y))[0] == 0


def test_an_object_that_cannot_be_pickled_raises_before_any_loop(tmp_path):
    estimator = make_pipeline(FunctionTransformer(lambda X: X), LogisticRegression())
    with pytest.raises(ValueError, match=r"must be picklable, and Pipeline is not: .*lambda.*Hint"):
        played(tmp_path, estimator=estimator)
    assert PLAYED == []
    assert played(None, estimator=estimator)[0] == 3


def test_without_a_seed_there_is_nothing_to_resume(tmp_path):
    with pytest.raises(ValueError, match=r"random_state=None finds no loop again.*random_state=0"):
        played(tmp_path, random_state=None)


def test_memory_is_a_folder_or_that_of_joblib():
    with pytest.raises(TypeError, match="'memory' parameter of compare_strategies must be a fold"):
        played(3)


def test_a_labeling_curve_resumes_too(tmp_path):
    settings = {"budget": 3, "cv": 2, "random_state": 0, "memory": tmp_path}
    labeling_curve(None, Counted(), X, Y, **settings)
    PLAYED.clear()
    labeling_curve(None, Counted(), X, Y, **settings)
    assert PLAYED == []


def test_a_loop_with_an_unreadable_result_runs_again(tmp_path):
    played(tmp_path)
    for file in tmp_path.rglob("output.pkl"):
        file.write_bytes(b"cut off")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert played(tmp_path)[0] == 3
