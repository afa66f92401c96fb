"""The samples of a session: photos of a folder, texts or photos of a table, a list, or vectors."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import BadZipFile

import numpy as np

from skactive._io.image_paths import are_paths, inside, is_image_name
from skactive._io.journal_file import json_object
from skactive._io.regular_files import check_regular
from skactive._io.session_paths import TABLE_SUFFIXES, check_source
from skactive._io.tables import LABEL_COLUMNS, label_cells, listed, read_frame
from skactive._io.values import is_missing, typed_labels
from skactive._optional import not_installed
from skactive._text import counted, shown
from skactive._validation import check_name
from skactive._warning import warn_user
from skactive.datasets import list_images

# Unless the user names a column, the samples are in the first of these that the table has.
TEXT_COLUMNS = ("text", "sentence", "question", "tweet", "review")
IMAGE_COLUMNS = ("file", "path", "image", "filename")
# A column that may have labels has at most this many values, each of them this often on average.
MOST_LABELS = 20
N_PER_LABEL = 3
DIGEST_SIZE = 8  # bytes: two of 100,000 texts share a digest with a probability below 10⁻⁹


class TableColumns(NamedTuple):
    """The columns of a table that a session uses.

    Attributes
    ----------
    samples : str
        The column of the samples.
    labels : str or None
        The column of the labels, if there is one.
    possible : dict of str to int
        Columns that may have labels, and their numbers of different values. Empty if labels are
        used.
    """

    samples: str
    labels: str | None
    possible: dict[str, int]


@dataclass(frozen=True, eq=False)
class SampleList:
    """The samples of a session.

    Attributes
    ----------
    kind : {"image", "text", "vector"}
        The kind of all samples.
    ids : list of str
        Their names: all different, and the same whenever the source is read.
    values : list
        Paths of images, texts, or vectors.
    labels : list of str or None
        Labels that the source has; None for a sample without one.
    thumbnails : ndarray of shape (n_samples, height, width[, 3 or 4])
        Pictures of samples that are vectors, or None.
    has_classes : bool or None
        Whether the subfolders of a folder of images are classes; None if it has no subfolders, or
        for other sources.
    columns : TableColumns or None
        The columns of a table; None for other sources.
    has_given_ids : bool
        Whether the ids of texts are in the table, and do not follow from the texts.
    """

    kind: str
    ids: list[str]
    values: Any
    labels: list[str | None]
    thumbnails: np.ndarray | None = None
    has_classes: bool | None = None
    columns: TableColumns | None = None
    has_given_ids: bool = False

    def __len__(self) -> int:
        return len(self.ids)

    def positions(self) -> dict[str, int]:
        """Return the position of each sample by its name."""
        return {name: position for position, name in enumerate(self.ids)}

    def described_columns(self) -> str:
        """Return in a sentence which columns of a table are used; empty for other sources."""
        if self.columns is None:
            return ""
        column, labels, possible = self.columns
        found = f"{self.kind.capitalize()}s: column {shown(column)}; "
        if labels is not None:
            n = sum(label is not None for label in self.labels)
            return f"{found}labels: column {shown(labels)}, {n:,} of {counted(len(self), 'row')}."
        if not possible:
            return f"{found}no labels."
        name, n = min(possible.items(), key=lambda item: item[1])
        return (
            f"{found}no labels. Hint: column {shown(name)} has {n} different values; if these are "
            f"labels, name it with label_column={shown(name)}."
        )

    def with_classes(self, has_classes: bool) -> SampleList:
        """Return images of a folder whose subfolders are classes, or are none."""
        labels = [_class_of(name) if has_classes else None for name in self.ids]
        return replace(self, labels=labels, has_classes=has_classes)


def read_samples(
    source: Any,  # a path, or samples
    *,
    text_column: str | None = None,
    label_column: str | None = None,
    id_column: str | None = None,
) -> SampleList:
    """Return the samples of a source, as `LabelingSession` describes them."""
    columns = {"text_column": text_column, "label_column": label_column, "id_column": id_column}
    for name, value in columns.items():
        check_name("LabelingSession", name, value)
    if isinstance(source, SampleList):
        return source
    if not isinstance(source, str | os.PathLike):
        _check_no_columns(columns, "a list of samples")
        return listed_samples(source)
    path = Path(source)
    check_source(path)
    if path.is_dir():
        _check_no_columns(columns, f"the folder {path}")
        return _images_of(path)
    suffix = path.suffix.lower()
    if suffix in TABLE_SUFFIXES:
        return _rows_of(path, text_column, label_column, id_column)
    if suffix == ".txt":
        _check_no_columns(columns, f"the text file {path}")
        return _lines_of(path)
    _check_no_columns(columns, f"the vectors in {path}")
    return _vectors_of(path)


def _check_no_columns(columns: dict[str, str | None], source: str) -> None:
    for name, value in columns.items():
        if value is not None:
            raise ValueError(
                f"{name}={value!r} names a column of a table, but the source is {source}. Hint: "
                f"leave {name} out."
            )


def _images_of(folder: Path) -> SampleList:
    found, _ = list_images(folder, labels=False)
    paths = _without_links_out(folder, found.tolist())
    names = [_name_in(folder, path) for path in paths]
    are_in = ["/" in name for name in names]
    samples = SampleList("image", names, paths, [None] * len(names))
    # If no image is outside, the subfolders may be anything, such as years.
    return samples.with_classes(not all(are_in)) if any(are_in) else samples


def _class_of(name: str) -> str | None:
    """Return the subfolder of an image without blanks around it; None if it is in none."""
    subfolder, separator, _ = name.partition("/")
    return subfolder.strip() or None if separator else None


def _name_in(folder: Path, path: str) -> str:
    return Path(os.path.relpath(path, folder)).as_posix()


def _without_links_out(folder: Path, paths: list[str]) -> list[str]:
    """Return the images that are in the folder, and warn of others, to which links lead."""
    are_inside = inside(paths, folder)
    if all(are_inside):
        return paths
    out = paths[are_inside.index(False)]
    hint = (
        "Hint: copy the files into the folder, or write their paths into a table, which may name "
        "any file."
    )
    if not any(are_inside):
        raise ValueError(
            f"{folder} contains no image, but symbolic links to images outside of it, such as "
            f"{shown(_name_in(folder, out))}. {hint}"
        )
    n = are_inside.count(False)
    warn_user(
        f"{counted(n, 'image')} of {folder} {'is' if n == 1 else 'are'} left out, such as "
        f"{shown(_name_in(folder, out))}: a symbolic link leads out of the folder. {hint}"
    )
    return [path for path, is_in in zip(paths, are_inside, strict=True) if is_in]


def _lines_of(path: Path) -> SampleList:
    check_regular(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not text in UTF-8. Hint: save it as UTF-8.") from error
    # Not at page breaks and other characters at which splitlines ends lines, too.
    lines = text.split("\n")
    # Blank lines at the end are no gaps between samples.
    while lines and not lines[-1].strip():
        lines.pop()
    return _texts([lines[place] for place in _filled(lines, "Line", path, first=1)], path)


def listed_samples(source: Any, *, keeps_blank: bool = False) -> SampleList:
    """Return samples of a list, blank texts only with `keeps_blank`."""
    if isinstance(source, bytes | dict) or not hasattr(source, "__iter__"):
        raise TypeError(
            "The 'source' parameter of LabelingSession must be a path, or a list of texts or of "
            f"paths. Got {source!r} instead."
        )
    values = source.tolist() if hasattr(source, "tolist") else list(source)
    for place, value in enumerate(values):
        if not isinstance(value, str | os.PathLike):
            raise TypeError(
                f"Sample {place} is of type {type(value).__name__}. Hint: pass texts, or paths of "
                "images; for vectors, the path of a .npz file."
            )
    if not keeps_blank:
        values = [values[place] for place in _filled(values, "Sample", "the list")]
    if are_paths(values):
        paths = [os.fspath(value) for value in values]
        return SampleList("image", distinct(paths), paths, [None] * len(paths))
    return _texts(values, "The list")


def _filled(
    cells: Sequence[Any], noun: str, source: object, fact: str = "it is blank", *, first: int = 0
) -> list[int]:
    """Return the places of cells that are not blank, and warn of others, if not all are."""
    filled = [place for place, cell in enumerate(cells) if not is_missing(cell)]
    n = len(cells) - len(filled)
    if n and filled:
        place = next(place for place, cell in enumerate(cells) if is_missing(cell)) + first
        if n == 1:
            message = f"{noun} {place} of {source} is left out: {fact}."
        else:
            nouns, one = f"{noun.lower()}s", noun.lower()
            message = f"{n:,} {nouns} of {source} are left out, first {one} {place}: {fact}."
        warn_user(message)
    return filled


def _texts(texts: Sequence[str], source: object, ids: Sequence[str] | None = None) -> SampleList:
    if len(texts) == 0:
        raise ValueError(f"{source} contains no text. Hint: check the source.")
    names = distinct([digest(text) for text in texts]) if ids is None else list(ids)
    return SampleList("text", names, list(texts), [None] * len(texts))


def _rows_of(
    path: Path, text_column: str | None, label_column: str | None, id_column: str | None
) -> SampleList:
    def label_of(columns: list[str]) -> str | None:
        if label_column is not None:
            return _existing(path, columns, label_column)
        taken = {text_column, id_column}
        return next((name for name in LABEL_COLUMNS if name in columns and name not in taken), None)

    if path.suffix.lower() == ".jsonl":
        frame, label = _read_json_lines(path, label_of)
    else:
        # Samples and ids are text: "007" is not 7.
        as_text = [*TEXT_COLUMNS, *(name for name in (text_column, id_column) if name is not None)]
        frame, label = read_frame(path, label_of, as_text)
    columns = frame.columns.tolist()
    if len(frame) == 0:
        raise ValueError(f"{path} has columns, but no rows. Hint: write the file again.")
    column = _sample_column(path, frame, text_column, {label, id_column})
    cells = frame[column].to_numpy(dtype=object).tolist()
    rows = _filled(cells, "Row", path, f"column {column!r} is empty there", first=1)
    if not rows:
        raise ValueError(
            f"Column {column!r} of {path} is empty. Hint: name another column with text_column."
        )
    values = [str(cells[row]) for row in rows]
    labels = _labels(path, frame, label, rows)
    ids = None if id_column is None else _ids(path, frame, columns, id_column, rows)
    taken = {column, id_column}
    used = TableColumns(column, label, {} if label is not None else _possible_labels(frame, taken))
    if column not in TEXT_COLUMNS and all(map(is_image_name, values)):
        paths = [os.path.join(path.parent, value) for value in values]  # noqa: PTH118 - ten times as fast
        names = distinct(values) if ids is None else ids
        return SampleList("image", names, paths, labels, columns=used)
    texts = _texts(values, path, ids)
    return replace(texts, labels=labels, columns=used, has_given_ids=ids is not None)


def _read_json_lines(path: Path, label_of: Any) -> tuple[Any, str | None]:
    check_regular(path)
    try:
        import pandas as pd
    except ImportError as error:
        raise not_installed("Reading tables", "pandas", "table") from error
    rows = []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        if line.strip():
            row = json_object(line)
            if row is None:
                raise ValueError(
                    f"Line {number} of {path} is no JSON object: {line[:40]!r}. Hint: each line "
                    'is an object such as {"text": "..."}.'
                )
            rows.append(row)
    frame = pd.DataFrame(rows, dtype=object)
    return frame, label_of(frame.columns.tolist())


def _sample_column(path: Path, frame: Any, chosen: str | None, taken: set[str | None]) -> str:
    columns = frame.columns.tolist()
    if chosen is not None:
        if chosen in taken:
            raise ValueError(
                f"Column {chosen!r} of {path} cannot have the samples and their labels or ids at "
                "once. Hint: name another column."
            )
        return _existing(path, columns, chosen)
    for name in (*TEXT_COLUMNS, *IMAGE_COLUMNS):
        if name in columns and name not in taken:
            return name
    possible = [
        name
        for name in columns
        if name not in taken
        and any(isinstance(cell, str) for cell in frame[name].to_numpy(dtype=object).tolist())
    ]
    if len(possible) == 1:
        return str(possible[0])
    raise ValueError(
        f"The column of {path} with the samples is ambiguous. {listed(columns)} Hint: name it "
        "with text_column."
    )


def _possible_labels(frame: Any, taken: set[str | None]) -> dict[str, int]:
    """Return columns with few different values, and their numbers."""
    found = {}
    for name in frame.columns.tolist():
        n_cells, values = 0, set()
        for cell in [] if name in taken else frame[name].to_numpy(dtype=object).tolist():
            if not is_missing(cell):
                n_cells += 1
                values.add(str(cell))
            if len(values) > MOST_LABELS:
                break
        if 2 <= len(values) <= min(MOST_LABELS, n_cells // N_PER_LABEL):
            found[str(name)] = len(values)
    return found


def _existing(path: Path, columns: Sequence[str], name: str) -> str:
    if name not in columns:
        raise ValueError(f"{path} has no column {name!r}. {listed(columns)}")
    return name


def _labels(path: Path, frame: Any, label: str | None, rows: list[int]) -> list[str | None]:
    if label is None:
        return [None] * len(rows)
    cells = label_cells(path, frame, label)[rows]
    whole = f"Column {label!r} of {path}"
    return class_names(cells, whole, lambda at: f"Row {rows[at] + 1} of column {label!r} in {path}")


def class_names(values: np.ndarray, whole: str, place: Callable[[int], str]) -> list[str | None]:
    """Return labels as names of classes, without blanks around them; None where one is missing.

    `whole` names all values and `place` one of them, as the subject of an error message.
    """
    known = np.flatnonzero([not is_missing(value) for value in values.tolist()])
    names: list[str | None] = [None] * len(values)
    if len(known):
        labels = typed_labels(values[known], whole, lambda at: place(int(known[at])))
        for row, label in zip(known.tolist(), labels.tolist(), strict=True):
            names[row] = str(label).strip()
    return names


def _ids(path: Path, frame: Any, columns: list[str], name: str, rows: list[int]) -> list[str]:
    cells = frame[_existing(path, columns, name)].to_numpy(dtype=object).tolist()
    ids = []
    for row in rows:
        if is_missing(cells[row]):
            raise ValueError(
                f"Row {row + 1} of column {name!r} in {path} is missing. Hint: every sample needs "
                "an id."
            )
        ids.append(str(cells[row]))
    if len(set(ids)) < len(ids):
        id_, n = Counter(ids).most_common(1)[0]
        raise ValueError(
            f"Column {name!r} of {path} has the id {id_!r} {n} times. Hint: name a column whose "
            "values are all different."
        )
    return ids


def _vectors_of(path: Path) -> SampleList:
    check_regular(path)
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            X = np.asarray(arrays["X" if "X" in arrays else "x"])
            thumbnails = arrays.get("images")
            y = arrays.get("y")
    except (EOFError, KeyError, ValueError, OSError, BadZipFile) as error:
        raise ValueError(
            f"{path} cannot be read as vectors: {' '.join(str(error).split())}. Hint: it needs an "
            "array 'X' of shape (n_samples, n_features)."
        ) from error
    if X.ndim != 2 or X.size == 0 or X.dtype.kind not in "fiub":
        raise ValueError(
            f"Array 'X' of {path} is no array of numbers of shape (n_samples, n_features), but of "
            f"type {X.dtype} and shape {X.shape}. Hint: write the vectors again."
        )
    is_finite = np.isfinite(X).all(axis=1)
    if not is_finite.all():
        raise ValueError(
            f"Array 'X' of {path} has NaN or infinity, first in row {int(is_finite.argmin())}. "
            "Hint: leave such samples out."
        )
    if thumbnails is not None:
        thumbnails = pictures(thumbnails, len(X), path)
    labels: list[str | None] = [None] * len(X)
    if y is not None:
        if y.shape != (len(X),):
            raise ValueError(
                f"Array 'y' of {path} has the shape {y.shape} for {len(X):,} vectors. Hint: write "
                "one label for each, or an empty text where there is none."
            )
        labels = class_names(y, f"Array 'y' of {path}", lambda at: f"Label {at} of {path}")
    ids = distinct([digest(row.tobytes()) for row in np.ascontiguousarray(X)])
    return SampleList("vector", ids, X, labels, thumbnails)


def pictures(images: np.ndarray, n: int, path: object) -> np.ndarray:
    """Return pictures that can be drawn: grey, red-green-blue, or these with transparency."""
    shape = images.shape
    is_drawable = len(shape) == 3 or (len(shape) == 4 and shape[3] in (1, 3, 4))
    if not is_drawable or 0 in shape[1:] or images.dtype.kind not in "fiub":
        raise ValueError(
            f"Array 'images' of {path} is no array of numbers of shape (n_samples, height, width) "
            f"or (n_samples, height, width, 3), but of type {images.dtype} and shape {shape}. "
            "Hint: write the pictures again, or leave them out."
        )
    if len(images) != n:
        raise ValueError(
            f"{path} has {len(images):,} images for {n:,} vectors. Hint: write one for each."
        )
    return images[..., 0] if shape[3:] == (1,) else images


def digest(content: str | bytes) -> str:
    """Return a short name that depends on the content of a sample."""
    data = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    return blake2b(data, digest_size=DIGEST_SIZE).hexdigest()


def distinct(names: Iterable[str]) -> list[str]:
    """Return different names: copies of one are numbered."""
    n_seen: Counter[str] = Counter()
    found: dict[str, None] = {}
    for name in names:
        candidate = name
        while candidate in found:
            n_seen[name] += 1
            candidate = f"{name}#{n_seen[name] + 1}"
        found[candidate] = None
    return list(found)
