"""`modAL.models.Committee` for any labels, with incremental learning."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import Tags

from skactive._text import shown
from skactive.integrations.modal._query import query_once

if TYPE_CHECKING:
    from modAL.models import Committee as _Committee

    from skactive.integrations.modal._learner import IncrementalLearner
else:
    # The public class has modAL's class as a second base, so that this module needs no modAL.
    _Committee = object


class IncrementalCommittee(_Committee):
    """Query and teach several learners that vote, as `modAL.models.Committee` does.

    A subclass and a replacement of modAL's class, for members that are
    :class:`~skactive.integrations.modal.ActiveLearner`. Each member learns independently, through
    `add_labeled` if its estimator has this method, and labels may be strings.

    Parameters
    ----------
    learner_list : list of ActiveLearner
        The members.
    query_strategy : callable, default=None
        Called as `query_strategy(committee, X_pool, *query_args, **query_kwargs)`; returns
        `(indices, metrics)` or the indices alone. None takes modAL's `vote_entropy_sampling`.
        The strategies of skactive use the mean posterior of the members.
    on_transformed : bool, default=False
        Whether modAL's strategies that measure distances use the input of the last steps of the
        members.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,) or None
        The classes of all members, sorted; None as long as a member is not fitted.
    n_classes_ : int
        Number of classes.

    See Also
    --------
    ActiveLearner : One learner.

    References
    ----------
    H. Sebastian Seung, Manfred Opper and Haim Sompolinsky, "Query by committee", 1992.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from skactive.integrations.modal import ActiveLearner, Committee
    >>> X = np.array([[0.0], [1.0], [9.0], [10.0]])
    >>> y = np.array(["low", "low", "high", "high"])
    >>> committee = Committee([
    ...     ActiveLearner(estimator, X_training=X, y_training=y)
    ...     for estimator in (GaussianNB(), KNeighborsClassifier(n_neighbors=1))
    ... ])
    >>> committee.vote(np.array([[2.0]])).tolist()
    [['low', 'low']]
    >>> committee.teach(np.array([[5.0]]), ["middle"])
    >>> committee.classes_.tolist()
    ['high', 'low', 'middle']
    """

    def __init__(
        self,
        learner_list: list[IncrementalLearner],
        query_strategy: Callable[..., Any] | None = None,
        on_transformed: bool = False,
    ) -> None:
        is_list = isinstance(learner_list, list)
        if not is_list or not all(hasattr(one, "estimator") for one in learner_list):
            raise TypeError(
                "The 'learner_list' parameter of Committee must be a list of learners. "
                f"Got {shown(learner_list)} instead."
            )
        if query_strategy is None:
            from modAL.disagreement import vote_entropy_sampling

            query_strategy = vote_entropy_sampling
        super().__init__(learner_list, query_strategy, on_transformed)

    def fit(
        self,
        X: Any,  # samples of any kind
        y: ArrayLike,
        **fit_kwargs: Any,
    ) -> IncrementalCommittee:
        """Fit each member to these samples alone, and store them as its training set.

        Parameters
        ----------
        X : array-like, sparse matrix, DataFrame or list of n_samples raw samples
            The samples.
        y : array-like of shape (n_samples,)
            Their labels.
        **fit_kwargs : dict
            Keyword arguments of the members' `fit`, including `bootstrap`.

        Returns
        -------
        Committee
            This committee.
        """
        super().fit(X, y, **fit_kwargs)
        return self

    def query(
        self,
        X_pool: Any,  # samples of any kind
        return_metrics: bool = False,
        *query_args: Any,
        **query_kwargs: Any,
    ) -> tuple[Any, ...]:
        """Call the query strategy once, and return the samples of the pool to label next.

        Parameters
        ----------
        X_pool : array-like, sparse matrix, DataFrame or list of n_candidates raw samples
            The unlabelled samples.
        return_metrics : bool, default=False
            Whether to return the utilities of the chosen samples as well.
        *query_args : tuple
            Further positional arguments of the query strategy.
        **query_kwargs : dict
            Keyword arguments of the query strategy, such as `n_instances`.

        Returns
        -------
        indices : ndarray of shape (n_instances,)
            Positions in `X_pool`, as the strategy returned them.
        rows : same kind as X_pool
            The samples at these positions.
        metrics : ndarray of shape (n_instances,) or None
            Only if `return_metrics`; None, with a warning, if the strategy returns no metrics.

        Raises
        ------
        TypeError
            If `return_metrics` is not a bool, for example if `n_instances` is passed by position.
        """
        if not isinstance(return_metrics, bool):
            raise TypeError(
                "The 'return_metrics' parameter of Committee.query must be a bool. "
                f"Got {shown(return_metrics)} instead. Hint: pass n_instances by name."
            )
        return query_once(self, X_pool, query_args, query_kwargs, return_metrics=return_metrics)

    def teach(
        self,
        X: Any,  # samples of any kind
        y: ArrayLike,
        bootstrap: bool = False,
        only_new: bool = False,
        **fit_kwargs: Any,
    ) -> None:
        """Append labelled samples to the training set of each member, and update its estimator.

        Parameters
        ----------
        X : array-like, sparse matrix, DataFrame or list of n_samples raw samples
            The new samples.
        y : array-like of shape (n_samples,)
            Their labels.
        bootstrap : bool, default=False
            Whether to refit each member to a bootstrap sample of its training set.
        only_new : bool, default=False
            Whether to fit to the new samples alone. Unlike in a single learner, they are stored, as
            in modAL's committee.
        **fit_kwargs : dict
            Keyword arguments of the members' `fit`. If any is given, the members are refitted.

        Raises
        ------
        ValueError
            If X and y differ in length, contain NaN, or have other features than the training set.
            In this case no member changes, unless the members accept different input.
        """
        if only_new:
            super().teach(X, y, bootstrap=bootstrap, only_new=True, **fit_kwargs)
            return
        for learner in self.learner_list:
            learner.teach(X, y, bootstrap=bootstrap, **fit_kwargs)
        self._set_classes()

    def vote(
        self,
        X: Any,  # samples of any kind
        **predict_kwargs: Any,
    ) -> np.ndarray:
        """Predict the labels, with a column for each member.

        Parameters
        ----------
        X : array-like, sparse matrix, DataFrame or list of n_samples raw samples
            The samples.
        **predict_kwargs : dict
            Keyword arguments of the members' `predict`.

        Returns
        -------
        ndarray of shape (n_samples, n_members)
            The predicted labels, in the type of the labels.
        """
        # The method of modAL fills an array of floats.
        return np.column_stack(
            [learner.predict(X, **predict_kwargs) for learner in self.learner_list]
        )

    def vote_proba(
        self,
        X: Any,  # samples of any kind
        **predict_proba_kwargs: Any,
    ) -> np.ndarray:
        """Predict class probabilities of every member.

        Parameters
        ----------
        X : array-like, sparse matrix, DataFrame or list of n_samples raw samples
            The samples.
        **predict_proba_kwargs : dict
            Keyword arguments of the members' `predict_proba`.

        Returns
        -------
        ndarray of shape (n_samples, n_members, n_classes)
            The probabilities, 0 for a class of which the member has no sample.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If a member is not fitted.
        """
        from modAL.utils.validation import check_class_labels, check_class_proba

        # The method of modAL needs X.shape, which a list of raw samples does not have.
        check_class_labels(*(learner.estimator for learner in self.learner_list))
        return np.stack(
            [
                check_class_proba(
                    learner.predict_proba(X, **predict_proba_kwargs),
                    learner.estimator.classes_,
                    self.classes_,
                )
                for learner in self.learner_list
            ],
            axis=1,
        )

    def __sklearn_tags__(self) -> Tags:
        tags: Tags = super().__sklearn_tags__()
        tags.estimator_type = "classifier"
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return self.classes_ is not None

    def _set_classes(self) -> None:
        # The method of modAL sorts along an axis, which numpy does not support for objects.
        estimators = [learner.estimator for learner in self.learner_list]
        self.classes_: np.ndarray | None = None
        self.n_classes_ = 0
        if all(hasattr(estimator, "classes_") for estimator in estimators):
            classes = np.concatenate([estimator.classes_ for estimator in estimators])
            self.classes_ = np.unique(classes)
            self.n_classes_ = len(self.classes_)
