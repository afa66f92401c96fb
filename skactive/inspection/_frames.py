"""Frames of a figure in which only some artists move, written to a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

# matplotlib leaves out frames above 20 MB of embedded pictures, and says so in a log only.
EMBEDDED_MEGABYTES = 1_000.0
N_COLORS = 256
NEARLY_THE_SAME = 8
LAST_MILLISECONDS = 2_000


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


def shared_palette(pictures: Sequence[Any], colors: np.ndarray) -> Any:
    """Return a palette for all frames: what does not change keeps its very colour.

    Parameters
    ----------
    pictures : sequence of Image
        Some of the frames, from which the palette is made.
    colors : ndarray of int of shape (n, 3)
        Colours that must be in it as they are.

    Returns
    -------
    palette : Image
        A picture with the palette, as Pillow takes it.
    """
    from PIL import Image

    strip = Image.fromarray(np.vstack([np.asarray(picture) for picture in pictures]))
    flat = strip.quantize(N_COLORS - len(colors)).getpalette()
    found = np.array(flat).reshape(-1, 3)[: N_COLORS - len(colors)]
    # Pillow looks colours up roughly: one that is almost there already would take its place.
    apart = np.abs(found[:, np.newaxis] - colors).max(axis=2).min(axis=1) > NEARLY_THE_SAME
    palette = Image.new("P", (1, 1))
    palette.putpalette([*colors.ravel().tolist(), *found[apart].ravel().tolist()])
    return palette


def write_gif(path: Path, frames: Iterator[Any], palette: Any, frames_per_second: float) -> None:
    """Write pictures as a GIF that runs for ever, and rests on the last one."""
    first, *others = (_reduced(frame, palette) for frame in frames)
    duration = round(1000 / frames_per_second)
    durations = [duration] * len(others) + [max(duration, LAST_MILLISECONDS)]
    first.save(path, format="gif", save_all=True, append_images=others, duration=durations, loop=0)


def write_html(path: Path, frames: Iterator[Any], palette: Any, frames_per_second: float) -> None:
    """Write pictures as a page with buttons to stop and to step."""
    from matplotlib.animation import HTMLWriter
    from matplotlib.figure import Figure

    # The writer asks a figure to save itself, once for each frame.
    figure: Any = Figure()
    make: Any = HTMLWriter
    writer = make(fps=frames_per_second, embed_frames=True, embed_limit=EMBEDDED_MEGABYTES)
    with writer.saving(figure, str(path), figure.dpi):
        for frame in frames:
            reduced = _reduced(frame, palette)
            figure.savefig = partial(_save_png, reduced)
            writer.grab_frame()


def _save_png(picture: Any, file: Any, **_: Any) -> None:
    picture.save(file, format="png")


def _reduced(picture: Any, palette: Any) -> Any:
    from PIL import Image

    return picture.quantize(palette=palette, dither=Image.Dither.NONE)
