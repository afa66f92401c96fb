"""`skactive embed`: embed images or texts, and write a file of vectors."""

from __future__ import annotations

import argparse
import os
import shlex
import tempfile
import textwrap
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skactive._io.atomic_write import atomic_write
from skactive._text import counted, printable
from skactive.cli._arguments import add_number, image_size, npz_path
from skactive.cli._output import (
    CommandError,
    as_options,
    unwritable,
    writable_folder,
    write,
    write_note,
)

if TYPE_CHECKING:
    import numpy as np

    from skactive.cli._samples import ImageFolder, Samples, Table

N_CLASSES_SHOWN = 12
WIDTH = 80

DESCRIPTION = """\
Embed images or texts as vectors with a pretrained network of TensorFlow Hub,
and write the vectors to a .npz file, with the labels if there are any.
"""

EPILOG = """\
examples:
  skactive embed photos --model HANDLE -o photos.npz
  skactive embed questions.csv --model HANDLE --column question -o questions.npz

The .npz file has the arrays 'X' (vectors), 'y' (labels, '' for samples without
one), 'files' (paths of images, relative to the folder or as in the table),
'rows' (rows of the table, from 0) and 'model' (the handle).
"""


def add_embed_parser(commands: Any) -> None:
    """Add `embed` to the commands."""
    parser = commands.add_parser(
        "embed",
        help="embed images or texts as vectors",
        description=DESCRIPTION,
        epilog=EPILOG,
    )
    parser.set_defaults(run=run_embed, after_interrupt=after_interrupt)
    parser.add_argument(
        "source",
        metavar="SOURCE",
        help="a folder of images, with or without a subfolder for each class; or a .csv, .tsv or "
        ".parquet table with a column of texts, or of image paths relative to the table's folder",
    )
    add_table_options(parser)
    add_model_options(parser)
    add_output_options(parser)


def add_table_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that name columns of the source."""
    group = parser.add_argument_group("columns of SOURCE")
    group.add_argument(
        "--column",
        metavar="NAME",
        help="column of the texts or paths (default: text, sentence, question, tweet or review; "
        "file, path, image or filename; else the only column with texts or names of files)",
    )
    labels = group.add_mutually_exclusive_group()
    labels.add_argument(
        "--label",
        metavar="NAME",
        help="column of the labels (default: label, y, target or class, if there is one)",
    )
    labels.add_argument(
        "--no-labels",
        action="store_true",
        help="write no labels; subfolders are not taken as classes",
    )


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the model."""
    group = parser.add_argument_group("model")
    group.add_argument(
        "--model",
        metavar="HANDLE",
        required=True,
        help="a URL of TensorFlow Hub or Kaggle, the folder of a SavedModel, or a .tar.gz archive "
        "of one",
    )
    group.add_argument("--signature", metavar="NAME", help="signature of the model to call")
    group.add_argument(
        "--output-key", metavar="NAME", help="output with the vectors, if there are several"
    )
    group.add_argument(
        "--image-size",
        metavar="N|HxW",
        type=image_size,
        help="side, or height and width, in pixels, for a model that takes any size",
    )
    add_number(
        group,
        "--batch-size",
        default=32,
        help="number of samples in one call of the model (default: 32)",
    )
    group.add_argument("--normalize", action="store_true", help="scale vectors to length 1")
    group.add_argument(
        "--cache",
        metavar="FOLDER",
        type=Path,
        help="folder that caches vectors, so that each is computed once, also after Ctrl-C",
    )


