"""The pictures of samples, for the page: files that browsers show, thumbnails, and drawn pixels."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

from skactive._io.image_files import fault_of, load_whole, open_image, reason_of
from skactive._io.image_paths import is_inside
from skactive._optional import not_installed
from skactive._text import shown
from skactive.labeling._session import LabelingSession

# The longest sides of pictures, in pixels.
SIDES = {"small": 320, "large": 1600}
SIZES = (*SIDES, "full")
# Files of these formats are sent as they are, if they are not too large.
MEDIA_TYPES = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "GIF": "image/gif",
    "WEBP": "image/webp",
    "AVIF": "image/avif",
}
MAX_SENT = 2_000_000
# Drawn pixels are enlarged to at least this many, without smoothing.
MIN_SIDE = 256
QUALITY = 88


class PictureError(Exception):
    """A picture that cannot be shown, and the reason."""


def picture(session: LabelingSession, id: str, size: str) -> tuple[bytes, str]:  # noqa: A002
    """Return a picture and its media type.

    Parameters
    ----------
    session : LabelingSession
        The session.
    id : str
        The sample.
    size : {"small", "large", "full"}
        The thumbnail, the picture for a screen, or the one for zooming.

    Returns
    -------
    content : bytes
        The file.
    media_type : str
        Its type.

    Raises
    ------
    PictureError
        If there is none, it cannot be read, or it is a symbolic link out of the source's folder.
    """
    found = session.picture(id)
    if found is None:
        raise PictureError(f"Sample {shown(id)} has no picture.")
    try:
        from PIL import Image
    except ImportError as error:
        raise not_installed("The labelling page", "pillow to show pictures", "label") from error
    if isinstance(found, np.ndarray):
        return _png(_of_pixels(found)), "image/png"
    _check_inside(session, id, found)
    try:
        return _of_file(found, size)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise PictureError(f"{shown(id)} cannot be read: {reason_of(error)}.") from error


def unreadable_reason(session: LabelingSession, id: str) -> str:  # noqa: A002
    """Return why a sample has no vector, in a few words.

    Parameters
    ----------
    session : LabelingSession
        The session.
    id : str
        The sample.

    Returns
    -------
    reason : str
        Such as 'an empty file'.
    """
    found = session.picture(id)
    fault = fault_of(found) if isinstance(found, Path) else None
    return fault or "the model cannot use it"


def _check_inside(session: LabelingSession, id: str, path: Path) -> None:  # noqa: A002
    """Raise if a file of a folder of images is, by symbolic links, outside of the folder.

    Such files are no samples; a link may have been made since the session was opened.
    """
    source = session.source
    if source is None or not source.is_dir():
        # A table names its files itself.
        return
    if not is_inside(path, source):
        raise PictureError(
            f"{shown(id)} is a symbolic link to a file outside of {source.name}, which is not "
            "shown. Hint: copy the file into the folder."
        )


def _of_file(path: Path, size: str) -> tuple[bytes, str]:
    from PIL import ImageOps

    with open_image(path) as image:
        media_type = MEDIA_TYPES.get(image.format)
        side = SIDES.get(size)
        is_animated = getattr(image, "is_animated", False)
        n_bytes = path.stat().st_size
        is_sent = n_bytes <= MAX_SENT or size == "full"
        if media_type and size != "small" and (is_sent or is_animated):
            # The browser turns it by its EXIF orientation.
            return path.read_bytes(), media_type
        if side is not None:
            image.draft("RGB", (side, side))
        load_whole(image)
        turned = ImageOps.exif_transpose(image)
        has_alpha = "A" in turned.getbands() or "transparency" in turned.info
        drawn = turned.convert("RGBA" if has_alpha else "RGB")
        if side is not None:
            drawn.thumbnail((side, side))
        if has_alpha:
            return _png(drawn), "image/png"
        content = io.BytesIO()
        drawn.save(content, "JPEG", quality=QUALITY)
        return content.getvalue(), "image/jpeg"


def _of_pixels(pixels: np.ndarray) -> Any:  # a Pillow image
    from PIL import Image

    values = np.nan_to_num(np.asarray(pixels, dtype=float))
    if pixels.dtype != np.uint8:
        lowest, highest = float(values.min()), float(values.max())
        scale = 255 / (highest - lowest) if highest > lowest else 0.0
        values = (values - lowest) * scale
    drawn = Image.fromarray(np.rint(values).astype(np.uint8))
    factor = -(-MIN_SIDE // max(1, *drawn.size))
    size = (drawn.width * factor, drawn.height * factor)
    return drawn.resize(size, Image.Resampling.NEAREST)


def _png(image: Any) -> bytes:
    content = io.BytesIO()
    image.save(content, "PNG", compress_level=1)
    return content.getvalue()
