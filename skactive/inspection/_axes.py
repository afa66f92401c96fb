"""New axes, and the import of matplotlib."""

from __future__ import annotations

from typing import Any

from skactive._optional import not_installed


def new_axes(display: object, *, figsize: tuple[float, float] = (7.5, 5.0)) -> Any:
    """Return the axes of a new figure, or raise naming the extra that contains matplotlib."""
    return pyplot(display).subplots(figsize=figsize, layout="constrained")[1]


def pyplot(display: object) -> Any:
    """Return matplotlib's pyplot, or raise naming the extra that contains it."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise not_installed(type(display).__name__, "matplotlib", "plot") from error
    return plt
