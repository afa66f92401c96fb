"""Samples that are names of files."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

import numpy as np

IMAGE_SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")


def is_image_name(sample: object) -> bool:
    """Return whether a string ends in the suffix of an image, in upper or lower case."""
    return isinstance(sample, str) and sample.lower().endswith(IMAGE_SUFFIXES)


def are_paths(samples: Any) -> bool:
    """Return whether samples are names of files, by their type or by the suffix of an image.

    Parameters
    ----------
    samples : array-like of length n_samples
        Only lists, tuples and arrays of one dimension can be names of files.
    """
    if isinstance(samples, np.ndarray):
        if samples.dtype.kind not in "OU" or samples.ndim != 1:
            return False
    elif not isinstance(samples, list | tuple):
        return False
    return len(samples) > 0 and all(
        isinstance(sample, os.PathLike) or is_image_name(sample) for sample in samples
    )


def is_inside(path: str | os.PathLike[str], folder: str | os.PathLike[str]) -> bool:
    """Return whether a file is in a folder or below it, after all symbolic links are followed."""
    return inside([os.fspath(path)], folder)[0]


def inside(paths: list[str], folder: str | os.PathLike[str]) -> list[bool]:
    """Return for each path whether `is_inside` is true of it.

    The cost is a query of each file, and following the links of each of their folders once.
    """
    # With a separator at its end.
    root = os.path.join(os.path.realpath(folder), "")  # noqa: PTH118 - ten times as fast
    parent_of = cache(os.path.realpath)

    def is_within(path: str) -> bool:
        parent, name = os.path.split(path)
        place = os.path.join(parent_of(parent), name)  # noqa: PTH118 - ten times as fast
        if os.path.islink(place):  # noqa: PTH114 - ten times as fast
            place = os.path.realpath(place)
        return place.startswith(root)

    return list(map(is_within, paths))
