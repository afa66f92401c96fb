"""Votes weighted by the estimated reliability of each annotator, by crowd-kit."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from skactive._optional import not_installed


def weighed(votes: np.ndarray, model: str) -> np.ndarray:
    """Return the most probable label of each row under a model of the annotators.

    Parameters
    ----------
    votes : ndarray of shape (n, n_annotators)
        The votes.
    model : str
        A class of ``crowdkit.aggregation``.

    Returns
    -------
    labels : ndarray of shape (n,)
        One for each row.
    """
    aggregation, pd = _imported()
    classes, codes = np.unique(votes, return_inverse=True)
    if len(classes) == 1:
        return votes[:, 0]
    n, n_annotators = votes.shape
    answers = pd.DataFrame(
        {
            "task": np.repeat(np.arange(n), n_annotators),
            "worker": np.tile(np.arange(n_annotators), n),
            "label": codes.ravel(),
        }
    )
    with warnings.catch_warnings():
        # crowd-kit 1.4 uses features that pandas 3.1 deprecates and pandas 4 removes.
        deprecated = getattr(pd.errors, "Pandas4Warning", DeprecationWarning)
        warnings.filterwarnings("ignore", category=deprecated, module=r"crowdkit\.")
        agreed = getattr(aggregation, model)().fit_predict(answers)
    return np.asarray(classes[agreed.reindex(np.arange(n)).to_numpy()])


def _imported() -> tuple[Any, Any]:
    try:
        import pandas as pd
        from crowdkit import aggregation
    except ModuleNotFoundError as error:
        if error.name not in {"crowdkit", "pandas"}:
            raise
        what = "Weighing the votes of an AnnotatorPanel"
        raise not_installed(what, "crowd-kit", "crowd") from error
    return aggregation, pd
