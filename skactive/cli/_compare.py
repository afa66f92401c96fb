"""`skactive compare`: measure how many labels each query strategy needs on labelled vectors."""

from __future__ import annotations

import argparse
import math
import signal
import threading
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from skactive._optional import install_hint
from skactive.cli._arguments import add_number, number_of_jobs
from skactive.cli._output import CommandError, unwritable, writable_folder, write, write_note
from skactive.cli._strategies import (
    BASELINE,
    DEFAULT_NAMES,
    METRICS,
    WEIGHTED,
    WITH_WEIGHTS,
    build_strategies,
    checked_names,
    list_of_strategies,
    strategy_weight,
)

if TYPE_CHECKING:
    import numpy as np

    from skactive.model_selection import StrategyComparison
    from skactive.neighbors import IncrementalKNeighborsClassifier
    from skactive.semi_supervised import IncrementalLabelSpreading

DIGITS = "digits"
DEFAULT_BUDGET = 200
DEFAULT_FOLDS = 10
CLASSIFIERS = ("spreading", "nearest")
CURVE_CSV = "labeling_curve.csv"
CURVE_PNG = "labeling_curve.png"
TITLE_WIDTH = 28
NO_PLOT = f"No plot was drawn, as matplotlib is not installed. {install_hint('plot')}"

DESCRIPTION = """\
Simulate active learning on labelled vectors, and count the labels that each
query strategy needs. The score is the accuracy of a classifier on held-out
samples, averaged over the folds of a cross-validation.
"""


class LabeledVectors(NamedTuple):
    """The samples of the simulation, and their labels."""

    name: str
    X: np.ndarray
    y: np.ndarray


def add_compare_parser(commands: Any) -> None:
    """Add `compare` to the commands."""
    parser = commands.add_parser(
        "compare",
        help="compare query strategies on labelled vectors",
        description=DESCRIPTION,
        late_epilog=list_of_strategies,
    )
    parser.set_defaults(run=run_compare)
    parser.add_argument(
        "source",
        metavar="DATA",
        nargs="?",
        default=DIGITS,
        help="a .npz, .npy, .csv, .tsv or .parquet file with vectors and labels (default: "
        "scikit-learn's handwritten digits)",
    )
    add_file_options(parser)
    add_loop_options(parser)
    add_output_options(parser)


def add_file_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that name columns and arrays of a file."""
    group = parser.add_argument_group("columns and arrays of DATA")
    group.add_argument(
        "--label",
        metavar="NAME",
        help="column or array of the labels; for a .npy file, the index of a column or a second "
        ".npy file",
    )
    group.add_argument(
        "--features",
        metavar="NAME",
        nargs="+",
        help="columns or array of the vectors (default: all columns except the label)",
    )


def add_loop_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the labelling loop."""
    group = parser.add_argument_group("labelling loop")
    group.add_argument(
        "--strategies",
        metavar="NAME",
        nargs="+",
        default=list(DEFAULT_NAMES),
        help=f"strategies to compare, from the list below; {BASELINE} is always added (default: "
        f"{' '.join(DEFAULT_NAMES)})",
    )
    group.add_argument(
        "--weights",
        metavar="NAME=NUMBER",
        nargs="+",
        type=strategy_weight,
        default=[],
        help=f"exponents of the factors {', '.join(WEIGHTED)} of {WITH_WEIGHTS} (default: 1)",
    )
    add_number(
        group,
        "--budget",
        help=f"number of labels (default: {DEFAULT_BUDGET}, or the training part if smaller)",
    )
    add_number(group, "--batch-size", default=1, help="number of samples per query (default: 1)")
    add_number(
        group,
        "--folds",
        minimum=2,
        help=f"folds of the cross-validation (default: {DEFAULT_FOLDS}, or the size of the "
        "smallest class if smaller)",
    )
    group.add_argument(
        "--classifier",
        choices=CLASSIFIERS,
        default=CLASSIFIERS[0],
        help="spreading: label spreading on the neighbour graph; nearest: vote of the nearest "
        f"labelled samples (default: {CLASSIFIERS[0]})",
    )
    add_number(
        group,
        "--neighbors",
        metavar="K",
        default=5,
        help="number of labelled neighbours that vote (default: 5)",
    )
    group.add_argument(
        "--metric",
        choices=METRICS,
        default=METRICS[0],
        help="distance of the classifier and the strategies: "
        f"{', '.join(METRICS)} (default: {METRICS[0]})",
        metavar="NAME",
    )
    add_number(
        group,
        "--seed",
        minimum=0,
        default=0,
        help="seed of folds and strategies (default: 0)",
    )
    group.add_argument(
        "--jobs",
        metavar="N",
        type=number_of_jobs,
        default=-1,
        help="number of processes, without influence on the result (default: -1, one per core)",
    )
    group.add_argument(
        "--resume",
        metavar="FOLDER",
        type=Path,
        help="save finished loops in FOLDER, so that an interrupted run can continue",
    )