def add_output_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the output."""
    group = parser.add_argument_group("output")
    group.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        type=npz_path,
        required=True,
        help="the .npz file to write",
    )
    group.add_argument(
        "--errors",
        choices=("skip", "raise"),
        default="skip",
        help="skip: leave out samples that cannot be read, and list them; raise: stop at the first "
        "(default: skip)",
    )
    group.add_argument(
        "--float16", action="store_true", help="write half precision: half the file size"
    )
    group.add_argument(
        "--quiet", action="store_true", help="print only errors and warnings, without progress"
    )


def run_embed(arguments: argparse.Namespace) -> None:
    """Embed samples with the arguments of the command."""
    from skactive.cli._samples import open_source

    with errors_as_sentences(arguments):
        source = open_source(
            arguments.source,
            column=arguments.column,
            label=arguments.label,
            labels=not arguments.no_labels,
        )
        writable_folder(arguments.output.resolve().parent, "--output")
        samples, X, reasons = embedded(arguments, source)
    read = readable_rows(X, reasons, source, arguments)
    arrays = {"X": compact(X[read]) if arguments.float16 else X[read]}
    if source.y is not None:
        arrays["y"] = source.y[read]
    arrays |= {name: key[read] for name, key in samples.keys.items()}
    write_npz(arguments.output, arrays, model=arguments.model)
    if not arguments.quiet:
        write(summary(arguments.output, samples.title, source, arrays, len(X)))


def embedded(
    arguments: argparse.Namespace, source: ImageFolder | Table
) -> tuple[Samples, np.ndarray, dict[int, str]]:
    """Return the samples, their vectors, and the reasons for unreadable ones by position."""
    from skactive._tensorflow import import_tensorflow
    from skactive.embedding import HubEmbedder, UnreadableSampleError, UnreadableSampleWarning

    embedder = HubEmbedder(
        arguments.model,
        batch_size=arguments.batch_size,
        signature=arguments.signature,
        output_key=arguments.output_key,
        image_size=arguments.image_size,
        normalize=arguments.normalize,
        cache=arguments.cache,
        errors="raise" if arguments.errors == "raise" else "nan",
        verbose=not arguments.quiet,
    )
    if not arguments.quiet:
        write_note(f"Loading {arguments.model}", prefix="")
    start_tensorflow()
    samples = source.samples(embedder.input_kind, arguments.model)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UnreadableSampleWarning)
        # Warnings of Pillow do not name the image.
        warnings.filterwarnings("ignore", module="PIL")
        try:
            X = embedder.transform(samples.X)
        except UnreadableSampleError as error:
            fact = str(error).partition(" Hint: ")[0]
            place = source.place(error.position)
            raise CommandError(
                f"{fact.replace(f'X[{error.position}]', place, 1)} Hint: --errors skip, the "
                "default, leaves such samples out."
            ) from error
        except import_tensorflow().errors.OpError as error:
            reason = str(error).strip().split("\n")[0] or type(error).__name__
            raise CommandError(
                f"{arguments.model} failed: {reason.rstrip('.')}. Hint: a smaller --batch-size "
                "needs less memory."
            ) from error
    reasons: dict[int, str] = {}
    others: list[str] = []
    for warning in caught:
        if warning.category is UnreadableSampleWarning:
            unreadable: Any = warning.message  # typed as a Warning, which has no `samples`
            reasons |= {place: f"{name} ({reason})" for place, name, reason in unreadable.samples}
        elif str(warning.message) not in others:
            others.append(str(warning.message))
            write_note(f"warning: {warning.message}")
    return samples, X, reasons


@contextmanager
def errors_as_sentences(arguments: argparse.Namespace) -> Iterator[None]:
    """Turn errors that the user can correct into one sentence, with the names of options."""
    try:
        yield
    except OSError as error:
        if error.strerror is None:
            raise CommandError(as_options(str(error))) from error
        raise CommandError(f"{error.filename or arguments.source}: {error.strerror}.") from error
    except (ImportError, ValueError) as error:
        raise CommandError(as_options(str(error))) from error
    except MemoryError as error:
        raise CommandError(
            f"{arguments.source} needs more memory than is available. Hint: embed it in parts."
        ) from error


def after_interrupt(arguments: argparse.Namespace) -> str:
    """Return what is kept after Ctrl-C, and how to continue."""
    if arguments.cache is None:
        return "No file was written. Hint: with --cache FOLDER, a second run continues."
    return (
        f"The vectors so far are in {arguments.cache}, and no file was written. Hint: run the same "
        "command again to continue."
    )


def start_tensorflow() -> None:
    """Import TensorFlow without its log lines on devices and compilers."""
    from skactive._tensorflow import import_tensorflow

    if "TF_CPP_MIN_LOG_LEVEL" in os.environ:
        # The user has chosen a log level.
        import_tensorflow()
        return
    # No errors either: important ones are also raised, and the others are about the processor.
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    # TensorFlow ignores the level until its log is set up, after the import: 2.21 writes five
    # lines before.
    with held_back_stderr():
        import_tensorflow().config.list_physical_devices()


@contextmanager
def held_back_stderr() -> Iterator[None]:
    """Hold back the standard error of libraries, and write it if they fail."""
    try:
        stderr = os.dup(2)
    except OSError:
        yield
        return
    with tempfile.TemporaryFile() as held:
        try:
            os.dup2(held.fileno(), 2)
            yield
        except Exception:
            held.seek(0)
            os.write(stderr, held.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


def readable_rows(
    X: np.ndarray,
    reasons: dict[int, str],
    source: ImageFolder | Table,
    arguments: argparse.Namespace,
) -> np.ndarray:
    """Return a mask of the samples with a vector, and list the others on standard error."""
    import numpy as np

    read = np.isfinite(X).all(axis=1)
    unread = np.flatnonzero(~read).tolist()
    lines = [printable(source.line(at, reasons.get(at))) for at in unread]
    if len(lines) == len(X):
        raise CommandError(
            f"None of the samples in {arguments.source} can be read, the first being {lines[0]}. "
            "Hint: check that the model takes such samples."
        )
    if lines:
        verb = "cannot be read and is" if len(lines) == 1 else "cannot be read and are"
        heading = f"{len(lines)} of {counted(len(X), 'sample')} {verb} left out:"
        write_note("\n  ".join([heading, *lines]))
    return read


def compact(X: np.ndarray) -> np.ndarray:
    """Return vectors in half precision, if its range is wide enough for them."""
    import numpy as np

    if np.abs(X).max() > np.finfo(np.float16).max:
        write_note("some values are too large for half precision: float32 is written.")
        return X
    return X.astype(np.float16)


def write_npz(path: Path, arrays: dict[str, Any], *, model: str) -> None:
    """Write the file completely or not at all."""
    import numpy as np

    target = path.resolve()
    try:
        with atomic_write(target, mode=0o666) as file:
            np.savez(file, **arrays, model=np.array(model))
    except OSError as error:
        raise unwritable(target.parent, error, "--output") from error


def summary(
    path: Path,
    title: str,
    source: ImageFolder | Table,
    arrays: dict[str, np.ndarray],
    n_samples: int,
) -> str:
    """Return lines on the embedded samples, the file, and the next command."""
    X, y = arrays["X"], arrays.get("y")
    features = counted(X.shape[1], "feature")
    lines = [f"{printable(title)}: {counted(len(X), 'sample')}, {features}"]
    n_classes = 0
    if y is None:
        lines.append(textwrap.fill(source.without_labels, WIDTH, subsequent_indent="  "))
    else:
        n_classes, described = classes_of(y)
        line = printable(f"{source.labels_from}: {described}")
        lines.append(textwrap.fill(line, WIDTH, subsequent_indent="  "))
    if len(X) < n_samples:
        lines.append(f"left out: {n_samples - len(X)} unreadable")
    megabytes = path.stat().st_size / 1e6
    size = f"{megabytes:.1f} MB" if megabytes >= 1 else f"{1000 * megabytes:.0f} kB"
    lines.append(f"Written: {path} ({size})")
    if n_classes > 1:
        lines.append(f"\nNext: skactive compare {shlex.quote(str(path))}")
    return "\n".join(lines)


def classes_of(y: np.ndarray) -> tuple[int, str]:
    """Return the number of classes, and a text on them and on samples without a label."""
    import numpy as np

    from skactive.cli._samples import UNLABELLED

    without = y == UNLABELLED if y.dtype.kind == "U" else np.zeros(len(y), dtype=bool)
    names, counts = np.unique(y[~without], return_counts=True)
    described = counted(len(names), "class", "classes")
    if len(names) <= N_CLASSES_SHOWN:
        cells = ", ".join(f"{name} {n}" for name, n in zip(names, counts, strict=True))
        described += f" ({cells})"
    else:
        described += f", of {counts.min()} to {counted(int(counts.max()), 'sample')}"
    if without.any():
        described += f", and {counted(int(without.sum()), 'sample')} without a label"
    return len(names), described
