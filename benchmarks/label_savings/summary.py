"""The table and the figure of the default, from the results that the other commands wrote.

Reads `savings.csv`, `calibration.csv` if there is one, and the default of version 0.1; writes
`default.md` and `areas.md`, which the documentation includes, and `default.png`.
"""

import argparse
import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np

from benchmarks.label_savings.lineup import DEFAULT, DEFAULT_CLASSIFIER, OURS
from benchmarks.label_savings.report import cell
from benchmarks.label_savings.savings import Row, geometric_mean, read_rows
from benchmarks.label_savings.tasks import CHOSEN_ON, CONFIRMED_ON

RESULTS = Path(__file__).parents[1] / "results" / "label_savings"

# Numbers of labels of random sampling whose scores are the targets, and of the calibration error.
TARGET, LATER, CALIBRATED = 100, 200, 50

# Earlier results show the first eight only.
GROUPS: dict[str, Sequence[str]] = {
    "first eight": list(CHOSEN_ON)[:8],
    "chosen": list(CHOSEN_ON),
    "confirmed": list(CONFIRMED_ON),
    "all": [*CHOSEN_ON, *CONFIRMED_ON],
}

# Okabe and Ito's colours, distinguishable with colour blindness.
STYLES = {"chosen": ("#0072B2", "o"), "confirmed": ("#D55E00", "D")}

HEADER = [
    "data set",
    "half",
    "score",
    "labels needed",
    "label savings",
    f"labels for {LATER}",
    "calibration error",
    "gain in area",
    "largest loss",
]


def half_of(task: str) -> str:
    """Return whether parameters were chosen on a data set, or confirmed on it."""
    return "chosen" if task in CHOSEN_ON else "confirmed"


def rows_with(rows: Sequence[Row], budget: int) -> dict[str, Row]:
    """Return the default's row of each data set with this target, in descending savings."""
    own = [
        row
        for row in rows
        if (row.classifier, row.strategy, row.budget) == (DEFAULT_CLASSIFIER, DEFAULT, budget)
    ]
    return {row.task: row for row in sorted(own, key=lambda row: (half_of(row.task), -row.savings))}


def read_errors(path: Path) -> dict[str, float]:
    """Return the calibration error of each data set, or nothing if it was not measured."""
    if not path.exists():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        return {
            row["task"]: float(row["error"])
            for row in csv.DictReader(file)
            if int(row["labels"]) == CALIBRATED
        }


