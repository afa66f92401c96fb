"""`modAL.models.ActiveLearner` for current scikit-learn, with incremental learning."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import clone, is_classifier
from sklearn.pipeline import Pipeline
from sklearn.utils import Tags, check_random_state, get_tags

from skactive._estimators import is_fitted, transformers
from skactive._few_labels import fit_or_restore, too_few_labels
from skactive._rows import check_is_samples
from skactive._text import shown
from skactive._validation import check_method, check_strategy
from skactive.integrations.modal._query import query_once
from skactive.integrations.modal._rows import check_labeled, rows_at, stacked
from skactive.strategies import CDFProduct

if TYPE_CHECKING:
    from modAL.models import ActiveLearner as _ActiveLearner
else:
    # The public class has modAL's class as a second base, so that this module needs no modAL.
    _ActiveLearner = object


class IncrementalLearner(_ActiveLearner):
    """Query and teach as `modAL.models.ActiveLearner` does, on scikit-learn 1.6 and later.

    A subclass and a replacement of modAL's class. An estimator with `add_labeled`, alone or as the
    last step of a `Pipeline`, learns each answer incrementally; modAL refits it on all labels. Any
    other estimator is refitted, as in modAL. Choose it to run an existing modAL loop with a current
    scikit-learn; `skactive.ActiveLearner` is faster, and the better choice for a new loop.

    Parameters
    ----------
    estimator : estimator
        The classifier or regressor, or a `Pipeline` over raw samples. It is fitted in place.
    query_strategy : callable or str, default=None
        Called as `query_strategy(learner, X_pool, *query_args, **query_kwargs)`; returns
        `(indices, metrics)` or the indices alone. A string takes a strategy of
        :func:`~skactive.strategies.all_strategies`. None takes
        :class:`~skactive.strategies.CDFProduct`, not the default of `skactive.ActiveLearner`, which
        would build a neighbour graph for every query, since modAL passes no pool.
    X_training : array-like, sparse matrix, DataFrame or list of n_samples raw samples, default=None
        The labelled samples. If given, the estimator is fitted to them. `teach` appends to them.
    y_training : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
        The labels of `X_training`.
    bootstrap_init : bool, default=False
        Whether the first fit uses a bootstrap sample of `X_training`, for bagged committees.
    on_transformed : bool, default=False
        Whether modAL's strategies that measure distances use the input of the last step of the
        `Pipeline`. The strategies of skactive always do.
    force_all_finite : bool, default=True
        Whether NaN or infinity in the samples is an error. In labels it always is one.
    **fit_kwargs : dict
        Keyword arguments of the estimator's `fit`, for the first fit on `X_training` only.

    Attributes
    ----------
    estimator : estimator
        The fitted estimator.
    query_strategy : callable
        The query strategy.
    X_training : array-like, sparse matrix, DataFrame, list or None
        The labelled samples, in the order in which they were added.
    y_training : array-like or None
        Their labels.
    classes_ : ndarray of shape (n_classes,)
        The estimator's classes, if it is a fitted classifier.

    See Also
    --------
    Committee : Several such learners that vote.

    Notes
    -----
    While there are too few labels for the estimator, as with one class for most classifiers,
    `teach` stores them, the estimator stays unfitted, and strategies choose without its
    probabilities, as in `skactive.ActiveLearner`.

    `teach` with n labels costs one `add_labeled` of n samples plus a copy of `X_training`. If the
    last fit used a part of the labels (`bootstrap=True`, `only_new=True`), or if `teach` gets
    `fit_kwargs`, `teach` refits the estimator on all labels.

    A fitted estimator with `add_labeled` keeps its labels if `X_training` is None. In modAL,
    `teach` refits it without them.

    `X_training` and `y_training` are parameters as well as attributes, as in modAL: a clone starts
    with the current labels of the original. Bootstrap samples are drawn from numpy's global
    generator, as in modAL.

    References
    ----------
    Tivadar Danka and Peter Horvath, "modAL: A modular active learning framework for Python", 2018.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from skactive.integrations.modal import ActiveLearner
    >>> from skactive.measures import Margin
    >>> from skactive.strategies import UncertaintySampling
    >>> X, y = load_iris(return_X_y=True)
    >>> learner = ActiveLearner(
    ...     GaussianNB(),
    ...     UncertaintySampling(Margin()),
    ...     X_training=X[[0, 1, 50, 51, 100, 101]],
    ...     y_training=y[[0, 1, 50, 51, 100, 101]],
    ... )
    >>> X_pool, y_pool = (np.delete(a, [0, 1, 50, 51, 100, 101], axis=0) for a in (X, y))
    >>> indices, samples = learner.query(X_pool, n_instances=3)
    >>> samples.shape
    (3, 4)
    >>> learner.teach(samples, y_pool[indices])
    >>> learner.X_training.shape
    (9, 4)
    """

    def __init__(
        self,
        estimator: Any,  # a classifier or regressor of any package
        query_strategy: Callable[..., Any] | str | None = None,
        X_training: Any = None,  # samples of any kind
        y_training: ArrayLike | None = None,
        bootstrap_init: bool = False,
        on_transformed: bool = False,
        *,
        force_all_finite: bool = True,
        **fit_kwargs: Any,
    ) -> None:
        if query_strategy is None:
            query_strategy = CDFProduct()
        if isinstance(query_strategy, str):
            query_strategy = check_strategy(query_strategy)
        expected = "a classifier or regressor"
        check_method("ActiveLearner", "estimator", estimator, "fit predict predict_proba", expected)
        if X_training is not None:
            check_is_samples(X_training, "X_training")
        if not callable(query_strategy) or isinstance(query_strategy, type):
            raise TypeError(
                "The 'query_strategy' parameter of ActiveLearner must be a callable or None. "
                f"Got {shown(query_strategy)} instead."
            )
        # The constructor of modAL would fit before it stores the parameters that `clone` and
        # `repr` read, and would pass `force_all_finite` to the estimator's `fit`.
        super().__init__(
            estimator,
            query_strategy,
            on_transformed=on_transformed,
            force_all_finite=force_all_finite,
        )
        self.bootstrap_init = bootstrap_init
        self.fit_kwargs = fit_kwargs
        self.X_training = X_training
        self.y_training = y_training
        self._knows_a_part = False
        self._fit_error: Exception | None = None
        if X_training is not None:
            self._fit_to_known(bootstrap=bootstrap_init, **fit_kwargs)

    @property
    def classes_(self) -> np.ndarray:
        """The estimator's classes, if it is a fitted classifier."""
        classes: np.ndarray = self.estimator.classes_
        return classes

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters, including `fit_kwargs`.

        Parameters
        ----------
        deep : bool, default=True
            Whether to include the parameters of the estimator and of the query strategy.

        Returns
        -------
        dict
            Parameter names mapped to their values.
        """
        return {**super().get_params(deep=deep), **self.fit_kwargs}

    def set_params(self, **params: Any) -> IncrementalLearner:
        """Set parameters, including nested ones (`estimator__...`), without fitting.

        Parameters
        ----------
        **params : dict
            Parameter names mapped to their new values.

        Returns
        -------
        ActiveLearner
            This learner.
        """
        fit_kwargs = {name: params.pop(name) for name in self.fit_kwargs if name in params}
        super().set_params(**params)
        self.fit_kwargs = {**self.fit_kwargs, **fit_kwargs}
        return self

    def fit(
        self,
        X: Any,  # samples of any kind
        y: ArrayLike,
        bootstrap: bool = False,
        **fit_kwargs: Any,
    ) -> IncrementalLearner:
        """Fit the estimator to these samples alone, and store them as the training set.

        Parameters
        ----------
        X : array-like, sparse matrix, DataFrame or list of n_samples raw samples
            The samples.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their labels.
        bootstrap : bool, default=False
            Whether to fit to a bootstrap sample of them.
        **fit_kwargs : dict
            Keyword arguments of the estimator's `fit`.

        Returns
        -------
        ActiveLearner
            This learner.

        Raises
        ------
        ValueError
            If X and y differ in length, or contain values that `force_all_finite` excludes.
        """
        check_labeled(X, y, finite=self.force_all_finite)
        self._fit_on_training_set(X, y, bootstrap=bootstrap, **fit_kwargs)
        return self

    def query(
        self,
        X_pool: Any,  # samples of any kind
        *query_args: Any,
        return_metrics: bool = False,
        **query_kwargs: Any,
    ) -> tuple[Any, ...]:
        """Call the query strategy once, and return the samples of the pool to label next.

        Parameters
        ----------
        X_pool : array-like, sparse matrix, DataFrame or list of n_candidates raw samples
            The unlabelled samples: remove those that were taught.
        *query_args : tuple
            Further positional arguments of the query strategy.
        return_metrics : bool, default=False
            Whether to return the utilities of the chosen samples as well.
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
        """
        return query_once(self, X_pool, query_args, query_kwargs, return_metrics=return_metrics)

    def teach(
        self,
        X: Any,  # samples of any kind
        y: ArrayLike,
        bootstrap: bool = False,
        only_new: bool = False,
        **fit_kwargs: Any,
    ) -> None:
        """Append labelled samples to the training set, and update the estimator.

        If a call raises, the training set is unchanged. The estimator is unchanged too, unless the
        error came from its own `fit` or `add_labeled`.

        Parameters
        ----------
        X : array-like, sparse matrix, DataFrame or list of n_samples raw samples
            The new samples.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their labels.
        bootstrap : bool, default=False
            Whether to refit to a bootstrap sample of the training set.
        only_new : bool, default=False
            Whether to fit to the new samples alone, without storing them.
        **fit_kwargs : dict
            Keyword arguments of the estimator's `fit`. If any is given, the estimator is refitted.

        Raises
        ------
        ValueError
            If X and y differ in length, contain values that `force_all_finite` excludes, or X has
            other features than the training set.
        """
        check_is_samples(X, "X")
        check_labeled(X, y, finite=self.force_all_finite)
        if only_new:
            self._fit_on_new(X, y, bootstrap=bootstrap, **fit_kwargs)
            return
        X_training, y_training = self._with_training_set(X, y)
        if bootstrap or fit_kwargs or self._knows_a_part or not _takes_labels(self.estimator):
            self._fit_on_training_set(X_training, y_training, bootstrap=bootstrap, **fit_kwargs)
        else:
            _add_labeled(self.estimator, X, y)
            self.X_training, self.y_training = X_training, y_training

    def transform_without_estimating(
        self,
        X: Any,  # samples of any kind
    ) -> Any:  # an array, a sparse matrix or a DataFrame
        """Transform samples into the input of the estimator's last step.

        Parameters
        ----------
        X : array-like, sparse matrix, DataFrame or list of n_samples raw samples
            The samples.

        Returns
        -------
        array-like, sparse matrix or DataFrame of n_samples rows
            For a `Pipeline`, the output of all steps except the last. For an ensemble of pipelines,
            these outputs side by side. For other estimators, X itself.
        """
        # The method of modAL calls `data_hstack`, which does not return a DataFrame.
        if isinstance(self.estimator, Pipeline):
            return transformers(self.estimator).transform(X)
        return super().transform_without_estimating(X)

    def predict(self, X: Any, **predict_kwargs: Any) -> np.ndarray:  # samples of any kind
        """Predict the labels of samples by the estimator.

        Parameters
        ----------
        X : array-like, sparse matrix, DataFrame or list of n_samples raw samples
            The samples.
        **predict_kwargs : dict
            Keyword arguments of the estimator's `predict`.

        Returns
        -------
        ndarray of shape (n_samples,)
            The labels.

        Raises
        ------
        NotFittedError
            If there are too few labels for a prediction.
        """
        self._check_labels_suffice()
        return np.asarray(super().predict(X, **predict_kwargs))

    def predict_proba(
        self,
        X: Any,  # samples of any kind
        **predict_proba_kwargs: Any,
    ) -> np.ndarray:
        """Return the class probabilities of samples by the estimator.

        Parameters
        ----------
        X : array-like, sparse matrix, DataFrame or list of n_samples raw samples
            The samples.
        **predict_proba_kwargs : dict
            Keyword arguments of the estimator's `predict_proba`.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of `classes_`.

        Raises
        ------
        NotFittedError
            If there are too few labels for a prediction.
        """
        self._check_labels_suffice()
        return np.asarray(super().predict_proba(X, **predict_proba_kwargs))

    def score(self, X: Any, y: ArrayLike, **score_kwargs: Any) -> float:  # samples of any kind
        """Return the score of the estimator on labelled samples: the accuracy of a classifier.

        Parameters
        ----------
        X : array-like, sparse matrix, DataFrame or list of n_samples raw samples
            The samples.
        y : array-like of shape (n_samples,)
            Their labels.
        **score_kwargs : dict
            Keyword arguments of the estimator's `score`.

        Returns
        -------
        float
            The score.

        Raises
        ------
        NotFittedError
            If there are too few labels for a prediction.
        """
        self._check_labels_suffice()
        return float(super().score(X, y, **score_kwargs))

    def _check_labels_suffice(self) -> None:
        if self._fit_error is not None and not is_fitted(self.estimator):
            classes = np.unique(np.asarray(self.y_training)).tolist()
            raise too_few_labels(self.estimator, classes, self._fit_error) from self._fit_error

    def __sklearn_is_fitted__(self) -> bool:
        return is_fitted(self.estimator)

    def __sklearn_tags__(self) -> Tags:
        tags: Tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.estimator_type = inner.estimator_type
        tags.classifier_tags = inner.classifier_tags
        tags.regressor_tags = inner.regressor_tags
        tags.target_tags = inner.target_tags
        tags.input_tags = inner.input_tags
        return tags

    # The names of the three methods below are those of modAL: its committees call them.

    def _add_training_data(self, X: Any, y: Any) -> None:
        check_labeled(X, y, finite=self.force_all_finite)
        self.X_training, self.y_training = self._with_training_set(X, y)

    def _fit_to_known(self, bootstrap: bool = False, **fit_kwargs: Any) -> IncrementalLearner:
        fit = partial(self._fit_on_rows, self.X_training, self.y_training, bootstrap, fit_kwargs)
        if is_classifier(self.estimator):
            blank = clone(self.estimator)
            self._fit_error = fit_or_restore(
                self.estimator, blank, fit, self.X_training, self.y_training, fit_kwargs
            )
        else:
            fit()
        self._knows_a_part = bootstrap
        return self

    def _fit_on_new(
        self, X: Any, y: Any, bootstrap: bool = False, **fit_kwargs: Any
    ) -> IncrementalLearner:
        self._fit_on_rows(X, y, bootstrap, fit_kwargs)
        self._knows_a_part = True
        return self

    def _fit_on_rows(self, X: Any, y: Any, bootstrap: bool, fit_kwargs: dict[str, Any]) -> None:
        if bootstrap:
            n_samples = X.shape[0] if hasattr(X, "shape") else len(X)
            # With numpy's global generator, a seeded modAL loop draws the same samples as before.
            chosen = check_random_state(None).choice(n_samples, n_samples, replace=True)
            X, y = rows_at(X, chosen), rows_at(y, chosen)
        self.estimator.fit(X, y, **fit_kwargs)

    def _fit_on_training_set(self, X: Any, y: Any, *, bootstrap: bool, **fit_kwargs: Any) -> None:
        known = self.X_training, self.y_training
        self.X_training, self.y_training = X, y
        try:
            self._fit_to_known(bootstrap=bootstrap, **fit_kwargs)
        except BaseException:
            self.X_training, self.y_training = known
            raise

    def _with_training_set(self, X: Any, y: Any) -> tuple[Any, Any]:
        if self.X_training is None:
            return X, y
        return stacked(self.X_training, X, name="X"), stacked(self.y_training, y, name="y")


def _takes_labels(estimator: Any) -> bool:
    last = estimator
    while isinstance(last, Pipeline) and not hasattr(last, "add_labeled"):
        last = last.steps[-1][1]
    return hasattr(last, "add_labeled") and is_fitted(estimator)


def _add_labeled(estimator: Any, X: Any, y: Any) -> None:
    while not hasattr(estimator, "add_labeled"):
        X = transformers(estimator).transform(X)
        estimator = estimator.steps[-1][1]
    estimator.add_labeled(X, y)
