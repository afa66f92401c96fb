"""The tables and links of the documentation agree with the code and with each other."""

import ast
import importlib
import inspect
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_public_names import PUBLIC_MODULES

import skactive
from skactive.learner import StoppingCriterion
from skactive.measures import Measure
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.strategies import QueryStrategy

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted({*DOCS.glob("*.md")})]
USER_GUIDE = (DOCS / "user_guide.md").read_text(encoding="utf-8")
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
CODE = re.compile(r"^```.*?^```$|`[^`\n]+`", re.MULTILINE | re.DOTALL)
INCLUDE = re.compile(r"^```\{include\} (\S+)$", re.MULTILINE)
HEADING = re.compile(r"^#+ (?P<title>.+)$", re.MULTILINE)


def rows(page: str, first_column: str) -> list[list[str]]:
    """Return the rows of the table of a page whose first column has the given heading."""
    lines = iter(page.splitlines())
    for line in lines:
        if line.startswith(f"| {first_column} |"):
            break
    else:
        raise LookupError(f"no table begins with a column {first_column!r}")
    found = []
    for line in lines:
        if not line.startswith("|"):
            break
        found.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return found[1:]


def names(cell: str) -> list[str]:
    """Return what stands in backticks in a cell."""
    return re.findall(r"`([^`]+)`", cell)


def anchors(path: Path) -> set[str]:
    """Return the anchors that MyST gives to the headings of a page and of what it includes."""
    page = path.read_text(encoding="utf-8")
    included = [anchors(path.parent / name) for name in INCLUDE.findall(page)]
    titles = HEADING.findall(re.sub(r"^```.*?^```$", "", page, flags=re.MULTILINE | re.DOTALL))
    own = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
    return own.union(*included)


def broken_links(path: Path) -> Iterator[str]:
    """Yield the links of a page that lead to no file, or to no heading of it."""
    page = path.read_text(encoding="utf-8")
    for target in LINK.findall(CODE.sub("", page)):
        file, _, anchor = target.partition("#")
        if "://" in target or target.startswith("mailto:") or file == "api.md":
            continue
        if file.startswith("auto_examples/"):
            # Made by sphinx-gallery from the folder of examples.
            name = file.removeprefix("auto_examples/")
            linked = ROOT / "examples" / ("README.rst" if name == "index" else f"{name}.py")
            if not linked.is_file():
                yield f"{path.name}: {target}"
            continue
        linked = path.parent / file if file else path
        if not linked.exists() or (anchor and anchor not in anchors(linked)):
            yield f"{path.name}: {target}"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_link_leads_to_a_file_and_a_heading(path):
    assert list(broken_links(path)) == []


def test_a_broken_link_is_found(tmp_path):
    page = tmp_path / "page.md"
    (tmp_path / "part.md").write_text("## Included\n", encoding="utf-8")
    page.write_text(
        "# Top\n\n## Two words, one-more\n\n[a](#two-words-one-more) [b](#nowhere) [c](other.md) "
        "[d](auto_examples/plot_none) [e](https://example.org) `[f](in_code.md)` [g](#included)\n\n"
        "```{include} part.md\n```\n",
        encoding="utf-8",
    )
    assert list(broken_links(page)) == [
        "page.md: #nowhere",
        "page.md: other.md",
        "page.md: auto_examples/plot_none",
    ]


def test_the_readme_lists_every_package_with_all_its_public_names():
    table = rows((ROOT / "README.md").read_text(encoding="utf-8"), "package")
    listed = {names(package)[0]: names(public) for package, _, public in table}
    submodules = {name.split(".")[1] for name in PUBLIC_MODULES}
    expected = {"skactive": [name for name in skactive.__all__ if name not in submodules]}
    for name in PUBLIC_MODULES:
        expected[name] = list(getattr(importlib.import_module(name), "__all__", []))
    assert listed == expected
    assert list(listed) == sorted(listed)


def concrete(module: str, base: type) -> set[str]:
    """Return the names of the public classes of a module that implement a base class."""
    members = vars(importlib.import_module(module))
    public = {name: members[name] for name in members["__all__"]}
    return {
        name
        for name, member in public.items()
        if inspect.isclass(member) and issubclass(member, base) and not inspect.isabstract(member)
    }


def test_the_user_guide_lists_every_measure():
    assert {names(row[0])[0] for row in rows(USER_GUIDE, "measure")} == concrete(
        "skactive.measures", Measure
    )


def test_the_user_guide_lists_every_strategy_once():
    tables = [
        rows(USER_GUIDE[USER_GUIDE.index(heading) :], "strategy")
        for heading in ["\n## Choose a strategy\n", "\n### Strategies from the literature\n"]
    ]
    listed = [names(row[0])[0] for table in tables for row in table]
    assert sorted(listed) == sorted(concrete("skactive.strategies", QueryStrategy))


def test_the_user_guide_lists_every_stopping_criterion():
    assert {names(row[0])[0] for row in rows(USER_GUIDE, "criterion")} == concrete(
        "skactive.learner", StoppingCriterion
    )


def test_the_user_guide_gives_the_defaults_of_the_nearest_neighbours():
    parameters = inspect.signature(IncrementalKNeighborsClassifier).parameters
    for name, default, _ in rows(USER_GUIDE, "parameter"):
        assert parameters[names(name)[0]].default == ast.literal_eval(default.strip("`"))


def test_every_extra_that_a_page_names_exists():
    extras = SETTINGS["project"]["optional-dependencies"]
    for path in PAGES:
        named = re.findall(r"(?:skactive|\.)\[([a-z,]+)\]", path.read_text(encoding="utf-8"))
        assert {extra for extras in named for extra in extras.split(",")} <= set(extras), path


def test_the_contributing_guide_names_every_task():
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    tasks = re.findall(
        r"^@nox\.session(?:\(.*\))?\n(?:@nox.*\n)*def (\w+)\(",
        (ROOT / "noxfile.py").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    assert len(tasks) > 5
    assert set(re.findall(r"nox -s (\w+)", page)) == set(tasks)


def unmatched(patterns: Iterator[str], root: Path) -> list[str]:
    """Return the patterns, in ruff's notation, that match no file below a folder."""

    def alternatives(pattern: str) -> list[str]:
        found = re.search(r"\{([^}]*)\}", pattern)
        if found is None:
            return [pattern]
        return [pattern.replace(found[0], choice, 1) for choice in found[1].split(",")]

    return [
        alternative
        for pattern in patterns
        for alternative in alternatives(pattern)
        if not any(path.is_file() for path in root.glob(alternative.replace("/**", "/**/*")))
    ]


def test_every_exception_for_a_file_names_a_file():
    assert unmatched(SETTINGS["tool"]["ruff"]["lint"]["per-file-ignores"], ROOT) == []


def test_an_exception_for_a_missing_file_is_found(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.py").touch()
    assert unmatched(["a/*", "a/**", "{a,b}/**", "c.py"], tmp_path) == ["b/**", "c.py"]
