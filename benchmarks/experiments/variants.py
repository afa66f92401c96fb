"""The compared variants: the CDF product, and variants that differ from it in one respect."""

from dataclasses import dataclass, field

from skactive.measures import Diversity, Entropy, LeastConfidence, Measure
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.strategies import CDFProduct, QueryStrategy, RandomSampling, UncertaintySampling

DEFAULT = "cdf-product"


def neighbors(n_neighbors: int = 5, weights: str = "distance") -> IncrementalKNeighborsClassifier:
    """Return the classifier of an experiment: nearest neighbours by the cosine."""
    return IncrementalKNeighborsClassifier(n_neighbors, weights=weights, metric="cosine")


@dataclass(frozen=True)
class Variant:
    """A strategy and its classifier, with a name and a description.

    Its savings are relative to `baseline`: random selection with the same classifier.
    """

    name: str
    words: str
    strategy: QueryStrategy
    classifier: IncrementalKNeighborsClassifier = field(default_factory=neighbors)
    baseline: str = "random"

    @property
    def is_baseline(self) -> bool:
        return self.name == self.baseline


def product(**changes: Measure | str) -> CDFProduct:
    """Return the CDF product with some of its measures, or their parameters, changed."""
    return CDFProduct().set_params(**changes)


def weighted(**weights: float) -> CDFProduct:
    """Return the CDF product with other exponents than 1."""
    return CDFProduct(weights=weights)


def of_classifier(
    suffix: str, words: str, classifier: IncrementalKNeighborsClassifier
) -> list[Variant]:
    """Return random selection, the CDF product and the margin with another classifier."""
    baseline = f"random, {suffix}"
    strategies = {
        baseline: ("Random selection", RandomSampling()),
        f"{DEFAULT}, {suffix}": ("The CDF product", CDFProduct()),
        f"margin alone, {suffix}": ("The margin alone", UncertaintySampling()),
    }
    return [
        Variant(name, f"{what} with {words}.", strategy, classifier, baseline)
        for name, (what, strategy) in strategies.items()
    ]


def all_variants() -> list[Variant]:
    """Return every variant, the baseline first and the default second."""
    return [
        Variant(
            "random", "Every candidate is selected with the same probability.", RandomSampling()
        ),
        Variant(
            DEFAULT,
            "The default: F(margin) · F(density) · F(diversity), F(v) the share of candidates "
            "with a lower value. Margin: 1 − (p₁ − p₂). Density: mean cosine to the pool. "
            "Diversity: mean cosine distance to the labelled samples.",
            CDFProduct(),
        ),
        Variant(
            "least confidence",
            "Uncertainty is 1 − p₁ instead of the margin.",
            product(uncertainty=LeastConfidence()),
        ),
        Variant(
            "entropy",
            "Uncertainty is −Σ p ln p instead of the margin.",
            product(uncertainty=Entropy()),
        ),
        Variant(
            "min diversity",
            "Diversity is the distance to the nearest labelled sample instead of the mean.",
            product(diversity=Diversity(aggregate="min")),
        ),
        Variant("no uncertainty", "F(density) · F(diversity).", weighted(uncertainty=0.0)),
        Variant("no density", "F(margin) · F(diversity).", weighted(density=0.0)),
        Variant("no diversity", "F(margin) · F(density).", weighted(diversity=0.0)),
        Variant(
            "margin alone",
            "The candidate with the largest 1 − (p₁ − p₂); ties at random.",
            UncertaintySampling(),
        ),
        *[
            Variant(
                f"{name} × {weight:g}",
                f"The factor of {name} to the power of {weight:g}.",
                weighted(**{name: weight}),
            )
            for name in ("uncertainty", "density", "diversity")
            for weight in (2.0, 0.5)
        ],
        *of_classifier("k=1", "the nearest neighbour instead of five", neighbors(1)),
        *of_classifier("k=15", "15 nearest neighbours instead of five", neighbors(15)),
        *of_classifier(
            "equal votes",
            "equal votes of all neighbours, whatever their distances",
            neighbors(weights="uniform"),
        ),
    ]
