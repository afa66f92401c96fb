"""From a handle to the folder of a SavedModel: download and unpack it if necessary."""

from __future__ import annotations

import hashlib
import http.client
import os
import shutil
import tarfile
import threading
import time
import urllib.error
import zlib
from functools import cache
from pathlib import Path

from skactive._io.atomic_write import folder_beside
from skactive._io.model_handles import (
    cache_folder,
    check_handle,
    download_folder,
    is_url,
    plain_handle,
)
from skactive._io.private_folder import check_owner, make_private
from skactive._tensorflow import import_tensorflow, import_tensorflow_hub
from skactive.embedding._downloading import check_downloads_are_complete

# Failures of a network, and of the data that it delivered.
FAILURES = (OSError, EOFError, http.client.HTTPException, tarfile.TarError, zlib.error)
N_ATTEMPTS = 3
TOO_MANY_REQUESTS = 429
FIRST_PAUSE = 0.5  # seconds; doubles from attempt to attempt
ARCHIVE_SUFFIXES = (".tar.gz", ".tgz", ".tar")
CACHE_HINT = "name a folder of your own in the environment variable TFHUB_CACHE_DIR."
MODEL_FILES = ("saved_model.pb", "saved_model.pbtxt")

_downloading: dict[str, threading.Lock] = {}


def model_folder(handle: str | os.PathLike[str]) -> Path | str:
    """Return the folder of the SavedModel that a handle names, on this machine if possible.

    TensorFlow Hub resolves a URL, and downloads it once into the folder named by the environment
    variable TFHUB_CACHE_DIR, else into a folder of the user's own; an archive is unpacked into the
    same folder. A folder into which another user can write is refused.
    """
    name = plain_handle(handle)
    if is_url(name):
        return _downloaded(name)
    check_handle(name)
    path = Path(name).expanduser().absolute()
    if path.is_dir():
        return _checked_folder(path, f"The folder {name}")
    if path.is_file() and name.lower().endswith(ARCHIVE_SUFFIXES):
        return _unpacked_archive(path)
    raise ValueError(
        f"{name} is not a SavedModel: it is a file, but not a .tar.gz archive. Hint: pass the "
        f"folder that contains {MODEL_FILES[0]}."
    )


def remove_download(handle: str | os.PathLike[str]) -> None:
    """Remove the download of a URL, so that the next attempt starts from the beginning."""
    name = os.fspath(handle)
    if is_url(name):
        shutil.rmtree(download_folder(name), ignore_errors=True)


def _downloaded(handle: str) -> Path | str:
    # TensorFlow Hub's own default is a folder that all users of the machine share.
    os.environ["TFHUB_CACHE_DIR"] = str(_checked_cache_folder())
    # Without a lock, a second thread would poll every five seconds for the end of the download.
    with _downloading.setdefault(handle, threading.Lock()):
        resolved = _resolved(handle)
    if is_url(resolved):
        return resolved
    try:
        check_owner(Path(resolved), CACHE_HINT)
        return _checked_folder(Path(resolved), f"The download of {handle}")
    except ValueError:
        remove_download(handle)
        raise


def _resolved(handle: str) -> str:
    hub = import_tensorflow_hub()
    tf = import_tensorflow()
    check_downloads_are_complete()
    pause = FIRST_PAUSE
    for attempt in range(1, N_ATTEMPTS + 1):
        try:
            return str(hub.resolve(handle))
        except urllib.error.HTTPError as error:
            error.close()
            if error.code < 500 and error.code != TOO_MANY_REQUESTS:
                raise OSError(
                    f"{handle} cannot be downloaded: the server answered {error.code} "
                    f"{error.reason}. Hint: check the address in a browser."
                ) from error
            reason: Exception = error
        except (ValueError, RuntimeError, tf.errors.OpError) as error:
            raise ValueError(
                f"{handle} cannot be downloaded: {str(error).rstrip('.')}. Hint: download it in "
                "another way, and pass its folder."
            ) from error
        except FAILURES as error:
            reason = error
        if attempt < N_ATTEMPTS:
            time.sleep(pause)
            pause *= 2
    if isinstance(reason.__context__, tarfile.TarError):
        raise ValueError(  # noqa: TRY004 - the content is wrong, not a type
            f"{handle} is not a SavedModel: the server did not send a tar archive. Hint: check "
            "the address in a browser."
        ) from reason
    cause = reason.reason if type(reason) is urllib.error.URLError else reason
    raise OSError(
        f"{handle} cannot be downloaded, after {N_ATTEMPTS} attempts: {cause}. Hint: check the "
        "address and the network, or download the model in another way and pass its folder."
    ) from reason


def _unpacked_archive(archive: Path) -> Path:
    stat = archive.stat()
    folder = _checked_cache_folder() / _digest_of(archive.resolve(), stat.st_size, stat.st_mtime_ns)
    if not folder.is_dir():
        # Unpacked beside its place, then renamed: other processes never see an incomplete model.
        with folder_beside(folder) as made:
            _unpack(archive, made / "model")
            try:
                (made / "model").rename(folder)
            except OSError:
                if not folder.is_dir():  # else another process has unpacked it meanwhile
                    raise
    check_owner(folder, CACHE_HINT)
    return _checked_folder(folder, f"The archive {archive}")


@cache
def _digest_of(archive: Path, _size: int, _modified: int) -> str:
    with archive.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _unpack(archive: Path, folder: Path) -> None:
    try:
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        reason = str(error).partition("\n")[0].rstrip(":.")
        raise ValueError(
            f"{archive} cannot be unpacked: {reason}. Hint: it is incomplete or not a .tar.gz "
            "archive; download it again."
        ) from error
    _checked_folder(folder, f"The archive {archive}")


def _checked_folder(folder: Path, what: str) -> Path:
    inner = [path for path in folder.iterdir() if path.is_dir()]
    # The top level of an archive is often one folder with the model in it.
    for candidate in [folder, *(inner if len(inner) == 1 else [])]:
        if any((candidate / name).is_file() for name in MODEL_FILES):
            return candidate
    found = ", ".join(sorted(path.name for path in folder.iterdir())[:5]) or "nothing"
    raise ValueError(
        f"{what} is not a SavedModel: {MODEL_FILES[0]} is missing; it contains {found}. Hint: "
        "write a SavedModel with `tf.saved_model.save`, or with `export` of a Keras model."
    )


def _checked_cache_folder() -> Path:
    return make_private(cache_folder(), CACHE_HINT)
