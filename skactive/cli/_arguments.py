"""Types of arguments, for argparse."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any


def whole_number(minimum: int) -> Callable[[str], int]:
    """Return a type for argparse: integers of at least `minimum`."""

    def number(text: str) -> int:
        if text.isdecimal() and int(text) >= minimum:
            return int(text)
        raise argparse.ArgumentTypeError(
            f"must be a whole number of at least {minimum}, got {text!r} instead"
        )

    return number


def add_number(
    group: Any, option: str, *, minimum: int = 1, metavar: str = "N", **settings: Any
) -> None:
    """Add an option that takes an integer of at least `minimum`."""
    group.add_argument(option, metavar=metavar, type=whole_number(minimum), **settings)


def number_of_jobs(text: str) -> int:
    """Return a number of processes for joblib."""
    return -1 if text == "-1" else whole_number(1)(text)


def image_size(text: str) -> int | tuple[int, int]:
    """Return the side of square images, or height and width."""
    if (sides := re.fullmatch(r"([1-9]\d*)(?:x([1-9]\d*))?", text, re.ASCII)) is None:
        raise argparse.ArgumentTypeError(
            f"must be a number of pixels, or a height and width such as 192x256, got {text!r} "
            "instead"
        )
    height, width = sides.groups()
    return int(height) if width is None else (int(height), int(width))


def npz_path(text: str) -> Path:
    """Return the path of a .npz file to be written."""
    path = Path(text)
    if path.suffix.lower() != ".npz" or path.is_dir():
        raise argparse.ArgumentTypeError(f"must be a file that ends in .npz, got {text!r} instead")
    return path
