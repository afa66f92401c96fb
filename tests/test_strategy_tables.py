"""The tables of the benchmarks of strategies on data sets."""

import numpy as np
import pytest

from benchmarks import strategy_tables
from skactive.model_selection import StrategyComparison

# Not part of the package: the computation is the same on every Python version.
pytestmark = pytest.mark.once

COMPARISON = StrategyComparison(
    names=("random", "fast", "slow"),
    n_labels=np.array([1, 2, 3, 4]),
    test_scores=np.array(
        [[[0.0, 0.2, 0.4, 0.6]] * 2, [[0.2, 0.6, 0.7, 0.8]] * 2, [[0.0, 0.1, 0.2, 0.3]] * 2]
    ),
    full_scores=np.array([0.9, 0.9]),
    scoring="r2",
    kind="continuous",
)


def test_rows_are_kept_and_the_tables_have_areas_and_savings(tmp_path):
    calls = []

    def compare(task, estimator):
        calls.append((task, estimator))
        return COMPARISON

    path = tmp_path / "rows.csv"
    rows = list(strategy_tables.all_rows(path, ["a", "b"], ["knn"], compare))
    again = list(strategy_tables.all_rows(path, ["a", "b"], ["knn"], compare))
    assert calls == [("a", "knn"), ("b", "knn")]
    # NaN differs from itself.
    assert list(map(repr, again)) == list(map(repr, rows))
    areas = {row.strategy: (row.area, row.gain) for row in rows}
    assert areas == {"random": (0.3, 0.0), "fast": (0.6, 0.3), "slow": (0.15, -0.15)}
    text = strategy_tables.markdown(rows, {"knn": "k-NN"})
    row = "**60.0** (+30.0 to +30.0)"
    assert f"| fast | {row} | {row} | 60.0 |" in text
    assert "| fast | **2.00** (2.00 to 2.00) | **2.00** (2.00 to 2.00) | 2.00 |" in text
    assert "| slow | – | – | – |" in text
    assert len(strategy_tables.measurements(rows)) == 3
