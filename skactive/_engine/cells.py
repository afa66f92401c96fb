"""Cells of tables that are masked, or hold no number."""

from __future__ import annotations

from typing import Any

import numpy as np


def first_masked(values: Any) -> int | None:
    """Return the position of the first masked value of an array or list, None if there is none."""
    if isinstance(values, np.ma.MaskedArray):
        masked = np.flatnonzero(np.ma.getmaskarray(values))
        return int(masked[0]) if len(masked) else None
    if isinstance(values, list | tuple):
        return next((at for at, one in enumerate(values) if one is np.ma.masked), None)
    return None


def first_text(X: Any) -> tuple[tuple[int, ...], Any] | None:
    """Return the place and the value of the first cell that is text and no number, or None."""
    try:
        values = np.asarray(X)
        if values.dtype.kind not in "USO":
            return None
        # A list of texts and numbers has become one of texts.
        cells = np.asarray(X, dtype=object)
    except ValueError:
        # Rows of different lengths are no table.
        return None
    for place, cell in np.ndenumerate(cells):
        if isinstance(cell, str | bytes) and not _is_number(cell):
            return place, str(cell) if isinstance(cell, str) else bytes(cell)
    return None


def _is_number(text: str | bytes) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    # Python reads 1_0 as 10.
    return "_" not in str(text)
