"""Messages of the command, and checks of the folders that it writes to."""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from skactive._text import did_you_mean, printable

NEWLINE = "\n"
# Parameters whose option has another name.
RENAMED = {"memory": "resume"}
PARAMETERS = (
    "batch_size",
    "budget",
    "drop",
    "features",
    "image_size",
    "label",
    "memory",
    "output_key",
    "signature",
)


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
        listing = f"'{self.prog} --help' lists the commands and options."
        raise CommandError(
            f"{message[:1].upper()}{message[1:].rstrip('.')}. Hint: {self._guess(message)}{listing}"
        )

    def _guess(self, message: str) -> str:
        """Return the name that a mistyped command, option or choice resembles, as a question."""
        if choice := re.search(r"invalid choice: '(.*)' \(choose from (.*)\)", message):
            given, known = choice[1], re.findall(r"[\w-]+", choice[2])
        elif unknown := re.search(r"unrecognized arguments: .*?(--[\w-]+)", message):
            given, known = unknown[1], list(self._option_string_actions)
        else:
            return ""
        return did_you_mean(given, known)


def as_options(message: str) -> str:
    """Return a message in which options of the command replace the parameters it names."""
    message = message.replace("labels=False", "--no-labels").replace("drop=[]", "drop")
    return re.sub(
        rf"`({'|'.join(PARAMETERS)})(?:=(\w*))?`|\b(image_size|output_key|batch_size)\b(=?)",
        _as_option,
        message,
    )


def _as_option(found: re.Match[str]) -> str:
    name, value = found[1] or found[3], found[2] or ""
    option = f"--{RENAMED.get(name, name).replace('_', '-')}"
    return f"{option} {value}" if value or found[4] else option


def write(text: str) -> None:
    """Print a text, with question marks for characters that the terminal cannot show.

    Control characters in names and labels are escaped: neither this nor `write_note` lets a file
    act on the terminal.
    """
    encoding = sys.stdout.encoding or "utf-8"
    # A log shows it at once, as a terminal does.
    line = printable(text, keep=NEWLINE).encode(encoding, "replace").decode(encoding)
    print(line, flush=True)


def write_note(text: str, *, prefix: str = "skactive: ") -> None:
    """Print a text on standard error, after the name of the command."""
    print(f"{prefix}{printable(text, keep=NEWLINE)}", file=sys.stderr, flush=True)


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
