"""HTML representation of a learner."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from sklearn.base import BaseEstimator
from sklearn.utils import estimator_html_repr

N_CLASSES_SHOWN = 12


def learner_html(
    estimator: BaseEstimator,
    strategy: object,
    counts: Sequence[tuple[str, int]],
    classes: Sequence[object],
) -> str:
    """Return a line with the labels, above scikit-learn's diagrams of the parts.

    Parameters
    ----------
    estimator : classifier or Pipeline
        The classifier that is taught.
    strategy : QueryStrategy
        The query strategy.
    counts : sequence of (str, int)
        Descriptions and numbers of samples.
    classes : sequence
        The labels known so far.

    Returns
    -------
    html : str
        The representation. Descriptions and labels are escaped.
    """
    numbers = ", ".join(f"<strong>{number:,}</strong> {escape(what)}" for what, number in counts)
    shown = [escape(str(name)) for name in classes[:N_CLASSES_SHOWN]]
    if len(classes) > N_CLASSES_SHOWN:
        shown.append(f"and {len(classes) - N_CLASSES_SHOWN:,} more")
    return (
        '<div class="skactive-learner">'
        f"<p><strong>ActiveLearner</strong>: {numbers}<br>"
        f"classes: {', '.join(shown) or 'none yet'}</p>"
        '<div style="display: flex; flex-wrap: wrap; gap: 1em; align-items: flex-start">'
        f"<div>estimator{estimator_html_repr(estimator)}</div>"
        f"<div>strategy{estimator_html_repr(strategy)}</div>"
        "</div></div>"
    )
