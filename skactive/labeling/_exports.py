"""Files of labels and predictions: tables, a folder per class, and tasks of Label Studio."""

from __future__ import annotations

import csv
import io
import itertools
import json
import os
import re
import shutil
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from skactive._io.atomic_write import atomic_write, folder_beside
from skactive._io.image_paths import is_image_name
from skactive._io.session_paths import RESULT_SUFFIXES, check_export_suffix
from skactive._label_names import Label, as_text, names_in
from skactive._optional import not_installed
from skactive._text import counted, shown
from skactive.labeling._sources import digest

# The columns of an export, in order.
COLUMNS = (
    "id",
    "sample",
    "label",
    "test",
    "time",
    "skipped",
    "reason",
    "predicted",
    "probability",
)
# Those of predictions of new samples.
PREDICTED = ("id", "sample", "predicted", "probability")
# Characters that UTF-8 cannot have, and those of them that are no bytes of a file name.
SURROGATES = re.compile("[\ud800-\udfff]")
OTHER_SURROGATES = re.compile("[\ud800-\udc7f\udd00-\udfff]")
# Characters of class names that folders of all systems may have.
SAFE = " !#$&'()+,;=@[]^_`{}~"
# Bytes of a name; systems allow 255, and `unused` adds a number.
MAX_NAME = 200
RESERVED = {
    "con",
    "prn",
    "aux",
    "nul",
    *(f"{name}{n}" for name in ("com", "lpt") for n in range(10)),
}


@dataclass(frozen=True)
class ExportTable:
    """The rows of an export.

    Attributes
    ----------
    kind : {"image", "text", "vector"}
        The kind of the samples.
    rows : list of dict
        A row of `COLUMNS` for each sample; None is an empty cell.
    columns : tuple of str
        The columns that are written.
    base : str or None
        A folder that has all images; None for other samples, or if none has.
    """

    kind: str
    rows: list[dict[str, Any]]
    columns: tuple[str, ...] = COLUMNS
    base: str | None = None


def base_of(kind: str, samples: Iterable[Any], source: Path | None) -> str | None:
    """Return a folder that has all images of a source: that of the source, if it has them."""
    if kind != "image":
        return None
    folders = {os.path.dirname(os.path.abspath(one)) for one in samples}  # noqa: PTH100, PTH120 - ten times as fast
    if source is not None:
        folders.add(str((source if source.is_dir() else source.parent).absolute()))
    try:
        return os.path.commonpath(folders)
    except ValueError:
        # They are on several drives of Windows.
        return None


def write_export(path: Path, table: ExportTable) -> None:
    """Write rows in the format of a file's suffix; without one, as a folder of images."""
    suffix = path.suffix.lower()
    if suffix in {"", ".zip"}:
        (write_zip if suffix else write_folders)(path, table)
        return
    check_export_suffix(path)
    content = WRITERS[suffix](table)
    with atomic_write(path, mode=0o666) as file:
        file.write(content)


def csv_of(table: ExportTable) -> bytes:
    """Return rows as a CSV table in UTF-8."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, table.columns, extrasaction="ignore")
    writer.writeheader()
    writer.writerows({name: text_cell(one) for name, one in row.items()} for row in table.rows)
    return escaped(text.getvalue(), OTHER_SURROGATES).encode("utf-8", "surrogateescape")


def json_lines_of(table: ExportTable) -> bytes:
    """Return rows as JSON objects, one per line."""
    rows = ({name: row[name] for name in table.columns} for row in table.rows)
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return escaped("".join(lines)).encode()


def parquet_of(table: ExportTable) -> bytes:
    """Return rows as a Parquet file."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise not_installed("Writing Parquet files", "pyarrow", "table") from error
    types = {"test": pa.bool_(), "skipped": pa.bool_(), "probability": pa.float64()}
    for name in ("label", "predicted"):
        if any(isinstance(row[name], tuple) for row in table.rows):
            types[name] = pa.list_(pa.string())
    written = pa.table(
        {
            name: pa.array([cell_of(row[name]) for row in table.rows], types.get(name, pa.string()))
            for name in table.columns
        }
    )
    sink = io.BytesIO()
    pq.write_table(written, sink)
    return sink.getvalue()


def escaped(text: str, surrogates: re.Pattern[str] = SURROGATES) -> str:
    """Return text with surrogates as JSON escapes them: UTF-8 has none."""
    return surrogates.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def cell_of(value: Any) -> Any:
    """Return a value as a cell of a Parquet file."""
    if isinstance(value, tuple):
        return list(map(escaped, value))
    return escaped(value) if isinstance(value, str) else value


def text_cell(value: Any) -> Any:
    """Return a value as a cell of a CSV table."""
    return as_text(value) if isinstance(value, tuple) else value


def tasks_of(table: ExportTable) -> bytes:
    """Return rows as tasks that Label Studio imports, with the label or else the prediction."""
    tasks = []
    for row in table.rows:
        kind = table.kind
        sample = row["sample"] if table.base is None else local_file(row["sample"], table.base)
        task: dict[str, Any] = {"data": {kind: sample, "id": row["id"]}}
        if row["label"] is not None:
            task["annotations"] = [{"result": [choice(kind, row["label"])]}]
        elif row["predicted"] is not None:
            result = [choice(kind, row["predicted"])]
            task["predictions"] = [{"result": result, "score": row["probability"]}]
        tasks.append(task)
    return escaped(json.dumps(tasks, ensure_ascii=False, indent=1)).encode()


