"""A session over the pool of a learner, which selects the samples and learns the answers."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from skactive._label_names import Label, plain_label
from skactive._text import counted, shown
from skactive.labeling._learning import SessionLearner
from skactive.labeling._log import SessionLog
from skactive.labeling._predictions import NONE, PoolPredictions
from skactive.labeling._sources import (
    SampleList,
    digest,
    distinct,
    listed_samples,
    pictures,
    read_samples,
)

if TYPE_CHECKING:
    from skactive.learner import ActiveLearner, LabelIssues, QueryExplanation

TYPES = {"i": int, "u": int}
# More answers than these, such as those of a gallery or of earlier days, are taught at once.
MAX_SINGLE = 8


def samples_of(learner: ActiveLearner, source: Any) -> SampleList:  # a path, or samples
    """Return the samples that an annotator sees of the pool of a learner, in its order.

    Parameters
    ----------
    learner : ActiveLearner
        The learner.
    source : object
        A source of `LabelingSession`, or an array of pictures; None takes the samples of the pool.
    """
    values = learner.X_pool if source is None else source
    if isinstance(values, str | os.PathLike):
        samples = read_samples(values)
    elif _is_text(values):
        # One for each sample of the pool.
        samples = listed_samples(values, keeps_blank=True)
    else:
        samples = _vectors(learner, values)
    n = len(learner.ids)
    if len(samples) != n:
        raise ValueError(
            f"There are {counted(len(samples), 'sample')} to show for the {n:,} samples of the "
            "pool. Hint: pass one for each, in the order of X_pool."
        )
    return samples


def _is_text(values: Any) -> bool:
    some = values.tolist() if hasattr(values, "tolist") else values
    return isinstance(next(iter(some), None), str | os.PathLike)


def _vectors(learner: ActiveLearner, values: Any) -> SampleList:
    """Return vectors, with pictures if there are any."""
    X = learner.pool.X
    if not isinstance(X, np.ndarray):
        raise TypeError(
            "The samples of this pool cannot be shown. Hint: pass a list of texts or of paths of "
            "images, one for each sample."
        )
    images = np.asarray(values)
    drawn = pictures(images, len(X), "samples") if images.ndim > 2 else None
    ids = distinct([digest(row.tobytes()) for row in np.ascontiguousarray(X)])
    return SampleList("vector", ids, X, [None] * len(X), drawn)


class NamedLearner:
    """A learner as a session sees it: samples have the session's names, and classes are texts.

    Parameters
    ----------
    learner : ActiveLearner
        The learner.
    names : list of str
        The names of its samples.

    Attributes
    ----------
    ids : ndarray of shape (n_samples,)
        The names.
    classes : dict of str to object
        The classes of the learner, by their texts.
    """

    def __init__(self, learner: ActiveLearner, names: list[str]) -> None:
        self._learner = learner
        self.ids = np.array(names, dtype=object)
        self.take_classes()

    def __getattr__(self, name: str) -> Any:  # what has neither names nor classes
        return getattr(self._learner, name)

    def take_classes(self) -> None:
        """Read the classes of the learner, which `typed` uses without waiting for a query."""
        classes = self._learner.classes_
        self._kind = classes.dtype.kind if len(classes) else "U"
        self.classes = {str(one): one for one in classes.tolist()}

    def typed(self, labels: Sequence[Any]) -> list[Any]:
        """Return labels of the type of the learner's own.

        Parameters
        ----------
        labels : list of str, or of sets of str
            The classes.

        Raises
        ------
        ValueError
            If one of them has another type.
        """
        return [
            self._typed(one) if isinstance(one, str) else set(map(self._typed, one))
            for one in labels
        ]

    def _typed(self, name: str) -> Any:
        return self.classes[name] if name in self.classes else self._new(name)

    def _new(self, name: str) -> Any:
        if self._kind in "UO":
            return name
        try:
            label = TYPES.get(self._kind, str)(name)
        except ValueError:
            label = None
        if self._kind not in TYPES or str(label) != name:
            raise ValueError(
                f"{shown(name)} is no class of this learner, whose classes are such as "
                f"{next(iter(self.classes))}. Hint: create it with classes that are texts."
            )
        return label

    @property
    def X_pool(self) -> Any:
        """The features of the samples."""
        return self._learner.pool.X

    @property
    def labels(self) -> np.ndarray:
        """The labels of the labelled samples."""
        return _as_labels(self._learner.labels)

    def teach(self, places: Sequence[int], labels: Sequence[Any]) -> None:
        """Store labels: a few one by one, as they were answered, so that `undo` takes one back."""
        typed = self.typed(labels)
        if len(places) > MAX_SINGLE:
            self._learner.teach(places, typed)
            return
        for place, label in zip(places, typed, strict=True):
            self._learner.teach([place], [label])

    def relabel(self, places: Sequence[int], labels: Sequence[Any]) -> None:
        """Replace labels."""
        self._learner.relabel(places, self.typed(labels))

    def predictions(self) -> PoolPredictions:
        """Return the predictions of all samples; none before there are probabilities.

        It costs a prediction of all samples.
        """
        from sklearn.exceptions import NotFittedError

        learner = self._learner
        try:
            classes = learner.fitted_estimator().classes_
            chances = learner.predict_proba(learner.X_pool)
        except (AttributeError, NotFittedError):
            return NONE
        is_multi_label = learner.pool.target.kind == "multilabel"
        if is_multi_label:
            classes = learner.classes_
        texts = list(map(str, classes.tolist()))
        return PoolPredictions(self.ids.tolist(), texts, chances, multi_label=is_multi_label)

    def label_issues(self) -> LabelIssues:
        """Return the labels of samples of the pool that the others contradict."""
        issues = self._learner.label_issues()
        own = np.flatnonzero(issues.indices >= 0)
        return replace(
            issues,
            indices=issues.indices[own],
            names=tuple(self.ids[issues.indices[own]].tolist()),
            labels=_as_labels(issues.labels[own]),
            suggestions=_as_labels(issues.suggestions[own]),
            probabilities=issues.probabilities[own],
        )

    def explain_query(self, place: int) -> QueryExplanation:
        """Explain why a sample is asked."""
        found = self._learner.explain_query(place)
        name = str(self.ids[place])
        said = (one.replace(f"Sample {found.name} ", f"Sample {name} ") for one in found.sentences)
        near = []
        for one in (found.neighbors, found.labeled):
            names = [self.ids[at] if at >= 0 else None for at in one.indices.tolist()]
            labels = None if one.labels is None else _as_labels(one.labels)
            near.append(replace(one, names=tuple(names), labels=labels))
        return replace(
            found,
            name=name,
            sentences=tuple(said),
            classes=tuple(map(str, found.classes)),
            neighbors=near[0],
            labeled=near[1],
        )


def _as_labels(labels: np.ndarray) -> np.ndarray:
    return np.fromiter(map(plain_label, labels.tolist()), dtype=object, count=len(labels))


class GivenLearner(SessionLearner):
    """The learner of a user in place of one that the session creates.

    Labels that it has already are added to the session, and answers of the session are taught. From
    then on each follows the other: a change of the learner, such as its `undo`, is an action of the
    session, which the page can undo.

    Parameters
    ----------
    samples : SampleList
        The samples of its pool, in their order.
    learner : ActiveLearner
        The learner.
    log : SessionLog
        The labels, which only the holder of the lock changes or reads.
    lock : RLock
        The lock of the log.
    """

    def __init__(
        self,
        samples: SampleList,
        learner: ActiveLearner,
        log: SessionLog,
        lock: Any,  # threading.RLock is a function until Python 3.13
    ) -> None:
        super().__init__(
            samples,
            lambda: None,
            log,
            np.arange(len(samples)),
            lock,
            Path(),
            multi_label=learner.pool.target.kind == "multilabel",
        )
        self._named = NamedLearner(learner, samples.ids)
        self._learner: Any = self._named
        self._places = samples.positions()
        self.n_embedded = len(samples)
        # The labels and the skipped samples of the learner that are in the log.
        self._known: dict[str, Label] = {}
        self._skipped: set[str] = set()

    def start(self) -> None:
        """Add the labels of the learner to the log, and teach those of the log."""
        with self._turn:
            labels, skipped = self._state()
            with self._lock:
                self._log.import_classes(self._named.classes)
                answers = self._log.state.answers
                fresh = {name: label for name, label in labels.items() if name not in answers}
                for label, names in _by_label(fresh).items():
                    self._log.import_labels(names, label)
            # Of samples with another answer, the session's is taught.
            self._known = labels
            self._skipped = skipped & set(self._log.state.skipped)
            self._catch_up()

    def follow_soon(self) -> None:
        """Teach what a client has answered: the user may use the learner at any time."""
        self.stop()

    def stop(self) -> None:
        """Bring the learner and the log in line, unless the learner has other samples by now."""
        with self._turn:
            if self._named.pool.n_samples == len(self._samples):
                self._catch_up()

    def check_class(self, name: str) -> None:
        """Raise if the learner cannot have a class."""
        self._named.typed([name])

    def fitted_estimator(self, learner: Any) -> Any:  # of any class
        """Return the fitted estimator of the learner, with its own classes."""
        return learner.fitted_estimator()

    def predict_new(self, classifier: Any, samples: SampleList) -> dict[int, tuple[Label, float]]:
        """Raise: an annotator may see other samples than the learner."""
        raise ValueError(
            "New samples of a session with a learner are predicted by the learner. Hint: "
            "learner.predict(X)."
        )

    def _predict_all(self, learner: Any) -> PoolPredictions:
        return self._named.predictions()

    def _catch_up(self) -> None:
        self._follow()
        super()._catch_up()
        self._known, self._skipped = self._state()
        self._named.take_classes()

    def _state(self) -> tuple[dict[str, Label], set[str]]:
        """Return the labels of the learner, and its skipped samples, by the session's names."""
        learner = self._named
        n = learner.pool.n_samples
        if n != len(self._samples):
            raise ValueError(
                f"The pool of the learner has {counted(n, 'sample')} now, and the session has "
                f"{len(self._samples):,}. Hint: open the session again, with the present samples."
            )
        names = learner.ids[learner.labeled].tolist()
        labels = dict(zip(names, learner.labels.tolist(), strict=True))
        return labels, set(learner.ids[learner.skipped].tolist())

    def _follow(self) -> None:
        """Write what was changed in the learner itself into the log."""
        labels, skipped = self._state()
        if labels == self._known and skipped == self._skipped:
            return
        with self._lock:
            state = self._log.state
            fresh = {
                name: label
                for name, label in labels.items()
                if self._known.get(name) != label
                and (name not in state.answers or state.answers[name].label != label)
            }
            for label, names in _by_label(fresh).items():
                self._log.do("answer", names, label=label)
            gone = [name for name in self._known if name not in labels and name in state.answers]
            asked = [name for name in self._skipped - skipped if name in state.skipped]
            out = [name for name in skipped - self._skipped if state.is_open(name)]
            out = [name for name in out if name not in state.test]
            if gone or asked:
                self._log.do("reopen", [*gone, *asked])
            if out:
                self._log.do("skip", out, reason="")


def _by_label(labels: dict[str, Label]) -> dict[Label, list[str]]:
    found: dict[Label, list[str]] = {}
    for name, label in labels.items():
        found.setdefault(label, []).append(name)
    return found
