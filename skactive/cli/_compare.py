"""`skactive compare`: find out which strategy needs the fewest labels on these vectors."""

from __future__ import annotations

import argparse
import math
import signal
import sys
import threading
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from skactive.cli._arguments import number_of_jobs, whole_number
from skactive.cli._lineup import (
    BASELINE,
    DEFAULT_NAMES,
    KNOWN,
    METRICS,
    WEIGHTED,
    build_strategies,
    checked_names,
    strategy_weight,
)
from skactive.cli._output import CommandError, say, unwritable, writable_folder

if TYPE_CHECKING:
    import numpy as np

    from skactive.model_selection import StrategyComparison

DIGITS = "digits"
DEFAULT_BUDGET = 200
DEFAULT_FOLDS = 10
CLASSIFIERS = ("nearest", "spreading")
CURVE_CSV = "labeling_curve.csv"
CURVE_PNG = "labeling_curve.png"
TITLE_WIDTH = 28
NO_PICTURE = (
    "No picture, as matplotlib is not installed. Install it with: pip install 'skactive[plot]'"
)

DESCRIPTION = """\
Play the labelling loop with recorded labels, and say how many labels each
query strategy needs. The score is the accuracy of a classifier on samples
held out, averaged over folds.
"""


class Vectors(NamedTuple):
    """What is to be labelled, and what a person would answer."""

    name: str
    X: np.ndarray
    y: np.ndarray


