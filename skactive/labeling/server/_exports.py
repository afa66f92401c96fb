"""Exports that the page downloads."""

from __future__ import annotations

import tempfile
from pathlib import Path

from skactive.labeling import LabelingSession

SUFFIXES = ("csv", "jsonl", "parquet", "json")


def exported(session: LabelingSession, suffix: str) -> tuple[str, bytes]:
    """Return the name and the content of an export.

    Parameters
    ----------
    session : LabelingSession
        The session.
    suffix : {"csv", "jsonl", "parquet", "json"}
        The format.
    """
    if suffix not in SUFFIXES:
        raise ValueError(f"There is no export as {suffix!r}.")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"labels.{suffix}"
        session.export(path)
        return path.name, path.read_bytes()
