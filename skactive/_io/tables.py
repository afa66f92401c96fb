"""Vectors and labels in tables: CSV and Parquet, through pandas."""

from __future__ import annotations

import csv
import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np

from skactive._io.column_kinds import are_numbered, holds_vectors, is_id_like
from skactive._io.numeric_labels import labels_for
from skactive._io.regular_files import check_regular
from skactive._io.values import as_float, first_not_finite, is_missing, labels_of_text
from skactive._optional import not_installed

LABEL_COLUMNS = ("label", "y", "target", "class")
SEPARATORS = {".csv": ",", ".tsv": "\t"}
SEPARATOR_NAMES = {",": "commas", ";": "semicolons", "\t": "tabulators", "|": "vertical bars"}
PEEKED = 2**16  # characters, in which the separator is looked for
N_FAULTS_NAMED = 5
N_COLUMNS_NAMED = 8
Label = TypeVar("Label", str, str | None)


class LabeledTable(NamedTuple):
    """The content of a table.

    `columns` are the names of the features, and `left_out` those of columns that appear to identify
    rows. `is_embedding`: the features are vectors of one scale, not measurements of their own.
    """

    X: np.ndarray
    y: np.ndarray
    columns: list[str]
    left_out: list[str]
    is_embedding: bool


def read_table(
    path: Path,
    label: Any = None,
    features: str | Sequence[str] | None = None,
    drop: str | Sequence[str] | None = None,
    *,
    unlabeled: bool = False,
    task: str = "classification",
) -> LabeledTable:
    """Read a table with a column of labels and columns of numbers, or one of lists of numbers."""
    frame, chosen = read_frame(path, lambda columns: _label_column(path, columns, label))
    frame.columns = [str(column) for column in frame.columns]
    names, left_out = _feature_columns(path, frame, chosen, features, drop)
    if len(frame) == 0:
        raise ValueError(f"{path} has columns, but no rows. Hint: write the file again.")
    is_embedding = are_numbered(names)
    if len(names) == 1 and holds_vectors(frame[names[0]]):
        X, is_embedding = _stacked(path, names[0], frame[names[0]]), True
        if (place := first_not_finite(X)) is not None:
            raise _faulty(path, [(names[0], place[0], X[place].item())])
    else:
        faults: list[tuple[str, int, Any]] = []
        X = np.column_stack([_numbers(name, frame[name], faults) for name in names])
        if faults:
            raise _faulty(path, faults)
    y = labels_for(
        task,
        *_raw_labels(path, frame, chosen),
        unlabeled=unlabeled,
        is_text=path.suffix.lower() in SEPARATORS,
    )
    return LabeledTable(X, y, names, left_out, is_embedding)


def _stacked(path: Path, name: str, column: Any) -> np.ndarray:
    try:
        X = np.stack([np.asarray(cell) for cell in column])
        X = X.astype(as_float(X.dtype))
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"Column {name!r} of {path} holds lists, but not of numbers and of one length. Hint: "
            "write the vectors again."
        ) from error
    if X.ndim != 2 or X.shape[1] == 0:
        raise ValueError(
            f"Column {name!r} of {path} holds lists of the shape {X.shape[1:]}. Hint: a vector is "
            "a list of numbers."
        )
    return X


def label_cells(path: Path, frame: Any, column: str) -> np.ndarray:
    """Return the cells of the column of labels; in a text file as `labels_of_text` reads them."""
    cells, _, place = _raw_labels(path, frame, column)
    if path.suffix.lower() not in SEPARATORS:
        return cells
    return labels_of_text(cells.tolist(), place)


def _raw_labels(
    path: Path, frame: Any, column: str
) -> tuple[np.ndarray, str, Callable[[int], str]]:
    """Return the cells of a column, their name in messages, and that of one of them."""
    cells: np.ndarray = frame[column].to_numpy(dtype=object)
    if path.suffix.lower() in SEPARATORS:
        # A row with fewer fields than the header has NaN instead of text.
        cells[:] = ["" if is_missing(cell) else cell for cell in cells.tolist()]
    whole = f"Column {column!r} of {path}"
    return cells, whole, lambda row: f"Row {row + 1} of column {column!r} in {path}"


