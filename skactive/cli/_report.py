"""The result of a comparison as a table, sentences and a CSV file."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np

from skactive.model_selection import StrategyComparison

FRACTIONS = (0.8, 0.9, 0.95)
SAVINGS_AT = 0.9
UNKNOWN = "–"


def headline(
    name: str,
    shape: tuple[int, int],
    y: np.ndarray,
    comparison: StrategyComparison,
    setting: str,
) -> str:
    """Return two lines on the samples and the setting of the comparison."""
    n_splits = comparison.test_scores.shape[1]
    return (
        f"{name}: {shape[0]} samples, {shape[1]} features, {len(np.unique(y))} classes\n"
        f"{setting}, {n_splits} folds, {comparison.n_labels[-1]} labels"
    )


def results_table(comparison: StrategyComparison, *, baseline: str) -> str:
    """Return the table, one line per strategy."""
    full = float(comparison.full_scores.mean())
    needed = [comparison.labels_to_score(fraction * full) for fraction in FRACTIONS]
    areas = comparison.area_under_curve().mean(axis=1)
    savings = savings_cells(comparison, baseline=baseline)
    width = max(len(name) for name in ("strategy", *comparison.names))
    percents = "".join(f"{percent(fraction):>8}" for fraction in FRACTIONS)
    savings_title = f"label savings at {percent(SAVINGS_AT)}"
    lines = [
        f"{'':{width}}{'labels needed for':>{len(percents)}}  area under  {savings_title}",
        f"{'strategy':{width}}{percents}   the curve  (95 % interval)",
    ]
    lines.append("-" * len(lines[0]))
    for place, name in enumerate(comparison.names):
        counts = "".join(f"{count_cell(column[place], comparison):>8}" for column in needed)
        lines.append(f"{name:{width}}{counts}  {areas[place]:>10.3f}  {savings[place]}")
    return "\n".join(lines)


def count_cell(n_labels: float, comparison: StrategyComparison) -> str:
    """Return the number of labels for a score, or that the budget was not enough."""
    if math.isnan(n_labels):
        return f"> {comparison.n_labels[-1]}"
    return f"{n_labels:.0f}"


def savings_cells(comparison: StrategyComparison, *, baseline: str) -> list[str]:
    """Return the label savings of each strategy, with the interval if it is known."""
    score = SAVINGS_AT * float(comparison.full_scores.mean())
    needed = comparison.labels_to_score(score)
    baseline_reaches = not math.isnan(needed[comparison.names.index(baseline)])
    cells = []
    for place, (savings, low, high) in enumerate(
        comparison.label_savings(score, baseline=baseline).tolist()
    ):
        if comparison.names[place] == baseline:
            cells.append("1, the baseline")
        elif math.isnan(needed[place]):
            cells.append(UNKNOWN)
        elif not baseline_reaches:
            cells.append(f"> {comparison.n_labels[-1] / needed[place]:.1f}")
        elif math.isnan(low) or math.isnan(high):
            cells.append(f"{savings:.1f} ({UNKNOWN})")
        else:
            cells.append(f"{savings:.1f} ({low:.1f} to {high:.1f})")
    return cells


def explanation(comparison: StrategyComparison, *, baseline: str) -> str:
    """Return sentences on the meaning of the table."""
    full = float(comparison.full_scores.mean())
    sentences = [f"100 % is the {comparison.scoring} with every label, {full:.3f}."]
    rivals = np.array([name != baseline for name in comparison.names])
    if not rivals.any():
        return f"{sentences[0]}\nOnly {baseline} was run: there is nothing to compare it with."
    reached = [
        fraction
        for fraction in (SAVINGS_AT, min(FRACTIONS))
        if not np.isnan(comparison.labels_to_score(fraction * full)[rivals]).all()
    ]
    if SAVINGS_AT not in reached:
        sentences.append(
            f"{comparison.n_labels[-1]} labels are too few for {percent(SAVINGS_AT)}: raise "
            "--budget."
        )
    if reached:
        sentences.append(verdict(comparison, reached[0], baseline))
    return "\n".join(sentences)


def verdict(comparison: StrategyComparison, fraction: float, baseline: str) -> str:
    """Return a sentence on the strategy with the fewest labels, and on its interval."""
    score = fraction * float(comparison.full_scores.mean())
    needed = dict(zip(comparison.names, comparison.labels_to_score(score).tolist(), strict=True))
    reference = needed.pop(baseline)
    name, count = min(needed.items(), key=lambda item: (math.isnan(item[1]), item[1]))
    goal, labels = percent(fraction), "1 label" if count == 1 else f"{count:.0f} labels"
    if math.isnan(reference):
        return (
            f"For {goal}, {name} needs {labels} and {baseline} more than {comparison.n_labels[-1]}."
        )
    numbers = f"For {goal}, {name} needs {labels} and {baseline} {reference:.0f}"
    if count >= reference:
        return f"{numbers}: no labels are saved."
    place = comparison.names.index(name)
    low = comparison.label_savings(score, baseline=baseline)[place, 1]
    numbers += f", {reference / count:.1f} times as many"
    if low > 1:
        return f"{numbers}."
    if math.isnan(low):
        return f"{numbers}; some\nresamples of the folds do not reach it, so there is no interval."
    return f"{numbers};\nthis may be due to chance, as the interval includes 1."


def percent(fraction: float) -> str:
    """Return a fraction as a percentage."""
    return f"{100 * fraction:g} %"


def write_csv(comparison: StrategyComparison, path: Path) -> None:
    """Write all scores, one row per strategy, split and number of labels."""
    table = comparison.table()
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table)
        writer.writerows(zip(*(column.tolist() for column in table.values()), strict=True))
