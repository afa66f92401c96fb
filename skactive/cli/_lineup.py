"""The strategies that the command knows by name; building one is what imports it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

from skactive.cli._output import CommandError

if TYPE_CHECKING:
    from skactive.strategies import QueryStrategy

BASELINE = "random"
DEFAULT_NAMES = ("herding", "cdf-product", "margin", BASELINE)
KNOWN = {
    "herding": "speaks for most that the classifier is unsure of",
    "max-herding": "speaks for most that no label speaks for yet",
    "cdf-product": "uncertain, in a dense region and different at once",
    "margin": "the two most probable classes are closest",
    "entropy": "the class probabilities are most even",
    "least-confidence": "the most probable class is least so",
    "typi-clust": "typical of the largest cluster without a label",
    "prob-cover": "its ball holds most that no ball covers yet",
    "k-center": "farthest from all that is labelled (CoreSet)",
    "ranked-batch": "far away at first, uncertain later on",
    "density-weighted": "entropy times density",
    "badge": "would change a linear classifier most",
    "cluster-margin": "smallest margins, in turn from each cluster",
    "committee": "votes on bootstrap samples disagree",
    "expected-error": "promises the fewest errors afterwards",
    "random": "the baseline, always played",
}
WEIGHTED = ("uncertainty", "density", "diversity")
METRICS = ("cosine", "euclidean", "manhattan", "chebyshev")


def checked_names(names: Sequence[str]) -> list[str]:
    """Return the names of strategies, each once, with the baseline among them."""
    chosen: list[str] = []
    for name in names:
        if name not in KNOWN:
            raise CommandError(_unknown(name))
        if name not in chosen:
            chosen.append(name)
    return chosen if BASELINE in chosen else [*chosen, BASELINE]


def strategy_weight(text: str) -> tuple[str, float]:
    """Return the name and number of NAME=NUMBER, where the name is that of a factor."""
    name, _, number = text.partition("=")
    try:
        weight = float(number)
    except ValueError:
        weight = -1.0
    if name not in WEIGHTED or not 0 <= weight < float("inf"):
        raise CommandError(
            f"--weights takes NAME=NUMBER with a number of at least 0 and a name among "
            f"{', '.join(WEIGHTED)}. Got {text!r} instead."
        )
    return name, weight


def build_strategies(
    names: Sequence[str], *, metric: str, weights: Mapping[str, float]
) -> dict[str, QueryStrategy]:
    """Return the strategies of these names; their seeds come with the comparison."""
    from skactive.measures import (
        Diversity,
        Entropy,
        InformationDensity,
        LeastConfidence,
        Margin,
        Measure,
    )
    from skactive.strategies import (
        BADGE,
        CDFProduct,
        ClusterMargin,
        DensityWeightedUncertainty,
        ExpectedErrorReduction,
        KCenterGreedy,
        ProbCover,
        QueryByCommittee,
        RandomSampling,
        RankedBatch,
        TypiClust,
        UncertaintyHerding,
        UncertaintySampling,
    )

    factors: list[tuple[str, Measure]] = [
        ("uncertainty", Margin()),
        ("density", InformationDensity(metric)),
        ("diversity", Diversity(metric)),
    ]
    known: dict[str, QueryStrategy] = {
        "herding": UncertaintyHerding(metric=metric),
        "max-herding": UncertaintyHerding(None, metric=metric),
        "cdf-product": CDFProduct(factors, dict(weights)),
        "margin": UncertaintySampling(Margin()),
        "entropy": UncertaintySampling(Entropy()),
        "least-confidence": UncertaintySampling(LeastConfidence()),
        "typi-clust": TypiClust(metric),
        "prob-cover": ProbCover(metric=metric),
        "k-center": KCenterGreedy(metric),
        "ranked-batch": RankedBatch(metric=metric),
        "density-weighted": DensityWeightedUncertainty(density=InformationDensity(metric)),
        "badge": BADGE(),
        "cluster-margin": ClusterMargin(metric=metric),
        "committee": QueryByCommittee(metric=metric),
        "expected-error": ExpectedErrorReduction(),
        "random": RandomSampling(),
    }
    return {name: known[name] for name in names}


def _unknown(name: str) -> str:
    sentence = f"There is no strategy {name!r}. Known are: {', '.join(KNOWN)}."
    if "." in name or "/" in name:
        return f"{sentence} Hint: a file comes before the options."
    close = get_close_matches(name.lower().replace("_", "-"), KNOWN, n=1)
    return f"{sentence} Hint: did you mean {close[0]!r}?" if close else sentence