def add_output_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the output."""
    group = parser.add_argument_group("output")
    group.add_argument(
        "--output-dir",
        metavar="FOLDER",
        type=Path,
        default=Path(),
        help=f"folder for {CURVE_CSV} and {CURVE_PNG} (default: the current folder)",
    )
    group.add_argument("--no-plot", action="store_true", help=f"do not write {CURVE_PNG}")
    group.add_argument(
        "--quiet", action="store_true", help="print only the table, without progress"
    )


def run_compare(arguments: argparse.Namespace) -> None:
    """Compare strategies with the arguments of the command."""
    names = checked_names(arguments.strategies)
    if arguments.weights and WITH_WEIGHTS not in names:
        raise CommandError(
            f"--weights are for {WITH_WEIGHTS}, which is not compared. Hint: add it to "
            "--strategies."
        )
    vectors = load(arguments)
    folds = checked_folds(arguments, vectors)
    budget = checked_budget(arguments, vectors, folds)
    folder = writable_folder(arguments.output_dir, "--output-dir")
    if arguments.resume is not None:
        writable_folder(arguments.resume, "--resume")
    comparison = compare(arguments, names, vectors, folds, budget)

    from skactive.cli._report import explanation, headline, results_table

    # Files first: a closed pipe, as of `head`, ends the command when it prints.
    written = write_files(arguments, comparison, vectors.name, folder)
    table = results_table(comparison, baseline=BASELINE)
    if arguments.quiet:
        write(table)
        return
    setting = f"k-nearest neighbours (k={arguments.neighbors}, {arguments.metric})"
    if arguments.classifier == "spreading":
        setting = f"label spreading and {setting}"
    write(headline(vectors.name, vectors.X.shape, vectors.y, comparison, setting))
    write(f"\n{table}\n")
    write(explanation(comparison, baseline=BASELINE))
    write(f"\n{written}")


def load(arguments: argparse.Namespace) -> LabeledVectors:
    """Return the vectors and labels that the arguments name."""
    if arguments.source == DIGITS and not Path(DIGITS).exists():
        if arguments.label is not None or arguments.features is not None:
            raise CommandError(
                "--label and --features are for a file, but no file is given. Hint: put the file "
                "before the options."
            )
        from sklearn.datasets import load_digits

        return LabeledVectors(DIGITS, *load_digits(return_X_y=True))

    from skactive.datasets import load_vectors

    try:
        X, y = load_vectors(arguments.source, label=arguments.label, features=arguments.features)
    except OSError as error:
        reason = f"{arguments.source} cannot be read: {error.strerror}." if error.strerror else ""
        raise CommandError(reason or str(error)) from error
    except (ValueError, ImportError, MemoryError) as error:
        raise CommandError(str(error) or f"{arguments.source} is too large.") from error
    return LabeledVectors(Path(arguments.source).name, X, y)


def checked_folds(arguments: argparse.Namespace, vectors: LabeledVectors) -> int:
    """Return the number of folds, each of which has samples of every class."""
    import numpy as np

    classes, counts = np.unique(vectors.y, return_counts=True)
    rarest = int(counts.argmin())
    folds = arguments.folds or max(2, min(DEFAULT_FOLDS, int(counts[rarest])))
    if folds > counts[rarest]:
        raise CommandError(
            f"--folds {folds} is larger than the smallest class: {classes[rarest]} has "
            f"{counts[rarest]} samples. Hint: choose fewer folds, or leave out small classes."
        )
    return int(folds)


def checked_budget(arguments: argparse.Namespace, vectors: LabeledVectors, folds: int) -> int:
    """Return the number of labels, which every training part has to have."""
    n_samples = len(vectors.y)
    n_train = n_samples - math.ceil(n_samples / folds)
    if arguments.budget is None:
        return min(DEFAULT_BUDGET, n_train)
    if arguments.budget > n_train:
        raise CommandError(
            f"--budget {arguments.budget} is larger than the pool: {folds} folds of {n_samples} "
            f"samples leave {n_train} samples to label. Hint: choose a smaller budget."
        )
    return int(arguments.budget)


def build_classifier(
    arguments: argparse.Namespace,
) -> IncrementalKNeighborsClassifier | IncrementalLabelSpreading:
    """Return the classifier that learns; without options it is the default of `ActiveLearner`."""
    from skactive.neighbors import IncrementalKNeighborsClassifier
    from skactive.semi_supervised import IncrementalLabelSpreading

    nearest = IncrementalKNeighborsClassifier(arguments.neighbors, metric=arguments.metric)
    if arguments.classifier == "nearest":
        return nearest
    return IncrementalLabelSpreading(metric=arguments.metric, voter=nearest)


def compare(
    arguments: argparse.Namespace,
    names: list[str],
    vectors: LabeledVectors,
    folds: int,
    budget: int,
) -> StrategyComparison:
    """Run the labelling loops."""
    from skactive.model_selection import compare_strategies

    start_workers(arguments.jobs)
    try:
        return compare_strategies(
            build_classifier(arguments),
            build_strategies(names, metric=arguments.metric, weights=dict(arguments.weights)),
            vectors.X,
            vectors.y,
            budget=budget,
            batch_size=arguments.batch_size,
            cv=folds,
            n_jobs=arguments.jobs,
            random_state=arguments.seed,
            memory=arguments.resume,
            progress=not arguments.quiet,
        )
    except OSError as error:
        if arguments.resume is None:
            raise
        raise unwritable(arguments.resume, error, "--resume") from error
    except ValueError as error:
        raise CommandError(str(error)) from error


def start_workers(n_jobs: int) -> None:
    """Start the processes that joblib will use, with Ctrl-C ignored in them."""
    if n_jobs == 1 or threading.current_thread() is not threading.main_thread():
        return
    from joblib import Parallel, delayed, effective_n_jobs

    # A new process inherits the ignored signals. Blocking the signal instead would not lose a
    # Ctrl-C during the start, but joblib's resource tracker unblocks it.
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        Parallel(n_jobs=n_jobs)(delayed(int)() for _ in range(effective_n_jobs(n_jobs)))
    finally:
        signal.signal(signal.SIGINT, handler)


def write_files(
    arguments: argparse.Namespace, comparison: StrategyComparison, name: str, folder: Path
) -> str:
    """Write the curves, and return the lines that name the files."""
    from skactive.cli._report import write_csv

    lines = [f"Written: {folder / CURVE_CSV}"]
    try:
        write_csv(comparison, folder / CURVE_CSV)
        if not arguments.no_plot and find_spec("matplotlib") is None:
            lines.append(NO_PLOT)
            if arguments.quiet:
                write_note(NO_PLOT)
        elif not arguments.no_plot:
            draw(comparison, name, folder / CURVE_PNG)
            lines.append(f"Written: {folder / CURVE_PNG}")
    except OSError as error:
        raise unwritable(folder, error, "--output-dir") from error
    return "\n".join(lines)


def draw(comparison: StrategyComparison, name: str, path: Path) -> None:
    """Write the plot of the curves, without opening a window."""
    from matplotlib.figure import Figure

    from skactive.inspection import LabelingCurveDisplay

    figure = Figure(figsize=(7.5, 5.0), layout="constrained")
    display = LabelingCurveDisplay(comparison, baseline=BASELINE)
    axes = display.plot(figure.subplots()).ax_
    shown = name if len(name) <= TITLE_WIDTH else f"{name[: TITLE_WIDTH - 1]}…"
    axes.set_title(f"{shown}: {axes.get_title(loc='left')}", loc="left")
    figure.savefig(path, dpi=150)
