"""The loop of a pool, a classifier, a strategy and an annotator."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

from numpy.typing import ArrayLike
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_consistent_length

from skactive._engine.class_descriptions import check_descriptions, with_described
from skactive._engine.labels import check_classes
from skactive._estimators import check_classifier, stored_samples
from skactive._fit_params import check_fit_params
from skactive._validation import check_mapping, check_strategy
from skactive.base import Classifier, HasPosteriorSource, Target
from skactive.learner._arguments import (
    check_journal,
    check_samples,
    check_seed_set,
    check_target,
    check_together,
    declared_classes,
    names_of,
    split_pipeline,
    text_descriptor,
)
from skactive.learner._defaults import default_strategy, estimator_for
from skactive.learner._described_classes import describe
from skactive.learner._drift import AgreementWatch
from skactive.learner._history.actions import Action
from skactive.learner._history.entries import action_from
from skactive.learner._history.journal import Journal
from skactive.learner._history.named_samples import has_names
from skactive.learner._html import learner_html
from skactive.learner._pool_samples import PoolSamples
from skactive.learner._queries import FirstQuery, LearnerQueries
from skactive.learner._refresh import RefreshedSteps, refresher_for
from skactive.learner._stopping.criteria import StoppingHistory
from skactive.learner._stopping.progress import Progress
from skactive.learner._transactions import locked, locked_labels
from skactive.learner._updaters import CatchUpPosterior, UpdateSource, restore, updater_for
from skactive.neighbors import NeighborGraph
from skactive.pool import FeatureCache, Pool
from skactive.strategies import QueryStrategy


class ActiveLearner(LearnerQueries):
    """Choose the samples that an annotator labels, and learn from each label at once.

    `query` returns the samples to label next, `teach` takes their labels, and `predict` uses them
    at once. Results about the pool are kept from query to query; after a label only those that it
    changes are computed again.

    Parameters
    ----------
    estimator : classifier, regressor or Pipeline, default=None
        The classifier; None takes `IncrementalLabelSpreading()`, `IncrementalMultiLabelSpreading()`
        for a `target` of several labels, and nearest neighbours for one of numbers. With a
        regressor, all that is said here of classifiers holds. The learner works on a copy. A
        classifier that implements the contract `skactive.base.IncrementalEstimator` learns each
        label at once; one with `partial_fit` gets the new labels when it is next used; any other is
        fitted again then. In a Pipeline the last step learns, and the steps before it turn samples
        into features once; steps that are not fitted yet are fitted to the pool, without labels. If
        they return tokens of texts, as those of transformers do, all steps get the texts, and
        strategies compare these by a `skactive.embedding.TextDescriptor`.
    strategy : QueryStrategy or str, default=None
        The query strategy, or its name in `all_strategies`; None takes `UncertaintyHerding()`.
        The two defaults together needed the fewest labels in our comparisons.
    X_pool : array-like of length n_samples
        The unlabelled samples: features, or the input of the first step of the Pipeline (raw
        texts, file paths, a DataFrame).
    X_labeled : array-like of length n_labeled, default=None
        Samples outside the pool whose labels are known: the seed set.
    y_labeled : array-like of shape (n_labeled,), default=None
        Their labels.
    classes : array-like of shape (n_classes,), default=None
        Labels that are known beforehand. Other labels are added as they come.
    class_descriptions : dict, default=None
        Two to four typical samples of each class, of the kind of X_pool, such as ``{"late":
        ["Where is my order?", "My parcel has not arrived."]}``. The classifier must have this
        parameter, as `IncrementalLabelSpreading` has, and gets their features. It predicts without
        any label then, and the strategy chooses by these predictions.
    strict_classes : bool, default=False
        Whether labels that are not among `classes` are refused, with the most similar class in the
        error message. It catches typing errors of an annotator.
    target : Target, default=None
        The kind of labels. None takes `skactive.base.ContinuousTarget` if the estimator is a
        regressor, `skactive.base.MultiLabelTarget` if it learns nothing but several labels of each
        sample, else `skactive.base.CategoricalTarget`.
    ids : array-like of length n_samples, default=None
        Names of the samples: strings, numbers or tuples. None takes the index of a DataFrame or
        Series, the paths of files, else positions.
    drift_detector : object, default=None
        Detects a drop of the agreement of answers and predictions: any drift detector of river
        (``pip install 'skactive[drift]'``), such as ``river.drift.PageHinkley(mode="up",
        threshold=5)``, or another object with ``update(x)`` and ``drift_detected``. The learner
        works on a copy. For each new answer the detector gets 0.0 if the classifier predicted the
        answer just before, else 1.0. If it signals and the agreement has dropped, `teach` gives a
        `DriftWarning`. None detects nothing.
    fit_params : dict, default=None
        Further arguments of the classifier's `fit` (of `partial_fit` or `add_labeled` if it
        learns by these), such as ``{"sample_weight": weights}``. Arguments with an entry for each
        sample of the pool are restricted to the labelled samples. In a Pipeline they go to the
        last step. They cannot be combined with X_labeled, whose samples have no entries.
    refresh_every : int, default=None
        Number of answers, at least 1, after which the steps that learn from labels
        (`ContrastiveMap`, scikit-learn's `NeighborhoodComponentsAnalysis`, …) are fitted again.
        They are left out until the first time. They are fitted in a thread, while the annotation
        continues; the next call after that replaces the steps and builds `pool` again. The seed set
        counts as answers. None if all such steps are fitted already, or there are none.
    stopping : StoppingCriterion or list of them, default=None
        Criteria evaluated after each answer: `StabilizedPredictions`, `ExpectedGain`,
        `SufficientAccuracy`, `LabelingLimit`. The learner works on copies; `progress` shows their
        verdicts, and the learner itself never stops.
    graph : NeighborGraph, default=None
        The neighbour graph of the pool's features, built or loaded earlier. None builds it if the
        classifier or the strategy needs one. From two seconds on, a terminal or notebook shows a
        progress bar meanwhile; the environment variable ``TQDM_DISABLE=1`` hides it.
    journal : path-like, default=None
        A file to which every answer is written before `teach` returns. The answers in an existing
        file are read first, so that an interrupted loop resumes. See Notes. None keeps answers in
        memory alone.
    state : path-like, default=None
        A file written by ``learner.pool.save_state``. It avoids computing everything again when a
        loop over a large pool resumes with its `journal`. A file that does not exist is
        ignored.
    cache : FeatureCache, default=None
        Shares neighbour graphs, densities and clusterings with other learners whose features are
        equal. None keeps them for this learner alone.

    Attributes
    ----------
    estimator : classifier or Pipeline
        The copy that learns.
    strategy : QueryStrategy
        The strategy.
    X_pool : array-like of length n_samples
        The samples as they were given, with those that `extend` added.
    ids : ndarray of shape (n_samples,)
        Their names: ``learner.ids[learner.query()]``.
    pool : Pool
        Their features, labels, and the results computed about them.
    journal : Path or None
        The file to which answers are written.

    Raises
    ------
    ValueError
        If the pool is empty, its features are not finite numbers, or lengths differ; if
        `estimator` is fitted already and could only be fitted again, without its training data
        being passed.

    See Also
    --------
    skactive.integrations.modal.ActiveLearner : The same with modAL's interface.

    Notes
    -----
    `query` changes nothing: two calls return the same samples. Labels are stored before the
    classifier learns them. Many classifiers need several labels of each class: until then the
    strategy chooses without their probabilities, `predict` raises NotFittedError, and `fit_error`
    is the reason. A ValueError of the classifier counts as one as long as a class has fewer than
    30 labels, unless a copy of the classifier raises the same for 30 copies of labelled samples of
    each class. Any other exception comes from `query` or `predict`, and the labels are kept.

    A classifier that forgets (`IncrementalKNeighborsClassifier` with `max_labeled`) makes the
    samples of forgotten labels candidates again: they may be queried and labelled again. Every
    label that was given stays in `answered` and `answers`.

    With a `drift_detector` the classifier predicts each sample before it learns its label. Before
    the first label there is no prediction, and nothing is detected. If predicting fails, the
    exception comes from `teach`, and no label is stored. `undo` does not change the detector.

    A `journal` is text, with a JSON object in each line: each `teach`, `relabel`, `skip`,
    `unskip`, `forget`, `undo`, `extend` and `remove`, with its time. Labels are strings or numbers.
    A resumed loop may use another estimator and strategy. Samples may be added and moved: those
    with answers are found again by `ids`, by the index of a DataFrame that has its own, by the
    paths of files, or else by their content. An error names a sample that has changed, a warning
    one whose id is missing: its answers wait in the file. One process at a time writes to the
    file; within a process, the learner created last does. A copy of a learner has no journal. If an
    answer cannot be written, the exception comes from `teach`, and no label is stored.

    Each action is executed completely or not at all, whatever interrupts it. Threads may share a
    learner: an action waits for the one before. `learner.pool` itself has no lock.

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

    # The class of the pool. A subclass can set another one.
    _pool_type: Any = Pool
    # Refitted steps that are not in use yet.
    _refreshed: RefreshedSteps | None = None

    def __init__(
        self,
        estimator: Classifier | None = None,
        strategy: QueryStrategy | str | None = None,
        X_pool: Any = None,  # samples of any kind
        *,
        X_labeled: Any = None,  # samples of any kind
        y_labeled: ArrayLike | None = None,
        classes: ArrayLike | None = None,
        class_descriptions: Mapping[Any, Any] | None = None,
        strict_classes: bool = False,
        target: Target | None = None,
        ids: ArrayLike | None = None,
        drift_detector: Any = None,  # river's detectors have no common type
        fit_params: dict[str, Any] | None = None,
        refresh_every: int | None = None,
        stopping: Any = None,  # one criterion or a list of them
        graph: NeighborGraph | None = None,
        journal: str | PathLike[str] | None = None,
        state: str | PathLike[str] | None = None,
        cache: FeatureCache | None = None,
    ) -> None:
        given = estimator_for(target) if estimator is None else estimator
        check_classifier(
            given, hint="pass samples as X_pool, ActiveLearner(X_pool=X).", or_regressor=True
        )
        self.strategy = default_strategy() if strategy is None else check_strategy(strategy)
        if X_pool is None:
            raise TypeError("ActiveLearner needs the samples to choose from: pass X_pool.")
        self._begin_state()
        check_journal(self, journal)
        fit_params = dict(check_mapping(self, "fit_params", fit_params, "names of arguments"))
        samples = check_samples(X_pool)
        names = names_of(samples, ids)
        self._watch = None if drift_detector is None else AgreementWatch(drift_detector)
        self._stopping = StoppingHistory(stopping)
        parts = (self.strategy, self._watch, *self._stopping.criteria)
        self._target = check_target(given, target, classes, parts, strict_classes=strict_classes)
        learning: Any = copy.deepcopy(given)
        before, self._refresher = refresher_for(learning, samples, refresh_every)
        if self._refresher is None:
            self._steps, classifier, features = split_pipeline(learning, samples)
        else:
            classifier = learning[-1]
            steps, features = self._refresher.first_steps()
            self._steps = Pipeline([*before.steps[:-1], *steps, before.steps[-1]])
        self.estimator: Any = classifier
        if self._steps is not None:
            self.estimator = Pipeline(
                [*self._steps.steps[:-1], (learning.steps[-1][0], classifier)]
            )
        described = text_descriptor(learning, self._steps, samples)
        self._samples = PoolSamples(samples, names, features, has_names(samples, ids), described)
        self._seed = self._seed_set(X_labeled, y_labeled)
        check_together(fit_params, self._seed, graph, self._refresher)
        check_fit_params(classifier, fit_params)
        validate = self._target.validate
        self._descriptions = check_descriptions(self, class_descriptions, validate)
        classes = None if classes is None else check_classes(classes, validate)
        self._classes = with_described(classes, self._descriptions)
        self._is_strict, self._fit_params, self._cache = strict_classes, fit_params, cache
        if self._refresher is not None and self._seed[0] is not None:
            self._refresher.seed = before.transform(X_labeled), self._seed[1]
        describe(classifier, self._descriptions, self._steps)
        self._blank = copy.deepcopy(classifier)
        others = (graph, cache, self._refresher, self._seed[0])
        if all(one is None for one in others) and not fit_params:
            self._first = FirstQuery.of(self._blank, self._classes)
        self._build(classifier, graph, state, may_defer=True)
        self._answers_taken(self._pool.n_labeled)
        self._finish_refresh(wait=True)
        if journal is not None:
            opened = Journal(journal, samples, self._pool.n_samples, None if ids is None else names)
            with opened.opened():
                self._replay(opened)
            self._journal = opened

    @property
    def drift_detector(self) -> Any:  # the user's detector
        """The copy of the drift detector, or None."""
        return None if self._watch is None else self._watch.detector

    @property
    @locked
    def drifts(self) -> list[int]:
        """The numbers of answers after which a drop of agreement was detected."""
        return [] if self._watch is None else list(self._watch.drifts)

    @property
    def journal(self) -> Path | None:
        """The file to which answers are written, or None."""
        return None if self._journal is None else self._journal.path

    @property
    @locked
    def progress(self) -> Progress:
        """The state of the labelling, with the verdicts of the criteria in `stopping`."""
        self._finish_refresh()
        return Progress(self, self._stopping, self._lock)

    @locked
    def refresh(self) -> ActiveLearner:
        """Fit the steps that learn from labels to all labels, and wait for the result.

        With `refresh_every` this happens during the loop, some queries later. A script that must
        give the same result every time calls `refresh` instead, after a fixed number of answers.

        Returns
        -------
        self : ActiveLearner
            The learner, whose pool and classifier have the new features.

        Raises
        ------
        ValueError
            If there are no such steps or no labels, or a step cannot be fitted: the present steps
            and all labels stay.
        """
        if self._refresher is None:
            raise ValueError(
                "There is nothing to refresh: no step learns from labels. Hint: pass a Pipeline "
                "with such a step, and refresh_every."
            )
        if self._pool.n_labeled == 0:
            raise ValueError("There is nothing to refresh from: no label is known yet.")
        self._finish_refresh(wait=True)
        self._refresher.start(self._pool)
        refreshed = self._refresher.finished(wait=True)
        if refreshed is not None:
            self._replace_steps(refreshed)
        return self

    @locked_labels
    def __repr__(self) -> str:
        shown, described = self.estimator, ""
        if self._descriptions:
            # The classifier has features in place of the samples that describe classes.
            shown = clone(self.estimator)
            (shown if self._steps is None else shown[-1]).set_params(class_descriptions=None)
            described = f"class_descriptions of {[label for label, _ in self._descriptions]}, "
        return (
            f"<ActiveLearner: {len(self.labeled)} of {self._pool.n_samples} samples labelled, "
            f"{self._pool.n_candidates} left, estimator={shown!r}, {described}"
            f"strategy={self.strategy!r}>"
        )

    @locked
    def _repr_html_(self) -> str:
        return learner_html(self, self.progress if self._stopping.criteria else None)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._external.updater = self._updater

    def _seed_set(self, X: Any, y: Any) -> tuple[Any, Any]:
        if X is None and y is None:
            return None, None
        check_seed_set(X, y)
        labels = self._target.validate(y)
        check_consistent_length(X, labels)
        return (self.features(X), labels) if len(labels) else (None, None)

    @property
    def _classifier(self) -> Any:
        return self.estimator if self._steps is None else self.estimator[-1]

    def _build(
        self,
        classifier: Any,
        graph: NeighborGraph | None = None,
        state: Any = None,
        *,
        may_defer: bool = False,
    ) -> None:
        """Create the pool of features, and the updater of the classifier."""
        follows = isinstance(classifier, HasPosteriorSource)
        self._external = CatchUpPosterior()
        self._pool = self._new_pool(
            self._samples.features,
            estimator=classifier,
            posterior_source=None if follows else self._external,
            classes=declared_classes(classifier, self._classes),
            strict_classes=self._is_strict,
            target=self._target,
            graph=graph,
            state=state,
            cache=self._cache,
        )
        first = self._first_query() if may_defer else None
        if first is None:
            self._begin_labels(classifier)
        else:
            # Wrong parameters are reported at once.
            first.draw(self._pool.X)
            self._pool.graphs.begin(classifier.n_neighbors, classifier.metric)
            self._is_deferred = True
        self._samples_of_pool = self._samples

    def _begin_labels(self, classifier: Any) -> None:
        """Add the labels from outside to an empty pool, and create the updater."""
        for X, y in (stored_samples(classifier), self._seed):
            if X is not None:
                self._pool.add_labeled(self._samples.vectors(X), y)
        self._source = UpdateSource(
            self._samples.features, self._pool, self._seed, self._classes, self._fit_params
        )
        self._updater = updater_for(classifier, self._source)
        self._external.updater = self._updater

    def _new_pool(self, samples: Any, **arguments: Any) -> Any:  # a Pool, or a subclass's own
        return self._pool_type(self._samples.vectors(samples), samples=samples, **arguments)

    def _start_over(self) -> None:
        if self._refreshed is not None:
            self._take(self._refreshed)
        if self._samples_of_pool is self._samples:
            self._reset_labels()
        else:
            restore(self._classifier, self._blank)
            self._build(self._classifier)

    def _reset_labels(self) -> None:
        restore(self._classifier, self._blank)
        self._pool.reset()
        self._begin_labels(self._classifier)

    def _actions_of(self, entries: Any) -> list[Action]:
        return [action_from(entry, self._pool) for _, entry in entries]

    def _replay(self, journal: Journal) -> None:
        """Execute the actions in a journal.

        Only the detector and the stopping criteria depend on the states in between.
        """
        is_observed = self._watch is not None or self._stopping.criteria
        taught: set[int] = set()
        for number, entry in journal.entries():
            if self._is_deferred:
                self._recover()
            try:
                action = action_from(entry, self._pool)
                action.check_after(taught)
                predicted = self._predicted(action) if is_observed else None
                if is_observed and action.can_apply(self._pool):
                    action.apply(self._pool, self._updater)
                else:
                    action.replay(self._pool)
                    if is_observed:
                        self._updater.start_over()
                self._history.actions.append(action)
            except (IndexError, KeyError, TypeError, ValueError) as error:
                raise journal.fault(number, error) from error
            if is_observed:
                self._observe(action, predicted, warns=False)
        if self._history and not is_observed:
            self._updater.start_over()
            self._answers_taken(self._history.n_answers)

    def _answers_recorded(self, n_new: int) -> None:
        self._answers_taken(n_new)
        # Counting takes longer with every action.
        if self._stopping.criteria:
            self._stopping.taught(self, self._history.n_answers)

    def _answers_taken(self, n_answers: int) -> None:
        """Start a refresh if there are enough answers since the last one."""
        if self._refresher is not None:
            self._refresher.count(n_answers, self._pool)

    def _finish_refresh(self, *, wait: bool = False) -> None:
        if self._refresher is not None:
            refreshed = self._refresher.finished_or_warn(wait=wait)
            if refreshed is not None:
                self._replace_steps(refreshed)

    def _replace_steps(self, refreshed: RefreshedSteps) -> None:
        """Replace the steps, and teach all labels to a new pool and the emptied classifier."""
        self._is_suspect = True
        self._refreshed = refreshed
        self._recover()
        self._refreshed = None

    def _take(self, refreshed: RefreshedSteps) -> None:
        fitted = refreshed.after(self._steps.steps[:-1])
        self._steps.steps = [*fitted, self._steps.steps[-1]]
        self.estimator.steps = [*fitted, self.estimator.steps[-1]]
        self._seed = refreshed.seed
        describe(self._blank, self._descriptions, self._steps)
        self._samples = replace(self._samples, features=refreshed.features)
