"""k nearest neighbours among those that are near in the principal components."""

from __future__ import annotations

import numpy as np
from sklearn.decomposition import PCA

from skactive._engine.blocks import row_blocks
from skactive._engine.distances import Rows, Space
from skactive._engine.exact_neighbors import has_products
from skactive._engine.near_candidates import NearCandidates
from skactive._engine.neighbor_lists import nearest_first
from skactive._engine.points import Frame
from skactive._progress import advance
from skactive._validation import check_integer
from skactive.neighbors._blockwise import BlockwiseKNeighborsTransformer

# Number of samples that the components are fitted to.
N_FITTED = 5_000

# Candidates for each neighbour, if `n_candidates` is None.
CANDIDATES_PER_NEIGHBOR = 3


class PrincipalKNeighborsTransformer(BlockwiseKNeighborsTransformer):
    """Transform samples into the distances to their neighbours, which are near in two spaces.

    The neighbours of a sample are the nearest of its candidates. The candidates are the samples
    nearest to it in the first principal components, which contain the coarse structure of
    embeddings with little noise. The metric compares all features, with the fine structure.
    Neighbours near in both have the same label more often than the nearest neighbours, so that
    labels spread with fewer errors. The search takes less time.

    Parameters
    ----------
    n_neighbors : int, default=15
        Number of neighbours, at least 1, as in `BlockwiseKNeighborsTransformer`.
    metric : str, default='cosine'
        'cosine', 'euclidean', or another metric of `sklearn.metrics.pairwise_distances`, except
        'precomputed'.
    n_components : int, default=16
        Number of principal components, at least 1. For the cosine, they are those of the unit
        vectors.
    n_candidates : int, default=None
        Number of candidates for each sample, at least `n_neighbors`. None is 3 times
        `n_neighbors`.
    mode : {'distance', 'connectivity'}, default='distance'
        The entries of the matrix: distances or ones.
    random_state : int, default=0
        Seed of the sampled rows and of the partition, at least 0.

    Attributes
    ----------
    n_samples_fit_ : int
        Number of samples in the fitted data.
    algorithm_ : {'components', 'exact', 'clusters'}
        The algorithm that is used.
    components_ : ndarray of shape (n_components, n_features)
        The principal components. Only if they are used.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of str of shape (`n_features_in_`,)
        Names of features seen in `fit`, if X had string names.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    See Also
    --------
    BlockwiseKNeighborsTransformer : The nearest neighbours by the metric alone.
    NeighborGraph : The graph of a pool.

    Notes
    -----
    Components are used for dense features, the metrics 'cosine' and 'euclidean', more than
    `n_components` features, and more samples than candidates. With 'euclidean', the largest norm
    must also be between 1e-15 and 1e18. Otherwise the search is that of
    `BlockwiseKNeighborsTransformer` with ``algorithm='auto'``.

    Cost for n samples: O(n² · n_components + n · n_candidates · n_features), and from 20,000
    samples on, where candidates are searched in the nearest cells alone, O(n^1.5 · n_components)
    times the number of cells that each search covers. The components are fitted to at most 5,000
    samples. The result for the same data is the same in every run. Equal samples are searched
    once.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skactive.neighbors import NeighborGraph, PrincipalKNeighborsTransformer
    >>> X, y = load_digits(return_X_y=True)
    >>> near = NeighborGraph.of(X, transformer=PrincipalKNeighborsTransformer())
    >>> float((y[near.indices] == y[:, None]).mean().round(2))
    0.95
    """

    def __init__(
        self,
        n_neighbors: int = 15,
        *,
        metric: str = "cosine",
        n_components: int = 16,
        n_candidates: int | None = None,
        mode: str = "distance",
        random_state: int = 0,
    ) -> None:
        super().__init__(n_neighbors, metric=metric, mode=mode, random_state=random_state)
        self.n_components = n_components
        self.n_candidates = n_candidates

    def uses_components(self, stored: Rows) -> bool:
        """Return whether the neighbours of samples are searched in principal components.

        Parameters
        ----------
        stored : Rows
            The samples.

        Returns
        -------
        uses_components : bool
            False if the neighbours are the nearest by the metric alone.
        """
        return (
            stored.n_features > self.n_components
            and len(stored) > self._n_candidates(self.n_neighbors + 1)
            and not stored.is_sparse
            # The unit vectors of the cosine have products whatever the scale of the samples.
            and (self.metric == "cosine" or has_products(Space(self.metric), stored))
        )

    def _prepare(self) -> None:
        n_candidates = self._n_candidates(self.n_neighbors + 1)
        if not self.uses_components(self._stored) or len(self._searched) <= n_candidates:
            super()._prepare()
            return
        self.algorithm_ = "components"
        rng = np.random.default_rng(self.random_state)
        n = len(self._searched)
        fitted = np.sort(rng.choice(n, min(n, N_FITTED), replace=False))
        self._frame = Frame(self._space, self._searched, np.float32)
        pca = PCA(min(self.n_components, n), random_state=self.random_state)
        pca.fit(self._frame.array(self._searched[fitted]))
        self.components_, self._mean = pca.components_, pca.mean_
        self._near = NearCandidates(
            self._principal(self._searched), n_candidates, self.random_state
        )

    def _search_distinct(self, queries: Rows, n_neighbors: int) -> tuple[np.ndarray, np.ndarray]:
        if self.algorithm_ != "components":
            return super()._search_distinct(queries, n_neighbors)
        shape, types = (len(queries), n_neighbors), (queries.dtype, self._stored.dtype)
        distances, columns = np.empty(shape, np.result_type(*types)), np.empty(shape, np.int32)
        for some, found in self._near.blocks(self._principal(queries)):
            owners = np.repeat(some, found.shape[1])
            exact = self._space.pairs(queries, owners, self._searched, found.ravel())
            nearest = nearest_first(found, exact.reshape(found.shape))
            columns[some], compared = (part[:, :n_neighbors] for part in nearest)
            distances[some] = self._space.finish(compared)
            advance(len(some))
        return distances, columns

    def _principal(self, rows: Rows) -> np.ndarray:
        """Return the principal components of rows, for the cosine as unit vectors."""
        points = np.empty((len(rows), len(self.components_)), dtype=np.float32)
        for block in row_blocks(len(rows), rows.n_features * 24):
            points[block] = (self._frame.array(rows[block]) - self._mean) @ self.components_.T
        if self.metric == "cosine":
            norms = np.linalg.norm(points, axis=1, keepdims=True)
            points /= np.where(norms > 0, norms, 1)
        return points

    def _n_candidates(self, n_neighbors: int) -> int:
        if self.n_candidates is None:
            return CANDIDATES_PER_NEIGHBOR * n_neighbors
        return max(self.n_candidates, n_neighbors)

    def _check_parameters(self) -> None:
        super()._check_parameters()
        check_integer(self, "n_components", self.n_components, minimum=1)
        if self.n_candidates is not None:
            check_integer(self, "n_candidates", self.n_candidates, minimum=self.n_neighbors)
