"""The page, tables and figures of an experiment."""

import csv
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.experiments import outcome
from benchmarks.experiments.figures import draw_curves, draw_savings
from benchmarks.experiments.loops import Task
from benchmarks.experiments.outcome import Comparisons, Savings, Summary, Target
from benchmarks.experiments.splits import N_REPEATS
from benchmarks.experiments.variants import DEFAULT, Variant, all_variants
from benchmarks.report import conditions

RESULTS = Path(__file__).parents[1] / "results" / "experiments"

INTRODUCTION = f"""\
# Experiments

Made by `python -m benchmarks.experiments.fruits` and `python -m benchmarks.experiments.tweets`; do
not edit. They repeat the two experiments of the article that proposed the product of distribution
functions, on the same kind of data, and say what was measured beside what it reported.

## How it is measured

- Nine tenths of the samples are the pool, the rest is held out, {N_REPEATS} times. Curves are
  averages over these repeats. Every variant meets the same splits and the same random seeds.
- No label is known at first. One sample is asked about at a time, and its recorded label is the
  answer. After each, the classifier says what it thinks of the held-out samples.
- The classifier is `IncrementalKNeighborsClassifier`: five neighbours by the cosine, weighted by 1
  / distance. "k=1", "k=15" and "equal votes" change that, for random selection as well.
- *Label savings* are the labels random selection needs divided by the labels the variant needs,
  both read off the mean curves where they first reach the score. Intervals are 95 % bootstrap
  intervals over the repeats. The repeats share most of their samples, so that true intervals
  would be wider.
- *Area* is the mean height of the curve, and its gain over random is paired repeat by repeat, with
  the 95 % interval of Student's t.

The article's "almost half the labels" is a saving of just under 2. A variant

| verdict | has a 95 % interval that |
| --- | --- |
| reproduces it | lies above 1 and includes or exceeds 2 |
| saves less | lies above 1 and below 2 |
| no saving | includes 1 and stays below 2 |
| unclear | includes both 1 and 2, or is not known because random does not get there |
| needs more than random | lies below 1 |
| not reached | is empty: its mean curve does not get there within the budget |

Bold savings reproduce the factor. A dash stands for what is not reached within the budget, and
"? to ?", in the figures a hollow marker, for an interval whose ends are not known, because too many
of the bootstrap's draws do not get there. Where some twenty variants are compared, the best of them
are in part the luckiest.

## The variants

`cdf-product` is the default. The others differ from it in one respect, or are what it is made of.

"""


@dataclass(frozen=True)
class Section:
    """What an experiment is, in words and targets.

    Parameters
    ----------
    title : str
        The heading.
    text : str
        What the samples are and how they are split, and what the article reported.
    article : str
        The article's claim.
    targets : sequence of Target
        Scores to reach; the first is the one that the verdict is about.
    drawn_targets : sequence of Target
        Those in the figure of savings.
    drawn_variants : sequence of str
        Those in the figure of curves, the baseline first.
    drawn_labels : int
        Where the horizontal axis of the curves ends.
    drawn_scores : (float, float)
        Where the vertical axis of the curves begins and ends.
    """

    title: str
    text: str
    article: str
    targets: Sequence[Target]
    drawn_targets: Sequence[Target]
    drawn_variants: Sequence[str]
    drawn_labels: int
    drawn_scores: tuple[float, float]


def write_results(
    section: Section,
    task: Task,
    variants: Sequence[Variant],
    comparisons: Comparisons,
    folder: Path = RESULTS,
) -> str:
    """Write the CSV files, figures and page of an experiment, and return its part of the page."""
    folder.mkdir(parents=True, exist_ok=True)
    savings = outcome.all_savings(comparisons, section.targets)
    summaries = outcome.all_summaries(comparisons)
    write_rows(folder / f"{task.name}_curves.csv", outcome.curve_rows(comparisons))
    write_rows(folder / f"{task.name}_savings.csv", map(rounded, savings))
    write_rows(folder / f"{task.name}_summary.csv", map(rounded, summaries))
    draw_curves(
        comparisons,
        section.drawn_variants,
        section.drawn_labels,
        section.drawn_scores,
        folder / f"{task.name}_curves.png",
    )
    drawn = [target.name for target in section.drawn_targets]
    draw_savings(savings, drawn, folder / f"{task.name}_savings.png")
    text = section_text(section, task, variants, savings, summaries)
    page = folder / "README.md"
    before = page.read_text(encoding="utf-8") if page.exists() else ""
    page.write_text(with_section(before, task.name, text), encoding="utf-8")
    return text


def rounded(row: Savings | Summary) -> dict[str, Any]:
    """Return a row for a CSV file, numbers in the digits that mean something."""
    return {
        name: f"{value:.4g}" if isinstance(value, float) else value
        for name, value in asdict(row).items()
    }


