"""Exports that the page downloads."""

from __future__ import annotations

from pathlib import Path

from skactive.labeling._session import LabelingSession

NAMES = {
    "csv": "labels.csv",
    "jsonl": "labels.jsonl",
    "parquet": "labels.parquet",
    "json": "labels.json",
    "zip": "labels.zip",
    "joblib": "classifier.joblib",
}


def exported(session: LabelingSession, suffix: str, folder: Path) -> Path:
    """Write an export to a folder, and return its path.

    Parameters
    ----------
    session : LabelingSession
        The session.
    suffix : str
        The format.
    folder : Path
        The folder.
    """
    if suffix not in NAMES:
        raise ValueError(f"There is no export as {suffix!r}.")
    path = folder / NAMES[suffix]
    session.export(path)
    return path
