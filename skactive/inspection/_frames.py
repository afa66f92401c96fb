"""Frames of a figure in which only some artists change, written to a file."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING
from uuid import uuid4

import numpy as np

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from PIL.Image import Image as Picture

N_COLORS = 256
NEARLY_THE_SAME = 8
LAST_MILLISECONDS = 2_000

PAGE = Template("""<!DOCTYPE html>
<meta charset="utf-8">
<div id="$name" style="display: inline-block; text-align: center; font-family: sans-serif">
<img alt="frame of the animation" src="$first"><br>
<button type="button" title="first frame">|&#9664;</button>
<button type="button" title="previous frame">&#9664;</button>
<button type="button" title="play or stop">&#9654; / &#10074;&#10074;</button>
<button type="button" title="next frame">&#9654;</button>
<button type="button" title="last frame">&#9654;|</button><br>
<input type="range" aria-label="frame" min="0" max="$last" value="0" style="width: 100%">
</div>
<script>
(() => {
  const root = document.getElementById("$name");
  const image = root.querySelector("img"), slider = root.querySelector("input");
  const frames = [image.src, ...$others], last = frames.length - 1;
  let place = 0, timer = null;
  const show = next => {
    place = Math.min(Math.max(next, 0), last);
    image.src = frames[place];
    slider.value = place;
  };
  const stop = () => { clearInterval(timer); timer = null; };
  const play = () => {
    timer = setInterval(() => place < last ? show(place + 1) : stop(), $pause);
  };
  const toggle = () => {
    if (timer !== null) { stop(); return; }
    if (place === last) show(0);
    play();
  };
  const actions = [
    () => { stop(); show(0); },
    () => { stop(); show(place - 1); },
    toggle,
    () => { stop(); show(place + 1); },
    () => { stop(); show(last); },
  ];
  root.querySelectorAll("button").forEach((button, i) => { button.onclick = actions[i]; });
  slider.oninput = () => { stop(); show(Number(slider.value)); };
  play();
})();
</script>
""")


class Camera:
    """Capture images of a figure, and draw only those artists again that change.

    matplotlib's own animations draw the whole figure twice for each frame that they save.

    Parameters
    ----------
    ax : matplotlib Axes
        The axes of the artists; no other axes are in its figure.
    moving : list of matplotlib Artist
        The artists that change; the spines are drawn over them.
    dpi : int
        Pixels per inch.
    """

    def __init__(self, ax: Axes, moving: list[Artist], dpi: int) -> None:
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

    def shoot(self) -> Picture:
        """Return an image of the figure in its current state."""
        from PIL import Image

        self._canvas.restore_region(self._background)
        for artist in self._moving:
            self._ax.draw_artist(artist)
        pixels = np.asarray(self._canvas.buffer_rgba())[..., :3]
        return Image.fromarray(np.ascontiguousarray(pixels))


def shared_palette(pictures: Sequence[Picture], colors: np.ndarray) -> Picture:
    """Return one palette for all frames, so that colours stay the same from frame to frame.

    Parameters
    ----------
    pictures : sequence of PIL.Image.Image
        Some of the frames, from which the palette is computed.
    colors : ndarray of int of shape (n, 3)
        Colours that the palette contains exactly.

    Returns
    -------
    palette : PIL.Image.Image
        An image with the palette, as Pillow expects it.
    """
    from PIL import Image

    strip = Image.fromarray(np.vstack([np.asarray(picture) for picture in pictures]))
    flat = strip.quantize(N_COLORS - len(colors)).getpalette()
    found = np.array(flat).reshape(-1, 3)[: N_COLORS - len(colors)]
    # Pillow looks colours up approximately, and would use a nearly equal colour instead.
    apart = np.abs(found[:, np.newaxis] - colors).max(axis=2).min(axis=1) > NEARLY_THE_SAME
    palette = Image.new("P", (1, 1))
    palette.putpalette([*colors.ravel().tolist(), *found[apart].ravel().tolist()])
    return palette


def write_gif(
    path: Path, frames: Iterator[Picture], palette: Picture, frames_per_second: float
) -> None:
    """Write images as a GIF that repeats, with a longer last frame."""
    first, *others = (_reduced(frame, palette) for frame in frames)
    duration = round(1000 / frames_per_second)
    durations = [duration] * len(others) + [max(duration, LAST_MILLISECONDS)]
    first.save(path, format="gif", save_all=True, append_images=others, duration=durations, loop=0)


def write_html(
    path: Path, frames: Iterator[Picture], palette: Picture, frames_per_second: float
) -> None:
    """Write images as a page with buttons to stop and to step, which needs no other file."""
    pictures = [_data_url(_reduced(frame, palette)) for frame in frames]
    page = PAGE.substitute(
        # A notebook has several animations.
        name=f"animation{uuid4().hex}",
        first=pictures[0],
        last=len(pictures) - 1,
        others=json.dumps(pictures[1:]),
        pause=round(1000 / frames_per_second),
    )
    path.write_text(page, encoding="utf-8")


def _data_url(picture: Picture) -> str:
    file = BytesIO()
    picture.save(file, format="png")
    return f"data:image/png;base64,{b64encode(file.getvalue()).decode('ascii')}"


def _reduced(picture: Picture, palette: Picture) -> Picture:
    from PIL import Image

    return picture.quantize(palette=palette, dither=Image.Dither.NONE)
