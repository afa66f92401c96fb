"""The query strategies, each with the settings of its contract tests."""

import numpy as np
import pytest

from skactive.measures import Diversity, Entropy
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

# The settings of the contract tests, by the name of the strategy.
SETTINGS = {
    "BADGE": [BADGE()],
    "CDFProduct": [
        CDFProduct(),
        CDFProduct(weights={"uncertainty": 2.0, "density": 0.0, "diversity": 0.5}),
        CDFProduct([("far", Diversity("euclidean", aggregate="min")), ("unsure", Entropy())]),
    ],
    "DensityWeightedUncertainty": [
        DensityWeightedUncertainty(),
        DensityWeightedUncertainty(beta=0),
    ],
    "KCenterGreedy": [KCenterGreedy(), KCenterGreedy("manhattan")],
    "ProbCover": [ProbCover(), ProbCover(1.1, metric="euclidean")],
    "ClusterMargin": [ClusterMargin(4, metric="euclidean"), ClusterMargin(n_uncertain=3)],
    "ExpectedErrorReduction": [ExpectedErrorReduction("log")],
    "QueryByCommittee": [
        QueryByCommittee(metric="euclidean"),
        QueryByCommittee(disagreement="max_kl"),
    ],
    "RandomSampling": [RandomSampling(random_state=3)],
    "UncertaintyHerding": [
        UncertaintyHerding(),
        UncertaintyHerding(None, n_neighbors=20, metric="euclidean", bandwidth=None),
        UncertaintyHerding(Entropy(), bandwidth=0.5),
    ],
    "RankedBatch": [RankedBatch(), RankedBatch(Entropy(), metric="euclidean")],
    "TypiClust": [TypiClust(), TypiClust("euclidean", n_neighbors=2, min_cluster_size=1)],
    "UncertaintySampling": [UncertaintySampling(), UncertaintySampling(Entropy())],
}
STRATEGIES = [strategy for settings in SETTINGS.values() for strategy in settings]
every_strategy = pytest.mark.parametrize("strategy", STRATEGIES, ids=repr)


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
