"""Samples as people know them: pictures, texts, profiles of features."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path
from typing import Any

import numpy as np

THUMBNAIL_SIDE = 200
LONGEST_TEXT = 240
N_LINES = 4
# As `skactive.datasets.list_images` knows them; rooms above that one do not import it.
IMAGE_SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")


def portrait(owner: str, sample: Any, image_shape: tuple[int, ...] | None) -> Any:
    """Return an image as an array, a text as a str, and features as an array of one dimension.

    Parameters
    ----------
    owner : str
        Who asks, for messages.
    sample : object
        An image (array, PIL.Image.Image or path to a file), a text, or a row of features.
    image_shape : tuple of int or None
        The shape of images that come as rows.

    Returns
    -------
    portrait : ndarray or str
        An image of shape (height, width) or (height, width, 3), a text, or features.
    """
    if isinstance(sample, os.PathLike) or _is_image_path(sample):
        return _opened(owner, Path(sample))
    if hasattr(sample, "convert") and hasattr(sample, "size"):
        return _shrunk(sample)
    if isinstance(sample, str):
        return sample
    if hasattr(sample, "toarray"):
        sample = sample.toarray()[0]
    values = np.asarray(sample)
    if values.dtype.kind not in "biuf":
        return _described(sample)
    if image_shape is not None:
        if values.size != np.prod(image_shape):
            raise ValueError(
                f"The 'image_shape' parameter of {owner} is {image_shape}, of "
                f"{np.prod(image_shape)} pixels, but a sample has {values.size} features."
            )
        return values.reshape(image_shape)
    if values.ndim == 3 and values.shape[2] == 1:
        return values[:, :, 0]
    return values


def draw_portrait(ax: Any, likeness: Any, limits: tuple[float, float] | None, width: int) -> Any:
    """Draw a portrait, and return the artist: an image, a text or a line."""
    ax.set_axis_off()
    if isinstance(likeness, str):
        short = textwrap.shorten(likeness, LONGEST_TEXT, placeholder=" …")
        text = "\n".join(textwrap.wrap(short, width)[:N_LINES])
        return ax.text(0, 0.5, _plain(text), va="center", fontsize=8.5, transform=ax.transAxes)
    if likeness.ndim >= 2:
        return ax.imshow(likeness, cmap="gray_r" if likeness.ndim == 2 else None, aspect="equal")
    places = np.arange(len(likeness))
    ax.axhline(0, color="0.8", linewidth=0.6)
    if limits is not None and limits[0] < limits[1]:
        ax.set_ylim(limits)
    return ax.fill_between(places, likeness, step="mid", color="0.45", linewidth=0)


def _plain(text: str) -> str:
    # A dollar sign would begin a formula.
    return text.replace("$", r"\$")


def _is_image_path(sample: Any) -> bool:
    return isinstance(sample, str) and sample.lower().endswith(IMAGE_SUFFIXES)


def _described(sample: Any) -> str:
    if hasattr(sample, "to_dict"):
        sample = sample.to_dict()
    if isinstance(sample, dict):
        return ", ".join(f"{name}: {value}" for name, value in sample.items())
    if isinstance(sample, np.ndarray) and sample.ndim == 1:
        return ", ".join(str(value) for value in sample.tolist())
    return str(sample)


def _opened(owner: str, path: Path) -> Any:
    try:
        from PIL import Image, ImageOps
    except ImportError as error:
        raise ImportError(
            f"{owner} needs pillow to show {path}, which is not installed. Install it with: "
            "pip install 'skactive[plot]'"
        ) from error
    try:
        with Image.open(path) as image:
            image.draft("RGB", (THUMBNAIL_SIDE, THUMBNAIL_SIDE))
            return _shrunk(ImageOps.exif_transpose(image))
    except OSError as error:
        # What cannot be read is said in the picture: the other neighbours can still be seen.
        reason = error.strerror or "no image of a known kind"
        return f"{path.name}\n({reason.lower()})"


def _shrunk(image: Any) -> np.ndarray:
    grey = image.mode in {"1", "L"}
    small = image.convert("L" if grey else "RGB")
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    pixels = np.asarray(small)
    return np.repeat(pixels[:, :, np.newaxis], 3, axis=2) if grey else pixels
