"""Importing skactive, against importing scikit-learn's neighbours.

Each import runs in a new interpreter, alternating, and is timed inside it: the start of the
interpreter, which is the same for all, is not included.
"""

import subprocess
import sys

import numpy as np

from benchmarks.report import Measurement, measured

STATEMENTS = {
    "sklearn": "import sklearn.neighbors",
    "skactive": "import skactive",
    "classifier": "from skactive.neighbors import IncrementalKNeighborsClassifier",
}
N_ROUNDS = 21


def output_of(program: str) -> str:
    # All programs are defined in this file.
    run = subprocess.run(  # noqa: S603
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    return run.stdout.strip()


def import_seconds(statement: str) -> float:
    program = (
        "from time import perf_counter\n"
        f"start = perf_counter()\n{statement}\nprint(perf_counter() - start)"
    )
    return float(output_of(program))


def check_answers() -> None:
    """Check that the imported names work, and that no import is deferred to their first use."""
    classifier = STATEMENTS["classifier"]
    fit = "IncrementalKNeighborsClassifier().fit([[1, 0], [0, 1]], ['a', 'b']).predict([[1, 0]])[0]"
    assert output_of(f"{classifier}\nprint({fit})") == "a"
    name = "skactive.neighbors.IncrementalKNeighborsClassifier.__name__"
    assert output_of(f"import skactive\nprint({name})") == "IncrementalKNeighborsClassifier"


def measure() -> list[Measurement]:
    check_answers()
    times = {name: np.empty(N_ROUNDS) for name in STATEMENTS}
    for statement in STATEMENTS.values():
        import_seconds(statement)
    for place in range(N_ROUNDS):
        for name in STATEMENTS if place % 2 == 0 else reversed(STATEMENTS):
            times[name][place] = import_seconds(STATEMENTS[name])
    timed = [measured(f"`{STATEMENTS[name]}`", times[name]) for name in STATEMENTS]
    ratios = [
        measured(
            f"`{STATEMENTS[name]}` ÷ `{STATEMENTS['sklearn']}`",
            times[name] / times["sklearn"],
            "ratio",
            at_most=1.2,
        )
        for name in ("skactive", "classifier")
    ]
    return [*timed, *ratios]
