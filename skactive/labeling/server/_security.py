"""The guard of the page: which requests are answered, and the headers of every answer."""

from __future__ import annotations

import hmac
import json
import re
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from skactive._io.listening import is_address

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

# A page of another origin can send it only after a preflight request, which is refused.
HEADER = "x-skactive"
# The session that a page shows: another one may have its port by now.
SESSION = "x-skactive-session"
# The request that exchanges the token for the cookie and the value of the header.
ACCESS = "/api/access"
LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
TOKEN_BYTES = 32
# As many bytes in base64 without padding.
TOKEN = re.compile("[A-Za-z0-9_-]{43}")
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


class Access:
    """The secrets of the page, and the hosts under which it answers.

    Parameters
    ----------
    port : int
        The port. Cookies do not differ by port, so that the name of the cookie contains it.
    token : str, default=None
        The secret in the address, which a browser exchanges for the cookie. None takes a new one.
    names : iterable of str, default=LOCAL_NAMES
        Host names under which the page answers.
    takes_addresses : bool, default=False
        Whether it also answers under any IP address: by those, no name can be rebound.
    """

    def __init__(
        self,
        port: int,
        *,
        token: str | None = None,
        names: frozenset[str] = LOCAL_NAMES,
        takes_addresses: bool = False,
    ) -> None:
        self.port = port
        self.token = secrets.token_urlsafe(TOKEN_BYTES) if token is None else token
        self.cookie_name = f"skactive-{port}"
        self._names = frozenset(name.lower() for name in names)
        self._takes_addresses = takes_addresses
        self._once: set[str] = set()

    @property
    def cookie(self) -> str:
        """The value of the cookie, which does not reveal the token."""
        return self._derived(b"cookie")

    @property
    def key(self) -> str:
        """The value of the header.

        Browsers send the cookie to all servers on this machine, at any port. This value stays in
        the storage of the page, which no other port shares.
        """
        return self._derived(b"header")

    def _derived(self, name: bytes) -> str:
        return hmac.digest(self.token.encode(), name, "sha256").hex()

    def token_for_once(self) -> str:
        """Return a token that can be exchanged once: other users may see a browser's arguments."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        self._once.add(token)
        return token

    def is_token(self, token: object) -> bool:
        """Return whether a token is right. One that can be exchanged once is used up."""
        if not isinstance(token, str) or not token.isascii():
            return False
        if token in self._once:
            self._once.discard(token)
            return True
        return hmac.compare_digest(token, self.token)

    def is_host(self, host: str) -> bool:
        """Return whether a Host header names this page."""
        name, separator, port = host.rpartition(":")
        if not separator or not port.isdecimal():
            name, port = host, "80"
        name = name.removeprefix("[").removesuffix("]").lower()
        if port != str(self.port):
            return False
        return name in self._names or (self._takes_addresses and is_address(name))

    def is_key(self, header: str) -> bool:
        """Return whether the value of the header is right."""
        return hmac.compare_digest(header.encode(), self.key.encode())

    def has_cookie(self, header: str) -> bool:
        """Return whether a Cookie header has the cookie.

        Other programs on this machine may have set cookies beside it, in any form.
        """
        pairs = (pair.strip().partition("=") for pair in header.split(";"))
        values = [value for name, _, value in pairs if name == self.cookie_name]
        expected = self.cookie.encode()
        return any(hmac.compare_digest(value.encode(), expected) for value in values)


class Guard:
    """Middleware that refuses requests of other origins, hosts and users.

    Parameters
    ----------
    app : callable
        The ASGI application.
    access : Access
        The secrets.
    session : str
        The id of the session.
    open_paths : container of str
        Paths that need no cookie: files of the page, which contain nothing of the session.
    """

    def __init__(self, app: App, access: Access, session: str, open_paths: frozenset[str]) -> None:
        self._app = app
        self._access = access
        self._session = session
        self._open_paths = open_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            # The page has no websocket.
            await send({"type": "websocket.close", "code": 1008})
            return
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in scope["headers"]
        }
        refusal = self._refusal(scope["method"], scope["path"], headers)

        async def send_guarded(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                own = {name for name, _ in message["headers"]}
                added = [
                    (name.encode(), value.encode())
                    for name, value in HEADERS.items()
                    if name.encode() not in own
                ]
                if b"cache-control" not in own:
                    added.append((b"cache-control", b"no-store"))
                message = {**message, "headers": [*message["headers"], *added]}
            await send(message)

        if refusal is None:
            await self._app(scope, receive, send_guarded)
        else:
            await _refuse(send_guarded, *refusal)

    def _refusal(self, method: str, path: str, headers: dict[str, str]) -> tuple[int, str] | None:
        """Return the status and the reason why a request is refused; None if it is not."""
        host = headers.get("host", "")
        if not self._access.is_host(host):
            return 421, "This address is not that of the page: use the one in the terminal."
        if method not in {"GET", "HEAD", "POST"}:
            return 405, "Only GET and POST are answered."
        if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"} and not (
            method == "GET" and path == "/"
        ):
            return 403, "Requests of other pages are not answered."
        is_api = path.startswith("/api/")
        if is_api and HEADER not in headers:
            return 403, f"The header {HEADER} is missing."
        if method == "POST" and (reason := _foreign_post(host, headers)):
            return 403, reason
        has_access = self._access.has_cookie(headers.get("cookie", ""))
        if is_api:
            has_access = has_access and self._access.is_key(headers[HEADER])
        if path not in self._open_paths and not has_access:
            return 401, "This browser has no access: open the address in the terminal."
        if headers.get(SESSION, self._session) != self._session:
            return 403, "Another session has this address now: start the one of this page again."
        return None


def _foreign_post(host: str, headers: dict[str, str]) -> str | None:
    if headers.get("origin") != f"http://{host}":
        return "Requests of other pages are not answered."
    if headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        return "A request is JSON."
    return None


async def _refuse(send: Send, status: int, reason: str) -> None:
    body = json.dumps({"error": reason}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def is_whole(token: str) -> bool:
    """Return whether a text has the form of a token: a shorter one could be guessed."""
    return TOKEN.fullmatch(token) is not None
