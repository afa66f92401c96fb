"""The strategies of this package, and the classifiers of the comparison."""

from sklearn.base import ClassifierMixin

from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.semi_supervised import IncrementalLabelSpreading
from skactive.strategies import (
    BADGE,
    BAIT,
    CDFProduct,
    ClusterMargin,
    DensityWeightedUncertainty,
    DropQuery,
    ExpectedErrorReduction,
    KCenterGreedy,
    ProbCover,
    QueryByCommittee,
    QueryStrategy,
    RandomSampling,
    RankedBatch,
    TypiClust,
    UncertaintyHerding,
    UncertaintySampling,
)

BASELINE = "random"

# The strategy and the classifier of `ActiveLearner()`.
DEFAULT = "herding"
DEFAULT_CLASSIFIER = "spreading"

CLASSIFIERS: dict[str, ClassifierMixin] = {
    "k-NN": IncrementalKNeighborsClassifier(),
    DEFAULT_CLASSIFIER: IncrementalLabelSpreading(),
}

OURS: dict[str, QueryStrategy] = {
    BASELINE: RandomSampling(),
    DEFAULT: UncertaintyHerding(),
    "herding as published": UncertaintyHerding(half_coverage=None),
    "max-herding": UncertaintyHerding(None),
    "cdf-product": CDFProduct(),
    "margin": UncertaintySampling(),
    "typi-clust": TypiClust(),
    "prob-cover": ProbCover(),
    "k-center": KCenterGreedy(),
    "ranked-batch": RankedBatch(),
    "density-weighted": DensityWeightedUncertainty(),
    "badge": BADGE(),
    "bait": BAIT(),
    "drop-query": DropQuery(),
    "cluster-margin": ClusterMargin(),
    "committee": QueryByCommittee(),
    "expected-error": ExpectedErrorReduction(),
}
