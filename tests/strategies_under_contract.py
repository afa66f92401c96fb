"""Every query strategy of the registry, and further settings to test the contract with."""

import numpy as np
import pytest
from sklearn.linear_model import BayesianRidge
from sklearn.neighbors import KNeighborsRegressor

from skactive.measures import (
    CommitteeVariance,
    Diversity,
    Entropy,
    InformationDensity,
    LabelUncertainty,
    PredictiveVariance,
)
from skactive.strategies import (
    BAIT,
    AdaptiveLabels,
    CDFProduct,
    ClusterMargin,
    DensityWeightedUncertainty,
    DropQuery,
    ExpectedErrorReduction,
    ExpectedVarianceReduction,
    GreedySampling,
    KCenterGreedy,
    ProbCover,
    QueryByCommittee,
    RankedBatch,
    TypiClust,
    UncertaintyHerding,
    UncertaintySampling,
    all_strategies,
)

# The contract includes equal choices from equal pools, for which a random choice needs a seed.
REGISTERED = {
    name: entry.strategy.set_params(random_state=3) if name == "random" else entry.strategy
    for name, entry in all_strategies("categorical").items()
}
FOR_NUMBERS = [
    *(
        one.strategy
        for one in all_strategies("continuous").values()
        if not one.suits("categorical")
    ),
    UncertaintySampling(CommitteeVariance([BayesianRidge(), KNeighborsRegressor(2)])),
    UncertaintyHerding("variance"),
    CDFProduct([("unsure", PredictiveVariance()), ("dense", InformationDensity())]),
    GreedySampling("xy", metric="euclidean"),
    ExpectedVarianceReduction(n_candidates=None, n_evaluated=None),
    ExpectedVarianceReduction(estimator=BayesianRidge()),
]
FOR_SETS = [
    *(
        one.strategy
        for one in all_strategies("multilabel").values()
        if not one.suits("categorical")
    ),
    AdaptiveLabels(0.5),
    UncertaintySampling(LabelUncertainty("max_loss")),
    UncertaintyHerding(LabelUncertainty("frequency")),
    CDFProduct([("unsure", LabelUncertainty("max")), ("dense", InformationDensity())]),
]
FURTHER_SETTINGS = [
    CDFProduct(weights={"uncertainty": 2.0, "density": 0.0, "diversity": 0.5}),
    CDFProduct([("far", Diversity("euclidean", aggregate="min")), ("unsure", Entropy())]),
    DensityWeightedUncertainty(beta=0),
    KCenterGreedy("manhattan"),
    ProbCover(1.1, metric="euclidean"),
    BAIT(n_components=1),
    DropQuery(rate=0.5, n_clusters=2, metric="euclidean"),
    ClusterMargin(4, metric="euclidean"),
    ClusterMargin(n_uncertain=3),
    ExpectedErrorReduction("log"),
    QueryByCommittee(metric="euclidean"),
    QueryByCommittee(disagreement="max_kl"),
    UncertaintyHerding(None, n_neighbors=20, metric="euclidean", bandwidth=None),
    UncertaintyHerding(Entropy(), bandwidth=0.5),
    RankedBatch(Entropy(), metric="euclidean"),
    TypiClust("euclidean", n_neighbors=2, min_cluster_size=1),
]
STRATEGIES = [*REGISTERED.values(), *FURTHER_SETTINGS]
any_strategy = pytest.mark.parametrize("strategy", [*STRATEGIES, *FOR_NUMBERS, *FOR_SETS], ids=repr)
every_strategy = pytest.mark.parametrize("strategy", STRATEGIES, ids=repr)
# The backward pass of BAIT may replace the first samples of a batch.
every_greedy_strategy = pytest.mark.parametrize(
    "strategy",
    [one for one in [*STRATEGIES, *FOR_NUMBERS, *FOR_SETS] if not isinstance(one, BAIT)],
    ids=repr,
)


def assert_query(answer, candidates, n_instances):
    assert type(answer) is tuple
    assert len(answer) == 2
    indices, utilities = answer
    assert isinstance(indices, np.ndarray)
    assert isinstance(utilities, np.ndarray)
    assert indices.shape == utilities.shape == (n_instances,)
    assert indices.dtype.kind == "i"
    assert utilities.dtype.kind == "f"
    assert np.isfinite(utilities).all()
    assert len(set(indices.tolist())) == n_instances
    assert set(indices.tolist()) <= set(np.asarray(candidates).tolist())