def read_frame(
    path: Path, label_of: Callable[[list[str]], Label], texts: Sequence[str] = ()
) -> tuple[Any, Label]:
    """Return a .csv, .tsv or .parquet file as a DataFrame, and its column of labels.

    `label_of` returns the column of labels by the names of all columns, or None. In a text file its
    cells, and those of the columns `texts`, stay text, which pandas would turn into numbers.
    """
    check_regular(path)
    try:
        import pandas as pd
    except ImportError as error:
        raise not_installed("Reading tables", "pandas", "table") from error
    if path.suffix.lower() == ".parquet":
        frame = _read_parquet(path)
        frame.columns = [str(column) for column in frame.columns]
        return frame, label_of(frame.columns.tolist())
    separator = SEPARATORS[path.suffix.lower()]
    try:
        check_names(path, _checked_header(path, separator))
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            header = pd.read_csv(path, sep=separator, index_col=False, nrows=0)
            names = header.columns.tolist()
            label = label_of(names)
            frame = pd.read_csv(
                path,
                sep=separator,
                index_col=False,
                dtype={name: str for name in names if name == label or name in texts},
                # A class may be called "None" or "NA"; missing cells are found later.
                keep_default_na=False,
                low_memory=False,
            )
            return frame, label
    except pd.errors.ParserWarning as error:
        raise ValueError(
            f"Line 2 of {path} has more fields than the header. Hint: give every column a name, "
            "and put text with separators in quotes."
        ) from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not text in UTF-8. Hint: save it as UTF-8.") from error
    except pd.errors.EmptyDataError as error:
        raise ValueError(f"{path} is empty. Hint: write the file again.") from error
    except pd.errors.ParserError as error:
        raise _unreadable(path, str(error)) from error


