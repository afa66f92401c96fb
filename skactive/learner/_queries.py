"""Queries of a learner, the first of which need not wait for the neighbour graph."""

from __future__ import annotations

import copy
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from skactive._estimators import is_fitted
from skactive.learner._arguments import declared_classes
from skactive.learner._defaults import default_classifier, default_strategy
from skactive.learner._label_queries import LabelQuery, label_queries
from skactive.learner._pool_changes import LearnerPoolChanges
from skactive.learner._transactions import locked, locked_labels
from skactive.measures import Measure
from skactive.pool import Pool

if TYPE_CHECKING:
    from skactive.labeling import LabelingSession, LabelingWidget

# From this number of samples on, building the graph takes more than about two seconds.
MIN_SAMPLES = 20_000
# Number of samples among which the first query chooses.
N_COMPARED = 10_000
# A larger first batch is chosen among all samples.
MAX_INSTANCES = 100


class FirstQuery:
    """Chooses among a random sample of a pool without labels.

    Parameters
    ----------
    classifier : IncrementalLabelSpreading
        The classifier, not fitted. It is not changed.
    classes : array-like or None
        Labels that are known beforehand.
    """

    def __init__(self, classifier: Any, classes: Any) -> None:
        self._classifier = classifier
        self._classes = classes
        # The features of the pool, the positions of the sample, and its own pool.
        self._drawn: tuple[Any, np.ndarray, Pool] | None = None

    @property
    def n_compared(self) -> int:
        """Number of samples among which it chooses."""
        return N_COMPARED

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_drawn": None}

    @classmethod
    def of(cls, classifier: Any, classes: Any) -> FirstQuery | None:
        """Return None for classifiers that need no graph or have labels already."""
        if type(classifier) is type(default_classifier()) and not is_fitted(classifier):
            return cls(classifier, classes)
        return None

    def select(
        self, strategy: Any, X: np.ndarray, n_instances: Any
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return positions in the pool and utilities."""
        rows, pool = self.draw(X)
        try:
            indices, utilities = strategy.select(pool, n_instances)
        except BaseException:
            # Cached values may be incomplete.
            self.forget()
            raise
        return rows[indices], utilities

    def draw(self, X: np.ndarray) -> tuple[np.ndarray, Pool]:
        """Return the positions of the sample, and its pool."""
        if self._drawn is None or self._drawn[0] is not X:
            rows = np.random.default_rng(0).choice(len(X), N_COMPARED, replace=False)
            rows.sort()
            classifier = copy.deepcopy(self._classifier)
            classes = declared_classes(classifier, self._classes)
            pool = Pool(X[rows], estimator=classifier, classes=classes)
            classifier.fit_pool(pool, classes)
            self._drawn = X, rows, pool
        return self._drawn[1:]

    def forget(self) -> None:
        """Free the memory of the sample."""
        self._drawn = None


class LearnerQueries(LearnerPoolChanges):
    """The part of `ActiveLearner` that queries."""

    # None if each query compares all candidates.
    _first: FirstQuery | None = None
    # The session of the last widget.
    _session: LabelingSession | None = None

    @locked_labels
    def query(
        self,
        n_instances: int = 1,
        *,
        candidates: ArrayLike | None = None,
        return_utilities: bool = False,
    ) -> Any:  # an array, or a pair of them
        """Return the samples that an annotator should label next.

        Parameters
        ----------
        n_instances : int, default=1
            Number of samples, at least 1 and at most the number of candidates.
        candidates : array-like of int of shape (n,), default=None
            Positions to choose from, such as those on one disk or of one customer. None takes
            all candidates.
        return_utilities : bool, default=False
            Whether to return the utilities too.

        Returns
        -------
        indices : ndarray of int of shape (n_instances,)
            Positions in X_pool as it was given, most useful first.
        utilities : ndarray of shape (n_instances,)
            Only if `return_utilities`: the utility of each when it was chosen.

        Raises
        ------
        ValueError
            If fewer candidates are left, or one of `candidates` is labelled or skipped already.

        Notes
        -----
        With the default classifier and strategy, and an array of 20,000 samples or more, the
        queries before the first answer or skip compare 10,000 samples, drawn at random and the same
        each time. A thread builds the neighbour graph of the pool meanwhile. Methods that need the
        graph wait for it. Queries of more than 100 samples or with `candidates` compare all, and
        so do learners with a seed set, a `graph`, a `cache`, `refresh_every` or `fit_params`, or
        with a `Measure` in the strategy.
        """
        first = self._first_query(n_instances, candidates)
        if first is None:
            indices, utilities = self._select(n_instances, candidates)
        else:
            indices, utilities = first.select(self.strategy, self._pool.X, n_instances)
        return (indices, utilities) if return_utilities else indices

    @locked
    def query_labels(self, n_instances: int = 1) -> list[LabelQuery]:
        """Return questions about one label of one sample, for samples with several labels.

        An answer covers the same label of the samples around. The question is the one whose answer
        covers the largest uncertainty about its label, as `skactive.strategies.UncertaintyHerding`
        chooses samples. `strategy` does not matter. Samples with a partial answer are asked about
        again, until all their labels are answered.

        Parameters
        ----------
        n_instances : int, default=1
            Number of questions, each about a different sample, at least 1.

        Returns
        -------
        queries : list of LabelQuery
            Pairs of a position in X_pool and a label, most useful first.

        Raises
        ------
        TypeError
            If samples do not have several labels.
        ValueError
            If labels are not known yet, or fewer samples with labels to answer are left.

        See Also
        --------
        query : Selects samples of which all labels are answered.

        Notes
        -----
        Choose a classifier that learns partial answers, `IncrementalMultiLabelKNeighbors` or
        `IncrementalMultiLabelSpreading`; others only learn samples of which all labels are
        answered. Cost: O(n_samples · n_labels · 15) once the neighbour graph is built.

        Examples
        --------
        >>> from skactive import ActiveLearner
        >>> from skactive.base import MultiLabelTarget
        >>> X = [[1.0, 0.0], [0.9, 0.1], [0.8, 0.1], [0.0, 1.0]]
        >>> learner = ActiveLearner(X_pool=X, target=MultiLabelTarget(["art", "law"]))
        >>> [(position, label)] = learner.query_labels()
        >>> position, label
        (2, 'art')
        >>> learner = learner.teach(position, {label: True})
        >>> learner.query_labels()
        [LabelQuery(position=2, label='law')]
        """
        self._finish_refresh()
        return label_queries(self._pool, n_instances)

    def label(
        self,
        samples: Any = None,  # texts, paths or pictures
        folder: str | PathLike[str] = "labels.session",
    ) -> LabelingWidget:
        """Show the samples to label in a notebook, and learn each answer.

        Parameters
        ----------
        samples : list of str or path-like, or array of pictures, default=None
            What an annotator sees of each sample of the pool, in the same order: texts, paths of
            images, or pixels of shape (n_samples, height, width[, 3]). None shows X_pool.
        folder : path-like, default="labels.session"
            The folder of the labelling session, created if it does not exist. Every answer is
            written there, so that the same call resumes after a restart of the kernel.

        Returns
        -------
        widget : LabelingWidget
            The widget, which the notebook shows as the last value of a cell. Its ``session`` has
            the results for annotators: history, progress, exports.

        Raises
        ------
        ImportError
            If anywidget is not installed (``pip install 'skactive[notebook]'``).
        ValueError
            If there is not one sample for each of the pool, or the folder has answers for others.

        See Also
        --------
        skactive.labeling.LabelingSession : The session, with the same learner.

        Notes
        -----
        The labels that the learner has already are part of the session. An answer is taught before
        the widget counts it as saved. The learner can be used in other cells meanwhile: the widget
        follows `teach`, `relabel`, `skip` and `undo`.

        Examples
        --------
        >>> from skactive import ActiveLearner
        >>> learner = ActiveLearner(X_pool=vectors)  # doctest: +SKIP
        >>> learner.label(photos, "fruit.session")  # doctest: +SKIP
        """
        from skactive.labeling import LabelingSession, LabelingWidget

        if self._session is not None:
            # It takes over the last changes.
            self._session.close()
        own: Any = self
        self._session = LabelingSession(samples, folder, learner=own)
        return LabelingWidget(self._session)

    @locked
    def _select(self, n_instances: int, candidates: Any) -> tuple[np.ndarray, np.ndarray]:
        """Choose among all candidates."""
        self._finish_refresh()
        if self._first is not None:
            self._first.forget()
        chosen: tuple[np.ndarray, np.ndarray] = self.strategy.select(
            self._pool, n_instances, candidates=candidates
        )
        return chosen

    def _first_query(self, n_instances: Any = 1, candidates: Any = None) -> FirstQuery | None:
        is_large_batch = isinstance(n_instances, int | np.integer) and n_instances > MAX_INSTANCES
        is_first = (
            candidates is None
            and not is_large_batch
            and not self._history
            and self._pool.n_samples >= MIN_SAMPLES
            and type(self._pool.X) is np.ndarray
            and type(self.strategy) is type(default_strategy())
            # Other measures may refer to samples by their positions in the pool.
            and not isinstance(self.strategy.uncertainty, Measure)
        )
        return self._first if is_first else None
