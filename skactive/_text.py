"""Names, tables and words of messages."""

from __future__ import annotations

import re
import reprlib
import unicodedata
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

# Control characters, direction marks and other invisible characters, halves of a character, and
# separators of lines and paragraphs.
UNPRINTABLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
# They join the parts of an emoji and of words in several scripts.
JOINERS = "\u200c\u200d"
# The largest number of characters of a value in a message.
SHOWN_WIDTH = 80


def did_you_mean(given: str, known: Mapping[str, str] | Sequence[str]) -> str:
    """Return a question with the known name that resembles a given one most, '' if none does.

    Parameters
    ----------
    given : str
        The name. Neither case nor the hyphens, underscores and spaces between its words matter.
    known : sequence of str, or dict of str to str
        The names. A dict has other names, and for each the name that the question takes.
    """
    plain: dict[str, str] = {}
    for name in known:
        meant = known[name] if isinstance(known, Mapping) else name
        plain.setdefault(_without_spelling(name), meant)
    sought = _without_spelling(given)
    # The beginning of a name is a name cut off.
    close = get_close_matches(sought, plain, n=1, cutoff=0.7) or [
        name for name in plain if name.startswith(sought) and len(given) > len("--x")
    ]
    return f"did you mean {plain[close[0]]}? " if close else ""


def _without_spelling(name: str) -> str:
    return re.sub(r"(?<=\w)[-_\s]+(?=\w)", "", name.strip().lower())


def one_line(value: object, width: int | None = None) -> str:
    """Return a value as text in one line, shortened in the middle.

    Parameters
    ----------
    value : object
        A label, an id or a name.
    width : int, default=None
        The largest number of characters, at least 3; None does not shorten.

    Returns
    -------
    text : str
        Line feeds and other characters that cannot be printed appear as escapes such as ``\\n``,
        an empty text as ``''``.
    """
    text = str(value)
    if not text.isprintable():
        # A long text is not escaped as a whole.
        text = text if width is None else shortened(text, width)
        text = "".join(one if one.isprintable() else escaped(one) for one in text)
    if not text.strip():
        text = repr(text)
    return text if width is None else shortened(text, width)


class ShortRepr(reprlib.Repr):
    """Represent objects by a bounded number of characters, and arrays by their shape."""

    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = self.maxlong = SHOWN_WIDTH

    def repr_ndarray(self, array: Any, level: int) -> str:
        """Represent a small array as NumPy does, and others by their shape."""
        is_small = array.ndim < 2 and array.size <= self.maxlist
        return repr(array) if is_small else self.repr_instance(array, level)

    def repr_instance(self, x: Any, level: int) -> str:
        """Represent an object of another class than Python's own."""
        shape = getattr(x, "shape", None)
        if isinstance(shape, tuple) and shape:
            return f"{type(x).__name__} of shape {shape}"
        return " ".join(super().repr_instance(x, level).split())


def shown(value: object) -> str:
    """Return a value as messages show it: in one line of at most 80 characters.

    Parameters
    ----------
    value : object
        An argument of any kind.

    Returns
    -------
    text : str
        Its representation, shortened. Arrays and DataFrames are represented by their shape.
    """
    return one_line(ShortRepr().repr(value), SHOWN_WIDTH)


def shortened(text: str, width: int) -> str:
    """Return a text of at most `width` characters, shortened in the middle."""
    if len(text) <= width:
        return text
    n_last = (width - 1) // 2
    return f"{text[: width - 1 - n_last]}…{text[len(text) - n_last :]}"


def escaped(character: str) -> str:
    """Return a character as an escape such as ``\\n``."""
    return character.encode("unicode_escape").decode("ascii")


def aligned(rows: Sequence[Sequence[str]], *, n_left: int = 1) -> str:
    """Return rows of cells as lines: the first columns to the left, the others to the right.

    Parameters
    ----------
    rows : sequence of sequence of str
        The cells; all rows have the same number.
    n_left : int, default=1
        Number of columns that are aligned to the left.

    Returns
    -------
    text : str
        One line per row.
    """
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = [
        [
            cell.ljust(width) if place < n_left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        for row in rows
    ]
    return "\n".join("  ".join(line).rstrip() for line in lines)


def printable(text: str, *, keep: str = "") -> str:
    """Return a text with an escape sequence such as ``\\x1b`` for each control character.

    Written to a terminal as it is, a control character can move the cursor, hide text or change
    settings. `keep` lists control characters that stay.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        one.encode("unicode_escape").decode()
        if unicodedata.category(one) in UNPRINTABLE and one not in JOINERS + keep
        else one
        for one in text
    )


def counted(n: int, noun: str, plural: str | None = None) -> str:
    """Return a number and a noun in singular or plural, such as ``1 label`` or ``1,200 labels``."""
    return f"{n:,} {noun if n == 1 else plural or f'{noun}s'}"


def counted_labels(n_labeled: int, n_test: int) -> str:
    """Return the number of labels, and that of the test set among them, in words."""
    found = counted(n_labeled + n_test, "label")
    return f"{found} ({n_test:,} of the test set)" if n_test else found


def label_text(label: Any, width: int) -> str:
    """Return a label as text, the number of a regression with four digits."""
    is_fraction = isinstance(label, float) and not label.is_integer()
    return f"{label:.4g}" if is_fraction else one_line(label, width)


def score_text(scoring: str) -> str:
    """Return the name of a score in words."""
    return "R²" if scoring == "r2" else scoring.replace("_", " ")


def score_number(score: float, *, is_share: bool) -> str:
    """Return a score as text: a share with three decimals, any other with four digits."""
    return f"{score:.3f}" if is_share else f"{score:.4g}"
