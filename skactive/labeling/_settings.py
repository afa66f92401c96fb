"""The settings of a session: its source, and what turns its samples into vectors."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from skactive._io.atomic_write import atomic_write
from skactive._io.journal_file import json_object
from skactive._validation import check_path
from skactive._warning import warn_user
from skactive.embedding import HubEmbedder, ImageDescriptor, TextDescriptor
from skactive.labeling._log import SessionLog
from skactive.labeling._sources import SampleList

SETTINGS = "session.json"
VECTORS = "vectors"
SUFFIX = ".session"
FORMAT = "skactive session 1"
CLASSES = "subfolders_are_classes"
COLUMNS = ("text_column", "label_column", "id_column")


def session_folder(source: Any, folder: Any) -> Path:
    """Return the folder of a session: the one that was passed, or one beside the source."""
    if folder is not None:
        return Path(check_path("LabelingSession", "folder", folder)).absolute()
    if not isinstance(source, str | os.PathLike):
        raise TypeError(
            "A session of listed samples needs a folder. Hint: pass the path of a new folder."
        )
    path = Path(source).absolute()
    return path.with_name(path.name + SUFFIX)


def embedder_of(embedder: Any, kind: str, folder: Path) -> Any:  # any transformer
    """Return the transformer of samples; None if they are vectors.

    Parameters
    ----------
    embedder : transformer, str or None
        A transformer, or the handle of a model. None takes a built-in one.
    kind : {"image", "text", "vector"}
        The kind of samples.
    folder : Path
        The folder of the session, in which vectors of images and of models are cached.
    """
    if kind == "vector":
        if embedder is not None:
            raise ValueError(
                "The samples are vectors, which need no embedder. Hint: leave embedder out."
            )
        return None
    if isinstance(embedder, str):
        return HubEmbedder(embedder, cache=folder / VECTORS, errors="nan")
    if embedder is not None:
        if isinstance(embedder, type) or not hasattr(embedder, "transform"):
            raise TypeError(
                "The 'embedder' parameter of LabelingSession must be a transformer, or the handle "
                f"of a model. Got {embedder!r} instead."
            )
        return embedder
    if kind == "image":
        return ImageDescriptor(cache=folder / VECTORS, errors="nan")
    return TextDescriptor()


def write_settings(
    folder: Path,
    samples: SampleList,
    source: Any,
    columns: dict[str, str | None],
    embedder: Any,
) -> None:
    """Write the settings of a session, unless the file has them already."""
    is_path = isinstance(source, str | os.PathLike)
    is_model = isinstance(embedder, str)
    settings = {
        "format": FORMAT,
        "kind": samples.kind,
        # Both can be moved together.
        "source": os.path.relpath(source, folder) if is_path else None,
        **columns,
        CLASSES: samples.has_classes,
        "model": embedder if is_model else None,
        "embedder": None if is_model or embedder is None else type(embedder).__name__,
    }
    path = folder / SETTINGS
    content = json.dumps(settings, ensure_ascii=False, indent=1).encode("utf-8", "surrogatepass")
    if not path.is_file() or path.read_bytes() != content:
        with atomic_write(path) as file:
            file.write(content)


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


def with_chosen_classes(
    samples: SampleList, folder: Path, settings: dict[str, Any], log: SessionLog
) -> SampleList:
    """Return samples, with subfolders that are classes if they were when the session was created.

    A photo beside the subfolders, or the last one removed, does not change what they are: labels
    that were added for subfolders are not undone.
    """
    chosen = settings.get(CLASSES)
    if CLASSES not in settings and (settings or log.done or log.imported):
        # The session is older than the setting.
        chosen = bool(log.imported)
    if chosen is None or chosen == samples.has_classes:
        return samples
    if samples.has_classes is None:
        return replace(samples, has_classes=chosen)
    warn_user(
        f"The subfolders of the source are {'' if chosen else 'no '}classes in {folder}, as when "
        f"the session was created, although {'no' if chosen else 'some'} images are beside them "
        "now. Hint: create a new session to choose again."
    )
    return samples.with_classes(chosen)
