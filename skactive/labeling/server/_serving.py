"""Start of the page: port, address, browser, and end."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import stat
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import NamedTuple

from skactive._io.journal_file import json_object
from skactive._io.listening import (
    check_reach,
    is_address,
    is_loopback,
    listening,
    reach_of,
)
from skactive._optional import import_optional
from skactive._warning import warn_user
from skactive.labeling import LabelingSession
from skactive.labeling.server._security import LOCAL_NAMES, Access, is_whole

PAGE = "page.json"
# Only the user can read the file.
PRIVATE = 0o600
EVERY_ADDRESS = {"0.0.0.0", "::"}  # noqa: S104 - compared with, not listened on
# Seconds for requests that are being answered when the server ends.
GRACE = 2


class PageAddress(NamedTuple):
    """The port and the secret of a session's page, which are the same at each start.

    A page that is still open can then send answers to a server that was started again.
    """

    port: int
    token: str


def serve(
    session: LabelingSession,
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    allow_network: bool = False,
    open_browser: bool = True,
    announce: Callable[[str], object] | None = None,
) -> None:
    """Serve the page of a session until Ctrl-C.

    Parameters
    ----------
    session : LabelingSession
        The session. It stays open.
    host : str, default="127.0.0.1"
        The address to listen on. Others than those of this machine need `allow_network`.
    port : int, default=None
        The port. None takes the one that the session had last if it is free, or any free one.
    allow_network : bool, default=False
        Whether other machines may reach the page. The connection is not encrypted.
    open_browser : bool, default=True
        Whether to open the page in the browser.
    announce : callable, default=None
        Called with the address of the page, as soon as it can be opened. The address contains a
        secret. None does nothing.

    Raises
    ------
    ImportError
        If starlette or uvicorn is not installed.
    OSError
        If the port is in use.
    ValueError
        If other machines could reach the page, and `allow_network` is False.

    Examples
    --------
    >>> from skactive.labeling import LabelingSession
    >>> from skactive.labeling.server import serve
    >>> with LabelingSession("photos") as session:  # doctest: +SKIP
    ...     serve(session, announce=print)
    """
    check_reach(host, allow_network=allow_network)
    uvicorn = import_optional("uvicorn", "The labelling page", "uvicorn", "label")
    from skactive.labeling.server._app import create_app

    saved = _read_address(session.folder)
    listener = _listener(host, port, saved)
    with listener:
        chosen = int(listener.getsockname()[1])
        names = LOCAL_NAMES if is_loopback(host) else LOCAL_NAMES | _names_of(host)
        access = Access(
            chosen,
            token=None if saved is None else saved.token,
            names=names,
            takes_addresses=not is_loopback(host),
        )
        _write_address(session.folder, PageAddress(chosen, access.token))
        logging.getLogger("uvicorn.error").addFilter(_is_failure)
        config = uvicorn.Config(
            create_app(session, access),
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=GRACE,
        )
        address = f"http://{_name_for_browsers(host)}:{chosen}/#"
        if not is_loopback(host):
            warn_user(reach_of(host))
        if announce is not None:
            announce(f"{address}{access.token}")
        if open_browser:
            # Connections wait until the server takes them.
            once = f"{address}{access.token_for_once()}"
            Thread(target=webbrowser.open, args=(once,), daemon=True).start()
        with suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listener])


def _is_failure(record: logging.LogRecord) -> bool:
    """Return whether a message is about a failure, and not about the end of the server."""
    error = record.exc_info[1] if record.exc_info else None
    return record.levelno >= logging.ERROR and not (
        isinstance(error, asyncio.CancelledError) or "graceful shutdown" in record.getMessage()
    )


def _listener(host: str, port: int | None, saved: PageAddress | None) -> socket.socket:
    """Return a listening socket; a port that was asked for, or the last one, or any."""
    ports = [port] if port is not None else [saved.port, 0] if saved is not None else [0]
    for candidate in ports[:-1]:
        with suppress(OSError):
            return listening(host, candidate)
    return listening(host, ports[-1])


def _names_of(host: str) -> frozenset[str]:
    """Return the names under which other machines reach this one."""
    names = {socket.gethostname(), socket.getfqdn()}
    return frozenset(name.lower() for name in {host, *names} if name not in EVERY_ADDRESS)


def _name_for_browsers(host: str) -> str:
    if host in EVERY_ADDRESS:
        return socket.gethostname()
    return f"[{host}]" if is_address(host) and ":" in host else host


def _read_address(folder: Path) -> PageAddress | None:
    """Return the address that this user wrote; None if others could have written or read it."""
    try:
        with open(folder / PAGE, "rb", opener=_opened_at_once) as file:
            found = json_object(file.read()) if _is_private(os.fstat(file.fileno())) else None
    except OSError:
        return None
    port, token = (found or {}).get("port"), (found or {}).get("token")
    if isinstance(port, int) and 0 < port < 2**16 and isinstance(token, str) and is_whole(token):
        return PageAddress(port, token)
    return None


def _opened_at_once(path: str, flags: int) -> int:
    # A pipe does not let the start wait.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0))


def _is_private(status: os.stat_result) -> bool:
    """Return whether a file is a regular one that only this user can have written or read."""
    if not stat.S_ISREG(status.st_mode):
        return False
    is_posix = os.name == "posix"
    return not is_posix or (
        status.st_uid == os.geteuid() and stat.S_IMODE(status.st_mode) == PRIVATE
    )


def _write_address(folder: Path, address: PageAddress) -> None:
    # Without the file, the page has another address at the next start.
    with suppress(OSError):
        path = folder / PAGE
        path.unlink(missing_ok=True)
        with open(path, "x", encoding="utf-8", opener=_opened_privately) as file:
            json.dump(address._asdict(), file)


def _opened_privately(path: str, flags: int) -> int:
    return os.open(path, flags, PRIVATE)
