"""`skactive compare`: measure how many labels each query strategy needs on labelled vectors."""

from __future__ import annotations

import argparse
import math
import signal
import textwrap
import threading
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skactive._optional import install_hint
from skactive._text import counted, printable
from skactive.cli._arguments import add_number, number_of_jobs
from skactive.cli._labeled_vectors import DIGITS, LabeledVectors, load, without_rare_classes
from skactive.cli._output import (
    CommandError,
    as_options,
    unwritable,
    writable_folder,
    write,
    write_note,
)
from skactive.cli._strategies import (
    BASELINE,
    DEFAULT_NAMES,
    METRICS,
    WEIGHTED,
    WITH_WEIGHTS,
    build_strategies,
    checked_names,
    list_of_strategies,
    names_for,
    strategy_weight,
)

if TYPE_CHECKING:
    from skactive.model_selection import StrategyComparison

DEFAULT_BUDGET = 200
DEFAULT_FOLDS = 10
CLASSIFIERS = ("spreading", "nearest")
CURVE_CSV = "labeling_curve.csv"
CURVE_PNG = "labeling_curve.png"
TITLE_WIDTH = 28
WIDTH = 80
NO_PLOT = f"No plot was drawn, as matplotlib is not installed. {install_hint('plot')}"

DESCRIPTION = """\
Simulate active learning on labelled vectors, and count the labels that each
query strategy needs. The score is the accuracy of a classifier on held-out
samples, or R² if labels are numbers, averaged over the folds of a
cross-validation.
"""


def add_compare_parser(commands: Any) -> None:
    """Add `compare` to the commands."""
    parser = commands.add_parser(
        "compare",
        help="compare query strategies on labelled vectors",
        description=DESCRIPTION,
        late_epilog=list_of_strategies,
    )
    parser.set_defaults(run=run_compare, after_interrupt=after_interrupt)
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
        help="columns or array of the vectors (default: all columns except the label and those "
        "of --drop)",
    )
    group.add_argument(
        "--task",
        choices=("auto", "classification", "regression"),
        default="auto",
        help="whether labels are classes or numbers; auto: numbers if one of them has a fraction, "
        "or if more than 20 whole numbers have fewer than five samples each on average (default: "
        "auto)",
    )
    group.add_argument(
        "--drop",
        metavar="NAME",
        nargs="*",
        help="columns of a table that are no features, none without a NAME (default: those that "
        "appear to identify rows, such as id or a row number)",
    )
    group.add_argument(
        "--standardize",
        choices=("auto", "yes", "no"),
        default="auto",
        help="scale each feature to mean 0 and variance 1, fitted on the training part of each "
        "fold; auto: for tables, not for embeddings: .npy and .npz files, a column of lists, and "
        "16 or more columns that are numbered, such as x0, x1, ... (default: auto)",
    )


