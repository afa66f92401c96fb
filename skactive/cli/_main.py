"""The entry point of the command: from arguments to an exit code, each error in one sentence."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from skactive import __version__
from skactive.cli._compare import add_compare_parser
from skactive.cli._embed import add_embed_parser
from skactive.cli._output import CommandError, Parser, write_note

USAGE_ERROR = 2
# As in shells, 128 plus the number of the signal: SIGINT and SIGPIPE.
INTERRUPTED = 130
BROKEN_PIPE = 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run the `skactive` command.

    Parameters
    ----------
    argv : sequence of str, default=None
        The arguments, without the name of the command. None takes those of the process.

    Returns
    -------
    exit_code : int
        0 for success; 2 for an error that the user can correct, described by one sentence on
        standard error; 130 after Ctrl-C; 141 if standard output was closed.

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
        if not _is_caused_by_an_interrupt(error):
            raise
        return INTERRUPTED
    return exit_code


def _is_caused_by_an_interrupt(error: BaseException | None) -> bool:
    # Ctrl-C during compiled code can raise a SystemError, whose cause is the KeyboardInterrupt.
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
        write_note(f"error: {' '.join(str(error).split())}")
        return USAGE_ERROR
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="skactive", description="Active learning: select the samples to label next."
    )
    parser.add_argument("--version", action="version", version=f"skactive {__version__}")
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", required=True, parser_class=Parser
    )
    add_compare_parser(commands)
    add_embed_parser(commands)
    return parser


def _discard_output() -> None:
    # Python flushes standard output once more at exit, which would print an error.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
