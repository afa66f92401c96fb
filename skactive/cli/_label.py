"""`skactive label`: label samples in the browser."""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import warnings
from contextlib import ExitStack
from pathlib import Path
from threading import Event, Thread
from typing import Any

from skactive._io.listening import check_reach, listening
from skactive._io.session_paths import check_source
from skactive._loading import postponed
from skactive._optional import import_optional
from skactive._progress import ProgressBar
from skactive._text import counted_labels
from skactive.cli._arguments import add_number
from skactive.cli._digits import write_digits
from skactive.cli._models import add_model, check_model, fetch_model
from skactive.cli._output import CommandError, write, write_note

# Seconds before a progress bar appears, and between its updates.
BAR_DELAY, BAR_SECONDS = 2.0, 0.2


def add_label_parser(commands: Any) -> None:
    """Add `label` to the commands."""
    parser = commands.add_parser(
        "label",
        help="label images or texts in the browser",
        description="Label images or texts in the browser: it shows the samples whose labels are\n"
        "most useful. Every answer is saved at once. Ctrl-C ends, the same command resumes.",
    )
    parser.set_defaults(run=run_label, after_interrupt=after_interrupt)
    parser.add_argument(
        "source",
        metavar="SOURCE",
        nargs="?",
        help="a folder of images, a .csv, .tsv, .parquet or .jsonl table with a column of texts or "
        "of paths of images, a .txt file with a text per line, or a .npz file with vectors X and "
        "pictures images",
    )
    parser.add_argument(
        "--demo", action="store_true", help="label the digits that scikit-learn ships"
    )
    parser.add_argument(
        "--session",
        metavar="FOLDER",
        help="folder of the answers (default: SOURCE.session beside the source)",
    )
    add_model(parser)
    parser.add_argument(
        "--classes", metavar="A,B", help="names of classes, separated by commas; more can follow"
    )
    parser.add_argument(
        "--multi-label",
        action="store_true",
        help="a sample can have several labels, or none; kept by the session",
    )
    table = parser.add_argument_group("tables")
    table.add_argument("--text-column", metavar="NAME", help="column with the texts or paths")
    table.add_argument(
        "--label-column", metavar="NAME", help="column with labels, if there are any"
    )
    table.add_argument("--id-column", metavar="NAME", help="column with names of the samples")
    page = parser.add_argument_group("page")
    page.add_argument("--no-browser", action="store_true", help="only print the address")
    add_number(page, "--port", default=None, help="port (default: a free one)")
    page.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: this machine only)"
    )
    page.add_argument(
        "--allow-network",
        action="store_true",
        help="allow a --host that other machines can reach; the connection is not encrypted",
    )


def after_interrupt(arguments: argparse.Namespace) -> str:  # noqa: ARG001 - as for all commands
    """Return the state after an interruption, in a sentence."""
    return "All answers are saved."


def run_label(arguments: argparse.Namespace) -> None:
    """Run the command with parsed arguments."""
    _check(arguments)
    fetch_model(arguments.model)
    from skactive.labeling.server import serve

    with ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = lambda message, *_: write_note(f"warning: {message}")
        # It concerns photos that the page lists as unreadable.
        warnings.filterwarnings("ignore", message=".* became rows of NaN")
        session = _session(arguments, stack)
        is_temporary = arguments.demo and arguments.session is None
        ended = Event()
        stack.callback(ended.set)
        Thread(target=_show_embedding, args=(session, ended), daemon=True).start()
        try:
            serve(
                session,
                host=arguments.host,
                port=arguments.port,
                allow_network=arguments.allow_network,
                open_browser=not arguments.no_browser,
                announce=lambda address: _announce(address, session, is_kept=not is_temporary),
            )
        except (ImportError, OSError, ValueError) as error:
            raise CommandError(_sentence(error)) from error
        write(_farewell(arguments, session.counts(), session.folder))


