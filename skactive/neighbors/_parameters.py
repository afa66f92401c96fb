"""The valid parameters of the nearest-neighbour classifier."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skactive._engine.distances import METRICS
from skactive._optional import not_installed
from skactive._validation import check_choice, check_integer, check_mapping, check_number
from skactive.neighbors._index import has_index, is_installed
from skactive.neighbors._votes import VOTE_WEIGHTS

if TYPE_CHECKING:
    from skactive.neighbors._classifier import IncrementalKNeighborsClassifier

ALGORITHMS = frozenset({"exact", "hnsw", "auto"})


def check_vote_parameters(classifier: IncrementalKNeighborsClassifier) -> None:
    """Raise a TypeError, ValueError or ImportError for the first invalid parameter."""
    check_integer(classifier, "n_neighbors", classifier.n_neighbors, minimum=1)
    check_choice(classifier, "metric", classifier.metric, METRICS)
    check_mapping(classifier, "metric_params", classifier.metric_params, "names of arguments")
    if not callable(classifier.weights) or isinstance(classifier.weights, type):
        check_choice(classifier, "weights", classifier.weights, VOTE_WEIGHTS)
    if classifier.bandwidth is not None:
        check_number(classifier, "bandwidth", classifier.bandwidth, exclusive=True)
    check_number(classifier, "smoothing", classifier.smoothing)
    check_choice(classifier, "algorithm", classifier.algorithm, ALGORITHMS)
    if classifier.algorithm == "hnsw":
        if not has_index(classifier.metric, classifier.metric_params):
            raise ValueError(
                "algorithm='hnsw' supports only the metrics 'cosine' and 'euclidean', without "
                f"metric_params. Got metric={classifier.metric!r} and "
                f"metric_params={classifier.metric_params!r} instead. "
                "Hint: pass algorithm='auto', which searches exactly with other metrics."
            )
        if not is_installed():
            raise not_installed("algorithm='hnsw'", "usearch", "index")
    if classifier.max_labeled is not None:
        check_integer(classifier, "max_labeled", classifier.max_labeled, minimum=1)
    if classifier.half_life is not None:
        check_number(classifier, "half_life", classifier.half_life, exclusive=True)
