"""The registry of query strategies, which the command, the documentation and the tests read."""

from __future__ import annotations

from typing import NamedTuple

from sklearn.base import clone

from skactive._validation import check_choice, register_strategies
from skactive.measures import (
    CommitteeVariance,
    Entropy,
    InformationDensity,
    LabelCardinality,
    LeastConfidence,
    Margin,
    PredictiveVariance,
)
from skactive.strategies._badge import BADGE
from skactive.strategies._bait import BAIT
from skactive.strategies._base import QueryStrategy
from skactive.strategies._cdf_product import CDFProduct
from skactive.strategies._cluster_margin import ClusterMargin
from skactive.strategies._density_weighted import DensityWeightedUncertainty
from skactive.strategies._drop_query import DropQuery
from skactive.strategies._expected_error import ExpectedErrorReduction
from skactive.strategies._expected_variance import ExpectedVarianceReduction
from skactive.strategies._greedy_sampling import GreedySampling
from skactive.strategies._k_center_greedy import KCenterGreedy
from skactive.strategies._label_strategies import CVIRS, MMC, AdaptiveLabels
from skactive.strategies._prob_cover import ProbCover
from skactive.strategies._query_by_committee import QueryByCommittee
from skactive.strategies._random import RandomSampling
from skactive.strategies._ranked_batch import RankedBatch
from skactive.strategies._typi_clust import TypiClust
from skactive.strategies._uncertainty import UncertaintySampling
from skactive.strategies._uncertainty_herding import UncertaintyHerding

KINDS = ("categorical", "continuous", "multilabel")


class StrategyEntry(NamedTuple):
    """A query strategy in the registry.

    Attributes
    ----------
    strategy : QueryStrategy
        An instance with the parameters that belong to the name.
    criterion : str
        The criterion by which it chooses a sample, in a few words.
    """

    strategy: QueryStrategy
    criterion: str

    def suits(self, kind: str) -> bool:
        """Return whether the strategy can be used with a kind of labels.

        Parameters
        ----------
        kind : str
            Such as 'continuous', see `skactive.base.Target`.

        Returns
        -------
        suits : bool
            Whether the strategy and its measures can.
        """
        parts = (self.strategy, *self.strategy.get_params().values())
        kinds = [getattr(part, "target_kinds", None) for part in parts]
        return all(one is None or kind in one for one in kinds)

    def with_metric(self, metric: str) -> QueryStrategy:
        """Return a copy of the strategy that measures every distance with a metric.

        Parameters
        ----------
        metric : str
            Value of each parameter called `metric`, of the strategy and of its measures. A
            strategy without such a parameter uses no distances.

        Returns
        -------
        strategy : QueryStrategy
            The copy.
        """
        copy: QueryStrategy = clone(self.strategy)
        names = [name for name in copy.get_params() if name.rpartition("__")[2] == "metric"]
        return copy.set_params(**dict.fromkeys(names, metric))


def all_strategies(kind: str | None = None) -> dict[str, StrategyEntry]:
    """Return the query strategies of this package, by the names that the command uses.

    Parameters
    ----------
    kind : {'categorical', 'continuous', 'multilabel'}, default=None
        Only those for this kind of labels, see `skactive.base.Target`. None returns all.

    Returns
    -------
    strategies : dict of str to StrategyEntry
        New instances at each call. A class with several common settings has several names.

    See Also
    --------
    skactive.model_selection.compare_strategies : Compares strategies by name.
    sklearn.utils.discovery.all_estimators : The estimators of scikit-learn.

    Examples
    --------
    >>> from skactive.strategies import all_strategies
    >>> entry = all_strategies()["k-center"]
    >>> entry.strategy
    KCenterGreedy()
    >>> entry.criterion
    'largest distance to the labelled samples (CoreSet)'
    >>> entry.with_metric("euclidean")
    KCenterGreedy(metric='euclidean')
    """
    named = {
        "herding": (UncertaintyHerding(), "largest number of uncertain samples covered"),
        "max-herding": (UncertaintyHerding(None), "largest number of samples covered"),
        "cdf-product": (CDFProduct(), "largest product of uncertainty, density and diversity"),
        "margin": (
            UncertaintySampling(Margin()),
            "smallest margin between the two likeliest classes",
        ),
        "entropy": (UncertaintySampling(Entropy()), "largest entropy of the class probabilities"),
        "least-confidence": (
            UncertaintySampling(LeastConfidence()),
            "smallest probability of the predicted class",
        ),
        "typi-clust": (TypiClust(), "most typical in the largest cluster without a label"),
        "prob-cover": (ProbCover(), "largest number of uncovered samples within a radius"),
        "k-center": (KCenterGreedy(), "largest distance to the labelled samples (CoreSet)"),
        "ranked-batch": (RankedBatch(), "distance to the labelled at first, uncertainty later"),
        "density-weighted": (
            DensityWeightedUncertainty(density=InformationDensity()),
            "largest product of entropy and density",
        ),
        "badge": (BADGE(), "largest and most diverse changes of a linear classifier"),
        "bait": (BAIT(), "largest gain of Fisher information about the pool"),
        "cluster-margin": (ClusterMargin(), "smallest margins, from each cluster in turn"),
        "drop-query": (DropQuery(), "most typical of those with predictions that dropout changes"),
        "committee": (QueryByCommittee(), "largest disagreement of a bootstrapped committee"),
        "expected-error": (ExpectedErrorReduction(), "smallest expected error after the answer"),
        "variance": (
            UncertaintySampling(PredictiveVariance()),
            "largest variance of the predicted number",
        ),
        "committee-variance": (
            UncertaintySampling(CommitteeVariance()),
            "largest variance of the predictions of a bootstrapped committee",
        ),
        "greedy": (GreedySampling(), "largest distance to the labelled in features and labels"),
        "greedy-x": (GreedySampling("x"), "largest distance to the labelled samples in features"),
        "greedy-y": (GreedySampling("y"), "largest distance of the predicted to the known labels"),
        "expected-variance": (
            ExpectedVarianceReduction(),
            "smallest expected variance after the answer",
        ),
        "label-cardinality": (
            UncertaintySampling(LabelCardinality()),
            "largest difference from the usual number of labels of a sample",
        ),
        "adaptive-labels": (
            AdaptiveLabels(),
            "uncertainty and number of labels, weighted by error",
        ),
        "mmc": (MMC(), "largest reduction of the loss of all labels"),
        "cvirs": (CVIRS(), "smallest margins of labels, and labels unlike the known ones"),
        "random": (RandomSampling(), "random choice: the baseline"),
    }
    if kind is not None:
        check_choice(all_strategies.__name__, "kind", kind, KINDS)
    entries = {name: StrategyEntry(*entry) for name, entry in named.items()}
    return {name: one for name, one in entries.items() if kind is None or one.suits(kind)}


register_strategies(lambda: {name: entry.strategy for name, entry in all_strategies().items()})
