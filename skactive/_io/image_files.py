"""Opening and decoding of images: of known formats, and completely or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import finalize

from skactive._io.regular_files import special_kind

# The formats that Pillow or one of its plugins decodes itself, in the order in which they are
# tried. EPS is not among them, since Pillow passes such a file to Ghostscript; IPTC may contain it.
FORMATS = (
    "JPEG", "PNG", "GIF", "BMP", "DIB", "PPM", "WEBP", "TIFF", "AVIF", "HEIF", "JXL", "JPEG2000",
    "ICO", "CUR", "ICNS", "PSD", "QOI", "DDS", "BLP", "FTEX", "FITS", "FLI", "PCX", "DCX", "SGI",
    "SUN", "XBM", "XPM", "XVTHUMB", "MSP", "GBR", "PCD", "PIXAR", "MCIDAS", "IM", "IMT", "SPIDER",
    "TGA",
)  # fmt: skip
NOT_DECODED_HERE = {"EPS", "IPTC"}
JPEG = {"JPEG", "MPO"}

# Marks of a JPEG file. In coded pixels, a byte of 255 is followed by 0 or by a restart mark.
MARK = b"\xff"
START_OF_SCAN = b"\xda"
END_OF_IMAGE = b"\xff\xd9"
WITHOUT_LENGTH = {MARK, b"\x00", b"\x01", *(bytes([code]) for code in range(0xD0, 0xDA))}

# The reasons why images could not be decoded, by the identity of the image and its frame.
_undecodable: dict[tuple[int, int], str] = {}


@contextmanager
def open_image(path: Any) -> Iterator[Any]:
    """Open an image file of one of `FORMATS`, whatever its name; nothing is decoded yet."""
    from PIL import Image

    Image.init()
    known = [name for name in FORMATS if name in Image.OPEN]
    # By its path, as users open it: Pillow maps some files to memory, with other results for a
    # damaged one.
    if (kind := special_kind(path)) is not None:
        raise OSError(f"{kind}, not a regular file")
    if os.stat(path).st_size == 0:  # noqa: PTH116 - of any path
        raise OSError("an empty file")
    with Image.open(path, formats=known) as image:
        yield image


def load_whole(image: Any) -> None:
    """Decode an image of Pillow completely, or raise an exception: at each call the same.

    After an error of the decoder, Pillow's own `load` does nothing at its next call, so that
    pixels which were not decoded are black.
    """
    frame = (id(image), image.tell())
    if frame in _undecodable:
        raise OSError(_undecodable[frame])
    if getattr(image, "tile", None) and image.format in NOT_DECODED_HERE:
        raise OSError(f"{image.format} is not decoded: load the image first")
    try:
        if getattr(image, "tile", None) and image.format in JPEG and image.tell() == 0:
            _check_end_of_jpeg(image.fp)
        image.load()
    except Exception as error:
        if not getattr(image, "tile", None):
            _undecodable[frame] = str(error) or type(error).__name__
            finalize(image, _undecodable.pop, frame, None)
        raise


def reason_of(error: Exception) -> str:
    """Return why an image cannot be read, in a few words."""
    match type(error).__name__:
        case "FileNotFoundError" | "NotADirectoryError":
            return "no such file"
        case "IsADirectoryError":
            return "a folder"
        case "PermissionError":
            return "permission denied"
        case "UnidentifiedImageError":
            return "not an image of a known format"
        case "DecompressionBombError" | "DecompressionBombWarning":
            return f"a decompression bomb: {error}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    first_line = str(error).strip().split("\n")[0]
    return first_line or type(error).__name__


def fault_of(path: Any) -> str | None:
    """Return why an image file cannot be read; None if it can be."""
    try:
        with open_image(path) as image:
            load_whole(image)
    # As above, plugins of Pillow raise exceptions of many types.
    except Exception as error:  # noqa: BLE001
        return reason_of(error)
    return None


def _check_end_of_jpeg(file: Any) -> None:
    """Raise if a JPEG file has pixels, but no mark of their end.

    If the rest of a file is filled with zeros, as in an incomplete download, they are decoded as
    grey pixels without an error.
    """
    place = file.tell()
    file.seek(0)
    content = file.read()
    file.seek(place)
    at = content.find(MARK, 2)
    while at >= 0 and (code := content[at + 1 : at + 2]) != START_OF_SCAN:
        # Marks between the segments have no length.
        length = 0 if code in WITHOUT_LENGTH else int.from_bytes(content[at + 2 : at + 4])
        at = content.find(MARK, at + (1 if code == MARK else 2 + length))
    if content.find(END_OF_IMAGE, max(at, 0)) < 0 or at < 0:
        raise OSError("image file is truncated (no mark of its end)")
