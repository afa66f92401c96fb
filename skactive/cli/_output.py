"""Messages of the command, and checks of the folders that it writes to."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn


class CommandError(Exception):
    """An error that the user can correct, in one sentence."""


class Parser(argparse.ArgumentParser):
    """A parser that raises its errors as sentences, and takes no abbreviated options.

    Parameters
    ----------
    late_epilog : callable, default=None
        Returns the epilog when the help is printed, if it is slow to make.
    **options : object
        As for `argparse.ArgumentParser`.
    """

    def __init__(self, *, late_epilog: Callable[[], str] | None = None, **options: Any) -> None:
        raw = argparse.RawDescriptionHelpFormatter
        super().__init__(allow_abbrev=False, formatter_class=raw, **options)
        self._late_epilog = late_epilog

    def format_help(self) -> str:
        if self._late_epilog is not None:
            self.epilog = self._late_epilog()
        return super().format_help()

    def error(self, message: str) -> NoReturn:
        raise CommandError(
            f"{message[:1].upper()}{message[1:].rstrip('.')}. Hint: '{self.prog} --help' lists "
            "the commands and options."
        )


def write(text: str) -> None:
    """Print a text, with question marks for characters that the terminal cannot show."""
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding))


def write_note(text: str) -> None:
    """Print a text on standard error, after the name of the command."""
    print(f"skactive: {text}", file=sys.stderr)


def writable_folder(folder: Path, option: str) -> Path:
    """Return a folder if files can be created in it, or raise before hours of work.

    `option` is the option that names the folder.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise unwritable(folder, error, option) from error
    return folder


def unwritable(folder: Path, error: OSError, option: str) -> CommandError:
    """Return the error for a folder in which no file can be created."""
    return CommandError(
        f"Nothing can be written to {folder}: {error.strerror or error}. Hint: choose another "
        f"folder with {option}."
    )
