"""Texts of users in plots: as they are, in one line, in glyphs that the font has."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from skactive._text import escaped, one_line, shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.legend import Legend
    from matplotlib.text import Text

TITLE_WIDTH = 64


def drawable(value: object, width: int | None = None) -> str:
    """Return a label, an id or a name as text for a plot.

    Parameters
    ----------
    value : object
        The value.
    width : int, default=None
        The largest number of characters, at least 3; longer texts are shortened in the middle.
        None does not shorten.

    Returns
    -------
    text : str
        One line. Characters that no font in ``matplotlib.rcParams["font.family"]`` has appear as
        escapes such as ``\\u6f22``.
    """
    text = one_line(value, width)
    if not text.isascii():
        text = "".join(one if has_glyph(one) else escaped(one) for one in text)
    return text if width is None else shortened(text, width)


def drawable_names(names: Iterable[object], width: int) -> list[str]:
    """Return names as texts for a plot that remain different from each other if possible.

    Parameters
    ----------
    names : iterable of object
        Labels, or names of strategies.
    width : int
        The largest number of characters of each.

    Returns
    -------
    texts : list of str
        Where the middle alone distinguishes names, their common beginning is left out.
    """
    all_names = [one_line(name) for name in names]
    texts = [drawable(name, width) for name in all_names]
    for text, n_equal in Counter(texts).items():
        if n_equal > 1:
            alike = [place for place, other in enumerate(texts) if other == text]
            columns = zip(*(all_names[place] for place in alike), strict=False)
            n_shared = len(list(takewhile(lambda column: len(set(column)) == 1, columns)))
            for place in alike:
                texts[place] = drawable(f"…{all_names[place][n_shared:]}", width)
    return texts


def wrapped(text: str) -> str:
    """Return a title with line feeds."""
    return textwrap.fill(text, TITLE_WIDTH, break_on_hyphens=False)


def has_glyph(character: str) -> bool:
    """Return whether one of the chosen fonts has a character."""
    from matplotlib.font_manager import get_font

    if character.isascii():
        return True
    return any(get_font(path).get_char_index(ord(character)) for path in _font_paths())


def plain(*texts: Text) -> None:
    """Draw texts as they are: a dollar sign does not begin a formula."""
    for text in texts:
        text.set_parse_math(False)


def draw_legend(ax: Axes, handles: Sequence[Any], names: Sequence[str], **style: Any) -> Legend:
    """Draw a legend with any names; matplotlib leaves out those that begin with an underscore."""
    legend = ax.legend(handles, ["-"] * len(handles), **style)
    for text, name in zip(legend.get_texts(), names, strict=True):
        text.set_text(name)
        plain(text)
    return legend


def _font_paths() -> list[str]:
    from matplotlib import rcParams
    from matplotlib.font_manager import FontProperties, findfont

    paths = []
    for family in rcParams["font.family"]:
        try:
            paths.append(findfont(FontProperties(family=[family]), fallback_to_default=False))
        except ValueError:  # the font is not installed
            continue
    return paths or [findfont(FontProperties())]
