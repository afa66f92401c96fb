"""The decision function of a classifier that knows a part of the classes."""

from __future__ import annotations

import numpy as np


def decision_for_all(values: np.ndarray, columns: np.ndarray, n_classes: int) -> np.ndarray:
    """Return a decision function with a column for each class, lowest for an unknown one.

    Parameters
    ----------
    values : ndarray of shape (n_samples,) or (n_samples, n_known)
        The decision function for the known classes: one value for two classes, as in scikit-learn.
        Another number of columns, as of one-against-one, is returned as it is.
    columns : ndarray of int of shape (n_known,)
        The places of the known classes, ascending.
    n_classes : int
        Number of all classes.

    Returns
    -------
    decision : ndarray of shape (n_samples,) or (n_samples, n_classes)
        One value, that of the second class, if there are two classes.
    """
    n_known = len(columns)
    if n_known == n_classes:
        return values
    if n_known == 1:
        known = np.zeros((len(values), 1))
    elif values.ndim == 1:
        known = np.column_stack([-values, values])
    elif values.shape[1] == n_known:
        known = values
    else:
        return values
    # Not minus infinity, which the final estimator of a stack would refuse.
    decision = np.repeat(known.min(axis=1, keepdims=True) - 1.0, n_classes, axis=1)
    decision[:, columns] = known
    return decision if n_classes > 2 else np.asarray(decision[:, 1] - decision[:, 0])
