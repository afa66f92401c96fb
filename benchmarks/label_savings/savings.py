"""From labelling curves to label savings, with intervals over the splits.

A curve is an array of scores, a row for each split and a column for each number of labels. Curves
of one data set may have different numbers of splits: the first splits are common to all of them,
and two curves are compared on these.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np

# Numbers of labels of random sampling with k-NN whose scores are the targets of the others.
BUDGETS = (50, 100, 200)

# Scores are averaged over this many labels before and after: single steps are noise.
REACH = 3

N_DRAWS = 1_000
INTERVAL = (2.5, 97.5)

Curves = Mapping[tuple[str, str], np.ndarray]


@dataclass(frozen=True)
class Row:
    """Results of a classifier and a strategy on one data set.

    `gain` is the difference of its area under the curve from that of the baseline, `worst` the
    largest significant loss against the baseline, and `lead` the difference of the default's area
    from its own.
    """

    task: str
    classifier: str
    strategy: str
    budget: int
    score: float
    labels: float
    savings: float
    low: float
    high: float
    area: float
    gain: float
    gain_low: float
    gain_high: float
    worst: float
    lead: float
    lead_low: float
    lead_high: float
    splits: int


COLUMNS = [field.name for field in fields(Row)]


@dataclass(frozen=True)
class Duel:
    """Difference between the areas of two strategies, with the same classifier."""

    task: str
    classifier: str
    strategy: str
    other: str
    gain: float
    gain_low: float
    gain_high: float

    @property
    def is_won(self) -> bool:
        """Whether the strategy is significantly ahead."""
        return self.gain_low > 0


DUEL_COLUMNS = [field.name for field in fields(Duel)]


def write_rows(path: Path, columns: Sequence[str], rows: Sequence[Row | Duel]) -> None:
    """Write a row for each curve, or each pair of curves."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for row in rows:
            writer.writerow(
                [f"{value:.4g}" if isinstance(value, float) else value for value in astuple(row)]
            )


def write_table(
    folder: Path, name: str, columns: Sequence[str], rows: Sequence[Sequence[str]], text: str
) -> None:
    """Write rows as a CSV file, and the table that shows them as a Markdown file."""
    with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([columns, *rows])
    (folder / f"{name}.md").write_text(text, encoding="utf-8")


def read_rows(path: Path) -> list[Row]:
    """Return the rows of a file that `write_rows` wrote."""
    with path.open(newline="", encoding="utf-8") as file:
        return [
            Row(**{field.name: field.type(line[field.name]) for field in fields(Row)})
            for line in csv.DictReader(file)
        ]


def duels_of(task: str, curves: Curves) -> list[Duel]:
    """Return the difference of each pair of strategies, over common splits."""
    return [
        Duel(task, classifier, strategy, other, *gain_over(rival, curve))
        for (classifier, strategy), curve in curves.items()
        for (name, other), rival in curves.items()
        if name == classifier and other != strategy
    ]


def rows_of(
    task: str, curves: Curves, baseline: tuple[str, str], default: tuple[str, str]
) -> list[Row]:
    """Return a row for each classifier, strategy and budget.

    Parameters
    ----------
    task : str
        The name of the data set.
    curves : dict of (classifier, strategy) to ndarray of shape (n_splits, n_labels)
        Held-out scores after each label.
    baseline : tuple of (classifier, strategy)
        The curve whose scores are the targets.
    default : tuple of (classifier, strategy)
        The curve that `lead` refers to.
    """
    random = curves[baseline]
    return [
        row(task, names, curve, random, curves[default], budget)
        for names, curve in curves.items()
        for budget in BUDGETS
        if budget <= random.shape[1]
    ]


def row(
    task: str,
    names: tuple[str, str],
    curve: np.ndarray,
    random: np.ndarray,
    default: np.ndarray,
    budget: int,
) -> Row:
    """Return the results of one curve; intervals are over splits drawn with replacement."""
    lead, lead_low, lead_high = gain_over(curve, default)
    curve, random, draws = paired(curve, random)
    score = score_with(random.mean(axis=0), budget)
    needed = labels_to(curve.mean(axis=0), score)
    drawn = [
        budget / labels_to(curve[d].mean(axis=0), score_with(random[d].mean(axis=0), budget))
        for d in draws
    ]
    low, high = np.percentile(drawn, INTERVAL)
    gain, gain_low, gain_high = gain_over(random, curve)
    return Row(
        task=task,
        classifier=names[0],
        strategy=names[1],
        budget=budget,
        score=score,
        labels=needed,
        savings=budget / needed,
        low=float(low),
        high=float(high),
        area=float(curve.mean()),
        gain=gain,
        gain_low=gain_low,
        gain_high=gain_high,
        worst=worst(curve, random),
        lead=lead,
        lead_low=lead_low,
        lead_high=lead_high,
        splits=len(curve),
    )


def paired(curve: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the common splits of two curves, and draws of these with replacement."""
    n_splits = min(len(curve), len(other))
    draws = np.random.default_rng(0).integers(n_splits, size=(N_DRAWS, n_splits))
    return curve[:n_splits], other[:n_splits], draws


def gain_over(other: np.ndarray, curve: np.ndarray) -> tuple[float, float, float]:
    """Return the difference between the areas of two curves, and the ends of its interval."""
    curve, other, draws = paired(curve, other)
    gains = (curve - other).mean(axis=1)
    low, high = np.percentile(gains[draws].mean(axis=1), INTERVAL)
    return float(gains.mean()), float(low), float(high)


def score_with(curve: np.ndarray, budget: int) -> float:
    """Return the score of a curve with `budget` labels."""
    return float(smoothed(curve)[budget - 1])


def labels_to(curve: np.ndarray, score: float) -> float:
    """Return the first number of labels at which a curve reaches a score, or infinity."""
    reached = np.flatnonzero(smoothed(curve) >= score)
    return float(reached[0] + 1) if len(reached) else np.inf


def smoothed(curve: np.ndarray) -> np.ndarray:
    """Return the moving average of a curve, over fewer values at the ends."""
    window = np.ones(2 * REACH + 1)
    return np.asarray(
        np.convolve(curve, window, "same") / np.convolve(np.ones(len(curve)), window, "same")
    )


def worst(curve: np.ndarray, random: np.ndarray) -> float:
    """Return the largest significant loss against random at any budget: at most 0.

    It is the least upper end, over the numbers of labels, of an interval for the difference.
    """
    curve, random, draws = paired(curve, random)
    differences = curve - random
    upper = np.percentile(differences[draws].mean(axis=1), INTERVAL[1], axis=0)
    return float(min(upper.min(), 0.0))


def geometric_mean(values: np.ndarray) -> float:
    """Return the geometric mean of savings; 0 if a score was never reached."""
    return float(np.exp(np.log(values).mean())) if (np.asarray(values) > 0).all() else 0.0