def write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows of one form as CSV."""
    rows = list(rows)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def with_section(page: str, name: str, text: str) -> str:
    """Return the page with one experiment's part replaced, and the others' as they are."""
    found = re.findall(r"<!-- (\w+) -->\n(.*?)\n<!-- end -->", page, flags=re.DOTALL)
    parts = dict(found) | {name: text.strip()}
    sections = [f"<!-- {key} -->\n{parts[key]}\n<!-- end -->" for key in sorted(parts)]
    return "\n\n".join([INTRODUCTION + variants_table(all_variants()), *sections]) + "\n"


def variants_table(variants: Sequence[Variant]) -> str:
    """Return what each variant is, in words."""
    return table(["variant", "what it is"], [[v.name, v.words] for v in variants], "ll")


def section_text(
    section: Section,
    task: Task,
    variants: Sequence[Variant],
    savings: Sequence[Savings],
    summaries: Sequence[Summary],
) -> str:
    """Return an experiment's part of the page."""
    splits = list(dict.fromkeys(row.split for row in savings))
    parts = [
        f"## {section.title}",
        section.text.strip(),
        f"**The article:** {section.article}",
        f"**Measured:** {on_every_split(savings, section.targets[0])}",
        f"![Labelling curves]({task.name}_curves.png)",
        f"![Label savings of every variant]({task.name}_savings.png)",
    ]
    for split in splits:
        parts += [
            f"### {section.title}, split: {split}",
            measured(summaries, savings, section.targets[0], split),
            savings_table(section, variants, savings, split),
            summary_table(variants, summaries, split),
        ]
    parts.append(
        f"In full beside this page: `{task.name}_curves.csv`, `{task.name}_savings.csv` and "
        f"`{task.name}_summary.csv`. Measured with {conditions()}."
    )
    return "\n\n".join(parts)


def on_every_split(savings: Sequence[Savings], target: Target) -> str:
    """Return which variants reproduce the article's factor, in a sentence."""
    verdicts: dict[str, list[str]] = {}
    for row in savings:
        if row.target == target.name and row.verdict:
            verdicts.setdefault(row.variant, []).append(row.verdict)
    names = [f"`{name}`" for name, said in verdicts.items() if set(said) == {outcome.REPRODUCED}]
    n_splits = max(map(len, verdicts.values()))
    where = " on both kinds of split" if n_splits == 2 else ""
    who = f"{len(names)} of {len(verdicts)} variants: {', '.join(names)}"
    if not names:
        who = f"none of the {len(verdicts)} variants"
    return f"at {target.name} the verdict is “{outcome.REPRODUCED}”{where} for {who}."


def measured(
    summaries: Sequence[Summary], savings: Sequence[Savings], target: Target, split: str
) -> str:
    """Return what came out on one kind of split, in sentences."""
    rows = {row.variant: row for row in savings if row.split == split and row.target == target.name}
    curves = {row.variant: row for row in summaries if row.split == split}
    saved, active, random = rows[DEFAULT], curves[DEFAULT], curves[rows[DEFAULT].baseline]
    needs = f"needs {count(saved.labels)} labels for {target.name}"
    if math.isnan(saved.labels):
        needs = f"does not reach {target.name} within the budget"
    text = (
        f"The classifier has {percent(active.full_score)} with every label. `{DEFAULT}` {needs}, "
        f"random {count(saved.baseline_labels)}: label savings of {interval(saved)}, verdict "
        f"“{saved.verdict}”. After the last label they are at {percent(active.last_score)} and "
        f"{percent(random.last_score)}.\n\nVerdicts at {target.name}:"
    )
    found = [
        (said, [f"`{row.variant}`" for row in rows.values() if row.verdict == said])
        for said in outcome.VERDICTS
    ]
    listed = "\n".join(f"- {said}: {', '.join(names)}" for said, names in found if names)
    return f"{text}\n\n{listed}"


def savings_table(
    section: Section, variants: Sequence[Variant], savings: Sequence[Savings], split: str
) -> str:
    """Return labels and savings of every variant for every target on one kind of split."""
    found = {(row.variant, row.target): row for row in savings if row.split == split}
    names = [target.name for target in section.targets]
    lines = []
    for variant in variants:
        rows = [found[variant.name, name] for name in names]
        cells = [count(row.labels) if variant.is_baseline else savings_cell(row) for row in rows]
        lines.append([variant.name, *cells, rows[0].verdict])
    head = ["labels needed: savings", *names, f"verdict at {names[0]}"]
    return table(head, lines, "l" + "r" * len(names) + "l")


def summary_table(variants: Sequence[Variant], summaries: Sequence[Summary], split: str) -> str:
    """Return area, its gain and the last score of every variant on one kind of split."""
    found = {row.variant: row for row in summaries if row.split == split}
    lines = []
    for variant in variants:
        row = found[variant.name]
        gain = f"{row.area_difference:+.4f} ({row.low:+.4f} to {row.high:+.4f})"
        won = f"{row.repeats_won} of {row.n_repeats}"
        lines.append(
            [
                variant.name,
                f"{row.area:.4f}",
                *(["", ""] if variant.is_baseline else [gain, won]),
                percent(row.last_score),
                percent(row.full_score),
            ]
        )
    head = ["", "area", "gain over random", "repeats won", "at the end", "every label"]
    return table(head, lines, "lrrrrr")


def savings_cell(row: Savings) -> str:
    """Return labels and savings, bold where the article's factor is reproduced."""
    if math.isnan(row.savings):
        return count(row.labels)
    text = f"{count(row.labels)}: {interval(row)}"
    return f"**{text}**" if row.verdict == outcome.REPRODUCED else text


def interval(row: Savings) -> str:
    """Return savings with their interval."""
    if math.isnan(row.savings):
        return "–"
    ends = ["?" if math.isnan(end) else f"{end:.1f}" for end in (row.low, row.high)]
    return f"{row.savings:.1f} ({' to '.join(ends)})"


def count(value: float) -> str:
    """Return a number of labels, or a dash for none."""
    return "–" if math.isnan(value) else f"{value:,.0f}"


def percent(value: float) -> str:
    """Return a share in percent."""
    return f"{100 * value:.1f} %"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], align: str) -> str:
    """Return a Markdown table; `align` has 'l' or 'r' for each column."""
    rules = ["---:" if side == "r" else "---" for side in align]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [head, rules, *rows])
