"""Query strategies, which modAL can call and a grid search can tune."""

from skactive._public import moved, present
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
from skactive.strategies._registry import StrategyEntry, all_strategies
from skactive.strategies._typi_clust import TypiClust
from skactive.strategies._uncertainty import UncertaintySampling
from skactive.strategies._uncertainty_herding import UncertaintyHerding
from skactive.strategies._utility_component import UtilityComponent

__all__ = [
    "BADGE",
    "BAIT",
    "CVIRS",
    "MMC",
    "AdaptiveLabels",
    "CDFProduct",
    "ClusterMargin",
    "DensityWeightedUncertainty",
    "DropQuery",
    "ExpectedErrorReduction",
    "ExpectedVarianceReduction",
    "GreedySampling",
    "KCenterGreedy",
    "ProbCover",
    "QueryByCommittee",
    "QueryStrategy",
    "RandomSampling",
    "RankedBatch",
    "StrategyEntry",
    "TypiClust",
    "UncertaintyHerding",
    "UncertaintySampling",
    "UtilityComponent",
    "all_strategies",
]

__getattr__ = moved(__name__, {"Term": "skactive.strategies.UtilityComponent"})

present(__name__)
