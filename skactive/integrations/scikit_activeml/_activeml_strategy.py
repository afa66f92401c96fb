"""A query strategy of scikit-activeml as a strategy of skactive."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike
from sklearn.base import clone, is_regressor
from sklearn.ensemble import BaggingClassifier, BaggingRegressor, BaseEnsemble
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeRegressor
from sklearn.utils.validation import has_fit_parameter

from skactive._engine.cold_start import cold_start_utilities, has_two_classes
from skactive._engine.features import in_memory
from skactive._engine.label_arrays import positions_of, union
from skactive._engine.labels import check_labels
from skactive._engine.targets import check_kind
from skactive._text import shown
from skactive.base import LabelingPool, PoolView
from skactive.integrations._pool_estimator import estimator_like
from skactive.integrations.scikit_activeml._different_candidates import different_candidates
from skactive.integrations.scikit_activeml._package import activeml
from skactive.strategies import QueryStrategy

# The names in scikit-activeml of the estimator, or estimators, that a strategy uses.
ROLES = ("clf", "reg", "estimator", "ensemble", "discriminator")
N_MEMBERS = 10
# They take a distribution of each label.
OF_DISTRIBUTIONS = {
    "ExpectedModelOutputChange",
    "ExpectedModelVarianceReduction",
    "KLDivergenceMaximization",
}


class ActivemlStrategy(QueryStrategy):
    """Choose candidates by a pool-based strategy of scikit-activeml.

    Any strategy of ``skactiveml.pool`` for one annotator can be used in `ActiveLearner`,
    `BudgetedClassifier`, `BudgetedRegressor` and `compare_strategies` like the built-in ones. It
    gets the features of the pool, and labels that are numbers, or the positions of labels among the
    sorted classes; its own `missing_label` and `classes`, and those of `estimator`, are set
    accordingly.

    Parameters
    ----------
    strategy : skactiveml.base.SingleAnnotatorPoolQueryStrategy
        The strategy, such as ``CoreSet()``; it is copied for each query.
    estimator : classifier, regressor or list of them, default=None
        The estimator of a strategy that needs one (`clf`, `reg`, `ensemble` or `discriminator` in
        its `query`), of scikit-learn or scikit-activeml. None takes the estimator of the pool, or
        one of scikit-activeml if the strategy needs it, see Notes.
    query_params : dict, default=None
        Further arguments of its `query`, by name, such as ``{"utility_weight": weights}``. A
        classifier among them takes precedence over `estimator`; its classes are set too.

    Attributes
    ----------
    target_kinds : frozenset of str
        The kinds of labels that the strategy can be used with.

    See Also
    --------
    SkactiveStrategy : A strategy of skactive in scikit-activeml.
    skactive.integrations.modal.ModalStrategy : The same for functions of modAL.

    Notes
    -----
    The strategy's own `random_state` controls random numbers and ties; with None, two equal
    queries may return different samples, as in scikit-activeml. `compare_strategies` seeds it.

    If `estimator` is None, the estimator of the pool is fitted to the labelled samples for each
    query; `IncrementalLabelSpreading`, which needs the whole pool, is replaced by nearest
    neighbours. A committee is 10 of them on bootstrap samples. Of the strategies for regression,
    those that take a distribution of each label use a `NICKernelRegressor` if the regressor has no
    `return_std`, and `RegressionTreeBasedAL` a decision tree. Strategies that count class
    frequencies (`ProbabilisticAL`, `EpistemicUncertaintySampling`) use a `ParzenWindowClassifier`,
    and so do strategies that reduce the expected error if the classifier takes no sample weights;
    `FourDs` uses a `MixtureModelClassifier`, `DiscriminativeAL` logistic regression.

    If the strategy returns a sample twice, or one that is no candidate, the candidates with the
    next largest of its utilities take their places.

    A strategy that needs an estimator or classes starts when two different labels are known,
    `DiscriminativeAL` after one label. Until then the most central candidate is chosen first, then
    the candidate farthest from all labelled samples.

    Cost: that of the strategy, and of fitting its classifier; nothing is cached between queries.
    Strategies for several annotators cannot be used.

    References
    ----------
    D. Kottke, M. Herde, T. Pham Minh, A. Benz, P. Mergard, A. Roghman, C. Sandrock and B. Sick,
    "scikit-activeml: A Library and Toolbox for Active Learning Algorithms", 2021.

    Examples
    --------
    >>> from skactiveml.pool import CoreSet
    >>> from skactive import ActiveLearner
    >>> from skactive.integrations.scikit_activeml import ActivemlStrategy
    >>> X = [[0.0], [1.0], [2.0], [9.0]]
    >>> learner = ActiveLearner(strategy=ActivemlStrategy(CoreSet(random_state=0)), X_pool=X)
    >>> learner.teach([0], ["near"]).query()
    array([3])
    """

    def __init__(
        self,
        strategy: Any,  # scikit-activeml is optional
        estimator: Any = None,  # a classifier of either package, or a list of them
        *,
        query_params: dict[str, Any] | None = None,
    ) -> None:
        self.strategy = strategy
        self.estimator = estimator
        self.query_params = query_params

    @property
    def target_kinds(self) -> frozenset[str]:  # type: ignore[override]  # depends on the strategy
        """The kinds of labels that the strategy can be used with."""
        arguments = self._arguments()
        if "reg" in arguments:
            both = {"categorical", "continuous"} if "clf" in arguments else {"continuous"}
            return frozenset(both)
        of_classes = {"clf", "estimator", "discriminator"}
        # Of the committees, this one alone accepts regressors.
        is_committee = "ensemble" in arguments and self._name() != "QueryByCommittee"
        if is_committee or of_classes & arguments or "classes" in self._own_params():
            return frozenset({"categorical"})
        return frozenset({"categorical", "continuous"})

    def utilities(self, pool: PoolView) -> np.ndarray:
        """Return the utility of each candidate.

        Parameters
        ----------
        pool : PoolView
            The candidates to choose from. It is not changed.

        Returns
        -------
        utilities : ndarray of shape (n_candidates,)
            The utilities. Candidates that the strategy does not consider have the smallest one.
        """
        if self._waits(pool):
            return cold_start_utilities(pool, "euclidean")
        _, utilities = self._query(pool.whole, pool.candidates, 1)
        values = utilities[0, pool.candidates]
        considered = np.isfinite(values)
        lowest = values[considered].min() if considered.any() else 0.0
        return np.where(considered, values, lowest)

    def select(
        self, pool: LabelingPool, n_instances: int = 1, *, candidates: ArrayLike | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Choose candidates, in the order of the strategy.

        Parameters
        ----------
        pool : LabelingPool
            The pool to choose from. It is not changed.
        n_instances : int, default=1
            Number of samples, at least 1 and at most ``pool.n_candidates``.
        candidates : array-like of int of shape (n,), default=None
            Positions to choose from, labelled and skipped ones excluded; None takes all
            candidates of the pool.

        Returns
        -------
        indices : ndarray of int of shape (n_instances,)
            Positions in the pool, without repetition.
        utilities : ndarray of shape (n_instances,)
            The utility of each when it was chosen.

        Raises
        ------
        TypeError
            If `strategy` is not a pool-based strategy of scikit-activeml, it is for another kind of
            labels, or the pool is sparse.
        ValueError
            If fewer candidates are left, the strategy returns too few and has no utilities for
            others, or raises it.
        """
        check_kind(self, pool.target.kind)
        if self._waits(pool):
            return super().select(pool, n_instances, candidates=candidates)
        batch = pool.batch(self, candidates)
        self._check_n_instances(batch, n_instances)
        indices, utilities = self._query(pool, batch.candidates, n_instances)
        name = f"{self._name()} of scikit-activeml"
        return different_candidates(name, indices, utilities, batch.candidates, n_instances)

    def _tie_break(self, pool: PoolView) -> np.ndarray | None:
        return None

    def _waits(self, pool: PoolView) -> bool:
        """Return whether the strategy needs more labels."""
        whole, arguments = pool.whole, self._arguments()
        if "discriminator" in arguments:
            return whole.n_labeled == 0
        needs_labels = not arguments.isdisjoint(ROLES) or "classes" in self._own_params()
        return needs_labels and not has_two_classes(whole)

    def _name(self) -> str:
        return type(_innermost(self.strategy)).__name__

    @property
    def name_of_kind_error(self) -> str:
        """The name of the strategy in the error about labels of another kind."""
        return f"{self._name()} of scikit-activeml"

    def _query(self, pool: PoolView, candidates: np.ndarray, n: int) -> tuple[Any, np.ndarray]:
        if sp.issparse(pool.X):
            raise TypeError(
                f"{type(self.strategy).__name__} of scikit-activeml needs dense features, but "
                "those of the pool are sparse. Hint: put sklearn.decomposition.TruncatedSVD before "
                "the classifier."
            )
        classes = None if pool.target.kind == "continuous" else self._classes(pool)
        X, y = _samples_and_codes(pool, classes)
        takes_all = len(candidates) == pool.n_samples - len(pool.labeled)
        # The probability of a class is 0 for a member of a committee without a sample of it.
        with warnings.catch_warnings(), np.errstate(divide="ignore"):
            # Among the first labels, most classes have one sample.
            warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)
            # In a loop, queries of one sample are usual.
            warnings.filterwarnings("ignore", "This query strategy was originally", UserWarning)
            # A bootstrap sample may have too few labels. scikit-activeml then predicts their mean.
            warnings.filterwarnings("ignore", ".*'estimator' could not be fitted", UserWarning)
            answer = _encoded(self.strategy, classes, self._seed()).query(
                X,
                y,
                candidates=None if takes_all else candidates,
                batch_size=int(n),
                return_utilities=True,
                **self._query_params(pool, classes),
            )
        # `RegressionTreeBasedAL` returns a column.
        return np.ravel(answer[0]), np.asarray(answer[1], dtype=np.float64)

    def _arguments(self) -> set[str]:
        """Return the names of the arguments of the strategy's `query`."""
        base = activeml().base
        if not isinstance(self.strategy, base.SingleAnnotatorPoolQueryStrategy):
            raise TypeError(
                "ActivemlStrategy needs a pool-based strategy of scikit-activeml for one annotator,"
                f" such as CoreSet(). Got {shown(self.strategy)} instead."
            )
        return set(inspect.signature(_innermost(self.strategy).query).parameters)

    def _own_params(self) -> set[str]:
        return {name.split("__")[-1] for name in self.strategy.get_params()}

    def _classes(self, pool: PoolView) -> np.ndarray:
        """Return the classes of the pool and of the strategy, sorted."""
        known = pool.classes_
        for name, declared in self.strategy.get_params().items():
            if name.split("__")[-1] == "classes" and declared is not None:
                known = union(known, check_labels(declared))
        return known

    def _query_params(self, pool: PoolView, classes: np.ndarray | None) -> dict[str, Any]:
        params = dict(self.query_params or {})
        for role in self._arguments() & set(ROLES) - {"reg" if classes is not None else "clf"}:
            if role not in params:
                params[role] = self._estimator(pool, role)
        for name in set(params) & set(ROLES):
            params[name] = _wrapped(params[name], name, classes, self._seed())
        return params

    def _seed(self) -> Any:
        return getattr(self.strategy, "random_state", None)

    def _estimator(self, pool: PoolView, role: str) -> Any:
        if self.estimator is not None:
            return self.estimator
        own, name = estimator_like(pool), self._name()
        if name == "RegressionTreeBasedAL":
            return DecisionTreeRegressor(min_samples_leaf=5)
        if name in OF_DISTRIBUTIONS and not gives_deviation(own):
            return activeml().regressor.NICKernelRegressor(metric_dict={"gamma": _gamma(pool)})
        if role == "discriminator":
            return LogisticRegression(max_iter=1000)
        theirs = activeml().classifier
        if name == "FourDs":
            return theirs.MixtureModelClassifier()
        counts = name in {"ProbabilisticAL", "EpistemicUncertaintySampling"}
        weighs = "sample_weight_candidates" in self._arguments() or "ValueOfInfo" in name
        if counts or (weighs and not has_fit_parameter(own, "sample_weight")):
            return theirs.ParzenWindowClassifier(metric_dict={"gamma": _gamma(pool)})
        return own


