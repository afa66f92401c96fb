"""The pool: what is known of every unlabelled sample."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial
from typing import Any, TypeVar

import numpy as np
import scipy.sparse as sp
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_consistent_length

from skactive._engine.blocks import row_blocks
from skactive._engine.coverage import Coverage
from skactive._engine.density import information_density
from skactive._engine.distances import Rows, Space, space_key
from skactive._engine.features import check_features, check_labeled_samples
from skactive._engine.labeled_distances import LabeledDistances
from skactive._engine.labeled_samples import LabeledSamples
from skactive._engine.labels import check_labels
from skactive._engine.positions import check_positions
from skactive._engine.shared_columns import SharedColumns
from skactive._engine.sharing import shared
from skactive._rows import take_rows
from skactive._validation import check_choice, check_integer
from skactive.neighbors import IncrementalKNeighborsClassifier, NeighborGraph
from skactive.pool._graphs import NeighborGraphs
from skactive.pool._label_book import AnswerBook, ForgottenLabels, without_repetition
from skactive.pool._posterior import ExternalPosterior, SpreadPosterior, VotedPosterior
from skactive.pool._snapshot import PoolSnapshot
from skactive.semi_supervised import IncrementalLabelSpreading

AGGREGATES = frozenset({"mean", "min"})

T = TypeVar("T")


class Pool:
    """Hold the samples to choose from, and all that measures ask about them.

    What is asked for is computed on first use, and from then on kept up to date: a label costs
    one product of the pool with one sample, however many came before. A pool serves the
    candidates, the samples that are neither labelled nor skipped; removing, relabelling,
    forgetting and skipping leave it as if it had never been otherwise.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        The features. Kept without a copy where they are C-contiguous and of type `dtype`; a
        ``numpy.memmap`` stays on disk. So does what `skactive.datasets.open_vectors` opens, a
        memory map of float16, or what has `shape`, `dtype` and slices of rows as a zarr array
        has: it is read in blocks, as `dtype`, and read anew each time.
    estimator : classifier, default=None
        Where class probabilities come from. An `IncrementalKNeighborsClassifier` lends its
        parameters only: its vote is taken among the labelled samples of the pool, and taken
        anew only where they changed it (everywhere, with `half_life`); with `max_labeled` the
        pool forgets as the classifier does, see `forget`. Any other classifier is asked for
        `predict_proba` (`decision_function` where it has none) once after each change; the
        caller fits it. None means no probabilities.
    samples : indexable of length n_samples, default=None
        What `estimator` is asked about, where it is not X: raw texts, a DataFrame.
    X_labeled : {array-like, sparse matrix} of shape (n_labeled, n_features), default=None
        Samples outside the pool whose labels are known: the seed set.
    y_labeled : array-like of shape (n_labeled,), default=None
        Their labels.
    classes : array-like of shape (n_classes,), default=None
        Labels there will be, where they are known beforehand. Others are learnt as they come.
    dtype : {numpy.float32, numpy.float64}, default=numpy.float32
        How features are held; those that stay on disk, what they are calculated with.
    graph : NeighborGraph, default=None
        A graph of X built or loaded earlier. It serves all who ask for its metric and for no more
        neighbours than it has; for others a graph is built.
    state : path-like, default=None
        A file that `save_state` wrote, so that what it has need not be computed again. Where
        there is none, all is.

    Attributes
    ----------
    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        The features. Where they stay on disk an array-like, whose picked rows are arrays.
    n_samples : int
        Number of samples, labelled or not.
    candidates : ndarray of int of shape (n_candidates,)
        Positions of the candidates, ascending.
    n_candidates : int
        Number of candidates.
    labeled : ndarray of int of shape (n_labeled,)
        Positions of the labelled samples, in the order they were labelled.
    labels : ndarray of shape (n_labeled,)
        Their labels.
    skipped : ndarray of int of shape (n_skipped,)
        Positions of the skipped samples that are not labelled, ascending.
    n_labeled : int
        Number of labelled samples, the seed set included.
    n_forgotten : int
        How many labels are forgotten.
    classes_ : ndarray of shape (n_classes,)
        The labels known so far, sorted.

    Raises
    ------
    ValueError
        If X is empty, has NaN or infinite values, or differs from `samples`, `X_labeled` or
        `graph` in its lengths; if `state` is not whole, or of other samples.

    See Also
    --------
    skactive.ActiveLearner : A pool and an estimator that learn together.

    Notes
    -----
    Memory beside the features: O(n_samples) for each thing that was asked for, n_neighbors
    and n_classes numbers per sample for the vote. Scratch is bounded by scikit-learn's
    ``working_memory``; nothing ever holds n_samples × n_samples.

    Examples
    --------
    >>> from skactive import Pool
    >>> pool = Pool([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]])
    >>> pool.add_labels([0], ["apple"]).candidates
    array([1, 2])
    >>> pool.distance_to_labeled().round(2)
    array([0.01, 1.  ])
    """

    def __init__(
        self,
        X: Any,
        *,
        estimator: Any = None,
        samples: Any = None,
        X_labeled: Any = None,
        y_labeled: Any = None,
        classes: Any = None,
        dtype: Any = np.float32,
        graph: NeighborGraph | None = None,
        state: Any = None,
    ) -> None:
        self._dtype = np.dtype(dtype)
        self.X = check_features(X, "X_pool", self._dtype)
        self._state = None if state is None else PoolSnapshot.read(state, self.X)
        self.estimator = estimator
        if samples is not None:
            check_consistent_length(self.X, samples)
        self._samples = samples.tocsr() if sp.issparse(samples) else samples
        self._rows = Rows(self.X)
        self._densities = {} if self._state is None else self._state.densities()
        self._graphs = NeighborGraphs(self.X, graph)
        self._cached: dict[Hashable, Any] = {}
        self._begin(None if classes is None else check_labels(classes))
        if y_labeled is not None and X_labeled is None:
            raise ValueError("y_labeled was passed without X_labeled: give the samples too.")
        if X_labeled is not None:
            self.add_labeled(X_labeled, y_labeled)

    def _begin(self, classes: np.ndarray | None) -> None:
        """Know of no label, and of nothing that follows from labels."""
        self._answers = AnswerBook(self.n_samples)
        self._columns: SharedColumns | None = None
        self._labeled: LabeledSamples | None = None
        if classes is not None:
            self._labeled = LabeledSamples(self.X[:0], classes[:0], classes)
        self._distances: dict[str, LabeledDistances] = {}
        self._coverages: dict[tuple[Any, ...], Coverage] = {}
        self._outside: dict[tuple[Any, ...], tuple[np.ndarray, np.ndarray]] = {}
        self._posterior: VotedPosterior | SpreadPosterior | ExternalPosterior | None = None
        self._forgotten: list[ForgottenLabels] = []

    @property
    def n_samples(self) -> int:
        """Number of samples, labelled or not."""
        return int(self.X.shape[0])

    @property
    def candidates(self) -> np.ndarray:
        """Positions of the samples neither labelled nor skipped, ascending."""
        return self._answers.candidates

    @property
    def n_candidates(self) -> int:
        """Number of candidates."""
        return len(self.candidates)

    @property
    def labeled(self) -> np.ndarray:
        """Positions of the labelled samples, in the order they were labelled."""
        return self._answers.labeled

    @property
    def labels(self) -> np.ndarray:
        """The labels of `labeled`."""
        return self.labels_of(self.labeled)

    @property
    def skipped(self) -> np.ndarray:
        """Positions of the skipped samples that are not labelled, ascending."""
        return self._answers.skipped

    @property
    def n_labeled(self) -> int:
        """Number of labelled samples, the seed set included."""
        return 0 if self._labeled is None else len(self._labeled)

    @property
    def n_forgotten(self) -> int:
        """How many labels are forgotten."""
        return sum(len(one.ids) for one in self._forgotten)

    @property
    def classes_(self) -> np.ndarray:
        """The labels known so far, sorted."""
        return np.empty(0) if self._labeled is None else self._labeled.classes

    def add_labels(self, indices: Any, y: Any) -> Pool:
        """Take in the labels of pool samples.

        Parameters
        ----------
        indices : array-like of int of shape (n,)
            Positions in the pool. A position labelled before may come again with its label; one
            whose label is forgotten may come with any.
        y : array-like of shape (n,)
            The labels.

        Returns
        -------
        self : Pool
            The pool, which no longer counts them as candidates.

        Raises
        ------
        ValueError
            If lengths differ, a label is missing, or a sample would get two different labels.
            The pool is left as it was.
        IndexError
            If a position is outside the pool, which is left as it was.
        """
        max_labeled = self._max_labeled()
        positions, labels = self._answers.check_new(indices, y)
        if self._labeled is not None:
            self._labeled.check_labels(labels)
        labeled = positions[self._answers.is_labeled(positions)]
        if len(labeled) or len(positions) > 1:
            labeled = np.unique(labeled)
            known = dict(zip(labeled.tolist(), self.labels_of(labeled).tolist(), strict=True))
            positions, labels = without_repetition(positions, labels, known)
        if len(positions):
            self._answers.add(positions, self._store(self.X[positions], labels))
            self._labels_added(max_labeled)
        return self

    def add_labeled(self, X: Any, y: Any) -> Pool:
        """Take in labelled samples from outside the pool.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n, n_features)
            Their features.
        y : array-like of shape (n,)
            Their labels.

        Returns
        -------
        self : Pool
            The pool, which counts them as labelled.
        """
        max_labeled = self._max_labeled()
        X, labels = check_labeled_samples(X, y, self.X.shape[1], self._dtype)
        self._store(X, labels)
        return self._labels_added(max_labeled if len(labels) else None)

    def remove_labels(self, indices: Any) -> Pool:
        """Take labels back: the samples are candidates again.

        Parameters
        ----------
        indices : array-like of int of shape (n,)
            Positions of labelled samples.

        Returns
        -------
        self : Pool
            The pool as if they had never been labelled.
        """
        positions = self._answers.check_labeled(indices)
        if self._labeled is None or len(positions) == 0:
            return self
        self._take_out(self._labeled, self._answers.ids(positions))
        self._answers.remove(positions)
        return self.invalidate_posterior()

    def forget(self, n_kept: int) -> Pool:
        """Forget the oldest labels, those from outside the pool included.

        Samples of the pool whose labels are forgotten are candidates again: what was said of
        them may not hold any more. An estimator with `max_labeled` makes the pool do so by
        itself, whenever labels are added.

        Parameters
        ----------
        n_kept : int
            How many labels are kept, the last ones.

        Returns
        -------
        self : Pool
            The pool as if the others had never been given.
        """
        check_integer("forget", "n_kept", n_kept, minimum=0)
        if self._labeled is None or len(self._labeled) <= n_kept:
            return self
        ids = self._labeled.oldest(len(self._labeled) - n_kept)
        slots, positions = self._labeled.slots(ids), self._answers.positions_of(ids)
        X, labels = self._labeled.rows.X[slots], self._labeled.labels[slots]
        self._take_out(self._labeled, ids)
        self._answers.remove(positions[positions >= 0])
        self._forgotten.append(ForgottenLabels(ids, positions, X, labels))
        return self.invalidate_posterior()

    def restore_forgotten(self) -> Pool:
        """Bring back the labels that were forgotten last, in one call, as old as they were.

        Returns
        -------
        self : Pool
            The pool as if it had kept them. A sample that was labelled anew since then keeps
            its new label alone.
        """
        if self._labeled is None or not self._forgotten:
            return self
        self._labeled.check_labels(self._forgotten[-1].labels)
        one = self._forgotten.pop()
        is_inside = one.positions >= 0
        back = ~(is_inside & self._answers.is_labeled(one.positions))
        for distances in self._distances.values():
            distances.returning()
        self._labeled.restore(one.ids[back], one.X[back], one.labels[back])
        self._answers.restore(one.positions[back & is_inside], one.ids[back & is_inside])
        for distances in self._distances.values():
            distances.returned(one.ids[back])
        return self.invalidate_posterior()

    def relabel(self, indices: Any, y: Any) -> Pool:
        """Replace the labels of labelled samples.

        Parameters
        ----------
        indices : array-like of int of shape (n,)
            Positions of labelled samples.
        y : array-like of shape (n,)
            Their labels from now on.

        Returns
        -------
        self : Pool
            The pool, which knows the new labels.
        """
        positions, labels = self._answers.check_labeled(indices), check_labels(y)
        check_consistent_length(positions, labels)
        if self._labeled is None or len(positions) == 0:
            return self
        ids = self._answers.ids(positions)
        self._labeled.relabel(ids, labels)
        for distances in self._distances.values():
            distances.relabeled(ids)
        return self.invalidate_posterior()

    def skip(self, indices: Any) -> Pool:
        """Leave samples out of the candidates: nobody can answer for them.

        Parameters
        ----------
        indices : array-like of int of shape (n,)
            Positions of samples that are not labelled.

        Returns
        -------
        self : Pool
            The pool, which no longer counts them as candidates.
        """
        self._answers.skip(indices)
        return self

    def unskip(self, indices: Any) -> Pool:
        """Take samples back into the candidates.

        Parameters
        ----------
        indices : array-like of int of shape (n,)
            Positions of samples.

        Returns
        -------
        self : Pool
            The pool, which counts them as candidates unless they are labelled.
        """
        self._answers.unskip(indices)
        return self

    def invalidate_posterior(self) -> Pool:
        """Note that the estimator was fitted anew without a label having changed.

        Returns
        -------
        self : Pool
            The pool, which asks the estimator again.
        """
        if self._posterior is not None:
            self._posterior.labels_changed()
        return self

    def is_labeled(self, indices: Any) -> np.ndarray:
        """Tell which samples are labelled.

        Parameters
        ----------
        indices : array-like of int of shape (n,)
            Positions in the pool.

        Returns
        -------
        labeled : ndarray of bool of shape (n,)
            Whether each is labelled.
        """
        return self._answers.is_labeled(check_positions(indices, self.n_samples))

    def labels_of(self, indices: Any) -> np.ndarray:
        """Return the labels of labelled samples.

        Parameters
        ----------
        indices : array-like of int of shape (n,)
            Positions of labelled samples.

        Returns
        -------
        labels : ndarray of shape (n,)
            Their labels.
        """
        positions = self._answers.check_labeled(indices)
        if self._labeled is None:
            return np.empty(0)
        return self._labeled.labels_of(self._answers.ids(positions))

    def labeled_outside(self) -> tuple[Any, np.ndarray | None]:
        """Return the labelled samples that are not of the pool: the seed set.

        Returns
        -------
        X : {ndarray, CSR matrix} of shape (n, n_features) or None
            Their features, in the order they were added; None where there are none.
        y : ndarray of shape (n,) or None
            Their labels.
        """
        if self.n_labeled == len(self.labeled) or self._labeled is None:
            return None, None
        ids = np.setdiff1d(self._labeled.ids, self._answers.ids(self.labeled))
        return self._labeled.rows.X[self._labeled.slots(ids)], self._labeled.labels_of(ids)

    def posterior(self, indices: Any = None) -> np.ndarray | None:
        """Return the class probabilities of the candidates, or of some samples.

        Parameters
        ----------
        indices : array-like of int of shape (n,), default=None
            Positions in the pool; None takes the candidates.

        Returns
        -------
        posterior : ndarray of shape (n_candidates, n_classes) or (n, n_classes), or None
            None while nothing is known: no estimator, no label yet, an estimator not fitted.
        """
        source = self._source()
        if source is None:
            return None
        whole = indices is None
        return source.rows(self.candidates if whole else check_positions(indices, self.n_samples))

    def of_posterior(
        self, function: Callable[[np.ndarray], np.ndarray], *, everywhere: bool = False
    ) -> np.ndarray | None:
        """Return a row-wise function of the posterior, kept and evaluated only where it changed.

        Parameters
        ----------
        function : callable
            Takes an array of shape (n, n_classes) to one of shape (n,), row by row.
        everywhere : bool, default=False
            Whether to return a value for each sample, 0 for those that are no candidates.

        Returns
        -------
        values : ndarray of shape (n_candidates,) or (n_samples,), or None
            None while nothing is known.
        """
        source = self._source()
        if source is None:
            return None
        if everywhere:
            return source.of_samples(function, self._answers.is_candidate)
        return source.of_rows(function, self.candidates)

    def density(
        self, metric: str = "cosine", metric_params: dict[str, Any] | None = None
    ) -> np.ndarray:
        """Return each candidate's mean similarity to all samples of the pool, itself included.

        Parameters
        ----------
        metric : str, default='cosine'
            For the cosine the similarity is the cosine itself, else 1 / (1 + distance).
        metric_params : dict, default=None
            Further arguments of the metric.

        Returns
        -------
        density : ndarray of shape (n_candidates,)
            Computed once: O(n_samples · n_features) for the cosine, O(n_samples² ·
            n_features) for others.
        """
        key = space_key(metric, metric_params)
        if key not in self._densities:
            self._densities[key] = self._density(key, Space(metric, metric_params))
        return np.asarray(self._densities[key].take(self.candidates))

    def graph(
        self, n_neighbors: int = 15, metric: str = "cosine", transformer: Any = None
    ) -> NeighborGraph:
        """Return the neighbour graph of all samples of the pool, built once.

        Parameters
        ----------
        n_neighbors : int, default=15
            How many neighbours of each sample.
        metric : str, default='cosine'
            The metric.
        transformer : transformer, default=None
            Whoever finds them, see `NeighborGraph.of`. None is the graph that the pool was given,
            where it has enough neighbours, or a `BlockwiseKNeighborsTransformer`.

        Returns
        -------
        graph : NeighborGraph
            Its nodes are the positions in the pool.
        """
        return self._graphs.graph(n_neighbors, metric, transformer)

    def coverage_gain(
        self,
        weights: Any = None,
        *,
        n_neighbors: int = 15,
        metric: str = "cosine",
        bandwidth: float | str | None = "median",
    ) -> np.ndarray:
        """Return how much better the pool would be covered if each candidate were labelled.

        A labelled sample covers another by their similarity on the neighbour graph, itself by 1;
        a sample is covered by the labelled sample that covers it most.

        Parameters
        ----------
        weights : array-like of shape (n_samples,), default=None
            What each sample's coverage counts, at least 0. None counts all candidates alike;
            what is skipped need not be covered.
        n_neighbors : int, default=15
            How many neighbours of each sample the graph has.
        metric : str, default='cosine'
            The metric of the graph.
        bandwidth : 'median', float or None, default='median'
            The bandwidth of the similarity, as in `NeighborGraph.affinity`.

        Returns
        -------
        gain : ndarray of shape (n_candidates,)
            The sum over all samples x of w(x) max(0, K(x, c) - max_l K(x, l)), with l the
            labelled samples. Kept, and evaluated only where weights or labels have changed.
        """
        coverage = self.coverage(n_neighbors, metric, bandwidth)
        return self.gains_in(coverage, weights)[self.candidates]

    def cached(self, key: Hashable, compute: Callable[[], T]) -> T:
        """Return what follows from the features alone, computed once for all queries.

        Strategies have no memory: what is dear to find out about the samples, such as a
        clustering, stays with the pool that it is true of.

        Parameters
        ----------
        key : hashable
            Names what is computed: the class that does so, and each parameter that it depends on.
        compute : callable
            Called without arguments the first time. Must not depend on labels, candidates or
            chance.

        Returns
        -------
        value : object
            What `compute` returned, the same object each time: it is not to be changed.

        Examples
        --------
        >>> from skactive import Pool
        >>> pool = Pool([[1.0, 3.0], [2.0, 4.0]])
        >>> pool.cached(("largest",), lambda: float(pool.X.max()))
        4.0
        """
        if key not in self._cached:
            # Code of others may be edited between two runs, under the same key.
            is_own = str(getattr(compute, "__module__", "")).startswith("skactive.")
            self._cached[key] = (
                shared(("Pool.cached", key), compute, self.X) if is_own else compute()
            )
        value: T = self._cached[key]
        return value

    def anywhere(self, values: np.ndarray, name: str) -> bool:
        """Tell whether a value is not 0; where a pool is in partitions, a value of any of them.

        Parameters
        ----------
        values : ndarray of shape (n,)
            Any number of them.
        name : str
            What the values are of.

        Returns
        -------
        is_anywhere : bool
            Whether there is one.
        """
        return bool(values.any())

    def mean_of(self, points: Any, name: str) -> np.ndarray:
        """Return the mean of points; where a pool is in partitions, of the points of all of them.

        Parameters
        ----------
        points : {ndarray, sparse matrix} of shape (n_samples, n_dimensions)
            One for each sample.
        name : str
            What the points are.

        Returns
        -------
        mean : ndarray of shape (n_dimensions,)
            In float64.
        """
        return np.asarray(points.mean(axis=0, dtype=np.float64)).ravel()

    def distance_to_labeled(
        self,
        metric: str = "cosine",
        aggregate: str = "mean",
        metric_params: dict[str, Any] | None = None,
    ) -> np.ndarray | None:
        """Return each candidate's distance to the labelled set.

        Parameters
        ----------
        metric : str, default='cosine'
            The metric.
        aggregate : {'mean', 'min'}, default='mean'
            The mean over the labelled samples, or the distance to the nearest of them.
        metric_params : dict, default=None
            Further arguments of the metric.

        Returns
        -------
        distances : ndarray of shape (n_candidates,) or None
            None while no sample is labelled.
        """
        check_choice("distance_to_labeled", "aggregate", aggregate, AGGREGATES)
        if self.n_labeled == 0:
            return None
        distances = self._labeled_distances(metric, metric_params)
        found = distances.minimum if aggregate == "min" else distances.mean
        return found(self.candidates)

    def distances_to(
        self,
        positions: Any,
        metric: str = "cosine",
        metric_params: dict[str, Any] | None = None,
    ) -> np.ndarray:
        """Return the distances of all samples of the pool to some of them.

        Parameters
        ----------
        positions : array-like of int of shape (n,)
            Positions in the pool.
        metric : str, default='cosine'
            The metric.
        metric_params : dict, default=None
            Further arguments of the metric.

        Returns
        -------
        distances : ndarray of shape (n_samples, n)
            One product over the pool for each position.
        """
        chosen = self._rows[check_positions(positions, self.n_samples)]
        return self._distances_to(chosen, metric, metric_params)

    def distances_to_samples(
        self,
        X: Any,
        metric: str = "cosine",
        metric_params: dict[str, Any] | None = None,
    ) -> np.ndarray:
        """Return the distances of all samples of the pool to samples that are not of the pool.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n, n_features)
            Their features.
        metric : str, default='cosine'
            The metric.
        metric_params : dict, default=None
            Further arguments of the metric.

        Returns
        -------
        distances : ndarray of shape (n_samples, n)
            One product over the pool for each sample.
        """
        chosen = Rows(check_features(X, "X", self._dtype, minimum=0))
        return self._distances_to(chosen, metric, metric_params)

    def nearest_labeled(
        self,
        index: int,
        n_neighbors: int = 5,
        metric: str = "cosine",
        metric_params: dict[str, Any] | None = None,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the labelled samples nearest to a sample of the pool, nearest first.

        Parameters
        ----------
        index : int
            Its position in the pool.
        n_neighbors : int, default=5
            How many, or all where there are fewer.
        metric : str, default='cosine'
            The metric.
        metric_params : dict, default=None
            Further arguments of the metric.

        Returns
        -------
        positions : ndarray of int of shape (n,)
            Positions in the pool; -1 for a sample of the seed set. Equals are in the order in
            which they were labelled.
        labels : ndarray of shape (n,)
            Their labels.
        distances : ndarray of shape (n,)
            Their distances. One product of the sample with the labelled ones.
        """
        chosen = self._rows[check_positions(index, self.n_samples)]
        space = Space(metric, metric_params)
        if self._labeled is None or len(self._labeled) == 0:
            return np.empty(0, dtype=np.intp), self.classes_[:0], np.empty(0)
        distances = space.finish(space.compare(chosen, self._labeled.rows))[0]
        nearest = np.lexsort((self._labeled.ids, distances))[:n_neighbors]
        positions = self._answers.positions_of(self._labeled.ids[nearest])
        return positions, self._labeled.labels[nearest], distances[nearest]

    def labeled_samples(self) -> tuple[Any, np.ndarray]:
        """Return the features and labels of all labelled samples, the seed set included.

        Returns
        -------
        X : {ndarray, CSR matrix} of shape (n_labeled, n_features)
            The features, in the order in which the labels came.
        y : ndarray of shape (n_labeled,)
            The labels.
        """
        if self._labeled is None:
            return self.X[:0], np.empty(0)
        order = np.argsort(self._labeled.ids)
        return self._labeled.rows.X[order], self._labeled.labels[order]

    def labeled_neighbors(
        self,
        n_neighbors: int = 5,
        metric: str = "cosine",
        metric_params: dict[str, Any] | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the labelled samples nearest to every sample of the pool, nearest first.

        They are kept up to date from the first call on: a label costs one product of the pool
        with one sample.

        Parameters
        ----------
        n_neighbors : int, default=5
            How many, or all where there are fewer.
        metric : str, default='cosine'
            The metric.
        metric_params : dict, default=None
            Further arguments of the metric.

        Returns
        -------
        distances : ndarray of shape (n_samples, min(n_neighbors, n_labeled))
            Their distances.
        places : ndarray of int of shape (n_samples, min(n_neighbors, n_labeled))
            Their rows in `labeled_samples`. A labelled sample is its own neighbour.
        """
        check_integer("labeled_neighbors", "n_neighbors", n_neighbors, minimum=1)
        if self._labeled is None or len(self._labeled) == 0:
            return np.empty((self.n_samples, 0)), np.empty((self.n_samples, 0), dtype=np.intp)
        distances = self._labeled_distances(metric, metric_params)
        nearest = distances.nearest(n_neighbors)
        places = np.searchsorted(np.sort(self._labeled.ids), nearest.ids)
        return distances.finish(nearest.compared), places

    def take(self, indices: Any) -> Any:
        """Return what `estimator` is asked about: the raw samples, or the features.

        Parameters
        ----------
        indices : array-like of int of shape (n,)
            Positions in the pool.

        Returns
        -------
        samples : array-like of length n
            Of the type that was given.
        """
        whole = self.X if self._samples is None else self._samples
        return take_rows(whole, check_positions(indices, self.n_samples))

    def coverage(self, n_neighbors: int, metric: str, bandwidth: float | str | None) -> Coverage:
        """Return what `coverage_gain` reads, brought up to date.

        Parameters
        ----------
        n_neighbors : int
            How many neighbours of each sample the graph has.
        metric : str
            The metric of the graph.
        bandwidth : 'median', float or None
            The bandwidth of the similarity.

        Returns
        -------
        coverage : Coverage
            The pool's own: copy it to change it.
        """
        key = (n_neighbors, metric, bandwidth)
        graph = self.graph(n_neighbors, metric)
        if key not in self._coverages:
            self._coverages[key] = Coverage(graph.affinity(bandwidth))
        is_labeled = self._answers.is_labeled(slice(None))
        self._coverages[key].set_labeled(is_labeled, self._covered_from_outside(key))
        return self._coverages[key]

    def _distances_to(
        self, chosen: Rows, metric: str, metric_params: dict[str, Any] | None
    ) -> np.ndarray:
        space = Space(metric, metric_params)
        features = 0 if space.by_product else 8 * self._rows.n_features
        blocks = row_blocks(self.n_samples, 40 * len(chosen) + features)
        return np.vstack([space.finish(space.compare(self._rows[b], chosen)) for b in blocks])

    def _density(self, key: str, space: Space) -> np.ndarray:
        if space.metric == "cosine":
            # As soon done as features are told apart from others.
            return information_density(self._rows, space)
        return shared(("density", key), lambda: information_density(self._rows, space), self.X)

    def covered_by(
        self, X: Any, n_neighbors: int, metric: str, bandwidth: float | str | None
    ) -> np.ndarray:
        """Return how well samples that are not of the pool cover each that is.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n, n_features)
            Their features.
        n_neighbors : int
            How many neighbours of each sample the graph has.
        metric : str
            The metric of the graph.
        bandwidth : 'median', float or None
            The bandwidth of the similarity.

        Returns
        -------
        covered : ndarray of shape (n_samples,)
            The similarity to the nearest of them, 0 where none is among the neighbours.
        """
        graph = self.graph(n_neighbors, metric)
        distances, indices = graph.kneighbors(X)
        covered = np.zeros(self.n_samples)
        np.maximum.at(covered, indices, graph.similarities(distances, indices, bandwidth))
        return covered

    def _covered_from_outside(self, key: tuple[int, str, float | str | None]) -> np.ndarray | None:
        """Return how well the seed set covers each sample; what joins it is looked at alone."""
        if self.n_labeled == len(self.labeled) or self._labeled is None:
            return None
        ids = np.setdiff1d(self._labeled.ids, self._answers.ids(self.labeled))
        known, covered = self._outside.get(key, (ids[:0], np.zeros(self.n_samples)))
        if not np.array_equal(known, ids[: len(known)]):
            known, covered = ids[:0], np.zeros(self.n_samples)
        if len(known) < len(ids):
            X = self._labeled.rows.X[self._labeled.slots(ids[len(known) :])]
            covered = np.maximum(covered, self.covered_by(X, *key))
        self._outside[key] = (ids, covered)
        return covered

    def gains_in(self, coverage: Coverage, weights: Any) -> np.ndarray:
        """Return what labelling each sample would add to a coverage.

        Parameters
        ----------
        coverage : Coverage
            The pool's own, or a copy.
        weights : array-like of shape (n_samples,) or None
            As in `coverage_gain`.

        Returns
        -------
        gains : ndarray of shape (n_samples,)
            Of all samples, labelled ones included; not to be changed, and copied where they are
            kept: asked again, the same array is brought up to date.
        """
        kept_as = "all" if weights is None else "weighted"
        return coverage.gains(self._coverage_weights(weights), kept_as)

    def largest_gain(
        self, coverage: Coverage, weights: Any, exponent: float, rows: np.ndarray
    ) -> tuple[np.ndarray, float]:
        """Find the largest gain in a coverage over that for unit weights to some power.

        Parameters
        ----------
        coverage : Coverage
            The pool's own, or a copy.
        weights : array-like of shape (n_samples,)
            As in `coverage_gain`; 0 for samples that are no candidates.
        exponent : float
            The power, at least 0 and below 1. Where a gain has the power 0, so is the quotient.
        rows : ndarray of int of shape (n,)
            The samples in question.

        Returns
        -------
        places : ndarray of int
            Which of them have the largest quotient.
        largest : float
            The quotient, the same as that of `gains_in`.
        """
        gains = self.gains_in(coverage, None)
        return coverage.largest(self._coverage_weights(weights), gains, exponent, rows)

    def _coverage_weights(self, weights: Any) -> np.ndarray:
        """Return weights of all samples, where None stands for 1 for each candidate."""
        if weights is not None:
            weights = np.asarray(weights, dtype=np.float64)
            if weights.shape != (self.n_samples,):
                raise ValueError(
                    f"weights has shape {weights.shape}, but the pool has {self.n_samples} "
                    "samples. Hint: give one number for each sample, labelled ones included."
                )
            if not (weights.min() >= 0 and np.isfinite(weights.max())):
                wrong = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))
                raise ValueError(
                    f"weights must be finite numbers of at least 0. Got {weights[wrong[0]]} at "
                    f"position {wrong[0]}. Hint: where a sample need not be covered, give 0."
                )
            return weights
        return self._answers.is_candidate

    def share_columns(self, X: Any, rows: np.ndarray) -> None:
        """Find distances to labelled samples among those of an experiment, where that pays.

        Parameters
        ----------
        X : array-like of shape (n_all, n_features)
            The features of the experiment, which must not change as long as the pool is used.
        rows : ndarray of int of shape (n_samples,)
            Where the samples of the pool stand among them.
        """
        if type(self.X) is np.ndarray and SharedColumns.pays(X, self.n_samples):
            self._columns = SharedColumns(X, rows, self.X.dtype)
            self._rows = Rows(self.X, self._columns.norms_of_pool)

    def save_state(self, path: Any) -> None:
        """Write what was computed to a file, whole or not at all: densities and distances.

        A pool that is made with it as its `state`, and told the same labels in the same order,
        has the next query within seconds. Labels that came after it was written are taken in as
        ever; where it does not fit the labels, distances are computed anew. The labels themselves
        are no part of it: a learner's `journal` brings them back.

        Parameters
        ----------
        path : path-like
            The file, in numpy's format npz. A state that was there is replaced.

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> from skactive import Pool
        >>> X = [[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]]
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     Pool(X).save_state(Path(folder) / "state.npz")
        ...     Pool(X, state=Path(folder) / "state.npz").n_candidates
        3
        """
        state = PoolSnapshot(self.X)
        for key, density in self._densities.items():
            state.arrays[f"density {key}"] = density
        if 0 < self.n_labeled == len(self.labeled):
            # What was read and nobody has asked for yet is not lost.
            for metric in set() if self._state is None else self._state.metrics():
                self._labeled_distances(metric, None)
            state.arrays["positions"] = self.labeled
            state.arrays["labels"] = np.array(self.labels.tolist())
            for key, distances in self._distances.items():
                state.keep(key, distances, self._answers.ids(self.labeled))
        state.write(path)

    def _source(self) -> VotedPosterior | SpreadPosterior | ExternalPosterior | None:
        if self._posterior is not None or self.estimator is None:
            return self._posterior
        if isinstance(self.estimator, IncrementalLabelSpreading) and any(
            self.estimator.has_nodes_of(graph) for graph in self._graphs.built()
        ):
            if self._labeled is not None:
                self._posterior = SpreadPosterior(
                    self.estimator, self.n_samples, self._labeled_distances, self._labeled
                )
        elif not isinstance(self.estimator, IncrementalKNeighborsClassifier):
            self._posterior = ExternalPosterior(self.estimator, self.take)
        elif self._labeled is not None:
            self._posterior = VotedPosterior(self.estimator, self._labeled_distances, self._labeled)
        return self._posterior

    def _labeled_distances(
        self, metric: str, metric_params: dict[str, Any] | None
    ) -> LabeledDistances:
        if self._labeled is None:
            raise NotFittedError("No sample of this pool is labelled yet: call 'add_labels' first.")
        key = space_key(metric, metric_params)
        if key not in self._distances:
            space = Space(metric, metric_params)
            known = None if self._columns is None else partial(self._column, space, key)
            self._distances[key] = LabeledDistances(space, self._rows, self._labeled, known)
            self._bring_back(key, self._distances[key])
        return self._distances[key]

    def _column(self, space: Space, key: str, id_: int, arrived: Rows) -> np.ndarray | None:
        """Return the distances to a labelled sample where the loops of an experiment share them."""
        position = int(self._answers.positions_of(np.array([id_]))[0])
        if self._columns is None or position < 0 or not space.by_product:
            return None
        return self._columns.compared(space, key, position, self._rows, arrived)

    def _bring_back(self, key: str, distances: LabeledDistances) -> None:
        """Give distances what the state has of them, where its labels came before all others."""
        if self._state is None or self.n_labeled > len(self.labeled):
            return
        if self._state.is_of(self.labeled, self.labels):
            ids, n_kept = self._answers.ids(self.labeled), len(self._state.arrays["positions"])
            if ids[:n_kept].max() < ids[n_kept:].min(initial=self.n_samples + ids.max()):
                self._state.bring_back(key, distances, ids[:n_kept])

    def _max_labeled(self) -> int | None:
        if not isinstance(self.estimator, IncrementalKNeighborsClassifier):
            return None
        if self.estimator.max_labeled is not None:
            self.estimator.check_parameters()
        return self.estimator.max_labeled

    def _labels_added(self, max_labeled: int | None) -> Pool:
        self.invalidate_posterior()
        return self if max_labeled is None else self.forget(max_labeled)

    def _take_out(self, labeled: LabeledSamples, ids: np.ndarray) -> None:
        for distances in self._distances.values():
            distances.leaving(ids)
        labeled.remove(ids)
        for distances in self._distances.values():
            distances.left(ids)

    def _store(self, X: Any, labels: np.ndarray) -> np.ndarray:
        if self._labeled is None:
            self._labeled = LabeledSamples(self.X[:0], labels[:0])
        return self._labeled.add(X, labels)
