"""The table of mutation testing names tests for every module that is mutated."""

import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

# Not part of the package: the files are the same on every Python version.
pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[1]
ROWS = tomllib.loads((ROOT / "benchmarks" / "mutants.toml").read_text(encoding="utf-8"))["row"]
MODULES = [
    path.relative_to(ROOT).as_posix()
    for package in ["learner", "pool", "neighbors"]
    for path in sorted((ROOT / "skactive" / package).rglob("*.py"))
]


@pytest.mark.parametrize("module", MODULES)
def test_every_mutated_module_has_tests(module):
    assert any(fnmatch(module, row["modules"]) for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["modules"])
def test_every_row_matches_a_module_and_names_test_files(row):
    first = [next(r for r in ROWS if fnmatch(module, r["modules"])) for module in MODULES]
    assert row in first
    files = [name.removeprefix("--deselect=").split("::")[0] for name in row["tests"]]
    assert [name for name in files if not (ROOT / name).is_file()] == []
