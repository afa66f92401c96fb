"""The queue of a project: predictions whose scores are the order of the next tasks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from skactive.integrations.label_studio._errors import LabelStudioError
from skactive.integrations.label_studio._project import SAMPLING, ProjectState, RemoteProject

# The beginnings of our versions. Only these are ever deleted.
QUEUE = "skactive-queue-"
PREDICTIONS = "skactive-predictions-"

Result = list[dict[str, Any]]


class TaskQueue:
    """The tasks that Label Studio asks next.

    Label Studio asks the task with the lowest score among those with a prediction of the project's
    version. Each change is a new version, so that annotators never see half of a change.

    Parameters
    ----------
    project : RemoteProject
        The project.

    Attributes
    ----------
    content : list of (int, list)
        The tasks in order, each with the result that annotators see.
    """

    def __init__(self, project: RemoteProject) -> None:
        self._project = project
        self._version: str | None = None
        self.content: list[tuple[int, Result]] = []
        # Versions to delete; None until those of earlier processes are known.
        self._old: list[str] | None = None

    def bring(self, content: list[tuple[int, Result]], state: ProjectState) -> bool:
        """Bring the queue in line with tasks and their results; return whether it changed."""
        if self._old is None:
            self._old = [one for one in self._project.versions() if one.startswith(QUEUE)]
        is_ours = state.model_version == self._version and state.sampling == SAMPLING
        is_new = content != self.content or (bool(content) and not is_ours)
        if is_new:
            self._replace(content, self._old)
        for version in self._old.copy():
            self._project.delete_version(version)
            self._old.remove(version)
        return is_new

    def _replace(self, content: list[tuple[int, Result]], old: list[str]) -> None:
        version = version_name(QUEUE) if content else None
        if version is not None:
            # In case that one of the requests fails.
            old.append(version)
            predictions = [
                {"task": task, "result": result, "score": place / len(content)}
                for place, (task, result) in enumerate(content)
            ]
            if self._project.add_predictions(version, predictions) == 0:
                raise LabelStudioError(
                    f"Label Studio stored none of {len(predictions)} predictions.",
                    is_temporary=True,
                )
            self._project.order_by(version)
            old.remove(version)
        if self._version is not None:
            old.append(self._version)
        self._version, self.content = version, content


def version_name(beginning: str) -> str:
    """Return a new version."""
    return f"{beginning}{datetime.now(UTC):%Y%m%d-%H%M%S-%f}"


def replace_predictions(project: RemoteProject, predictions: list[dict[str, Any]]) -> int:
    """Write predictions of tasks, which replace our earlier ones; return their number.

    They do not take part in the order of tasks.
    """
    old = [one for one in project.versions() if one.startswith(PREDICTIONS)]
    n_stored = project.add_predictions(version_name(PREDICTIONS), predictions)
    for one in old:
        project.delete_version(one)
    return n_stored
