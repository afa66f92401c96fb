"""The entry point of the command: from arguments to an exit code, each error in one sentence."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from skactive import __version__
from skactive.cli._compare import add_compare_parser
from skactive.cli._embed import add_embed_parser
from skactive.cli._label import add_label_parser
from skactive.cli._label_studio import add_label_studio_parser
from skactive.cli._output import CommandError, Parser, write_note
from skactive.cli._sessions import add_session_parsers

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
        standard error; 130 after Ctrl-C, with a sentence on what is kept; 141 if the reader of
        standard output has closed it.

    Examples
    --------
    >>> from skactive.cli import main
    >>> main(["--version"])
    skactive ...
    0
    """
    _open_closed_streams()
    try:
        exit_code = _run(argv)
        sys.stdout.flush()
    except BrokenPipeError:
        _discard_output()
        return BROKEN_PIPE
    except KeyboardInterrupt:
        # Before a command has begun, nothing can be lost.
        return INTERRUPTED
    return exit_code


def _is_caused_by_an_interrupt(error: BaseException | None) -> bool:
    # Ctrl-C during compiled code can raise a SystemError, whose cause is the KeyboardInterrupt.
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def _run(argv: Sequence[str] | None) -> int:
    try:
        arguments = _arguments(argv)
        return 0 if arguments is None else _run_command(arguments)
    except CommandError as error:
        write_note(f"error: {' '.join(str(error).split())}")
        return USAGE_ERROR


def _run_command(arguments: argparse.Namespace) -> int:
    try:
        arguments.run(arguments)
    except (Exception, KeyboardInterrupt) as error:
        if isinstance(error, BrokenPipeError) or not _is_caused_by_an_interrupt(error):
            raise
        write_note(f"interrupted. {arguments.after_interrupt(arguments)}")
        return INTERRUPTED
    return 0


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace | None:
    """Return the arguments; None after a help or version, and without a command."""
    parser = _parser()
    try:
        arguments, unknown = parser.parse_known_args(argv)
    except SystemExit:
        # argparse has printed the help or the version.
        return None
    if unknown:
        getattr(arguments, "parser", parser).error(f"unrecognized arguments: {' '.join(unknown)}")
    if not hasattr(arguments, "run"):
        parser.print_help()
        return None
    return arguments


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="skactive", description="Active learning: select the samples to label next."
    )
    parser.add_argument("--version", action="version", version=f"skactive {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=Parser)
    add_compare_parser(commands)
    add_embed_parser(commands)
    add_label_parser(commands)
    add_label_studio_parser(commands)
    add_session_parsers(commands)
    for command in commands.choices.values():
        command.set_defaults(parser=command)
    return parser


def _open_closed_streams() -> None:
    # A shell can close them, as by `>&-`. Files would get their numbers, and libraries that write
    # to standard error would write to a file of the user.
    for name, number in (("stdin", 0), ("stdout", 1), ("stderr", 2)):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            if nowhere != number:
                os.dup2(nowhere, number)
                os.close(nowhere)
            setattr(sys, name, os.fdopen(number, "r" if number == 0 else "w"))


def _discard_output() -> None:
    # Python flushes standard output once more at exit, which would print an error.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
