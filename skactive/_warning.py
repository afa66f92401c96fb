"""Warnings at the user's own line."""

from __future__ import annotations

import inspect
import traceback
import warnings

# Packages with frames between a user's line and ours: set_output, pipelines, loops.
IN_BETWEEN = ("skactive", "sklearn", "joblib", "modAL", "contextlib")


def warn_user(message: str | Warning, category: type[Warning] = UserWarning) -> None:
    """Warn at the line of the user's program that led here, through any number of frames."""
    warnings.warn(message, category, stacklevel=_n_frames_in_between())


def _n_frames_in_between() -> int:
    for n_frames, (frame, _) in enumerate(traceback.walk_stack(inspect.currentframe())):
        if frame.f_globals.get("__name__", "").split(".")[0] not in IN_BETWEEN:
            return n_frames
    return 1
