"""How the command speaks."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import NoReturn


class CommandError(Exception):
    """Something that the user can mend, in one sentence."""


class Parser(argparse.ArgumentParser):
    """A parser whose errors are sentences, raised and not printed."""

    def error(self, message: str) -> NoReturn:
        raise CommandError(
            f"{message[:1].upper()}{message[1:].rstrip('.')}. Hint: '{self.prog} --help' lists "
            "what there is."
        )


def say(text: str) -> None:
    """Print a text, with question marks for what the terminal cannot show."""
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding))


def writable_folder(folder: Path, option: str) -> Path:
    """Return a folder in which files can be made, or raise before hours of work.

    `option` is what the user chooses another folder with.
    """
    import tempfile

    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise unwritable(folder, error, option) from error
    return folder


def unwritable(folder: Path, error: OSError, option: str) -> CommandError:
    """Return the error for a folder in which no file can be made."""
    return CommandError(
        f"Nothing can be written to {folder}: {error.strerror or error}. Hint: choose another "
        f"folder with {option}."
    )