def _checked_header(path: Path, separator: str) -> list[str]:
    """Return the names of the columns, or raise if another separator splits the lines."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = file.read(PEEKED).splitlines(keepends=True)
    if len(lines) > 1 and not lines[-1].endswith(("\n", "\r")):
        lines.pop()  # it may be cut off
    records = _records(lines, separator)
    widths = {len(record) for record in records}
    if len(widths) != 1 or max(widths) == 1:
        for other, name in SEPARATOR_NAMES.items():
            others = {len(record) for record in _records(lines, other)}
            if other != separator and len(others) == 1 and max(others) > 1:
                raise ValueError(
                    f"{path} has {name} between its fields. Hint: a .csv file has commas between "
                    "its fields and a .tsv file tabulators; a number has a decimal point."
                )
    return records[0] if records else []


def _records(lines: Sequence[str], separator: str) -> list[list[str]]:
    try:
        return [record for record in csv.reader(lines, delimiter=separator) if record]
    except csv.Error:
        return []


def check_names(path: Any, names: Sequence[str]) -> None:
    """Raise an error if two columns of a table have the same name."""
    if doubled := sorted(name for name, n in Counter(names).items() if n > 1 and name.strip()):
        raise ValueError(
            f"{path} has more than one column named {', '.join(map(repr, doubled))}. Hint: give "
            "each column a name of its own."
        )


def _read_parquet(path: Path) -> Any:
    try:
        import pyarrow.parquet as pq
    except ImportError as error:
        raise not_installed("Reading tables", "pyarrow", "table") from error
    with damage_named(path):
        names = pq.read_schema(path).names
    check_names(path, names)
    with damage_named(path):
        # pandas makes floats of integers beside missing values.
        return pq.read_table(path).to_pandas(integer_object_nulls=True)


@contextmanager
def damage_named(path: Any) -> Iterator[None]:
    """Turn any error of a reader of Parquet files into one that names the file."""
    try:
        yield
    except (FileNotFoundError, IsADirectoryError, PermissionError):
        raise
    # A damaged file can raise any exception, also that of memory for a size that it claims.
    except Exception as error:
        raise damaged(path) from error


def damaged(path: Any) -> ValueError:
    """Return the error about a damaged Parquet file."""
    return ValueError(
        f"{path} cannot be read: it is truncated, damaged or no Parquet file. Hint: write the file "
        "again."
    )


def _unreadable(path: Path, reason: str) -> ValueError:
    if ragged := re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", reason):
        header, line, saw = ragged.groups()
        return ValueError(
            f"Line {line} of {path} has {saw} fields, but the lines above it have {header}. "
            "Hint: put text with separators in quotes."
        )
    if unclosed := re.search(r"EOF inside string starting at row (\d+)", reason):
        return ValueError(
            f"A quote is opened in row {unclosed[1]} of {path} and never closed. Hint: close it."
        )
    return ValueError(f"{path} cannot be read as a table: {' '.join(reason.split())}.")


def _label_column(path: Path, columns: Sequence[str], label: Any) -> str:
    if label is not None:
        if str(label) in columns:
            return str(label)
        raise ValueError(f"{path} has no column {str(label)!r}. {listed(columns)}")
    for name in LABEL_COLUMNS:
        if name in columns:
            return name
    raise ValueError(
        f"{path} has no column named {', '.join(map(repr, LABEL_COLUMNS[:-1]))} or "
        f"{LABEL_COLUMNS[-1]!r}. {listed(columns)} Hint: {_label_hint(columns)}"
    )


def _label_hint(columns: Sequence[str]) -> str:
    if all(_number(column) is not None for column in columns):
        return "the first line must name the columns."
    return "name the one with the labels with `label`."


def listed(columns: Sequence[str]) -> str:
    """Return a sentence that lists the columns of a table."""
    return f"Its columns are: {listed_names(columns)}."


def listed_names(names: Sequence[str]) -> str:
    """Return the first names of columns, and the number of the others."""
    shown = ", ".join(names[:N_COLUMNS_NAMED])
    more = len(names) - N_COLUMNS_NAMED
    return f"{shown} and {more} more" if more > 0 else shown


def _feature_columns(
    path: Path,
    frame: Any,
    label: str,
    features: str | Sequence[str] | None,
    drop: str | Sequence[str] | None,
) -> tuple[list[str], list[str]]:
    """Return the columns of the features, and those left out as they appear to identify rows."""
    columns: list[str] = list(frame.columns)
    left_out: list[str] = []
    if features is not None and drop is not None:
        raise ValueError(
            "`features` and `drop` cannot be combined: `features` names all columns that are "
            "taken. Hint: leave one of them out."
        )
    if features is not None:
        names = _existing(path, columns, features)
        if label in names:
            raise ValueError(
                f"Column {label!r} of {path} cannot be feature and label at once. Hint: name "
                "the other one."
            )
    else:
        dropped = {label, *([] if drop is None else _existing(path, columns, drop))}
        names = [name for name in columns if name not in dropped]
    if features is None and drop is None:
        if len(vectors := [name for name in names if holds_vectors(frame[name])]) == 1:
            names = vectors
        elif not are_numbered(names):
            # The largest numbers of a row dominate distances.
            left_out = [name for name in names if is_id_like(name, frame[name])]
            names = [name for name in names if name not in left_out]
    if not names:
        reason = f": {listed_names(left_out)} appears to identify rows" if left_out else ""
        raise ValueError(
            f"{path} has the label column {label!r}, but no column of features{reason}. Hint: add "
            "the vectors, one column for each number."
        )
    return names, left_out


def _existing(path: Path, columns: Sequence[str], given: str | Sequence[str]) -> list[str]:
    names = [given] if isinstance(given, str) else [str(name) for name in given]
    for name in names:
        if name not in columns:
            raise ValueError(f"{path} has no column {name!r}. {listed(columns)}")
    return names


def _numbers(name: str, column: Any, faults: list[tuple[str, int, Any]]) -> np.ndarray:
    """Return the numbers of a column, and add its faulty cells to `faults`."""
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "biuf":
        numbers = np.asarray(column.to_numpy(dtype=as_float(column.dtype)))
        wrong = np.flatnonzero(~np.isfinite(numbers))
        faults += [(name, row, numbers[row].item()) for row in wrong.tolist()]
        return numbers
    cells = column.to_numpy(dtype=object).tolist()
    numbers = np.empty(len(cells))
    for row, cell in enumerate(cells):
        number = np.nan if is_missing(cell) else _number(cell)
        if number is None or not np.isfinite(number):
            faults.append((name, row, cell if number is None else number))
        else:
            numbers[row] = number
    return numbers


def _number(cell: Any) -> float | None:
    if isinstance(cell, str) and "_" in cell:  # Python reads 1_0 as 10
        return None
    if isinstance(cell, np.ndarray):  # NumPy converts an array of one number
        return None
    try:
        return float(cell)
    except (TypeError, ValueError):
        return None


def shortened(text: str, width: int) -> str:
    """Return a text of at most `width` characters, with an ellipsis for the rest."""
    return text if len(text) <= width else f"{text[: width - 4]} ..."


def _faulty(path: Path, faults: Sequence[tuple[str, int, Any]]) -> ValueError:
    """Return the error about cells that are no numbers: the first ones by name."""
    name, row, value = faults[0]
    if isinstance(value, float):
        fact = "is missing" if np.isnan(value) else f"is {value}"
        fact = f"Row {row + 1} of column {name!r} in {path} {fact}"
        hint = "leave the row out, or fill in a number."
    else:
        short = shortened(repr(value), 40)
        fact = f"Column {name!r} of {path} is not numeric: row {row + 1} holds {short}"
        hint = "leave the column out, or name the feature columns with `features`."
    others = [f"row {row + 1} of {name!r}" for name, row, _ in faults[1 : N_FAULTS_NAMED + 1]]
    if others:
        rest = ", ..." if len(faults) > len(others) + 1 else ""
        fact += f". {len(faults) - 1:,} more faulty: {', '.join(others)}{rest}"
    return ValueError(f"{fact}. Hint: {hint}")
