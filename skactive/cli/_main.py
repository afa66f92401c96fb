"""From the command line to an exit code, with one sentence for whatever is wrong."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from skactive import __version__
from skactive.cli._compare import add_compare_parser
from skactive.cli._embed import add_embed_parser
from skactive.cli._output import CommandError, Parser

USAGE_ERROR = 2
# 128 plus the number of the signal, as shells have it: SIGINT and SIGPIPE.
INTERRUPTED = 130
BROKEN_PIPE = 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run the `skactive` command.

    Parameters
    ----------
    argv : sequence of str, default=None
        The arguments after the name of the command; None takes those of the process.

    Returns
    -------
    exit_code : int
        0 for success, 2 where the user can mend something, which one sentence on standard error
        says, 130 after Ctrl-C, 141 where standard output was closed.

    Examples
    --------
    >>> from skactive.cli import main
    >>> main(["--version"])
    skactive ...
    0
    """
    try:
        exit_code = _run(argv)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _discard_output()
        return BROKEN_PIPE
    except Exception as error:
        if not _comes_of_an_interrupt(error):
            raise
        return INTERRUPTED
    return exit_code


def _comes_of_an_interrupt(error: BaseException | None) -> bool:
    # Compiled code that Ctrl-C finds at work may end in a SystemError of its own, whose cause
    # is the KeyboardInterrupt.
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def _run(argv: Sequence[str] | None) -> int:
    try:
        try:
            arguments = _parser().parse_args(argv)
        except SystemExit:
            # argparse has printed the help or the version.
            return 0
        arguments.run(arguments)
    except CommandError as error:
        print(f"skactive: error: {' '.join(str(error).split())}", file=sys.stderr)
        return USAGE_ERROR
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="skactive",
        description="Active learning: which samples should a person label next?",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"skactive {__version__}")
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", required=True, parser_class=Parser
    )
    add_compare_parser(commands)
    add_embed_parser(commands)
    return parser


def _discard_output() -> None:
    # Python flushes standard output once more when it ends, and would complain.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
