"""How the command speaks."""

from __future__ import annotations

import argparse
import sys
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
