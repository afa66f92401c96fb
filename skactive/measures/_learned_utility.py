"""A utility that a regressor has learned from simulated labels."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Hashable, Sequence
from typing import Any, ClassVar

import numpy as np
from sklearn.exceptions import NotFittedError

from skactive._engine.candidate_rank import CandidateRank
from skactive._engine.chosen_metric import chosen_metric
from skactive._engine.targets import check_kind
from skactive._estimators import check_regressor, is_fitted
from skactive.base import PoolView
from skactive.measures._base import Measure, known_labels
from skactive.measures._coverage import Coverage
from skactive.measures._density import InformationDensity
from skactive.measures._diversity import Diversity
from skactive.measures._uncertainty import Entropy, Margin

HINT = (
    "Hint: fit a regressor to the arrays of skactive.model_selection.simulated_gains, and pass it "
    "to LearnedUtility."
)
# Densities and distances in float32 differ in the last digits if the pool is in another order.
DECIMALS = 6


class LearnedUtility(Measure):
    """Measure utility as a regressor predicts it, which has learned from simulated labels.

    `skactive.model_selection.simulated_gains` simulates labels of data sets whose labels are known.
    For each label it records the `features` of the candidate, and the decrease of the error rate. A
    regressor fitted to them predicts by how much the label of a candidate lowers the error rate of
    another pool. The features have the same meaning for pools of any size, with any number of
    classes and of dimensions.

    Parameters
    ----------
    regressor : regressor, default=None
        A fitted regressor, such as
        ``HistGradientBoostingRegressor().fit(*simulated_gains(X, y))``. It is required for
        `utilities`, not for `features`. `sklearn.base.clone` keeps it fitted.
    metric : str, default=None
        The metric of densities, distances and coverage, which should be that of the simulation.
        None is the metric of an incremental classifier of the pool, else the cosine.

    Attributes
    ----------
    feature_names : tuple of str
        The names of the columns of `features`, see Notes.

    See Also
    --------
    skactive.model_selection.simulated_gains : Simulates the labels to learn from.
    skactive.strategies.ExpectedErrorReduction : The same, expected by the classifier itself.

    Notes
    -----
    With the class probabilities p₁ ≥ p₂ ≥ … of a candidate, the columns of `features` are:

    - highest_probability : p₁.
    - margin : p₁ - p₂.
    - entropy : -Σ p ln p, divided by the logarithm of the number of classes.
    - density_rank : the share of the candidates with a lower mean similarity to the pool. In each
      rank, half of the candidates with an equal value count, the candidate itself included.
    - distance_rank : the same for the distance to the nearest labelled sample.
    - coverage_rank : the same for the utility of `Coverage`.
    - uncertain_coverage_rank : the same, with the sums of `Coverage` weighted by `Margin`.
    - label_share : the share of the most probable class among the labels, times the number of
      classes; 1 if each class has as many labels.
    - log_labels, log_labels_per_class : the natural logarithms of the number of labels, and of
      this number divided by that of the classes.
    - mean_uncertainty : the mean of `Margin` over the candidates.

    The last three are the same for all candidates. Classes are those that have a label. On a Dask
    cluster, ranks and means are those in the partition of the candidate.

    Cost: that of `Coverage`, whose neighbour graph is built once, O(n_candidates log n_candidates)
    for the ranks, and a prediction of the regressor for each candidate, again for each sample of a
    batch. Without a posterior, every candidate gets 1.

    A copy by `sklearn.base.clone`, as in a grid search, has a copy of the fitted regressor.

    References
    ----------
    K. Konyushkova, R. Sznitman and P. Fua, "Learning active learning from data", NeurIPS 2017.

    Examples
    --------
    >>> from sklearn.datasets import load_iris, load_wine
    >>> from sklearn.ensemble import HistGradientBoostingRegressor
    >>> from skactive import ActiveLearner
    >>> from skactive.measures import LearnedUtility
    >>> from skactive.model_selection import simulated_gains
    >>> from skactive.neighbors import IncrementalKNeighborsClassifier
    >>> from skactive.strategies import UncertaintySampling
    >>> classifier = IncrementalKNeighborsClassifier()
    >>> features, gains = simulated_gains(
    ...     *load_iris(return_X_y=True), estimator=classifier, n_simulations=20, random_state=0
    ... )
    >>> regressor = HistGradientBoostingRegressor(random_state=0).fit(features, gains)
    >>> X, y = load_wine(return_X_y=True)
    >>> learner = ActiveLearner(classifier, UncertaintySampling(LearnedUtility(regressor)), X)
    >>> learner = learner.teach([0, 70, 150], y[[0, 70, 150]])
    >>> len(learner.query(n_instances=2))
    2
    """

    target_kinds = frozenset({"categorical"})

    feature_names: ClassVar[tuple[str, ...]] = (
        "highest_probability",
        "margin",
        "entropy",
        "density_rank",
        "distance_rank",
        "coverage_rank",
        "uncertain_coverage_rank",
        "label_share",
        "log_labels",
        "log_labels_per_class",
        "mean_uncertainty",
    )

    def __init__(
        self,
        regressor: Any = None,  # any regressor
        *,
        metric: str | None = None,
    ) -> None:
        self.regressor = regressor
        self.metric = metric

    def __sklearn_clone__(self) -> LearnedUtility:
        # The clone of a regressor is not fitted. A copy, because parameters of a strategy's clone
        # may be set, such as a `random_state` of None.
        return type(self)(**copy.deepcopy(self.get_params(deep=False)))

    def utilities(self, pool: PoolView) -> np.ndarray:
        check_kind(self, pool.target.kind)
        chosen_metric(self, pool)
        self._check_regressor()
        features = self.features(pool)
        if features is None or len(features) == 0:
            return np.ones(pool.n_candidates)
        with warnings.catch_warnings():
            # The regressor may have been fitted to a DataFrame of the same columns.
            warnings.filterwarnings("ignore", "X does not have valid feature names", UserWarning)
            return np.asarray(self.regressor.predict(features), dtype=np.float64).reshape(-1)

    def features(self, pool: PoolView) -> np.ndarray | None:
        """Return the numbers by which the regressor predicts the utility of each candidate.

        Parameters
        ----------
        pool : PoolView
            The candidates. It is not changed.

        Returns
        -------
        features : ndarray of shape (n_candidates, n_features) or None
            The columns are `feature_names`. None without a posterior.
        """
        check_kind(self, pool.target.kind)
        metric, _ = chosen_metric(self, pool)
        posterior = pool.posterior()
        if posterior is None:
            return None
        n, n_classes = posterior.shape
        if n == 0:
            return np.empty((0, len(self.feature_names)))
        two = np.sort(posterior, axis=1)[:, : -min(2, n_classes) - 1 : -1]
        lead = two[:, 0] - (two[:, 1] if n_classes > 1 else 0.0)
        entropies = Entropy().of_probabilities(posterior) / np.log(max(n_classes, 2))
        weights = Margin().utilities_everywhere(pool.whole)
        codes = np.searchsorted(pool.classes_, known_labels(pool))
        counts = np.bincount(codes, minlength=n_classes)
        n_labels = max(pool.n_labeled, 1)
        columns = [
            two[:, 0],
            lead,
            entropies,
            _ranks(InformationDensity(self.metric).utilities(pool)),
            _ranks(Diversity(self.metric, aggregate="min").utilities(pool)),
            _ranks(Coverage(metric=self.metric).utilities(pool)),
            _ranks(pool.coverage_gain(weights, metric=metric)),
            counts[posterior.argmax(axis=1)] * (n_classes / max(counts.sum(), 1)),
            np.full(n, np.log(n_labels)),
            np.full(n, np.log(n_labels / n_classes)),
            np.full(n, 1 - lead.mean()),
        ]
        return np.column_stack(columns)

    def sentence(
        self,
        value: float,
        rank: CandidateRank,
        posterior: tuple[Sequence[Hashable], Sequence[float]],
    ) -> str:
        if rank.n_lower == 0:
            return "No label is predicted to lower the error rate by less."
        change = f"lower the error rate by {100 * value:.2g} percentage points"
        if value < 0:
            change = f"raise the error rate by {-100 * value:.2g} percentage points"
        return f"Its label is predicted to {change}, which is better than for {rank.than()}."

    def _check_regressor(self) -> None:
        """Raise unless the regressor is fitted to the features."""
        check_regressor(self, "regressor", self.regressor)
        name = type(self.regressor).__name__
        if not is_fitted(self.regressor):
            raise NotFittedError(f"{name}, the regressor of LearnedUtility, is not fitted. {HINT}")
        n_features = getattr(self.regressor, "n_features_in_", len(self.feature_names))
        if n_features != len(self.feature_names):
            raise ValueError(
                f"{name}, the regressor of LearnedUtility, was fitted to {n_features} features, "
                f"but a candidate has {len(self.feature_names)}. {HINT}"
            )


def _ranks(values: np.ndarray) -> np.ndarray:
    """Return the share of lower values, with half of the equal ones; shape (n,)."""
    scale = np.abs(values).max() or 1.0
    values = np.round(np.asarray(values, dtype=np.float64) / scale, DECIMALS)
    ordered = np.sort(values)
    bounds = [np.searchsorted(ordered, values, side) for side in ("left", "right")]
    return np.asarray((bounds[0] + bounds[1]) / (2 * len(values)))
