"""Tables of label savings."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.label_savings.lineup import BASELINE, DEFAULT
from benchmarks.label_savings.savings import BUDGETS, Duel, Row, geometric_mean


def write_report(path: Path, rows: Sequence[Row], duels: Sequence[Duel]) -> None:
    """Write the tables as Markdown, of data sets that all or several strategies ran on."""
    others = [row for row in rows if row.strategy not in (BASELINE, DEFAULT)]
    tasks = list(dict.fromkeys(row.task for row in others or rows))
    rows = [row for row in rows if row.task in tasks]
    duels = [duel for duel in duels if duel.task in tasks]
    classifiers = list(dict.fromkeys(row.classifier for row in rows))
    lines = [
        "Intervals are over splits drawn with replacement; those of few splits are too narrow.",
        "Two curves are compared on their common splits.",
        "",
    ]
    for budget in BUDGETS:
        some = [row for row in rows if row.budget == budget]
        if not some:
            continue
        lines += [
            f"## Savings at the score of random sampling with k-NN and {budget} labels",
            "",
            f"| strategy | classifier | splits | {' | '.join(tasks)} | geometric mean |",
            f"| --- | --- | --- | {' | '.join('---' for _ in tasks)} | --- |",
        ]
        for classifier in classifiers:
            lines += savings_lines([row for row in some if row.classifier == classifier], tasks)
        lines.append("")
    text = "\n".join(lines) + "\n" + gains_table(rows, tasks) + wins_tables(duels)
    path.write_text(text, encoding="utf-8")


def savings_lines(rows: Sequence[Row], tasks: Sequence[str]) -> list[str]:
    """Return a line for each strategy, sorted by savings in descending order."""
    by_strategy: dict[str, dict[str, Row]] = {}
    for row in rows:
        by_strategy.setdefault(row.strategy, {})[row.task] = row
    means = {
        strategy: geometric_mean(np.array([row.savings for row in own.values()]))
        for strategy, own in by_strategy.items()
    }
    return [
        f"| {strategy} | {rows[0].classifier} | {n_splits(own.values())} | "
        + " | ".join(cell(own.get(task)) for task in tasks)
        + (f" | {means[strategy]:.2f} |" if len(own) == len(tasks) else " | |")
        for strategy, own in sorted(
            by_strategy.items(), key=lambda one: (-len(one[1]), -means[one[0]])
        )
    ]


def n_splits(rows: Iterable[Row]) -> str:
    """Return the number of splits, or the numbers if they differ between data sets."""
    return " or ".join(map(str, sorted({row.splits for row in rows})))


def cell(row: Row | None) -> str:
    """Return savings with their interval; savings are 0 if the score is never reached."""
    if row is None:
        return ""
    if row.savings == 0:
        return "never"
    return f"{row.savings:.1f} ({row.low:.1f} to {row.high:.1f})"


def gains_table(rows: Sequence[Row], tasks: Sequence[str]) -> str:
    """Return the gain in area over random with k-NN, and the largest significant loss."""
    some = [row for row in rows if row.budget == rows[0].budget]
    lines = [
        "## Gain in accuracy over random sampling with k-NN, mean over all budgets",
        "",
        "In points; in brackets the largest significant loss at any number of labels: the upper",
        "end of its interval is below 0.",
        "",
        f"| strategy | classifier | splits | {' | '.join(tasks)} |",
        f"| --- | --- | --- | {' | '.join('---' for _ in tasks)} |",
    ]
    pairs = dict.fromkeys((row.classifier, row.strategy) for row in some)
    for classifier, strategy in pairs:
        own = {r.task: r for r in some if (r.classifier, r.strategy) == (classifier, strategy)}
        cells = [
            f"{100 * own[t].gain:+.1f} ({100 * own[t].worst:.1f})" if t in own else ""
            for t in tasks
        ]
        splits = n_splits(own.values())
        lines.append(f"| {strategy} | {classifier} | {splits} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def wins_tables(duels: Sequence[Duel]) -> str:
    """Return the number of data sets on which each strategy is ahead of each other one."""
    tasks = {duel.task for duel in duels}
    common_tasks: dict[tuple[str, str], set[str]] = {}
    for duel in duels:
        common_tasks.setdefault((duel.classifier, duel.strategy), set()).add(duel.task)
    won = Counter((d.classifier, d.strategy, d.other) for d in duels if d.is_won)
    lines = [
        "",
        "## Pairwise wins",
        "",
        f"The number of data sets, of {len(tasks)}, on which the row's area under the curve is",
        "significantly larger than the column's with the same classifier: the lower end of the",
        "interval is above 0. Only strategies that were run on all data sets are compared.",
    ]
    for classifier in dict.fromkeys(duel.classifier for duel in duels):
        common = [
            one for (name, one), on in common_tasks.items() if name == classifier and on == tasks
        ]
        wins = {one: sum(won[classifier, one, other] for other in common) for one in common}
        names = sorted(common, key=wins.__getitem__, reverse=True)
        lines += [
            "",
            f"| {classifier} | {' | '.join(names)} |",
            f"| --- | {' | '.join('---' for _ in names)} |",
        ]
        for one in names:
            cells = [str(won[classifier, one, other]) if other != one else "" for other in names]
            lines.append(f"| {one} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