def table(rows: Sequence[Row], errors: Mapping[str, float]) -> str:
    """Return sentences and a Markdown table, with a line for each data set and each group."""
    targets, later = rows_with(rows, TARGET), rows_with(rows, LATER)
    lines = [
        *sentences(list(targets.values())),
        "",
        f"| {' | '.join(HEADER)} |",
        f"| {' | '.join('---' for _ in HEADER)} |",
    ]
    for task, row in targets.items():
        cells = [
            task,
            half_of(task),
            f"{row.score:.2f}",
            number(row.labels),
            cell(row),
            number(later[task].labels) if task in later else "",
            f"{errors[task]:.2f}" if task in errors else "",
            f"{100 * row.gain:+.1f}",
            f"{100 * row.worst:.1f}" if row.worst < 0 else "none",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    for name, tasks in GROUPS.items():
        own = [row for task, row in targets.items() if task in tasks]
        if own:
            lines.append(group_line(name, own, [errors[r.task] for r in own if r.task in errors]))
    return "\n".join(lines) + "\n"


def sentences(rows: Sequence[Row]) -> list[str]:
    """Return what the table says in a few lines."""
    lost = ", ".join(row.task for row in rows if row.worst < 0)
    splits = " or ".join(map(str, sorted({row.splits for row in rows})))
    confirmed = [row for row in rows if row.task in CONFIRMED_ON]
    also = f", and {mean_savings(confirmed):.1f} over the confirmed ones" if confirmed else ""
    first = (
        f"Label savings are {mean_savings(rows):.1f} in the geometric mean over {len(rows)} data "
        f"sets{also}; {worst_of(rows)}."
    )
    second = (
        "At some number of labels the default is significantly behind random sampling with k-NN "
        f"on {lost or 'none of them'}."
    )
    return [first, second, f"The figures are means of {splits} splits."]


def group_line(name: str, rows: Sequence[Row], errors: Sequence[float]) -> str:
    """Return the line of a group: geometric mean and worst savings, means, largest error."""
    cells = [
        f"**{name}**",
        f"{len(rows)} data sets",
        "",
        "",
        f"**{mean_savings(rows):.1f}**, {worst_of(rows)}",
        "",
        f"at most {max(errors):.2f}" if errors else "",
        f"{100 * np.mean([row.gain for row in rows]):+.1f}",
        f"{100 * min(row.worst for row in rows):.1f}" if min(r.worst for r in rows) < 0 else "none",
    ]
    return f"| {' | '.join(cells)} |"


def mean_savings(rows: Any) -> float:
    """Return the geometric mean of the savings."""
    return geometric_mean(np.array([row.savings for row in rows]))


def worst_of(rows: Any) -> str:
    """Return the smallest savings, with the data set."""
    worst = min(rows, key=lambda row: row.savings)
    return f"{worst.savings:.1f} at worst ({worst.task})"


def number(labels: float) -> str:
    """Return a number of labels; it is infinite if the score is not reached."""
    return f"{labels:.0f}" if np.isfinite(labels) else "not reached"


def areas(rows: Sequence[Row], earlier: Mapping[str, float]) -> str:
    """Return the mean accuracy of the default, and its leads in points of accuracy.

    Parameters
    ----------
    rows : sequence of Row
        The present results.
    earlier : dict of str to float
        The mean accuracy of the default of version 0.1 on each data set.
    """
    some = [row for row in rows if row.budget == TARGET]
    names = [
        "data set",
        "default",
        "lead over version 0.1",
        "best other strategy of this package, lead",
        "best of other packages, lead",
    ]
    lines = [f"| {' | '.join(names)} |", f"| {' | '.join('---' for _ in names)} |"]
    leads = []
    for task, default in rows_with(rows, TARGET).items():
        rivals = [row for row in some if row.task == task and row.strategy != DEFAULT]
        bests = [
            min(own, key=lambda row: row.lead)
            for is_ours in (True, False)
            if (own := [row for row in rivals if (row.strategy in OURS) == is_ours])
        ]
        if task not in earlier or len(bests) < 2:
            continue
        leads.append([default.area - earlier[task], *(best.lead for best in bests)])
        cells = [
            task,
            f"{100 * default.area:.1f}",
            f"{100 * leads[-1][0]:+.1f}",
            *(
                f"{best.strategy} with {best.classifier}, {100 * best.lead:+.1f} "
                f"({100 * best.lead_low:+.1f} to {100 * best.lead_high:+.1f}, {best.splits} splits)"
                for best in bests
            ),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    means = " | ".join(f"**{100 * lead:+.1f}**" for lead in np.mean(leads, axis=0))
    return "\n".join([*lines, f"| **mean** | | {means} |"]) + "\n"


def draw(rows: Sequence[Row]) -> Any:
    """Draw the label savings of each data set with their intervals."""
    import matplotlib.pyplot as plt

    own = sorted(rows_with(rows, TARGET).values(), key=lambda row: row.savings)
    # The scale is logarithmic, and savings are 0 where the score was never reached.
    least = 0.5
    with plt.rc_context({"font.size": 10, "axes.spines.top": False, "axes.spines.right": False}):
        figure, axes = plt.subplots(
            figsize=(7, 1.4 + 0.24 * len(own)), layout="constrained", facecolor="white"
        )
        for half, (color, marker) in STYLES.items():
            places = [place for place, row in enumerate(own) if half_of(row.task) == half]
            some = [own[place] for place in places]
            if not some:
                continue
            axes.hlines(
                places,
                [max(row.low, least) for row in some],
                [max(row.high, least) for row in some],
                color=color,
                lw=1.6,
            )
            axes.plot(
                [max(row.savings, least) for row in some],
                places,
                marker,
                color=color,
                ms=6,
                clip_on=False,
                label=f"{half}, geometric mean {mean_savings(some):.1f}",
            )
        axes.axvline(1, color="0.4", lw=1, ls="--", label="random k-NN")
        axes.set_xscale("log")
        axes.set_xlim(least, 1.1 * max([1, *[row.high for row in own]]))
        ticks = [0.5, 1, 2, 3, 5, 10, 20, 30, 50, 100]
        axes.set_xticks([tick for tick in ticks if tick <= axes.get_xlim()[1]])
        axes.xaxis.set_major_formatter("{x:g}")
        axes.minorticks_off()
        axes.set_yticks(range(len(own)), [row.task for row in own])
        axes.set_ylim(-0.7, len(own) - 0.3)
        axes.grid(axis="x", color="0.9", lw=0.8)
        axes.set_axisbelow(True)
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel(f"label savings: {TARGET} divided by the labels needed")
        figure.legend(loc="outside upper center", ncols=3, frameon=False, handletextpad=0.3)
    return figure


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the results")
    results = parser.parse_args().results
    mpl.use("agg")
    rows = read_rows(results / "savings.csv")
    text = table(rows, read_errors(results / "calibration.csv"))
    (results / "default.md").write_text(text, encoding="utf-8")
    with (results / "version_0.1.csv").open(newline="", encoding="utf-8") as file:
        earlier = {line["task"]: float(line["area"]) for line in csv.DictReader(file)}
    (results / "areas.md").write_text(areas(rows, earlier), encoding="utf-8")
    draw(rows).savefig(results / "default.png", dpi=150)


if __name__ == "__main__":
    main()
