"""The steps of the contributing guide are complete: a copy of the repository passes after them."""

import os
import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

import pytest
from test_documentation import names, rows

ROOT = Path(__file__).parents[1]
GUIDE = ROOT / "CONTRIBUTING.md"
# Caches of Python and numba are copied: they are valid for files with the same time and content.
IGNORED = [".git", ".hypothesis", ".*_cache", ".nox", ".venv", "_build", "auto_examples"]
PATCH = re.compile(r"^```diff\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Edit(NamedTuple):
    """The lines of a patch for one file: each begins with a blank, a minus or a plus."""

    path: str
    is_new: bool
    hunks: list[list[str]]

    def apply(self, root: Path) -> None:
        path = root / self.path
        if self.is_new:
            assert not path.exists(), f"{self.path} exists already"
            [lines] = self.hunks
            path.write_text("".join(f"{line[1:]}\n" for line in lines), encoding="utf-8")
            return
        text = "\n" + path.read_text(encoding="utf-8")
        for hunk in self.hunks:
            before, after = (
                "\n" + "".join(f"{line[1:]}\n" for line in hunk if line[0] in signs)
                for signs in (" -", " +")
            )
            found = text.count(before)
            assert found == 1, f"{self.path} has these lines {found} times, not once:\n{before}"
            text = text.replace(before, after)
        path.write_text(text[1:], encoding="utf-8")


def section(heading: str) -> str:
    """Return a section of the guide."""
    _, _, rest = GUIDE.read_text(encoding="utf-8").partition(f"\n## {heading}\n")
    assert rest, f"the guide has no section {heading!r}"
    return rest.partition("\n## ")[0]


def edits_of(patch: str) -> list[Edit]:
    """Return the edits of a patch, one for each file."""
    edits: list[Edit] = []
    for line in patch.splitlines():
        if line.startswith("--- "):
            is_new = line == "--- /dev/null"
        elif line.startswith("+++ b/"):
            edits.append(Edit(line.removeprefix("+++ b/"), is_new, [[]] if is_new else []))
        elif line == "@@":
            edits[-1].hunks.append([])
        else:
            edits[-1].hunks[-1].append(line)
    return edits


PACKAGES = ["neighbors", "semi_supervised"]


class Recipe:
    """A section of the guide with a patch.

    Parameters
    ----------
    heading : str
        Its heading.
    selected : str
        Of the tests that it names, those that see what the patch adds.
    found_by : str
        Those that fail without one of its steps.
    others : list of str
        Tests that it does not name.
    """

    def __init__(self, heading: str, selected: str, found_by: str, others: list[str]) -> None:
        self.heading = heading
        self.selected = selected
        self.found_by = found_by
        self.edits = {edit.path: edit for edit in edits_of(PATCH.findall(section(heading))[0])}
        self.steps = [
            (names(file)[0].replace("NAME", "[a-z]*"), edit, test)
            for file, edit, test in rows(section(heading), "file")
        ]
        named = {name for name in names(section(heading)) if name.startswith("tests/test_")}
        self.tests = sorted(map(self.path_of, named - {"tests/test_contributing.py"})) + others

    def path_of(self, name: str) -> str:
        """Return the path of the patch that a row of the table names."""
        pattern = name.replace("NAME", "[a-z]*")
        [path] = [path for path in self.edits if fnmatch(path, pattern)] or [pattern]
        return path


RECIPES = {
    recipe.heading: recipe
    for recipe in (
        Recipe(
            "Add a measure",
            "ConfidenceRatio or confidence_ratio or public_measure or test_documentation "
            "or (test_public_names and not imports and not importing and not docstring "
            "and not example)",
            "lists_every or generated_table or public_measure",
            ["skactive/measures"],
        ),
        Recipe(
            "Add a target",
            "ShareTarget or share or test_how_it_works or lists_every or generated_table",
            "share or test_how_it_works or lists_every or generated_table",
            ["skactive/_engine/share.py"],
        ),
    )
}


@pytest.fixture(scope="module", params=RECIPES)
def recipe(request):
    return RECIPES[request.param]


@pytest.fixture(scope="module")
def copy(recipe, tmp_path_factory):
    """Return a copy of the repository in which the steps of the guide are done."""
    root = tmp_path_factory.mktemp("repository")
    shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns(*IGNORED), dirs_exist_ok=True)
    for pattern, edit, _ in recipe.steps:
        if edit.startswith("run "):
            command, *arguments = names(edit)[0].split()
            assert command == "python"
            subprocess.run([sys.executable, *arguments], cwd=root, check=True)
        else:
            recipe.edits[recipe.path_of(pattern)].apply(root)
    return root