def _check(arguments: argparse.Namespace) -> None:
    """Raise if an argument is wrong, before scikit-learn is loaded and a folder is created."""
    if arguments.demo and arguments.source is not None:
        raise CommandError("--demo has its own samples. Hint: leave SOURCE or --demo out.")
    if not arguments.demo and arguments.source is None:
        raise CommandError(
            "There is no SOURCE. Hint: pass a folder of images, a table or a text file, or --demo."
        )
    try:
        if arguments.source is not None:
            check_source(Path(arguments.source))
        check_reach(arguments.host, allow_network=arguments.allow_network)
        listening(arguments.host, 0 if arguments.port is None else arguments.port).close()
        for module, package in [("uvicorn", "uvicorn"), ("starlette.applications", "starlette")]:
            import_optional(module, "The labelling page", package, "label")
    except (ImportError, OSError, ValueError) as error:
        raise CommandError(str(error)) from error
    check_model(arguments.model)


def _session(arguments: argparse.Namespace, stack: ExitStack) -> Any:  # a LabelingSession
    from skactive.labeling import LabelingSession

    classes = None
    if arguments.classes is not None:
        classes = [name.strip() for name in arguments.classes.split(",")]
    source, folder = arguments.source, arguments.session
    if arguments.demo:
        if folder is None:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="skactive-demo-"))
        source = write_digits(Path(folder))
        classes = list(map(str, range(10))) if classes is None else classes
    try:
        with postponed():
            session = LabelingSession(
                source,
                folder,
                embedder=arguments.model,
                classes=classes,
                # Without the option, the choice of the session stays.
                multi_label=True if arguments.multi_label else None,
                text_column=arguments.text_column,
                label_column=arguments.label_column,
                id_column=arguments.id_column,
            )
    except (ImportError, OSError, RuntimeError, TypeError, ValueError) as error:
        raise CommandError(_sentence(error)) from error
    return stack.enter_context(session)


def _sentence(error: Exception) -> str:
    """Return an error of a session in the words of the command."""
    if isinstance(error, OSError) and error.filename is not None:
        return (
            f"{error.filename} cannot be used: {error.strerror}. Hint: choose another folder by "
            "--session."
        )
    return _with_options(str(error))


def _with_options(message: str) -> str:
    """Return a message of a session with options in place of parameters."""
    message = re.sub(r"\b(text|label|id)_column=", r"--\1-column ", message)
    return re.sub(r"\b(text|label|id)_column\b", r"--\1-column", message)


def _announce(address: str, session: Any, *, is_kept: bool) -> None:
    if session.described_columns:
        write(_with_options(session.described_columns))
    name = session.folder.name.removesuffix(".session") if is_kept else "handwritten digits"
    write(f"Label {name} in the browser:\n\n    {address}\n")
    saved = "every answer is saved at once."
    if not is_kept:
        saved = "the answers of the demonstration are not kept. Hint: --session FOLDER keeps them."
    write(f"The address contains a secret. Ctrl-C ends; {saved}")
    # From now on the page tells what is to be known.
    warnings.simplefilter("ignore")


def _show_embedding(session: Any, ended: Event) -> None:
    """Show a bar on the terminal until all samples are embedded."""
    n_samples = len(session)
    if not sys.stderr.isatty() or ended.wait(BAR_DELAY):
        return
    noun = {"image": "images", "text": "texts"}.get(session.kind, "samples")
    with ProgressBar(total=n_samples, desc=f"reading {noun}", unit=" samples", leave=False) as bar:
        while bar.n < n_samples and not ended.wait(BAR_SECONDS):
            bar.update(session.n_embedded - bar.n)


def _farewell(arguments: argparse.Namespace, counts: dict[str, int], folder: Path) -> str:
    labels = counted_labels(counts["n_labeled"], counts["n_test_labeled"])
    if counts["n_labeled"] + counts["n_test_labeled"] == 0:
        return "\nNo label was given. The same command starts again."
    if arguments.demo and arguments.session is None:
        return f"\n{labels} of the demonstration, not kept. Hint: --session FOLDER keeps them."
    return (
        f"\n{labels} in {folder}. The same command resumes.\n"
        f"Export them:    skactive export {folder} -o labels.csv\n"
        f"Predict others: skactive predict {folder} NEW_SOURCE -o predictions.csv"
    )