def _innermost(strategy: Any) -> Any:
    """Return the strategy inside wrappers of scikit-activeml, such as `SubSamplingWrapper`."""
    while getattr(strategy, "query_strategy", None) is not None:
        strategy = strategy.query_strategy
    return strategy


def gives_deviation(regressor: Any) -> bool:
    """Return whether a regressor predicts standard deviations."""
    return "return_std" in inspect.signature(regressor.predict).parameters


def _gamma(pool: PoolView) -> float:
    """Return the bandwidth of scikit-learn's SVC; that of scikit-activeml needs scaled features."""
    variance: float = pool.cached(
        ("variance",), lambda: float(np.var(in_memory(pool.X), dtype=np.float64))
    )
    return 1.0 / (pool.X.shape[1] * variance) if variance > 0 else 1.0


def _samples_and_codes(pool: PoolView, classes: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Return the pool's samples, then the seed set, and their numbers, codes of classes, or NaN."""

    def codes(labels: np.ndarray) -> np.ndarray:
        return labels if classes is None else positions_of(labels, classes)

    X, y = in_memory(pool.X), np.full(pool.n_samples, np.nan)
    if classes is None:
        # Their distributions of numbers fail with float32.
        X = X.astype(np.float64)
    y[pool.labeled] = codes(pool.labels)
    X_outside, y_outside = pool.labeled_outside()
    if X_outside is not None and y_outside is not None:
        X = np.vstack([X, X_outside])
        y = np.concatenate([y, codes(y_outside)])
    return X, y


def _wrapped(estimator: Any, role: str, classes: np.ndarray | None, seed: Any) -> Any:
    """Return copies of estimators in the form that scikit-activeml needs."""
    theirs = activeml()
    if isinstance(estimator, list | tuple):
        return [_wrapped(one, "member", classes, seed) for one in estimator]
    base = theirs.base
    if not isinstance(estimator, base.SkactivemlClassifier | base.SkactivemlRegressor):
        votes = isinstance(estimator, BaseEnsemble) or hasattr(estimator, "estimators")
        numbers = is_regressor(estimator)
        if role == "ensemble" and not votes:
            bagging = BaggingRegressor if numbers else BaggingClassifier
            estimator = bagging(estimator, n_estimators=N_MEMBERS)
        if numbers:
            names = theirs.regressor
            normal = role == "reg" and gives_deviation(estimator)
            wrapper = names.SklearnNormalRegressor if normal else names.SklearnRegressor
        else:
            wrapper = theirs.classifier.SklearnClassifier
        estimator = wrapper(estimator)
    return _encoded(estimator, classes, seed)


def _encoded(theirs: Any, classes: np.ndarray | None, seed: Any) -> Any:
    """Return a copy of an object of scikit-activeml, set to the encoding of the labels."""
    copied = clone(theirs)
    params: dict[str, Any] = {}
    for name, value in copied.get_params().items():
        last = name.split("__")[-1]
        if last == "missing_label":
            params[name] = np.nan
        elif last == "classes" and classes is not None:
            params[name] = list(range(len(classes)))
        elif last == "random_state" and value is None and isinstance(seed, int | np.integer):
            params[name] = int(seed)
    return copied.set_params(**params)
