"""The common base of the displays, and their axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skactive._frame import Tabular
from skactive._optional import not_installed

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Display(Tabular):
    """A plot, and its numbers as a table."""

    def _start(self, ax: Axes | None, *, figsize: tuple[float, float] = (7.5, 5.0)) -> Any:
        """Set the axes of the display, those of a new figure if `ax` is None, and return them."""
        if ax is None:
            ax = pyplot(self).subplots(figsize=figsize, layout="constrained")[1]
        self.ax_, self.figure_ = ax, ax.figure
        return ax


def pyplot(display: object) -> Any:
    """Return matplotlib's pyplot, or raise naming the extra that contains it."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise not_installed(type(display).__name__, "matplotlib", "plot") from error
    return plt


def draw_grid(ax: Any) -> None:
    """Draw a light grid below the artists, and remove the upper and right border."""
    ax.grid(visible=True, color="0.92", linewidth=0.8)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
