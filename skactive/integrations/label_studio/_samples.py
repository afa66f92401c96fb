"""The samples of tasks: a table in the folder of the session, and copies of images."""

from __future__ import annotations

import json
import posixpath
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from skactive._io.atomic_write import atomic_write
from skactive._io.image_paths import is_image_name
from skactive._io.journal_file import json_object
from skactive.integrations.label_studio._client import LabelStudioClient, other_host
from skactive.integrations.label_studio._errors import LabelStudioError
from skactive.integrations.label_studio._interface import LabelingInterface
from skactive.integrations.label_studio._tasks import RemoteTask

TABLE = "tasks.jsonl"
IMAGES = "images"
N_DOWNLOADS = 4
# Seconds before a download that failed is tried again.
RETRY = 600.0
# After so many failures of a host, its other images wait, too.
MOST_FAILURES = 4
# Pillow reads an image by its content; the suffix marks the file as one.
OTHER_SUFFIX = ".jpg"

Row = dict[str, Any]


class TaskSamples:
    """The table of a session's samples.

    Parameters
    ----------
    folder : Path
        The folder of the session.
    client : LabelStudioClient
        Downloads images.

    Attributes
    ----------
    faults : dict of int to str
        By task: the reason why it has no sample.
    """

    def __init__(self, folder: Path, client: LabelStudioClient) -> None:
        self.path = folder / TABLE
        self.faults: dict[int, str] = {}
        self._folder = folder
        self._client = client
        # By the name of a copy: why its download failed, and when it is tried again.
        self._failed: dict[str, tuple[str, float]] = {}

    @property
    def n_failed(self) -> int:
        """The number of downloads that failed."""
        return len(self._failed)

    @property
    def is_due(self) -> bool:
        """Whether a download that failed is tried again now."""
        return any(until <= monotonic() for _, until in self._failed.values())

    def saved(self) -> list[Row]:
        """Return the rows of the table; none if there is no table."""
        if not self.path.exists():
            return []
        found = (json_object(line) for line in self.path.read_bytes().splitlines())
        return [row for row in found if row is not None]

    def rows(self, tasks: Iterable[RemoteTask], interface: LabelingInterface) -> list[Row]:
        """Return a row for each task with a sample. Missing images are downloaded."""
        self.faults = {}
        made: dict[int, str] = {}
        missing: dict[int, str] = {}
        now = monotonic()
        failed = {name: one for name, one in self._failed.items() if one[1] > now}
        self._failed = {}
        for task in tasks:
            value = task.data.get(interface.field)
            if isinstance(value, int | float) and not isinstance(value, bool):
                value = str(value)
            if not isinstance(value, str) or not value.strip():
                self.faults[task.id] = f"its field {interface.field!r} is empty or no text"
            elif interface.kind == "text":
                made[task.id] = value
            else:
                name = image_name(task.id, value)
                if name in failed:
                    self._failed[name] = failed[name]
                    self.faults[task.id] = failed[name][0]
                    continue
                made[task.id] = name
                if not (self._folder / name).exists():
                    missing[task.id] = value
        self._download(missing, made)
        return [{"id": number, interface.kind: made[number]} for number in sorted(made)]

    def _download(self, addresses: dict[int, str], names: dict[int, str]) -> None:
        if not addresses:
            return
        (self._folder / IMAGES).mkdir(parents=True, exist_ok=True)
        n_failures: Counter[str] = Counter()

        def fetch(number: int) -> tuple[int, str | None]:
            address = addresses[number]
            host = other_host(address, self._client.url)
            if n_failures[host] >= MOST_FAILURES:
                return number, f"{host} did not answer for other images"
            try:
                content = self._client.file(address)
            except LabelStudioError as error:
                if error.is_temporary and not host:
                    raise
                n_failures[host] += error.is_temporary
                return number, str(error)
            with atomic_write(self._folder / names[number]) as file:
                file.write(content)
            return number, None

        pool = ThreadPoolExecutor(N_DOWNLOADS)
        try:
            for number, fault in pool.map(fetch, addresses):
                if fault is not None:
                    self.faults[number] = fault
                    self._failed[names.pop(number)] = fault, monotonic() + RETRY
        finally:
            # Ctrl-C does not wait for other downloads.
            pool.shutdown(wait=False, cancel_futures=True)

    def write(self, rows: list[Row]) -> None:
        """Replace the table, and remove copies of images that are not in it any more."""
        if not rows:
            self.path.unlink(missing_ok=True)
        else:
            lines = (json.dumps(row, ensure_ascii=True) + "\n" for row in rows)
            with atomic_write(self.path) as file:
                file.write("".join(lines).encode("ascii"))
        kept = {row.get("image") for row in rows}
        folder = self._folder / IMAGES
        for copy in folder.iterdir() if folder.is_dir() else ():
            if f"{IMAGES}/{copy.name}" not in kept and copy.name[:1].isdigit():
                copy.unlink()


def image_name(number: int, address: str) -> str:
    """Return the name of a task's copy of an image, which differs by its address."""
    try:
        parts = urlsplit(address)
    except ValueError:
        # It is refused when it is downloaded.
        parts = urlsplit("")
    candidates = [parts.path, *(value for _, value in parse_qsl(parts.query))]
    suffixes = [posixpath.splitext(unquote(one))[1].lower() for one in candidates]
    suffix = next((one for one in suffixes if one and is_image_name(one)), OTHER_SUFFIX)
    digest = blake2b(address.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
    return f"{IMAGES}/{number}-{digest}{suffix}"
