"""The HTML representation of a learner."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from sklearn.utils import estimator_html_repr

if TYPE_CHECKING:
    from skactive.learner._active_learner import ActiveLearner
    from skactive.learner._stopping.progress import Progress

N_CLASSES_SHOWN = 12


def learner_html(learner: ActiveLearner, progress: Progress | None) -> str:
    """Return counts and classes in one line, above scikit-learn's diagrams of the parts.

    Parameters
    ----------
    learner : ActiveLearner
        The learner.
    progress : Progress or None
        Shown first if it is not None.

    Returns
    -------
    html : str
        All text that comes from the user is escaped.
    """
    n_labeled = len(learner.labeled)
    n_outside = learner.pool.n_labeled - n_labeled
    counts = [("labelled", n_labeled)]
    if n_outside:
        counts.append(("labelled beforehand", n_outside))
    counts += [("skipped", len(learner.pool.skipped)), ("left", learner.pool.n_candidates)]
    numbers = ", ".join(f"<strong>{number:,}</strong> {escape(name)}" for name, number in counts)
    if learner.pool.target.kind != "continuous":
        known = f"classes: {_names(learner.classes_.tolist()) or 'none yet'}"
    else:
        y = learner.pool.labeled_samples()[1]
        known = f"labels: {f'{y.min():.4g} to {y.max():.4g}' if len(y) else 'none yet'}"
    return (
        ("" if progress is None else progress._repr_html_()) + '<div class="skactive-learner">'
        f"<p><strong>ActiveLearner</strong>: {numbers}<br>"
        f"{known}</p>"
        '<div style="display: flex; flex-wrap: wrap; gap: 1em; align-items: flex-start">'
        f"<div>estimator{estimator_html_repr(learner.estimator)}</div>"
        f"<div>strategy{estimator_html_repr(learner.strategy)}</div>"
        "</div></div>"
    )


def _names(classes: list[Any]) -> str:
    shown = [escape(str(name)) for name in classes[:N_CLASSES_SHOWN]]
    if len(classes) > N_CLASSES_SHOWN:
        shown.append(f"and {len(classes) - N_CLASSES_SHOWN:,} more")
    return ", ".join(shown)
