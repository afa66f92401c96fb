"""The settings of a session: its source, and what turns its samples into vectors."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from skactive._io.atomic_write import atomic_write
from skactive._io.session_paths import CLASSES, FORMAT, SETTINGS, SUFFIX, source_of
from skactive._validation import check_path
from skactive._warning import warn_user
from skactive.labeling._log import SessionLog
from skactive.labeling._sources import SampleList

VECTORS = "vectors"
MULTI_LABEL = "multi_label"


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


def with_earlier(
    folder: Path, settings: dict[str, Any], source: Any, columns: dict[str, str | None]
) -> tuple[dict[str, str | None], str | None]:
    """Return the columns and the model of an earlier session of the same source.

    Parameters
    ----------
    folder : Path
        The folder of the session.
    settings : dict of str to object
        Its settings, if there are any.
    source : object
        The source.
    columns : dict of str to str or None
        The columns; None for those that were not passed, which are those of the session.
    """
    if isinstance(source, str | os.PathLike):
        path = Path(source).absolute()
        if folder.resolve() == path.resolve():
            raise ValueError(
                f"{folder} has the samples, and cannot be the folder of the session. Hint: choose "
                "the name of a new folder."
            )
        if source_of(folder, settings) == path:
            kept = {
                name: settings.get(name) if one is None else one for name, one in columns.items()
            }
            return kept, settings.get("model")
    return columns, None


def has_several_labels(
    folder: Path,
    settings: dict[str, Any],
    given: bool | None,
    learner: Any,  # an ActiveLearner, or None
) -> bool:
    """Return whether samples can have several labels: as passed, in the settings or the learner."""
    if given is not None and not isinstance(given, bool):
        raise TypeError(
            "The 'multi_label' parameter of LabelingSession must be a bool or None. "
            f"Got {given!r} instead."
        )
    own = settings.get(MULTI_LABEL, False) if settings else None
    if learner is not None:
        kind = learner.pool.target.kind
        if kind == "continuous":
            raise TypeError(
                "The labels of this learner are numbers, but those of a session are classes. Hint: "
                "pass a learner with a classifier."
            )
        if given not in {None, kind == "multilabel"}:
            raise ValueError(
                f"multi_label={given} is not the kind of labels of the learner. Hint: leave it out."
            )
        given = kind == "multilabel"
    if own is not None and given is not None and own != given:
        raise ValueError(
            f"The samples of {folder} have {'several labels' if own else 'one class'} each. Hint: "
            "choose another session folder."
        )
    return bool(own if given is None else given)


def creation_of(
    embedder: Any,  # any transformer, or a str
    kind: str,
    folder: Path,
) -> Callable[[], Any]:  # of any transformer
    """Return a function that returns the transformer of samples, or None if they are vectors.

    The built-in transformers are imported by that function, since this takes seconds.

    Parameters
    ----------
    embedder : transformer, str or None
        A transformer, or the handle of a model. None takes a built-in one.
    kind : {"image", "text", "vector"}
        The kind of samples.
    folder : Path
        The folder of the session, in which vectors of images and of models are cached.
    """
    if embedder is None:
        return partial(built_in_embedder, kind, folder)
    if kind == "vector":
        raise ValueError(
            "The samples are vectors, which need no embedder. Hint: leave embedder out."
        )
    if isinstance(embedder, str):
        from skactive.embedding import HubEmbedder

        embedder = HubEmbedder(embedder, cache=folder / VECTORS, errors="nan")
    elif isinstance(embedder, type) or not hasattr(embedder, "transform"):
        raise TypeError(
            "The 'embedder' parameter of LabelingSession must be a transformer, or the handle of "
            f"a model. Got {embedder!r} instead."
        )
    return lambda: embedder


def built_in_embedder(kind: str, folder: Path) -> Any:  # any transformer
    """Return the transformer for which nothing is downloaded; None if samples are vectors."""
    from skactive.embedding import ImageDescriptor, TextDescriptor

    if kind == "image":
        return ImageDescriptor(cache=folder / VECTORS, errors="nan")
    return TextDescriptor() if kind == "text" else None


def write_settings(
    folder: Path,
    samples: SampleList,
    source: Any,
    columns: dict[str, str | None],
    embedder: Any,
    *,
    multi_label: bool,
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
        MULTI_LABEL: multi_label,
        "model": embedder if is_model else None,
        "embedder": None if is_model or embedder is None else type(embedder).__name__,
    }
    path = folder / SETTINGS
    content = json.dumps(settings, ensure_ascii=False, indent=1).encode("utf-8", "surrogatepass")
    if not path.is_file() or path.read_bytes() != content:
        # As the answers beside it.
        with atomic_write(path, mode=0o666) as file:
            file.write(content)


def with_chosen_classes(
    samples: SampleList, folder: Path, settings: dict[str, Any], log: SessionLog
) -> SampleList:
    """Return samples, with subfolders that are classes if they were when the session was created.

    A photo beside the subfolders, or the last one removed, does not change what they are: labels
    that were added for subfolders are not undone.
    """
    chosen = settings.get(CLASSES)
    is_old = CLASSES not in settings and (settings or log.done or log.imported)
    if is_old and samples.has_classes is not None:
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


def check_same_source(
    folder: Path,
    settings: dict[str, Any],
    kind: str,
    source: Any,
    columns: dict[str, str | None],
    answered: Collection[str],
) -> None:
    """Raise if answered samples of another source have the names of these ones.

    Names of files differ in each folder, and ids in each table; all others follow from the content
    of a sample. The session and its source may have been moved together, or the source alone.
    """
    earlier = source_of(folder, settings)
    if earlier is None or not answered or not isinstance(source, str | os.PathLike):
        return
    path = Path(source).absolute()
    base = _base_of_names(path, kind, columns)
    old = _base_of_names(earlier, settings.get("kind"), settings)
    if base is None or old is None or base == old:
        return
    # A table with ids has its names by itself.
    named = [(old, base)] if old.is_file() else [(old / name, base / name) for name in answered]
    there = [(one, other) for one, other in named if earlier.exists() and one.exists()]
    if any(not other.exists() or not one.samefile(other) for one, other in there):
        raise ValueError(
            f"{folder} has answers for samples of {earlier}, and {path} has others with the same "
            "names. Hint: choose another session folder; or, if these are copies, move "
            f"{earlier.name} away first."
        )
    if not there:
        warn_user(
            f"{folder} has answers for samples of {earlier}, which are not there any more: the "
            f"answers are taken for samples of {path} with the same names. Hint: choose another "
            "session folder if these are others."
        )


def _base_of_names(source: Path, kind: str | None, columns: dict[str, Any]) -> Path | None:
    """Return the file or folder in which the names of samples are unique; None for digests."""
    if columns["id_column"] is not None or (kind == "image" and source.is_dir()):
        return source
    return source.parent if kind == "image" else None
