"""The accuracies of a session by the number of its labels, kept in a file across restarts."""

from __future__ import annotations

import json
from contextlib import suppress
from math import isfinite
from pathlib import Path
from typing import Any

from skactive._io.journal_file import json_object
from skactive._loading import load
from skactive.labeling._progress import CurvePoint, TestAccuracy

# The relative distance between two points of a long curve, which bounds the size of the file.
STEP = 0.02


class SessionCurve:
    """The points of the curve, appended to a file. A point replaces the one with as many labels.

    The file is a by-product: the answers are elsewhere. Damaged lines are left out, and a file that
    cannot be written ends where it is.

    Parameters
    ----------
    path : Path
        The file, which is created with the first point.
    read_only : bool, default=False
        Whether the file stays as it is.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self._path = path
        self._is_open = not read_only
        self._read: dict[int, CurvePoint] | None = None
        content = b""
        with suppress(OSError):
            # Others, such as pipes, could wait for ever.
            is_regular = path.is_file() or not path.exists()
            self._is_open = is_regular and not read_only
            content = path.read_bytes() if is_regular else b""
        # The rest of an interrupted write is a line of its own.
        self._ends_line = not content or content.endswith(b"\n")
        self._lines = content.splitlines()

    @property
    def _points(self) -> dict[int, CurvePoint]:
        """The points by their numbers of labels."""
        if self._read is None:
            found = (decoded(json_object(line)) for line in self._lines)
            self._read = {point.n_labeled: point for point in found if point is not None}
            self._lines = []
        return self._read

    def followed(self, now: CurvePoint) -> list[CurvePoint]:
        """Return the curve up to the present point, which is recorded if it is new.

        Points with more labels than after `undo` are left out, until there are as many again.
        """
        before = [self._points[n] for n in sorted(self._points) if n < now.n_labeled]
        if now.accuracy is None and now.test_accuracy is None:
            return before
        last = before[-1].n_labeled if before else 0
        is_apart = now.n_labeled - last >= STEP * last
        if self._points.get(now.n_labeled, None if is_apart else now) != now:
            self._record(now)
            self._points[now.n_labeled] = now
        return [*before, now]

    def close(self) -> None:
        """Stop writing: another process may have the folder."""
        self._is_open = False

    def _record(self, point: CurvePoint) -> None:
        if not self._is_open:
            return
        line = b"" if self._ends_line else b"\n"
        with suppress(OSError):
            with self._path.open("ab") as file:
                file.write(line + encoded(point) + b"\n")
            self._ends_line = True


def encoded(point: CurvePoint) -> bytes:
    """Return a point as a line."""
    entry: dict[str, Any] = {"n_labeled": point.n_labeled}
    for name in ("accuracy", "test_accuracy"):
        found = getattr(point, name)
        entry[name] = None
        if found is not None:
            entry[name] = [found.value, found.lower, found.upper, found.n_labeled]
    return json.dumps(entry, allow_nan=False).encode("ascii")


def decoded(entry: dict[str, Any] | None) -> CurvePoint | None:
    """Return the point of a line, None if it is damaged."""
    load()
    from skactive.learner import AccuracyEstimate

    try:
        n_labeled = entry["n_labeled"]  # type: ignore[index]
        accuracy, test_accuracy = (
            _numbers(entry[name])  # type: ignore[index]
            for name in ("accuracy", "test_accuracy")
        )
    except (KeyError, OverflowError, TypeError, ValueError):
        return None
    if type(n_labeled) is not int or n_labeled < 0:
        return None
    return CurvePoint(
        n_labeled,
        None if accuracy is None else AccuracyEstimate(*accuracy),
        None if test_accuracy is None else TestAccuracy(*test_accuracy),
    )


def _numbers(given: Any) -> tuple[float, float, float, int] | None:
    if given is None:
        return None
    value, lower, upper, n_labeled = given
    shares = [float(one) for one in (value, lower, upper)]
    if not all(isfinite(one) and 0 <= one <= 1 for one in shares):
        raise ValueError("shares are between 0 and 1")
    return *shares, int(n_labeled)  # type: ignore[return-value]
