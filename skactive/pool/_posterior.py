"""Class probabilities of the candidates, and what is derived from them row by row."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.exceptions import NotFittedError

from skactive._engine.blocks import row_blocks
from skactive._engine.distances import space_key
from skactive._engine.labeled_distances import LabeledDistances
from skactive._engine.labeled_samples import LabeledSamples
from skactive._estimators import class_probabilities
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.semi_supervised import IncrementalLabelSpreading

# So many rows are voted on at once that what lies between stays in a cache.
VOTED_BYTES = 2**11

# Beyond this share of the samples it is faster to vote on all of them than to pick rows.
WHOLE_SHARE = 1 / 2

RowFunction = Callable[[np.ndarray], np.ndarray]


class KeptPosterior(ABC):
    """A posterior whose functions, row by row, are kept for all samples."""

    def of_rows(self, function: RowFunction, positions: np.ndarray) -> np.ndarray | None:
        """Return a function of the probabilities, evaluated only where these changed."""
        values = self._of_everyone(function)
        return None if values is None else values[positions]

    def of_samples(self, function: RowFunction, are_asked: np.ndarray) -> np.ndarray | None:
        """Return it for all samples, 0 for those that are not asked about."""
        values = self._of_everyone(function)
        return None if values is None else values * are_asked

    @abstractmethod
    def _of_everyone(self, function: RowFunction) -> np.ndarray | None:
        """Return it for all samples, or None where no label is known."""


class VotedPosterior(KeptPosterior):
    """The posterior of k-nearest neighbours, voted anew only where the nearest have changed.

    With `half_life` each label makes the others older, and all is voted anew: O(n_samples k).
    """

    def __init__(
        self,
        classifier: IncrementalKNeighborsClassifier,
        distances: Callable[[str, dict[str, Any] | None], LabeledDistances],
        labeled: LabeledSamples,
    ) -> None:
        self._classifier = classifier
        self._distances = distances
        self._labeled = labeled
        self._posterior = np.empty((0, 0))
        self._classes: np.ndarray | None = None
        self._derived: dict[RowFunction, np.ndarray] = {}
        self._parameters: tuple[Any, ...] = ()
        self._are_older = False

    def rows(self, positions: np.ndarray) -> np.ndarray | None:
        """Return class probabilities, or None where no label is known."""
        return self._posterior[positions] if self._sync() else None

    def everyone(self) -> np.ndarray | None:
        """Return class probabilities of all samples, which are not to be changed."""
        return self._posterior if self._sync() else None

    def _of_everyone(self, function: RowFunction) -> np.ndarray | None:
        if not self._sync():
            return None
        if function not in self._derived:
            self._derived[function] = function(self._posterior)
        return self._derived[function]

    def labels_changed(self) -> None:
        """Note that labels have aged; the nearest note themselves where others vote now."""
        self._are_older = True

    def _sync(self) -> bool:
        classes = self._labeled.classes
        if len(classes) == 0:
            return False
        classifier = self._classifier
        parameters = (
            classifier.n_neighbors,
            classifier.weights,
            classifier.bandwidth,
            classifier.smoothing,
            classifier.half_life,
            space_key(classifier.metric, classifier.metric_params),
        )
        if parameters != self._parameters:
            classifier.check_parameters()
        distances = self._distances(classifier.metric, classifier.metric_params)
        nearest = distances.nearest(classifier.n_neighbors)
        if self._classes is not classes or parameters != self._parameters:
            nearest.touched[:] = True
            # What looks at a class of all samples at once finds it in one place.
            self._posterior = np.empty((len(nearest.touched), len(classes)), order="F")
            self._derived.clear()
            self._classes, self._parameters = classes, parameters
        if self._are_older and classifier.half_life is not None:
            nearest.touched[:] = True
        self._are_older = False
        rows = np.flatnonzero(nearest.touched)
        if len(rows) == 0:
            return True
        if len(rows) > WHOLE_SHARE * len(nearest.touched):
            rows = np.arange(len(nearest.touched))
        codes_of, ages_of = self._labeled.codes_by_id(), None
        if classifier.half_life is not None:
            ages_of = self._labeled.ages_by_id()
        for block in row_blocks(len(rows), VOTED_BYTES):
            part = _as_slice(rows[block])
            ids = nearest.ids[part]
            posterior = classifier.vote(
                distances.finish(nearest.compared[part]),
                codes_of[ids],
                len(classes),
                None if ages_of is None else ages_of[ids],
            )
            self._posterior[part] = posterior
            for function, derived in self._derived.items():
                derived[part] = function(posterior)
        nearest.touched[:] = False
        return True


def _as_slice(rows: np.ndarray) -> np.ndarray | slice:
    """Return ascending rows as a slice where none is left out, so that nothing is copied."""
    if rows[-1] - rows[0] == len(rows) - 1:
        return slice(int(rows[0]), int(rows[-1]) + 1)
    return rows


class SpreadPosterior(KeptPosterior):
    """The posterior of labels that spread along the pool's own graph, and of the vote beside it.

    The classifier is taught by the caller, whose samples are its first nodes; the vote is that of
    the pool. Each label changes the weights of classes and of the vote, so that all is asked for
    anew: O(n_samples n_classes). Without a vote, samples that no label has reached stay uniform.
    """

    def __init__(
        self,
        classifier: IncrementalLabelSpreading,
        n_samples: int,
        distances: Callable[[str, dict[str, Any] | None], LabeledDistances],
        labeled: LabeledSamples,
    ) -> None:
        self._classifier = classifier
        self._n_samples = n_samples
        self._labeled = labeled
        self._voted = VotedPosterior(classifier.voter_, distances, labeled)
        self._posterior: np.ndarray | None = None
        self._derived: dict[RowFunction, SpreadValues] = {}

    def rows(self, positions: np.ndarray) -> np.ndarray | None:
        """Return class probabilities, or None where no label is known."""
        if self._posterior is None and self._is_taught():
            self._posterior = np.empty((self._n_samples, len(self._classifier.classes_)), order="F")
            for rows, posterior in self._blocks(np.arange(self._n_samples), self._votes()):
                self._posterior[rows] = posterior
        return None if self._posterior is None else self._posterior[positions]

    def _of_everyone(self, function: RowFunction) -> np.ndarray | None:
        if not self._is_taught():
            return None
        if function not in self._derived or self._derived[function].is_stale:
            self._derived[function] = self._evaluated(function, self._derived.get(function))
        return self._derived[function].values

    def labels_changed(self) -> None:
        """Ask again next time."""
        self._voted.labels_changed()
        self._posterior = None
        for derived in self._derived.values():
            derived.is_stale = True

    def _is_taught(self) -> bool:
        return len(self._labeled.classes) > 0 and len(self._classifier.classes_) > 0

    def _evaluated(self, function: RowFunction, before: SpreadValues | None) -> SpreadValues:
        """Return a function of the probabilities, evaluated where these may have changed."""
        voted, n_classes = self._votes(), len(self._classifier.classes_)
        is_reached = self._classifier.is_reached()[: self._n_samples].copy()
        if before is not None and voted is None and before.n_classes == n_classes:
            values, rows = before.values, np.flatnonzero(before.is_reached | is_reached)
        else:
            values, rows = np.empty(self._n_samples), np.arange(self._n_samples)
        if len(rows) > WHOLE_SHARE * len(values):
            rows = np.arange(len(values))
        for some, posterior in self._blocks(rows, voted):
            values[some] = function(posterior)
        return SpreadValues(values, is_reached, None if voted is not None else n_classes)

    def _votes(self) -> np.ndarray | None:
        # One who teaches the pool and not the classifier, or the other way round.
        same = np.array_equal(self._classifier.classes_, self._labeled.classes)
        return self._voted.everyone() if same and self._classifier.half_vote is not None else None

    def _blocks(
        self, rows: np.ndarray, voted: np.ndarray | None
    ) -> Iterator[tuple[np.ndarray | slice, np.ndarray]]:
        """Yield the posterior of ascending rows in blocks that stay in a cache."""
        for block in row_blocks(len(rows), VOTED_BYTES):
            some = _as_slice(rows[block])
            spread = self._classifier.spread_distributions(some)
            yield some, self._classifier.mixed(spread, None if voted is None else voted[some])


@dataclass
class SpreadValues:
    """A function of the posterior of all samples, and where it was not that of the uniform one.

    With a vote, `n_classes` is None: it was uniform nowhere.
    """

    values: np.ndarray
    is_reached: np.ndarray
    n_classes: int | None
    is_stale: bool = False


class ExternalPosterior:
    """The posterior of any other classifier, asked for once after each change."""

    def __init__(self, classifier: Any, samples: Any) -> None:
        self._classifier = classifier
        self._samples = samples
        self._positions: np.ndarray | None = None
        self._posterior: np.ndarray | None = None
        self._derived: dict[RowFunction, np.ndarray] = {}

    def rows(self, positions: np.ndarray) -> np.ndarray | None:
        """Return class probabilities, or None where the classifier is not fitted."""
        found = self._ask(positions)
        return None if self._posterior is None else self._posterior[found]

    def of_rows(self, function: RowFunction, positions: np.ndarray) -> np.ndarray | None:
        """Return a function of the probabilities."""
        found = self._ask(positions)
        if self._posterior is None:
            return None
        if function not in self._derived:
            self._derived[function] = function(self._posterior)
        return self._derived[function][found]

    def of_samples(self, function: RowFunction, are_asked: np.ndarray) -> np.ndarray | None:
        """Return it for all samples, 0 for those that are not asked about."""
        positions = np.flatnonzero(are_asked)
        values = self.of_rows(function, positions)
        if values is None:
            return None
        whole = np.zeros(len(are_asked))
        whole[positions] = values
        return whole

    def labels_changed(self) -> None:
        """Ask again next time."""
        self._positions = None

    def _ask(self, positions: np.ndarray) -> np.ndarray:
        if self._positions is not None and len(self._positions) >= len(positions):
            found = np.searchsorted(self._positions, positions)
            found = np.minimum(found, max(len(self._positions) - 1, 0))
            if np.array_equal(self._positions[found], positions):
                return found
        if len(positions) == 0:
            # No classifier answers about no sample: ask about one, and keep the form alone.
            answer = class_probabilities(self._classifier, self._samples([0]))
            self._posterior = None if answer is None else answer[:0]
        else:
            self._posterior = class_probabilities(self._classifier, self._samples(positions))
        self._positions = positions
        self._derived.clear()
        return np.arange(len(positions))


class AskedClassifier:
    """A classifier that is asked for probabilities only, and not followed label by label.

    Parameters
    ----------
    classifier : classifier
        Who is asked.
    ready : callable, default=None
        Called before each question, so that a classifier that lags behind can catch up.
    """

    def __init__(self, classifier: Any, ready: Callable[[], None] | None = None) -> None:
        self._classifier = classifier
        self._ready = ready

    @property
    def classifier(self) -> Any:
        """Who is asked."""
        return self._classifier

    def caught_up(self) -> Any:
        """Return who is asked, when there is nothing left to learn."""
        if self._ready is not None:
            self._ready()
        return self._classifier

    def predict_proba(self, samples: Any) -> np.ndarray:
        """Return class probabilities, or raise NotFittedError."""
        posterior = class_probabilities(self.caught_up(), samples)
        if posterior is None:
            raise NotFittedError(f"{type(self._classifier).__name__} is not fitted yet.")
        return posterior
