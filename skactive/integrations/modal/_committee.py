"""`modAL.models.Committee` for any labels, which learns without refitting."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils import Tags

from skactive.integrations.modal._query import query_once

if TYPE_CHECKING:
    from modAL.models import Committee as _Committee
else:
    # The public class puts modAL's after this one, so that this module needs no modAL.
    _Committee = object


class IncrementalCommittee(_Committee):
    """Query and teach several learners that vote, as `modAL.models.Committee` does.

    A drop-in for modAL's class and a subclass of it, for members that are
    :class:`~skactive.integrations.modal.ActiveLearner`. Each member learns as it would alone,
    through `add_labeled` if it has this method, and labels may be strings.

    Parameters
    ----------
    learner_list : list of ActiveLearner
        The members.
    query_strategy : callable, default=None
        Called as `query_strategy(committee, X_pool, *query_args, **query_kwargs)`; returns
        `(indices, metrics)` or the indices alone. None means modAL's `vote_entropy_sampling`.
        The strategies of skactive get the committee's mean posterior.
    on_transformed : bool, default=False
        Whether modAL's strategies that measure distances see the samples as the last steps of the
        members do.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,) or None
        The labels that any member knows, sorted; None while a member is not fitted.
    n_classes_ : int
        Their number.

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
        learner_list: list[Any],
        query_strategy: Callable[..., Any] | None = None,
        on_transformed: bool = False,
    ) -> None:
        if query_strategy is None:
            from modAL.disagreement import vote_entropy_sampling

            query_strategy = vote_entropy_sampling
        super().__init__(learner_list, query_strategy, on_transformed)

    def fit(self, X: Any, y: Any, **fit_kwargs: Any) -> IncrementalCommittee:
        """Fit every member on these samples alone and keep them as its training set.

        Parameters
        ----------
        X : array-like, sparse matrix, DataFrame or list of n_samples raw samples
            The samples.
        y : array-like of shape (n_samples,)
            Their labels.
        **fit_kwargs : dict
            Keyword arguments of the members' `fit`, `bootstrap` included.

        Returns
        -------
        Committee
            This committee.
        """
        super().fit(X, y, **fit_kwargs)
        return self

    def query(
        self, X_pool: Any, return_metrics: bool = False, *query_args: Any, **query_kwargs: Any
    ) -> tuple[Any, ...]:
        """Call the query strategy once, and return the samples of the pool to label next.

        Parameters
        ----------
        X_pool : array-like, sparse matrix, DataFrame or list of n_candidates raw samples
            The unlabelled samples.
        return_metrics : bool, default=False
            Whether to return the strategy's numbers for the chosen samples as well.
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
            Only where `return_metrics`; None, with a warning, where the strategy returns none.

        Raises
        ------
        TypeError
            If `return_metrics` is not a bool, as where `n_instances` is given by position.
        """
        if not isinstance(return_metrics, bool):
            raise TypeError(
                "The 'return_metrics' parameter of Committee.query must be a bool. "
                f"Got {return_metrics!r} instead. Hint: pass n_instances by name."
            )
        return query_once(self, X_pool, query_args, query_kwargs, return_metrics=return_metrics)

    def teach(
        self, X: Any, y: Any, bootstrap: bool = False, only_new: bool = False, **fit_kwargs: Any
    ) -> None:
        """Append labelled samples to every member's training set and make it know them.

        Parameters
        ----------
        X : array-like, sparse matrix, DataFrame or list of n_samples raw samples
            The new samples.
        y : array-like of shape (n_samples,)
            Their labels.
        bootstrap : bool, default=False
            Whether to refit each member on a bootstrap sample of its training set.
        only_new : bool, default=False
            Whether to fit on the new samples alone; unlike those of a single learner, they are
            kept, as modAL's committee keeps them.
        **fit_kwargs : dict
            Keyword arguments of the members' `fit`; giving one means a refit.

        Raises
        ------
        ValueError
            If X and y differ in length, hold a NaN, or do not have the features of the training
            set; no member has changed then, unless the members differ in what they accept.
        """
        if only_new:
            super().teach(X, y, bootstrap=bootstrap, only_new=True, **fit_kwargs)
            return
        for learner in self.learner_list:
            learner.teach(X, y, bootstrap=bootstrap, **fit_kwargs)
        self._set_classes()

    def vote(self, X: Any, **predict_kwargs: Any) -> np.ndarray:
        """Predict labels, one column per member.

        Parameters
        ----------
        X : array-like, sparse matrix, DataFrame or list of n_samples raw samples
            The samples.
        **predict_kwargs : dict
            Keyword arguments of the members' `predict`.

        Returns
        -------
        ndarray of shape (n_samples, n_members)
            The labels, in the labels' own dtype.
        """
        # modAL's own fills an array of floats.
        return np.column_stack(
            [learner.predict(X, **predict_kwargs) for learner in self.learner_list]
        )

    def vote_proba(self, X: Any, **predict_proba_kwargs: Any) -> np.ndarray:
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
            The probabilities, zero for a class that the member does not know.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If a member is not fitted.
        """
        from modAL.utils.validation import check_class_labels, check_class_proba

        # modAL's own needs X.shape, which a list of raw samples does not have.
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
        # modAL's own sorts along an axis, which numpy does not do for labels that are objects.
        estimators = [learner.estimator for learner in self.learner_list]
        self.classes_: np.ndarray | None = None
        self.n_classes_ = 0
        if all(hasattr(estimator, "classes_") for estimator in estimators):
            classes = np.concatenate([estimator.classes_ for estimator in estimators])
            self.classes_ = np.unique(classes)
            self.n_classes_ = len(self.classes_)
