"""The missing features to acquire next."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, clone, is_regressor
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_array
from sklearn.utils.validation import validate_data

from skactive._engine.cells import first_masked, first_text
from skactive._engine.continuous import LARGEST
from skactive._engine.labels import is_missing_label
from skactive._engine.normal_completion import NormalCompletion
from skactive._engine.numbers import TO_VECTORS, as_numbers
from skactive._engine.positions import array_of
from skactive._engine.targets import check_one_of, target_of
from skactive._estimators import NoUncertaintyError, check_classifier, class_probabilities
from skactive._rows import check_is_samples
from skactive._text import counted, shown
from skactive._validation import check_integer

# The smallest probability of a label: no logarithm is infinite.
SMALLEST = 0.01


class FeatureAcquisition:
    """Select the missing features to acquire next, and complete the table with those acquired.

    The labels of all samples are known. Some features are missing, and can be acquired at a cost,
    such as by a laboratory test or a question. The utility of an entry of the table is the variance
    of the loss of a model on the sample that is due to the missing value, to first order: the
    variance of the value given the known ones of the sample, times the square of the derivative of
    the loss by it. An entry that can be computed from others, or does not matter to the prediction,
    or belongs to a sample that is predicted well, has a low utility.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        The features as numbers, with NaN for each missing one. A copy is made.
    y : array-like of shape (n_samples,)
        The labels: classes, or numbers with a regressor.
    estimator : classifier or regressor, default=None
        The model. None is scikit-learn's `LogisticRegression` of standardised features. A
        classifier needs `predict_proba` or `decision_function`. Copies of it are fitted to
        `X_completed`.
    costs : array-like of shape (n_features,), default=None
        The cost of a value of each column, from 1e-150 to 1e150. Utilities are divided by it. With
        None, all columns cost the same.

    Attributes
    ----------
    X : ndarray of float64 of shape (n_samples, n_features)
        The table with the values acquired so far, and NaN for missing ones.
    X_completed : ndarray of float64 of shape (n_samples, n_features)
        The same, with expected values in place of NaN.
    y : ndarray of shape (n_samples,)
        The labels.
    n_missing : int
        The number of missing entries that can be queried.
    entries : ndarray of int of shape (n_answers, 2)
        The row and the column of each answer, in the order of `teach`.
    values : ndarray of float64 of shape (n_answers,)
        The answers; NaN for values that cannot be acquired.

    See Also
    --------
    skactive.ActiveLearner : Selects samples to label; no feature is missing.

    Notes
    -----
    Missing values are completed by their expected value under a multivariate normal distribution,
    which the EM algorithm fits to the known ones. The derivative is a difference quotient between
    one standard deviation of the column above and below. The loss is the logarithm of the
    probability of the label, of at least 0.01, or half the squared error in units of the spread of
    the labels.

    Few values say little about the effect of a column: the mean square of the derivatives of a
    sample by all columns is added to each, divided by one plus the number of known values of the
    column. A column without known values is thus queried, too.

    Ties go to the first row, then the first column. Nothing is drawn at random, unless by the
    estimator. All entries of a batch are chosen as if each were alone. The model is computed at
    the first use after an answer, and depends on the table only, not on the order of the answers.

    Cost: O(n_samples · n_features³) for the completion; one fit of the estimator and 2 n_features
    predictions of all samples for a query.

    References
    ----------
    S.-J. Huang, M. Xu, M.-K. Xie, M. Sugiyama, G. Niu and S. Chen, "Active feature acquisition with
    supervised matrix completion", KDD 2018, with a related criterion.

    A. P. Dempster, N. M. Laird and D. B. Rubin, "Maximum likelihood from incomplete data via the EM
    algorithm", Journal of the Royal Statistical Society B 39(1), 1977.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_iris
    >>> from skactive.learner import FeatureAcquisition
    >>> X, y = load_iris(return_X_y=True)
    >>> missing = np.random.default_rng(0).random(X.shape) < 0.6
    >>> acquisition = FeatureAcquisition(np.where(missing, np.nan, X), y)
    >>> entries = acquisition.query(3)
    >>> entries.shape
    (3, 2)
    >>> acquisition.n_missing
    345
    >>> acquisition = acquisition.teach(entries, X[entries[:, 0], entries[:, 1]])
    >>> acquisition.n_missing
    342
    >>> bool(np.isnan(acquisition.X_completed).any())
    False
    """

    def __init__(
        self,
        X: ArrayLike,
        y: ArrayLike,
        *,
        estimator: Any = None,  # scikit-learn has no type of all classifiers and regressors
        costs: ArrayLike | None = None,
    ) -> None:
        if estimator is None:
            estimator = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
        check_classifier(estimator, or_regressor=True)
        target = target_of(estimator)
        check_one_of(type(self).__name__, target.kind)
        table = _table(X)
        # It has the names of the columns of a DataFrame.
        self._named = BaseEstimator()
        validate_data(self._named, X, skip_check_array=True)
        labels = target.validate(y)
        if len(labels) != len(table):
            raise ValueError(
                f"X has {counted(len(table), 'sample')}, and y {counted(len(labels), 'label')}. "
                "Hint: give one label for each sample."
            )
        if len(np.unique(labels)) < 2:
            raise ValueError(
                f"All labels in y are {shown(labels[:1].tolist()[0])}. Hint: pass samples with "
                "different labels."
            )
        self.estimator = estimator
        self.costs = np.ones(table.shape[1]) if costs is None else _costs(costs, table.shape[1])
        self.y = labels.copy()
        # The largest distance of a label from the mean, in whole powers of 2: no digit is lost.
        self._exponent = 0
        if target.kind == "continuous":
            self._exponent = int(np.frexp(np.abs(labels - labels.mean()).max())[1])
        self._table = table
        self._answers: list[tuple[np.ndarray, np.ndarray]] = []
        self._completion: NormalCompletion | None = None

    @property
    def X(self) -> np.ndarray:
        """The table with the values acquired so far, and NaN for missing ones."""
        return self._table.copy()

    @property
    def X_completed(self) -> np.ndarray:
        """The table, with expected values in place of NaN."""
        return self._fitted().complete(self._table)[0]

    @property
    def entries(self) -> np.ndarray:
        """The row and the column of each answer, in the order of `teach`."""
        none = np.empty((0, 2), dtype=np.intp)
        return np.concatenate([none, *(entries for entries, _ in self._answers)])

    @property
    def values(self) -> np.ndarray:
        """The answers, NaN for values that cannot be acquired."""
        return np.concatenate([np.empty(0), *(values for _, values in self._answers)])

    @property
    def n_missing(self) -> int:
        """The number of missing entries that can be queried."""
        return int(self._is_open().sum())

    def query(self, n_instances: int = 1) -> np.ndarray:
        """Return the missing entries to acquire next, most useful first.

        Parameters
        ----------
        n_instances : int, default=1
            The number of entries, at least 1 and at most `n_missing`.

        Returns
        -------
        entries : ndarray of int of shape (n_instances, 2)
            The row and the column of each entry.

        Raises
        ------
        ValueError
            If fewer entries are missing, without those that cannot be acquired.
        """
        n_instances = check_integer(self, "n_instances", n_instances, minimum=1)
        is_open = self._is_open()
        n_missing = int(is_open.sum())
        if n_instances > n_missing:
            raise ValueError(
                f"query cannot return {counted(n_instances, 'entry', 'entries')}: "
                f"{counted(n_missing, 'missing entry', 'missing entries')} "
                f"{'is' if n_missing == 1 else 'are'} left to acquire."
            )
        entries = np.argwhere(is_open)
        utilities = (self._utilities() / self.costs)[is_open]
        return np.asarray(entries[np.argsort(-utilities, kind="stable")[:n_instances]])

    def teach(self, entries: ArrayLike, values: ArrayLike) -> FeatureAcquisition:
        """Learn the values of entries, queried or not.

        Parameters
        ----------
        entries : array-like of int of shape (n_entries, 2) or (2,)
            The row and the column of each entry, or of one.
        values : array-like of shape (n_entries,), or number
            The values. NaN, None or a masked entry stands for a value that cannot be acquired: the
            entry is not queried again, but may be taught later.

        Returns
        -------
        self : FeatureAcquisition
            With the values.

        Raises
        ------
        ValueError
            If an entry is known already or named twice, or a value is infinite. Nothing is learnt.
        """
        places = _entries(entries, self._table.shape)
        numbers = _values(values, len(places))
        rows, columns = places.T
        known = np.flatnonzero(~np.isnan(self._table[rows, columns]))
        if len(known):
            place = tuple(places[known[0]].tolist())
            raise ValueError(
                f"entries[{known[0]}], {place}, is known already: {self._table[place]}. Hint: undo "
                "takes back the last answers."
            )
        if len(places):
            self._table[rows, columns] = numbers
            self._answers.append((places, numbers))
            self._completion = None
        return self

    def undo(self) -> np.ndarray:
        """Take back the answers of the last call of `teach`.

        Returns
        -------
        entries : ndarray of int of shape (n_entries, 2)
            The entries, which are missing again.

        Raises
        ------
        ValueError
            If there is nothing to undo.
        """
        if not self._answers:
            raise ValueError("There is no answer to take back.")
        entries, _ = self._answers.pop()
        self._table[entries[:, 0], entries[:, 1]] = np.nan
        self._completion = None
        return entries

    def complete(self, X: ArrayLike) -> np.ndarray:
        """Complete other samples, such as those to predict, by the values of the table.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The samples, with NaN for each missing feature.

        Returns
        -------
        X_completed : ndarray of float64 of shape (n_samples, n_features)
            With expected values in place of NaN.

        Raises
        ------
        ValueError
            If X has another number of features than the table, or both are DataFrames and their
            columns differ.
        """
        table, n_features = _table(X), self._table.shape[1]
        if hasattr(X, "columns") and hasattr(self._named, "feature_names_in_"):
            validate_data(self._named, X, reset=False, skip_check_array=True)
        if table.shape[1] != n_features:
            raise ValueError(
                f"X has {counted(table.shape[1], 'feature')}, but the table has {n_features}. "
                "Hint: pass the columns of the table."
            )
        return self._fitted().complete(table)[0]

    def __repr__(self) -> str:
        n_samples, n_features = self._table.shape
        return (
            f"{type(self).__name__}({counted(n_samples, 'sample')}, "
            f"{counted(n_features, 'feature')}, {self.n_missing:,} missing)"
        )

    def _fitted(self) -> NormalCompletion:
        if self._completion is None:
            self._completion = NormalCompletion(self._table)
        return self._completion

    def _is_open(self) -> np.ndarray:
        """Return which entries are missing and can be acquired."""
        is_open = np.isnan(self._table)
        rows, columns = self.entries.T
        is_open[rows, columns] = False
        return is_open

    def _utilities(self) -> np.ndarray:
        """Return the variance of the loss that is due to each entry."""
        completion = self._fitted()
        completed, variances = completion.complete(self._table)
        model = clone(self.estimator).fit(completed, self.y)
        squares = np.zeros(completed.shape)
        for column, spread in enumerate(completion.spread):
            shifted = completed.copy()
            shifted[:, column] += spread
            above = self._losses(model, shifted)
            shifted[:, column] = completed[:, column] - spread
            squares[:, column] = ((above - self._losses(model, shifted)) / 2) ** 2
        unsure = squares.mean(axis=1, keepdims=True) / (1 + completion.n_known)
        return np.asarray((squares + unsure) * variances)

    def _losses(self, model: Any, X: np.ndarray) -> np.ndarray:
        """Return the loss of a fitted model on each sample."""
        if is_regressor(model):
            errors = np.ravel(model.predict(X)) - self.y
            return np.asarray(np.ldexp(errors, -self._exponent) ** 2 / 2)
        try:
            probabilities = class_probabilities(model, X)
        except NoUncertaintyError as error:
            raise TypeError(
                f"FeatureAcquisition needs the probabilities of the classes, and "
                f"{type(model).__name__} has neither predict_proba nor decision_function. Hint: "
                "choose a classifier that has one of them."
            ) from error
        places = np.searchsorted(model.classes_, self.y)
        own = np.asarray(probabilities)[np.arange(len(X)), places]
        return -np.log(np.maximum(own, SMALLEST))


def _table(X: Any) -> np.ndarray:
    """Return a copy of features as float64 with NaN for missing ones, or raise."""
    check_is_samples(X, "X")
    if sp.issparse(X):
        raise TypeError(
            f"X must be a dense table, in which NaN marks a missing value. Got {shown(X)} instead. "
            "Hint: pass X.toarray()."
        )
    if isinstance(X, np.ma.MaskedArray):
        X = np.ma.filled(X.astype(np.float64 if X.dtype.kind in "biuf" else object), np.nan)
    elif hasattr(X, "notna"):
        # pandas has several missing values, in columns of objects.
        X = X.where(X.notna(), np.nan)
    text = first_text(X)
    if text is not None:
        place, cell = text
        raise ValueError(
            f"X{list(place)} is {shown(cell)}, which is not a number. Hint: encode categories as "
            "numbers; NaN stands for a missing value."
        )
    try:
        numbers = as_numbers(X, "X")
    except TypeError as error:
        # There is no Pipeline here.
        raise TypeError(str(error).replace(TO_VECTORS, "pass numbers or NaN.")) from error
    shape = np.shape(numbers)
    if len(shape) != 2 or 0 in shape:
        raise ValueError(
            "X must be a table of one sample and one feature or more, of shape (n_samples, "
            f"n_features). Got one of shape {shape} instead. Hint: pass a row for each sample."
        )
    # A number too large for float64 becomes infinite, and is refused.
    with np.errstate(over="ignore"):
        checked = check_array(numbers, dtype=np.float64, ensure_all_finite=False, copy=True)
    _check_size(checked, "X")
    return np.asarray(checked)


def _check_size(values: np.ndarray, name: str) -> None:
    """Raise if the square of a number may be infinite; NaN is none."""
    large = np.argwhere(np.abs(values) > LARGEST)
    if len(large):
        place = tuple(large[0].tolist())
        raise ValueError(
            f"{name}{list(place)} is {values[place]}, beyond ±{LARGEST:g}. Hint: scale the "
            "features; NaN stands for a missing value."
        )


def _costs(costs: ArrayLike, n_features: int) -> np.ndarray:
    masked = first_masked(costs)
    if masked is not None:
        raise ValueError(
            f"In the 'costs' parameter of FeatureAcquisition, that of the column {masked} is "
            "masked. Hint: give every column a cost."
        )
    values = array_of(costs)
    if values.shape != (n_features,) or values.dtype.kind not in "iuf":
        raise ValueError(
            "The 'costs' parameter of FeatureAcquisition must be one number for each of "
            f"{counted(n_features, 'feature')}. Got {shown(costs)} instead."
        )
    numbers = values.astype(np.float64)
    wrong = np.flatnonzero(~((numbers >= 1 / LARGEST) & (numbers <= LARGEST)))
    if wrong.size:
        raise ValueError(
            f"The cost of a feature must be a number from {1 / LARGEST:g} to {LARGEST:g}. In the "
            f"'costs' parameter of FeatureAcquisition, that of the column {wrong[0]} is "
            f"{numbers[wrong[0]]}."
        )
    return numbers


def _entries(entries: ArrayLike, shape: tuple[int, ...]) -> np.ndarray:
    """Return entries as an array of shape (n, 2), or raise."""
    if np.ma.is_masked(entries):
        raise TypeError(
            f"The entries are masked in part: {shown(entries)}. Hint: query returns such an array."
        )
    places = np.atleast_2d(array_of(entries))
    if places.size == 0 and places.shape in {(1, 0), (0, 2)}:
        return np.empty((0, 2), dtype=np.intp)
    if places.ndim != 2 or places.shape[1] != 2 or places.dtype.kind not in "iu":
        raise TypeError(
            f"The entries must be pairs of integers, the row and the column of each. Got "
            f"{shown(entries)} instead. Hint: query returns such an array."
        )
    outside = np.flatnonzero(((places < 0) | (places >= shape)).any(axis=1))
    if len(outside):
        raise IndexError(
            f"entries[{outside[0]}] is {tuple(places[outside[0]].tolist())}, which is not in a "
            f"table of {shape[0]} rows and {shape[1]} columns."
        )
    places = places.astype(np.intp)
    _, first = np.unique(places, axis=0, return_index=True)
    if len(first) < len(places):
        again = np.setdiff1d(np.arange(len(places)), first)[0]
        raise ValueError(
            f"entries[{again}], {tuple(places[again].tolist())}, is named twice. Hint: give each "
            "entry once."
        )
    return places


def _values(values: ArrayLike, n_entries: int) -> np.ndarray:
    """Return values as an array of one number or NaN for each entry, or raise."""
    unmasked: Any = values
    if isinstance(values, np.ma.MaskedArray):
        # Masked values become None.
        unmasked = values.tolist()
    elif isinstance(values, list | tuple):
        unmasked = [None if one is np.ma.masked else one for one in values]
    given = np.atleast_1d(array_of(unmasked))
    if given.dtype.kind == "O":
        plain = [np.nan if is_missing_label(one) else one for one in given.ravel().tolist()]
        given = array_of(plain).reshape(given.shape) if given.ndim == 1 else given
    if given.ndim != 1 or (given.size and given.dtype.kind not in "biuf"):
        raise TypeError(
            f"The values must be numbers, NaN for those that cannot be acquired. Got "
            f"{shown(values)} instead."
        )
    if len(given) != n_entries:
        raise ValueError(
            f"values has {counted(len(given), 'value')} for "
            f"{counted(n_entries, 'entry', 'entries')}. Hint: give one value for each entry."
        )
    numbers = given.astype(np.float64)
    _check_size(numbers, "values")
    return numbers
