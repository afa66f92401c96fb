"""The result of a comparison as sentences and a CSV file."""

from __future__ import annotations

import csv
import textwrap
from pathlib import Path

import numpy as np

from skactive.model_selection import StrategyComparison

WIDTH = 80


def explanation(comparison: StrategyComparison, *, baseline: str) -> str:
    """Return sentences on the meaning of the table, and a recommendation."""
    scale = comparison.scale(baseline=baseline)
    lines = [f"{scale[0].upper()}{scale[1:]}."]
    needed = comparison.summary(baseline=baseline).table().get("labels_90")
    if needed is not None and np.isnan(needed).all():
        lines.append(f"{comparison.n_labels[-1]} labels are too few for 90 %: raise --budget.")
    lines.append(textwrap.fill(comparison.recommendation(baseline=baseline), WIDTH))
    return "\n".join(lines)


def write_csv(comparison: StrategyComparison, path: Path) -> None:
    """Write all scores, one row per strategy, split and number of labels."""
    table = comparison.table()
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table)
        writer.writerows(zip(*(column.tolist() for column in table.values()), strict=True))
