"""Strategies of other packages with their defaults, and the line-up of each data set."""

from modAL.batch import uncertainty_batch_sampling
from modAL.uncertainty import entropy_sampling, margin_sampling
from skactiveml.pool import (
    Badge,
    Clue,
    ContrastiveAL,
    CoreSet,
    DiscriminativeAL,
    DropQuery,
    Falcun,
    GreedySamplingX,
)
from skactiveml.pool import ProbCover as ActivemlProbCover
from skactiveml.pool import QueryByCommittee as ActivemlQueryByCommittee
from skactiveml.pool import TypiClust as ActivemlTypiClust

from benchmarks.label_savings.lineup import BASELINE, DEFAULT, OURS
from skactive.integrations.modal import ModalStrategy
from skactive.integrations.scikit_activeml import ActivemlStrategy
from skactive.strategies import QueryStrategy

QUICK: dict[str, QueryStrategy] = {
    "modAL margin": ModalStrategy(margin_sampling),
    "modAL entropy": ModalStrategy(entropy_sampling),
    "modAL ranked batch": ModalStrategy(
        uncertainty_batch_sampling, query_params={"metric": "cosine"}
    ),
    "scikit-activeml CoreSet": ActivemlStrategy(CoreSet()),
    "scikit-activeml Falcun": ActivemlStrategy(Falcun()),
    "scikit-activeml GreedySamplingX": ActivemlStrategy(GreedySamplingX()),
}

# A loop on 4,000 samples takes minutes to an hour: these only run on small pools.
SLOW: dict[str, QueryStrategy] = {
    "scikit-activeml BADGE": ActivemlStrategy(Badge()),
    "scikit-activeml CLUE": ActivemlStrategy(Clue()),
    "scikit-activeml TypiClust": ActivemlStrategy(ActivemlTypiClust()),
    "scikit-activeml ProbCover": ActivemlStrategy(ActivemlProbCover()),
    "scikit-activeml DropQuery": ActivemlStrategy(DropQuery()),
    "scikit-activeml ContrastiveAL": ActivemlStrategy(ContrastiveAL()),
    "scikit-activeml DiscriminativeAL": ActivemlStrategy(DiscriminativeAL()),
    "scikit-activeml committee": ActivemlStrategy(ActivemlQueryByCommittee()),
}

STRATEGIES = {**OURS, **QUICK, **SLOW}

# The strategies of each line-up.
LINEUPS = {
    "all": tuple(STRATEGIES),
    "quick": tuple({**OURS, **QUICK}),
    "few": (
        BASELINE,
        DEFAULT,
        "herding as published",
        "max-herding",
        "cdf-product",
        "margin",
        "typi-clust",
        "k-center",
        "modAL margin",
        "modAL ranked batch",
        "scikit-activeml CoreSet",
    ),
    "default": (BASELINE, DEFAULT),
}
