"""The queue of a project: predictions whose scores are the order of the next tasks."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from skactive._io.atomic_write import atomic_write
from skactive._io.journal_file import json_object
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
# The end of the version of tasks that have left a queue.
LEFT = "-left"
TIME = "%Y%m%d-%H%M%S-%f"
# Label Studio locks an open task for a day.
KEPT = timedelta(days=1)
# The first tasks of a queue have scores below those of all others, by this.
STEP = 1e-6
# Scores that are nearer to each other are numbered anew.
LEAST_STEP = 1e-12
# The settings of the project before the first queue.
BEFORE = "label_studio_before.json"
NAMES = ("sampling", "model_version", "show_collab_predictions")

Result = list[dict[str, Any]]


class QueuedTask(NamedTuple):
    """The prediction of a task, as Label Studio has it.

    Attributes
    ----------
    id : int
        The id of the prediction.
    score : float
        Its score.
    result : list
        The guess.
    is_in : bool
        Whether it belongs to the queue.
    """

    id: int
    score: float
    result: Result
    is_in: bool


class TaskQueue:
    """The tasks that Label Studio asks next.

    Label Studio asks the task with the lowest score among those with a prediction of the project's
    version. A task keeps its prediction, whose score or version changes: Label Studio refuses an
    annotation if a prediction is gone that its task was opened with. A change slows annotators,
    so that there are as few as possible. A task that leaves the queue stays behind it, unless it
    would come before a task of the queue, or Label Studio draws: as soon as two people have
    annotated, it asks any task of the version.

    Parameters
    ----------
    project : RemoteProject
        The project.
    folder : Path
        The folder of the session, which keeps the settings of the project from before.
    is_shown : bool
        Whether annotators see the results.

    Attributes
    ----------
    content : list of (int, list)
        The tasks in order, each with its result.
    is_taken_over : bool
        Whether the project had the order of a bridge with another folder.
    """

    def __init__(self, project: RemoteProject, folder: Path, *, is_shown: bool) -> None:
        self._project = project
        self._path = folder / BEFORE
        self._is_shown = is_shown
        self._version = version_name(QUEUE)
        self.content: list[tuple[int, Result]] = []
        self.is_taken_over = False
        self._queued: dict[int, QueuedTask] = {}
        # Versions of earlier processes; None before they are known.
        self._earlier: list[str] | None = None
        # Whether the project has our version, unless someone has chosen another one.
        self._is_set = False
        # Whether a prediction was not found.
        self._are_gone = False

    def bring(
        self,
        content: list[tuple[int, Result]],
        state: ProjectState,
        unlabeled: AbstractSet[int],
        *,
        is_drawn: bool = False,
    ) -> bool:
        """Bring the queue in line with tasks and their results; return whether it changed.

        Parameters
        ----------
        content : list of (int, list)
            The next tasks, each with its result.
        state : ProjectState
            The settings of the project.
        unlabeled : set of int
            The tasks that Label Studio can ask.
        is_drawn : bool, default=False
            Whether Label Studio draws among the tasks of the version.

        Raises
        ------
        LabelStudioError
            If Label Studio cannot be reached, refuses a request, or another bridge orders the
            tasks of the project.
        """
        if self._earlier is None:
            found = self._project.versions()
            self._earlier = sorted(one for one in found if one.startswith(QUEUE))
            self._keep_settings(state)
        self._check_other(state)
        self._delete_earlier()
        settings = (state.model_version, state.sampling, state.shows_predictions)
        is_ours = settings == (self._version, SAMPLING, self._is_shown)
        if content == self.content and (is_ours or not content):
            return False
        if self._is_set and state.model_version != self._version:
            self._forget(task for task, _ in content)
            self._is_set = False
        self._place(content, unlabeled, is_drawn=is_drawn)
        if self._are_gone:
            # Others may be gone, too: all are written.
            self._are_gone = False
            self._forget(task for task, _ in content)
            self._place(content, unlabeled, is_drawn=is_drawn)
        if content and not is_ours:
            self._project.configure(
                model_version=self._version,
                sampling=SAMPLING,
                show_collab_predictions=self._is_shown,
            )
            self._is_set = True
        if not unlabeled:
            # No task is open.
            for version in (self._version, self._version + LEFT):
                self._project.delete_version(version)
            self._queued.clear()
        self.content = content
        return True

    def _place(
        self, content: list[tuple[int, Result]], unlabeled: AbstractSet[int], *, is_drawn: bool
    ) -> None:
        """Give the tasks their scores and results, lower than those of all others."""
        # Before the requests, as they may fail.
        self.content = []
        refusal = None
        # The first is written in any case: predictions may be deleted in Label Studio.
        self._forget(task for task, _ in content[:1])
        known = [self._queued.get(task) for task, _ in content]
        placed = {task for task, _ in content}
        # Label Studio asks none that is labelled.
        left = {
            task: one
            for task, one in self._queued.items()
            if one.is_in and task not in placed and task in unlabeled
        }
        scores, lowest = below_others(
            [one.score if one and one.is_in else None for one in known],
            [] if is_drawn else [one.score for one in left.values()],
        )
        for (task, result), score in zip(content, scores, strict=True):
            try:
                self._put(task, score, result)
            except LabelStudioError as error:
                if error.is_temporary:
                    raise
                # The task may be deleted since it was read.
                refusal = error
        if refusal is not None and not placed & self._queued.keys():
            raise refusal
        for task, one in left.items():
            if is_drawn or one.score < lowest:
                self._change(task, one._replace(is_in=False))

    def _put(self, task: int, score: float, result: Result) -> None:
        known = self._queued.get(task)
        if known is not None:
            self._change(task, known._replace(score=score, result=result, is_in=True))
            return
        number = self._project.add_prediction(self._version, task, result, score)
        self._queued[task] = QueuedTask(number, score, result, is_in=True)

    def _change(self, task: int, wanted: QueuedTask) -> None:
        if wanted == self._queued[task]:
            return
        version = self._version if wanted.is_in else self._version + LEFT
        try:
            self._project.change_prediction(
                wanted.id, version=version, score=wanted.score, result=wanted.result
            )
        except LabelStudioError as error:
            if error.is_temporary:
                raise
            # It is gone, such as with its task.
            del self._queued[task]
            self._are_gone = True
            if wanted.is_in:
                self._put(task, wanted.score, wanted.result)
        else:
            self._queued[task] = wanted

    def _forget(self, tasks: Iterable[int]) -> None:
        """Write the predictions of tasks again, since they may be gone."""
        for task in self._queued.keys() & set(tasks):
            self._queued[task] = self._queued[task]._replace(is_in=False)

    def _delete_earlier(self) -> None:
        """Delete the predictions of earlier processes when no task can be open with them."""
        limit, earlier = datetime.now(UTC) - KEPT, self._earlier or []
        times = {created(one) for one in [*earlier, self._version]}
        for version in list(earlier):
            # It was in use until the next one came.
            if min(time for time in times if time > created(version)) < limit:
                self._project.delete_version(version)
                earlier.remove(version)

    def _keep_settings(self, state: ProjectState) -> None:
        """Keep the settings of the project, unless they are those of a bridge that was killed."""
        is_own = (state.model_version or "").startswith(QUEUE) and state.sampling == SAMPLING
        if is_own:
            self.is_taken_over = not self._path.exists()
            return
        before = (state.sampling, state.model_version, state.shows_predictions)
        with atomic_write(self._path) as file:
            file.write(json.dumps(dict(zip(NAMES, before, strict=True))).encode("ascii"))

    def release(self) -> str | None:
        """Give the project its settings from before the first queue back.

        Without a bridge, annotators would find no task if the others had the rest of the queue
        open.

        Returns
        -------
        sampling : str or None
            The order of tasks; None if the project was not changed.
        """
        if self._earlier is None:
            return None
        state = self._project.state()
        self._check_other(state)
        before = json_object(self._path.read_bytes()) if self._path.exists() else None
        settings = {"sampling": SEQUENTIAL, **(before or {})}
        if settings.get("model_version") not in self._project.versions():
            settings["model_version"] = ""
        self._project.configure(**settings)
        self._path.unlink(missing_ok=True)
        return str(settings["sampling"])

    def _check_other(self, state: ProjectState) -> None:
        version = state.model_version or ""
        if version.startswith(QUEUE) and version not in {self._version, *(self._earlier or [])}:
            raise LabelStudioError(
                f"Another bridge orders the tasks of project {self._project.number} since "
                f"{created(version):%H:%M} UTC. Hint: end one of the two."
            )


def below_others(
    scores: Sequence[float | None], others: Sequence[float]
) -> tuple[list[float], float]:
    """Return ascending scores, below those of other tasks, with the smallest number of changes.

    Parameters
    ----------
    scores : sequence of float or None
        The present scores in the new order; None for those without one.
    others : sequence of float
        The scores of other tasks.

    Returns
    -------
    scores : list of float
        The new scores.
    lowest : float
        Other tasks with a lower score than this have to be taken out.
    """
    plans = []
    for lowest in [*sorted(set(others)), 1.0]:
        found = ascending(scores, lowest)
        n_changed = sum(one != new for one, new in zip(scores, found, strict=True))
        n_out = sum(one < lowest for one in others)
        # Scores that are numbered anew may not fit below others.
        if n_out == len(others) or _least_step([0.0, *found, lowest]) >= LEAST_STEP:
            plans.append((n_changed + n_out, found, lowest))
    _, found, lowest = min(plans, key=lambda plan: plan[0])
    return found, lowest


def ascending(scores: Sequence[float | None], ceiling: float = 1.0) -> list[float]:
    """Return ascending scores from 0 to a ceiling, of which as many as possible are as they were.

    Parameters
    ----------
    scores : sequence of float or None
        The present scores in the new order; None for those without one.
    ceiling : float
        All scores are below it.
    """
    # The longest ascending subsequence: of each length, the one with the smallest end.
    known = {
        place: score for place, score in enumerate(scores) if score is not None and score < ceiling
    }
    ends: list[float] = []
    places: list[int] = []
    before: dict[int, int | None] = {}
    for place, score in known.items():
        length = bisect_left(ends, score)
        before[place] = places[length - 1] if length else None
        ends[length : length + 1] = [score]
        places[length : length + 1] = [place]
    kept: dict[int, float] = {}
    last = places[-1] if places else None
    while last is not None:
        kept[last] = known[last]
        last = before[last]
    found: list[float] = []
    for place in range(len(scores)):
        following = next((one for one in range(place, len(scores)) if one in kept), None)
        high = ceiling if following is None else kept[following]
        rest = (len(scores) if following is None else following) - place
        low = found[-1] if found else max(0.0, high - STEP * (rest + 1))
        found.append(low + (high - low) / (rest + 1) if rest else high)
    if _least_step([0.0, *found, ceiling]) < LEAST_STEP:
        return [ceiling * (place + 1) / (len(scores) + 1) for place in range(len(scores))]
    return found


def _least_step(scores: Sequence[float]) -> float:
    return min(b - a for a, b in pairwise(scores))


def version_name(beginning: str) -> str:
    """Return a new version."""
    return beginning + datetime.now(UTC).strftime(TIME)


def created(version: str) -> datetime:
    """Return the time in the name of a queue's version; the earliest if it has none."""
    try:
        text = version.removeprefix(QUEUE).removesuffix(LEFT)
        return datetime.strptime(text, TIME).replace(tzinfo=UTC)
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
