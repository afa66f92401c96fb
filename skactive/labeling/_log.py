"""The log of a session: a file with a line for each action, and the state that follows from it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from skactive._io.journal_file import JournalCopy, JournalFile, json_object
from skactive._label_names import Label, names_in, read_label
from skactive.labeling._state import Patch, SessionState

FORMAT = "skactive answers of a session 1"


class Event(NamedTuple):
    """An action: its line in the log, and the cells that it changed."""

    entry: dict[str, Any]
    patch: Patch

    @property
    def samples(self) -> list[str]:
        """The samples that the action names."""
        for kind in ("answer", "relabel", "reopen", "skip", "postpone", "test"):
            if kind in self.entry:
                return list(self.entry[kind])
        return []


PATCHES: dict[str, Callable[[SessionState, dict[str, Any]], Patch]] = {
    "answer": lambda state, entry: state.answered(
        entry["answer"], read_label(entry["label"]), entry["time"], entry.get("digests", {})
    ),
    "relabel": lambda state, entry: state.relabelled(
        entry["relabel"], read_label(entry["label"]), entry["time"], entry.get("digests", {})
    ),
    "reopen": lambda state, entry: state.without_answers(entry["reopen"]),
    "skip": lambda state, entry: state.with_skipped(entry["skip"], entry["reason"]),
    "postpone": lambda state, entry: state.with_postponed(entry["postpone"]),
    "test": lambda state, entry: state.with_test(entry["test"]),
    "add_class": lambda state, entry: state.with_class(entry["add_class"]),
    "remove_class": lambda state, entry: state.without_class(entry["remove_class"]),
    "rename_class": lambda state, entry: state.renamed(entry["rename_class"], entry["to"]),
    "merge_classes": lambda state, entry: state.merged(entry["merge_classes"], entry["to"]),
    "describe_class": lambda state, entry: state.described(
        entry["describe_class"], entry["description"]
    ),
}


class SessionLog:
    """The actions of a session, in memory and in a file.

    A line is on the disk before its action takes effect. Reading the file again executes the same
    actions, so that they can be undone and redone in a later session.

    Parameters
    ----------
    path : Path
        The file, which is created if it does not exist.
    read_only : bool, default=False
        Whether the file stays as it is, and another process may write it. Actions are refused.

    Attributes
    ----------
    id : str
        A random name, the same as long as the file exists.
    state : SessionState
        The state after all actions.
    done, undone : list of Event
        The actions that are in effect, and those that `redo` executes again, the last first.
    requests : set of str
        The names of executed requests, by those who sent them.
    request : str or None
        The request of the present action; None if it has none.
    imported : set of str
        The samples whose labels came from the source. `undo` does not remove these labels.
    chosen : set of str
        The classes that the caller has chosen, also those that were renamed or removed since.
    changed : dict of str to None
        The names of all changed cells, in order. Who follows the labels removes them.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.id = ""
        self.request: str | None = None
        self._is_suspect = False
        self._forget()
        self._is_read_only = read_only
        self._file: JournalFile | JournalCopy
        if read_only:
            self._file = copy = JournalCopy(path)
            for number, line in enumerate(copy.lines(), 1):
                self._read(number, line)
            return
        self._file = file = JournalFile(path)
        try:
            with file.lock:
                for number, line in enumerate(file.lines(), 1):
                    self._read(number, line)
                is_new = len(file) == len(file.rest)
                file.begin()
                if is_new:
                    file.append(encoded({"format": FORMAT, "id": uuid4().hex}))
                    self._read(1, file.lines()[0])
                    file.keep_name()
                file.append(encoded({"session": os.getpid(), "time": now()}))
        except BaseException:
            file.close()
            raise

    def do(self, kind: str, subject: Any, **details: Any) -> Event | None:
        """Execute an action; None if it changes nothing, and is not written.

        Parameters
        ----------
        kind : str
            One of `PATCHES`.
        subject : str or list of str
            The samples or classes of the action.
        **details : object
            Its other values.
        """
        entry = {kind: subject, **details, "time": now()}
        patch = PATCHES[kind](self.state, entry)
        if not patch:
            return None
        event = Event(entry, patch)
        self._write(entry, lambda: self._do(event))
        return event

    def import_labels(self, samples: list[str], label: Label, **details: Any) -> None:
        """Add labels that the source has, except of samples with an answer, and their classes.

        `undo` does not remove them. If the file stays as it is, they are added each time.
        """
        entry = {"import": samples, "label": label, **details, "time": now()}
        if self._is_read_only:
            self._import(entry)
        else:
            self._write(entry, lambda: self._import(entry))

    def import_classes(self, names: Iterable[str]) -> None:
        """Add classes that the caller has chosen, each once. `undo` does not remove them."""
        for name in names:
            if name not in self.chosen:
                self.import_labels([], name)

    def undo(self) -> Event | None:
        """Reverse the last action; None if there is none."""
        if not self.done:
            return None
        event = self.done[-1]
        self._write({"undo": True, "time": now()}, self._undo)
        return event

    def redo(self) -> Event | None:
        """Execute the action again that was reversed last; None if there is none."""
        if not self.undone:
            return None
        event = self.undone[-1]
        self._write({"redo": True, "time": now()}, self._redo)
        return event

    def close(self) -> None:
        """Stop writing, and release the file."""
        self._file.close()

    def _write(self, entry: dict[str, Any], apply: Callable[[], None]) -> None:
        if self.request is not None:
            entry["request"] = self.request
        if self._is_suspect:
            self._execute_all()
        size, is_written = len(self._file), False
        try:
            self._file.append(encoded(entry))
            is_written = True
            self._take(entry, apply)
        except BaseException as error:
            # After an interruption the line is whole and counts, or is removed.
            is_failure = isinstance(error, Exception)
            if is_written if is_failure else self._file.settle(size):
                self._execute_all()
            raise

    def _forget(self) -> None:
        self.state = SessionState()
        self.done: list[Event] = []
        self.undone: list[Event] = []
        self.requests: set[str] = set()
        self.imported: set[str] = set()
        self.chosen: set[str] = set()
        self.changed: dict[str, None] = {}

    def _execute_all(self) -> None:
        """Execute the lines of the file again, after an action was interrupted in memory."""
        self._is_suspect = True
        changed = dict.fromkeys([*self.changed, *self.state.samples()])
        self._forget()
        for number, line in enumerate(self._file.lines(), 1):
            self._read(number, line)
        self.changed.update(changed)
        self._is_suspect = False

    def _take(self, entry: dict[str, Any], apply: Callable[[], None]) -> None:
        if "request" in entry:
            self.requests.add(entry["request"])
        apply()

    def _mark(self, patch: Patch) -> None:
        # Before the change itself, which can be interrupted.
        self.changed.update(dict.fromkeys(name for _, name in patch))

    def _do(self, event: Event) -> None:
        self._mark(event.patch)
        self.state.apply(event.patch)
        self.done.append(event)
        self.undone.clear()

    def _import(self, entry: dict[str, Any]) -> None:
        fresh = [name for name in entry["import"] if name not in self.state.answers]
        digests = entry.get("digests", {})
        label = read_label(entry["label"])
        patch = self.state.answered(fresh, label, entry["time"], digests)
        self._mark(patch)
        self.state.apply(patch)
        self.imported.update(entry["import"])
        if entry["import"]:
            # What was undone may be about these samples.
            self.undone.clear()
        else:
            self.chosen.update(names_in(label))

    def _undo(self) -> None:
        self._mark(self.done[-1].patch)
        event = self.done.pop()
        self.state.reverse(event.patch)
        self.state.settle(event.patch)
        for added in self.state.added_classes(event.patch):
            if added in self.chosen:
                self.state.apply(self.state.with_class(added))
        self.undone.append(event)

    def _redo(self) -> None:
        self._mark(self.undone[-1].patch)
        event = self.undone.pop()
        self.state.apply(event.patch)
        self.state.settle(event.patch)
        self.done.append(event)

    def _read(self, number: int, line: bytes) -> None:
        """Execute a line of the file."""
        if not line.strip():
            return
        entry = json_object(line)
        if number == 1 and (entry is None or entry.get("format") != FORMAT):
            raise ValueError(
                f"{self._file.path} is not the log of a session of this version: it begins with "
                f"{line[:60]!r}. Hint: choose another session folder."
            )
        if entry is None:
            raise self._fault(number, f"it is {line[:60]!r}")
        if number == 1:
            # Files of earlier versions have none.
            self.id = str(entry.get("id", hashlib.sha256(bytes(self._file.path)).hexdigest()))
        if "format" in entry or "session" in entry:
            return
        try:
            self._execute(entry)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            raise self._fault(number, f"unknown action in {sorted(entry)}") from error

    def _execute(self, entry: dict[str, Any]) -> None:
        if "undo" in entry:
            self._take(entry, self._undo)
        elif "redo" in entry:
            self._take(entry, self._redo)
        elif "import" in entry:
            self._take(entry, lambda: self._import(entry))
        else:
            (kind,) = PATCHES.keys() & entry.keys()
            event = Event(entry, PATCHES[kind](self.state, entry))
            self._take(entry, lambda: self._do(event))

    def _fault(self, number: int, fact: str) -> ValueError:
        return ValueError(
            f"Line {number} of {self._file.path} cannot be executed: {fact}. Hint: remove that "
            "line to use the others."
        )


def opened_log(path: Path, *, read_only: bool) -> SessionLog:
    """Return the log in a file, or raise with a hint if another process writes it."""
    try:
        return SessionLog(path, read_only=read_only)
    except RuntimeError as error:
        fact = str(error).partition(" Hint: ")[0]
        raise RuntimeError(
            f"{fact} Hint: end it first, such as by Ctrl-C in its terminal."
        ) from error


def now() -> str:
    """Return the time in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def encoded(entry: dict[str, Any]) -> bytes:
    """Return an entry as a line."""
    return json.dumps(entry, ensure_ascii=False, allow_nan=False).encode("utf-8", "surrogatepass")
