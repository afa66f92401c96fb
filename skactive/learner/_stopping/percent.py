"""Shares as people read them."""

from __future__ import annotations


def percent(share: float) -> str:
    """Return a share in whole per cent that says 100 or 0 only where all or none is meant."""
    text = f"{100 * share:.0f}"
    if share < 1 and text == "100":
        return "99"
    return "1" if share > 0 and text == "0" else text
