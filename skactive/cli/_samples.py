"""The samples to embed: the images of a folder, or a column of a table."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from skactive._io.tables import (
    LABEL_COLUMNS,
    SEPARATORS,
    label_cells,
    listed,
    read_frame,
    shortened,
)
from skactive._io.values import is_missing, typed_labels
from skactive.cli._output import CommandError
from skactive.datasets import list_images

TABLE_SUFFIXES = (*SEPARATORS, ".parquet")
# Unless the user names a column, the samples are in the first of these that the table has.
COLUMNS = {
    "images": ("file", "path", "image", "filename"),
    "texts": ("text", "sentence", "question", "tweet", "review"),
}
UNLABELLED = ""


class Samples(NamedTuple):
    """The input of the model, and arrays that identify each sample."""

    X: list[Any]
    keys: dict[str, np.ndarray]
    title: str


class ImageFolder:
    """A folder of images, in a subfolder for each class or in none.

    Parameters
    ----------
    path : Path
        The folder.
    labels : bool
        Whether the subfolders are classes.

    Attributes
    ----------
    y : ndarray or None
        The classes.
    labels_from, without_labels : str
        Where the classes come from, and that there are none, for the summary.
    """

    labels_from = "subfolders"
    without_labels = "no labels"

    def __init__(self, path: Path, *, labels: bool) -> None:
        self._path = path
        paths, self.y = list_images(path, labels=labels)
        self._paths = paths.tolist()

    def samples(self, kind: str, model: str) -> Samples:
        """Return the images, if that is the `kind` of samples that the model takes."""
        if kind != "images":
            raise CommandError(
                f"{model} embeds texts, but {self._path} is a folder of images. Hint: choose an "
                "image model."
            )
        files = [Path(os.path.relpath(path, self._path)).as_posix() for path in self._paths]
        return Samples(self._paths, {"files": np.array(files)}, self._path.name or str(self._path))

    def place(self, position: int) -> str:
        """Return the name of a sample at the beginning of a sentence."""
        return f"A file in {self._path}"

    def line(self, position: int, described: str | None) -> str:
        """Return the name of a sample in a list, with the embedder's description of it."""
        return described or str(self._paths[position])


