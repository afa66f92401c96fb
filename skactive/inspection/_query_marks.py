"""Numbers of queries, and the legend of their classes."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from skactive.inspection._colors import OTHER_COLOR, text_color
from skactive.inspection._texts import draw_legend, drawable_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.legend import Legend
    from matplotlib.lines import Line2D
    from matplotlib.text import Annotation

# Beyond this number of queries, numbers would cover the points.
N_NUMBERED = 30
# The padding of numbers with one, two and more digits, for discs of nearly equal size.
DISC_PADS = {1: 0.4, 2: 0.22, 3: 0.1}
# The space between two discs, in points, and the number of times that they are moved apart.
DISC_GAP, N_MOVES = 1.0, 300
NAME_WIDTH = 28


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
        of another query. `move_apart` moves those that overlap, and a line connects them with
        their points.
    """
    return [
        ax.annotate(
            str(place + 1),
            points[place],
            xytext=(0, 0),
            textcoords="offset points",
            ha="center",
            va="center",
            arrowprops={"arrowstyle": "-", "color": "0.35", "linewidth": 0.7, "shrinkA": 0},
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


def move_apart(ax: Axes, numbers: list[Annotation]) -> None:
    """Move the numbers so that their discs do not overlap, as far as the axes have space.

    Cost: O(n_numbers²) for each of at most 300 moves.
    """
    if not numbers:
        return
    figure = ax.figure.figure  # not a part of it
    figure.draw_without_rendering()
    scale = figure.dpi / 72
    # The layout of the figure, and so the axes, must not depend on the numbers.
    boxes = [number.get_bbox_patch().get_window_extent() for number in numbers]
    radii = np.array([max(box.width, box.height) for box in boxes]) / 2
    anchors = ax.transData.transform([number.xy for number in numbers])
    frame = ax.get_window_extent()
    low = np.array([frame.x0, frame.y0]) + radii[:, np.newaxis]
    high = np.array([frame.x1, frame.y1]) - radii[:, np.newaxis]
    centres = _apart(anchors, radii + scale * DISC_GAP / 2, low, np.maximum(low, high))
    for number, offset in zip(numbers, (centres - anchors) / scale, strict=True):
        is_moved = bool(np.hypot(*offset) > 0.5)
        number.set_position(tuple(offset) if is_moved else (0, 0))
        number.arrow_patch.set_visible(is_moved)


def _apart(anchors: np.ndarray, radii: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return centres near the anchors at which discs do not overlap, within limits."""
    n = len(anchors)
    least = radii[:, np.newaxis] + radii
    np.fill_diagonal(least, 0.0)
    # Equal points are moved in different directions.
    angles = 2.4 * np.arange(n)
    centres = anchors + 1e-3 * np.column_stack([np.cos(angles), np.sin(angles)])
    is_free = ~((anchors < low) | (anchors > high)).any(axis=1)
    for _ in range(N_MOVES):
        apart = centres[:, np.newaxis] - centres
        distances = np.maximum(np.hypot(apart[..., 0], apart[..., 1]), 1e-9)
        overlap = np.maximum(least - distances, 0.0)
        if not overlap.any():
            break
        centres = centres + 0.55 * (apart * (overlap / distances)[..., np.newaxis]).sum(axis=1)
        # A point at the border keeps its number even if it is partly outside.
        centres[is_free] = np.clip(centres[is_free], low[is_free], high[is_free])
    return centres


def legend_entries(classes: np.ndarray, colors: np.ndarray) -> list[tuple[str, str]]:
    """Return the names and colours of a legend; classes without a colour share one entry."""
    names = drawable_names(classes[colors != OTHER_COLOR].tolist(), NAME_WIDTH)
    own = list(zip(names, colors[colors != OTHER_COLOR].tolist(), strict=True))
    n_others = len(classes) - len(own)
    return [*own, (f"{n_others} other classes", OTHER_COLOR)] if n_others else own


def draw_marks_legend(
    ax: Axes, handles: list[Line2D], heading: str | None, *, below: bool
) -> Legend | None:
    """Draw the legend of a query path beside or below its axes, if it has any entry."""
    if not handles:
        return None
    place: dict[str, Any] = {"loc": "center left", "bbox_to_anchor": (1.0, 0.5)}
    if below:
        place = {"loc": "upper right", "bbox_to_anchor": (1.0, -0.05), "ncols": 2}
    names = [str(handle.get_label()) for handle in handles]
    style = {"title": heading, "frameon": False, "alignment": "left"}
    return draw_legend(ax, handles, names, **place, **style)


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
