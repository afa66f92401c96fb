"""Vectors and labels in tables: CSV and Parquet, through pandas."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from skactive._io.values import as_float, as_labels, first_not_finite, is_missing
from skactive._optional import not_installed

LABEL_COLUMNS = ("label", "y", "target", "class")
SEPARATORS = {".csv": ",", ".tsv": "\t"}
N_COLUMNS_NAMED = 8


def read_table(
    path: Path, label: Any = None, features: str | Sequence[str] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Read a table with a column of labels and columns of numbers."""
    frame = read_frame(path)
    frame.columns = columns = [str(column) for column in frame.columns]
    chosen = _label_column(path, columns, label)
    names = _feature_columns(path, columns, chosen, features)
    if len(frame) == 0:
        raise ValueError(f"{path} has columns, but no rows. Hint: write the file again.")
    X = np.column_stack([_numbers(path, name, frame[name]) for name in names])
    if (place := first_not_finite(X)) is not None:
        row, column = place
        raise _faulty_cell(path, names[column], row, X[place].item())
    y = as_labels(
        frame[chosen].to_numpy(dtype=object),
        f"Column {chosen!r} of {path}",
        lambda row: f"Row {row + 1} of column {chosen!r} in {path}",
    )
    return X, y


def read_frame(path: Path) -> Any:
    """Return a .csv, .tsv or .parquet file as a DataFrame."""
    try:
        import pandas as pd
    except ImportError as error:
        raise not_installed("Reading tables", "pandas", "table") from error
    if path.suffix.lower() == ".parquet":
        return _read_parquet(path, pd)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(
                path,
                sep=SEPARATORS[path.suffix.lower()],
                index_col=False,
                # A class may be called "None" or "NA"; missing cells are found later.
                keep_default_na=False,
                low_memory=False,
            )
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


def _read_parquet(path: Path, pd: Any) -> Any:
    try:
        return pd.read_parquet(path)
    except ImportError as error:
        raise not_installed("Reading tables", "pyarrow", "table") from error
    except (ValueError, OSError, NotImplementedError) as error:
        raise ValueError(
            f"{path} cannot be read: it is truncated, damaged or no Parquet file. Hint: write the "
            "file again."
        ) from error


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
    if len(columns) == 1 and any(separator in columns[0] for separator in ",;\t"):
        return "a .csv file has commas between its fields and a .tsv file tabulators."
    if all(_number(column) is not None for column in columns):
        return "the first line must name the columns."
    return "name the one with the labels with `label`."


def listed(columns: Sequence[str]) -> str:
    """Return a sentence that lists the columns of a table."""
    shown = ", ".join(columns[:N_COLUMNS_NAMED])
    more = len(columns) - N_COLUMNS_NAMED
    return f"Its columns are: {shown}{f' and {more} more' if more > 0 else ''}."


def _feature_columns(
    path: Path, columns: Sequence[str], label: str, features: str | Sequence[str] | None
) -> list[str]:
    if features is not None:
        names = [features] if isinstance(features, str) else [str(name) for name in features]
        for name in names:
            if name not in columns:
                raise ValueError(f"{path} has no column {name!r}. {listed(columns)}")
            if name == label:
                raise ValueError(
                    f"Column {name!r} of {path} cannot be feature and label at once. Hint: name "
                    "the other one."
                )
    else:
        names = [name for name in columns if name != label]
        # The values of a saved index are the largest numbers of a row: they dominate distances.
        if nameless := [name for name in names if name.startswith("Unnamed: ")]:
            place = columns.index(nameless[0]) + 1
            raise ValueError(
                f"Column {place} of {path} has no name: it may be a row index. Hint: save the "
                "table without its index, or name the feature columns with `features`."
            )
    if not names:
        raise ValueError(
            f"{path} has the label column {label!r}, but no column of features. Hint: add the "
            "vectors, one column for each number."
        )
    return names


def _numbers(path: Path, name: str, column: Any) -> np.ndarray:
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "biuf":
        return np.asarray(column.to_numpy(dtype=as_float(column.dtype)))
    cells = column.to_numpy(dtype=object)
    numbers = np.empty(len(cells))
    for row, cell in enumerate(cells.tolist()):
        number = np.nan if is_missing(cell) else _number(cell)
        if number is None:
            short = shortened(repr(cell), 40)
            raise ValueError(
                f"Column {name!r} of {path} is not numeric: row {row + 1} holds {short}. "
                "Hint: leave the column out, or name the feature columns with `features`."
            )
        if not np.isfinite(number):
            raise _faulty_cell(path, name, row, number)
        numbers[row] = number
    return numbers


def _number(cell: Any) -> float | None:
    try:
        return float(cell)
    except (TypeError, ValueError):
        return None


def shortened(text: str, width: int) -> str:
    """Return a text of at most `width` characters, with an ellipsis for the rest."""
    return text if len(text) <= width else f"{text[: width - 4]} ..."


def _faulty_cell(path: Path, name: str, row: int, value: float) -> ValueError:
    fact = "is missing" if np.isnan(value) else f"is {value}"
    return ValueError(
        f"Row {row + 1} of column {name!r} in {path} {fact}. Hint: leave the row out, or fill in "
        "a number."
    )
