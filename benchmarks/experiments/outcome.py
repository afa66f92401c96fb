"""Results of the curves: labels to a score, label savings, area, and a verdict."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student_t

from skactive.model_selection import StrategyComparison

# The article: "almost half the labels". A saving of 2 is half the labels.
ARTICLES_FACTOR = 2.0

REPRODUCED = "reproduces it"
LESS = "saves less"
UNCLEAR = "unclear"
NO_SAVING = "no saving"
MORE_LABELS = "needs more than random"
NOT_REACHED = "not reached"
VERDICTS = [REPRODUCED, LESS, UNCLEAR, NO_SAVING, MORE_LABELS, NOT_REACHED]

# Keys: the kind of split and the baseline.
Comparisons = Mapping[str, Mapping[str, StrategyComparison]]


@dataclass(frozen=True)
class Target:
    """A score to reach: a number, or a fraction of the score with every label."""

    value: float
    of_full: bool = False

    @property
    def name(self) -> str:
        return f"{100 * self.value:g} % {'of full' if self.of_full else 'accuracy'}"

    def score(self, comparison: StrategyComparison) -> float:
        """Return the corresponding score of one classifier."""
        return self.value * (float(comparison.full_scores.mean()) if self.of_full else 1.0)


@dataclass(frozen=True)
class Savings:
    """Labels that one variant needs for one target, and its label savings."""

    split: str
    variant: str
    baseline: str
    target: str
    score: float
    labels: float
    baseline_labels: float
    savings: float
    low: float
    high: float
    verdict: str


@dataclass(frozen=True)
class Summary:
    """The whole curve of one variant, against random selection on the same repeats."""

    split: str
    variant: str
    baseline: str
    full_score: float
    last_score: float
    area: float
    area_difference: float
    low: float
    high: float
    repeats_won: int
    n_repeats: int


def verdict(savings: float, low: float, high: float, *, reached: bool = True) -> str:
    """Return the verdict: how label savings compare with the article's factor.

    Parameters
    ----------
    savings : float
        On the mean curves; NaN if the variant or the baseline does not reach the score.
    low : float
        Lower end of the interval; NaN if too many draws do not reach the score.
    high : float
        Upper end.
    reached : bool, default=True
        Whether the variant reaches the score.
    """
    if not reached:
        return NOT_REACHED
    if math.isnan(savings + low + high):
        return UNCLEAR
    if low > 1:
        return REPRODUCED if high >= ARTICLES_FACTOR else LESS
    if high < 1:
        return MORE_LABELS
    return UNCLEAR if high >= ARTICLES_FACTOR else NO_SAVING


def all_savings(comparisons: Comparisons, targets: Sequence[Target]) -> list[Savings]:
    """Return the savings of every variant on every kind of split for every target."""
    rows = []
    for split, by_baseline in comparisons.items():
        for baseline, comparison in by_baseline.items():
            for target in targets:
                rows += _savings(split, baseline, comparison, target)
    return rows


def _savings(
    split: str, baseline: str, comparison: StrategyComparison, target: Target
) -> list[Savings]:
    score = target.score(comparison)
    needed = comparison.labels_to_score(score)
    baseline_needed = needed[comparison.names.index(baseline)]
    saved = comparison.label_savings(score, baseline=baseline)
    rows = []
    for name, labels, (savings, low, high) in zip(
        comparison.names, needed.tolist(), saved.tolist(), strict=True
    ):
        found = verdict(savings, low, high, reached=not math.isnan(labels))
        rows.append(
            Savings(
                split,
                name,
                baseline,
                target.name,
                score,
                labels,
                float(baseline_needed),
                savings,
                low,
                high,
                "" if name == baseline else found,
            )
        )
    return rows


def all_summaries(comparisons: Comparisons) -> list[Summary]:
    """Return area and last score of every variant, paired with random repeat by repeat."""
    rows = []
    for split, by_baseline in comparisons.items():
        for baseline, comparison in by_baseline.items():
            areas = comparison.area_under_curve()
            differences = areas - areas[comparison.names.index(baseline)]
            for place, name in enumerate(comparison.names):
                mean, low, high = mean_interval(differences[place])
                rows.append(
                    Summary(
                        split,
                        name,
                        baseline,
                        float(comparison.full_scores.mean()),
                        float(comparison.mean_scores[place, -1]),
                        float(areas[place].mean()),
                        mean,
                        low,
                        high,
                        int((differences[place] > 0).sum()),
                        differences.shape[1],
                    )
                )
    return rows


def mean_interval(values: np.ndarray) -> tuple[float, float, float]:
    """Return the mean and its 95 % interval by Student's t."""
    mean, n = float(values.mean()), len(values)
    if n == 1:
        return mean, math.nan, math.nan
    width = float(student_t.ppf(0.975, n - 1) * values.std(ddof=1) / math.sqrt(n))
    return mean, mean - width, mean + width


def curve_rows(comparisons: Comparisons) -> list[dict[str, object]]:
    """Return the curves as rows: each number of labels up to 50, then every 20th."""
    rows = []
    for split, by_baseline in comparisons.items():
        for comparison in by_baseline.values():
            n_labels = comparison.n_labels
            shown = np.flatnonzero((n_labels <= 50) | (n_labels % 20 == 0))
            for place, name in enumerate(comparison.names):
                scores = comparison.test_scores[place][:, shown]
                spread = scores.std(axis=0, ddof=min(1, len(scores) - 1))
                low, high = np.quantile(scores, [0.1, 0.9], axis=0)
                rows += [
                    {
                        "split": split,
                        "variant": name,
                        "n_labels": int(n),
                        "mean": f"{mean:.4f}",
                        "std": f"{std:.4f}",
                        "p10": f"{p10:.4f}",
                        "p90": f"{p90:.4f}",
                    }
                    for n, mean, std, p10, p90 in zip(
                        n_labels[shown], scores.mean(axis=0), spread, low, high, strict=True
                    )
                ]
    return rows
