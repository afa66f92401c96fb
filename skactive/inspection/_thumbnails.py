"""Samples in a readable form: images, texts and profiles of features."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from skactive._io.image_files import open_image
from skactive._io.image_paths import is_image_name
from skactive._optional import not_installed
from skactive.inspection._texts import drawable

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from PIL.Image import Image as Picture

THUMBNAIL_SIDE = 200
LONGEST_TEXT = 1_000
N_LINES = 4
LONGEST_NAME = 60
LONGEST_VALUE = 24
# The same as in `skactive.datasets.list_images`, which this package does not import.


def thumbnail(owner: str, sample: Any, image_shape: tuple[int, ...] | None) -> np.ndarray | str:
    """Return an image as an array, a text as a str, and features as an array of one dimension.

    Parameters
    ----------
    owner : str
        The class named in error messages.
    sample : object
        An image (array, PIL.Image.Image or path of a file), a text, or a row of features.
    image_shape : tuple of int or None
        The shape of images that are given as rows.

    Returns
    -------
    thumbnail : ndarray or str
        An image of shape (height, width) or (height, width, 3), a text, or features.
    """
    if isinstance(sample, os.PathLike) or is_image_name(sample):
        return _opened(owner, Path(sample))
    if hasattr(sample, "convert") and hasattr(sample, "size"):
        return _shrunk(sample)
    if isinstance(sample, str):
        return " ".join(sample.split())
    if hasattr(sample, "toarray"):
        sample = sample.toarray().ravel()
    values = np.asarray(sample)
    if values.dtype.kind not in "biuf":
        return _described(sample)
    if image_shape is not None:
        if values.size != np.prod(image_shape):
            raise ValueError(
                f"The 'image_shape' parameter of {owner} is {image_shape}, of "
                f"{np.prod(image_shape)} pixels, but a sample has {values.size} features. "
                "Hint: pass the height and width of the images, and 3 if they have colours."
            )
        return values.reshape(image_shape)
    if values.ndim == 3 and values.shape[2] == 1:
        return values[:, :, 0]
    return values


def draw_thumbnail(
    ax: Axes, shown: np.ndarray | str, limits: tuple[float, float], width: int
) -> Artist:
    """Draw a thumbnail, and return the artist: an image, a text or a filled profile."""
    ax.set_axis_off()
    if isinstance(shown, str):
        text = "\n".join(_lines(shown, width))
        style = {"va": "center", "fontsize": 8.5, "parse_math": False}
        return ax.text(0, 0.5, text, transform=ax.transAxes, **style)
    if shown.ndim >= 2:
        return ax.imshow(shown, cmap="gray_r" if shown.ndim == 2 else None, aspect="equal")
    places = np.arange(len(shown))
    ax.axhline(0, color="0.8", linewidth=0.6)
    if limits[0] < limits[1]:
        ax.set_ylim(limits)
    return ax.fill_between(places, shown, step="mid", color="0.45", linewidth=0)


def _lines(text: str, width: int) -> list[str]:
    """Return the first lines of a text, or of a row with each pair in a line of its own."""
    if "\n" in text:
        return _packed(text.split("\n"), width)
    words = " ".join(drawable(word) for word in text[:LONGEST_TEXT].split())
    more = "" if len(text) <= LONGEST_TEXT else "…"
    return textwrap.wrap(f"{words}{more}", width, max_lines=N_LINES, placeholder=" …")


def _packed(pairs: list[str], width: int) -> list[str]:
    """Return lines of whole pairs; the last line gives the number of those left out."""
    lines = [""]
    for place, pair in enumerate(drawable(pair, width - 1) for pair in pairs):
        longer = f"{lines[-1]} {pair}," if lines[-1] else f"{pair},"
        if len(longer) <= width:
            lines[-1] = longer
        elif len(lines) < N_LINES:
            lines.append(f"{pair},")
        else:
            # The last line gives way to the number.
            n_shown = place - lines.pop().count(",")
            return [*lines, f"… and {len(pairs) - n_shown} more"]
    return [*lines[:-1], lines[-1].removesuffix(",")]


def _described(sample: Any) -> str:
    """Return the names and values of a row, each pair in a line, or any other object as text."""
    if hasattr(sample, "to_dict"):
        sample = sample.to_dict()
    if isinstance(sample, dict):
        return "\n".join(f"{drawable(name)}: {_value(value)}" for name, value in sample.items())
    if isinstance(sample, np.ndarray) and sample.ndim == 1:
        return "\n".join(_value(value) for value in sample.tolist())
    return " ".join(str(sample).split())


def _value(value: Any) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return drawable(text, LONGEST_VALUE)


def _opened(owner: str, path: Path) -> np.ndarray | str:
    try:
        from PIL import ImageOps
    except ImportError as error:
        raise not_installed(owner, f"pillow to show {path}", "plot") from error
    try:
        with open_image(path) as image:
            image.draft("RGB", (THUMBNAIL_SIDE, THUMBNAIL_SIDE))
            return _shrunk(ImageOps.exif_transpose(image))
    except (OSError, SyntaxError, ValueError) as error:
        # An unreadable image does not prevent the display of the other samples.
        reason = getattr(error, "strerror", None) or "no image of a known kind"
        return f"{drawable(path.name, LONGEST_NAME)} ({reason.lower()})"


def _shrunk(image: Picture) -> np.ndarray:
    small = image.convert("RGB")
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    return np.asarray(small)
