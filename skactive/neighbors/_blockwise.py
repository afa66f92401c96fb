"""k nearest neighbours by blocks of matrix products, all of them or cell by cell."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from skactive._engine.block_search import nearest_of_all
from skactive._engine.distances import (
    MATRIX_PRODUCT_METRICS,
    METRICS,
    SINGLE_RANGE,
    Rows,
    Space,
)
from skactive._engine.exact_search import search
from skactive._engine.inverted_file import InvertedFile
from skactive._engine.stored import is_opened
from skactive._validation import check_choice, check_integer, check_number

ALGORITHMS = frozenset({"auto", "clusters", "exact"})
MODES = frozenset({"connectivity", "distance"})

# Here cells are as fast as all products on embeddings of texts, which hardly fall into cells, and
# many times faster on generated clusters.
CLUSTERS_FROM = 20_000


class BlockwiseKNeighborsTransformer(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator
):
    """Turn samples into the sparse matrix of distances to their nearest neighbours.

    It has the interface of scikit-learn's `KNeighborsTransformer`. Its distances are matrix
    products in blocks that fit into `working_memory`; for many samples it looks only into the
    cells of a partition where nearly all neighbours are, as many as a sample of the rows needs.

    Parameters
    ----------
    n_neighbors : int, default=15
        How many neighbours. As in scikit-learn, the mode 'distance' gives one more, since each
        sample is its own neighbour; all samples where there are fewer.
    metric : str, default='cosine'
        The metric.
    algorithm : {'auto', 'exact', 'clusters'}, default='auto'
        'exact' compares all pairs. 'clusters' is approximate, for dense features and the metrics
        'cosine' and 'euclidean'. 'auto' takes it for 20,000 samples and more where it can.
    mode : {'distance', 'connectivity'}, default='distance'
        Whether the entries are distances, or ones.
    recall : float, default=0.97
        The share of true neighbours that 'clusters' aims at on 512 sampled rows, in (0, 1].
    random_state : int, default=0
        Seed of the partition.

    Attributes
    ----------
    n_samples_fit_ : int
        Number of samples in the fitted data.
    algorithm_ : {'exact', 'clusters'}
        What is used.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of str
        Their names, where X has them.

    Raises
    ------
    ValueError
        If a parameter is out of its range, or 'clusters' is asked for where it cannot be.

    See Also
    --------
    NeighborGraph : The graph of a pool.

    Notes
    -----
    Cost: 'exact' O(n² · n_features); 'clusters' O(n^1.5 · n_features) times the cells each search
    needs. The neighbours of the same data are the same in every run; where two are equally far
    within the rounding of a matrix product, rounding decides which one is kept.

    Examples
    --------
    >>> from skactive.neighbors import BlockwiseKNeighborsTransformer
    >>> X = [[0.0], [1.0], [3.0]]
    >>> BlockwiseKNeighborsTransformer(1, metric="euclidean").fit_transform(X).toarray()
    array([[0., 1., 0.],
           [1., 0., 0.],
           [0., 2., 0.]])
    """

    # Features on disk are read in blocks.
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

    def fit(self, X: Any, y: Any = None) -> BlockwiseKNeighborsTransformer:
        """Take in the samples among which neighbours are searched.

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
        X = self._checked(X, reset=True)
        self._space, self._stored = Space(self.metric), Rows(X)
        self.n_samples_fit_ = self._n_features_out = X.shape[0]
        largest = self._stored.norms.max() if self._space.by_product else 0.0
        self._plain = SINGLE_RANGE[0] < largest < SINGLE_RANGE[1]
        divisible = self._plain and not sp.issparse(X)
        if self.algorithm == "clusters" and not divisible:
            raise ValueError(
                "algorithm='clusters' takes dense features and a metric of "
                f"{sorted(MATRIX_PRODUCT_METRICS)}. Got metric={self.metric!r} and "
                f"{'sparse' if sp.issparse(X) else 'dense'} features. Hint: pass algorithm='exact'."
            )
        wanted = self.algorithm
        if wanted == "auto":
            wanted = "clusters" if divisible and X.shape[0] >= CLUSTERS_FROM else "exact"
        self.algorithm_ = wanted
        self._cells = None
        if wanted == "clusters":
            self._cells = InvertedFile(
                self._stored, self._space, self.n_neighbors, self.recall, self.random_state
            )
        return self

    def transform(self, X: Any) -> sp.csr_matrix:
        """Return the distances of samples to their nearest among the fitted ones.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n, n_features)
            The samples.

        Returns
        -------
        found : CSR matrix of shape (n, `n_samples_fit_`)
            As `mode` has it, each row nearest first.
        """
        check_is_fitted(self, "algorithm_")
        X = self._checked(X, reset=False)
        wanted = self.n_neighbors + (self.mode == "distance")
        n_neighbors = min(wanted, self.n_samples_fit_)
        distances, columns = self._search(Rows(X), n_neighbors)
        values = np.ones_like(distances) if self.mode == "connectivity" else distances
        starts = np.arange(len(columns) + 1) * n_neighbors
        shape = (len(columns), self.n_samples_fit_)
        return sp.csr_matrix((values.ravel(), columns.ravel(), starts), shape)

    def _search(self, rows: Rows, n_neighbors: int) -> tuple[np.ndarray, np.ndarray]:
        if self._cells is not None:
            return self._cells.search(rows, n_neighbors)
        if not (self._plain and rows.norms.max() < SINGLE_RANGE[1]):
            order = np.arange(self.n_samples_fit_)
            return search(self._space, rows, self._stored, n_neighbors, precedence=lambda: order)
        return nearest_of_all(self._space, rows, self._stored, n_neighbors)

    def _checked(self, X: Any, *, reset: bool) -> Any:
        if is_opened(X):
            # A pool's own, checked when they were opened.
            if reset:
                self.n_features_in_ = X.shape[1]
            return X
        return validate_data(
            self,
            X,
            reset=reset,
            accept_sparse="csr",
            dtype=[np.float64, np.float32],
            order="C",
        )

    def _check_parameters(self) -> None:
        check_integer(self, "n_neighbors", self.n_neighbors, minimum=1)
        check_choice(self, "metric", self.metric, METRICS)
        check_choice(self, "algorithm", self.algorithm, ALGORITHMS)
        check_choice(self, "mode", self.mode, MODES)
        check_integer(self, "random_state", self.random_state, minimum=0)
        if check_number(self, "recall", self.recall, exclusive=True) > 1:
            raise ValueError(
                "The 'recall' parameter of BlockwiseKNeighborsTransformer must be a number of at "
                f"most 1. Got {self.recall!r} instead."
            )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
