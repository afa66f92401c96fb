"""The project's tasks: `nox` runs those marked by * in `nox -l`, `nox -s lint` one.

All tests run on the oldest Python with the oldest dependencies (`lowest`), and on the newest Python
with the newest (`tests`). Pythons between run the tests of the page and the examples in docstrings.
`bench` measures run times, and `mutants` what the tests do not find: run these by name.
"""

import os
import re
import shutil
import zipfile
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.download_python = "never"
nox.options.error_on_missing_interpreters = False
nox.options.reuse_venv = "no"

# uv installs sources without bytecode. If Python may not write bytecode, every process started by
# a test compiles scikit-learn and scipy again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

ROOT = Path(__file__).parent
PYPROJECT = nox.project.load_toml(ROOT / "pyproject.toml")
PYTHONS = nox.project.python_versions(PYPROJECT)
OLDEST, MIDDLE, NEWEST = PYTHONS[0], PYTHONS[1], PYTHONS[-1]
nox.options.sessions = [
    "lint",
    f"tests-{NEWEST}",
    "examples",
    "lowest",
    "interop",
    "browser",
    "docs",
    "build",
]


def group(name: str) -> tuple[str, ...]:
    """Return the requirements of a dependency group."""
    return nox.project.dependency_groups(PYPROJECT, name)


def pytest(session: nox.Session, *arguments: str) -> None:
    """Run pytest without a display."""
    session.run("pytest", *arguments, *session.posargs, env=ONE_THREAD | {"MPLBACKEND": "agg"})


# Two processes that share two cores, each with threads of its own for linear algebra, run the tests
# of label spreading four times as long.
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
# Names of an installed browser of the tests of the page.
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# A process that is done takes over tests of the other.
IN_PARALLEL = ("-n", "2", "--dist", "worksteal")


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, types, docstrings and changelog fragments."""
    session.install("-e", ".", *group("lint"))
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("mypy")
    session.run("numpydoc", "lint", *map(str, sorted(Path("skactive").rglob("*.py"))))
    session.run("towncrier", "build", "--draft", "--version", "next", silent=True)


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the tests and the examples in docstrings with the newest dependencies."""
    is_complete = session.python == NEWEST
    extras = ".[hub,label,plot,table]" if is_complete else ".[plot,table]"
    session.install("-e", extras, *group("test"))
    # An argument after -- may select a marked test.
    marked = [] if is_complete or session.posargs else ["-m", "not once"]
    pytest(session, *IN_PARALLEL, *marked)


@nox.session(python=PYTHONS[1:-1])
def examples(session: nox.Session) -> None:
    """Run the examples in docstrings."""
    session.install("-e", ".[label,plot,table]", *group("test"))
    pytest(session, *IN_PARALLEL, "skactive")


@nox.session(python=NEWEST)
def hub(session: nox.Session) -> None:
    """Run the tests of embeddings, with TensorFlow installed."""
    session.install("-e", ".[hub,plot,table]", *group("test"))
    pytest(session, *IN_PARALLEL, "tests/hub", "tests/test_readme.py", "skactive/embedding")


@nox.session(python=MIDDLE)
def torch(session: nox.Session) -> None:
    """Run the tests with networks of PyTorch and transformers, an environment of several GB."""
    packages = ("torch", "skorch", "transformers")
    session.install("-e", ".[plot,table]", *packages, *group("test"))
    tests = ["tests/interop/test_skorch.py", "tests/interop/test_transformers.py"]
    pytest(session, *IN_PARALLEL, *tests, "tests/test_readme.py")


@nox.session(python=OLDEST)
def lowest(session: nox.Session) -> None:
    """Run the tests with the oldest supported dependencies."""
    if session.venv_backend != "uv":
        session.skip("pip cannot resolve to the lowest versions: install uv beside nox")
    session.install(*group("test"))
    session.install("--resolution", "lowest-direct", "-e", ".[hub,label,plot,table]")
    # Docstrings are not tested here: numpy 1 shows a scalar as 0.5, numpy 2 as np.float64(0.5).
    # The experiments are not part of the package and run with the newest dependencies only, as all
    # that is marked: it tests the guide for contributors, tables and our own settings of pytest.
    marked = [] if session.posargs else ["-m", "not once"]
    pytest(
        session,
        *IN_PARALLEL,
        *marked,
        "--hypothesis-profile=first",
        "tests",
        "--ignore=tests/test_experiments.py",
        "--ignore-glob=tests/test_label_savings*.py",
    )


@nox.session(python=OLDEST)
@nox.parametrize("sklearn", ["1.7", "1.9"])
def interop(session: nox.Session, sklearn: str) -> None:
    """Run the tests of integrations, with the other packages installed."""
    extras = ".[plot,table,modal,activeml,crowd,drift,metric,umap,index,dask]"
    session.install("-e", extras, "skops", "zarr", f"scikit-learn=={sklearn}.*", *group("test"))
    marked = [] if sklearn == "1.9" or session.posargs else ["-m", "not once"]
    pytest(
        session,
        *IN_PARALLEL,
        *marked,
        *([] if sklearn == "1.9" else ["--hypothesis-profile=first"]),
        "tests/interop",
        "tests/test_pool_stored.py::test_a_zarr_array_is_read_in_place",
        "tests/test_readme.py",
        "skactive/integrations",
    )