class Table:
    """A table with a column of texts, or of paths of images relative to its own folder.

    Parameters
    ----------
    path : Path
        The file.
    column : str or None
        The column of the samples; None finds it by its name.
    label : str or None
        The column of the labels; None finds it by its name, if there is one.
    labels : bool
        Whether labels are read.

    Attributes
    ----------
    y : ndarray or None
        The labels. If some samples have none: strings, with '' for those samples.
    labels_from, without_labels : str
        Where the labels come from, and that there are none, for the summary.
    """

    def __init__(self, path: Path, *, column: str | None, label: str | None, labels: bool) -> None:
        self._path = path
        self._column = column
        self._frame, self._label = read_frame(path, lambda columns: self._label_of(columns, label))
        self._columns = self._frame.columns.tolist()
        if column is not None and column not in self._columns:
            raise CommandError(f"{path} has no column {column!r}. {listed(self._columns)}")
        if column is not None and column == label:
            raise CommandError(
                f"Column {column!r} of {path} cannot be sample and label at once. Hint: name "
                "another one with --column or --label."
            )
        if len(self._frame) == 0:
            raise CommandError(f"{path} has columns, but no rows. Hint: write the file again.")
        self.labels_from = f"column {self._label}"
        self.without_labels = "no labels"
        if labels and self._label is None:
            self.without_labels += (
                f": no column is named {', '.join(LABEL_COLUMNS[:-1])} or {LABEL_COLUMNS[-1]}; "
                "--label NAME names another"
            )
        self.y = self._labels(self._label) if labels and self._label is not None else None

    def samples(self, kind: str, model: str) -> Samples:
        """Return the texts or the paths of images, by the `kind` that the model takes."""
        column = self._sample_column(kind, model)
        cells = self._cells(column)
        if not any(isinstance(cell, str) for cell in cells):
            raise CommandError(
                f"Column {column!r} of {self._path} contains neither texts nor paths. Hint: name "
                "another column with --column."
            )
        keys = {"rows": np.arange(len(cells))}
        if kind == "images":
            keys["files"] = np.array(["" if cell is None else str(cell) for cell in cells])
            cells = self._paths(cells, column, model)
        return Samples(cells, keys, f"{self._path.name}, column {column}")

    def place(self, position: int) -> str:
        """Return the name of a sample at the beginning of a sentence."""
        return f"Row {position + 1} of {self._path}"

    def line(self, position: int, described: str | None) -> str:
        """Return the name of a sample in a list, with the embedder's description of it."""
        return f"row {position + 1}{f': {described}' if described else ''}"

    def _cells(self, column: str) -> list[Any]:
        cells = self._frame[column].to_numpy(dtype=object).tolist()
        return [None if is_missing(cell) else cell for cell in cells]

    def _label_of(self, columns: list[str], label: str | None) -> str | None:
        if label is not None:
            if label not in columns:
                raise CommandError(f"{self._path} has no column {label!r}. {listed(columns)}")
            return label
        possible = (name for name in LABEL_COLUMNS if name != self._column)
        return next((name for name in possible if name in columns), None)

    def _labels(self, label: str) -> np.ndarray | None:
        try:
            cells = label_cells(self._path, self._frame, label)
            rows = np.flatnonzero([not is_missing(cell) for cell in cells.tolist()])
            if len(rows) == 0:
                return None
            known = typed_labels(
                cells[rows],
                f"Column {label!r} of {self._path}",
                lambda at: f"Row {rows[at] + 1} of column {label!r} in {self._path}",
            )
        except ValueError as error:
            fact = str(error).partition(" Hint: ")[0]
            raise CommandError(
                f"{fact} Hint: name another column with --label, or pass --no-labels."
            ) from error
        if known.dtype == object:
            # A file without pickles holds strings of fixed width, without NUL at their ends.
            for row, name in zip(rows.tolist(), known.tolist(), strict=True):
                if name.endswith("\0"):
                    raise CommandError(
                        f"Row {row + 1} of column {label!r} in {self._path} ends with a NUL "
                        "character, which a .npz file cannot store. Hint: rename the class."
                    )
        names = known.astype(str) if len(rows) < len(cells) or known.dtype == object else known
        if len(rows) == len(cells):
            return names
        y = np.full(len(cells), UNLABELLED, dtype=names.dtype)
        y[rows] = names
        return y

    def _sample_column(self, kind: str, model: str) -> str:
        if self._column is not None:
            return self._column
        for name in COLUMNS[kind]:
            if name in self._columns and name != self._label:
                return name
        possible = [
            name for name in self._columns if name != self._label and self._may_hold(kind, name)
        ]
        if len(possible) == 1:
            return possible[0]
        (other,) = COLUMNS.keys() - {kind}
        raise CommandError(
            f"{model} embeds {kind}, but the column of {self._path} with the {kind} is ambiguous. "
            f"{listed(self._columns)} Hint: name it with --column, or choose a model of {other}."
        )

    def _may_hold(self, kind: str, column: str) -> bool:
        cells = self._cells(column)
        if kind == "images":
            return _any_is_file(self._joined(cells))
        return column not in COLUMNS["images"] and any(isinstance(cell, str) for cell in cells)

    def _paths(self, cells: Sequence[Any], column: str, model: str) -> list[Any]:
        paths = self._joined(cells)
        if not _any_is_file(paths):
            first = next(path for path in paths if isinstance(path, str))
            raise CommandError(
                f"{model} embeds images, but column {column!r} of {self._path} names no file that "
                f"exists, the first being {shortened(first, 100)}. Hint: paths are relative to the "
                "folder of the table; for texts, choose a text model."
            )
        return paths

    def _joined(self, cells: Sequence[Any]) -> list[Any]:
        folder = "" if self._path.parent == Path() else self._path.parent
        return [os.path.join(folder, cell) if isinstance(cell, str) else cell for cell in cells]  # noqa: PTH118 - ten times as fast


def open_source(
    source: str, *, column: str | None, label: str | None, labels: bool
) -> ImageFolder | Table:
    """Return the folder or table at a path."""
    path = Path(source)
    if path.is_dir():
        for option, value in [("--column", column), ("--label", label)]:
            if value is not None:
                raise CommandError(
                    f"{option} {value} is for a table, but {path} is a folder, whose subfolders "
                    f"are the classes. Hint: leave {option} out."
                )
        return ImageFolder(path, labels=labels)
    if not path.exists():
        raise CommandError(
            f"{path} does not exist. Hint: check the path; a relative one starts at the current "
            "folder."
        )
    if path.suffix.lower() not in TABLE_SUFFIXES:
        *others, last = TABLE_SUFFIXES
        raise CommandError(
            f"{path} is neither a folder nor a table. Hint: pass a folder of images, or a "
            f"{', '.join(others)} or {last} file with a column of texts or of paths."
        )
    return Table(path, column=column, label=label, labels=labels)


def _any_is_file(paths: Sequence[Any]) -> bool:
    return any(os.path.isfile(path) for path in paths if isinstance(path, str))  # noqa: PTH113 - ten times as fast
