"""A project of Label Studio: its settings, tasks and predictions."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from skactive.integrations.label_studio._client import LabelStudioClient
from skactive.integrations.label_studio._errors import LabelStudioError
from skactive.integrations.label_studio._tasks import FIELDS, RemoteTask, read_task, time_of

SETTINGS = (
    "id,title,label_config,model_version,sampling,show_collab_predictions,task_number,"
    "total_annotations_number,skipped_annotations_number"
)
SAMPLING = "Uncertainty sampling"
SEQUENTIAL = "Sequential sampling"
# Seconds of pause for each second of a change, and at most.
YIELDED = 2.0
MAX_PAUSE = 0.2
# Number of tasks and of predictions per request.
PAGE = 250
# Changes that were under way at the time of the last query have an earlier time than its newest.
OVERLAP = timedelta(seconds=10)


class ProjectState(NamedTuple):
    """The settings and counts of a project.

    Attributes
    ----------
    title : str
        Its name.
    config : str
        The labelling interface.
    model_version : str or None
        The version of the predictions that determine the order of tasks.
    sampling : str
        The order of tasks.
    shows_predictions : bool
        Whether annotators see the predictions of the version.
    n_tasks, n_annotations, n_skips : int
        The numbers of tasks, of annotations without skips, and of skips.
    """

    title: str
    config: str
    model_version: str | None
    sampling: str
    shows_predictions: bool
    n_tasks: int
    n_annotations: int
    n_skips: int


class RemoteProject:
    """The requests about one project.

    Parameters
    ----------
    client : LabelStudioClient
        The client.
    number : int
        The id of the project.
    """

    def __init__(self, client: LabelStudioClient, number: int) -> None:
        self.client = client
        self.number = number
        self._path = f"/api/projects/{number}"

    def state(self) -> ProjectState:
        """Return the settings and counts."""
        found = self.client.get(f"{self._path}/", include=SETTINGS)
        try:
            return ProjectState(
                str(found["title"]),
                str(found["label_config"]),
                found.get("model_version"),
                str(found.get("sampling")),
                bool(found.get("show_collab_predictions")),
                int(found["task_number"]),
                int(found["total_annotations_number"]),
                int(found["skipped_annotations_number"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise LabelStudioError(
                f"{self.client.url} returned project {self.number} in an unknown form. Hint: pass "
                "the address of Label Studio, version 1.23."
            ) from error

    def tasks(self) -> list[RemoteTask]:
        """Return all tasks, in the order of their ids."""
        return list(self._pages({"ordering": ["tasks:id"]}))

    def changed(self, since: datetime) -> list[RemoteTask]:
        """Return the tasks that changed after a time, and some that changed shortly before."""
        # Label Studio requires microseconds and a Z.
        start = (since - OVERLAP).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        later = {
            "filter": "filter:tasks:updated_at",
            "operator": "greater",
            "type": "Datetime",
            "value": start,
        }
        filters = {"conjunction": "and", "items": [later]}
        return list(self._pages({"filters": filters, "ordering": ["tasks:id"]}))

    def _pages(self, query: dict[str, Any]) -> Iterator[RemoteTask]:
        number, n_found = 1, 0
        while True:
            page = self.client.get(
                "/api/tasks/",
                project=self.number,
                fields="all",
                include=FIELDS,
                page=number,
                page_size=PAGE,
                query=json.dumps(query),
            )
            try:
                tasks, total = page["tasks"], int(page["total"])
            except (KeyError, TypeError, ValueError) as error:
                raise LabelStudioError(
                    f"{self.client.url} returned tasks in an unknown form. Hint: use version 1.23."
                ) from error
            yield from map(read_task, tasks)
            n_found += len(tasks)
            if n_found >= total or not tasks:
                return
            number += 1

    def add_predictions(self, version: str, predictions: list[dict[str, Any]]) -> int:
        """Add predictions of a version, and return their number.

        Label Studio leaves out those of unknown tasks, of unknown classes, and with a score outside
        of [0, 1], without an error.
        """
        n_stored = 0
        for start in range(0, len(predictions), PAGE):
            some = [{**one, "model_version": version} for one in predictions[start : start + PAGE]]
            answer = self.client.send("POST", f"{self._path}/import/predictions", some)
            n_stored += int(answer.get("created", 0)) if isinstance(answer, dict) else 0
        return n_stored

    def add_prediction(
        self, version: str, task: int, result: list[dict[str, Any]], score: float
    ) -> int:
        """Add a prediction of a version, and return its id."""
        body = {
            "task": task,
            "project": self.number,
            "model_version": version,
            "result": result,
            "score": score,
        }
        answer = self._write("POST", "/api/predictions/", body)
        try:
            return int(answer["id"])
        except (KeyError, TypeError, ValueError) as error:
            raise LabelStudioError(
                f"{self.client.url} returned a prediction in an unknown form. Hint: use version "
                "1.23."
            ) from error

    def change_prediction(
        self, number: int, *, version: str, score: float, result: list[dict[str, Any]]
    ) -> None:
        """Change a prediction, which keeps its id."""
        body = {
            "project": self.number,
            "model_version": version,
            "score": score,
            "result": result,
        }
        self._write("PATCH", f"/api/predictions/{number}/", body)

    def _write(self, method: str, path: str, body: dict[str, Any]) -> Any:
        """Return the answer to one of many changes, after a pause for the requests of annotators.

        With SQLite Label Studio makes one change at a time. Without pauses, an annotator could wait
        for all.
        """
        start = time.monotonic()
        answer = self.client.send(method, path, body)
        self.client.rest(min(MAX_PAUSE, YIELDED * (time.monotonic() - start)))
        return answer

    def configure(self, **settings: object) -> None:
        """Change settings of the project, by their names in the API."""
        # The answer has only these settings, which takes half the time.
        self.client.send("PATCH", f"{self._path}/?include=id,{','.join(settings)}", settings)

    def versions(self) -> list[str]:
        """Return the versions of all predictions."""
        found = self.client.get(f"{self._path}/model-versions/")
        return list(found) if isinstance(found, dict) else []

    def delete_version(self, version: str) -> None:
        """Delete the predictions of a version."""
        body = {"model_version": version}
        self.client.send("DELETE", f"{self._path}/model-versions/", body)

    def n_active(self, since: datetime) -> int:
        """Return the number of members of the organization who were active after a time.

        Label Studio notes the time of requests that change anything, such as an annotation.
        """
        found = self.client.get("/api/users/")
        if not isinstance(found, list):
            raise LabelStudioError(
                f"{self.client.url} returned its members in an unknown form. Hint: use version "
                "1.23."
            )
        return sum(
            isinstance(one, dict) and time_of(one.get("last_activity")) > since for one in found
        )
