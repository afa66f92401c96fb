"""Files of labels and predictions: tables, a folder per class, and tasks of Label Studio."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from skactive._io.atomic_write import atomic_write, folder_beside
from skactive._optional import not_installed
from skactive._text import counted, shown

# The columns of an export, in order.
COLUMNS = ("id", "sample", "label", "test", "time", "skipped", "predicted", "probability")
# Characters of class names that folders of all systems may have.
SAFE = " !#$&'()+,;=@[]^_`{}~"
RESERVED = {
    "con",
    "prn",
    "aux",
    "nul",
    *(f"{name}{n}" for name in ("com", "lpt") for n in range(10)),
}

Rows = list[dict[str, Any]]


def write_export(path: Path, rows: Rows) -> None:
    """Write the rows of samples in the format of a file's suffix; without one, as a folder.

    Parameters
    ----------
    path : Path
        The file or folder.
    rows : list of dict
        A row of `COLUMNS` for each sample, and its ``kind``; None is an empty cell.
    """
    suffix = path.suffix.lower()
    if suffix == "":
        write_folders(path, rows)
        return
    if suffix not in WRITERS:
        *others, last = WRITERS
        raise ValueError(
            f"{path} has no suffix of a format. Hint: a file ends in {', '.join(others)} or "
            f"{last}; a name without a suffix is that of a folder with a subfolder per class."
        )
    content = WRITERS[suffix](rows)
    with atomic_write(path, mode=0o666) as file:
        file.write(content)


def csv_of(rows: Rows) -> bytes:
    """Return rows as a CSV table in UTF-8."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("utf-8", "surrogateescape")


def json_lines_of(rows: Rows) -> bytes:
    """Return rows as JSON objects, one per line."""
    lines = (
        json.dumps({name: row[name] for name in COLUMNS}, ensure_ascii=False) + "\n" for row in rows
    )
    return "".join(lines).encode("utf-8", "surrogateescape")


def parquet_of(rows: Rows) -> bytes:
    """Return rows as a Parquet file."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise not_installed("Writing Parquet files", "pyarrow", "table") from error
    types = {"test": pa.bool_(), "probability": pa.float64()}
    table = pa.table(
        {
            name: pa.array([row[name] for row in rows], types.get(name, pa.string()))
            for name in COLUMNS
        }
    )
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def tasks_of(rows: Rows) -> bytes:
    """Return rows as tasks that Label Studio imports, with the label or else the prediction."""
    tasks = []
    for row in rows:
        kind = row["kind"]
        task: dict[str, Any] = {"data": {kind: row["sample"], "id": row["id"]}}
        if row["label"] is not None:
            task["annotations"] = [{"result": [choice(kind, row["label"])]}]
        elif row["predicted"] is not None:
            result = [choice(kind, row["predicted"])]
            task["predictions"] = [{"result": result, "score": row["probability"]}]
        tasks.append(task)
    return json.dumps(tasks, ensure_ascii=False, indent=1).encode("utf-8", "surrogateescape")


def choice(kind: str, label: str) -> dict[str, Any]:
    """Return a class as a result of Label Studio."""
    return {
        "from_name": "label",
        "to_name": kind,
        "type": "choices",
        "value": {"choices": [label]},
    }


WRITERS: Mapping[str, Callable[[Rows], bytes]] = {
    ".csv": csv_of,
    ".jsonl": json_lines_of,
    ".parquet": parquet_of,
    ".json": tasks_of,
}


def write_folders(path: Path, rows: Rows) -> None:
    """Copy the labelled images to a subfolder per class of a new folder."""
    kinds = {row["kind"] for row in rows}
    if kinds != {"image"}:
        raise ValueError(
            f"{path} would be a folder of images, but the samples are {'s and '.join(kinds)}s. "
            "Hint: write a table, such as labels.csv."
        )
    if path.exists():
        raise FileExistsError(f"{path} exists already. Hint: choose the name of a new folder.")
    labeled = [row for row in rows if row["label"] is not None]
    if not labeled:
        raise ValueError("No image is labelled yet. Hint: label some first.")
    missing = [row["sample"] for row in labeled if not os.path.isfile(row["sample"])]  # noqa: PTH113 - ten times as fast
    if missing:
        raise FileNotFoundError(
            f"{counted(len(missing), 'labelled image')} cannot be found, such as "
            f"{shown(missing[0])}. Hint: put them back, or write a table."
        )
    with folder_beside(path) as made:
        for row in labeled:
            target = made / folder_name(row["label"]) / row["id"].replace("/", "_")
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(row["sample"], unused(target))
        made.rename(path)


def folder_name(label: str) -> str:
    """Return a class as the name of a folder: characters that not all systems allow are quoted."""
    name = "".join(
        one if one.isalnum() or one in SAFE or one in "-." else quote(one, safe="") for one in label
    )
    if name.startswith(".") or name.endswith((".", " ")) or name.lower() in RESERVED:
        name = "".join(f"%{byte:02X}" for byte in label[:1].encode()) + name[1:]
        if name.endswith((".", " ")):
            name = f"{name[:-1]}%{ord(name[-1]):02X}"
    return name


def unused(path: Path) -> Path:
    """Return a path, or one with a number if a file has it."""
    number, found = 1, path
    while found.exists():
        number += 1
        found = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return found