def local_file(path: str, base: str) -> str:
    """Return the address of an image in a Label Studio whose document root is above `base`."""
    place = Path(os.path.relpath(path, os.path.dirname(base))).as_posix()  # noqa: PTH120 - as above
    return f"/data/local-files/?d={quote(os.fsencode(place))}"


def choice(kind: str, label: Label) -> dict[str, Any]:
    """Return a label as a result of Label Studio."""
    return {
        "from_name": "label",
        "to_name": kind,
        "type": "choices",
        "value": {"choices": list(names_in(label))},
    }


WRITERS: Mapping[str, Callable[[ExportTable], bytes]] = dict(
    zip(RESULT_SUFFIXES, (csv_of, json_lines_of, parquet_of, tasks_of), strict=True)
)


def write_folders(path: Path, table: ExportTable) -> None:
    """Copy the labelled images to a subfolder per class of a new folder."""
    arranged = images_per_class(path, table)
    with folder_beside(path, mode=0o777) as made:
        for name, image in arranged.items():
            (made / name).parent.mkdir(exist_ok=True)
            shutil.copyfile(image, made / name)
        made.rename(path)


def write_zip(path: Path, table: ExportTable) -> None:
    """Write the labelled images to a ZIP file with a folder per class."""
    arranged = images_per_class(path, table)
    with (
        atomic_write(path, mode=0o666) as file,
        zipfile.ZipFile(file, "w", strict_timestamps=False) as archive,
    ):
        for name, image in arranged.items():
            # A ZIP file has no names of other bytes than UTF-8.
            archive.write(image, escaped(name))


def images_per_class(path: Path, table: ExportTable) -> dict[str, str]:
    """Return the labelled images by the names of their copies: a folder per class, and a file.

    An image with several labels has a copy for each of them.
    """
    if table.kind != "image":
        raise ValueError(
            f"{path} would have a folder of images per class, but the samples are {table.kind}s. "
            "Hint: write a table, such as labels.csv."
        )
    labeled = [row for row in table.rows if row["label"]]
    if not labeled:
        raise ValueError("No image is labelled yet. Hint: label some first.")
    missing = [row["sample"] for row in labeled if not os.path.isfile(row["sample"])]  # noqa: PTH113 - ten times as fast
    if missing:
        raise FileNotFoundError(
            f"{counted(len(missing), 'labelled image')} cannot be found, such as "
            f"{shown(missing[0])}. Hint: put them back, or write a table."
        )
    found: dict[str, str] = {}
    classes_of = [names_in(row["label"]) for row in labeled]
    folders = folder_names(itertools.chain.from_iterable(classes_of))
    # Some systems do not distinguish upper and lower case.
    taken: set[str] = set()
    for row, classes in zip(labeled, classes_of, strict=True):
        for one in classes:
            name = unused(f"{folders[one]}/{shortened(copy_name(row))}", taken)
            found[name] = row["sample"]
    return found


def folder_names(labels: Iterable[str]) -> dict[str, str]:
    """Return a folder for each class; all characters are quoted if only the case differs."""
    found: dict[str, str] = {}
    taken = set()
    for label in dict.fromkeys(labels):
        name = shortened(folder_name(label))
        if name.casefold() in taken:
            name = shortened(quoted(label))
        taken.add(name.casefold())
        found[label] = name
    return found


def copy_name(row: dict[str, Any]) -> str:
    """Return the name of a copy: the id, with the suffix of the image if the id has none."""
    # A name that begins with a point is hidden on some systems.
    name = re.sub(r"[/\\]|^\.", "_", row["id"])
    return name if is_image_name(name) else f"{name}{Path(row['sample']).suffix}"


def shortened(name: str) -> str:
    """Return a name of a length that all systems allow: a long one ends with its digest."""
    if len(os.fsencode(name)) <= MAX_NAME:
        return name
    suffix = Path(name).suffix
    return f"{name[:40]}-{digest(name)}{suffix if len(os.fsencode(suffix)) < 20 else ''}"


def folder_name(label: str) -> str:
    """Return a class as the name of a folder: characters that not all systems allow are quoted."""
    name = "".join(
        one
        if one.isalnum() or one in SAFE or one in "-."
        else quote(one, safe="", errors="surrogatepass")
        for one in label
    )
    if (
        name.startswith(".")
        or name.endswith((".", " "))
        or name.lower().partition(".")[0] in RESERVED
    ):
        name = quoted(label[:1]) + name[1:]
        if name.endswith((".", " ")):
            name = f"{name[:-1]}%{ord(name[-1]):02X}"
    return name


def quoted(text: str) -> str:
    """Return a text with all its characters quoted."""
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "surrogatepass"))


def unused(name: str, taken: set[str]) -> str:
    """Return a name, or one with a number if it is taken; it is taken afterwards."""
    number, found = 1, name
    stem, suffix = os.path.splitext(name)  # noqa: PTH122 - not a path of this system
    # In a ZIP file, surrogates are escaped.
    while escaped(found).casefold() in taken:
        number += 1
        found = f"{stem}-{number}{suffix}"
    taken.add(escaped(found).casefold())
    return found
