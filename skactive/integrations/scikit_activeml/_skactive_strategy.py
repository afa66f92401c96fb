"""A query strategy of skactive as a strategy of scikit-activeml."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import clone

from skactive._engine.external_posterior import ExternalPosterior
from skactive._engine.targets import recorded_labels, target_of
from skactive._random_state import seeded
from skactive._validation import check_strategy
from skactive.integrations.scikit_activeml._package import activeml
from skactive.learner import ActiveLearner
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.pool import Batch, Pool
from skactive.strategies import CDFProduct, QueryStrategy

if TYPE_CHECKING:
    from skactiveml.base import SingleAnnotatorPoolQueryStrategy as _PoolStrategy
else:
    # The public class has scikit-activeml's class as a second base, so that this module needs no
    # scikit-activeml.
    _PoolStrategy = object


class WrappedStrategy(_PoolStrategy):
    """Choose candidates by a strategy of skactive, as a strategy of scikit-activeml.

    A subclass of ``skactiveml.base.SingleAnnotatorPoolQueryStrategy`` with its conventions:
    unlabelled samples are marked in `y`, and utilities have a row for each chosen sample.

    Parameters
    ----------
    strategy : QueryStrategy, default=None
        The strategy. None takes `CDFProduct()`, not the default of `ActiveLearner`, which would
        build a neighbour graph for every query.
    missing_label : scalar, str, None or nan, default=nan
        The value of a missing label in `y`.
    random_state : int, RandomState instance or None, default=None
        Seeds each `random_state` of `strategy` that is None. If this is None too, ties are broken
        by position.

    See Also
    --------
    ActivemlStrategy : A strategy of scikit-activeml in skactive.

    Notes
    -----
    Each query creates a new pool, so that it costs as much as the first query of `ActiveLearner`,
    which is faster in a loop.

    Examples
    --------
    >>> import numpy as np
    >>> from skactive.integrations.scikit_activeml import SkactiveStrategy
    >>> from skactive.strategies import KCenterGreedy
    >>> X, y = np.array([[0.0], [1.0], [2.0], [9.0]]), np.array([0, np.nan, np.nan, np.nan])
    >>> strategy = SkactiveStrategy(KCenterGreedy("euclidean"))
    >>> strategy.query(X, y, batch_size=2, return_utilities=True)
    (array([3, 2]), array([[nan,  1.,  2.,  9.],
           [nan,  1.,  2., nan]]))
    """

    def __init__(
        self,
        strategy: QueryStrategy | None = None,
        missing_label: float | str | None = np.nan,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        super().__init__(missing_label=missing_label, random_state=random_state)
        self.strategy = strategy

    def query(
        self,
        X: ArrayLike,
        y: ArrayLike,
        clf: Any = None,  # a classifier of any package
        fit_clf: bool = True,
        candidates: ArrayLike | None = None,
        batch_size: int = 1,
        return_utilities: bool = False,
        reg: Any = None,  # a regressor of any package
        fit_reg: bool = True,
    ) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
        """Choose the samples to label next.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            All samples, labelled or not.
        y : array-like of shape (n_samples,)
            Their labels, `missing_label` for unlabelled samples.
        clf : classifier, default=None
            The source of class probabilities: a classifier of scikit-activeml, scikit-learn or
            skactive. None takes `IncrementalKNeighborsClassifier()`.
        fit_clf : bool, default=True
            Whether to fit a copy of `clf` to the labelled samples; False uses the fitted `clf`.
        candidates : array-like of shape (n_candidates,) or (n_candidates, n_features), default=None
            The candidates: positions of unlabelled samples, or other samples. None takes all
            unlabelled samples.
        batch_size : int, default=1
            Number of samples. If it is above the number of candidates, all are chosen, with a
            warning.
        return_utilities : bool, default=False
            Whether to return the utilities of all candidates as well.
        reg : regressor, default=None
            The source of predictions, in place of `clf`, if labels are numbers: a regressor of any
            of the packages. Strategies that need standard deviations take those of
            ``predict(X, return_std=True)``.
        fit_reg : bool, default=True
            Whether to fit a copy of `reg` to the labelled samples; False uses the fitted `reg`.

        Returns
        -------
        query_indices : ndarray of int of shape (batch_size,)
            Positions in X, or in `candidates` if these are samples, most useful first.
        utilities : ndarray of shape (batch_size, n_samples) or (batch_size, n_candidates)
            Only if `return_utilities`: the utility of each candidate at each choice; nan for
            other samples and for candidates that were chosen before.
        """
        if clf is not None and reg is not None:
            raise ValueError(
                "Both `clf` and `reg` were passed. Hint: pass `reg` if labels are numbers, else "
                "`clf`."
            )
        if candidates is None and activeml().utils.is_labeled(y, self.missing_label).all():
            raise ValueError(
                f"No sample is unlabelled: missing_label={self.missing_label!r} is not in y. Hint: "
                "pass the value that marks unlabelled samples in y as missing_label."
            )
        samples, labels, given, batch_size, return_utilities = self._validate_data(
            X, y, candidates, batch_size, return_utilities, reset=True
        )
        strategy = CDFProduct() if self.strategy is None else check_strategy(self.strategy)
        if self.random_state is not None:
            strategy = seeded(strategy, int(self.random_state_.randint(2**31 - 1)))
        among = given if given is None or given.ndim == 1 else None
        outside = None if among is not None else given
        estimator, fits = (clf, fit_clf) if reg is None else (reg, fit_reg)
        pool = self._pool(samples, labels, estimator, fits, outside)
        indices, chosen = strategy.select(pool, batch_size, candidates=among)
        if not return_utilities:
            return indices
        return indices, _all_utilities(strategy, Batch(pool, among), indices, chosen)

    def _pool(self, X: Any, y: Any, estimator: Any, fits: bool, samples: Any) -> Pool:
        """Return a pool of X, or of samples outside X, with the labels."""
        theirs = activeml()
        labeled = np.flatnonzero(theirs.utils.is_labeled(y, self.missing_label_))
        target = target_of(estimator)
        labels = recorded_labels(y[labeled], target)
        pool_X, seed = X, {}
        if samples is not None:
            pool_X = samples
            if len(labeled):
                seed = {"X_labeled": X[labeled], "y_labeled": labels}
        base = theirs.base
        is_theirs = isinstance(estimator, base.SkactivemlClassifier | base.SkactivemlRegressor)
        if fits and not is_theirs:
            own = IncrementalKNeighborsClassifier() if estimator is None else clone(estimator)
            learner = ActiveLearner(own, X_pool=pool_X, **seed)
            if samples is None and len(labeled):
                learner.teach(labeled, labels)
            pool: Pool = learner.pool
            return pool
        if fits:
            can_fit = len(labeled) > 0 or getattr(estimator, "classes", None) is not None
            estimator = clone(estimator).fit(X, y) if can_fit else None
        pool = Pool(
            pool_X, estimator=estimator, posterior_source=ExternalPosterior, target=target, **seed
        )
        if samples is None and len(labeled):
            pool.add_labels(labeled, labels)
        return pool


def _all_utilities(
    strategy: QueryStrategy, batch: Batch, indices: np.ndarray, chosen: np.ndarray
) -> np.ndarray:
    """Return the utility of each candidate at each choice, nan for other samples."""
    utilities = np.full((len(indices), batch.n_samples), np.nan)
    for place, index in enumerate(indices.tolist()):
        utilities[place, batch.candidates] = strategy.utilities(batch)
        utilities[place, index] = chosen[place]
        if place < len(indices) - 1:
            batch.pick(index)
    return utilities
