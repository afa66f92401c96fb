"""Requests to Label Studio, by the standard library."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPException, HTTPMessage
from secrets import SystemRandom
from threading import Lock
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, unquote, urlencode, urljoin, urlsplit
from urllib.request import (
    DataHandler,
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
)

from skactive._text import one_line, shown
from skactive.integrations.label_studio._errors import LabelStudioError
from skactive.integrations.label_studio._token import HINT, ApiToken

# Seconds without a byte of the answer. With the pause before it, a server that hangs is noticed
# within half a minute.
TIMEOUT = 20.0
# The same for files on other hosts.
FILE_TIMEOUT = 10.0
# The same after Ctrl-C.
HURRIED_TIMEOUT = 5.0
# Number of requests before an error, and the seconds between the first two; they double.
ATTEMPTS = 4
PAUSE = 0.5
# A personal access token gives access for 300 seconds.
ACCESS_SECONDS = 240
MAX_BYTES = 256_000_000
MAX_DETAIL = 200
UNAUTHORIZED, FORBIDDEN, NOT_FOUND, TOO_MANY, SERVER_ERROR = 401, 403, 404, 429, 500
JSON = "application/json"
PAGE = "text/html"
# Uploaded and local files, and files of a cloud storage.
MEDIA = re.compile(r"/(data|storage-data|(tasks|projects)/\d+/(presign|resolve))/")
PROJECT_PATH = re.compile(r"/projects/(\d+)")
URL_CHARACTERS = ":/?#[]@!$&'()*+,;=%-._~"
RANDOM = SystemRandom()


class LabelStudioClient:
    """The requests to one Label Studio.

    Requests that cannot connect or are answered by an error of the server are repeated after a
    pause, which doubles each time and is partly random, unless `timeout` seconds have passed.

    Parameters
    ----------
    url : str
        The address of Label Studio.
    token : ApiToken
        The token. It is sent to this address only, also after redirections.
    timeout : float, default=20
        Seconds without a byte of the answer.
    sleep : callable, default=time.sleep
        Waits for a number of seconds.
    """

    def __init__(
        self,
        url: str,
        token: ApiToken,
        *,
        timeout: float = TIMEOUT,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.url = checked_url(url)
        self._token = token
        self._timeout = timeout
        self._sleep = sleep
        self._attempts = ATTEMPTS
        self._lock = Lock()
        self._access: tuple[str, float] | None = None
        self._opener = opener()

    @contextmanager
    def hurried(self) -> Iterator[None]:
        """Within the block, wait a few seconds for an answer, and repeat no request."""
        kept = self._timeout, self._attempts
        self._timeout, self._attempts = min(self._timeout, HURRIED_TIMEOUT), 1
        try:
            yield
        finally:
            self._timeout, self._attempts = kept

    def rest(self, seconds: float) -> None:
        """Send nothing for some seconds."""
        self._sleep(seconds)

    def get(self, path: str, **query: Any) -> Any:
        """Return the answer to a GET request."""
        address = f"{path}?{urlencode(query)}" if query else path
        return self._json("GET", address)

    def send(self, method: str, path: str, body: Any) -> Any:
        """Return the answer to a request with a body."""
        return self._json(method, path, json.dumps(body).encode("ascii"))

    def file(self, address: str) -> bytes:
        """Return a file by its address, which may be relative to Label Studio or elsewhere.

        A request to another host is not repeated.
        """
        whole = file_address(address, self.url)
        exchange = self._once if other_host(whole, self.url) else self._repeated
        content, kind = exchange("GET", whole, None, is_file=True)
        if kind == PAGE:
            raise LabelStudioError(
                f"{host_of(whole)} answers {self._shown(urlsplit(whole).path)} with a page instead "
                "of a file."
            )
        return content

    def _json(self, method: str, path: str, body: bytes | None = None) -> Any:
        content, kind = self._repeated(method, f"{self.url}{path}", body)
        if not content.strip():
            return None
        try:
            return json.loads(content)
        except ValueError as error:
            what = "JSON that is cut off" if kind == JSON else f"{one_line(kind, 40)} and no JSON"
            raise LabelStudioError(
                f"{self.url} answers with {what}. Hint: pass the address of Label Studio."
            ) from error

    def _repeated(
        self, method: str, address: str, body: bytes | None, *, is_file: bool = False
    ) -> tuple[bytes, str]:
        until = time.monotonic() + self._timeout
        for attempt in range(self._attempts):
            try:
                return self._once(method, address, body, is_file=is_file)
            except LabelStudioError as error:
                is_last = attempt == self._attempts - 1 or time.monotonic() >= until
                if not error.is_temporary or is_last:
                    raise
                self._sleep(pause(attempt, PAUSE))
        raise AssertionError  # pragma: no cover - the last attempt returns or raises

    def _once(
        self, method: str, address: str, body: bytes | None, *, is_file: bool
    ) -> tuple[bytes, str]:
        is_own = is_same_origin(address, self.url)
        # Who imports tasks chooses their addresses: the token opens files, and not the API.
        is_own = is_own and (not is_file or is_media(address, self.url))
        try:
            return self._answer(method, address, body, is_own=is_own)
        except HTTPError as error:
            is_outdated = error.code == UNAUTHORIZED and is_own and self._forget_access()
            if not is_outdated:
                raise self._refusal(error, method, address) from None
        try:
            return self._answer(method, address, body, is_own=True)
        except HTTPError as error:
            raise self._refusal(error, method, address) from None

    def _answer(
        self, method: str, address: str, body: bytes | None, *, is_own: bool
    ) -> tuple[bytes, str]:
        """Return the content and its type; an `HTTPError` has the status of a refusal."""
        # Raised before the request, so that no message has both.
        headers = {"Authorization": self._authorization()} if is_own else {}
        return self._exchange(method, address, body, headers)

    def _exchange(
        self, method: str, address: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[bytes, str]:
        request = Request(address, data=body, method=method)  # noqa: S310 - the schemes are checked
        request.add_header("Accept", "*/*")
        if body is not None:
            request.add_header("Content-Type", JSON)
        for name, value in headers.items():
            request.add_unredirected_header(name, value)
        place = host_of(address)
        seconds = self._timeout
        if other_host(address, self.url):
            seconds = min(seconds, FILE_TIMEOUT)
        try:
            with self._opener.open(request, timeout=seconds) as response:
                content = response.read(MAX_BYTES + 1)
                kind = response.headers.get_content_type()
                n_missing = getattr(response, "length", None)
        except HTTPError:
            raise
        except TimeoutError:
            raise late(place, seconds) from None
        except (OSError, HTTPException, ValueError) as error:
            reason = getattr(error, "reason", error) if isinstance(error, URLError) else error
            if isinstance(reason, TimeoutError):
                raise late(place, seconds) from None
            text = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
            raise LabelStudioError(
                f"{place} cannot be reached: {self._shown(text)}.",
                is_temporary=not address.startswith("data:"),
            ) from None
        if len(content) > MAX_BYTES:
            raise LabelStudioError(f"{self._shown(address)} is larger than {MAX_BYTES:,} bytes.")
        if n_missing:
            raise LabelStudioError(f"{place} broke off an answer.", is_temporary=True)
        return content, kind

    def _authorization(self) -> str:
        """Return the header with the token, or with one for which it was exchanged."""
        if not self._token.is_exchanged:
            return f"Token {self._token.secret}"
        with self._lock:
            if self._access is None or time.monotonic() > self._access[1]:
                body = json.dumps({"refresh": self._token.secret}).encode("ascii")
                address = f"{self.url}/api/token/refresh/"
                content, _ = self._exchange("POST", address, body, {})
                try:
                    access = json.loads(content)["access"]
                except (ValueError, KeyError, TypeError):
                    raise LabelStudioError(
                        f"{self.url} gives no access for the token. Hint: pass the address of "
                        "Label Studio."
                    ) from None
                self._access = (str(access), time.monotonic() + ACCESS_SECONDS)
            return f"Bearer {self._access[0]}"

    def _forget_access(self) -> bool:
        """Return whether there was short-lived access, which may have ended."""
        with self._lock:
            had, self._access = self._access is not None, None
            return had

    def _refusal(self, error: HTTPError, method: str, address: str) -> LabelStudioError:
        """Return the sentence for a status that is an error."""
        with error:
            detail = self._detail(error)
        status = error.code
        place = host_of(address)
        # Addresses of files may have secrets in their query.
        what = self._shown(urlsplit(address).path)
        if not is_same_origin(address, self.url):
            return LabelStudioError(
                f"{place} refuses {what}: status {status}.",
                is_temporary=status == TOO_MANY or status >= SERVER_ERROR,
            )
        if status == UNAUTHORIZED:
            return LabelStudioError(f"{place} refuses the token{detail}. {HINT}")
        if status == FORBIDDEN:
            return LabelStudioError(
                f"{place} does not permit {method} {what}{detail}. Hint: use the token of a member "
                "of the project."
            )
        if status == TOO_MANY or status >= SERVER_ERROR:
            return LabelStudioError(
                f"{place} answers {method} {what} with an error of its own (status {status}).",
                is_temporary=True,
            )
        if status == NOT_FOUND:
            hint = " Hint: pass the address of Label Studio." if "/api/" in what else ""
            return LabelStudioError(f"{place} has no {what}.{hint}")
        return LabelStudioError(f"{place} refuses {method} {what} with status {status}{detail}.")

    def _detail(self, error: HTTPError) -> str:
        try:
            found = json.loads(error.read(MAX_BYTES))
        except (OSError, HTTPException, ValueError):
            return ""
        if isinstance(found, dict):
            found = found.get("detail") or found.get("validation_errors") or ""
        text = found if isinstance(found, str) else json.dumps(found)
        return f": {self._shown(text).rstrip('.')}" if text else ""

    def _shown(self, text: str) -> str:
        hidden = self._token.hidden_in(text)
        if self._access is not None:
            hidden = hidden.replace(self._access[0], "…")
        return one_line(hidden, MAX_DETAIL)


class RedirectHandler(HTTPRedirectHandler):
    """Follow redirections of downloads, to addresses of the web only."""

    def redirect_request(
        self,
        req: Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> Request | None:
        """Return the request to the new address; another host does not get the token."""
        if req.get_method() != "GET":
            raise LabelStudioError(
                f"{host_of(req.full_url)} redirects to {host_of(newurl)}. Hint: pass that address."
            )
        if urlsplit(newurl).scheme not in {"http", "https"}:
            raise LabelStudioError(
                f"{host_of(req.full_url)} redirects a download to an address that is not of the "
                "web."
            )
        found = super().redirect_request(req, fp, code, msg, headers, newurl)
        own = req.unredirected_hdrs.get("Authorization")
        if found is not None and own is not None and is_same_origin(newurl, req.full_url):
            found.add_unredirected_header("Authorization", own)
        return found


def opener() -> OpenerDirector:
    """Return an opener that reads no files of this machine."""
    made = OpenerDirector()
    for handler in (
        ProxyHandler(),
        HTTPHandler(),
        HTTPSHandler(),
        DataHandler(),
        HTTPDefaultErrorHandler(),
        RedirectHandler(),
        HTTPErrorProcessor(),
    ):
        made.add_handler(handler)
    return made


def checked_url(url: str) -> str:
    """Return an address without the slash at its end, or raise."""
    try:
        parts = urlsplit(url)
    except (AttributeError, TypeError, ValueError):
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise LabelStudioError(
            f"{shown(url)} is no address of Label Studio. Hint: pass one such as "
            "http://localhost:8080."
        )
    if found := PROJECT_PATH.search(parts.path):
        own = url[: url.index(found[0])]
        raise LabelStudioError(
            f"{shown(url)} is the address of a project. Hint: pass {own}, and the number "
            f"{found[1]} of the project."
        )
    if parts.username is not None or parts.query or parts.fragment:
        raise LabelStudioError(
            f"The address of Label Studio at {one_line(parts.hostname, 80)} has a user, a query or "
            "a fragment. Hint: pass one such as http://localhost:8080."
        )
    return url.rstrip("/")


def is_same_origin(address: str, url: str) -> bool:
    """Return whether an address has the scheme, host and port of another."""
    one, other = urlsplit(address), urlsplit(url)
    return (one.scheme, one.netloc.lower()) == (other.scheme, other.netloc.lower())


def other_host(address: str, url: str) -> str:
    """Return the host of an address; nothing if it is that of Label Studio, or none."""
    try:
        host = urlsplit(address).netloc.lower()
    except ValueError:
        return ""
    return "" if host == urlsplit(url).netloc.lower() else host


def file_address(address: str, url: str) -> str:
    """Return the whole address of a file, or raise if none can be downloaded from there."""
    try:
        whole = urljoin(f"{url}/", address)
        parts = urlsplit(whole)
        # Raises if it is no number.
        is_known = parts.scheme == "data" or (bool(parts.hostname) and parts.port != 0)
    except ValueError:
        is_known = False
    if not is_known or parts.scheme not in {"http", "https", "data"}:
        raise LabelStudioError(
            f"{one_line(address, 80)} is no address of a file that can be downloaded."
        )
    # Blanks and letters beyond ASCII, as in the names of files.
    return quote(whole, safe=URL_CHARACTERS)


def is_media(address: str, url: str) -> bool:
    """Return whether Label Studio serves files at an address of its own."""
    path = unquote(urlsplit(address).path).removeprefix(urlsplit(url).path)
    return ".." not in path.split("/") and MEDIA.match(path) is not None


def late(place: str, seconds: float) -> LabelStudioError:
    """Return the error of a request without an answer."""
    return LabelStudioError(
        f"{place} did not answer within {seconds:g} seconds.", is_temporary=True
    )


def host_of(address: str) -> str:
    """Return the part of an address that messages name."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def pause(n_failures: int, first: float, longest: float = 60.0) -> float:
    """Return the seconds before the next attempt: twice as long each time, and partly random."""
    return min(longest, first * 2.0 ** min(n_failures, 16)) * RANDOM.uniform(0.5, 1.0)
