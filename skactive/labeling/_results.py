"""The results of a labelling session: progress, explanations, predictions, and files of them."""

from __future__ import annotations

import copy
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from skactive._io.atomic_write import atomic_write
from skactive._io.session_paths import (
    CLASSIFIER,
    check_export_suffix,
    check_prediction_suffix,
    check_target,
)
from skactive._label_names import Label, names_in
from skactive._loading import load
from skactive._text import shown
from skactive._validation import check_path
from skactive._warning import warn_user
from skactive.labeling._answers import SessionAnswers, SessionSample
from skactive.labeling._clusters import SampleClusters
from skactive.labeling._curve import SessionCurve
from skactive.labeling._exports import (
    COLUMNS,
    PREDICTED,
    ExportTable,
    base_of,
    write_export,
)
from skactive.labeling._progress import (
    CurvePoint,
    SessionProgress,
    accuracy_on_test,
    labels_per_minute,
)
from skactive.labeling._sources import read_samples
from skactive.labeling._stopping import advice

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

    from skactive.learner import ActiveLearner, LabelIssues, QueryExplanation


class SessionResults(SessionAnswers):
    """The part of `LabelingSession` that reads labels and predictions."""

    # Whether the embedder is the session's own, which may keep vectors in the folder.
    _has_own_embedder: bool
    # Files and folders that an export does not replace.
    _kept: list[Path]
    source: Path | None
    _curve: SessionCurve
    _clusters: SampleClusters

    def __len__(self) -> int:
        return len(self._samples)

    @property
    def kind(self) -> str:
        """The kind of the samples: 'image', 'text' or 'vector'."""
        return self._samples.kind

    @property
    def n_embedded(self) -> int:
        """The number of samples that are embedded so far."""
        return self._learning.n_embedded

    @property
    def unreadable(self) -> list[str]:
        """The samples that cannot be read, in the order of the source. They are not asked."""
        found = self._learning.unreadable.copy()
        return [one for one in self._samples.ids if one in found]

    def history(self) -> list[SessionSample]:
        """Return the labelled samples, the last answered first.

        Returns
        -------
        samples : list of SessionSample
            The samples.
        """
        with self._lock:
            answers = self._log.state.answers
            present = [one for one in answers if one in self._positions]
            present.sort(key=lambda one: answers[one].time)
            return [self._sample(self._positions[one]) for one in reversed(present)]

    def suspicious(self) -> LabelIssues:
        """Return the labels that the other labels contradict, most doubtful first.

        Returns
        -------
        issues : LabelIssues
            Its `names` are the ids of samples. It is empty while there are few labels. Labels of
            test samples are not checked, and those that `relabel` has confirmed are left out.

        Raises
        ------
        NotFittedError
            If no sample is embedded yet.
        """
        with self._learner() as learner:
            issues = learner.label_issues()
        with self._lock:
            return issues.without(self._log.state.confirmed)

    def explain(self, id: str) -> QueryExplanation:  # noqa: A002
        """Explain why a sample is asked.

        Parameters
        ----------
        id : str
            A sample without a label.

        Returns
        -------
        explanation : QueryExplanation
            ``print(explanation)`` shows it as text.

        Raises
        ------
        ValueError
            If the sample is not asked, such as one that has a label.
        NotFittedError
            If the sample is not embedded yet.
        """
        [position] = self._checked([id])
        with self._lock:
            one = self._sample(position)
            if one.status != "open" or one.is_test:
                status = "a test sample" if one.is_test else one.status
                raise ValueError(
                    f"Sample {shown(id)} is not asked: it is {status}. Hint: explain a sample that "
                    "`next` returns."
                )
        with self._learner() as learner:
            place = self._learning.place(one.id)
            if place is None:
                from sklearn.exceptions import NotFittedError

                raise NotFittedError(
                    f"Sample {shown(id)} is not read yet. Hint: call session.wait() first."
                )
            return learner.explain_query(place)

    def labels_per_class(self) -> dict[str, int]:
        """Return the number of labels of each class, those of test samples included.

        Returns
        -------
        labels_per_class : dict of str to int
            By class, in the order in which the classes were added. Labels of samples that are not
            in the source any more are not counted.
        """
        with self._lock:
            state, known = self._log.state, self._positions
            present = (one.label for name, one in state.answers.items() if name in known)
            counts = Counter(name for label in present for name in names_in(label))
            return {name: counts[name] for name in state.classes}

    def counts(self) -> dict[str, int]:
        """Return the numbers of labels, without waiting for the classifier.

        Returns
        -------
        counts : dict of str to int
            ``n_labeled``, ``n_test``, ``n_test_labeled``, ``n_skipped`` and ``n_postponed``, as in
            `SessionProgress`. Samples that are not in the source any more are not counted.
        """
        with self._lock:
            state, known = self._log.state, self._positions.keys()
            n_test_labeled = len(state.answers.keys() & state.test.keys() & known)
            return {
                "n_labeled": len(state.answers.keys() & known) - n_test_labeled,
                "n_test": len(state.test.keys() & known),
                "n_test_labeled": n_test_labeled,
                "n_skipped": len(state.skipped.keys() & known),
                "n_postponed": sum(one in known for one in state.postponed),
            }

    def progress(self) -> SessionProgress:
        """Return the counts, the accuracies, their curve, and whether labelling can stop.

        Returns
        -------
        progress : SessionProgress
            The state at the time of the call. Each call adds a point to the curve, which the
            session keeps.
        """
        learning = self._learning
        with learning.current() as learner:
            with self._lock:
                state = self._log.state
                answered = (one for one in state.test if one in state.answers)
                tested = {one: state.answers[one].label for one in answered}
                counts = self.counts()
                labels_per_class = self.labels_per_class()
                imported = self._log.imported
                times = [one.time for name, one in state.answers.items() if name not in imported]
            places = {one: learning.place(one) for one in tested}
            known = {place: tested[one] for one, place in places.items() if place is not None}
            progress = None if learner is None else learner.progress
            accuracy = None if progress is None else progress.accuracy
            test_accuracy = accuracy_on_test(learner, list(known), list(known.values()))
            now = CurvePoint(counts["n_labeled"], accuracy, test_accuracy)
            curve = self._curve.followed(now)
            advised = advice(
                progress,
                n_postponed=counts["n_postponed"],
                is_complete=learning.is_complete,
            )
        return SessionProgress(
            n_samples=len(self),
            **counts,
            n_embedded=learning.n_embedded,
            n_unreadable=len(learning.unreadable),
            labels_per_class=labels_per_class,
            labels_per_minute=labels_per_minute(times),
            accuracy=accuracy,
            test_accuracy=test_accuracy,
            advice=advised,
            curve=curve,
            error=learning.error,
        )

    def predictions(self) -> dict[str, tuple[Label, float]]:
        """Return the predicted class of each embedded sample, and its probability.

        Returns
        -------
        predictions : dict of str to (str, float), or to (tuple of str, float)
            By id, labelled samples included; empty while there are too few labels. With several
            labels, the probability is that of the most doubtful decision about one of them.
        """
        return self._learning.predictions().pairs.copy()

    def guesses(self, label: str) -> list[tuple[SessionSample, float]]:
        """Return the samples without an answer that are predicted to have a label.

        Parameters
        ----------
        label : str
            The class.

        Returns
        -------
        guesses : list of (SessionSample, float)
            Samples to label, without those of the test set, and the probability of the class, the
            most probable first.
        """
        chosen = self._learning.predictions().of_class(label)
        with self._lock:
            state = self._log.state
            found = [
                (self._sample(self._positions[name]), probability)
                for name, probability in chosen
                if state.is_open(name) and name not in state.test
            ]
        return sorted(found, key=lambda pair: -pair[1])

    def clusters(self) -> list[list[str]]:
        """Return the samples without an answer in groups of similar ones.

        Before there are predictions, many samples of one class can be found and labelled at once.

        Returns
        -------
        clusters : list of list of str
            The ids of samples by cluster, without those of the test set, the nearest to the centre
            first. A cluster becomes smaller with each answer, until its list is empty. There are
            other clusters when more samples are embedded, and none before the first are.

        Notes
        -----
        The clusters are those of k-means for the directions of at most 5,000 vectors.
        """
        with self._learning.current() as learner:
            if learner is None:
                return []
            X, names = learner.X_pool, learner.ids.tolist()
        # Neither answers nor questions wait.
        found = self._clusters.of(X)
        with self._lock:
            state = self._log.state
            left = {one for one in names if state.is_open(one) and one not in state.test}
        return [
            [names[position] for position in cluster.tolist() if names[position] in left]
            for cluster in found
        ]

    def export(self, path: str | os.PathLike[str], *, labeled_only: bool = False) -> None:
        """Write labels, and predictions for the other samples, or the classifier.

        Parameters
        ----------
        path : path-like
            The file, in the format of its suffix: .csv, .jsonl, .parquet, or .json for tasks of
            Label Studio. A .zip file has copies of the labelled images in a folder per class; a
            name without a suffix is that of a new folder with these copies. A .joblib file has the
            classifier, which ``joblib.load`` reads: load only files that you trust. A file is
            replaced as a whole or not at all.
        labeled_only : bool, default=False
            Whether to leave out samples without a label. There are no copies of unlabelled images.

        Raises
        ------
        ValueError
            If the suffix is unknown, or the samples of a folder would be no images.
        FileExistsError
            If the folder exists.
        NotFittedError
            If there are too few labels for a classifier.

        Notes
        -----
        Columns are ``id``, ``sample`` (text or path), ``label``, ``test``, ``time`` of the answer
        in UTC, ``skipped`` with its ``reason``, and ``predicted`` with its ``probability`` for
        samples without a label. It waits until all samples are embedded. Several labels are
        separated by ``|`` in a .csv file, and lists in others; an image has a copy for each.
        """
        path = Path(check_path("export", "path", path))
        check_export_suffix(path)
        check_target(path, self._kept)
        if path.suffix.lower() == CLASSIFIER:
            load()
            import joblib

            with atomic_write(path, mode=0o666) as file:
                joblib.dump(self.classifier(), file)
            return
        if not labeled_only:
            self._wait_for_predictions()
        predictions = {} if labeled_only else self._learning.predictions().pairs
        with self._lock:
            rows = [self._row(position, predictions) for position in range(len(self))]
        if labeled_only:
            rows = [row for row in rows if row["label"] is not None]
        base = base_of(self.kind, self._samples.values, self.source)
        write_export(path, ExportTable(self.kind, rows, base=base))

    def _wait_for_predictions(self) -> None:
        """Wait until all samples are embedded; if that fails, the labels are there."""
        try:
            self.wait()
        except Exception as error:
            if self._learning.error is not error:
                raise
            warn_user(
                f"Samples could not be embedded, and have no prediction: "
                f"{str(error) or type(error).__name__}"
            )

    def _row(self, position: int, predictions: dict[str, tuple[Label, float]]) -> dict[str, Any]:
        one, state = self._sample(position), self._log.state
        answer = state.answers.get(one.id)
        predicted: Any = (None, None)
        if answer is None:
            predicted = predictions.get(one.id, predicted)
        return {
            "id": one.id,
            "sample": None if self.kind == "vector" else one.value,
            "label": one.label,
            "test": one.is_test,
            "time": None if answer is None else answer.time,
            "skipped": one.id in state.skipped,
            "reason": state.skipped.get(one.id) or None,
            "predicted": predicted[0],
            "probability": predicted[1],
        }

    def write_predictions(
        self,
        source: Any,  # a path, or samples
        path: str | os.PathLike[str],
        *,
        text_column: str | None = None,
        id_column: str | None = None,
    ) -> int:
        """Predict new samples, and write a table of the predictions.

        Parameters
        ----------
        source : path-like or list of str
            The new samples: a source of the kind of the session's own, see `LabelingSession`.
        path : path-like
            The file, in the format of its suffix, as for `export`.
        text_column, id_column : str, default=None
            Columns of a table, as for `LabelingSession`.

        Returns
        -------
        n_predictions : int
            Number of predictions. Samples that cannot be read are written without one.

        Raises
        ------
        ValueError
            If the samples are of another kind.
        NotFittedError
            If there are too few labels for a prediction.
        """
        path = Path(check_path("write_predictions", "path", path))
        check_prediction_suffix(path)
        own = [Path(source)] if isinstance(source, str | os.PathLike) else []
        check_target(path, [*self._kept, *own])
        samples = read_samples(source, text_column=text_column, id_column=id_column)
        if samples.kind != self.kind:
            raise ValueError(
                f"The samples are {samples.kind}s, but those of the session are {self.kind}s. "
                f"Hint: pass a source of {self.kind}s."
            )
        pairs = self._learning.predict_new(self._fitted_pipeline(), samples)
        rows = [
            {
                **dict.fromkeys(COLUMNS),
                "id": name,
                "sample": None if self.kind == "vector" else samples.values[position],
                "predicted": pairs.get(position, (None, None))[0],
                "probability": pairs.get(position, (None, None))[1],
            }
            for position, name in enumerate(samples.ids)
        ]
        base = base_of(self.kind, samples.values, own[0] if own else None)
        write_export(path, ExportTable(self.kind, rows, PREDICTED, base))
        return len(pairs)

    def classifier(self) -> Pipeline:
        """Return the classifier, fitted to all labels but those of test samples.

        Returns
        -------
        classifier : Pipeline
            The embedder and the classifier, a copy; ``predict`` and ``predict_proba`` take new
            samples of the kind of the source. With several labels, their columns are `classes`.

        Raises
        ------
        NotFittedError
            If there are too few labels for a prediction.
        """
        classifier = self._fitted_pipeline()
        if self._has_own_embedder and hasattr(classifier[0], "cache"):
            classifier[0].set_params(cache=None)
        return classifier

    def _fitted_pipeline(self) -> Pipeline:
        """Return the classifier; its embedder shares the vectors of the session."""
        self.wait()
        from sklearn.pipeline import make_pipeline

        with self._learner() as learner:
            fitted = self._learning.fitted_estimator(learner)
            embedder = self._learning.embedder
            steps = [fitted] if embedder is None else [embedder, fitted]
            return copy.deepcopy(make_pipeline(*steps))

    def wait(self) -> Self:
        """Wait until all samples are embedded.

        Returns
        -------
        session : LabelingSession
            The session.

        Raises
        ------
        Exception
            If the embedder failed: its error.
        RuntimeError
            If the session was closed before.
        """
        self._learning.wait()
        if self._learning.error is not None:
            raise self._learning.error
        if not self._learning.is_complete:
            raise RuntimeError(
                "The embedding was stopped before it had all samples. Hint: open the session again."
            )
        return self

    @contextmanager
    def _learner(self) -> Iterator[ActiveLearner]:
        """Lend the learner, which has the present labels, or raise."""
        load()
        from sklearn.exceptions import NotFittedError

        with self._learning.current() as learner:
            if learner is None and self._learning.is_complete:
                raise NotFittedError(
                    "No sample can be read. Hint: check the source and the embedder."
                )
            if learner is None:
                raise NotFittedError("No sample is read yet. Hint: call session.wait() first.")
            yield learner
