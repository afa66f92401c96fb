"""The model that a project can be connected to: the contract of Label Studio's ML backends."""

from __future__ import annotations

import hmac
import json
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

from skactive._io.atomic_write import atomic_write
from skactive._io.journal_file import json_object
from skactive._optional import import_optional
from skactive._text import one_line
from skactive.integrations.label_studio._errors import LabelStudioError
from skactive.integrations.label_studio._folder import make_folder
from skactive.integrations.label_studio._queue import PREDICTIONS

OWNER = "The model for Label Studio"
HOST = "127.0.0.1"
SECRET = "model.json"  # noqa: S105 - the name of a file
SECRET_BYTES = 24
VERSION = f"{PREDICTIONS}model"
MAX_REQUEST = 16_000_000
BAD, NOT_FOUND = 400, 404
# Seconds for requests that are being answered at the end.
GRACE = 1

Predict = Callable[[list[int]], list[dict[str, Any]]]


class ModelRoutes:
    """The answers to the requests of Label Studio.

    A webhook is answered before anything is done: Label Studio waits for it inside of the
    annotator's request.

    Parameters
    ----------
    predict : callable
        Returns the predictions of tasks by their ids.
    wake : threading.Event
        Set when annotations, tasks or the project changed.
    secret : str
        The first part of each path: Label Studio signs no requests.
    """

    def __init__(self, predict: Predict, wake: Event, secret: str) -> None:
        self._predict = predict
        self._wake = wake
        self._secret = secret

    def app(self) -> Any:  # an ASGI application
        """Return the application."""
        applications = import_optional("starlette.applications", OWNER, "starlette", "label")
        from starlette.routing import Route

        path = "/{secret}/{name}"
        return applications.Starlette(routes=[Route(path, self._answer, methods=["GET", "POST"])])

    async def _answer(self, request: Any) -> Any:
        from starlette.concurrency import run_in_threadpool
        from starlette.responses import JSONResponse

        given = request.path_params["secret"].encode("utf-8", "surrogatepass")
        name = request.path_params["name"]
        if not hmac.compare_digest(given, self._secret.encode()):
            return JSONResponse({"detail": "Not found."}, NOT_FOUND)
        if name == "health":
            return JSONResponse({"status": "UP", "model_class": "skactive"})
        if name in {"setup", "versions"}:
            # The token in the request is not needed, and not kept.
            return JSONResponse({"model_version": VERSION, "versions": [VERSION]})
        if name in {"webhook", "train"}:
            # The bridge itself updates the project; other updates are found by the next query.
            if b'"PROJECT_UPDATED"' not in (await received(request))[:100]:
                self._wake.set()
            return JSONResponse({})
        if name != "predict":
            return JSONResponse({"detail": "Not found."}, NOT_FOUND)
        tasks = tasks_in(await received(request))
        if tasks is None:
            return JSONResponse({"detail": "The request has no tasks."}, BAD)
        found = await run_in_threadpool(self._predict, tasks)
        return JSONResponse({"results": [{**one, "model_version": VERSION} for one in found]})


async def received(request: Any) -> bytes:
    """Return the body of a request; nothing of one that is too large."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_REQUEST:
            return b""
    return bytes(body)


def tasks_in(body: bytes) -> list[int] | None:
    """Return the ids of the tasks in a request; None if it is of another form."""
    try:
        return [int(task["id"]) for task in json.loads(body)["tasks"]]
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError):
        return None


def secret_of(folder: Path) -> str:
    """Return the secret of a session's model, which is the same at each start."""
    path = folder / SECRET
    found = json_object(path.read_bytes()) if path.exists() else None
    secret = (found or {}).get("secret")
    if isinstance(secret, str) and len(secret) >= SECRET_BYTES and secret.isascii():
        return secret
    secret = secrets.token_urlsafe(SECRET_BYTES)
    make_folder(folder)
    # Only the user can read the file.
    with atomic_write(path) as file:
        file.write(json.dumps({"secret": secret}).encode("ascii"))
    return secret


@contextmanager
def serving(routes: ModelRoutes, port: int) -> Iterator[int]:
    """Answer requests in a thread until the end of the block; the value is the port."""
    uvicorn = import_optional("uvicorn", OWNER, "uvicorn", "label")
    app = routes.app()
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
            listener.listen()
        except (OSError, OverflowError) as error:
            reason = one_line(getattr(error, "strerror", None) or str(error), 80)
            raise LabelStudioError(
                f"The model cannot listen on port {port}: {reason.rstrip('.')}. Hint: choose "
                "another port."
            ) from error
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=GRACE,
        )
        server = uvicorn.Server(config)
        thread = Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join()
