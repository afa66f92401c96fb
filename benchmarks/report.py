"""Measurements, and the tables they are shown in."""

import csv
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

PACKAGES = [
    "numpy",
    "scipy",
    "scikit-learn",
    "modAL-python",
    "pynndescent",
    "tensorflow",
    "tensorflow-hub",
    "pillow",
    "river",
]


@dataclass(frozen=True)
class Measurement:
    """A quantity, with what was promised of it where something was."""

    what: str
    unit: str
    median: float
    smallest: float
    largest: float
    n_rounds: int
    target: str = ""
    met: str = ""


def measured(
    what: str,
    values: float | Sequence[float] | np.ndarray,
    unit: str = "s",
    *,
    at_least: float | None = None,
    at_most: float | None = None,
) -> Measurement:
    """Sum up repeated values of one quantity; a promise is held against their median."""
    values = np.atleast_1d(values)
    median = float(np.median(values))
    target, met = "", ""
    if at_least is not None:
        target, met = f"≥ {at_least:g}", "yes" if median >= at_least else "no"
    elif at_most is not None:
        target, met = f"≤ {at_most:g}", "yes" if median <= at_most else "no"
    return Measurement(
        what, unit, median, float(values.min()), float(values.max()), len(values), target, met
    )


def conditions() -> str:
    """Return what the figures depend on beside the code."""
    parts = [f"Python {platform.python_version()}"]
    for package in PACKAGES:
        try:
            parts.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            parts.append(f"no {package}")
    return ", ".join([*parts, f"{os.cpu_count()} CPUs"])


def write_csv(path: Path, measurements: Iterable[Measurement]) -> None:
    """Write measurements, each line with the conditions it was taken under."""
    names = [field.name for field in fields(Measurement)]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [*names, "conditions"], lineterminator="\n")
        writer.writeheader()
        for measurement in measurements:
            row = asdict(measurement)
            for name in ("median", "smallest", "largest"):
                row[name] = f"{row[name]:.4g}"
            writer.writerow({**row, "conditions": conditions()})


def read_csv(path: Path) -> tuple[list[Measurement], str]:
    """Return measurements and their conditions."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    measurements = [
        Measurement(
            row["what"],
            row["unit"],
            float(row["median"]),
            float(row["smallest"]),
            float(row["largest"]),
            int(row["n_rounds"]),
            row["target"],
            row["met"],
        )
        for row in rows
    ]
    return measurements, rows[0]["conditions"] if rows else ""


def table(measurements: Iterable[Measurement]) -> str:
    """Return a Markdown table."""
    lines = [
        "| what | median | min to max | rounds | target | met |",
        "| --- | ---: | ---: | ---: | ---: | --- |",
    ]
    for one in measurements:
        unit = one.unit
        median, smallest, largest = (
            readable(value, unit) for value in (one.median, one.smallest, one.largest)
        )
        spread = f"{smallest} to {largest}" if one.n_rounds > 1 else ""
        lines.append(
            f"| {one.what} | {median} | {spread} | {one.n_rounds} | {one.target} | {one.met} |"
        )
    return "\n".join(lines)


def readable(value: float, unit: str) -> str:
    """Return a number with its unit, in the digits that mean something."""
    if unit == "s":
        for scale, name in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
            if value >= scale or name == "µs":
                return f"{value / scale:.3g} {name}"
    if unit == "ratio":
        return f"{value:,.0f} ×" if value >= 100 else f"{value:.3g} ×"
    return f"{value:.3g} {unit}"


def write_markdown(path: Path, sections: Mapping[str, tuple[str, list[Measurement], str]]) -> None:
    """Write the page that shows the last figures of every benchmark."""
    introduction = (
        "Made by `python -m benchmarks`; do not edit. A ratio is formed round by round from times "
        "taken in turns, and a target is held against the median of the rounds. Times are those "
        "of one machine that other programs were using too: compare ratios."
    )
    parts = ["# Benchmarks", introduction]
    for name, (text, measurements, measured_under) in sections.items():
        parts += [
            f"## {name}",
            text.strip(),
            table(measurements),
            f"Measured with {measured_under}.",
        ]
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
