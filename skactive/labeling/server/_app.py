"""The routes of the page."""

from __future__ import annotations

import functools
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from skactive._optional import import_optional
from skactive.labeling import LabelingSession
from skactive.labeling._api import BAD, CONFLICT, REFUSALS, MessageError, PageApi, refusal
from skactive.labeling._images import SIZES, PictureError, picture
from skactive.labeling._page_exports import exported
from skactive.labeling.server._security import ACCESS, Access, App, Guard

STATIC = Path(__file__).parent / "static"
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
# Bytes of a request: the ids of 100,000 samples that are labelled at once.
MAX_REQUEST = 16_000_000
FORBIDDEN, NOT_FOUND = 403, 404


def create_app(session: LabelingSession, access: Access) -> App:
    """Return the ASGI application of a session.

    Parameters
    ----------
    session : LabelingSession
        The session.
    access : Access
        The secrets of the page.

    Returns
    -------
    app : callable
        The application.
    """
    starlette = import_optional(
        "starlette.applications", "The labelling page", "starlette", "label"
    )
    routes = PageRoutes(session, access)
    open_paths = {"/", ACCESS, *(f"/static/{name}" for name in routes.files)}
    return Guard(
        starlette.Starlette(routes=routes.listed()), access, session.id, frozenset(open_paths)
    )


class PageRoutes:
    """The answers to the requests of the page.

    Parameters
    ----------
    session : LabelingSession
        The session.
    access : Access
        The secrets of the page.
    """

    def __init__(self, session: LabelingSession, access: Access) -> None:
        from starlette.concurrency import run_in_threadpool
        from starlette.responses import Response

        self._session = session
        self._access = access
        self._api = PageApi(session)
        self._response = Response
        self._in_thread = run_in_threadpool
        # Read once: a page that is open keeps to one version of its files.
        self.files = {
            path.name: path.read_bytes() for path in sorted(STATIC.iterdir()) if path.is_file()
        }

    def listed(self) -> list[Any]:  # of starlette's Route
        """Return the routes."""
        from starlette.routing import Route

        return [
            Route("/", self._file),
            Route("/static/{name}", self._file),
            Route(ACCESS, self._grant, methods=["POST"]),
            Route("/api/export/{suffix}", self._export, methods=["GET"]),
            Route("/api/{name}", self._message, methods=["POST"]),
            Route("/picture/{key}", self._picture),
        ]

    def _replied(self, reply: dict[str, Any], status: int = 200) -> Any:
        # Names of files may contain halves of characters, which only escapes can carry.
        body = json.dumps(reply, allow_nan=False).encode("ascii")
        return self._response(body, status, media_type="application/json")

    def _refused(self, error: Exception | str, status: int) -> Any:
        return self._replied({"error": str(error)}, status)

    async def _file(self, request: Any) -> Any:
        name = request.path_params.get("name", "index.html")
        if name not in self.files:
            return self._refused("There is no such file.", NOT_FOUND)
        media_type = MEDIA_TYPES.get(Path(name).suffix, "application/octet-stream")
        return self._response(self.files[name], media_type=media_type)

    async def _grant(self, request: Any) -> Any:
        try:
            given = await received(request)
        except MessageError as error:
            return self._refused(error, BAD)
        token = given.get("token") if isinstance(given, dict) else None
        if not self._access.is_token(token):
            return self._refused(
                "This address is out of date: open the one in the terminal.", FORBIDDEN
            )
        response = self._replied({"key": self._access.key})
        name, value = self._access.cookie_name, self._access.cookie
        response.set_cookie(name, value, httponly=True, samesite="strict", path="/")
        return response

    async def _message(self, request: Any) -> Any:
        name = request.path_params["name"]
        try:
            given = await received(request)
            return self._replied(await self._in_thread(self._api.call, name, given))
        except REFUSALS as error:
            return self._refused(*refusal(error))

    async def _picture(self, request: Any) -> Any:
        size = request.query_params.get("size", "large")
        if size not in SIZES:
            return self._refused("There is no such size.", NOT_FOUND)
        try:
            id_ = self._api.id_of(request.path_params["key"])
            content, media_type = await self._in_thread(picture, self._session, id_, size)
        except (MessageError, PictureError, ImportError) as error:
            return self._refused(error, NOT_FOUND)
        headers = {"cache-control": "private, max-age=300"}
        return self._response(content, media_type=media_type, headers=headers)

    async def _export(self, request: Any) -> Any:
        from starlette.background import BackgroundTask
        from starlette.responses import FileResponse

        suffix, folder = request.path_params["suffix"], tempfile.mkdtemp(prefix="skactive-")
        removed = functools.partial(self._in_thread, shutil.rmtree, folder, ignore_errors=True)
        try:
            path = await self._in_thread(exported, self._session, suffix, Path(folder))
        except Exception as error:  # noqa: BLE001  of any embedder
            await removed()
            reason = str(error).partition(" Hint: ")[0] or type(error).__name__
            return self._refused(reason, CONFLICT)
        except BaseException:
            await removed()
            raise
        # Sent from the disk: copies of photos may be larger than the memory.
        return FileResponse(
            path,
            filename=path.name,
            media_type="application/octet-stream",
            background=BackgroundTask(removed),
        )


async def received(request: Any) -> Any:
    """Return the JSON of a request."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_REQUEST:
            raise MessageError("The request is too large.")
    try:
        return json.loads(bytes(body))
    except (ValueError, RecursionError) as error:
        raise MessageError("A request is JSON.") from error
