"""The samples of a stream in the forms in which they arrive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from skactive._engine.cells import first_masked, first_text
from skactive._engine.continuous import LARGEST
from skactive._engine.numbers import FILL_IN, as_numbers
from skactive._rows import check_is_samples
from skactive._text import shown

# The same as `LARGEST` for float32: sums of squares of a few hundred features are finite.
LARGEST_32 = 1e18


def is_one_sample(X: Any) -> bool:
    """Return whether X is a single sample: a dict, a Series or a row of numbers."""
    if isinstance(X, Mapping):
        return True
    if hasattr(X, "iloc"):
        return not hasattr(X, "columns")
    if hasattr(X, "ndim"):
        return bool(X.ndim == 1)
    if not hasattr(X, "__len__") or len(X) == 0:
        return False
    return np.ndim(X[0]) == 0 and not isinstance(X[0], Mapping)


def as_batch(X: Any, names: tuple[Any, ...] | None) -> tuple[Any, tuple[Any, ...] | None]:
    """Return one sample or several as a batch, and the keys of a dict.

    Parameters
    ----------
    X : dict, list of dicts, or array-like of shape (n_features,) or (n_samples, n_features)
        One sample or a batch.
    names : tuple or None
        The keys of the first dict so far.

    Returns
    -------
    batch : array-like of shape (n_samples, n_features)
        The samples; the values of a dict in the order of `names`.
    names : tuple or None
        The keys.
    """
    samples = [X] if isinstance(X, Mapping) else X
    if isinstance(samples, list | tuple) and any(isinstance(one, Mapping) for one in samples):
        if names is None:
            names = tuple(next(one for one in samples if isinstance(one, Mapping)))
        rows = [_values(one, names) for one in samples]
        return np.array(rows, dtype=np.float64), names
    check_is_samples(X, "X")
    is_one = is_one_sample(X)
    if is_one and first_masked(X) is not None:
        raise ValueError(f"X[{first_masked(X)}] is masked. Hint: {FILL_IN}")
    text = first_text(X)
    if text is not None:
        place, cell = text
        raise ValueError(
            f"X{list(place)} is {shown(cell)}, which is not a number. Hint: encode categories and "
            "texts as numbers."
        )
    if hasattr(X, "to_frame"):
        batch = X.to_frame().T if is_one else X
    else:
        batch = [X] if isinstance(X, list | tuple) and is_one else X
        batch = np.asarray(X)[np.newaxis] if hasattr(X, "ndim") and is_one else batch
    return as_numbers(batch, "X"), names


def check_sizes(batch: np.ndarray, X: Any, names: tuple[Any, ...] | None) -> None:
    """Raise if a number is NaN, or its square may be infinite.

    Parameters
    ----------
    batch : ndarray of float of shape (n_samples, n_features)
        The samples.
    X : dict, list of dicts, or array-like of shape (n_features,) or (n_samples, n_features)
        The same as they were given.
    names : tuple or None
        The keys of dicts.
    """
    if batch.size == 0:
        return
    largest = LARGEST if batch.dtype == np.float64 else LARGEST_32
    # NaN is neither large nor small.
    if batch.max() <= largest and batch.min() >= -largest:
        return
    row, column = np.argwhere(~(np.abs(batch) <= largest))[0].tolist()
    are_dicts = isinstance(X, list | tuple) and isinstance(X[row], Mapping)
    if isinstance(X, Mapping):
        place = f"The feature {(names or ())[column]!r}"
    elif are_dicts:
        place = f"X[{row}][{(names or ())[column]!r}]"
    else:
        place = f"X[{column}]" if is_one_sample(X) else f"X[{row}, {column}]"
    value = batch[row, column]
    if np.isnan(value):
        raise ValueError(f"{place} is NaN. Hint: {FILL_IN}")
    raise ValueError(f"{place} is {value}, beyond ±{largest:g}. Hint: scale such features.")


def _values(sample: Any, names: tuple[Any, ...]) -> list[Any]:
    """Return the values of a dict in the order of names, or raise."""
    if not isinstance(sample, Mapping):
        raise TypeError(
            f"A batch of dicts has {shown(sample)} among them. Hint: pass each sample as a dict."
        )
    if set(sample) != set(names):
        wrong = sorted(set(names) ^ set(sample), key=str)
        raise ValueError(
            f"The sample has other features than the first one: {wrong[0]!r} is "
            f"{'missing' if wrong[0] in names else 'new'}. Hint: give each sample the same "
            "features."
        )
    values = [sample[name] for name in names]
    for name, value in zip(names, values, strict=True):
        if isinstance(value, str) or not np.isscalar(value):
            raise TypeError(
                f"The feature {name!r} must be a number. Got {shown(value)} instead. "
                "Hint: encode categories as numbers."
            )
    return values
