"""What classifiers can offer beyond scikit-learn's `fit` and `predict_proba`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    from skactive._contracts._labeling_pool import LabelingPool
    from skactive._contracts._pool_view import PoolView
    from skactive._contracts._posterior_source import PosteriorSource


@runtime_checkable
class IncrementalEstimator(Protocol):
    """A classifier that stores labelled samples one by one, and can remove and relabel them.

    `skactive.ActiveLearner` passes each answer to such a classifier at once, and takes answers
    back without a fit. `add_labeled` sets the attribute `last_ids_`: the id of each sample that
    it has just stored, in the order of the samples. `remove_labeled` and `relabel` address
    samples by these ids. An id is any int; it must stay valid until its sample is removed, and
    must not be given to another sample before.

    Ids are an attribute and no return value, because `add_labeled` returns the classifier, as
    `fit` and `partial_fit` of scikit-learn do, so that calls can be chained.

    Further parts are optional. With ``labeled_samples()``, a classifier that is fitted already
    passes its samples on to a learner; ``labeled_indices_`` has their ids, in the same order, and
    lets the learner forget them. With ``partial_fit(X, y, classes=...)``, which stores samples as
    `add_labeled` does, classes can be declared before their first label. With
    ``posterior_source(pool)``, a classifier keeps class probabilities up to date, see
    `PosteriorSource`.

    Attributes
    ----------
    last_ids_ : ndarray of int of shape (n,)
        The ids of the samples of the last call of `add_labeled`, in their order.

    See Also
    --------
    skactive.neighbors.IncrementalKNeighborsClassifier : Implements it.

    Examples
    --------
    >>> from skactive.base import IncrementalEstimator
    >>> from skactive.neighbors import IncrementalKNeighborsClassifier
    >>> classifier = IncrementalKNeighborsClassifier()
    >>> isinstance(classifier, IncrementalEstimator)
    True
    >>> ids = classifier.add_labeled([[1.0, 0.0], [0.0, 1.0]], ["apple", "pear"]).last_ids_
    >>> classifier.remove_labeled(ids[:1]).y_labeled_
    array(['pear'], dtype='<U5')
    """

    def add_labeled(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Store labelled samples, and set `last_ids_`.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            The samples.
        y : array-like of shape (n,)
            Their labels.

        Returns
        -------
        self : IncrementalEstimator
            The classifier.
        """

    def remove_labeled(self, indices: ArrayLike) -> Self:
        """Remove labelled samples, as if they had never been added.

        Parameters
        ----------
        indices : array-like of int of shape (n,)
            Their ids.

        Returns
        -------
        self : IncrementalEstimator
            The classifier without them.
        """

    def relabel(self, indices: ArrayLike, y: ArrayLike) -> Self:
        """Replace the labels of labelled samples.

        Parameters
        ----------
        indices : array-like of int of shape (n,)
            Their ids.
        y : array-like of shape (n,)
            Their new labels.

        Returns
        -------
        self : IncrementalEstimator
            The classifier with the new labels.
        """


@runtime_checkable
class TransductiveEstimator(Protocol):
    """A classifier that learns from the unlabelled samples of a pool as well.

    `skactive.ActiveLearner` calls `fit_pool` once. From then on, the id of a sample of the pool
    is its position there, for `relabel`, which gives a sample its first label too, and for
    `remove_labeled`.

    See Also
    --------
    skactive.semi_supervised.IncrementalLabelSpreading : Implements it.

    Examples
    --------
    >>> from skactive import Pool
    >>> from skactive.base import TransductiveEstimator
    >>> from skactive.semi_supervised import IncrementalLabelSpreading
    >>> spreading = IncrementalLabelSpreading(n_neighbors=1)
    >>> isinstance(spreading, TransductiveEstimator)
    True
    >>> pool = Pool([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0], [0.1, 0.9]])
    >>> spreading.fit_pool(pool).relabel([0, 2], ["apple", "pear"]).transduction_
    array(['apple', 'apple', 'pear', 'pear'], dtype='<U5')
    """

    def fit_pool(self, pool: PoolView, classes: ArrayLike | None = None) -> Self:
        """Forget everything, and take the samples of a pool as unlabelled samples.

        Parameters
        ----------
        pool : PoolView
            The pool. Its labels are not read, except those of samples from outside the pool.
        classes : array-like of shape (n_classes,), default=None
            Labels that are known beforehand.

        Returns
        -------
        self : TransductiveEstimator
            The classifier.
        """

    def remove_labeled(self, indices: ArrayLike) -> Self:
        """Remove labels of samples of the pool.

        Parameters
        ----------
        indices : array-like of int of shape (n,)
            Positions in the pool.

        Returns
        -------
        self : TransductiveEstimator
            The classifier without these labels.
        """

    def relabel(self, indices: ArrayLike, y: ArrayLike) -> Self:
        """Set labels of samples of the pool, labelled before or not.

        Parameters
        ----------
        indices : array-like of int of shape (n,)
            Positions in the pool.
        y : array-like of shape (n,)
            Their labels.

        Returns
        -------
        self : TransductiveEstimator
            The classifier with these labels.
        """


@runtime_checkable
class HasPosteriorSource(Protocol):
    """A classifier that creates the `PosteriorSource` of a pool itself.

    Examples
    --------
    >>> from skactive.base import HasPosteriorSource
    >>> from skactive.neighbors import IncrementalKNeighborsClassifier
    >>> isinstance(IncrementalKNeighborsClassifier(), HasPosteriorSource)
    True
    """

    def posterior_source(self, pool: LabelingPool) -> PosteriorSource:
        """Return a source of class probabilities that follows the labels of a pool.

        Parameters
        ----------
        pool : LabelingPool
            The pool.

        Returns
        -------
        source : PosteriorSource
            The source. It may read the pool in every call, and must not change it.
        """


class Classifier(Protocol):
    """A classifier in scikit-learn's sense, as type annotations name it.

    Examples
    --------
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from skactive.base import Classifier
    >>> classifier: Classifier = GaussianNB()
    """

    def fit(self, X: Any, y: Any) -> Any:  # samples of any kind
        """Fit to labelled samples.

        Parameters
        ----------
        X : array-like of length n_samples
            The samples.
        y : array-like of shape (n_samples,)
            Their labels.

        Returns
        -------
        self : Classifier
            The fitted classifier.
        """

    def predict(self, X: Any) -> np.ndarray:  # samples of any kind
        """Predict the label of each sample.

        Parameters
        ----------
        X : array-like of length n_samples
            The samples.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            The labels.
        """
