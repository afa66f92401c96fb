"""Samples that are names of files."""

from __future__ import annotations

import os
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
