"""A download by TensorFlow Hub that is either complete or fails."""

from __future__ import annotations

import http.client
import urllib.request
from contextlib import ExitStack
from copy import copy
from functools import cache

from skactive._tensorflow import import_tensorflow_hub

TIMEOUT = 60.0  # seconds without a byte


class CompleteBody:
    """The body of an HTTP response; reading raises an error if it ends before its announced length.

    Parameters
    ----------
    response : http.client.HTTPResponse
        The server's response.
    """

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self._response = response
        self._announced = response.length

    def read(self, n_bytes: int) -> bytes:
        """Return up to this number of further bytes."""
        part = self._response.read(n_bytes)
        if not part and self._response.length:
            received = (self._announced or 0) - self._response.length
            raise ConnectionError(f"it ended after {received:,} of {self._announced:,} bytes")
        return part


@cache
def check_downloads_are_complete() -> None:
    """Make TensorFlow Hub, in this process, treat a truncated download as a failure.

    `http.client` ends such a body without an error, and `tarfile`, reading a stream, takes an end
    between two files for the end of the archive: a model without its variables would stay in the
    cache.
    """
    import_tensorflow_hub()
    from tensorflow_hub import registry
    from tensorflow_hub.compressed_module_resolver import HttpCompressedFileResolver

    class CompleteFileResolver(HttpCompressedFileResolver):
        def __call__(self, handle: str) -> str:
            # Threads share the resolver: a copy for each download keeps its open responses.
            one = copy(self)
            with ExitStack() as one.opened:
                return str(super(CompleteFileResolver, one).__call__(handle))

        def _call_urlopen(self, request: urllib.request.Request) -> CompleteBody:
            response = urllib.request.urlopen(  # noqa: S310 - is_supported admits http and https
                request, context=self._context, timeout=TIMEOUT
            )
            return CompleteBody(self.opened.enter_context(response))

    registry.resolver.add_implementation(CompleteFileResolver())