def add_loop_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the labelling loop."""
    group = parser.add_argument_group("labelling loop")
    group.add_argument(
        "--strategies",
        metavar="NAME",
        nargs="+",
        help=f"strategies to compare, from the list below; {BASELINE} is always added (default: "
        f"{' '.join(DEFAULT_NAMES)}; variance in place of margin for numbers)",
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
        help="spreading: label spreading on the neighbour graph; nearest: vote of the nearest "
        f"labelled samples, or mean of their numbers (default: {CLASSIFIERS[0]}; for numbers "
        "nearest)",
    )
    add_number(
        group,
        "--neighbors",
        metavar="K",
        default=None,
        help="number of neighbours: of each sample in the graph (spreading, default: 15), or of "
        "labelled samples that vote (nearest, default: 5)",
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
    # Before the file is read.
    given = arguments.strategies and checked_names(arguments.strategies)
    if arguments.weights and given and WITH_WEIGHTS not in given:
        raise CommandError(
            f"--weights are for {WITH_WEIGHTS}, which is not compared. Hint: add it to "
            "--strategies."
        )
    vectors = without_rare_classes(load(arguments))
    names = names_for(given, are_numbers=vectors.is_continuous)
    arguments.classifier = checked_classifier(arguments, vectors)
    folds = checked_folds(arguments, vectors)
    budget = checked_budget(arguments, vectors, folds)
    folder = writable_folder(arguments.output_dir, "--output-dir")
    if arguments.resume is not None:
        writable_folder(arguments.resume, "--resume")
    comparison = compare(arguments, names, vectors, folds, budget)

    from skactive.cli._report import explanation

    # Files first: a closed pipe, as of `head`, ends the command when it prints.
    written = write_files(arguments, comparison, vectors.name, folder)
    table = comparison.summary(baseline=BASELINE)
    if arguments.quiet:
        write(str(table))
        return
    write(headline(arguments, vectors, folds, budget))
    write(f"\n{table}\n")
    write(explanation(comparison, baseline=BASELINE))
    write(f"\n{written}")


def headline(
    arguments: argparse.Namespace, vectors: LabeledVectors, folds: int, budget: int
) -> str:
    """Return lines on the samples and the setting of the comparison."""
    import numpy as np

    from skactive._io.tables import listed_names

    labels = vectors.labels
    samples = counted(len(vectors.X), "sample")
    if len(labels) < len(vectors.X):
        samples += f" ({len(labels):,} labelled)"
    classes = counted(len(np.unique(labels)), "class", "classes")
    if vectors.is_continuous:
        classes = f"numbers from {labels.min():g} to {labels.max():g}"
    features = counted(vectors.X.shape[1], "feature")
    lines = [printable(f"{vectors.name}: {samples}, {features}, {classes}")]
    if vectors.is_continuous:
        line = "labels are numbers: regression, scored by R²"
        # Numbers with a fraction cannot be classes.
        if arguments.task == "auto" and (labels == np.floor(labels)).all():
            line += " (--task classification takes them as classes)"
        lines.append(line)
    scale = "standardised" if vectors.standardized else "not standardised"
    if vectors.columns:
        line = printable(f"columns, {scale}: {listed_names(vectors.columns)}")
        lines.append(textwrap.fill(line, WIDTH, subsequent_indent="  "))
    elif vectors.standardized:
        lines.append("features are standardised")
    name = {"spreading": "label spreading", "nearest": "k-nearest neighbours"}[arguments.classifier]
    k = build_classifier(arguments, is_continuous=vectors.is_continuous).n_neighbors
    setting = f"{name} (k={k}, {arguments.metric})"
    return "\n".join([*lines, f"{setting}, {folds} folds, {counted(budget, 'label')}"])


def after_interrupt(arguments: argparse.Namespace) -> str:
    """Return what is kept after Ctrl-C, and how to continue."""
    if arguments.resume is None:
        return "Nothing is kept. Hint: with --resume FOLDER, an interrupted run can continue."
    return (
        f"The finished loops are in {arguments.resume}. Hint: run the same command again to "
        "continue."
    )


def checked_folds(arguments: argparse.Namespace, vectors: LabeledVectors) -> int:
    """Return the number of folds, each of which has samples of every class."""
    import numpy as np

    if vectors.is_continuous:
        n_labeled = len(vectors.labels)
        n_folds = arguments.folds or max(2, min(DEFAULT_FOLDS, n_labeled // 2))
        if 2 * n_folds > n_labeled:
            raise CommandError(
                f"{n_folds} folds of two samples or more need {2 * n_folds} labelled samples, and "
                f"there are {n_labeled}. Hint: choose fewer folds, or label more samples."
            )
        return int(n_folds)
    classes, counts = np.unique(vectors.labels, return_counts=True)
    rarest = int(counts.argmin())
    folds = arguments.folds or max(2, min(DEFAULT_FOLDS, int(counts[rarest])))
    if folds > counts[rarest]:
        raise CommandError(
            f"--folds {folds} is larger than the smallest class: {classes[rarest]} has "
            f"{counted(int(counts[rarest]), 'sample')}. Hint: choose fewer folds, or leave out "
            "small classes."
        )
    return int(folds)


def checked_budget(arguments: argparse.Namespace, vectors: LabeledVectors, folds: int) -> int:
    """Return the number of labels, which every training part has to have."""
    n_samples = len(vectors.labels)
    n_train = n_samples - math.ceil(n_samples / folds)
    if arguments.budget is None:
        return min(DEFAULT_BUDGET, n_train)
    if arguments.budget > n_train:
        raise CommandError(
            f"--budget {arguments.budget} is larger than the pool: {folds} folds of {n_samples} "
            f"samples leave {n_train} samples to label. Hint: choose a smaller budget."
        )
    return int(arguments.budget)


def checked_classifier(arguments: argparse.Namespace, vectors: LabeledVectors) -> str:
    """Return the name of the classifier, or of the default for the labels."""
    default = CLASSIFIERS[1] if vectors.is_continuous else CLASSIFIERS[0]
    return str(arguments.classifier or default)


def build_estimator(
    arguments: argparse.Namespace, *, standardized: bool, is_continuous: bool = False
) -> Any:
    """Return the classifier or regressor, after a scaler if features are standardised.

    Without options and for vectors it is the default of `ActiveLearner`.
    """
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    classifier = build_classifier(arguments, is_continuous=is_continuous)
    return make_pipeline(StandardScaler(), classifier) if standardized else classifier


def build_classifier(arguments: argparse.Namespace, *, is_continuous: bool = False) -> Any:
    """Return the classifier or regressor that learns."""
    from skactive.neighbors import IncrementalKNeighborsClassifier, IncrementalKNeighborsRegressor
    from skactive.semi_supervised import (
        IncrementalLabelSpreading,
        IncrementalLabelSpreadingRegressor,
    )

    kinds: dict[tuple[str, bool], Any] = {
        ("spreading", False): IncrementalLabelSpreading,
        ("spreading", True): IncrementalLabelSpreadingRegressor,
        ("nearest", False): IncrementalKNeighborsClassifier,
        ("nearest", True): IncrementalKNeighborsRegressor,
    }
    kind = kinds[arguments.classifier, is_continuous]
    if arguments.neighbors is None:
        return kind(metric=arguments.metric)
    return kind(arguments.neighbors, metric=arguments.metric)


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
            build_estimator(
                arguments,
                standardized=vectors.standardized,
                is_continuous=vectors.is_continuous,
            ),
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
        raise CommandError(as_options(str(error))) from error


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
        # None is a handler that was not set from Python.
        if handler is not None:
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
