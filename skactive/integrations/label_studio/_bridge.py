"""The bridge: annotations of a project become answers of a session, whose order it then takes."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from time import monotonic, sleep
from typing import Any, Self

from skactive._text import counted, one_line
from skactive._validation import check_integer
from skactive.integrations.label_studio._answers import bring_answers
from skactive.integrations.label_studio._backend import HOST, ModelRoutes, secret_of, serving
from skactive.integrations.label_studio._client import TIMEOUT, LabelStudioClient, pause
from skactive.integrations.label_studio._errors import LabelStudioError, refusals_of_session
from skactive.integrations.label_studio._folder import ProjectFolder
from skactive.integrations.label_studio._interface import LabelingInterface, read_interface
from skactive.integrations.label_studio._project import ProjectState, RemoteProject
from skactive.integrations.label_studio._queue import (
    KEPT,
    Result,
    TaskQueue,
    replace_predictions,
)
from skactive.integrations.label_studio._tasks import RemoteTask, time_of
from skactive.integrations.label_studio._token import read_token
from skactive.labeling import LabelingSession

# With fewer tasks, annotators could take all of them before the next queue is there.
MIN_AHEAD = 5
# Seconds between a webhook and the query that follows.
SETTLE = 0.2
# Seconds between two queries of all tasks, for changes that no other query shows.
EVERYTHING = 600.0
# Seconds between two queries of the members of the organization.
MEMBERS = 60.0


class LabelStudioBridge:
    """Make Label Studio ask the tasks of a project in the order of a labelling session.

    It reads tasks and annotations by the API of Label Studio, answers the samples of a
    `skactive.labeling.LabelingSession` accordingly, and writes the next tasks as predictions with
    ascending scores, by which the project orders its queue. Label Studio needs no change and no
    inbound connection.

    Parameters
    ----------
    url : str
        The address of Label Studio.
    project : int
        The id of the project. Its labelling interface has one ``Choices`` for one ``Image`` or
        ``Text``; with multiple choice, the session has several labels for each sample.
    folder : path-like, default=None
        The folder of the session, created if it does not exist. None takes
        ``label-studio-project-3.session`` for project 3 in the current folder.
    token : str, default=None
        A legacy token or a personal access token of Label Studio. None takes the environment
        variable ``LABEL_STUDIO_API_KEY``.
    embedder : transformer or str, default=None
        As for `skactive.labeling.LabelingSession`.
    show_guesses : bool, default=False
        Whether annotators see the predicted class as a filled-in answer, which they confirm or
        change. Annotators tend to agree with a guess.
    ahead : int, default=8
        Smallest number of tasks in the queue, at least 5. With several annotators Label Studio
        draws from them at random. The queue grows with the number of answers, and of people who
        were active in Label Studio within a day: Label Studio has no task for a person if the
        others have all tasks of the queue open.
    timeout : float, default=20
        Seconds to wait for Label Studio.
    announce : callable, default=None
        Called with a sentence for each change. None does nothing.

    Attributes
    ----------
    folder : Path
        The folder of the session.

    See Also
    --------
    skactive.labeling.LabelingSession : Works on the folder while no bridge runs.

    Notes
    -----
    Label Studio is the source of truth. The class of a task is that of most of its annotations, and
    that of the latest one among classes with equally many. A task with skips only is skipped. A
    task without annotations is open. Drafts are ignored.

    Examples
    --------
    >>> from skactive.integrations.label_studio import LabelStudioBridge
    >>> with LabelStudioBridge("http://localhost:8080", 3, announce=print) as bridge:
    ...     bridge.run()  # doctest: +SKIP
    """

    def __init__(
        self,
        url: str,
        project: int,
        *,
        folder: str | os.PathLike[str] | None = None,
        token: str | None = None,
        embedder: Any = None,  # any transformer, or a str
        show_guesses: bool = False,
        ahead: int = 8,
        timeout: float = TIMEOUT,
        announce: Callable[[str], object] | None = None,
    ) -> None:
        number = check_integer(self, "project", project, minimum=1)
        chosen = f"label-studio-project-{number}.session" if folder is None else folder
        self.folder = Path(chosen).absolute()
        self._client = LabelStudioClient(url, read_token(token), timeout=timeout)
        self._project = RemoteProject(self._client, number)
        self._show_guesses = show_guesses
        self._ahead = check_integer(self, "ahead", ahead, minimum=MIN_AHEAD)
        self._announce = announce or (lambda _: None)
        self._queue = TaskQueue(self._project, self.folder, is_shown=show_guesses)
        self._folder = ProjectFolder(self.folder, self._project, embedder)
        self._interface: LabelingInterface | None = None
        self._config: str | None = None
        self._tasks: dict[int, RemoteTask] = {}
        self._everything_at: float | None = None
        self._is_brought = False
        self._n_embedded: int | None = None
        # Number of answers between two queues.
        self._pace = 0
        self._members = 0, float("-inf")
        self._last_fault = ""
        self._last_note: str | None = None

    @property
    def session(self) -> LabelingSession:
        """The session.

        Raises
        ------
        LabelStudioError
            If the project has no tasks with samples, or `sync` was not called yet.
        """
        session = self._folder.session
        if session is None:
            raise LabelStudioError(
                f"Project {self._project.number} has no samples yet. Hint: call sync() after tasks "
                "were imported."
            )
        return session

    @property
    def interface(self) -> LabelingInterface | None:
        """The labelling interface of the project, as it was read last."""
        return self._interface

    def sync(self, *, wait: bool = False) -> bool:
        """Read what changed in Label Studio, and bring the session and the queue in line with it.

        Parameters
        ----------
        wait : bool, default=False
            Whether to wait until all samples are embedded before the order is determined.

        Returns
        -------
        is_changed : bool
            Whether anything changed.

        Raises
        ------
        LabelStudioError
            If Label Studio cannot be reached or refuses a request, if the project has another
            labelling interface, or if another bridge orders its tasks. Nothing is lost: the next
            call continues.
        """
        state = self._read_state()
        interface = self._read_interface(state)
        if self._fetch(state) or self._folder.is_incomplete:
            self._is_brought = False
        if not self._is_brought and self._folder.renew(self._tasks.values(), interface):
            self._n_embedded = None
        self._note_fault()
        session = self._folder.session
        if session is None:
            what = "no task with a sample" if self._tasks else "no tasks"
            self._note(f"Project {self._project.number} ({one_line(state.title, 60)}) has {what}.")
            return False
        if wait:
            session.wait()
        counts = None if self._is_brought else self._bring(interface)
        n_embedded = session.n_embedded
        is_stale = counts is not None or n_embedded != self._n_embedded
        content = self._content(interface) if is_stale else self._queue.content
        unlabeled = {task.id for task in self._tasks.values() if not task.is_labeled}
        people = {
            one.get("completed_by") for task in self._tasks.values() for one in task.annotations
        }
        is_pushed = self._queue.bring(content, state, unlabeled, is_drawn=len(people) > 1)
        if self._queue.is_taken_over:
            self._queue.is_taken_over = False
            self._announce(
                f"Project {self._project.number} has the order of a bridge with another session "
                "folder, which keeps the earlier settings of the project. Hint: end that bridge if "
                "it runs, and check Settings, Annotation, Prelabeling after the end of this one."
            )
        self._is_brought, self._n_embedded = True, n_embedded
        if counts or is_pushed:
            self._note(self._status(counts or ""))
        return bool(counts) or is_pushed

    def run(
        self,
        *,
        poll: float = 5.0,
        serve: int | None = None,
        wake: Event | None = None,
        stop: Event | None = None,
    ) -> None:
        """Call `sync` again and again, until Ctrl-C.

        If Label Studio is down or answers errors, it says so once and tries again after a pause,
        which grows up to a minute. At the end, the project gets its own order of tasks back.

        Parameters
        ----------
        poll : float, default=5.0
            Seconds between two calls.
        serve : int, default=None
            The port on which Label Studio reaches the bridge as a model, for webhooks and
            predictions; 0 for a free one. The address, which `announce` gets, contains a secret.
            None serves nothing.
        wake : threading.Event, default=None
            Ends a pause when it is set, such as by a webhook.
        stop : threading.Event, default=None
            Ends the call after the present round, together with `wake`.

        Raises
        ------
        LabelStudioError
            If Label Studio refuses the first requests, or the labelling interface is not supported
            at first. Later ones are tried again.
        """
        wake = Event() if wake is None else wake
        with ExitStack() as stack:
            if serve is not None:
                self._folder.claim()
                secret = secret_of(self.folder)
                routes = ModelRoutes(self.predict, wake, secret)
                port = stack.enter_context(serving(routes, serve))
                self._note(
                    "Connect a model in the settings of the project: "
                    f"http://{HOST}:{port}/{secret} (the address contains a secret)"
                )
            stack.callback(self._release)
            self._follow(poll, wake, stop)

    def _follow(self, poll: float, wake: Event, stop: Event | None) -> None:
        n_failures, is_first = 0, True
        while stop is None or not stop.is_set():
            try:
                is_changed = self.sync()
                if n_failures > 0 and not is_changed and self._folder.session is not None:
                    self._note(self._status(""))
                n_failures, seconds, is_first = 0, poll, False
            except LabelStudioError as error:
                if is_first and not error.is_temporary:
                    raise
                self._note(f"{error} It is tried again until it succeeds.")
                seconds = pause(n_failures, poll)
                n_failures += 1
            if wake.wait(seconds):
                # The page of the annotator asks for its next task first.
                sleep(SETTLE)
                wake.clear()

    def _release(self) -> None:
        try:
            with self._client.hurried():
                sampling = self._queue.release()
        except LabelStudioError as error:
            self._note(
                f"The order of project {self._project.number} cannot be set back: {error} Hint: "
                "choose it by Settings, General, Task Sampling."
            )
            return
        if sampling is not None:
            self._note(f"Label Studio asks the tasks by {sampling.lower()} again.")

    def push_predictions(self) -> int:
        """Write predictions of all tasks without an answer into the project.

        They are for filters and exports of Label Studio, and replace those of an earlier call. The
        score is the probability of the class.

        Returns
        -------
        n_predictions : int
            The number of predictions; 0 while there are too few labels.

        Raises
        ------
        LabelStudioError
            If Label Studio cannot be reached, or refuses a request.
        """
        if self._interface is None or self._folder.session is None:
            self.sync(wait=True)
        if self._interface is None:
            return 0
        session = self.session.wait()
        open_ = [one.id for one in session.samples() if one.label is None]
        predicted = session.predictions()
        predictions = [
            {
                "task": int(name),
                "result": self._interface.result_of(predicted[name][0]),
                "score": round(predicted[name][1], 4),
            }
            for name in open_
            if name in predicted
        ]
        return replace_predictions(self._project, predictions)

    def predict(self, tasks: list[int]) -> list[dict[str, Any]]:
        """Return predictions of tasks, as Label Studio takes them.

        Parameters
        ----------
        tasks : list of int
            The ids of tasks.

        Returns
        -------
        predictions : list of dict
            For each task the ``result``, which is empty while there are too few labels and for
            unknown tasks, and the ``score``, the probability of the class.
        """
        with self._folder.lock:
            session, interface = self._folder.session, self._interface
            if session is None or interface is None:
                return [{"result": [], "score": 0.0} for _ in tasks]
            predicted = session.predictions()
        found = (predicted.get(str(task)) for task in tasks)
        return [
            {"result": [], "score": 0.0}
            if one is None
            else {"result": interface.result_of(one[0]), "score": round(one[1], 4)}
            for one in found
        ]

    def close(self) -> None:
        """Release the folder of the session. The queue stays as it is."""
        self._folder.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _read_state(self) -> ProjectState:
        try:
            return self._project.state()
        except LabelStudioError as error:
            if "has no /api/projects/" not in str(error):
                raise
            raise LabelStudioError(
                f"{self._client.url} is no Label Studio, has no project {self._project.number}, or "
                "the token gives no access to it. Hint: the address of a project ends in its "
                "number."
            ) from error

    def _read_interface(self, state: ProjectState) -> LabelingInterface:
        if self._interface is None or state.config != self._config:
            self._interface = read_interface(state.config)
            self._config = state.config
            self._is_brought = False
        return self._interface

    def _fetch(self, state: ProjectState) -> bool:
        """Read the tasks that changed; return whether any did."""
        now = monotonic()
        if self._everything_at is None or now - self._everything_at > EVERYTHING:
            return self._fetch_all(now)
        if self._tasks:
            newest = max(time_of(task.updated_at) for task in self._tasks.values())
            found = self._project.changed(newest)
            fresh = {task.id: task for task in found if self._tasks.get(task.id) != task}
        else:
            fresh = {}
        self._tasks.update(fresh)
        if self._counts() != (state.n_tasks, state.n_annotations, state.n_skips):
            # Deleted tasks, and annotations that were deleted together, are in no other query.
            return self._fetch_all(now) or bool(fresh)
        return bool(fresh)

    def _fetch_all(self, now: float) -> bool:
        found = {task.id: task for task in self._project.tasks()}
        is_changed = found != self._tasks
        self._tasks, self._everything_at = found, now
        return is_changed

    def _counts(self) -> tuple[int, int, int]:
        n_annotations = sum(len(task.annotations) for task in self._tasks.values())
        n_skips = sum(task.n_cancelled for task in self._tasks.values())
        return len(self._tasks), n_annotations - n_skips, n_skips

    def _bring(self, interface: LabelingInterface) -> str:
        answers = {str(number): task.answer(interface) for number, task in self._tasks.items()}
        with refusals_of_session():
            return bring_answers(self.session, answers)

    def _content(self, interface: LabelingInterface) -> list[tuple[int, Result]]:
        """Return the next tasks, with what annotators see of the guess."""
        queued = [self._tasks.get(number) for number, _ in self._queue.content]
        n_taken = sum(task is not None and bool(task.annotations) for task in queued)
        # In the next round there may be as many answers, and each person may have a task open.
        self._pace = max(n_taken, self._pace // 2)
        session = self.session
        n = max(self._ahead, self._n_people() + max(MIN_AHEAD, 2 * self._pace))
        asked = session.next(n)
        if len(asked) < n:
            asked += session.next(n - len(asked), test=True)
        guesses = session.predictions() if self._show_guesses else {}
        return [
            (int(one.id), interface.result_of(guesses[one.id][0]) if one.id in guesses else [])
            for one in asked
        ]

    def _n_people(self) -> int:
        """Return the number of people who may have a task open, read at most once a minute."""
        n, until = self._members
        if monotonic() > until:
            n = self._project.n_active(datetime.now(UTC) - KEPT)
            self._members = n, monotonic() + MEMBERS
        return n

    def _status(self, changes: str) -> str:
        progress = self.session.progress()
        n = progress.n_labeled + progress.n_test_labeled
        parts = [counted(n, "label") + f" of {counted(progress.n_samples, 'task')}"]
        if progress.n_skipped:
            parts.append(f"{progress.n_skipped:,} skipped")
        if progress.n_unreadable:
            parts.append(f"{progress.n_unreadable:,} with an image that cannot be read")
        if progress.accuracy is not None:
            estimate = progress.accuracy
            parts.append(f"estimated accuracy {estimate.lower:.0%} to {estimate.upper:.0%}")
        if progress.n_embedded < progress.n_samples and progress.error is None:
            parts.append(f"{progress.n_embedded:,} embedded")
        next_ = ", ".join(str(task) for task, _ in self._queue.content[:3])
        line = f"{f'{changes}: ' if changes else ''}{', '.join(parts)}."
        if progress.error is not None:
            line += f" The order is random: {one_line(progress.error, 120)}"
        return f"{line} Next tasks: {next_}, …" if next_ else f"{line} No task is left."

    def _note_fault(self) -> None:
        fault = self._folder.fault
        if fault and fault != self._last_fault:
            self._announce(fault)
        self._last_fault = fault

    def _note(self, text: str) -> None:
        if text != self._last_note:
            self._last_note = text
            self._announce(text)
