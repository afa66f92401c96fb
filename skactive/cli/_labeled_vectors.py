"""The vectors and labels of `skactive compare`, from a file or the digits."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from skactive._text import printable
from skactive.cli._output import CommandError, as_options, write_note

if TYPE_CHECKING:
    import numpy as np

DIGITS = "digits"


class LabeledVectors(NamedTuple):
    """The samples of the simulation, and their labels."""

    name: str
    X: np.ndarray
    # Classes, with None for unlabelled samples in an object array; or floats, with NaN for them.
    y: np.ndarray
    # The columns of a table that become features; empty for vectors in an array.
    columns: Sequence[str] = ()
    standardized: bool = False

    @property
    def is_continuous(self) -> bool:
        """Whether the labels are numbers."""
        return self.y.dtype.kind == "f"

    @property
    def labels(self) -> np.ndarray:
        """The labels of the labelled samples."""
        import numpy as np

        if self.is_continuous:
            return self.y[~np.isnan(self.y)]
        if self.y.dtype != object:
            return self.y

        return np.array([label for label in self.y.tolist() if label is not None])


def load(arguments: argparse.Namespace) -> LabeledVectors:
    """Return the vectors and labels that the arguments name."""
    standardized = arguments.standardize == "yes"
    if arguments.source == DIGITS and not Path(DIGITS).exists():
        named = (arguments.label, arguments.features, arguments.drop)
        if named != (None, None, None):
            raise CommandError(
                "--label, --features and --drop are for a file, but no file is given. Hint: put "
                "the file before the options."
            )
        from sklearn.datasets import load_digits

        X, y = load_digits(return_X_y=True)
        y = y.astype(float) if arguments.task == "regression" else y
        return LabeledVectors(DIGITS, X, y, standardized=standardized)

    from skactive._io.tables import SEPARATORS, read_table
    from skactive.datasets import load_vectors

    source = Path(arguments.source)
    options = {"label": arguments.label, "features": arguments.features, "drop": arguments.drop}
    is_table = source.suffix.lower() in {*SEPARATORS, ".parquet"}
    try:
        if not (is_table and source.is_file() and source.stat().st_size > 0):
            X, y = load_vectors(source, unlabeled=True, task=arguments.task, **options)
            return LabeledVectors(source.name, X, y, standardized=standardized)
        table = read_table(source, unlabeled=True, task=arguments.task, **options)
    except OSError as error:
        reason = f"{arguments.source} cannot be read: {error.strerror}." if error.strerror else ""
        raise CommandError(reason or str(error)) from error
    except (ValueError, ImportError, MemoryError) as error:
        message = as_options(str(error))
        raise CommandError(message or f"{arguments.source} is too large.") from error
    if table.left_out:
        note_left_out(table.left_out)
    if arguments.standardize == "auto":
        standardized = not table.is_embedding
    return LabeledVectors(source.name, table.X, table.y, table.columns, standardized)


def note_left_out(names: Sequence[str]) -> None:
    """Name the columns that appear to identify rows, on standard error."""
    from skactive._io.tables import listed_names

    shown = printable(listed_names(names))
    fact = (
        f"column {shown} appears to identify rows and is"
        if len(names) == 1
        else f"columns {shown} appear to identify rows and are"
    )
    write_note(f"{fact} left out. Hint: --drop without a name keeps all columns.")


def without_rare_classes(vectors: LabeledVectors) -> LabeledVectors:
    """Return the samples of classes of two or more, and name the other classes."""
    import numpy as np

    if vectors.is_continuous:
        return vectors
    classes, counts = np.unique(vectors.labels, return_counts=True)
    rare = classes[counts == 1].tolist()
    if not rare:
        return vectors
    if len(classes) - len(rare) < 2:
        raise CommandError(
            f"{vectors.name} has fewer than two classes of two or more samples. Hint: a "
            "cross-validation needs samples of a class to learn from and others to test."
        )
    from skactive._io.tables import listed_names

    shown = printable(listed_names([str(name) for name in rare]))
    fact = (
        f"class {shown} has 1 sample, too few for a cross-validation, and is left out."
        if len(rare) == 1
        else f"classes {shown} have 1 sample each, too few for a cross-validation, and are left "
        "out."
    )
    write_note(fact)
    kept = ~np.isin(vectors.y, rare)
    return vectors._replace(X=vectors.X[kept], y=vectors.y[kept])
