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
    full = float(comparison.full_scores.mean())
    lines = [f"100 % is the {comparison.scoring} with every label, {full:.3f}."]
    needed = comparison.summary(baseline=baseline).table()["labels_90"]
    if np.isnan(needed).all():
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
