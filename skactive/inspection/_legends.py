"""Legends that cover no curve."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.legend import Legend
    from matplotlib.lines import Line2D

# Inches between the axes and a legend beside them, and between the legend and the border.
GAP = 0.15


def draw_beside(
    legend: Legend, areas: Iterable[Any], lines: Iterable[Line2D], *, always: bool
) -> None:
    """Move a legend beside its axes if it covers anything.

    Parameters
    ----------
    legend : matplotlib Legend
        The legend.
    areas : iterable of matplotlib PolyCollection
        Areas that it must not cover.
    lines : iterable of matplotlib Line2D
        Lines that it must not cover.
    always : bool
        Whether to move it in any case.
    """
    ax = legend.axes
    figure = ax.figure.figure  # not a part of it
    is_alone = len(figure.axes) == 1
    if not is_alone and figure.get_layout_engine() is None:
        return  # there is no space beside the axes
    figure.draw_without_rendering()
    if not (always or _covers(legend, areas, lines)):
        return
    width = legend.get_window_extent().width / figure.dpi
    legend.set_loc("center left")
    legend.set_bbox_to_anchor((1.0, 0.5))
    if is_alone:
        figure.set_figwidth(figure.get_figwidth() + width + GAP)
        if figure.get_layout_engine() is None:
            figure.set_layout_engine("constrained")


def _covers(legend: Legend, areas: Iterable[Any], lines: Iterable[Line2D]) -> bool:
    box = legend.get_window_extent()
    to_pixels = legend.axes.transData
    if any(path.intersects_bbox(box, filled=False) for path in _paths(lines)):
        return True
    return any(
        to_pixels.transform_path(path).intersects_bbox(box)
        for area in areas
        for path in area.get_paths()
    )


def _paths(lines: Iterable[Line2D]) -> Iterable[Any]:
    return (line.get_transform().transform_path(line.get_path()) for line in lines)
