"""The colours of labels: one for each class, or a scale of numbers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from skactive._engine.label_arrays import positions_of, union
from skactive.inspection._colors import class_colors

COLOR_MAP = "viridis"


class LabelColors(ABC):
    """Base class of the colours of labels."""

    @abstractmethod
    def rgba(self, labels: np.ndarray) -> np.ndarray:
        """Return the colours of labels, shape (..., 4), from 0 to 1."""

    @abstractmethod
    def exact(self) -> np.ndarray:
        """Return the colours that must not change in a file with few colours, shape (n, 4)."""

    def names(self, labels: np.ndarray) -> np.ndarray:
        """Return the colours of labels as '#RRGGBB'."""
        from matplotlib.colors import to_hex

        colors = [to_hex(color).upper() for color in self.rgba(labels)]
        return np.array(colors, dtype="<U7")


class ClassColors(LabelColors):
    """A colour for each class.

    Parameters
    ----------
    parts : list of ndarray
        All labels.
    frequent : ndarray of shape (n,)
        The labels whose most frequent classes have a colour, if there are many classes.

    Attributes
    ----------
    classes, colors : ndarray of shape (n_classes,)
        The classes, and their colours as '#RRGGBB'.
    """

    def __init__(self, parts: list[np.ndarray], frequent: np.ndarray) -> None:
        self.classes = union(*parts) if parts else np.empty(0)
        codes = positions_of(frequent, self.classes)
        self.colors = class_colors(codes, len(self.classes))

    def rgba(self, labels: np.ndarray) -> np.ndarray:
        from matplotlib.colors import to_rgba_array

        return np.asarray(to_rgba_array(self.colors)[np.searchsorted(self.classes, labels)])

    def exact(self) -> np.ndarray:
        return self.rgba(self.classes)


class NumberColors(LabelColors):
    """A colour scale of numbers.

    Parameters
    ----------
    parts : list of ndarray
        All labels, whose range is that of the scale.
    """

    def __init__(self, parts: list[np.ndarray]) -> None:
        numbers = np.concatenate(parts) if parts else np.zeros(1)
        self.low, self.high = float(numbers.min()), float(numbers.max())

    def scale(self) -> Any:
        """Return matplotlib's mapping of numbers to colours, which a colour bar takes."""
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import Normalize

        # In the animation, early predictions may be outside.
        return ScalarMappable(Normalize(self.low, self.high, clip=True), COLOR_MAP)

    def rgba(self, labels: np.ndarray) -> np.ndarray:
        return np.asarray(self.scale().to_rgba(np.asarray(labels, dtype=np.float64)))

    def exact(self) -> np.ndarray:
        return np.empty((0, 4))
