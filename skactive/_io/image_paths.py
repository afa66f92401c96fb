"""Samples that are names of files."""

from __future__ import annotations

import os
from pathlib import PurePath
from typing import Any

import numpy as np

IMAGE_SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")


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
        isinstance(sample, os.PathLike)
        or (isinstance(sample, str) and PurePath(sample).suffix.lower() in IMAGE_SUFFIXES)
        for sample in samples
    )
