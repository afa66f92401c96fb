"""The search for the nearest stored samples, exact or with an index."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from skactive._engine.distances import Rows, Space
from skactive._engine.exact_search import search
from skactive._engine.labeled_samples import LabeledSamples
from skactive._validation import check_integer
from skactive.neighbors._index import NeighborIndex, has_index, is_installed, is_sparse
from skactive.neighbors._sample_store import SampleStoringEstimator


class NeighborSearchingEstimator(SampleStoringEstimator):
    """Base class of estimators that search their stored samples, exactly or with an index."""

    n_neighbors: int
    metric: str
    metric_params: dict[str, Any] | None
    algorithm: str

    def kneighbors(
        self,
        X: ArrayLike | None = None,
        n_neighbors: int | None = None,
        return_distance: bool = True,
    ) -> Any:  # an array, or a pair of them
        """Search the nearest labelled samples.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features), default=None
            The samples. None returns the neighbours of each stored sample, itself excluded, in the
            order of `labeled_indices_`.
        n_neighbors : int, default=None
            Number of neighbours, at least 1. None takes the parameter of the estimator. If fewer
            samples are stored, all of them are returned.
        return_distance : bool, default=True
            Whether to return the distances too.

        Returns
        -------
        distances : ndarray of shape (n_queries, n_neighbors)
            Only if `return_distance` is True. Nearest first.
        indices : ndarray of int of shape (n_queries, n_neighbors)
            Ids of labelled samples, see `labeled_indices_`. Directly after `fit`, these are the
            rows of its X.
        """
        labeled, distances, slots = self._search(X, n_neighbors)
        indices = labeled.ids[slots]
        return (distances, indices) if return_distance else indices

    def index_recall(self, X: ArrayLike, n_neighbors: int | None = None) -> float:
        """Return the recall of the index: the share of the nearest samples that it finds.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
            The queries, such as a few hundred of the samples to predict.
        n_neighbors : int, default=None
            Number of neighbours, at least 1. None takes the parameter of the estimator.

        Returns
        -------
        recall : float
            The share of the neighbours found that are at most as far as the last one of an exact
            search, in [0, 1]. 1.0 if the search is exact.
        """
        labeled, found, _ = self._search(X, n_neighbors)
        queries, space = Rows(self._checked_features(X)), Space(self.metric, self.metric_params)
        width = found.shape[1]
        exact, _ = search(
            space, queries, labeled.rows, width, precedence=labeled.precedence, exclude=None
        )
        if found.size == 0:
            return 1.0
        return float(np.mean(found <= exact[:, -1:] * (1 + 1e-5) + 1e-6))

    def _search(
        self, X: ArrayLike | None, n_neighbors: int | None = None
    ) -> tuple[LabeledSamples, np.ndarray, np.ndarray]:
        """Return the stored samples, with distances and slots of the nearest to each query."""
        self.check_parameters()
        labeled = self._fitted()
        if n_neighbors is None:
            n_neighbors = self.n_neighbors
        check_integer(self, "n_neighbors", n_neighbors, minimum=1)
        stored = labeled.rows
        exclude = None
        if X is None:
            exclude = labeled.slots(np.sort(labeled.ids))
            queries = stored[exclude]
        else:
            queries = Rows(self._checked_features(X))
        index = self._index_of(labeled)
        if index is not None and (self.algorithm == "hnsw" or index.is_worthwhile(len(queries))):
            return labeled, *index.search(queries, n_neighbors, exclude)
        distances, slots = search(
            Space(self.metric, self.metric_params),
            queries,
            stored,
            n_neighbors,
            precedence=labeled.precedence,
            exclude=exclude,
        )
        return labeled, distances, slots

    def _index_of(self, labeled: LabeledSamples) -> NeighborIndex | None:
        """Return the index of the labelled samples, built or not, or None if not supported."""
        if self.algorithm == "exact":
            return None
        if is_sparse(labeled):
            if self.algorithm == "hnsw":
                raise ValueError(
                    "The samples are a sparse matrix, which algorithm='hnsw' does not support. "
                    "Hint: pass algorithm='auto', which searches them exactly."
                )
            return None
        if not (has_index(self.metric, self.metric_params) and is_installed()):
            return None
        index: NeighborIndex | None = labeled.index
        space = Space(self.metric)
        if index is None or index.space.metric != space.metric:
            labeled.index = index = NeighborIndex(labeled, space)
        return index
