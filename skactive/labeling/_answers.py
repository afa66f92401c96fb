"""The answers and classes of a labelling session."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from skactive._label_names import (
    SEPARATOR,
    Label,
    check_names,
    check_one_class,
    label_set,
)
from skactive._text import counted, did_you_mean, shown
from skactive._warning import warn_user
from skactive.labeling._learning import SessionLearner
from skactive.labeling._log import SessionLog
from skactive.labeling._sources import SampleList, digest


class SessionSample(NamedTuple):
    """A sample of a session.

    Attributes
    ----------
    id : str
        Its name: the path of a photo relative to the folder, the id in a table, or a digest.
    value : str or ndarray
        The text, the path of the image, or the vector.
    label : str, tuple of str or None
        Its class if it is answered; with several labels, their sorted names.
    status : {"open", "labeled", "skipped", "postponed"}
        Whether it is answered.
    is_test : bool
        Whether it belongs to the test set, whose labels are not taught.
    """

    id: str
    value: Any
    label: Label | None
    status: str
    is_test: bool


class SessionAnswers:
    """The part of `LabelingSession` that changes labels and classes."""

    folder: Path
    # Whether a sample can have several labels.
    multi_label: bool
    _samples: SampleList
    _positions: dict[str, int]
    _log: SessionLog
    _learning: SessionLearner
    _lock: Any  # threading.RLock is a function until Python 3.13

    def answer(self, id: str, label: str | Iterable[str]) -> None:  # noqa: A002
        """Label a sample.

        Parameters
        ----------
        id : str
            The sample. A skipped or postponed one can be labelled, too.
        label : str or iterable of str
            Its class, which is added if it is new. With `multi_label`, the names of all labels that
            the sample has; it has no others.

        Raises
        ------
        ValueError
            If the sample has another label, or `label` is no name of a class.
        """
        self.answer_many([id], label)

    def answer_many(self, ids: Iterable[str], label: str | Iterable[str]) -> None:
        """Label several samples alike, by one action.

        Parameters
        ----------
        ids : iterable of str
            The samples.
        label : str or iterable of str
            Their class, or their labels.

        Raises
        ------
        ValueError
            If a sample has another label. No sample is labelled then.
        """
        label, names = self._checked_label(label), self._names(ids)
        with self._lock:
            answers = self._log.state.answers
            for name in names:
                if name in answers and answers[name].label != label:
                    raise ValueError(
                        f"Sample {shown(name)} has the label {shown(answers[name].label)} "
                        "already. Hint: correct it by relabel."
                    )
            fresh = [name for name in names if name not in answers]
            if fresh:
                self._log.do("answer", fresh, label=label, **self._digests(fresh))

    def relabel(self, ids: Iterable[str], label: str | Iterable[str]) -> None:
        """Correct or confirm the labels of samples.

        A label that a sample has already is confirmed: `suspicious` does not list it any more.

        Parameters
        ----------
        ids : iterable of str
            Labelled samples.
        label : str or iterable of str
            Their class, or their labels.

        Raises
        ------
        ValueError
            If a sample has no label. No label is changed then.
        """
        label, names = self._checked_label(label), self._names(ids)
        with self._lock:
            answers = self._log.state.answers
            for name in names:
                if name not in answers:
                    raise ValueError(
                        f"Sample {shown(name)} has no label. Hint: label it by answer."
                    )
            if names:
                self._log.do("relabel", names, label=label, **self._digests(names))

    def reopen(self, ids: Iterable[str]) -> None:
        """Remove the labels of samples; skipped and postponed ones are asked again, too.

        Parameters
        ----------
        ids : iterable of str
            The samples.
        """
        names = self._names(ids)
        with self._lock:
            self._log.do("reopen", names)

    def skip(self, ids: Iterable[str], reason: str = "") -> None:
        """Skip samples that cannot be labelled: they are not asked again.

        Parameters
        ----------
        ids : iterable of str
            Samples without a label.
        reason : str, default=""
            The reason, for the export.

        Raises
        ------
        ValueError
            If a sample is labelled.
        """
        names, reason = self._unlabeled(ids), check_text("skip", "reason", reason)
        with self._lock:
            self._log.do("skip", names, reason=reason)

    def postpone(self, ids: Iterable[str]) -> None:
        """Ask samples later, after all others.

        Parameters
        ----------
        ids : iterable of str
            Samples without a label.

        Raises
        ------
        ValueError
            If a sample is labelled.
        """
        names = self._unlabeled(ids)
        with self._lock:
            self._log.do("postpone", names)

    def once(self, request: str, action: Callable[[], object]) -> bool:
        """Execute an action unless the same request was executed before, in any session.

        A client that loses its connection cannot know whether its last request was executed. It
        repeats the request with the same name.

        Parameters
        ----------
        request : str
            The name of the request, which the client chooses: different for each.
        action : callable
            Called without arguments; it calls one method that changes labels or classes.

        Returns
        -------
        is_new : bool
            Whether the action was executed.
        """
        check_text("once", "request", request)
        with self._lock:
            if request in self._log.requests:
                return False
            self._log.request = request
            try:
                action()
            finally:
                self._log.request = None
            # An action that changes nothing is not written.
            self._log.requests.add(request)
        # No thread that holds the lock waits for the learner.
        self._learning.follow_soon()
        return True

    def undo(self) -> list[str]:
        """Undo the last action, also of an earlier day.

        Returns
        -------
        ids : list of str
            The samples of the action; empty if it was about classes.

        Raises
        ------
        ValueError
            If there is nothing to undo.
        """
        with self._lock:
            event = self._log.undo()
            if event is None:
                raise ValueError("There is no action to undo.")
            return event.samples

    def redo(self) -> list[str]:
        """Execute the action again that was undone last.

        Returns
        -------
        ids : list of str
            The samples of the action.

        Raises
        ------
        ValueError
            If there is nothing to redo: nothing was undone, or another action followed.
        """
        with self._lock:
            event = self._log.redo()
            if event is None:
                raise ValueError("There is no action to redo.")
            return event.samples

    def add_class(self, name: str) -> None:
        """Add a class.

        Parameters
        ----------
        name : str
            Its name.
        """
        name = self._checked_class(name)
        with self._lock:
            self._log.do("add_class", name)

    def remove_class(self, name: str) -> None:
        """Remove a class without labels.

        Parameters
        ----------
        name : str
            Its name.

        Raises
        ------
        ValueError
            If samples have this label, or there is no such class.
        """
        with self._lock:
            self._check_known(name)
            n = self._log.state.n_answers_of()[name]
            if n:
                raise ValueError(
                    f"Class {shown(name)} has {counted(n, 'label')}. Hint: merge it with another "
                    "class by merge_classes."
                )
            self._log.do("remove_class", name)

    def rename_class(self, old: str, new: str) -> None:
        """Give a class another name.

        Parameters
        ----------
        old : str
            The class.
        new : str
            Its new name.

        Raises
        ------
        ValueError
            If there is no class `old`, or there is a class `new` already.
        """
        new = self._checked_class(new)
        with self._lock:
            self._check_known(old)
            if new != old and new in self._log.state.classes:
                raise ValueError(
                    f"There is a class {shown(new)} already. Hint: merge both by merge_classes."
                )
            if new != old:
                self._log.do("rename_class", old, to=new)

    def merge_classes(self, names: Iterable[str], into: str) -> None:
        """Make one class of several.

        Parameters
        ----------
        names : iterable of str
            The classes.
        into : str
            The class that all their samples get; one that exists.

        Raises
        ------
        ValueError
            If there is no such class.
        """
        chosen = listed("merge_classes", "names", names)
        with self._lock:
            for name in [*chosen, into]:
                self._check_known(name)
            self._log.do("merge_classes", list(dict.fromkeys(chosen)), to=into)

    def describe_class(self, name: str, description: str) -> None:
        """Describe a class for the annotators.

        Parameters
        ----------
        name : str
            The class.
        description : str
            When a sample belongs to it. An empty text removes the description.

        Raises
        ------
        ValueError
            If there is no such class.
        """
        description = check_text("describe_class", "description", description)
        with self._lock:
            self._check_known(name)
            self._log.do("describe_class", name, description=description)

    def _sample(self, position: int) -> SessionSample:
        name, state = self._samples.ids[position], self._log.state
        status = "open"
        if name in state.answers:
            status = "labeled"
        elif name in state.skipped:
            status = "skipped"
        elif not state.is_open(name):
            status = "postponed"
        label = state.answers[name].label if name in state.answers else None
        return SessionSample(
            name, self._samples.values[position], label, status, name in state.test
        )

    def _digests(self, names: Iterable[str]) -> dict[str, dict[str, str]]:
        """Return the digests of texts for an action, if their ids do not follow from them."""
        if not self._samples.has_given_ids:
            return {}
        values, positions = self._samples.values, self._positions
        return {
            "digests": {
                name: digest(values[positions[name]]) for name in names if name in positions
            }
        }

    def _check_samples(self) -> None:
        """Raise if the log is about other samples; warn if some samples are missing."""
        labeled = self._log.state.answers
        missing = [name for name in labeled if name not in self._positions]
        if missing and len(missing) == len(labeled):
            raise ValueError(
                f"{self.folder} has answers for {counted(len(labeled), 'sample')}, such as "
                f"{shown(missing[0])}, none of which is in the source. Hint: choose another "
                "session folder for other samples."
            )
        if missing:
            warn_user(
                f"{self.folder} has answers for {counted(len(missing), 'sample')} not in the "
                f"source, such as {shown(missing[0])}. They stay on disk, and count again when the "
                "samples are back."
            )

    def _check_texts(self) -> None:
        """Warn of labels that were given to other texts with the same ids."""
        answers = self._log.state.answers
        now = self._digests(answers).get("digests", {})
        others = [one for one in now if answers[one].digest not in {None, now[one]}]
        if others:
            n = len(others)
            warn_user(
                f"{n:,} of {counted(len(answers), 'labelled sample')} in {self.folder} "
                f"{'has' if n == 1 else 'have'} another text than when labelled, such as "
                f"{shown(others[0])}; the labels are kept. Hint: label them again in the history, "
                "or choose another session folder if these are other samples."
            )

    def _checked(self, ids: Iterable[str]) -> list[int]:
        found = []
        for name in ids:
            if not isinstance(name, str) or name not in self._positions:
                guess = did_you_mean(str(name)[:200], self._samples.ids[:1000])
                raise ValueError(
                    f"No sample has the id {shown(name)}. Hint: {guess}ids are such "
                    f"as {shown(self._samples.ids[0])}."
                )
            found.append(self._positions[name])
        return found

    def _names(self, ids: Iterable[str]) -> list[str]:
        given = self._checked(listed("LabelingSession", "ids", ids))
        return [self._samples.ids[position] for position in dict.fromkeys(given)]

    def _unlabeled(self, ids: Iterable[str]) -> list[str]:
        names = self._names(ids)
        with self._lock:
            for name in names:
                if name in self._log.state.answers:
                    raise ValueError(
                        f"Sample {shown(name)} is labelled. Hint: remove its label by reopen."
                    )
        return names

    def _checked_label(self, label: Any) -> Label:
        """Return the label of a sample, or raise."""
        if self.multi_label:
            return label_set(map(self._checked_class, check_names(label)))
        return self._checked_class(check_one_class(label))

    def _checked_class(self, name: Any) -> str:
        """Return the name of a class that the learner can have, or raise."""
        name = check_class(name, multi_label=self.multi_label)
        self._learning.check_class(name)
        return name

    def _check_known(self, name: str) -> None:
        known = self._log.state.classes
        if name not in known:
            raise ValueError(
                f"There is no class {shown(name)}. Hint: {did_you_mean(str(name), known)}classes "
                f"are {', '.join(map(shown, known)) or 'added with the first answers'}."
            )


def listed(owner: str, name: str, values: Any) -> list[Any]:
    """Return several values as a list; a text is one of them."""
    if isinstance(values, str):
        return [values]
    if isinstance(values, bytes) or not hasattr(values, "__iter__"):
        raise TypeError(
            f"The {name!r} parameter of {owner} must be a list of str. Got {values!r} instead."
        )
    return list(values)


def check_text(owner: str, name: str, value: Any) -> str:
    """Return a text, or raise."""
    if not isinstance(value, str):
        raise TypeError(f"The {name!r} parameter of {owner} must be a str. Got {value!r} instead.")
    return value


def check_class(name: Any, *, multi_label: bool) -> str:
    """Return the name of a class without blanks around it, or raise."""
    if not isinstance(name, str):
        raise TypeError(
            f"The name of a class is a str. Got {name!r} instead. Hint: pass it as text, such as "
            f"{str(name)!r}."
        )
    if not name.strip():
        raise ValueError(f"The name of a class is not blank. Got {name!r} instead.")
    if multi_label and SEPARATOR in name:
        raise ValueError(
            f"The name {shown(name)} has the character {SEPARATOR}, which separates labels in "
            "tables. Hint: choose another name."
        )
    return name.strip()
