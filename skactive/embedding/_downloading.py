"""A download by TensorFlow Hub that ends where its server said it would, or fails."""

from __future__ import annotations

import urllib.request
from contextlib import ExitStack
from copy import copy
from functools import cache
from typing import Any

from skactive.embedding._tensorflow import import_tensorflow_hub

PATIENCE = 60.0  # seconds without a byte


class WholeBody:
    """The body of an answer, which raises where it ends before what was announced.

    Parameters
    ----------
    answer : http.client.HTTPResponse
        The server's answer.
    """

    def __init__(self, answer: Any) -> None:
        self._answer = answer
        self._announced = answer.length

    def read(self, n_bytes: int) -> bytes:
        """Return up to so many bytes more."""
        part: bytes = self._answer.read(n_bytes)
        if not part and self._answer.length:
            came = self._announced - self._answer.length
            raise ConnectionError(f"it ended after {came:,} of {self._announced:,} bytes")
        return part


@cache
def whole_downloads() -> None:
    """Let TensorFlow Hub, in this process, take a download that was cut short for a failure.

    `http.client` ends such a body without a word, and `tarfile`, reading a stream, takes an end
    between two files for the end of the archive: a model would stay in the cache that lacks its
    variables.
    """
    import_tensorflow_hub()
    from tensorflow_hub import registry
    from tensorflow_hub.compressed_module_resolver import HttpCompressedFileResolver

    class WholeFileResolver(HttpCompressedFileResolver):
        def __call__(self, handle: str) -> str:
            # A copy for each download holds what it has opened: threads share the resolver.
            one = copy(self)
            with ExitStack() as one.opened:
                return str(super(WholeFileResolver, one).__call__(handle))

        def _call_urlopen(self, request: urllib.request.Request) -> WholeBody:
            answer = urllib.request.urlopen(  # noqa: S310 - http and https, says is_supported
                request, context=self._context, timeout=PATIENCE
            )
            return WholeBody(self.opened.enter_context(answer))

    registry.resolver.add_implementation(WholeFileResolver())
