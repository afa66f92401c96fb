"""`skactive label-studio`: make Label Studio ask the most useful tasks first."""

from __future__ import annotations

import argparse
import signal
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from skactive._text import counted
from skactive.cli._arguments import add_number
from skactive.cli._models import add_model, check_model, fetch_model
from skactive.cli._output import CommandError, write, write_note

if TYPE_CHECKING:
    from skactive.integrations.label_studio import LabelStudioBridge


def add_label_studio_parser(commands: Any) -> None:
    """Add `label-studio` to the commands."""
    parser = commands.add_parser(
        "label-studio",
        help="make Label Studio ask the most useful tasks of a project first",
        description="Make Label Studio ask the tasks of a project in the order of a labelling\n"
        "session, which learns the annotations. Ctrl-C ends, the same command resumes. The token\n"
        "of Label Studio is read from --token-file or the variable LABEL_STUDIO_API_KEY.",
    )
    parser.set_defaults(run=run_label_studio, after_interrupt=after_interrupt)
    parser.add_argument(
        "url", metavar="URL", help="address of Label Studio, such as http://localhost:8080"
    )
    add_number(parser, "--project", required=True, metavar="ID", help="number of the project")
    parser.add_argument(
        "--token-file",
        metavar="FILE",
        help="file with a legacy token or a personal access token of Label Studio",
    )
    parser.add_argument(
        "--session",
        metavar="FOLDER",
        help="folder of the session (default: label-studio-project-ID.session)",
    )
    add_model(parser)
    queue = parser.add_argument_group("queue")
    add_number(
        queue,
        "--ahead",
        minimum=5,
        metavar="K",
        default=8,
        help="number of tasks in the queue (default: 8)",
    )
    queue.add_argument(
        "--show-guesses",
        action="store_true",
        help="fill in the predicted class; annotators tend to agree with it",
    )
    add_number(
        queue,
        "--poll",
        metavar="SECONDS",
        default=5,
        help="seconds between two queries of Label Studio (default: 5)",
    )
    add_number(
        queue,
        "--serve",
        minimum=0,
        metavar="PORT",
        default=None,
        help="serve the bridge as a model on this port of this machine: Label Studio then reports "
        "changes at once, and can retrieve predictions; 0 takes a free port",
    )
    queue.add_argument(
        "--once", action="store_true", help="bring session and queue up to date, and end"
    )
    queue.add_argument(
        "--push-all",
        action="store_true",
        help="at the end, write predictions of all unanswered tasks into the project",
    )


def after_interrupt(arguments: argparse.Namespace) -> str:
    """Return the state after an interruption, in a sentence."""
    return (
        "The same command resumes, and reads all answers from Label Studio. State of the session: "
        f"skactive status {folder_of(arguments)}"
    )


def folder_of(arguments: argparse.Namespace) -> Path:
    """Return the folder of the session."""
    if arguments.session is not None:
        return Path(arguments.session)
    return Path(f"label-studio-project-{arguments.project}.session")


def run_label_studio(arguments: argparse.Namespace) -> None:
    """Run the command with parsed arguments."""
    if arguments.once and arguments.serve is not None:
        raise CommandError(
            "--serve needs a bridge that keeps running. Hint: pass either --once or --serve."
        )
    check_model(arguments.model)
    fetch_model(arguments.model)
    from skactive.integrations.label_studio import LabelStudioBridge, LabelStudioError

    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = lambda message, *_: write_note(f"warning: {message}")
        # The status line has their number.
        warnings.filterwarnings("ignore", message=".* became rows of NaN")
        try:
            with LabelStudioBridge(
                arguments.url,
                arguments.project,
                folder=folder_of(arguments),
                token=_token(arguments.token_file),
                embedder=arguments.model,
                show_guesses=arguments.show_guesses,
                ahead=arguments.ahead,
                announce=write,
            ) as bridge:
                _follow(bridge, arguments)
        except OSError as error:
            reason = (error.strerror or str(error)).rstrip(".?")
            raise CommandError(f"{error.filename or folder_of(arguments)}: {reason}.") from error
        except (
            LabelStudioError,
            ImportError,
            RuntimeError,
            TypeError,
            ValueError,
        ) as error:
            raise CommandError(str(error)) from error


def _follow(bridge: LabelStudioBridge, arguments: argparse.Namespace) -> None:
    """Follow the project until Ctrl-C, or once."""
    try:
        if arguments.once:
            bridge.sync(wait=True)
        else:
            with ended_by_termination():
                bridge.run(poll=arguments.poll, serve=arguments.serve)
    except KeyboardInterrupt:
        if not arguments.push_all:
            raise
    if arguments.push_all:
        n = bridge.push_predictions()
        write(f"{counted(n, 'prediction')} written to project {arguments.project}.")


@contextmanager
def ended_by_termination() -> Iterator[None]:
    """Within the block, the signals of a service or a terminal that ends act like Ctrl-C."""

    def interrupt(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    previous = [signal.signal(number, interrupt) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, previous, strict=True):
            signal.signal(number, handler)


def _token(path: str | None) -> str | None:
    if path is None:
        return None
    try:
        # Some editors put a mark at the beginning of a text.
        return Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise CommandError(
            f"The token cannot be read from {path}: {reason}. Hint: the file has the token only."
        ) from error
