"""Queries of one label of one sample."""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple

import numpy as np

from skactive._engine.chosen_metric import chosen_metric
from skactive._engine.gain_bounds import quotients
from skactive._text import counted
from skactive._validation import check_integer
from skactive.measures import Coverage
from skactive.pool import Pool

# The exponent of coverage is one half with as many answers, as in `UncertaintyHerding`.
HALF_COVERAGE = 50


class LabelQuery(NamedTuple):
    """A question about one label of one sample.

    Attributes
    ----------
    position : int
        The position of the sample in the pool.
    label : hashable
        The label.
    """

    position: int
    label: Hashable


class LabelHerding:
    """The uncertainty about each label that an answer about it would cover, for all samples.

    Parameters
    ----------
    pool : Pool
        A pool with several labels for each sample.
    """

    def __init__(self, pool: Pool) -> None:
        if pool.target.kind != "multilabel":
            raise TypeError(
                "query_labels needs several labels for each sample. Hint: pass target="
                "skactive.base.MultiLabelTarget([...]) to ActiveLearner."
            )
        if len(pool.classes_) == 0:
            raise ValueError(
                "The labels are not known before the first answer. Hint: name them, such as by "
                "target=skactive.base.MultiLabelTarget(['art', 'law'])."
            )
        self._labels = pool.classes_.tolist()
        self._is_open = np.ones((pool.n_samples, len(self._labels)), dtype=bool)
        for position, answer in zip(pool.labeled.tolist(), pool.labels.tolist(), strict=True):
            self._is_open[position] = [not answer.answers(label) for label in self._labels]
        self._n_answers = (~self._is_open).sum(axis=0)
        metric, _ = chosen_metric(Coverage(), pool)
        kernel = pool.graph(metric=metric).affinity("median").tocsc()
        self._kernel = kernel
        self._columns = np.repeat(np.arange(pool.n_samples), np.diff(kernel.indptr))
        posterior = pool.posterior(np.arange(pool.n_samples))
        uncertain = 1.0 if posterior is None else 1 - abs(2 * posterior - 1)
        self._weights = np.where(self._is_open, uncertain, 0.0)
        # The similarity of each sample to the nearest one with an answer, by label.
        self._coverage = np.zeros(self._is_open.shape)
        for place in range(len(self._labels)):
            answered = np.flatnonzero(~self._is_open[:, place])
            if len(answered):
                nearest = kernel[:, answered].max(axis=1).toarray().ravel()
                self._coverage[:, place] = nearest
                self._coverage[answered, place] = 1
        self._is_open[pool.skipped] = False

    @property
    def n_samples(self) -> int:
        """The number of samples with a label that is not answered."""
        return int(self._is_open.any(axis=1).sum())

    def select(self, n_instances: int) -> list[LabelQuery]:
        """Return questions about different samples, most useful first."""
        places = range(len(self._labels))
        utilities = np.column_stack([self._utilities(place) for place in places])
        queries: list[LabelQuery] = []
        for _ in range(n_instances):
            allowed = np.where(self._is_open, utilities, -np.inf)
            index, place = map(int, np.unravel_index(allowed.argmax(), allowed.shape))
            queries.append(LabelQuery(index, self._labels[place]))
            if len(queries) < n_instances:
                self._answer(index, place)
                utilities[:, place] = self._utilities(place)
        return queries

    def _answer(self, index: int, place: int) -> None:
        """Count a label of a sample as answered; the sample is not asked about again."""
        kernel = self._kernel
        column = slice(kernel.indptr[index], kernel.indptr[index + 1])
        rows, similarities = kernel.indices[column], kernel.data[column]
        coverage = self._coverage[:, place]
        coverage[rows] = np.maximum(coverage[rows], similarities)
        coverage[index] = 1
        self._weights[index, place] = 0
        self._n_answers[place] += 1
        self._is_open[index] = False

    def _utilities(self, place: int) -> np.ndarray:
        """Return the utility of an answer about a label, for each sample."""
        coverage, weights = self._coverage[:, place], self._weights[:, place]
        rows, n_samples = self._kernel.indices, len(coverage)
        gains = np.maximum(0.0, self._kernel.data - coverage[rows])
        own = 1 - coverage
        plain = own + np.bincount(self._columns, gains, n_samples)
        herded = own * weights + np.bincount(self._columns, gains * weights[rows], n_samples)
        n_answers = self._n_answers[place]
        return quotients(herded, plain ** (n_answers / (n_answers + HALF_COVERAGE)))


def label_queries(pool: Pool, n_instances: int) -> list[LabelQuery]:
    """Return the labels of samples whose answers are most useful."""
    n_instances = check_integer("query_labels", "n_instances", n_instances, minimum=1)
    herding = LabelHerding(pool)
    if n_instances > herding.n_samples:
        raise ValueError(
            f"query_labels cannot return {counted(n_instances, 'sample')}: "
            f"{counted(herding.n_samples, 'sample')} with labels that are not answered "
            f"{'is' if herding.n_samples == 1 else 'are'} left."
        )
    return herding.select(n_instances)
