"""The folder of a bridge: the session of a project's tasks."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from threading import RLock
from typing import Any

from skactive._io.atomic_write import atomic_write
from skactive._io.journal_file import json_object
from skactive._optional import import_optional
from skactive._text import counted, shown
from skactive.integrations.label_studio._errors import LabelStudioError, refusals_of_session
from skactive.integrations.label_studio._interface import LabelingInterface
from skactive.integrations.label_studio._project import RemoteProject
from skactive.integrations.label_studio._samples import Row, TaskSamples
from skactive.integrations.label_studio._tasks import RemoteTask
from skactive.labeling import LabelingSession

PROJECT = "label_studio.json"
FORMAT = "skactive project of Label Studio 1"


class ProjectFolder:
    """The session of a project, which follows its tasks.

    Parameters
    ----------
    path : Path
        The folder of the session.
    project : RemoteProject
        The project.
    embedder : transformer, str or None
        As for `skactive.labeling.LabelingSession`.

    Attributes
    ----------
    lock : threading.RLock
        Held while the session is replaced.
    session : LabelingSession or None
        The session, as soon as the project has a task with a sample.
    """

    def __init__(
        self,
        path: Path,
        project: RemoteProject,
        embedder: Any,  # any transformer, or a str
    ) -> None:
        self.path = path
        self.lock = RLock()
        self.session: LabelingSession | None = None
        self._project = project
        self._embedder = embedder
        self._samples = TaskSamples(path, project.client)
        self._rows: list[Row] = []

    @property
    def fault(self) -> str:
        """The number of tasks without a sample and the reason of one; empty if all have one."""
        faults = self._samples.faults
        if not faults:
            return ""
        number, reason = next(iter(faults.items()))
        again = " It is tried again after ten minutes, and answers count then."
        return (
            f"{counted(len(faults), 'task')} cannot be asked, such as {number}: "
            f"{reason.rstrip('.')}.{again if self._samples.n_failed else ''}"
        )

    @property
    def is_incomplete(self) -> bool:
        """Whether the download of an image that failed is tried again now."""
        return self._samples.is_due

    def renew(self, tasks: Iterable[RemoteTask], interface: LabelingInterface) -> bool:
        """Open the session, or open it again if tasks came, changed or went.

        Returns
        -------
        is_renewed : bool
            Whether it was opened.
        """
        if self.session is None:
            # Before images are downloaded.
            import_optional("pandas", "The bridge to Label Studio", "pandas", "label")
            self.claim()
            self._rows = self._samples.saved()
        rows = self._samples.rows(tasks, interface)
        if self.session is not None:
            self._check_interface(self.session, interface)
            if rows == self._rows:
                return False
        with self.lock:
            gone = {str(row["id"]) for row in self._rows} - {str(row["id"]) for row in rows}
            if self._rows and gone:
                # Their answers go, too. Otherwise they would stay in the log for ever.
                session = self.session or self._opened(self._rows, interface)
                try:
                    known = {one.id for one in session.samples() if one.status != "open"}
                    session.reopen(sorted(gone & known))
                finally:
                    session.close()
                    self.session = None
            self.close()
            if rows != self._rows:
                self._samples.write(rows)
            self._rows = rows
            self.session = self._opened(rows, interface) if rows else None
        return True

    def close(self) -> None:
        """Release the folder."""
        with self.lock:
            if self.session is not None:
                self.session.close()
                self.session = None

    def _opened(self, rows: list[Row], interface: LabelingInterface) -> LabelingSession:
        kind = next(name for name in rows[0] if name != "id")
        with refusals_of_session():
            session = LabelingSession(
                self._samples.path,
                self.path,
                embedder=self._embedder,
                classes=interface.classes,
                multi_label=interface.is_multiple,
                text_column=kind,
                id_column="id",
            )
        with suppress(ValueError):  # classes may have been renamed in the session
            for label, description in interface.descriptions.items():
                if session.descriptions.get(label) != description:
                    session.describe_class(label, description)
        return session

    def _check_interface(self, session: LabelingSession, interface: LabelingInterface) -> None:
        """Raise if the labelling interface became one for other samples or labels."""
        before = session.kind, session.multi_label
        now = interface.kind, interface.is_multiple
        if now != before:
            old, new = (
                f"{kind}s with {'several labels' if is_multiple else 'one class'} each"
                for kind, is_multiple in (before, now)
            )
            raise LabelStudioError(
                f"The labelling interface is one for {new} now, but {self.path} has {old}. Hint: "
                "choose another session folder, or change the interface back."
            )

    def claim(self) -> None:
        """Remember the project of the folder, and raise if it is another, or has other files."""
        own = {"format": FORMAT, "url": self._project.client.url, "project": self._project.number}
        path = self.path / PROJECT
        if path.exists():
            found = json_object(path.read_bytes()) or {}
            if found != own:
                raise LabelStudioError(
                    f"{self.path} has the answers of project {shown(found.get('project'))} of "
                    f"{shown(found.get('url'))}. Hint: choose another folder; if Label Studio has "
                    f"a new address, delete {PROJECT} in this one."
                )
            return
        if self.path.is_dir() and not self._samples.path.exists() and any(self.path.iterdir()):
            raise LabelStudioError(
                f"{self.path} has other files than those of a project of Label Studio. Hint: "
                "choose the name of a new folder."
            )
        make_folder(self.path)
        with atomic_write(path) as file:
            file.write(json.dumps(own).encode("ascii"))


def make_folder(path: Path) -> None:
    """Create the folder of a session, unless it is there.

    Only the user can read it: it has copies of samples for which Label Studio requires a token.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.mkdir(mode=0o700, exist_ok=True)
    except FileExistsError:
        raise LabelStudioError(
            f"{path} is a file, but the session is a folder. Hint: choose the name of a new folder."
        ) from None
