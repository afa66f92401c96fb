"""Colours of classes and of strategies."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from zlib import crc32

import numpy as np

from skactive.strategies import all_strategies

# The palette of Okabe and Ito, distinguishable with any kind of colour vision, and three more
# colours that differ from it in lightness.
CLASS_COLORS = np.array(
    [
        "#0072B2",
        "#D55E00",
        "#009E73",
        "#CC79A7",
        "#E69F00",
        "#56B4E9",
        "#000000",
        "#F0E442",
        "#7A3B8F",
        "#8C510A",
    ]
)
OTHER_COLOR = "#B8B8B8"
UNKNOWN_COLOR = "#8A8A8A"
_LIGHT = 150

# Yellow is hardly visible as a line. The colours from '#117733' on are of Tol's palettes.
_LINE_COLORS = [
    *(color for color in CLASS_COLORS.tolist() if color != "#F0E442"),
    *("#117733", "#882255", "#44AA99", "#CC6677", "#332288", "#999933", "#EE3377", "#661100"),
]
_LINE_STYLES = ["-", "-.", ":"]
BASELINE_STYLE = {"color": "#6e6e6e", "linestyle": "--"}


def class_colors(codes: np.ndarray, n_classes: int) -> np.ndarray:
    """Return a colour for each class; of many classes, the rare ones are grey.

    Parameters
    ----------
    codes : ndarray of int of shape (n,)
        Classes of samples, which give the class frequencies.
    n_classes : int
        Number of classes.

    Returns
    -------
    colors : ndarray of str of shape (n_classes,)
        Up to ten classes each have a colour of their own; of more classes, the nine most frequent.
    """
    if n_classes <= len(CLASS_COLORS):
        return CLASS_COLORS[:n_classes]
    counts = np.bincount(codes, minlength=n_classes)
    frequent = np.sort(np.argsort(-counts, kind="stable")[: len(CLASS_COLORS) - 1])
    colors = np.full(n_classes, OTHER_COLOR)
    colors[frequent] = CLASS_COLORS[: len(frequent)]
    return colors


def strategy_styles(names: Iterable[str], baseline: str = "random") -> dict[str, dict[str, Any]]:
    """Return a colour and line style for each strategy, the same in every plot.

    Parameters
    ----------
    names : iterable of str
        The names of the strategies.
    baseline : str, default='random'
        The name of the strategy that is grey and dashed.

    Returns
    -------
    styles : dict of str to dict
        The names with their 'color' and 'linestyle'. The strategies of `all_strategies` have fixed
        styles, by their names or the names of their classes. The style of any other name follows
        from the name, unless another strategy in the plot has it already.
    """
    names = list(names)
    known = all_strategies()
    n_styles = max(len(_LINE_COLORS) * len(_LINE_STYLES), len(known) + len(names))
    fixed = {name: place for place, name in enumerate(all_strategies("categorical"))}
    # No plot has strategies for numbers beside strategies for classes: they share styles.
    for_classes = [name for name in fixed if not known[name].suits("continuous")]
    for_numbers = [name for name in known if name not in fixed]
    fixed |= {name: fixed[other] for name, other in zip(for_numbers, for_classes, strict=False)}
    for name, entry in known.items():
        fixed.setdefault(type(entry.strategy).__name__, fixed[name])
    found = {}
    taken: set[int] = set()
    # A name with a fixed style comes first, so that no other name has its style.
    others = sorted(set(names) - {baseline})
    for name in sorted(others, key=lambda name: (name not in known, name not in fixed)):
        # Other names take solid lines while there are any.
        n_places = len(_LINE_COLORS) if len(taken) < len(_LINE_COLORS) else n_styles
        own = crc32(name.encode("utf-8", "replace")) % n_places
        place = fixed.get(name, own)
        while place in taken:
            place = (place + 1) % n_styles
        taken.add(place)
        found[name] = _style(place)
    return {name: BASELINE_STYLE if name == baseline else found[name] for name in names}


def _style(place: int) -> dict[str, Any]:
    """Return a style that no other number has: colours differ first, then lines."""
    line, color = divmod(place, len(_LINE_COLORS))
    # Further lines alternate dots with dashes of growing length.
    style = _LINE_STYLES[line] if line < len(_LINE_STYLES) else (0, (2 * line, 1, 1, 1))
    return {"color": _LINE_COLORS[color], "linestyle": style}


def text_color(color: str) -> str:
    """Return black or white, whichever is legible on a colour '#RRGGBB'."""
    red, green, blue = (int(color[place : place + 2], 16) for place in (1, 3, 5))
    return "black" if 0.299 * red + 0.587 * green + 0.114 * blue > _LIGHT else "white"
