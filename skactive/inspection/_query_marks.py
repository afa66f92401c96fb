"""Numbers of queries, and the legend of their classes."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import numpy as np

from skactive.inspection._colors import OTHER_COLOR, text_color

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D
    from matplotlib.text import Annotation

# Beyond this number of queries, numbers would cover the points.
N_NUMBERED = 30
# The padding of numbers with one, two and more digits, for discs of nearly equal size.
DISC_PADS = {1: 0.4, 2: 0.22, 3: 0.1}


def numbered_places(n_queries: int) -> np.ndarray:
    """Return which queries have a number: all of them, or about 15 round numbers."""
    if n_queries <= N_NUMBERED:
        return np.arange(n_queries)
    # 5, 10, 25, 50, 100, 250, ...
    steps = (factor * 10**power for power in count() for factor in (5, 10, 25))
    step = next(step for step in steps if n_queries <= 16 * step)
    return np.append(0, np.arange(step, n_queries + 1, step) - 1)


def draw_numbers(ax: Axes, points: np.ndarray, colors: np.ndarray) -> list[Annotation]:
    """Draw the numbers of queries, each in a disc.

    Parameters
    ----------
    ax : matplotlib Axes
        Where to draw.
    points : ndarray of shape (n_queries, 2)
        The queries, in their order.
    colors : ndarray of str of shape (n_queries,)
        Their colours as '#RRGGBB'.

    Returns
    -------
    numbers : list of matplotlib Annotation
        The numbers. A disc and its number are one artist, so that no number appears on the disc
        of another query.
    """
    return [
        ax.annotate(
            str(place + 1),
            points[place],
            ha="center",
            va="center",
            color=text_color(colors[place]),
            fontsize=8,
            fontweight="bold",
            zorder=5,
            bbox={
                "boxstyle": f"circle,pad={DISC_PADS[min(len(str(place + 1)), 3)]}",
                "facecolor": colors[place],
                "edgecolor": "white",
                "linewidth": 0.8,
            },
        )
        for place in numbered_places(len(points)).tolist()
    ]


def legend_entries(classes: np.ndarray, colors: np.ndarray) -> list[tuple[str, str]]:
    """Return the names and colours of a legend; classes without a colour share one entry."""
    own = [
        (str(name), color)
        for name, color in zip(classes.tolist(), colors.tolist(), strict=True)
        if color != OTHER_COLOR
    ]
    n_others = len(classes) - len(own)
    return [*own, (f"{n_others} other classes", OTHER_COLOR)] if n_others else own


def legend_marker(
    ax: Axes, color: str, label: str, *, size: float = 6, marker: str = "o"
) -> Line2D:
    """Return a marker for a legend, which appears nowhere else."""
    return ax.plot(
        [],
        [],
        linestyle="",
        marker=marker,
        markersize=size,
        color=color,
        markeredgecolor="0.35" if color == "white" else color,
        label=label,
    )[0]