def run_tests(root: Path, selected: str, *tests: str) -> subprocess.CompletedProcess[str]:
    """Run tests of a copy, with the package of that copy."""
    arguments = ["-q", "-x", "--tb=short", "--no-showlocals", "-p", "no:cacheprovider"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *arguments, "-k", selected, *tests],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root), "MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_table_names_each_file_of_the_patch_once(recipe):
    patterns = [pattern for pattern, edit, _ in recipe.steps if not edit.startswith("run ")]
    assert sorted(map(recipe.path_of, patterns)) == sorted(recipe.edits)


@pytest.mark.parametrize(
    "heading",
    [
        "Add a measure",
        "Add a strategy",
        "Add a strategy of streams",
        "Add a classifier",
        "Add a target",
        "Add an integration",
    ],
)
def test_every_file_that_a_section_names_exists_or_is_new(heading):
    table = rows(section(heading), "file")
    assert len(table) >= 7
    files = [name for file, _, _ in table for name in names(file)]
    tests = [name for _, _, test in table for name in names(test)]
    prose = re.findall(r"`([\w./]+/[\w./]+\.(?:py|toml|md))`", section(heading))
    for name in {*files, *tests, *prose}:
        if "PACKAGE" in name:
            assert all((ROOT / name.replace("PACKAGE", one)).parent.is_dir() for one in PACKAGES)
        elif "NAME" in name:
            folder, _, _ = name.partition("NAME")
            assert (ROOT / folder).parent.is_dir() or (ROOT / folder).is_dir(), name
        else:
            assert (ROOT / name).is_file(), name


def test_a_patch_that_does_not_fit_is_refused(tmp_path):
    (tmp_path / "a.py").write_text("x\ny\n", encoding="utf-8")
    [edit] = edits_of("--- a/a.py\n+++ b/a.py\n@@\n x\n+new\n y\n")
    edit.apply(tmp_path)
    assert (tmp_path / "a.py").read_text(encoding="utf-8") == "x\nnew\ny\n"
    with pytest.raises(AssertionError, match="has these lines 0 times"):
        edit.apply(tmp_path)


@pytest.mark.once
def test_what_is_added_by_the_guide_passes_the_tests_that_it_names(recipe, copy):
    assert len(recipe.tests) >= 4
    answer = run_tests(copy, recipe.selected, *recipe.tests)
    assert answer.returncode == 0, answer.stdout[-4000:]
    assert int(re.search(r"(\d+) passed", answer.stdout)[1]) >= 10


@pytest.mark.once
def test_a_step_that_is_left_out_is_found(recipe, copy):
    for pattern, _, test in recipe.steps:
        if not names(test):
            continue
        path = recipe.path_of(pattern)
        done = (copy / path).read_bytes()
        if (ROOT / path).exists():
            shutil.copy(ROOT / path, copy / path)
        else:
            (copy / path).unlink()
        answer = run_tests(copy, recipe.found_by, recipe.path_of(names(test)[0]))
        (copy / path).write_bytes(done)
        # Tests fail, or the package cannot be imported.
        assert answer.returncode in {1, 2, 4}, (path, answer.stdout[-4000:])
