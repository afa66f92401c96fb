"""The valid parameters of the nearest-neighbour classifier and regressor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skactive._engine.distances import METRICS
from skactive._optional import not_installed
from skactive._validation import check_choice, check_integer, check_mapping, check_number
from skactive.neighbors._index import has_index, is_installed
from skactive.neighbors._votes import VOTE_WEIGHTS

if TYPE_CHECKING:
    from skactive.neighbors._neighbor_search import NeighborSearchingEstimator
    from skactive.neighbors._weighted_neighbors import WeightedNeighborsEstimator

ALGORITHMS = frozenset({"exact", "hnsw", "auto"})


def check_vote_parameters(estimator: WeightedNeighborsEstimator) -> None:
    """Raise a TypeError, ValueError or ImportError for the first invalid parameter."""
    check_search_parameters(estimator)
    if not callable(estimator.weights) or isinstance(estimator.weights, type):
        check_choice(estimator, "weights", estimator.weights, VOTE_WEIGHTS)
    if estimator.bandwidth is not None:
        check_number(estimator, "bandwidth", estimator.bandwidth, exclusive=True)
    check_number(estimator, "smoothing", estimator.smoothing)
    if estimator.half_life is not None:
        check_number(estimator, "half_life", estimator.half_life, exclusive=True)


def check_search_parameters(estimator: NeighborSearchingEstimator) -> None:
    """Raise an error for the first invalid parameter of the search and of the stored samples."""
    check_integer(estimator, "n_neighbors", estimator.n_neighbors, minimum=1)
    check_choice(estimator, "metric", estimator.metric, METRICS)
    check_mapping(estimator, "metric_params", estimator.metric_params, "names of arguments")
    check_choice(estimator, "algorithm", estimator.algorithm, ALGORITHMS)
    if estimator.algorithm == "hnsw":
        if not has_index(estimator.metric, estimator.metric_params):
            raise ValueError(
                "algorithm='hnsw' supports only the metrics 'cosine' and 'euclidean', without "
                f"metric_params. Got metric={estimator.metric!r} and "
                f"metric_params={estimator.metric_params!r} instead. "
                "Hint: pass algorithm='auto', which searches exactly with other metrics."
            )
        if not is_installed():
            raise not_installed("algorithm='hnsw'", "usearch", "index")
    if estimator.max_labeled is not None:
        check_integer(estimator, "max_labeled", estimator.max_labeled, minimum=1)
