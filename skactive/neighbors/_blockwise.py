"""k nearest neighbours by blocks of matrix products, exact or with an inverted file."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from skactive._engine.distances import (
    MATRIX_PRODUCT_METRICS,
    METRICS,
    SINGLE_RANGE,
    Rows,
    Space,
)
from skactive._engine.distinct_rows import DistinctRows
from skactive._engine.exact_neighbors import (
    finished,
    has_products,
    nearest_distinct,
    with_equal_rows,
)
from skactive._engine.inverted_file import InvertedFile
from skactive._engine.numbers import as_numbers
from skactive._engine.stored import is_opened
from skactive._text import shown
from skactive._validation import check_choice, check_integer, check_number, with_canonical_rows

ALGORITHMS = frozenset({"auto", "clusters", "exact"})
MODES = frozenset({"connectivity", "distance"})

# With this number of samples, 'clusters' is as fast as 'exact' on embeddings of texts, which have
# hardly any clusters, and many times faster on generated clusters.
MIN_SAMPLES_CLUSTERS = 20_000


class BlockwiseKNeighborsTransformer(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator
):
    """Transform samples into the sparse matrix of distances to their nearest neighbours.

    It has the interface of scikit-learn's `KNeighborsTransformer`. Distances are computed by
    matrix products, in blocks that fit into `working_memory`. For many samples the search is
    approximate: the samples are partitioned into cells, and each search covers only the cells
    nearest to the sample. Their number is chosen so that a sample of the rows reaches `recall`.

    Parameters
    ----------
    n_neighbors : int, default=15
        Number of neighbours, at least 1. As in scikit-learn, the mode 'distance' returns one
        more, since each fitted sample is its own neighbour. If fewer samples are fitted, all of
        them are returned.
    metric : str, default='cosine'
        'cosine', 'euclidean', or another metric of `sklearn.metrics.pairwise_distances`, except
        'precomputed'.
    algorithm : {'auto', 'exact', 'clusters'}, default='auto'
        'exact' compares all pairs. 'clusters' is approximate, and supports dense features and the
        metrics 'cosine' and 'euclidean'. 'auto' is 'clusters' for 20,000 samples or more if it is
        supported, and 'exact' otherwise.
    mode : {'distance', 'connectivity'}, default='distance'
        The entries of the matrix: distances or ones.
    recall : float, default=0.97
        The share of the true neighbours that 'clusters' has to find for 512 sampled rows, in
        (0, 1].
    random_state : int, default=0
        Seed of the partition, at least 0.

    Attributes
    ----------
    n_samples_fit_ : int
        Number of samples in the fitted data.
    algorithm_ : {'exact', 'clusters'}
        The algorithm that is used.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of str of shape (`n_features_in_`,)
        Names of features seen in `fit`, if X had string names.

    Raises
    ------
    ValueError
        If a parameter is out of its range, or 'clusters' does not support the features or the
        metric.

    See Also
    --------
    NeighborGraph : The graph of a pool.

    Notes
    -----
    Cost for n samples: 'exact' O(n² · n_features); 'clusters' O(n^1.5 · n_features) times the
    number of cells that each search covers. The result for the same data is the same in every
    run. Equal samples are searched once. If the distances of two samples differ by less than the
    rounding of a product in float64, the order of the two is that of their positions; rounding in
    float32 does not decide, wherever the samples lie.

    Examples
    --------
    >>> from skactive.neighbors import BlockwiseKNeighborsTransformer
    >>> X = [[0.0], [1.0], [3.0]]
    >>> BlockwiseKNeighborsTransformer(1, metric="euclidean").fit_transform(X).toarray()
    array([[0., 1., 0.],
           [1., 0., 0.],
           [0., 2., 0.]])
    """

    # Features on disk are passed without loading them: the search reads them in blocks.
    takes_stored_features = True

    def __init__(
        self,
        n_neighbors: int = 15,
        *,
        metric: str = "cosine",
        algorithm: str = "auto",
        mode: str = "distance",
        recall: float = 0.97,
        random_state: int = 0,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.metric = metric
        self.algorithm = algorithm
        self.mode = mode
        self.recall = recall
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> BlockwiseKNeighborsTransformer:
        """Store the samples among which neighbours are searched.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.
        y : None
            Ignored.

        Returns
        -------
        self : BlockwiseKNeighborsTransformer
            The fitted transformer.
        """
        self._check_parameters()
        features = self._checked(X, reset=True)
        self._space, self._stored = Space(self.metric), Rows(features)
        self.n_samples_fit_ = self._n_features_out = features.shape[0]
        self._distinct = DistinctRows(self._space, self._stored)
        self._searched = self._stored
        if not self._distinct.are_all:
            self._searched = self._stored[self._distinct.first]
        self._prepare()
        return self

    def _prepare(self) -> None:
        """Choose the algorithm, and partition the samples if it needs cells."""
        is_sparse, stored = self._stored.is_sparse, self._stored
        is_supported = has_products(self._space, stored) and not is_sparse
        if self.algorithm == "clusters" and not is_supported:
            features_found = "sparse features" if is_sparse else "dense features"
            if self._space.by_product:
                features_found += f" with a largest norm of {stored.norms.max():.3g}"
            raise ValueError(
                "algorithm='clusters' needs a metric of "
                f"{sorted(MATRIX_PRODUCT_METRICS)}, and dense features with a largest norm between "
                f"{SINGLE_RANGE[0]:g} and {SINGLE_RANGE[1]:g}. Got metric={self.metric!r} and "
                f"{features_found}. Hint: pass algorithm='exact'."
            )
        algorithm = self.algorithm
        if algorithm == "auto":
            is_large = self.n_samples_fit_ >= MIN_SAMPLES_CLUSTERS
            algorithm = "clusters" if is_supported and is_large else "exact"
        self.algorithm_ = algorithm
        self._cells = None
        if algorithm == "clusters":
            self._cells = InvertedFile(
                self._searched, self._space, self.n_neighbors, self.recall, self.random_state
            )

    def transform(self, X: ArrayLike) -> sp.csr_matrix:
        """Return the distances of samples to their nearest fitted samples.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n, n_features)
            The samples.

        Returns
        -------
        graph : CSR matrix of shape (n, `n_samples_fit_`)
            Distances or ones, according to `mode`; the entries of each row are sorted by distance,
            nearest first.
        """
        check_is_fitted(self, "algorithm_")
        queries = Rows(self._checked(X, reset=False))
        n_neighbors = self.n_neighbors + (self.mode == "distance")
        n_neighbors = min(n_neighbors, self.n_samples_fit_)
        distances, columns = self._search(queries, n_neighbors)
        values = np.ones_like(distances) if self.mode == "connectivity" else distances
        starts = np.arange(len(columns) + 1) * n_neighbors
        shape = (len(columns), self.n_samples_fit_)
        return sp.csr_matrix((values.ravel(), columns.ravel(), starts), shape)

    def _search(self, queries: Rows, n_neighbors: int) -> tuple[np.ndarray, np.ndarray]:
        asked = None if self._distinct.are_all else DistinctRows(self._space, queries)
        return with_equal_rows(self._search_distinct, queries, asked, self._distinct, n_neighbors)

    def _search_distinct(self, queries: Rows, n_neighbors: int) -> tuple[np.ndarray, np.ndarray]:
        if self._cells is not None:
            compared, columns = self._cells.search(queries, n_neighbors)
            return finished(self._space, compared, queries, self._stored), columns
        return nearest_distinct(self._space, queries, self._searched, n_neighbors)

    def _checked(self, X: Any, *, reset: bool) -> Any:
        if is_opened(X):
            # The features of a pool on disk were checked when they were opened.
            if reset:
                self.n_features_in_ = X.shape[1]
            return X
        checked = validate_data(
            self,
            as_numbers(X, "X"),
            reset=reset,
            accept_sparse="csr",
            dtype=[np.float64, np.float32],
            order="C",
        )
        return with_canonical_rows(checked)

    def _check_parameters(self) -> None:
        check_integer(self, "n_neighbors", self.n_neighbors, minimum=1)
        check_choice(self, "metric", self.metric, METRICS)
        check_choice(self, "algorithm", self.algorithm, ALGORITHMS)
        check_choice(self, "mode", self.mode, MODES)
        check_integer(self, "random_state", self.random_state, minimum=0)
        if check_number(self, "recall", self.recall, exclusive=True) > 1:
            raise ValueError(
                f"The 'recall' parameter of {type(self).__name__} must be a number of at most 1. "
                f"Got {shown(self.recall)} instead."
            )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
