"""The paths of a labelling session: its source, its folder, and the files of its results.

The commands check their arguments by this module before they load scikit-learn.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from skactive._io.journal_file import json_object

TABLE_SUFFIXES = (".csv", ".tsv", ".parquet", ".jsonl")
SETTINGS = "session.json"
SUFFIX = ".session"
FORMAT = "skactive session 1"
CLASSES = "subfolders_are_classes"
COLUMNS = ("text_column", "label_column", "id_column")
# The suffixes of tables of results, and that of a file with the classifier.
RESULT_SUFFIXES = (".csv", ".jsonl", ".parquet", ".json")
CLASSIFIER = ".joblib"


def check_source(path: Path) -> None:
    """Raise unless a path is a folder, or a file that may have samples."""
    if not path.exists():
        raise FileNotFoundError(
            f"{path} does not exist. Hint: check the path; a relative one starts at the current "
            "folder."
        )
    if (path / SETTINGS).is_file():
        name = source_of(path, written_settings(path)) or path
        raise ValueError(f"{path} is the folder of a session. Hint: pass its samples, {name}.")
    *others, last = (*TABLE_SUFFIXES, ".txt", ".npz")
    if not path.is_dir() and path.suffix.lower() not in {*others, last}:
        raise ValueError(
            f"{path} is no source of samples. Hint: pass a folder of images, or a file that ends "
            f"in {', '.join(others)} or {last}."
        )


def found_session(path: Path) -> Path:
    """Return the folder of a session: the path itself, or that beside a source."""
    beside = path.absolute().with_name(path.absolute().name + SUFFIX)
    if not (path / SETTINGS).is_file() and (beside / SETTINGS).is_file():
        return beside
    return path.absolute()


def read_settings(folder: Path) -> dict[str, Any]:
    """Return the settings of a session."""
    path = folder / SETTINGS
    if not path.is_file():
        name = folder.name.removesuffix(SUFFIX)
        if not folder.exists() and not folder.with_name(name).exists():
            raise FileNotFoundError(f"{folder} does not exist. Hint: check the path.")
        raise FileNotFoundError(
            f"{folder} has no session yet: there is no {SETTINGS}. Hint: create it by `skactive "
            f"label {name}`, or by LabelingSession(source)."
        )
    settings = written_settings(folder)
    if not settings:
        raise ValueError(
            f"{path} is not of a session of this version. Hint: remove the file, and create the "
            "session again by LabelingSession(source, folder); its answers are kept."
        )
    return settings


def written_settings(folder: Path) -> dict[str, Any]:
    """Return the settings of a session; none if there are none, or not of this version."""
    path = folder / SETTINGS
    settings = json_object(path.read_bytes()) if path.is_file() else None
    texts = ("source", "model", "embedder", *COLUMNS)
    if (
        settings is None
        or settings.get("format") != FORMAT
        or not all(isinstance(settings.get(name, ()), str | None) for name in texts)
        or not isinstance(settings.get(CLASSES), bool | None)
    ):
        return {}
    return settings


def source_of(folder: Path, settings: dict[str, Any]) -> Path | None:
    """Return the source that the settings of a session name; None for listed samples."""
    source = settings.get("source")
    # Both can be moved together.
    return None if source is None else Path(os.path.normpath(folder / source))


def check_export_suffix(path: Path) -> None:
    """Raise unless a session can be exported to a path with this suffix."""
    if path.suffix.lower() not in {"", *RESULT_SUFFIXES, ".zip", CLASSIFIER}:
        raise ValueError(
            f"{path} has no suffix of a format. Hint: a file ends in {', '.join(RESULT_SUFFIXES)}, "
            f".zip or {CLASSIFIER}; a name without a suffix is that of a folder with a subfolder "
            "per class."
        )


def check_prediction_suffix(path: Path) -> None:
    """Raise unless predictions can be written to a path with this suffix."""
    if path.suffix.lower() not in RESULT_SUFFIXES:
        raise ValueError(
            f"{path} has no suffix of a table. Hint: predictions are written to a file that ends "
            f"in {', '.join(RESULT_SUFFIXES)}."
        )


def check_target(path: Path, kept: Iterable[Path] = ()) -> None:
    """Raise unless a file or folder can be made; files and folders of `kept` stay as they are."""
    if not path.parent.is_dir():
        raise FileNotFoundError(f"The folder {path.parent} does not exist. Hint: create it first.")
    if not path.suffix and path.exists():
        raise FileExistsError(f"{path} exists already. Hint: choose the name of a new folder.")
    if path.suffix and path.is_dir():
        raise IsADirectoryError(f"{path} is a folder. Hint: choose the name of a new file.")
    place = path.resolve()
    for one in kept:
        taken = one.resolve()
        if place == taken:
            raise ValueError(
                f"{path} has the samples or the answers, and is not replaced. Hint: choose another "
                "name."
            )
        if not path.suffix and taken.is_dir() and taken in place.parents:
            raise ValueError(
                f"{path} is in the folder of the samples, to which its copies would be added. "
                "Hint: choose a folder outside of it."
            )
