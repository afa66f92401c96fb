"""Colours of classes."""

from __future__ import annotations

import numpy as np

# The palette of Okabe and Ito, distinguishable with any kind of colour vision, and three more
# colours that differ from it in lightness.
CLASS_COLORS = np.array(
    [
        "#0072B2",
        "#D55E00",
        "#009E73",
        "#CC79A7",
        "#E69F00",
        "#56B4E9",
        "#000000",
        "#F0E442",
        "#7A3B8F",
        "#8C510A",
    ]
)
OTHER_COLOR = "#B8B8B8"
UNKNOWN_COLOR = "#8A8A8A"
_LIGHT = 150


def class_colors(codes: np.ndarray, n_classes: int) -> np.ndarray:
    """Return a colour for each class; of many classes, the rare ones are grey.

    Parameters
    ----------
    codes : ndarray of int of shape (n,)
        Classes of samples, which give the class frequencies.
    n_classes : int
        Number of classes.

    Returns
    -------
    colors : ndarray of str of shape (n_classes,)
        Up to ten classes each have a colour of their own; of more classes, the nine most frequent.
    """
    if n_classes <= len(CLASS_COLORS):
        return CLASS_COLORS[:n_classes]
    counts = np.bincount(codes, minlength=n_classes)
    frequent = np.sort(np.argsort(-counts, kind="stable")[: len(CLASS_COLORS) - 1])
    colors = np.full(n_classes, OTHER_COLOR)
    colors[frequent] = CLASS_COLORS[: len(frequent)]
    return colors


def text_color(color: str) -> str:
    """Return black or white, whichever is legible on a colour '#RRGGBB'."""
    red, green, blue = (int(color[place : place + 2], 16) for place in (1, 3, 5))
    return "black" if 0.299 * red + 0.587 * green + 0.114 * blue > _LIGHT else "white"
