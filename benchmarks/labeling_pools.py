"""Photos, texts and vectors to label, generated with their classes."""

from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.labelled_pool import overlapping_classes
from skactive.labeling._sources import read_samples

N_FEATURES = 512
SIDE, THUMBNAIL_SIDE = 224, 8
CLASSES = ("disc", "bar", "stripes", "cross", "plain")
N_WORDS, N_COMMON = 4_000, 400
SYLLABLES = ("ba", "de", "ki", "lo", "mu", "na", "po", "ra", "si", "tu")


@dataclass(frozen=True, eq=False)
class LabeledSource:
    """A source of samples and what an annotator knows about them.

    Attributes
    ----------
    path : Path
        The source.
    classes : tuple of str
        The names of the classes.
    ids : dict of str to str
        The id of each sample by what the page shows of it: its text, or the id itself.
    labels : dict of str to str
        The class of each sample by its id.
    vector_bytes : int
        The size of all vectors; 0 if the embedder determines it.
    """

    path: Path
    classes: tuple[str, ...]
    ids: Mapping[str, str]
    labels: Mapping[str, str]
    vector_bytes: int = 0


def photos(folder: Path, n: int) -> LabeledSource:
    """Write JPEG files of shapes on smooth random backgrounds."""
    path = folder / "photos"
    path.mkdir()
    with ProcessPoolExecutor() as pool:
        list(pool.map(partial(write_photo, path), range(n), chunksize=100))
    return described(path, CLASSES, photo_class)


def photo_class(position: int) -> int:
    """Return the class of a photo."""
    return int(np.random.default_rng([0, position]).integers(len(CLASSES)))


def write_photo(folder: Path, position: int) -> None:
    """Draw a shape in a random place, size and colour on a smooth background."""
    from PIL import Image, ImageDraw

    rng = np.random.default_rng([1, position])
    name = CLASSES[photo_class(position)]
    cells = rng.integers(0, 200, (5, 5, 3), dtype=np.uint8)
    image = Image.fromarray(cells).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    x, y = rng.integers(70, SIDE - 70, 2).tolist()
    size = int(rng.integers(25, 60))
    colour = tuple(rng.integers(120, 256, 3).tolist())
    if name == "disc":
        draw.ellipse((x - size, y - size, x + size, y + size), fill=colour)
    elif name == "bar":
        draw.rectangle((x - size, y - size // 3, x + size, y + size // 3), fill=colour)
    elif name == "stripes":
        for left in range(x - size, x + size, 14):
            draw.rectangle((left, y - size, left + 6, y + size), fill=colour)
    elif name == "cross":
        draw.line((x - size, y - size, x + size, y + size), fill=colour, width=12)
        draw.line((x - size, y + size, x + size, y - size), fill=colour, width=12)
    Image.blend(image, noise(), 0.1).save(folder / f"{position:06d}.jpg", quality=85)


@cache
def noise() -> Any:  # a Pillow image
    """Return the noise of the sensor, the same for all photos."""
    from PIL import Image

    return Image.fromarray(np.random.default_rng(2).integers(0, 256, (SIDE, SIDE, 3), np.uint8))


def texts(folder: Path, n: int) -> LabeledSource:
    """Write sentences of made-up words, of which each topic prefers some."""
    rng = np.random.default_rng(0)
    topics = tuple(f"topic {letter}" for letter in "abcde")
    words = np.array([word(place) for place in range(N_WORDS)])
    frequencies = 1 / np.arange(1, N_WORDS + 1)
    y = rng.integers(len(topics), size=n)
    lengths = rng.integers(6, 21, size=n)
    lines: list[str] = [""] * n
    for topic in range(len(topics)):
        # All topics share the most frequent words.
        order = N_COMMON // 10 + rng.permutation(N_WORDS - N_COMMON // 10)
        own = words[np.append(np.arange(N_COMMON // 10), order)]
        rows = np.flatnonzero(y == topic)
        drawn = rng.choice(own, lengths[rows].sum(), p=frequencies / frequencies.sum())
        for row, part in zip(rows, np.split(drawn, lengths[rows].cumsum()[:-1]), strict=True):
            lines[row] = f"{' '.join(part)} {row}".capitalize() + "."
    path = folder / "texts.txt"
    path.write_text("\n".join(lines), encoding="utf-8")
    return described(path, topics, lambda position: int(y[position]))


def word(place: int) -> str:
    """Return a made-up word, frequent ones shorter."""
    return "".join(SYLLABLES[int(digit)] for digit in str(place + 10))


def vectors(folder: Path, n: int) -> LabeledSource:
    """Write vectors of overlapping classes with small pictures."""
    X, y = overlapping_classes(n, N_FEATURES)
    rng = np.random.default_rng(1)
    images = rng.integers(0, 120, (n, THUMBNAIL_SIDE, THUMBNAIL_SIDE), dtype=np.uint8)
    images += (y[:, np.newaxis, np.newaxis] * 13).astype(np.uint8)
    path = folder / "vectors.npz"
    np.savez(path, X=X, images=images)
    names = tuple(f"class {place}" for place in range(int(y.max()) + 1))
    # Nine classes have the digits as keys.
    return described(path, names[:9], lambda position: min(int(y[position]), 8), X.nbytes)


def described(
    path: Path, classes: tuple[str, ...], class_of: Callable[[int], int], vector_bytes: int = 0
) -> LabeledSource:
    """Return a source with the classes of its samples, in the order of the source."""
    samples = read_samples(path)
    shown = samples.values if samples.kind == "text" else samples.ids
    labels = {name: classes[class_of(place)] for place, name in enumerate(samples.ids)}
    return LabeledSource(
        path, classes, dict(zip(shown, samples.ids, strict=True)), labels, vector_bytes
    )
