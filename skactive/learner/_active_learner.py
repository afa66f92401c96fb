"""A pool, a classifier and a strategy that learn together from a person."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_consistent_length

from skactive._engine.labels import check_labels
from skactive._engine.positions import check_positions
from skactive._estimators import is_fitted
from skactive._fit_params import check_fit_params
from skactive._rows import take_rows
from skactive._validation import check_strategy
from skactive._warning import warn_user
from skactive.learner._arguments import (
    check_classifier,
    check_samples,
    declared_classes,
    names_of,
    split_pipeline,
    stored_samples,
)
from skactive.learner._drift import AgreementWatch
from skactive.learner._explanation.query_explanation import QueryExplanation, explain_query
from skactive.learner._history.actions import Action, Forgot, History, Relabeled, Skipped, Taught
from skactive.learner._history.journal import Journal
from skactive.learner._html import learner_html
from skactive.learner._refresh import Refresher, refresher_for
from skactive.learner._stopping.criteria import StoppingHistory
from skactive.learner._stopping.progress import Progress
from skactive.learner._updaters.updaters import n_outside, restore, updater_for
from skactive.neighbors import IncrementalKNeighborsClassifier, NeighborGraph, VoteExplanation
from skactive.pool import Pool
from skactive.pool._posterior import AskedClassifier
from skactive.semi_supervised import IncrementalLabelSpreading
from skactive.strategies import UncertaintyHerding


class ActiveLearner:
    """Ask a person about the samples worth asking about, and learn from each answer.

    `query` names the samples to ask about, `teach` takes the answers, and `predict` knows them
    at once. What is known of the pool is kept from query to query, so that an answer costs only
    what it changes.

    Parameters
    ----------
    estimator : classifier or Pipeline, default=None
        The classifier that learns; None takes `IncrementalLabelSpreading()`. It is copied:
        the object passed is never changed. With `add_labeled`, `remove_labeled` and `relabel`
        it learns at once; with `partial_fit` it is passed the new answers; any other is fitted
        anew when it is next asked. In a Pipeline the last step learns, and the steps before it
        turn samples into features once; those not fitted yet are fitted on the pool, without
        labels.
    strategy : QueryStrategy, default=None
        Which samples to ask about; None takes `UncertaintyHerding()`. The two defaults together
        needed the fewest labels in our comparisons, see Notes.
    X_pool : array-like of length n_samples
        The unlabelled samples: features, or whatever the first step of the Pipeline takes (raw
        texts, file paths, a DataFrame).
    X_labeled : array-like of length n_labeled, default=None
        Samples outside the pool whose labels are known: the seed set.
    y_labeled : array-like of shape (n_labeled,), default=None
        Their labels.
    classes : array-like of shape (n_classes,), default=None
        Labels there will be, where they are known beforehand. Others are learnt as they come.
    ids : array-like of length n_samples, default=None
        The caller's own names of the samples. None takes the index of a DataFrame or Series,
        else positions.
    drift_detector : object, default=None
        What watches whether answers still agree with predictions: any of river's drift
        detectors (``pip install 'skactive[drift]'``), such as
        ``river.drift.PageHinkley(mode="up", threshold=5)``, or another object with
        ``update(x)`` and ``drift_detected``. It is copied. For each new answer it gets 0.0 where
        the classifier predicted it just before, else 1.0; when it signals, and agreement has
        dropped, `teach` gives a `DriftWarning`. None watches nothing.
    fit_params : dict, default=None
        Further arguments of the classifier's `fit` (of `partial_fit` or `add_labeled`, where it
        learns by these), such as ``{"sample_weight": weights}``. What has an entry for each
        sample of the pool is cut down to those that are labelled. In a Pipeline the last step
        gets them. They cannot be combined with X_labeled, whose samples have no entries.
    refresh_every : int, default=None
        After how many answers the steps that learn from labels (`ContrastiveMap`, scikit-learn's
        `NeighborhoodComponentsAnalysis`, …) are fitted again, at least 1. They are left out until
        then. Fitting goes on in a thread of its own while answers are taken in; once it is done,
        the next call swaps the steps in, with `pool` built anew. The seed set counts as answers.
        None where all such steps are fitted already, or there are none.
    stopping : StoppingCriterion or list of them, default=None
        What is asked, after each answer, whether labelling may stop: `StabilizedPredictions`,
        `ExpectedGain`, `SufficientAccuracy`. They are copied, and `progress` tells what they say;
        the learner itself never stops.
    graph : NeighborGraph, default=None
        The neighbour graph of the pool's features, built or loaded earlier. None builds it where
        classifier or strategy ask for one, with the first call that does.
    journal : path-like, default=None
        A file to write every answer to, before `teach` returns. Where it is there already, its
        answers are taken in first, so that a loop goes on where it was, whatever ended it. See
        Notes. None keeps answers in memory alone.
    state : path-like, default=None
        A file that ``learner.pool.save_state`` wrote, so that a loop over a large pool that
        starts again with its `journal` need not compute everything again. Where there is none,
        all is.

    Attributes
    ----------
    estimator : classifier or Pipeline
        The copy that learns.
    strategy : QueryStrategy
        The strategy.
    X_pool : array-like of length n_samples
        The samples as they were given.
    ids : ndarray of shape (n_samples,)
        Their names: ``learner.ids[learner.query()]``.
    pool : Pool
        What is known of them.
    journal : Path or None
        Where answers are written to.

    Raises
    ------
    ValueError
        If the pool is empty, its features are not finite numbers, or lengths differ; if
        `estimator` is fitted already and could only be fitted anew, without its training data
        being passed.

    See Also
    --------
    skactive.integrations.modal.ActiveLearner : The same with modAL's interface.

    Notes
    -----
    With `IncrementalKNeighborsClassifier` and `CDFProduct` an answer and the next query cost
    O(n_samples · n_features), once per label and metric.

    `query` changes nothing, so that asking twice gives the same samples. Labels are stored
    before the classifier hears of them: if fitting it fails, the exception comes from `query`
    or `predict`, and the labels are safe.

    An estimator that forgets (`IncrementalKNeighborsClassifier` with `max_labeled`) makes the
    samples of forgotten labels candidates again: they may be asked about and answered anew. What
    was ever answered stays in `answered` and `answers`.

    With a `drift_detector` the classifier predicts each sample before it is taught. Before the
    first label it cannot, and nothing is watched. Where predicting fails, the exception comes
    from `teach`, and nothing is taken in. What a detector has seen is not taken back by `undo`.

    A `journal` is text, a JSON object in each line: what was taught, replaced, skipped, forgotten
    and undone, and when. Labels are strings or numbers. Estimator and strategy may be others than
    before. Samples may be added and moved: those with answers are found again by `ids`, by the
    index of a DataFrame that has its own, or else by their content, and an error names the one
    that is missing or has changed. One process at a time writes to it; within a
    process it goes on with the learner made last. A copy of a learner writes to none. Where an
    answer cannot be written, the exception comes from `teach`, and nothing is taken in.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skactive import ActiveLearner
    >>> X, y = load_digits(return_X_y=True)
    >>> learner = ActiveLearner(X_pool=X)
    >>> for _ in range(50):
    ...     indices = learner.query()
    ...     learner = learner.teach(indices, y[indices])
    >>> bool(learner.score(X, y) > 0.8)
    True
    """

    def __init__(
        self,
        estimator: Any = None,
        strategy: Any = None,
        X_pool: Any = None,
        *,
        X_labeled: Any = None,
        y_labeled: Any = None,
        classes: Any = None,
        ids: Any = None,
        drift_detector: Any = None,
        fit_params: dict[str, Any] | None = None,
        refresh_every: int | None = None,
        stopping: Any = None,
        graph: NeighborGraph | None = None,
        journal: Any = None,
        state: Any = None,
    ) -> None:
        if X_pool is None:
            raise TypeError("ActiveLearner needs the samples to choose from: pass X_pool.")
        self.X_pool = check_samples(X_pool)
        self.ids = names_of(self.X_pool, ids)
        self.strategy = UncertaintyHerding() if strategy is None else check_strategy(strategy)
        self._watch = None if drift_detector is None else AgreementWatch(drift_detector)
        if estimator is None:
            estimator = IncrementalLabelSpreading()
        check_classifier(estimator)
        estimator = copy.deepcopy(estimator)
        before, self._refresher = refresher_for(estimator, self.X_pool, refresh_every)
        if self._refresher is None:
            self._steps, classifier, samples = split_pipeline(estimator, self.X_pool)
        else:
            classifier = estimator[-1]
            steps, samples = self._refresher.first_steps()
            self._steps = Pipeline([*before.steps[:-1], *steps, before.steps[-1]])
        self.estimator = classifier
        if self._steps is not None:
            name = estimator.steps[-1][0]
            self.estimator = Pipeline([*self._steps.steps[:-1], (name, classifier)])
        seed = self._seed(X_labeled, y_labeled)
        self._check_together(fit_params, seed, graph)
        check_fit_params(classifier, fit_params or ())
        self._classes, self._fit_params = classes, fit_params
        self._history = History()
        self._stopping = StoppingHistory(stopping)
        if self._refresher is not None:
            if seed[0] is not None:
                self._refresher.seed = before.transform(X_labeled), seed[1]
            self._blank = copy.deepcopy(classifier)
        self._build(classifier, samples, seed, graph, state)
        if self._refresher is not None:
            self._refresher.heard(self.pool.n_labeled)
            if self._refresher.is_due():
                self._start_refresh(self._refresher)
                self._take_refresh(wait=True)
        self._journal: Journal | None = None
        if journal is not None:
            names = None if ids is None else self.ids
            earlier = Journal(journal, self.X_pool, self.pool.n_samples, names)
            earlier.replay(self)
            self._journal = earlier.begin()

    @property
    def candidates(self) -> np.ndarray:
        """Positions of the samples neither labelled nor skipped, ascending."""
        return self.pool.candidates

    @property
    def labeled(self) -> np.ndarray:
        """Positions of the labelled samples, in the order they were taught, without forgotten."""
        return self.pool.labeled

    @property
    def labels(self) -> np.ndarray:
        """Their labels."""
        return self.pool.labels

    @property
    def answered(self) -> np.ndarray:
        """Positions of all samples that were ever taught, in order: one taught twice is twice."""
        return np.array([position for position, _ in self._history.answers()], dtype=np.intp)

    @property
    def answers(self) -> np.ndarray:
        """The labels of `answered`, those that are forgotten included."""
        return np.array([label for _, label in self._history.answers()])

    @property
    def classes_(self) -> np.ndarray:
        """The labels known so far, sorted."""
        return self.pool.classes_

    @property
    def drift_detector(self) -> Any:
        """The copy of the detector that watches, or None."""
        return None if self._watch is None else self._watch.detector

    @property
    def drifts(self) -> list[int]:
        """After how many answers each drop in agreement was signalled."""
        return [] if self._watch is None else list(self._watch.drifts)

    @property
    def journal(self) -> Path | None:
        """The file that answers are written to, or None."""
        return None if self._journal is None else self._journal.path

    @property
    def progress(self) -> Progress:
        """How far labelling has come, and what the criteria in `stopping` say."""
        self._take_refresh()
        return Progress(self, self._stopping)

    def query(
        self,
        n_instances: int = 1,
        *,
        candidates: Any = None,
        return_utilities: bool = False,
    ) -> Any:
        """Name the samples that a person should label next.

        Parameters
        ----------
        n_instances : int, default=1
            How many, at least 1 and at most as many as are left.
        candidates : array-like of int of shape (n,), default=None
            Positions to choose from, such as those on one disk or of one customer. None takes
            all that are left.
        return_utilities : bool, default=False
            Whether to return also what each was worth.

        Returns
        -------
        indices : ndarray of int of shape (n_instances,)
            Positions in X_pool as it was given, most useful first.
        utilities : ndarray of shape (n_instances,)
            Only if `return_utilities`.

        Raises
        ------
        ValueError
            If fewer are left, or one of `candidates` is labelled or skipped already.
        """
        self._take_refresh()
        if candidates is None:
            indices, utilities = self.strategy.select(self.pool, n_instances)
        else:
            indices, utilities = self.strategy.select(self.pool, n_instances, candidates=candidates)
        return (indices, utilities) if return_utilities else indices

    def explain_query(self, index: Any, *, n_neighbors: int = 5) -> QueryExplanation:
        """Tell why a candidate is asked about, in words and in numbers.

        For each measure of the strategy it gives the candidate's value, its factor in the utility
        and its rank; further, what the classifier takes it for, its neighbours in the pool, and
        the labelled samples nearest to it. Any candidate can be explained, queried or not.

        Parameters
        ----------
        index : int or array-like of int of shape (1,)
            The position of a candidate in X_pool, such as ``query()`` returns.
        n_neighbors : int, default=5
            How many neighbours and labelled samples to name, at least 1.

        Returns
        -------
        explanation : QueryExplanation
            Printed, it reads as text.

        Raises
        ------
        ValueError
            If the sample is labelled or skipped already.
        IndexError
            If there is no such sample.
        TypeError
            If the strategy does not say what it goes by.

        See Also
        --------
        skactive.inspection.UtilityDisplay : Draws the factors of all candidates.

        Notes
        -----
        It explains things as they stand now, and changes nothing. A sample that `query` chose
        second or later in a batch was chosen as if those before it were labelled; here it is
        explained as if it were asked about alone.

        Cost: that of a query, and one product of the pool with one sample,
        O(n_samples · n_features).

        Examples
        --------
        >>> from skactive import ActiveLearner
        >>> X = [[5.0, 1.0], [4.0, 2.0], [3.0, 2.0], [2.0, 2.0], [2.0, 3.0], [1.0, 4.0]]
        >>> learner = ActiveLearner(X_pool=X).teach([0, 5], ["apple", "orange"])
        >>> print(learner.explain_query(learner.query(), n_neighbors=2))
        Sample 3 comes first of 4 candidates. Its label would cover what none covers
        yet, as much as 0.337 samples: more than that of any other candidate. The
        classifier hesitates between apple (0.50) and orange (0.50): it is less sure
        than of any other candidate. No other candidate combines these as well.
        <BLANKLINE>
        measure       value  factor  rank of 4
        coverage     0.3375   0.352          1
        uncertainty  0.9936   0.984          1
        product               0.346          1
        <BLANKLINE>
        Class probabilities: apple 0.50, orange 0.50
        Nearest in the pool (cosine): 2 at 0.019, 4 at 0.019
        Nearest labelled (cosine): 5 (orange) at 0.143, 0 (apple) at 0.168
        """
        return explain_query(self, index, n_neighbors)

    def samples(self, indices: Any) -> Any:
        """Return samples of the pool as they were given, to show them to a person.

        Parameters
        ----------
        indices : array-like of int of shape (n,)
            Positions in X_pool.

        Returns
        -------
        samples : array-like of length n
            Rows of an array or DataFrame, items of a list.
        """
        return take_rows(self.X_pool, check_positions(indices, self.pool.n_samples))

    def teach(self, indices: Any, y: Any) -> ActiveLearner:
        """Take answers in, in any order and number.

        Parameters
        ----------
        indices : int or array-like of int of shape (n,)
            Positions in X_pool, queried or not. One that is labelled already may come again
            with its label; one whose label is forgotten may come with any; one that was skipped
            may be answered after all.
        y : label or array-like of shape (n,)
            What the person said.

        Returns
        -------
        self : ActiveLearner
            The learner, which knows the answers.

        Raises
        ------
        ValueError
            If lengths differ, a label is missing, or a sample would get two labels. Nothing is
            taken in.

        Warns
        -----
        DriftWarning
            If the `drift_detector` signals that fewer answers are predicted than before.
        """
        self._take_refresh()
        positions = check_positions(indices, self.pool.n_samples)
        places = np.arange(len(positions))
        if len(positions) > 1:
            places = np.sort(np.unique(positions, return_index=True)[1])
        places = places[~self.pool.is_labeled(positions[places])]
        fresh = positions[places]
        predicted = self._predicted(fresh)
        n_forgotten = self.pool.n_forgotten
        self.pool.add_labels(positions, y)
        if len(fresh) == 0:
            return self
        labels, forgot = check_labels(y)[places], self.pool.n_forgotten > n_forgotten
        try:
            self._updater.add(fresh, labels)
        except Exception:
            self._unlabel(fresh, forgot)
            raise
        self._note(Taught(fresh, labels, forgot))
        if self._watch is not None and predicted is not None:
            self._watch.take_in(predicted == labels, self._history.n_answers)
        if self._refresher is not None:
            self._refresher.heard(len(fresh))
            if self._refresher.is_due():
                self._start_refresh(self._refresher)
        self._stopping.taught(self, self._history.n_answers)
        return self

    def relabel(self, indices: Any, y: Any) -> ActiveLearner:
        """Replace answers that were wrong.

        Parameters
        ----------
        indices : int or array-like of int of shape (n,)
            Positions of labelled samples.
        y : label or array-like of shape (n,)
            Their labels from now on.

        Returns
        -------
        self : ActiveLearner
            The learner, which knows the new answers.

        Raises
        ------
        ValueError
            If a sample is not labelled or named twice, lengths differ, or a label is missing.
            Nothing is replaced.
        """
        positions = check_positions(indices, self.pool.n_samples)
        before = self._relabel(positions, y)
        after = self.pool.labels_of(positions)
        if not np.array_equal(before, after):
            self._note(Relabeled(positions, before, after))
        return self

    def skip(self, indices: Any) -> ActiveLearner:
        """Leave out samples that nobody can answer: they are not asked about again.

        Parameters
        ----------
        indices : int or array-like of int of shape (n,)
            Positions of samples that are not labelled.

        Returns
        -------
        self : ActiveLearner
            The learner, which asks about others.
        """
        positions = np.unique(check_positions(indices, self.pool.n_samples))
        fresh = positions[~np.isin(positions, self.pool.skipped)]
        self.pool.skip(positions)
        if len(fresh):
            self._note(Skipped(fresh))
        return self

    def forget(self, n_kept: int = 0) -> ActiveLearner:
        """Forget the oldest labels: the task has changed, and they are no longer true.

        Their samples are candidates again. Samples known from the start are older than any
        answer, and go first. What the classifier brought along and cannot be told sample by
        sample stays. A `drift_detector` starts anew.

        Parameters
        ----------
        n_kept : int, default=0
            How many labels are kept, the last ones.

        Returns
        -------
        self : ActiveLearner
            The learner, as if it had been taught the others only.

        Examples
        --------
        >>> from skactive import ActiveLearner
        >>> learner = ActiveLearner(X_pool=[[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]])
        >>> learner = learner.teach([0, 2, 1], ["good", "bad", "bad"]).forget(n_kept=1)
        >>> learner.labeled, learner.candidates
        (array([1]), array([0, 2]))
        >>> learner.answered, learner.answers
        (array([0, 2, 1]), array(['good', 'bad', 'bad'], dtype='<U4'))
        """
        before, n_before = self.pool.labeled, self.pool.n_labeled
        self.pool.forget(n_kept)
        if self.pool.n_labeled < n_before:
            self._updater.start_over()
            self._note(Forgot(before[~self.pool.is_labeled(before)], n_kept))
        if self._watch is not None:
            self._watch.start_anew()
        return self

    def undo(self) -> np.ndarray:
        """Take back the last `teach`, `skip`, `relabel` or `forget` that changed something.

        Returns
        -------
        indices : ndarray of int of shape (n,)
            Positions of the samples it was about.

        Raises
        ------
        ValueError
            If there is nothing left to take back.
        """
        if not self._history:
            raise ValueError("There is no answer to take back.")
        if self._journal is not None:
            self._journal.write({"undo": True})
        action = self._take_back()
        self._stopping.undone(self._history.n_answers)
        return action.positions

    def predict(self, X: Any) -> np.ndarray:
        """Predict the labels of samples, of the pool or new.

        Parameters
        ----------
        X : array-like of length n_queries
            Samples of the kind of X_pool.

        Returns
        -------
        y : ndarray of shape (n_queries,)
            The labels.

        Raises
        ------
        NotFittedError
            If too little is known yet to predict anything.
        """
        return np.asarray(self.fitted_estimator().predict(X))

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each class for samples, of the pool or new.

        Parameters
        ----------
        X : array-like of length n_queries
            Samples of the kind of X_pool.

        Returns
        -------
        probabilities : ndarray of shape (n_queries, n_classes)
            In the order of `classes_`; 0 for a class that the estimator has not met yet.
        """
        estimator = self.fitted_estimator()
        met = estimator.predict_proba(X)
        if met.shape[1] == len(self.classes_):
            return np.asarray(met)
        probabilities = np.zeros((len(met), len(self.classes_)))
        probabilities[:, np.searchsorted(self.classes_, estimator.classes_)] = met
        return probabilities

    def score(self, X: Any, y: Any) -> float:
        """Return the accuracy on samples whose labels are known.

        Parameters
        ----------
        X : array-like of length n_queries
            Samples of the kind of X_pool.
        y : array-like of shape (n_queries,)
            Their labels.

        Returns
        -------
        score : float
            What the estimator's own `score` says, the share of right predictions.
        """
        return float(self.fitted_estimator().score(X, y))

    def features(self, X: Any) -> Any:
        """Return samples as the classifier sees them.

        Parameters
        ----------
        X : array-like of length n_queries
            Samples of the kind of X_pool.

        Returns
        -------
        features : array-like of shape (n_queries, n_features)
            X after all steps of the Pipeline but the last; X itself where there is none.
        """
        return X if self._steps is None else self._steps.transform(X)

    def explain(self, X: Any) -> VoteExplanation:
        """Name the samples of the pool that made each prediction, and their share in it.

        Parameters
        ----------
        X : array-like of length n_queries
            Samples of the kind of X_pool.

        Returns
        -------
        explanation : VoteExplanation
            What the classifier's own `explain` says, its `indices` being positions in X_pool; -1
            for a labelled sample from outside the pool.

        Raises
        ------
        TypeError
            If the classifier has no `explain`.
        """
        self.fitted_estimator()
        classifier = self._updater.classifier
        if not hasattr(classifier, "explain"):
            raise TypeError(
                f"{type(classifier).__name__} cannot name the samples behind a prediction. "
                "Hint: IncrementalKNeighborsClassifier can."
            )
        explanation = classifier.explain(self.features(X))
        return replace(explanation, indices=self._updater.positions_of(explanation.indices))

    def fitted_estimator(self) -> Any:
        """Return the estimator with all answers learnt.

        Returns
        -------
        estimator : classifier or Pipeline
            The attribute `estimator`, after a classifier that is fitted anew has caught up.

        Raises
        ------
        NotFittedError
            If too little is known yet to predict anything.
        """
        self._take_refresh()
        self._catch_up()
        classifier = self._updater.classifier
        # Label spreading has its graph before it has a label.
        if not is_fitted(classifier) or len(getattr(classifier, "classes_", [None])) == 0:
            raise NotFittedError(
                f"{type(classifier).__name__} cannot predict yet: the classes known so far are "
                f"{self.classes_.tolist()}. Hint: teach more."
            )
        return self.estimator

    def refresh(self) -> ActiveLearner:
        """Refit the steps that learn from labels on all answers so far, and wait for it.

        With `refresh_every` this happens beside the loop, some queries later. Scripts that are to
        give the same every time call it instead, after each so many answers.

        Returns
        -------
        self : ActiveLearner
            The learner, whose pool and classifier have the new features.

        Raises
        ------
        ValueError
            If there are no such steps or no labels, or a step cannot be fitted: the steps before
            stay, and so do all labels.
        """
        if self._refresher is None:
            raise ValueError(
                "There is nothing to refresh: no step was passed that learns from labels. Hint: "
                "pass a Pipeline with one, and refresh_every."
            )
        if self.pool.n_labeled == 0:
            raise ValueError("There is nothing to refresh from: no label is known yet.")
        self._take_refresh(wait=True)
        self._start_refresh(self._refresher)
        refreshed = self._refresher.finished(wait=True)
        if refreshed is not None:
            self._swap(*refreshed, self._refresher.seed)
        return self

    def __repr__(self) -> str:
        return (
            f"<ActiveLearner: {len(self.labeled)} of {self.pool.n_samples} samples labelled, "
            f"{self.pool.n_candidates} left, estimator={self.estimator!r}, "
            f"strategy={self.strategy!r}>"
        )

    def _repr_html_(self) -> str:
        counts = [
            ("labelled", len(self.labeled)),
            ("skipped", len(self.pool.skipped)),
            ("left", self.pool.n_candidates),
        ]
        outside = self.pool.n_labeled - len(self.labeled)
        if outside:
            counts.insert(1, ("labelled beforehand", outside))
        progress = self.progress._repr_html_() if self._stopping.criteria else ""
        return progress + learner_html(
            self.estimator, self.strategy, counts, self.classes_.tolist()
        )

    def _predicted(self, positions: np.ndarray) -> np.ndarray | None:
        if self._watch is None or len(positions) == 0:
            return None
        try:
            self.fitted_estimator()
            return np.asarray(self._updater.classifier.predict(self.pool.take(positions)))
        except NotFittedError:
            return None

    def _unlabel(self, positions: np.ndarray, forgot: bool) -> None:
        if forgot:
            self.pool.restore_forgotten()
        self.pool.remove_labels(positions)

    def _relabel(self, positions: np.ndarray, y: Any) -> np.ndarray:
        before = self.pool.labels_of(positions)
        self.pool.relabel(positions, y)
        if len(positions):
            try:
                self._updater.relabel(positions, self.pool.labels_of(positions))
            except Exception:
                self.pool.relabel(positions, before)
                raise
        return before

    def _seed(self, X: Any, y: Any) -> tuple[Any, Any]:
        if X is None and y is None:
            return None, None
        if X is None or y is None:
            given, missing = ("y", "X") if X is None else ("X", "y")
            raise ValueError(
                f"{given}_labeled was passed without {missing}_labeled: give both or neither."
            )
        labels = check_labels(y)
        check_consistent_length(X, labels)
        return (self.features(X), labels) if len(labels) else (None, None)

    def _catch_up(self) -> None:
        self._updater.catch_up()

    def _note(self, action: Action) -> None:
        """Remember what was done, in the journal too, or take it back."""
        self._history.append(action)
        if self._journal is not None:
            try:
                self._journal.write(action.entry())
            except BaseException:
                self._take_back()
                raise

    def _take_back(self) -> Action:
        """Undo the last action, and return it."""
        action = self._history.last
        if isinstance(action, Taught):
            self._unlabel(action.positions, action.forgot)
            if action.forgot:
                self._updater.start_over()
            else:
                self._updater.remove(action.positions)
        elif isinstance(action, Relabeled):
            self._relabel(action.positions, action.before)
        elif isinstance(action, Skipped):
            self.pool.unskip(action.positions)
        else:
            self.pool.restore_forgotten()
            self._updater.start_over()
        self._history.pop()
        return action

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_journal": None}

    def _check_together(
        self, fit_params: dict[str, Any] | None, seed: tuple[Any, Any], graph: NeighborGraph | None
    ) -> None:
        if fit_params and seed[0] is not None:
            raise ValueError(
                f"fit_params={sorted(fit_params)} are for the samples of the pool, and those of "
                "X_labeled have none. Hint: make the labelled samples part of the pool, and "
                "`teach` their labels."
            )
        if graph is not None and self._refresher is not None:
            raise ValueError(
                "A graph cannot be given with refresh_every: it is of features that will change. "
                "Hint: leave the graph out."
            )

    def _build(
        self,
        classifier: Any,
        samples: Any,
        seed: tuple[Any, Any],
        graph: NeighborGraph | None = None,
        state: Any = None,
    ) -> None:
        """Make a pool of features, and the way in which the classifier is taught."""
        follows = isinstance(
            classifier, IncrementalKNeighborsClassifier | IncrementalLabelSpreading
        )
        self.pool = self._new_pool(
            samples,
            estimator=classifier if follows else AskedClassifier(classifier, self._catch_up),
            classes=declared_classes(classifier, self._classes),
            graph=graph,
            state=state,
        )
        for X, y in (stored_samples(classifier), seed):
            if X is not None:
                self.pool.add_labeled(X, y)
        self._updater = updater_for(
            classifier, samples, self.pool, seed, self._classes, self._fit_params
        )

    def _new_pool(self, samples: Any, **arguments: Any) -> Any:
        return Pool(samples, samples=samples, **arguments)

    def _start_refresh(self, refreshing: Refresher) -> None:
        refreshing.start(self.labeled, self.labels, n_outside(self.pool))

    def _take_refresh(self, *, wait: bool = False) -> None:
        """Swap in what was refitted meanwhile, or say why there is nothing."""
        if self._refresher is None:
            return
        try:
            refreshed = self._refresher.finished(wait=wait)
        except Exception as error:  # noqa: BLE001  of a user's step, whatever it is
            where = " ".join(getattr(error, "__notes__", []))
            warn_user(f"The features were not refreshed: {error} {where} Labels are safe.")
            return
        if refreshed is not None:
            self._swap(*refreshed, self._refresher.seed)

    def _swap(self, steps: list[tuple[str, Any]], samples: Any, seed: tuple[Any, Any]) -> None:
        """Put refitted steps in, and tell a new pool and the emptied classifier all answers."""
        n_before = len(self._steps.steps) - 1 - len(steps)
        fitted = [*self._steps.steps[:n_before], *steps]
        self._steps.steps = [*fitted, self._steps.steps[-1]]
        self.estimator.steps = [*fitted, self.estimator.steps[-1]]
        X, y = seed
        for _, step in steps:
            X = X if X is None or step in (None, "passthrough") else step.transform(X)
        classifier = self._updater.classifier
        restore(classifier, self._blank)
        self._build(classifier, samples, (X, y))
        self._history.replay(self.pool)
        self._updater.start_over()
