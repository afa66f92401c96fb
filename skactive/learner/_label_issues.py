"""Labels that the other labels contradict."""

from __future__ import annotations

import html
from collections.abc import Container
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import erfc

from skactive._engine.distances import nearest_others
from skactive._frame import Tabular
from skactive._text import aligned, label_text, one_line
from skactive.neighbors import IncrementalKNeighborsClassifier

if TYPE_CHECKING:
    from skactive.base import LabelingPool

# As for the estimate of the accuracy. Of fewer labels, most are the only ones of their class.
MIN_LABELED = 10
N_VOTERS = 10
# A number is an issue if the probability of a label at least as far from its prediction is smaller.
RARE = 0.05
N_ROWS_SHOWN = 20
NAME_WIDTH = 20
SCREEN_WIDTH = 80


@dataclass(frozen=True, eq=False, repr=False)
class LabelIssues(Tabular):
    """The labels that the other labels contradict, most doubtful first.

    `ActiveLearner.label_issues` returns it. `print` and a notebook show the first 20.

    Attributes
    ----------
    indices : ndarray of int of shape (n_issues,)
        Positions of the samples in the pool; -1 for a sample of the seed set.
    names : tuple of length n_issues
        Their ids; None for a sample of the seed set.
    labels : ndarray of shape (n_issues,)
        The labels that were given.
    suggestions : ndarray of shape (n_issues,)
        The most probable label of each sample given all other labels, or the predicted number.
    probabilities : ndarray of shape (n_issues,)
        The probability of the given label given all other labels, in ascending order. If labels
        are numbers, that of a label at least as far from the prediction, under a normal
        distribution with its standard deviation.
    n_labeled : int
        Number of labels; fewer than ten are not checked.

    See Also
    --------
    skactive.ActiveLearner.relabel : Corrects a label.
    skactive.inspection.ExplanationDisplay : Shows the labelled samples behind a prediction.
    """

    indices: np.ndarray
    names: tuple[object, ...]
    labels: np.ndarray
    suggestions: np.ndarray
    probabilities: np.ndarray
    n_labeled: int

    def __len__(self) -> int:
        return len(self.indices)

    def table(self) -> dict[str, np.ndarray]:
        """Return the numbers, one row per doubtful label.

        Returns
        -------
        table : dict of str to ndarray of shape (n_issues,)
            Columns 'index', 'id', 'label', 'suggestion' and 'probability'.
        """
        names = np.empty(len(self), dtype=object)
        names[:] = self.names
        return {
            "index": self.indices,
            "id": names,
            "label": self.labels,
            "suggestion": self.suggestions,
            "probability": self.probabilities,
        }

    def without(self, names: Container[object]) -> LabelIssues:
        """Return the doubtful labels except those of some samples.

        Parameters
        ----------
        names : container of object
            The ids of samples, such as those whose labels a person has checked.

        Returns
        -------
        issues : LabelIssues
            The others, in the same order.
        """
        kept = np.flatnonzero([name not in names for name in self.names])
        return replace(
            self,
            indices=self.indices[kept],
            names=tuple(self.names[place] for place in kept),
            labels=self.labels[kept],
            suggestions=self.suggestions[kept],
            probabilities=self.probabilities[kept],
        )

    def __repr__(self) -> str:
        lines = [self._headline()]
        if len(self):
            lines += ["", aligned(self._cells(), n_left=3)]
        if len(self) > N_ROWS_SHOWN:
            lines.append(self._rest())
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        parts = [f"<p>{html.escape(self._headline())}</p>"]
        if len(self):
            first, *rows = self._cells()
            lines = [("th", first), *(("td", row) for row in rows)]
            cells = (
                "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in row) for tag, row in lines
            )
            parts.append("<table>" + "".join(f"<tr>{line}</tr>" for line in cells) + "</table>")
        if len(self) > N_ROWS_SHOWN:
            parts.append(f"<p>{self._rest()}</p>")
        return "".join(parts)

    def _headline(self) -> str:
        if self.n_labeled < MIN_LABELED:
            return f"Fewer than {MIN_LABELED} labels are not checked: there are {self.n_labeled}."
        if len(self) == 0:
            return f"None of {self.n_labeled:,} labels is contradicted by the others."
        verb = "is" if len(self) == 1 else "are"
        return f"{len(self):,} of {self.n_labeled:,} labels {verb} contradicted by the others."

    def _rest(self) -> str:
        return f"and {len(self) - N_ROWS_SHOWN:,} more"

    def _cells(self) -> list[list[str]]:
        rows = [["sample", "label", "suggestion", "probability of the label"]]
        columns = (self.names, self.labels, self.suggestions, self.probabilities)
        for name, label, suggestion, probability in zip(
            *(column[:N_ROWS_SHOWN] for column in columns), strict=True
        ):
            labels = [label_text(one, NAME_WIDTH) for one in (label, suggestion)]
            rows.append([name, *labels, f"{probability:.3f}"])
        others = sum(2 + max(len(row[place]) for row in rows) for place in (1, 2, 3))
        width = max(NAME_WIDTH, SCREEN_WIDTH - others)
        for row in rows[1:]:
            row[0] = "of the seed set" if row[0] is None else one_line(row[0], width)
        return rows


