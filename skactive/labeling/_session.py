"""A labelling task in a folder: samples, answers, and the classifier that learns from them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from skactive._io.session_paths import (
    COLUMNS,
    SETTINGS,
    found_session,
    read_settings,
    source_of,
    written_settings,
)
from skactive._label_names import Label, from_text
from skactive._text import counted
from skactive._validation import check_integer, check_path
from skactive.labeling._answers import SessionSample, check_class, listed
from skactive.labeling._clusters import SampleClusters
from skactive.labeling._curve import SessionCurve
from skactive.labeling._given_learner import GivenLearner, samples_of
from skactive.labeling._learning import SessionLearner
from skactive.labeling._log import opened_log
from skactive.labeling._results import SessionResults
from skactive.labeling._settings import (
    check_same_source,
    creation_of,
    has_several_labels,
    session_folder,
    with_chosen_classes,
    with_earlier,
    write_settings,
)
from skactive.labeling._sources import read_samples

if TYPE_CHECKING:
    from skactive.learner import ActiveLearner

LOG = "answers.jsonl"
CURVE = "curve.jsonl"
GRAPH = "graph.npz"
STATUSES = ("open", "labeled", "skipped", "postponed")


class LabelingSession(SessionResults):
    """Label the samples of a folder or table, with every answer on disk and learnt at once.

    It is the engine of the labelling page, without the page: which sample comes next, the answers
    with unlimited undo, test samples, progress, and the classifier at the end. A session is a
    folder. Opening it again resumes.

    Parameters
    ----------
    source : path-like or list of str
        The samples: a folder of images; a .csv, .tsv, .parquet or .jsonl table with a column of
        texts or of paths of images; a .txt file with a text per line; a .npz file with vectors
        ``X`` and, if there are any, pictures ``images`` and labels ``y``; or a list of texts or of
        paths. If some images of a folder are in subfolders and others are not, the subfolders are
        classes, and their images are labelled from the beginning; so are rows of a table with a
        label. What subfolders are is decided once, when the session is created. Images outside of
        the folder, to which symbolic links in it lead, are left out with a warning; a table may
        name any file. So are samples without a text or path.
    folder : path-like, default=None
        The folder of the session, created if it does not exist. None takes a folder beside the
        source: ``photos.session`` for ``photos``.
    embedder : transformer or str, default=None
        Turns images or texts into vectors, or the handle of a model of TensorFlow Hub that does.
        It is fitted to the samples if it is not fitted. None takes
        `skactive.embedding.ImageDescriptor` or `skactive.embedding.TextDescriptor`, for which
        nothing is downloaded; a pretrained model needs fewer labels. A session that is opened again
        keeps its model and its columns if none are passed.
    learner : ActiveLearner, default=None
        A learner that selects the samples and learns the answers, in place of one that the session
        creates. The source has a sample for each one of its pool, in the same order: a list of
        texts or paths, or also an array of pictures, of shape (n_samples, height, width[, 3]); None
        takes the samples of the pool themselves. See Notes.
    classes : list of str, default=None
        Classes that are known beforehand. Others are added as they come.
    multi_label : bool, default=None
        Whether a sample can have several labels, one or none: an answer is then a list of names.
        None keeps the choice of an existing session or of the learner; otherwise it is False.
    text_column : str, default=None
        The column of a table with the samples. None takes the first existing one of 'text',
        'sentence', 'question', 'tweet', 'review', which have texts, 'file', 'path', 'image' and
        'filename', or the only column of texts.
    label_column : str, default=None
        The column with labels, which may be partly filled. None takes the first existing one of
        'label', 'y', 'target' and 'class', or none.
    id_column : str, default=None
        The column with names of samples, all different. None identifies texts by their content and
        images by their paths.
    random_state : int, default=0
        Determines the order of samples before there are vectors, and the test set.
    read_only : bool, default=False
        Whether to read an existing session as it is now, also while another process, such as the
        labelling page, writes its answers. Methods that change labels or classes are refused.

    Attributes
    ----------
    folder : Path
        The folder of the session.
    source : Path or None
        The path of the samples; None if they are a list.
    multi_label : bool
        Whether a sample can have several labels.

    See Also
    --------
    skactive.ActiveLearner : Selects the samples and learns the answers.

    Notes
    -----
    Samples are embedded in a thread, in a random order. Until the first of them are, samples are
    asked in that order. `wait` waits until all are embedded.

    An answer is on the disk before `answer` returns, and is learnt by the next query or prediction,
    for which no answer waits. One process at a time can open a session to write, and any number
    `read_only`, which add nothing to the folder but vectors and their neighbour graph. All methods
    can be called by several threads.

    With a `learner`, its labels are added to the session when it is opened. Answers of the session
    are taught to it when the session is next used, such as by `next` or `progress`; those of the
    page are taught at once. Later changes of the learner, such as its ``undo``, become actions of
    the session when that is next used. Classes are texts in the session; the learner gets them in
    the type of its own labels. Samples without names are identified by their content.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.feature_extraction.text import HashingVectorizer
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.decomposition import TruncatedSVD
    >>> from skactive.labeling import LabelingSession
    >>> texts = ["red apple", "ripe red apple", "sweet orange", "juicy sweet orange"]
    >>> embedder = make_pipeline(HashingVectorizer(n_features=64), TruncatedSVD(3))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with LabelingSession(texts, folder, embedder=embedder) as session:
    ...         session = session.wait()
    ...         for label in ["apple", "orange"]:
    ...             word = {"apple": "red", "orange": "sweet"}[label]
    ...             [id_] = [one.id for one in session.samples() if one.value.startswith(word)]
    ...             session.answer(id_, label)
    ...         print(session.classifier().predict(["an apple, red", "an orange"]))
    ['apple' 'orange']
    """

    def __init__(
        self,
        source: Any,  # a path, or samples
        folder: str | os.PathLike[str] | None = None,
        *,
        embedder: Any = None,  # any transformer, or a str
        learner: ActiveLearner | None = None,
        classes: Sequence[str] | None = None,
        multi_label: bool | None = None,
        text_column: str | None = None,
        label_column: str | None = None,
        id_column: str | None = None,
        random_state: int = 0,
        read_only: bool = False,
    ) -> None:
        if learner is not None and embedder is not None:
            raise ValueError("A learner has its own features. Hint: leave embedder out.")
        self.folder = session_folder(source, folder)
        columns = dict(zip(COLUMNS, (text_column, label_column, id_column), strict=True))
        settings = written_settings(self.folder)
        self.multi_label = has_several_labels(self.folder, settings, multi_label, learner)
        columns, model = with_earlier(self.folder, settings, source, columns)
        embedder = model if embedder is None and learner is None else embedder
        samples = (
            read_samples(source, **columns) if learner is None else samples_of(learner, source)
        )
        if samples.kind == "image":
            # The working directory may change while they are embedded.
            samples = replace(samples, values=[os.path.abspath(one) for one in samples.values])  # noqa: PTH100 - ten times as fast
        given = [] if classes is None else listed("LabelingSession", "classes", classes)
        names = [check_class(name, multi_label=self.multi_label) for name in given]
        self.source = Path(source).absolute() if isinstance(source, str | os.PathLike) else None
        create_embedder = creation_of(embedder, samples.kind, self.folder)
        is_own = embedder is None or isinstance(embedder, str)
        self._has_own_embedder = is_own and learner is None
        self._has_model = embedder is not None or learner is not None or samples.kind == "vector"
        self._samples = samples
        self._positions = samples.positions()
        self._lock = RLock()
        self._seed = check_integer(self, "random_state", random_state, minimum=0)
        self._order = np.random.default_rng(self._seed).permutation(len(samples))
        self._kept = [self.folder / LOG, self.folder / CURVE, self.folder / SETTINGS]
        if self.source is not None:
            self._kept.append(self.source)
        if self.folder.exists() and not self.folder.is_dir():
            raise NotADirectoryError(
                f"{self.folder} is a file, but the session is a folder. Hint: choose the name of a "
                "new folder."
            )
        if read_only:
            read_settings(self.folder)
        else:
            self.folder.mkdir(parents=True, exist_ok=True)
        self._log = opened_log(self.folder / LOG, read_only=read_only)
        try:
            self._check_samples()
            check_same_source(
                self.folder, settings, samples.kind, source, columns, self._log.state.answers
            )
            self._check_texts()
            samples = with_chosen_classes(samples, self.folder, settings, self._log)
            self._samples = samples
            if not read_only:
                write_settings(
                    self.folder, samples, source, columns, embedder, multi_label=self.multi_label
                )
            self._log.import_classes(names)
            self._import_labels()
            self._curve = SessionCurve(self.folder / CURVE, read_only=read_only)
            self._clusters = SampleClusters()
            self._learning = self._learning_of(learner, create_embedder)
            self._learning.start()
        except BaseException:
            self._log.close()
            raise

    @classmethod
    def open(
        cls,
        folder: str | os.PathLike[str],
        *,
        embedder: Any = None,  # any transformer, or a str
        read_only: bool = False,
    ) -> Self:
        """Open an existing session, with its own settings.

        Parameters
        ----------
        folder : path-like
            The folder of the session, or the source whose session is beside it.
        embedder : transformer, default=None
            The embedder, if the session was created with a transformer. It is not needed if it was
            created with a handle or without an embedder.
        read_only : bool, default=False
            Whether to read the session as it is now, also while another process writes it.

        Returns
        -------
        session : LabelingSession
            The session.

        Raises
        ------
        FileNotFoundError
            If there is no session.
        ValueError
            If the session was created with a list of samples, or needs an embedder.
        """
        path = found_session(Path(check_path("LabelingSession.open", "folder", folder)))
        settings = read_settings(path)
        source = source_of(path, settings)
        if source is None:
            raise ValueError(
                f"{path} is a session of listed samples. Hint: open it by LabelingSession(samples, "
                "folder)."
            )
        if settings["embedder"] is not None and embedder is None:
            raise ValueError(
                f"{path} was created with a {settings['embedder']}. Hint: pass one as embedder."
            )
        columns = {name: settings[name] for name in COLUMNS}
        given = settings["model"] if embedder is None else embedder
        return cls(source, path, embedder=given, read_only=read_only, **columns)

    @property
    def classes(self) -> list[str]:
        """The classes, in the order in which they were added."""
        with self._lock:
            return self._log.state.classes

    @property
    def id(self) -> str:
        """A random name of the session, the same as long as its folder exists."""
        return self._log.id

    @property
    def described_columns(self) -> str:
        """The columns of a table that are used, in a sentence; empty for other sources."""
        return self._samples.described_columns()

    @property
    def has_model(self) -> bool:
        """Whether samples are embedded by other means than the built-in descriptors."""
        return self._has_model

    @property
    def descriptions(self) -> dict[str, str]:
        """The descriptions of classes, by `describe_class`."""
        with self._lock:
            return dict(self._log.state.descriptions)

    def sample(self, id: str) -> SessionSample:  # noqa: A002 - the name that users know
        """Return a sample by its id.

        Parameters
        ----------
        id : str
            The id.

        Returns
        -------
        sample : SessionSample
            The sample, with its label.

        Raises
        ------
        ValueError
            If there is no such sample.
        """
        [position] = self._checked([id])
        with self._lock:
            return self._sample(position)

    def picture(self, id: str) -> Path | np.ndarray | None:  # noqa: A002
        """Return the picture of a sample.

        Parameters
        ----------
        id : str
            The sample.

        Returns
        -------
        picture : Path, ndarray or None
            The file of an image, the pixels that belong to a vector, or None for other samples.

        Raises
        ------
        ValueError
            If there is no such sample.
        """
        [position] = self._checked([id])
        if self.kind == "image":
            return Path(self._samples.values[position])
        thumbnails = self._samples.thumbnails
        return None if thumbnails is None else thumbnails[position]

    def samples(self, status: str | None = None) -> list[SessionSample]:
        """Return samples in the order of the source.

        Parameters
        ----------
        status : {"open", "labeled", "skipped", "postponed"}, default=None
            Return only samples with this status.

        Returns
        -------
        samples : list of SessionSample
            The samples.
        """
        if status is not None and status not in STATUSES:
            raise ValueError(
                f"The 'status' parameter of samples must be one of {', '.join(STATUSES)} or None. "
                f"Got {status!r} instead."
            )
        with self._lock:
            found = [self._sample(position) for position in range(len(self))]
        return [one for one in found if status is None or one.status == status]

    def next(
        self, n: int = 1, *, test: bool = False, exclude: Iterable[str] = ()
    ) -> list[SessionSample]:
        """Return the samples to label next.

        Parameters
        ----------
        n : int, default=1
            Number of samples, at least 1.
        test : bool, default=False
            Whether to return samples of the test set.
        exclude : iterable of str, default=()
            Ids of samples that are not returned, such as those that are shown already.

        Returns
        -------
        samples : list of SessionSample
            At most `n` samples, the most useful first. Postponed samples come after all others.
            The list is empty if no sample is left.
        """
        n = check_integer(self, "n", n, minimum=1)
        excluded = {one for one in listed("next", "exclude", exclude) if isinstance(one, str)}
        # Before the lock is taken: answers do not wait for the query.
        asked = [] if test else self._learning.query(n, excluded)
        with self._lock:
            state = self._log.state
            if test:
                found = [one for one in self._present(state.test) if state.is_open(one)]
                found += [one for one in self._present(state.postponed) if one in state.test]
                found = [one for one in found if one not in excluded]
                return [self._sample(self._positions[one]) for one in found[:n]]
            # Some may have been answered during the query.
            found = [one for one in asked if state.is_open(one) and one not in state.test]
            found += self._waiting(n - len(found), excluded | set(found))
            if len(found) < n:
                later = self._present(state.postponed)
                later = [one for one in later if one not in excluded and one not in state.test]
                found += later[: n - len(found)]
            return [self._sample(self._positions[one]) for one in found]

    def _present(self, names: Iterable[str]) -> list[str]:
        """Return the names of samples that the source has now."""
        return [name for name in names if name in self._positions]

    def _waiting(self, n: int, excluded: set[str]) -> list[str]:
        """Return open samples in their random order, which the learner does not return."""
        found: list[str] = []
        state, learning = self._log.state, self._learning
        if n <= 0:
            return found
        for position in self._order.tolist():
            one = self._samples.ids[position]
            is_out = one in excluded or one in state.test or one in learning.unreadable
            if not is_out and state.is_open(one):
                found.append(one)
                if len(found) == n:
                    break
        return found

    def hold_out(self, n: int) -> list[str]:
        """Add random samples to the test set, whose labels are never taught.

        Parameters
        ----------
        n : int
            Number of samples, at least 1. At most those that have no label.

        Returns
        -------
        ids : list of str
            The samples; ``next(test=True)`` returns those without a label.
        """
        n = check_integer(self, "n", n, minimum=1)
        with self._lock:
            state = self._log.state
            drawn = np.random.default_rng([self._seed, len(state.test)]).permutation(len(self))
            open_ = (self._samples.ids[position] for position in drawn.tolist())
            unreadable = self._learning.unreadable
            possible = [
                one
                for one in open_
                if state.is_open(one) and one not in state.test and one not in unreadable
            ]
            if possible:
                self._log.do("test", possible[:n])
            return possible[:n]

    def close(self) -> None:
        """Stop embedding, and release the folder for other processes. All answers are on disk."""
        self._learning.stop()
        self._curve.close()
        self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __repr__(self) -> str:
        n = len(self._log.state.answers)
        return f"<LabelingSession: {counted(len(self), 'sample')}, {counted(n, 'label')}>"

    def _learning_of(self, learner: ActiveLearner | None, create_embedder: Any) -> SessionLearner:
        if learner is not None:
            return GivenLearner(self._samples, learner, self._log, self._lock)
        graph = self.folder / GRAPH
        return SessionLearner(
            self._samples,
            create_embedder,
            self._log,
            self._order,
            self._lock,
            graph,
            multi_label=self.multi_label,
        )

    def _import_labels(self) -> None:
        """Add the labels of the source that were not added before."""
        fresh: dict[Label, list[str]] = {}
        for name, text in zip(self._samples.ids, self._samples.labels, strict=True):
            if text and name not in self._log.imported:
                label = from_text(text) if self.multi_label else text
                fresh.setdefault(label, []).append(name)
        for label, names in fresh.items():
            self._log.import_labels(names, label, **self._digests(names))
