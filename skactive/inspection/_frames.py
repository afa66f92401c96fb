"""Frames of a figure in which only some artists move, written to a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

# matplotlib leaves out frames above 20 MB of embedded pictures, and says so in a log only.
EMBEDDED_MEGABYTES = 1_000.0
N_COLORS = 255


class Camera:
    """Take pictures of a figure, drawing anew only what moves.

    matplotlib's own animations draw the whole figure twice for each frame they save.

    Parameters
    ----------
    ax : matplotlib Axes
        The axes with what moves; they are alone in a figure of their own.
    moving : list of matplotlib Artist
        What moves; the spines are drawn over it.
    dpi : int
        Pixels per inch.
    """

    def __init__(self, ax: Any, moving: list[Any], dpi: int) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        self._ax = ax
        self._moving = sorted(moving, key=lambda artist: artist.get_zorder())
        self._moving += list(ax.spines.values())
        for artist in self._moving:
            artist.set_animated(True)
        figure = ax.figure
        figure.set_dpi(dpi)
        self._canvas = FigureCanvasAgg(figure)
        self._canvas.draw()
        self._background = self._canvas.copy_from_bbox(figure.bbox)

    def shoot(self) -> Any:
        """Return the picture of the figure as it is, in Pillow's form."""
        from PIL import Image

        self._canvas.restore_region(self._background)
        for artist in self._moving:
            self._ax.draw_artist(artist)
        pixels = np.asarray(self._canvas.buffer_rgba())[..., :3]
        return Image.fromarray(np.ascontiguousarray(pixels))


def write_gif(path: Path, frames: Iterable[Any], frames_per_second: float) -> None:
    """Write pictures as a GIF that runs for ever, the last one for longer."""
    from PIL import Image

    pictures = list(frames)
    # One palette for all, of the first, the middle and the last: faster, smaller, and what does
    # not change from frame to frame keeps its very colour.
    strip = np.vstack([np.asarray(pictures[at]) for at in (0, len(pictures) // 2, -1)])
    palette = Image.fromarray(strip).quantize(N_COLORS)
    none = Image.Dither.NONE
    first, *others = (one.quantize(palette=palette, dither=none) for one in pictures)
    duration = round(1000 / frames_per_second)
    durations = [duration] * len(others) + [max(duration, 2000)]
    first.save(
        path, format="gif", save_all=True, append_images=others, duration=durations, loop=0
    )


def write_html(path: Path, frames: Iterator[Any], n_frames: int, frames_per_second: float) -> None:
    """Write pictures as a page with buttons to stop and to step."""
    from matplotlib.animation import HTMLWriter
    from matplotlib.figure import Figure

    def next_picture(file: Any, **_: Any) -> None:
        # A palette of its own makes a picture a third as large.
        next(frames).quantize(N_COLORS + 1).save(file, format="png")

    # The writer asks a figure to save itself, once for each frame.
    figure = Figure()
    figure.savefig = next_picture
    writer = HTMLWriter(fps=frames_per_second, embed_frames=True, embed_limit=EMBEDDED_MEGABYTES)
    with writer.saving(figure, str(path), figure.dpi):
        for _ in range(n_frames):
            writer.grab_frame()
