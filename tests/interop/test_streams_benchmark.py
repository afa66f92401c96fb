"""The runs and the table of the benchmark of streams."""

import numpy as np
import pytest

pytest.importorskip("river")
pytest.importorskip("skactiveml")

from benchmarks import streams
from benchmarks.streams import Run

# Not part of the package: the computation is the same on every Python version.
pytestmark = pytest.mark.once


# scikit-activeml warns while one sample is labelled.
@pytest.mark.filterwarnings("ignore:The variance of the provided data is 0")
@pytest.mark.parametrize("name", streams.RUNNERS)
def test_each_strategy_runs_within_about_its_budget(name):
    X, y = streams.rbf(0)
    queried, correct = streams.RUNNERS[name](name, 0.1, 0, X[:150], y[:150]).T
    assert queried[0]
    assert 3 <= queried.sum() <= 30
    assert correct.mean() > 0.2


def test_predictions_are_computed_again_after_a_label():
    calls = []

    def predict(rows):
        calls.append(len(rows))
        return rows[:, 0]

    predictions = streams.Predictions(np.arange(50)[:, np.newaxis])
    assert [predictions.of(place, predict) for place in range(25)] == list(range(25))
    predictions.forget()
    assert predictions.of(25, predict) == 25
    assert calls == [20, 20, 20]


def test_runs_are_kept_and_the_table_has_their_means(tmp_path, monkeypatch):
    monkeypatch.setattr(streams, "SEEDS", [0, 1])
    monkeypatch.setattr(streams, "GENERATORS", {"SEA": lambda seed: (seed, seed)})
    monkeypatch.setattr(streams, "BUDGETS", (0.1,))
    calls = []

    def run(name, budget, seed, X, y):
        calls.append(name)
        return np.array([[0, seed], [0, 1]])

    monkeypatch.setattr(streams, "RUNNERS", {"split": run, "Split": run})
    runs = list(streams.all_runs(tmp_path / "runs.csv"))
    assert runs[0] == Run("SEA", 0.1, "split", 0, 0.5, 0.0)
    assert list(streams.all_runs(tmp_path / "runs.csv")) == runs
    assert len(calls) == 4
    table = streams.markdown(runs)
    assert "| `split` | **75.0** ± 25.0 | 0.0% |" in table
    assert "| scikit-activeml `Split` | 75.0 ± 25.0 | 0.0% |" in table
    assert len(streams.accuracies(runs)) == 4
