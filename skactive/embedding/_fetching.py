"""From a handle to the folder of a SavedModel, by way of the network or an archive."""

from __future__ import annotations

import hashlib
import http.client
import os
import shutil
import tarfile
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import zlib
from pathlib import Path
from typing import Any

from skactive.embedding._downloading import whole_downloads
from skactive.embedding._tensorflow import import_tensorflow, import_tensorflow_hub

# Of a network, or of what it gave.
FAILURES = (OSError, EOFError, http.client.HTTPException, tarfile.TarError, zlib.error)
N_ATTEMPTS = 3
TOO_MANY_REQUESTS = 429
FIRST_PAUSE = 0.5  # seconds; doubles from attempt to attempt
ARCHIVE_SUFFIXES = (".tar.gz", ".tgz", ".tar")
MODEL_FILES = ("saved_model.pb", "saved_model.pbtxt")

_downloading: dict[str, threading.Lock] = {}
_unpacked: dict[tuple[str, int, int], Path] = {}


def is_url(handle: str) -> bool:
    """Tell whether a handle is resolved over a network."""
    return "://" in handle


def fetched(handle: Any) -> Path | str:
    """Return the folder of the SavedModel that a handle names, on this machine where it can be.

    A URL is resolved by TensorFlow Hub, which downloads it once into the folder that the
    environment variable TFHUB_CACHE_DIR names; an archive is unpacked there.
    """
    name = os.fspath(handle)
    if name.startswith("file://"):
        name = urllib.request.url2pathname(urllib.parse.urlsplit(name).path)
    if is_url(name):
        return _downloaded(name)
    path = Path(name).expanduser().absolute()
    if path.is_dir():
        return _model_folder(path, f"The folder {name}")
    if path.is_file() and name.lower().endswith(ARCHIVE_SUFFIXES):
        return _unpacked_archive(path)
    if path.exists():
        raise ValueError(
            f"{name} is not a SavedModel: it is a file, and no .tar.gz archive. Hint: name the "
            f"folder that has {MODEL_FILES[0]} in it."
        )
    raise FileNotFoundError(
        f"The model {name} does not exist. Hint: a handle is a URL that begins with https://, "
        "the folder of a SavedModel, or a .tar.gz archive of one; a relative path starts at the "
        "current folder."
    )


def forget_download(handle: Any) -> None:
    """Remove what was downloaded for a URL, so that the next attempt starts anew."""
    name = os.fspath(handle)
    if is_url(name):
        # Where TensorFlow Hub puts it: the name is part of its protocol with other programs.
        folder = _cache_folder() / hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest()
        shutil.rmtree(folder, ignore_errors=True)


def _downloaded(handle: str) -> Path | str:
    # TensorFlow Hub lets whoever comes second ask every five seconds whether the first is done.
    with _downloading.setdefault(handle, threading.Lock()):
        resolved = _resolved(handle)
    if is_url(resolved):
        return resolved
    try:
        return _model_folder(Path(resolved), f"What {handle} gave")
    except ValueError:
        forget_download(handle)
        raise


def _resolved(handle: str) -> str:
    hub = import_tensorflow_hub()
    tf = import_tensorflow()
    whole_downloads()
    pause = FIRST_PAUSE
    for attempt in range(1, N_ATTEMPTS + 1):
        try:
            return str(hub.resolve(handle))
        except urllib.error.HTTPError as error:
            error.close()
            if error.code < 500 and error.code != TOO_MANY_REQUESTS:
                raise OSError(
                    f"{handle} cannot be fetched: the server answered {error.code} "
                    f"{error.reason}. Hint: check the address in a browser."
                ) from error
            reason: Exception = error
        except (ValueError, RuntimeError, tf.errors.OpError) as error:
            raise ValueError(
                f"{handle} cannot be fetched: {str(error).rstrip('.')}. Hint: fetch it by other "
                "means, and name its folder."
            ) from error
        except FAILURES as error:
            reason = error
        if attempt < N_ATTEMPTS:
            time.sleep(pause)
            pause *= 2
    if isinstance(reason.__context__, tarfile.TarError):
        raise ValueError(  # noqa: TRY004 - the fault is no type's
            f"{handle} is not a SavedModel: what the server gave is no tar archive. Hint: check "
            "the address in a browser."
        ) from reason
    told = reason.reason if type(reason) is urllib.error.URLError else reason
    raise OSError(
        f"{handle} cannot be fetched, after {N_ATTEMPTS} attempts: {told}. Hint: check the "
        "address and the network, or fetch the model by other means and name its folder."
    ) from reason


def _unpacked_archive(archive: Path) -> Path:
    stat = archive.stat()
    seen = (str(archive.resolve()), stat.st_size, stat.st_mtime_ns)
    if seen in _unpacked and _unpacked[seen].is_dir():
        return _unpacked[seen]
    with archive.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    folder = _cache_folder() / digest
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        # Unpacked beside its place and renamed: nobody ever sees half of a model.
        with tempfile.TemporaryDirectory(dir=folder.parent) as made:
            _unpack(archive, Path(made) / "model")
            try:
                (Path(made) / "model").rename(folder)
            except OSError:
                if not folder.is_dir():  # another process was not faster: something is wrong
                    raise
    _unpacked[seen] = _model_folder(folder, f"The archive {archive}")
    return _unpacked[seen]


def _unpack(archive: Path, folder: Path) -> None:
    try:
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        reason = str(error).partition("\n")[0].rstrip(":.")
        raise ValueError(
            f"{archive} cannot be unpacked: {reason}. Hint: it is incomplete or no .tar.gz "
            "archive; fetch it again."
        ) from error
    _model_folder(folder, f"The archive {archive}")


def _model_folder(folder: Path, what: str) -> Path:
    inner = [path for path in folder.iterdir() if path.is_dir()]
    # An archive often has one folder at its top, in which the model is.
    for candidate in [folder, *(inner if len(inner) == 1 else [])]:
        if any((candidate / name).is_file() for name in MODEL_FILES):
            return candidate
    found = ", ".join(sorted(path.name for path in folder.iterdir())[:5]) or "nothing"
    raise ValueError(
        f"{what} is not a SavedModel: it has no {MODEL_FILES[0]}, but {found}. Hint: "
        "`tf.saved_model.save` and the `export` of a Keras model write one."
    )


def _cache_folder() -> Path:
    return Path(os.environ.get("TFHUB_CACHE_DIR") or Path(tempfile.gettempdir(), "tfhub_modules"))