def label_issues(pool: LabelingPool, ids: np.ndarray) -> LabelIssues:
    """Return the labels of a pool that the other labels contradict.

    Parameters
    ----------
    pool : LabelingPool
        The pool.
    ids : ndarray of shape (n_samples,)
        The names of its samples.

    Returns
    -------
    issues : LabelIssues
        Equal probabilities are in the order in which the labels came.
    """
    y = pool.labeled_samples()[1]
    if pool.target.kind == "continuous":
        return _outliers(pool, ids)
    if pool.target.kind == "multilabel":
        return _of_sets(pool, ids)
    n_classes = len(pool.classes_)
    posterior = _without_own_label(pool) if len(y) >= MIN_LABELED else np.ones((len(y), n_classes))
    codes = np.searchsorted(pool.classes_, y)
    given = posterior[np.arange(len(y)), codes]
    doubtful = np.flatnonzero(given < posterior.max(axis=1, initial=0.0))
    order = doubtful[np.argsort(given[doubtful], kind="stable")]
    suggestions = pool.classes_[posterior[order].argmax(axis=1)] if len(order) else y[:0]
    return _issues(pool, ids, order, suggestions, given[order])


def _outliers(pool: LabelingPool, ids: np.ndarray) -> LabelIssues:
    """Return continuous labels far from their predictions, in standard deviations."""
    y = pool.labeled_samples()[1]
    source = pool.posterior_source
    moments = source.held_out() if source is not None and len(y) >= MIN_LABELED else None
    if moments is None:
        return _issues(pool, ids, np.empty(0, dtype=np.intp), y[:0], y[:0])
    mean, deviation = moments.T
    # Without standard deviations of the estimator, that of all residuals.
    deviation = np.where(np.isnan(deviation), np.std(y - mean), deviation)
    apart = np.abs(y - mean)
    distances = np.divide(apart, deviation, out=np.zeros(len(y)), where=deviation > 0)
    distances[(deviation == 0) & (apart > 0)] = np.inf
    probabilities = erfc(distances / np.sqrt(2))
    doubtful = np.flatnonzero(probabilities < RARE)
    order = doubtful[np.argsort(probabilities[doubtful], kind="stable")]
    return _issues(pool, ids, order, mean[order], probabilities[order])


def _of_sets(pool: LabelingPool, ids: np.ndarray) -> LabelIssues:
    """Return samples with an answer about a label that is less probable than the opposite."""
    y = pool.labeled_samples()[1]
    source = pool.posterior_source
    posterior = source.held_out() if source is not None and len(y) >= MIN_LABELED else None
    if posterior is None:
        posterior = np.where(y > 0, 1.0, 0.0)
    given = np.where(y > 0, posterior, 1 - posterior)
    given[y < 0] = 1.0
    least = given.min(axis=1, initial=1.0)
    doubtful = np.flatnonzero(least < 0.5)
    order = doubtful[np.argsort(least[doubtful], kind="stable")]
    flipped = np.where(given < 0.5, 1 - y, y)[order]
    labels = pool.target.from_estimator(y, pool.classes_)
    suggestions = pool.target.from_estimator(flipped, pool.classes_)
    return _issues(pool, ids, order, suggestions, least[order], labels)


def _issues(
    pool: LabelingPool,
    ids: np.ndarray,
    order: np.ndarray,
    suggestions: np.ndarray,
    probabilities: np.ndarray,
    labels: np.ndarray | None = None,
) -> LabelIssues:
    y = pool.labeled_samples()[1] if labels is None else labels
    # The seed set comes first.
    positions = np.append(np.full(len(y) - len(pool.labeled), -1), pool.labeled)[order]
    return LabelIssues(
        indices=positions.astype(np.intp),
        names=tuple(None if p < 0 else ids[p : p + 1].tolist()[0] for p in positions.tolist()),
        labels=y[order],
        suggestions=suggestions,
        probabilities=probabilities,
        n_labeled=len(y),
    )


def vote_of_others(pool: LabelingPool) -> np.ndarray:
    """Return the vote of the nearest other labelled samples about each labelled sample.

    Parameters
    ----------
    pool : LabelingPool
        The pool, with at least two labels.

    Returns
    -------
    probabilities : ndarray of shape (n_labeled, n_classes)
        In the order of ``pool.labeled_samples()``, columns as in ``pool.classes_``.
    """
    X, y = pool.labeled_samples()
    source = pool.posterior_source
    params = {} if source is None else source.neighbors_params
    space = {name: params[name] for name in ("metric", "metric_params") if name in params}
    voters = IncrementalKNeighborsClassifier(N_VOTERS, **space)
    distances, nearest = nearest_others(X, N_VOTERS, voters.metric, voters.metric_params)
    codes = np.searchsorted(pool.classes_, y)
    return voters.vote(distances, codes[nearest], len(pool.classes_))


def _without_own_label(pool: LabelingPool) -> np.ndarray:
    """Return the class probabilities of labelled samples, each without its own label."""
    source = pool.posterior_source
    held_out = None if source is None else source.held_out_predictions()
    if held_out is None:
        return vote_of_others(pool)
    # A row of zeros is a sample about which the classifier says nothing.
    is_missing = held_out.sum(axis=1) == 0
    if not is_missing.any():
        return held_out
    return np.where(is_missing[:, np.newaxis], vote_of_others(pool), held_out)