def add_compare_parser(commands: Any) -> None:
    """Add `compare` to the commands."""
    known = "".join(f"\n  {name:<18}{meaning}" for name, meaning in KNOWN.items())
    parser = commands.add_parser(
        "compare",
        help="compare query strategies on labelled vectors",
        description=DESCRIPTION,
        epilog=f"strategies, by what they ask about first:{known}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.set_defaults(run=run_compare)
    parser.add_argument(
        "source",
        metavar="DATA",
        nargs="?",
        default=DIGITS,
        help="a .npz, .npy, .csv, .tsv or .parquet file of vectors and labels; by default "
        "scikit-learn's handwritten digits",
    )
    add_file_options(parser)
    add_loop_options(parser)
    add_output_options(parser)


def add_file_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what is where in a file."""
    group = parser.add_argument_group("what is where in DATA")
    group.add_argument(
        "--label",
        metavar="NAME",
        help="column or array of the labels; for .npy a column's index or a second .npy file",
    )
    group.add_argument(
        "--features",
        metavar="NAME",
        nargs="+",
        help="columns or array of the vectors (default: all columns but the label)",
    )


def add_loop_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the labelling loop."""
    group = parser.add_argument_group("the labelling loop")
    group.add_argument(
        "--strategies",
        metavar="NAME",
        nargs="+",
        default=list(DEFAULT_NAMES),
        help=f"which to compare (default: {' '.join(DEFAULT_NAMES)})",
    )
    group.add_argument(
        "--weights",
        metavar="NAME=NUMBER",
        nargs="+",
        type=strategy_weight,
        default=[],
        help=f"exponents of the factors of cdf-product, each 1 by default: {', '.join(WEIGHTED)}",
    )
    count, seed = whole_number(1), whole_number(0)
    group.add_argument(
        "--budget",
        metavar="N",
        type=count,
        help=f"labels to ask for (default: {DEFAULT_BUDGET}, or all there are)",
    )
    group.add_argument(
        "--batch-size", metavar="N", type=count, default=1, help="labels at once (default: 1)"
    )
    group.add_argument(
        "--folds",
        metavar="N",
        type=whole_number(2),
        help=f"folds of the cross-validation (default: {DEFAULT_FOLDS}, or as many as the smallest "
        "class has samples)",
    )
    group.add_argument(
        "--classifier",
        choices=CLASSIFIERS,
        default=CLASSIFIERS[0],
        help="who learns: the vote of the nearest labelled samples, or labels that spread along "
        f"the neighbour graph (default: {CLASSIFIERS[0]})",
    )
    group.add_argument(
        "--neighbors",
        metavar="K",
        type=count,
        default=5,
        help="neighbours that vote (default: 5)",
    )
    group.add_argument(
        "--metric",
        choices=METRICS,
        default=METRICS[0],
        help=f"distance of classifier and strategies: {', '.join(METRICS)} (default: {METRICS[0]})",
        metavar="NAME",
    )
    group.add_argument(
        "--seed", metavar="N", type=seed, default=0, help="seed of all randomness (default: 0)"
    )
    group.add_argument(
        "--jobs",
        metavar="N",
        type=number_of_jobs,
        default=-1,
        help="processes that share the work; the result is the same (default: -1, one per core)",
    )
    group.add_argument(
        "--resume",
        metavar="FOLDER",
        type=Path,
        help="keep finished loops in FOLDER, and play only what is not there yet",
    )


def add_output_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of what is written."""
    group = parser.add_argument_group("output")
    group.add_argument(
        "--output-dir",
        metavar="FOLDER",
        type=Path,
        default=Path(),
        help=f"where {CURVE_CSV} and {CURVE_PNG} go (default: the current folder)",
    )
    group.add_argument("--no-plot", action="store_true", help="draw no picture")
    group.add_argument(
        "--quiet", action="store_true", help="print the table alone, and no progress"
    )


def run_compare(arguments: argparse.Namespace) -> None:
    """Compare strategies as the arguments say."""
    names = checked_names(arguments.strategies)
    if arguments.weights and "cdf-product" not in names:
        raise CommandError(
            "--weights are those of cdf-product, which is not compared. Hint: add it to "
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

    # The files come first: whoever reads only the head of the table wants them all the same.
    written = write_files(arguments, comparison, vectors.name, folder)
    table = results_table(comparison, baseline=BASELINE)
    if arguments.quiet:
        say(table)
        return
    setting = f"k-nearest neighbours (k={arguments.neighbors}, {arguments.metric})"
    if arguments.classifier == "spreading":
        setting = f"label spreading and {setting}"
    say(headline(vectors.name, vectors.X.shape, vectors.y, comparison, setting))
    say(f"\n{table}\n")
    say(explanation(comparison, baseline=BASELINE))
    say(f"\n{written}")


def load(arguments: argparse.Namespace) -> Vectors:
    """Return the vectors and labels that the arguments name."""
    if arguments.source == DIGITS and not Path(DIGITS).exists():
        if arguments.label is not None or arguments.features is not None:
            raise CommandError(
                "--label and --features are for a file, and scikit-learn's digits are none. "
                "Hint: name a file before the options."
            )
        from sklearn.datasets import load_digits

        return Vectors(DIGITS, *load_digits(return_X_y=True))

    from skactive.datasets import load_vectors

    try:
        X, y = load_vectors(arguments.source, label=arguments.label, features=arguments.features)
    except OSError as error:
        reason = f"{arguments.source} cannot be read: {error.strerror}." if error.strerror else ""
        raise CommandError(reason or str(error)) from error
    except (ValueError, ImportError, MemoryError) as error:
        raise CommandError(str(error) or f"{arguments.source} is too large.") from error
    return Vectors(Path(arguments.source).name, X, y)


def checked_folds(arguments: argparse.Namespace, vectors: Vectors) -> int:
    """Return into how many folds the samples go, each with samples of every class."""
    import numpy as np

    classes, counts = np.unique(vectors.y, return_counts=True)
    rarest = int(counts.argmin())
    folds = arguments.folds or max(2, min(DEFAULT_FOLDS, int(counts[rarest])))
    if folds > counts[rarest]:
        raise CommandError(
            f"--folds {folds} is more than the smallest class has samples: {classes[rarest]} has "
            f"{counts[rarest]}. Hint: choose fewer folds, or leave out classes with fewer samples."
        )
    return int(folds)


def checked_budget(arguments: argparse.Namespace, vectors: Vectors, folds: int) -> int:
    """Return how many labels may be asked for, where the folds leave as many."""
    n_samples = len(vectors.y)
    n_train = n_samples - math.ceil(n_samples / folds)
    if arguments.budget is None:
        return min(DEFAULT_BUDGET, n_train)
    if arguments.budget > n_train:
        raise CommandError(
            f"--budget {arguments.budget} is more than there are to label: {folds} folds of "
            f"{n_samples} samples leave {n_train} in the pool. Hint: choose a smaller budget."
        )
    return int(arguments.budget)


def compare(
    arguments: argparse.Namespace, names: list[str], vectors: Vectors, folds: int, budget: int
) -> StrategyComparison:
    """Play the loops."""
    from skactive.model_selection import compare_strategies
    from skactive.neighbors import IncrementalKNeighborsClassifier
    from skactive.semi_supervised import IncrementalLabelSpreading

    classifier: Any = IncrementalKNeighborsClassifier(arguments.neighbors, metric=arguments.metric)
    if arguments.classifier == "spreading":
        classifier = IncrementalLabelSpreading(metric=arguments.metric, voter=classifier)
    start_workers(arguments.jobs)
    try:
        return compare_strategies(
            classifier,
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
    except ValueError as error:
        raise CommandError(str(error)) from error


def start_workers(n_jobs: int) -> None:
    """Start the processes that joblib will use, deaf to Ctrl-C, which is for us to answer."""
    if n_jobs == 1 or threading.current_thread() is not threading.main_thread():
        return
    from joblib import Parallel, delayed, effective_n_jobs

    # A process inherits what is ignored where it is started. Blocking the signal instead would
    # not lose a Ctrl-C of this second, but joblib's resource tracker unblocks it.
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        Parallel(n_jobs=n_jobs)(delayed(int)() for _ in range(effective_n_jobs(n_jobs)))
    finally:
        signal.signal(signal.SIGINT, handler)


def write_files(
    arguments: argparse.Namespace, comparison: StrategyComparison, name: str, folder: Path
) -> str:
    """Write the curves, and say where they are."""
    from skactive.cli._report import write_csv

    lines = [f"Written: {folder / CURVE_CSV}"]
    try:
        write_csv(comparison, folder / CURVE_CSV)
        if not arguments.no_plot and find_spec("matplotlib") is None:
            lines.append(NO_PICTURE)
            if arguments.quiet:
                print(f"skactive: {NO_PICTURE}", file=sys.stderr)
        elif not arguments.no_plot:
            draw(comparison, name, folder / CURVE_PNG)
            lines.append(f"Written: {folder / CURVE_PNG}")
    except OSError as error:
        raise unwritable(folder, error, "--output-dir") from error
    return "\n".join(lines)


def draw(comparison: StrategyComparison, name: str, path: Path) -> None:
    """Write the picture of the curves, without a window even where there is a screen."""
    from matplotlib.figure import Figure

    from skactive.inspection import LabelingCurveDisplay

    figure = Figure(figsize=(7.5, 5.0), layout="constrained")
    display = LabelingCurveDisplay(comparison, baseline=BASELINE)
    axes = display.plot(figure.subplots()).ax_
    shown = name if len(name) <= TITLE_WIDTH else f"{name[: TITLE_WIDTH - 1]}…"
    axes.set_title(f"{shown}: {axes.get_title(loc='left')}", loc="left")
    figure.savefig(path, dpi=150)
