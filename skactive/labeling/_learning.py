"""The learner of a session: samples are embedded in a thread, and answers are taught at once."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.sparse import issparse

from skactive._background import Background, Stopped
from skactive._label_names import Label, plain_label, taught_label
from skactive._loading import load, load_before_threads
from skactive._progress import advance
from skactive._text import counted
from skactive.labeling._log import SessionLog
from skactive.labeling._predictions import NONE, PoolPredictions, pairs_of, predictions_of
from skactive.labeling._sources import SampleList
from skactive.labeling._stopping import criteria, teach

if TYPE_CHECKING:
    from skactive.learner import ActiveLearner

# Number of samples that are embedded at once.
CHUNK = 256
# Number of answered samples that are embedded before all others.
MAX_ANSWERED_FIRST = 1_000
# Number of samples to which an embedder with a `fit` is fitted.
MAX_FITTED = 50_000


class WantedLabel(NamedTuple):
    """What the learner has to know of a sample: its label, or whether it may be asked."""

    label: Label | None
    is_asked: bool


class SessionLearner:
    """An `ActiveLearner` over the samples that are embedded so far.

    The thread embeds answered samples first, and then the others in a random order. A learner is
    created from the first samples, and again whenever their number has doubled, so that its pool is
    a random part of all samples, and creating all learners costs twice the last one.

    An answer is written to the log and returns. The learner follows as soon as it is used. Two
    locks keep them apart: no thread that holds the lock of the log waits for the learner.

    Parameters
    ----------
    samples : SampleList
        The samples.
    create_embedder : callable
        Returns the transformer that turns samples into vectors, or None if they are vectors. It is
        called in the thread: the import of scikit-learn takes seconds.
    log : SessionLog
        The labels, which only the holder of the lock changes or reads.
    order : ndarray of int of shape (n_samples,)
        The order in which samples are embedded.
    lock : RLock
        The lock of the log.
    graph_path : Path
        The file that keeps the neighbour graph of all samples.
    multi_label : bool, default=False
        Whether a sample can have several labels.

    Attributes
    ----------
    n_embedded : int
        Number of samples that have vectors, or cannot be read.
    unreadable : set of str
        Samples that the embedder could not read.
    """

    def __init__(
        self,
        samples: SampleList,
        create_embedder: Callable[[], Any],  # any transformer
        log: SessionLog,
        order: np.ndarray,
        lock: Any,  # threading.RLock is a function until Python 3.13
        graph_path: Path,
        *,
        multi_label: bool = False,
    ) -> None:
        self.n_embedded = 0
        self.unreadable: set[str] = set()
        self._samples = samples
        self._create_embedder = create_embedder
        self._embedder: Any = None
        self._log = log
        self._order = order
        self._lock = lock
        self._graph_path = graph_path
        self.multi_label = multi_label
        # Held while the learner is used. Its holder may take the lock of the log, not the reverse.
        self._turn = RLock()
        self._learner: ActiveLearner | None = None
        # The positions in the learner's pool, by the names of samples.
        self._places: dict[str, int] = {}
        self._predictions: PoolPredictions | None = None
        self._embedding_error: Exception | None = None
        self._teaching_error: Exception | None = None
        self._thread: Background[None] | None = None

    def start(self) -> None:
        """Begin to embed."""
        load_before_threads()
        self._thread = Background(self._run, "embedding", len(self._samples))

    def stop(self) -> None:
        """Interrupt the thread, and wait for its end."""
        if self._thread is not None:
            self._thread.stopping.set()
            self._thread.join()

    def wait(self) -> None:
        """Wait until all samples are embedded."""
        if self._thread is not None:
            self._thread.join()

    @property
    def is_complete(self) -> bool:
        """Whether all samples are in the pool."""
        return self.n_embedded == len(self._samples)

    @property
    def error(self) -> Exception | None:
        """The error that ended the thread, or that of the classifier for the present labels."""
        return self._embedding_error or self._teaching_error

    @property
    def embedder(self) -> Any:  # any transformer
        """The transformer of samples, fitted; None if samples are vectors."""
        return self._embedder

    @contextmanager
    def current(self) -> Iterator[ActiveLearner | None]:
        """Lend the learner, which has the present labels; None before the first vectors.

        The holder of the lock of the log must not call it.
        """
        with self._turn:
            self._catch_up()
            yield self._learner

    def follow_soon(self) -> None:
        """Take note of a request of a client. The learner of a session follows when it is used."""

    def check_class(self, name: str) -> None:
        """Raise if the learner cannot have a class. The learner of a session has any."""

    def place(self, sample: str) -> int | None:
        """Return the position of a sample in the pool, None if it has no vector yet."""
        return self._places.get(sample)

    def query(self, n: int, excluded: Iterable[str]) -> list[str]:
        """Return the samples of the pool that are most worth labelling, at most `n`."""
        with self.current() as learner:
            if learner is None:
                return []
            candidates = learner.candidates
            places = [self._places[one] for one in excluded if one in self._places]
            if places:
                candidates = np.setdiff1d(candidates, places)
            n = min(n, len(candidates))
            if n == 0:
                return []
            some = candidates if places else None
            return [str(name) for name in learner.ids[learner.query(n, candidates=some)]]

    def predictions(self) -> PoolPredictions:
        """Return the predictions of the samples of the pool.

        The result is computed once for the present labels. It is empty while there are too few.
        """
        with self.current() as learner:
            if self._predictions is None:
                self._predictions = NONE if learner is None else self._predict_all(learner)
            return self._predictions

    def predict_new(self, classifier: Any, samples: SampleList) -> dict[int, tuple[Label, float]]:
        """Return the predictions of samples by position, see `predictions_of_new`."""
        classes = self._classes() if self.multi_label else classifier.classes_.tolist()
        return predictions_of_new(classifier, samples, classes, multi_label=self.multi_label)

    def fitted_estimator(self, learner: ActiveLearner) -> Any:  # of any class
        """Return the fitted estimator of the learner.

        With several labels, its columns are those of the classes of the session, in their order. It
        is fitted again if the learner has others: it keeps classes that were renamed or removed.
        """
        fitted, classes = learner.fitted_estimator(), self._classes()
        if not self.multi_label or learner.classes_.tolist() == classes:
            return fitted
        from sklearn.base import clone

        pool = learner.pool
        Y = np.full((pool.n_samples, len(classes)), -1, dtype=np.int8)
        Y[pool.labeled] = pool.target.for_estimator(learner.labels, np.array(classes))
        return clone(fitted).fit(pool.X, Y)

    def _classes(self) -> list[str]:
        with self._lock:
            return self._log.state.classes

    def _predict_all(self, learner: ActiveLearner) -> PoolPredictions:
        return predictions_of(learner, self._classes())

    def _catch_up(self) -> None:
        """Bring the learner's labels in line with the log.

        An error is kept in `error`: the answers are on disk. The next call tries again.
        """
        with self._lock:
            wanted = {name: self._wanted(name) for name in self._log.changed}
        if self._learner is None or not wanted:
            return
        try:
            bring(self._learner, wanted, self._places)
        except Exception as error:  # noqa: BLE001  of any classifier; the session shows it
            self._teaching_error = error
            return
        self._teaching_error = None
        self._predictions = None
        with self._lock:
            for name, label in wanted.items():
                if self._wanted(name) == label:
                    self._log.changed.pop(name, None)

    def _wanted(self, name: str) -> WantedLabel:
        """Return what the learner has to know of a sample."""
        state = self._log.state
        answer = None if name in state.test else state.answers.get(name)
        if answer is not None:
            return WantedLabel(answer.label, is_asked=False)
        return WantedLabel(None, is_asked=state.is_open(name) and name not in state.test)

    def _run(self) -> None:
        try:
            load()
            if self._samples.kind == "vector":
                # The source has checked them. They are not copied.
                self._replace(self._samples.values, self._samples.ids)
                self.n_embedded = len(self._samples)
            else:
                self._fit()
                self._embed_all()
        except Stopped:
            pass
        except Exception as error:  # noqa: BLE001  of any embedder; the session shows it
            self._embedding_error = error

    def _fit(self) -> None:
        from sklearn.base import clone
        from sklearn.exceptions import NotFittedError
        from sklearn.utils.validation import check_is_fitted

        embedder = self._create_embedder()
        try:
            check_is_fitted(embedder)
        except NotFittedError:
            some = self._order[:MAX_FITTED]
            embedder = clone(embedder).fit(self._values(np.sort(some)))
        self._embedder = embedder

    def _embed_all(self) -> None:
        positions = self._samples.positions()
        n_samples, order = len(self._samples), self._answered_first(positions)
        size = CHUNK
        blocks: list[np.ndarray] = []
        names: list[str] = []
        for start in range(0, n_samples, CHUNK):
            advance(0)  # raises after `stop`
            chosen = order[start : start + CHUNK]
            X = embedded(self._embedder, self._values(chosen))
            is_readable = np.isfinite(X).all(axis=1)
            own = [self._samples.ids[position] for position in chosen.tolist()]
            blocks.append(X[is_readable])
            names += [name for name, is_good in zip(own, is_readable, strict=True) if is_good]
            self.unreadable.update(
                name for name, is_good in zip(own, is_readable, strict=True) if not is_good
            )
            end = start + len(chosen)
            if names and (end >= size or end == n_samples):
                blocks = [np.concatenate(blocks)]
                if end == n_samples:
                    # The order of the source is the same at each start.
                    by_source = np.argsort([positions[name] for name in names])
                    blocks = [blocks[0][by_source]]
                    names = [names[place] for place in by_source.tolist()]
                self._replace(blocks[0], names)
                size = 2 * end
            self.n_embedded = end

    def _answered_first(self, positions: dict[str, int]) -> np.ndarray:
        """Return the positions in the order in which they are embedded."""
        with self._lock:
            names = list(itertools.islice(self._log.state.samples(), MAX_ANSWERED_FIRST))
        is_first = np.zeros(len(self._order), dtype=bool)
        is_first[[positions[name] for name in names if name in positions]] = True
        by_turn = is_first[self._order]
        return np.concatenate([self._order[by_turn], self._order[~by_turn]])

    def _replace(self, X: np.ndarray, names: list[str]) -> None:
        """Create a learner of the samples, and use it from now on."""
        # The slow parts come before the turn is taken, for which questions wait: the graph first.
        learner = self._with_graph(X, names)
        places = {name: place for place, name in enumerate(names)}
        learner.query(candidates=learner.candidates)
        taught = self._present_labels()
        bring(learner, taught, places)
        # The first estimate needs one spreading per label.
        learner.progress.accuracy  # noqa: B018
        with self._turn:
            # Only what has changed in the meantime.
            bring(learner, self._present_labels(taught), places)
            self._learner, self._places = learner, places
            self._predictions = None

    def _with_graph(self, X: np.ndarray, names: list[str]) -> ActiveLearner:
        """Return a learner with its neighbour graph; that of all samples is kept in a file."""
        from skactive.base import MultiLabelTarget
        from skactive.learner import ActiveLearner
        from skactive.neighbors import NeighborGraph

        target = MultiLabelTarget(self._classes() or None) if self.multi_label else None
        graph, path = None, self._graph_path
        is_whole = len(names) + len(self.unreadable) == len(self._samples)
        if is_whole and path.is_file():
            # It may be damaged, or of other samples.
            with suppress(OSError, ValueError):
                graph = NeighborGraph.load(path, X)
        learner = ActiveLearner(
            X_pool=X, ids=names, graph=graph, target=target, stopping=criteria()
        )
        if is_whole and graph is None:
            with suppress(OSError):
                learner.pool.graph().save(path)
        return learner

    def _present_labels(self, others: Iterable[str] = ()) -> dict[str, WantedLabel]:
        """Return what the learner has to know of all samples with a label or a mark, and others."""
        with self._lock:
            names = dict.fromkeys([*self._log.state.samples(), *others])
            return {name: self._wanted(name) for name in names}

    def _values(self, positions: np.ndarray) -> list[Any]:
        return [self._samples.values[position] for position in positions.tolist()]


def bring(learner: ActiveLearner, wanted: dict[str, WantedLabel], places: dict[str, int]) -> None:
    """Teach, correct and remove labels of samples, and skip those that are not to be asked."""
    at = {places[name]: one for name, one in wanted.items() if name in places}
    present = map(plain_label, learner.labels.tolist())
    labels = dict(zip(learner.labeled.tolist(), present, strict=True))
    skipped = set(learner.skipped.tolist())
    known = {p: one.label for p, one in at.items() if one.label is not None}
    taught = {p: label for p, label in known.items() if p not in labels}
    replaced = {p: label for p, label in known.items() if labels.get(p, label) != label}
    out = {p for p, one in at.items() if one.label is None and not one.is_asked}
    # Each call ignores an empty list.
    learner.unlabel([p for p in at if p in labels and p not in known])
    learner.unskip([p for p in at if p in skipped and p not in out])
    learner.relabel(list(replaced), list(map(taught_label, replaced.values())))
    teach(learner, list(taught), list(map(taught_label, taught.values())))
    learner.skip([p for p in out if p not in skipped])


def predictions_of_new(
    classifier: Any,  # a Pipeline
    samples: SampleList,
    classes: list[str],
    *,
    multi_label: bool,
) -> dict[int, tuple[Label, float]]:
    """Return the predicted label and its probability by position, without unreadable samples."""
    X = samples.values
    if samples.kind != "vector":
        X = embedded(classifier[0], X)
    n_features = classifier[-1].n_features_in_
    if X.shape[1] != n_features:
        raise ValueError(
            f"The vectors have {counted(X.shape[1], 'feature')}, but those of the session have "
            f"{n_features}. Hint: make both in the same way."
        )
    readable = np.flatnonzero(np.isfinite(X).all(axis=1))
    if len(readable) == 0:
        return {}
    chances = classifier[-1].predict_proba(X[readable])
    pairs = pairs_of(classes, chances, multi_label=multi_label)
    return dict(zip(readable.tolist(), pairs, strict=True))


def embedded(embedder: Any, samples: Any) -> np.ndarray:  # any transformer; texts or paths
    """Return the vectors of samples by a transformer."""
    X = embedder.transform(samples)
    name = type(embedder).__name__
    if issparse(X):
        raise TypeError(
            f"{name} returns a sparse matrix. Hint: append a TruncatedSVD to it by make_pipeline."
        )
    X = np.asarray(X)
    if X.ndim != 2 or len(X) != len(samples) or X.shape[1] == 0 or X.dtype.kind not in "fiub":
        raise ValueError(
            f"{name} returned an array of type {X.dtype} and shape {X.shape} for "
            f"{counted(len(samples), 'sample')}. Hint: an embedder returns numbers, a row for each "
            "sample."
        )
    return X
