"""`skactive status`, `suspicious`, `export` and `predict`: the results of a labelling session."""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skactive._io.session_paths import (
    check_export_suffix,
    check_prediction_suffix,
    check_source,
    check_target,
    found_session,
    read_settings,
)
from skactive._text import counted, counted_labels, printable
from skactive.cli._output import CommandError, write, write_note

if TYPE_CHECKING:
    from skactive.labeling import LabelingSession

FORMATS = (
    ".csv, .jsonl, .parquet, .json for Label Studio, .zip for copies of the labelled images in a "
    "folder per class, or .joblib for the classifier"
)


def add_session_parsers(commands: Any) -> None:
    """Add `status`, `suspicious`, `export` and `predict` to the commands."""
    _parser(
        commands,
        "status",
        run_status,
        "show the progress of a labelling session",
        "Show the progress of a labelling session: labels per class, the accuracy, and\n"
        "what is left.",
    )
    _parser(
        commands,
        "suspicious",
        run_suspicious,
        "list the labels of a session that may be wrong",
        "List the labels of a session that the other labels contradict, most doubtful first.",
    )
    export = _parser(
        commands,
        "export",
        run_export,
        "write the labels or the classifier of a labelling session",
        "Write the labels of a session and predictions for the samples without a label, or its\n"
        "classifier.",
    )
    export.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        required=True,
        help=f"a file that ends in {FORMATS}; a name without a suffix is that of a new folder with "
        "copies of the labelled images",
    )
    export.add_argument(
        "--labeled-only", action="store_true", help="leave out samples without a label"
    )
    predict = _parser(
        commands,
        "predict",
        run_predict,
        "predict new samples with the classifier of a labelling session",
        "Predict the classes of new samples, with their probabilities.",
    )
    predict.add_argument(
        "source",
        metavar="SOURCE",
        help="the new samples, of the kind of the session's: a folder, a table, or a text file",
    )
    predict.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        required=True,
        help="a file that ends in .csv, .jsonl, .parquet or .json",
    )
    predict.add_argument("--text-column", metavar="NAME", help="column of a table with the samples")
    predict.add_argument("--id-column", metavar="NAME", help="column of a table with their names")


def _parser(commands: Any, name: str, run: Any, summary: str, description: str) -> Any:
    parser = commands.add_parser(name, help=summary, description=description)
    parser.set_defaults(run=run, after_interrupt=after_interrupt)
    parser.add_argument(
        "session",
        metavar="SESSION",
        help="the folder of the session, or the source beside it",
    )
    return parser


def after_interrupt(arguments: argparse.Namespace) -> str:  # noqa: ARG001 - as for all commands
    """Return the state after an interruption, in a sentence."""
    return "Nothing was written."


def run_status(arguments: argparse.Namespace) -> None:
    """Run `status` with parsed arguments."""
    _check(arguments)
    with _opened(arguments) as session:
        write(str(session.wait().progress()))


def run_suspicious(arguments: argparse.Namespace) -> None:
    """Run `suspicious` with parsed arguments."""
    _check(arguments)
    with _opened(arguments) as session:
        issues = session.wait().suspicious()
        if session.kind == "text":
            # The name of a text can be a digest.
            texts = {one.id: one.value for one in session.samples()}
            issues = replace(issues, names=tuple(texts[str(name)] for name in issues.names))
        write(str(issues))


def run_export(arguments: argparse.Namespace) -> None:
    """Run `export` with parsed arguments."""
    _check(arguments, check_export_suffix)
    with _opened(arguments) as session:
        session.export(arguments.output, labeled_only=arguments.labeled_only)
        counts = session.counts()
    if Path(arguments.output).suffix.lower() == ".joblib":
        learnt = counted(counts["n_labeled"], "label")
        write(f"The classifier, which learnt {learnt}, written to {arguments.output}.")
    else:
        labels = counted_labels(counts["n_labeled"], counts["n_test_labeled"])
        write(f"{labels} written to {arguments.output}.")


def run_predict(arguments: argparse.Namespace) -> None:
    """Run `predict` with parsed arguments."""
    _check(arguments, check_prediction_suffix)
    columns = {"text_column": arguments.text_column, "id_column": arguments.id_column}
    with _opened(arguments) as session:
        n = session.write_predictions(arguments.source, arguments.output, **columns)
    write(f"{counted(n, 'prediction')} written to {arguments.output}.")


def _check(
    arguments: argparse.Namespace, check_suffix: Callable[[Path], None] | None = None
) -> None:
    """Raise if an argument is wrong, before scikit-learn is loaded."""
    try:
        read_settings(found_session(Path(arguments.session)))
        if hasattr(arguments, "source"):
            check_source(Path(arguments.source))
        if check_suffix is not None:
            check_suffix(Path(arguments.output))
            check_target(Path(arguments.output))
    except OSError as error:
        raise CommandError(_sentence(error, arguments)) from error
    except ValueError as error:
        raise CommandError(str(error)) from error


@contextmanager
def _opened(arguments: argparse.Namespace) -> Iterator[LabelingSession]:
    """Open the session; errors that the user can correct are sentences."""
    from sklearn.exceptions import NotFittedError

    from skactive.labeling import LabelingSession

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        # Warnings of Pillow do not name the image.
        warnings.filterwarnings("ignore", module="PIL")
        if not hasattr(arguments, "source"):
            # The session names its unreadable photos; those of another source are not its own.
            warnings.filterwarnings("ignore", message=".* became rows of NaN")
        try:
            # The page may be open, and writes answers.
            with LabelingSession.open(Path(arguments.session), read_only=True) as session:
                yield session
                unreadable = session.unreadable
        except OSError as error:
            raise CommandError(_sentence(error, arguments)) from error
        except (ImportError, NotFittedError, RuntimeError, TypeError, ValueError) as error:
            raise CommandError(str(error)) from error
    for warning in caught:
        write_note(f"warning: {warning.message}")
    if unreadable:
        from skactive._io.tables import listed_names

        names = printable(listed_names(unreadable))
        write_note(f"warning: {counted(len(unreadable), 'sample')} cannot be read: {names}")


def _sentence(error: OSError, arguments: argparse.Namespace) -> str:
    """Return an error; one of writing the result names that file, and no temporary one."""
    output, name = getattr(arguments, "output", None), error.filename
    if error.strerror is None or (output is None and name is None):
        return str(error)
    if output is not None and (name is None or _is_of(Path(output), Path(name))):
        hint = "Hint: choose another place by the option -o."
        return f"{output} cannot be written: {error.strerror}. {hint}"
    hint = " Hint: run the command as the user who created it."
    is_refused = isinstance(error, PermissionError)
    return f"{name} cannot be used: {error.strerror}.{hint if is_refused else ''}"


def _is_of(output: Path, path: Path) -> bool:
    """Return whether a path is that of a result, in it, or that of its temporary file."""
    place, path = output.parent.absolute(), path.absolute()
    if not path.is_relative_to(place):
        return False
    first = "".join(path.relative_to(place).parts[:1])
    # The folder itself may be the one that cannot be written.
    return first in {"", output.name} or first.startswith(f".{output.name}.")
