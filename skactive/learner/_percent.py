"""Shares as people read them."""

from __future__ import annotations


def percent(share: float, n_decimals: int = 0) -> str:
    """Return a share in per cent that says 100 or 0 only where all or none is meant."""
    text = f"{100 * share:.{n_decimals}f}"
    smallest = 10.0**-n_decimals
    if share < 1 and float(text) == 100:
        text = f"{100 - smallest:.{n_decimals}f}"
    elif share > 0 and float(text) == 0:
        text = f"{smallest:.{n_decimals}f}"
    return text