def chromium(session: nox.Session) -> str | None:
    """Return the path of an installed browser; None if Playwright has downloaded its own."""
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if path is None:
        try:
            session.run("playwright", "install", "chromium")
        except nox.command.CommandFailed:
            session.error(
                "There is no browser for the tests of the labelling page. Hint: install Chromium, "
                "such as by `apt-get install chromium`, or set CHROMIUM to the path of one."
            )
    return path


@nox.session(python=MIDDLE)
def browser(session: nox.Session) -> None:
    """Run the tests of the labelling page in Chromium, and those of the widget without Jupyter."""
    session.install("-e", ".[label,notebook,plot,table]", *group("test"), *group("browser"))
    env = ONE_THREAD | {"CHROMIUM": chromium(session)}
    # A worker keeps its browser.
    parallel = ("-n", "2", "--dist", "loadfile")
    tests = ["tests/browser", "tests/test_labeling_widget.py", "tests/test_labeling_learner.py"]
    session.run("pytest", *parallel, *tests, *session.posargs, env=env)


@nox.session(python=MIDDLE)
def notebook(session: nox.Session) -> None:
    """Run the tests of the labelling page in JupyterLab and Jupyter Notebook."""
    session.install("-e", ".[notebook,table]", *group("test"), *group("notebook"))
    env = {"CHROMIUM": chromium(session)}
    session.run("pytest", "tests/notebook", *session.posargs, env=env)


# The release that was tested last, and the newest one.
@nox.session(python=MIDDLE)
@nox.parametrize("release", ["1.23.2", "newest"])
def label_studio(session: nox.Session, release: str) -> None:
    """Run the tests with Label Studio, in an environment of its own of 800 MB, and Chromium."""
    session.install("-e", ".[label,table]", "uv", *group("test"), *group("browser"))
    # It needs other releases of packages than some extras.
    folder = Path(session.create_tmp()).resolve() / f"label-studio-{release}"
    requirement = "label-studio" if release == "newest" else f"label-studio=={release}"
    session.run("uv", "venv", "--clear", "--python", session.python, str(folder))
    python = folder / "bin" / "python"
    # pip takes minutes to resolve its requirements.
    session.run("uv", "pip", "install", "--python", str(python), requirement)
    env = {"LABEL_STUDIO": str(folder / "bin" / "label-studio"), "CHROMIUM": chromium(session)}
    session.run("pytest", "tests/label_studio", *session.posargs, env=env)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation into docs/_build/html; a warning is an error."""
    session.install("-e", ".[plot,table,modal,activeml,crowd,drift,metric]", *group("docs"))
    for made in ["_build", "auto_examples", "generated"]:
        shutil.rmtree(ROOT / "docs" / made, ignore_errors=True)
    (ROOT / "docs" / "sg_execution_times.rst").unlink(missing_ok=True)
    session.run("sphinx-build", "-W", "--keep-going", "-b", "html", "docs", "docs/_build/html")


@nox.session
def build(session: nox.Session) -> None:
    """Build the wheel from the sdist, and run the README's code on the installed wheel."""
    session.install(*group("build"), *group("test"))
    folder = Path(session.create_tmp()).resolve()
    shutil.rmtree(folder / "dist", ignore_errors=True)
    session.run("pyproject-build", "--outdir", str(folder / "dist"))
    distributions = sorted(map(str, (folder / "dist").iterdir()))
    session.run("twine", "check", "--strict", *distributions)

    wheel = next(path for path in distributions if path.endswith(".whl"))
    names = zipfile.ZipFile(wheel).namelist()
    if "skactive/labeling/server/static/index.html" not in names:
        session.error("The wheel lacks the files of the labelling page.")
    folders = {name.split("/")[0] for name in names}
    if extra := [
        name for name in folders if name != "skactive" and not name.endswith(".dist-info")
    ]:
        session.error(f"The wheel ships more than skactive: {extra}")

    session.install(f"{wheel}[plot]")
    for file in ["README.md", "tests/test_readme.py", "tests/saved_models.py", ".ci/run"]:
        (folder / file).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / file, folder / file)
    session.chdir(folder)
    # -P keeps the working directory off sys.path, so that the wheel is imported.
    session.run(
        "python", "-P", "-c", "import skactive; assert 'site-packages' in skactive.__file__"
    )
    pytest(session, "tests/test_readme.py")

    # The README's first command, unchanged, in a folder with only the sources.
    sdist = next(path for path in distributions if path.endswith(".tar.gz"))
    shutil.unpack_archive(sdist, folder, filter="data")
    session.chdir(folder / Path(sdist).name.removesuffix(".tar.gz"))
    commands = re.findall(r"^```sh\n(.+)\n```$", Path("README.md").read_text("utf-8"), re.MULTILINE)
    session.run("bash", "-c", commands[0], external=True)
    for file in ["labeling_curve.png", "labeling_curve.csv"]:
        if not Path(file).exists():
            session.error(f"The README's first command wrote no {file}.")


@nox.session
def bench(session: nox.Session) -> None:
    """Run all benchmarks, or those named after --, and write benchmarks/results."""
    session.install("-e", ".[hub,modal,plot,drift,dask,label]", "lmdb", "zarr", "playwright")
    session.run("python", "-m", "benchmarks", *session.posargs)


@nox.session
def mutants(session: nox.Session) -> None:
    """Change the code at random places, and count the changes that no test finds."""
    session.install("-e", ".[plot,table,index]", "cosmic-ray>=8.7", *group("test"))
    session.run("python", "-m", "benchmarks.mutants", *session.posargs)
