"""Run all benchmarks, or those named: `python -m benchmarks cdf_query import_time`."""

import argparse
import ast
from importlib import import_module
from pathlib import Path

from benchmarks.report import read_csv, table, write_csv, write_markdown

RESULTS = Path(__file__).parent / "results"
NAMES = [
    "add_labeled",
    "information_density",
    "neighbor_graph",
    "cdf_query",
    "cdf_memory",
    "scale_query",
    "scale_index",
    "scale_peers",
    "herding_query",
    "staged_predict",
    "scale_simulations",
    "import_time",
    "hub_embedder",
    "vector_store",
    "animation",
    "label_issues",
    "suspicious_answers",
    "labeling_session",
    "labeling_page",
    "confidence",
    "drift",
    "streams",
    "regression",
    "learned_utility",
    "multilabel",
    "multilabel_classifiers",
    "label_queries",
    "feature_acquisition",
    "scale_regression",
    "scale_disk",
    "scale_dask",
]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(NAMES)}")
    names = parser.parse_args().names or NAMES
    if unknown := sorted(set(names) - set(NAMES)):
        parser.error(f"Unknown benchmark {unknown[0]!r}. Hint: choose from {', '.join(NAMES)}.")
    for name in names:
        print(f"\n{name}")
        measurements = import_module(f"benchmarks.{name}").measure()
        RESULTS.mkdir(exist_ok=True)
        write_csv(RESULTS / f"{name}.csv", measurements)
        print(table(measurements))
    # After a run of single benchmarks, the page keeps the last figures of the others.
    made = {name: RESULTS / f"{name}.csv" for name in NAMES}
    write_markdown(
        RESULTS / "README.md",
        {name: (docstring(name), *read_csv(path)) for name, path in made.items() if path.exists()},
    )


def docstring(name: str) -> str:
    """Return the docstring of a benchmark without importing its requirements."""
    source = Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8")
    return ast.get_docstring(ast.parse(source)) or ""


if __name__ == "__main__":
    main()
