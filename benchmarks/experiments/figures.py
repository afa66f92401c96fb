"""The two figures of an experiment: labelling curves, and the savings of every variant."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.experiments.outcome import ARTICLES_FACTOR, Comparisons, Savings
from skactive.inspection import LabelingCurveDisplay
from skactive.model_selection import StrategyComparison

DPI = 100
COLORS = ["#0072B2", "#D55E00"]
MARKERS = ["o", "D"]
# Intervals are cut off at these limits, with an arrow.
WIDEST = (0.2, 6.0)


def chosen(comparison: StrategyComparison, names: Sequence[str]) -> StrategyComparison:
    """Return a comparison of the named strategies only, in this order."""
    places = [comparison.names.index(name) for name in names]
    return StrategyComparison(
        names=tuple(names),
        n_labels=comparison.n_labels,
        test_scores=comparison.test_scores[places],
        full_scores=comparison.full_scores,
        scoring=comparison.scoring,
    )


def new_figure(n_columns: int, size: tuple[float, float]) -> tuple[Any, Any]:
    """Return a figure without a window, and its axes side by side."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    return figure, figure.subplots(1, n_columns, squeeze=False, sharey=True)[0]


def draw_curves(
    comparisons: Comparisons,
    names: Sequence[str],
    most_labels: int,
    scores: tuple[float, float],
    path: Path,
) -> None:
    """Draw some variants that share the baseline `names[0]`, one panel per kind of split."""
    figure, axes = new_figure(len(comparisons), (6.6 * len(comparisons), 5.2))
    for ax, (kind, by_baseline) in zip(axes, comparisons.items(), strict=True):
        shown = chosen(by_baseline[names[0]], names)
        title = f"split: {kind}"
        LabelingCurveDisplay.from_results(shown, ax=ax, baseline=names[0], title=title)
        ax.set_xlim(0, min(most_labels, shown.n_labels[-1]))
        ax.set_ylim(*scores)
    save(figure, path)


def draw_savings(rows: Sequence[Savings], targets: Sequence[str], path: Path) -> None:
    """Draw label savings and their intervals, a row per variant and a panel per target."""
    names = list(dict.fromkeys(row.variant for row in rows if row.variant != row.baseline))
    splits = list(dict.fromkeys(row.split for row in rows))
    size = (1.8 + 3.9 * len(targets), 1.5 + 0.34 * len(names))
    figure, axes = new_figure(len(targets), size)
    for ax, target in zip(axes, targets, strict=True):
        for place, split in enumerate(splits):
            found = {r.variant: r for r in rows if r.target == target and r.split == split}
            shift = 0.18 * (2 * place - len(splits) + 1)
            style = {"color": COLORS[place], "marker": MARKERS[place]}
            for height, name in enumerate(names):
                _draw_interval(ax, found[name], height + shift, style)
            ax.plot([], [], linestyle="-", markersize=5, label=split, **style)
        _finish(ax, target)
    axes[0].set_yticks(range(len(names)), names)
    axes[0].set_ylim(len(names) - 0.4, -0.6)
    if len(splits) > 1:
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower right", ncols=2, frameon=False)
    save(figure, path)


def _draw_interval(ax: Any, row: Savings, height: float, style: dict[str, Any]) -> None:
    if np.isnan(row.savings):
        reason = "not reached" if np.isnan(row.labels) else f"{row.labels:.0f}, random never"
        ax.annotate(
            reason, (WIDEST[0] * 1.08, height), fontsize=7.5, va="center", color=style["color"]
        )
        return
    if np.isnan(row.low + row.high):
        ax.plot(np.clip(row.savings, *WIDEST), height, markersize=5, markerfacecolor="w", **style)
        return
    low, high = np.clip([row.low, row.high], *WIDEST)
    ax.plot([low, high], [height, height], color=style["color"], linewidth=1.6)
    if row.low < WIDEST[0]:
        ax.plot(low, height, marker="<", color=style["color"], markersize=5)
    if row.high > WIDEST[1]:
        ax.plot(high, height, marker=">", color=style["color"], markersize=5)
    ax.plot(np.clip(row.savings, *WIDEST), height, markersize=5, **style)


def _finish(ax: Any, target: str) -> None:
    ax.set_xscale("log")
    ax.set_xlim(WIDEST[0] / 1.06, WIDEST[1] * 1.06)
    ticks = [0.25, 0.5, 1, 2, 4]
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.set_xticks([], minor=True)
    ax.axvline(1, color="0.25", linewidth=0.9, zorder=0)
    ax.axvline(ARTICLES_FACTOR, color="0.25", linewidth=0.9, linestyle=":", zorder=0)
    ax.set_title(target, loc="left")
    ax.set_xlabel("label savings, 95 % interval (1: as random, 2: half the labels)", fontsize=8)
    ax.grid(visible=True, axis="y", color="0.93", linewidth=0.8)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)


def save(figure: Any, path: Path) -> None:
    """Write a figure with a reduced palette, to save bytes."""
    from PIL import Image

    figure.savefig(path, dpi=DPI)
    with Image.open(path) as image:
        small = image.convert("RGB").quantize(128, method=Image.Quantize.FASTOCTREE)
    small.save(path, optimize=True)
