"""The handles of models, and the places of their downloads.

The commands check a handle by this module before they load TensorFlow.
"""

from __future__ import annotations

import hashlib
import os
import urllib.parse
import urllib.request
from pathlib import Path

from skactive._io.private_folder import user_cache_folder


def plain_handle(handle: str | os.PathLike[str]) -> str:
    """Return a handle as a str, one that begins with file:// as a path."""
    name = os.fspath(handle)
    if name.startswith("file://"):
        return urllib.request.url2pathname(urllib.parse.urlsplit(name).path)
    return name


def is_url(handle: str) -> bool:
    """Return whether a handle is resolved over a network."""
    return "://" in handle


def check_handle(handle: str | os.PathLike[str]) -> None:
    """Raise if a handle is neither a URL nor an existing path."""
    name = plain_handle(handle)
    if not is_url(name) and not Path(name).expanduser().exists():
        raise FileNotFoundError(
            f"The model {name} does not exist. Hint: a handle is a URL that begins with https://, "
            "the folder of a SavedModel, or a .tar.gz archive of one; a relative path starts at "
            "the current folder."
        )


def cache_folder() -> Path:
    """Return the folder of downloaded and unpacked models."""
    chosen = os.environ.get("TFHUB_CACHE_DIR")
    return Path(chosen) if chosen else user_cache_folder() / "skactive" / "models"


def download_folder(url: str) -> Path:
    """Return the folder of a download, whether it exists or not."""
    # The name that TensorFlow Hub chooses, which other programs rely on too.
    return cache_folder() / hashlib.sha1(url.encode(), usedforsecurity=False).hexdigest()


def needs_download(handle: str | os.PathLike[str]) -> bool:
    """Return whether a handle is a URL that was not downloaded yet."""
    name = plain_handle(handle)
    return is_url(name) and not download_folder(name).is_dir()
