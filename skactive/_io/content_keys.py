"""Content keys: digests of the content of a sample and of the model that embeds it."""

from __future__ import annotations

import datetime as dt
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import numpy as np

from skactive._io.image_files import load_whole
from skactive._io.regular_files import open_regular

KEY_SIZE = 20  # bytes: two of 10¹² samples share a key with a probability below 10⁻²⁴
CHUNK_SIZE = 1 << 16
EXIF_ORIENTATION = 0x0112
IMAGE_INFO = ("transparency", "icc_profile")

_KNOWN_ARRAYS = {np.ndarray, np.memmap, np.matrix, np.recarray, np.ma.MaskedArray}
_PLAIN = {bool, int, float, complex, Decimal, type(None)}

Update = Callable[[Any], object]


class UnreadableContentError(Exception):
    """Raised within this module if a file or an image cannot be read."""


def content_key(identity: bytes, sample: Any, *, paths: bool) -> bytes | None:
    """Return the content key of a sample, or None if its content cannot be read.

    The keys of two samples differ if their kind, their content or the embedding model differs.
    The key of a path object depends on the content of the file, not on its name.

    Parameters
    ----------
    identity : bytes
        The identity of the embedding model and of all parameters that its vectors depend on.
    sample : object
        A path, string, bytes, number, None, date, PIL image or array, or a list, tuple or dict of
        these.
    paths : bool
        Whether a string may name a file. The key of such a string depends on the string and on
        the content of the file, since the model may embed either.

    Returns
    -------
    key : bytes of length 20, or None
        The key.
    """
    content = _begun(identity).copy()
    try:
        _describe(sample, content.update, paths)
    except UnreadableContentError:
        return None
    return content.digest()


def keys_of_rows(rows: np.ndarray) -> Iterator[bytes]:
    """Yield ``content_key(b"", row, paths=False)`` of each row of an array of numbers."""
    begun = _begun(b"").copy()
    _describe_text("array", f"{rows.dtype.str} {rows.shape[1:]}", begun.update)
    n_numbers = int(np.prod(rows.shape[1:], dtype=np.int64))
    for row in np.ascontiguousarray(rows).reshape(len(rows), n_numbers).view(np.uint8):
        content = begun.copy()
        content.update(row)
        yield content.digest()


@lru_cache(maxsize=64)
def _begun(identity: bytes) -> Any:
    return blake2b(b"%d:%b" % (len(identity), identity), digest_size=KEY_SIZE)


def _describe(sample: Any, update: Update, paths: bool) -> None:
    # Every part begins with its kind and length, so that different contents give different bytes.
    if isinstance(sample, str):
        text = sample.encode("utf-8", "surrogatepass")
        update(b"str %d:%b" % (len(text), text))
        if paths and (digest := _digest_of_named(sample)) is not None:
            update(b"file:%b" % digest)
    elif isinstance(sample, os.PathLike):
        update(b"file:%b" % _digest_of_file(sample))
    elif isinstance(sample, bytes):
        update(b"bytes %d:%b" % (len(sample), sample))
    elif isinstance(sample, np.ndarray | np.generic):
        _describe_array(sample, update, paths)
    elif isinstance(sample, list | tuple | dict):
        _describe_container(sample, update, paths)
    elif _is_image(sample):
        _describe_image(sample, update)
    else:
        _describe_text(type(sample).__name__, _as_written(sample), update)


def _describe_container(samples: Any, update: Update, paths: bool) -> None:
    kind = next(kind for kind in (list, tuple, dict) if isinstance(samples, kind))
    update(b"%b %d:" % (kind.__name__.encode(), len(samples)))
    if kind is dict:
        samples = [part for item in samples.items() for part in item]
    _describe_all(samples, update, paths)


def _describe_all(samples: Iterable[Any], update: Update, paths: bool) -> None:
    for sample in samples:
        _describe(sample, update, paths)


def _describe_text(kind: str, text: str, update: Update) -> None:
    written = text.encode()
    update(b"%b %d:%b" % (kind.encode(), len(written), written))


def _as_written(sample: Any) -> str:
    """Return the `repr` of an object whose `repr` contains its whole content."""
    if type(sample) in _PLAIN or type(sample).__name__ in {"NAType", "NaTType"}:
        return repr(sample)
    if isinstance(sample, dt.date | dt.time | dt.timedelta):
        return f"{sample!r} {getattr(sample, 'tzinfo', None)}"
    raise TypeError(
        f"A {type(sample).__qualname__} has no content that is known. Hint: samples are paths, "
        "strings, bytes, numbers, PIL images and NumPy arrays, and lists, tuples and dicts of "
        "these."
    )


def _describe_array(array: Any, update: Update, paths: bool) -> None:
    if isinstance(array, np.ndarray) and type(array) not in _KNOWN_ARRAYS:
        raise TypeError(
            f"A {type(array).__qualname__} may have content beside its numbers. Hint: pass what "
            "numpy.asarray makes of it."
        )
    if isinstance(array, np.ma.MaskedArray):
        update(b"masked:")
        _describe_array(np.ma.getmaskarray(array), update, paths)
        array = np.ma.getdata(array)
    array = np.asarray(array)
    kind = str(array.dtype.descr) if array.dtype.names else array.dtype.str
    _describe_text("array", f"{kind} {array.shape}", update)
    if array.dtype.hasobject:
        _describe_all(array.ravel().tolist(), update, paths)
    else:
        update(np.ascontiguousarray(array).reshape(-1).view(np.uint8))


def _digest_of_named(name: str) -> bytes | None:
    try:
        # Most strings name no file: these checks are faster than an exception.
        if not os.access(name, os.F_OK) or not os.path.isfile(name):  # noqa: PTH113 - and no Path
            return None
    except ValueError:
        return None
    return _digest_of_file(name)


def _digest_of_file(path: Any) -> bytes:
    content = blake2b(digest_size=KEY_SIZE)
    try:
        with open_regular(path, buffering=0) as file:
            while chunk := file.read(CHUNK_SIZE):
                content.update(chunk)
    except (OSError, ValueError) as error:
        raise UnreadableContentError from error
    return content.digest()


def _is_image(sample: Any) -> bool:
    pillow = sys.modules.get("PIL.Image")
    return pillow is not None and isinstance(sample, pillow.Image)


def _describe_image(image: Any, update: Update) -> None:
    try:
        load_whole(image)
        pixels = image.tobytes()
        colours = image.getpalette("RGBA") if image.mode in {"P", "PA"} else None
        turned = image.getexif().get(EXIF_ORIENTATION)
    # Pillow's plugins raise exceptions of any type for a damaged file.
    except Exception as error:
        raise UnreadableContentError from error
    _describe_text("image", f"{image.mode} {image.size} {turned} {colours}", update)
    update(b"%d:" % len(pixels))
    update(pixels)
    for name in IMAGE_INFO:
        _describe_text(name, repr(image.info.get(name)), update)
