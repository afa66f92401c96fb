"""The queue of a project: predictions whose scores are the order of the next tasks."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta
from typing import Any

from skactive.integrations.label_studio._errors import LabelStudioError
from skactive.integrations.label_studio._project import (
    SAMPLING,
    SEQUENTIAL,
    ProjectState,
    RemoteProject,
)
from skactive.integrations.label_studio._tasks import EARLIEST

# The beginnings of our versions. Only these are ever deleted.
QUEUE = "skactive-queue-"
PREDICTIONS = "skactive-predictions-"
TIME = "%Y%m%d-%H%M%S-%f"
# Label Studio refuses an annotation if a prediction that its task was opened with is gone. It locks
# an open task for a day.
KEPT = timedelta(days=1)

Result = list[dict[str, Any]]


class TaskQueue:
    """The tasks that Label Studio asks next.

    Label Studio asks the task with the lowest score among those with a prediction of the project's
    version. Each change is a new version, so that annotators never see half of a change. A version
    stays until annotators can have none of its tasks open.

    Parameters
    ----------
    project : RemoteProject
        The project.
    is_shown : bool
        Whether annotators see the results.

    Attributes
    ----------
    content : list of (int, list)
        The tasks in order, each with its result.
    """

    def __init__(self, project: RemoteProject, *, is_shown: bool) -> None:
        self._project = project
        self._is_shown = is_shown
        self._version: str | None = None
        self.content: list[tuple[int, Result]] = []
        # Of all versions, the oldest first: their tasks. Of earlier processes they are not known.
        self._tasks: dict[str, frozenset[int] | None] | None = None
        # The settings before the first queue.
        self._before: ProjectState | None = None

    def bring(
        self, content: list[tuple[int, Result]], state: ProjectState, unlabeled: AbstractSet[int]
    ) -> bool:
        """Bring the queue in line with tasks and their results; return whether it changed.

        The predictions of a version that is not in use any more are deleted when all its tasks are
        labelled or a day has passed.

        Raises
        ------
        LabelStudioError
            If Label Studio cannot be reached, refuses a request, or another bridge orders the
            tasks of the project.
        """
        if self._tasks is None:
            found = sorted(one for one in self._project.versions() if one.startswith(QUEUE))
            self._tasks = dict.fromkeys(found)
            is_own = (state.model_version or "").startswith(QUEUE) and state.sampling == SAMPLING
            self._before = None if is_own else state
        self._check_other(state)
        settings = (state.model_version, state.sampling, state.shows_predictions)
        is_ours = settings == (self._version, SAMPLING, self._is_shown)
        is_new = content != self.content or (bool(content) and not is_ours)
        if is_new:
            self._replace(content, self._tasks)
        limit = datetime.now(UTC) - KEPT
        names = list(self._tasks)
        for version, following in zip(names, [*names[1:], *names[-1:]], strict=True):
            tasks = self._tasks[version]
            is_done = tasks is not None and not tasks & unlabeled
            if version != self._version and (is_done or created(following) < limit):
                self._project.delete_version(version)
                del self._tasks[version]
        return is_new

    def _replace(
        self, content: list[tuple[int, Result]], tasks: dict[str, frozenset[int] | None]
    ) -> None:
        version = version_name(QUEUE) if content else None
        if version is not None:
            # Before the requests, as they may fail.
            tasks[version] = frozenset(task for task, _ in content)
            predictions = [
                {"task": task, "result": result, "score": place / len(content)}
                for place, (task, result) in enumerate(content)
            ]
            if self._project.add_predictions(version, predictions) == 0:
                raise LabelStudioError(
                    f"Label Studio stored none of {len(predictions)} predictions.",
                    is_temporary=True,
                )
            self._project.configure(
                model_version=version,
                sampling=SAMPLING,
                show_collab_predictions=self._is_shown,
            )
        self._version, self.content = version, content

    def release(self) -> str | None:
        """Give the project its settings from before the first queue back.

        Without a bridge, annotators would find no task if the others had the rest of the queue
        open.

        Returns
        -------
        sampling : str or None
            The order of tasks; None if the project was not changed.
        """
        if self._tasks is None:
            return None
        state = self._project.state()
        self._check_other(state)
        before = self._before
        sampling = SEQUENTIAL if before is None else before.sampling
        settings: dict[str, object] = {"sampling": sampling}
        if before is not None:
            settings["show_collab_predictions"] = before.shows_predictions
            if before.model_version in self._project.versions():
                settings["model_version"] = before.model_version
        self._project.configure(**settings)
        return sampling

    def _check_other(self, state: ProjectState) -> None:
        version = state.model_version or ""
        if version.startswith(QUEUE) and version not in (self._tasks or {}):
            raise LabelStudioError(
                f"Another bridge orders the tasks of project {self._project.number} since "
                f"{created(version):%H:%M} UTC. Hint: end one of the two."
            )


def version_name(beginning: str) -> str:
    """Return a new version."""
    return beginning + datetime.now(UTC).strftime(TIME)


def created(version: str) -> datetime:
    """Return the time in the name of a queue's version; the earliest if it has none."""
    try:
        return datetime.strptime(version.removeprefix(QUEUE), TIME).replace(tzinfo=UTC)
    except ValueError:
        return EARLIEST


def replace_predictions(project: RemoteProject, predictions: list[dict[str, Any]]) -> int:
    """Write predictions of tasks, which replace our earlier ones; return their number.

    They do not take part in the order of tasks.
    """
    old = [one for one in project.versions() if one.startswith(PREDICTIONS)]
    n_stored = project.add_predictions(version_name(PREDICTIONS), predictions)
    for one in old:
        project.delete_version(one)
    return n_stored
