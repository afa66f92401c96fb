"""Shares as whole per cent."""

from __future__ import annotations


def percent(share: float) -> str:
    """Return a share in whole per cent, 100 or 0 only if it is exactly that."""
    text = f"{100 * share:.0f}"
    if share < 1 and text == "100":
        return "99"
    return "1" if share > 0 and text == "0" else text
