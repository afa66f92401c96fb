"""The code of the README and of the guides runs.

A script is a ```` ```python ```` block together with the ```` ```python continues ```` blocks after
it. Each runs in an empty folder and a namespace of its own; a block with ``>>>`` prompts must give
the output it shows.
"""

import doctest
import hashlib
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest
from saved_models import write_image_model, write_text_model, write_transformer

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
WRITTEN_BY_HAND = [README, *sorted({*(ROOT / "docs").glob("*.md")} - {ROOT / "docs" / "api.md"})]

FIRST_COMMAND = (
    'python3 -m venv .venv && .venv/bin/pip install ".[plot]" && .venv/bin/skactive compare'
)
TEST_COMMAND = "python3 -m venv .venv && .venv/bin/pip install nox uv && .venv/bin/nox"

BLOCK = re.compile(r"^```python(?P<mode>[^\n]*)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
NEEDS_MODAL = re.compile(
    r"^\W*(?:from|import) +(?:modAL|skactive\.integrations\.modal)\b", re.MULTILINE
)
NEEDS_RIVER = re.compile(r"^\W*(?:from|import) +river\b", re.MULTILINE)
NEEDS_DASK = re.compile(r"^from skactive\.integrations\.dask\b", re.MULTILINE)
NEEDS_SKORCH = re.compile(r"^from skorch\b", re.MULTILINE)
NEEDS_TRANSFORMERS = re.compile(r"^from transformers\b", re.MULTILINE)
NEEDS_INDEX = re.compile(r"algorithm=\"hnsw\"")
NEEDS_ACTIVEML = re.compile(
    r"^\W*(?:from|import) +(?:skactiveml|skactive\.integrations\.scikit_activeml)\b", re.MULTILINE
)
NEEDS_PHOTOS = re.compile(r"\bImageDescriptor\b")
NEEDS_HUB = re.compile(r"\bHubEmbedder\b")
HUB_MODEL = re.compile(r"https://tfhub\.dev/[\w/.-]+")
TRANSFORMER = re.compile(r"^MODEL = \"(\S+)\"$", re.MULTILINE)


# Code, the module that it needs, and the task of nox in which it is installed.
NEEDED = [
    (NEEDS_MODAL, "modAL", "interop"),
    (NEEDS_ACTIVEML, "skactiveml", "interop"),
    (NEEDS_RIVER, "river", "interop"),
    (NEEDS_DASK, "distributed", "interop"),
    (NEEDS_SKORCH, "torch", "torch"),
    (NEEDS_TRANSFORMERS, "transformers", "torch"),
    (NEEDS_INDEX, "usearch", "interop"),
]


class Block(NamedTuple):
    """A block of Python, and its first line in the document."""

    line: int
    code: str


class Script(NamedTuple):
    """Blocks that share a namespace."""

    document: str
    blocks: list[Block]

    def run(self) -> None:
        namespace: dict[str, object] = {"__name__": "__main__"}
        for block in self.blocks:
            if ">>> " in block.code:
                self._run_session(block, namespace)
            else:
                # With the empty lines, line numbers of a traceback are those of the document.
                source = "\n" * block.line + block.code
                exec(compile(source, self.document, "exec"), namespace)  # noqa: S102

    def _run_session(self, block: Block, namespace: dict[str, object]) -> None:
        session = doctest.DocTestParser().get_doctest(
            block.code, namespace, self.document, self.document, block.line
        )
        report: list[str] = []
        runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
        runner.run(session, out=report.append, clear_globs=False)
        namespace.update(session.globs)
        assert not runner.failures, "".join(report)


def scripts_of(document: str, text: str) -> list[Script]:
    """Return the scripts of a Markdown text."""
    scripts: list[Script] = []
    for match in BLOCK.finditer(text):
        block = Block(text.count("\n", 0, match.start()) + 1, match["code"])
        if match["mode"].strip() == "continues":
            scripts[-1].blocks.append(block)
        else:
            scripts.append(Script(document, [block]))
    return scripts


SCRIPTS = [
    script
    for path in WRITTEN_BY_HAND
    if path.is_file()
    for script in scripts_of(path.name, path.read_text(encoding="utf-8"))
]


def put_photos(folder):
    """Write the photos that a script reads."""
    import numpy as np
    from PIL import Image

    pixels = np.random.default_rng(0)
    for number in range(40):
        colour = [(200, 40, 40), (230, 150, 30)][number % 2]
        photo = np.clip(colour + pixels.normal(0, 30, (24, 24, 3)), 0, 255).astype(np.uint8)
        path = folder / "photos" / f"{number}.jpg"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(photo).save(path)
    Image.fromarray(photo).save(folder / "another.jpg")


def put_photos_and_models(script, folder, monkeypatch):
    """Write photos, and small models in the cache of TensorFlow Hub."""
    put_photos(folder)
    # TensorFlow Hub uses a model in its cache folder instead of downloading it.
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(folder / "models"))
    for url in HUB_MODEL.findall("".join(block.code for block in script.blocks)):
        write = write_text_model if "sentence-encoder" in url else write_image_model
        write(folder / "models" / hashlib.sha1(url.encode(), usedforsecurity=False).hexdigest())
    monkeypatch.setattr("builtins.input", lambda question: ["apple", "orange"][len(question) % 2])


# The scripts take a minute, and use what other tests check on every Python version.
@pytest.mark.once
@pytest.mark.filterwarnings("ignore:FigureCanvasAgg is non-interactive:UserWarning")
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda s: f"{s.document}:{s.blocks[0].line}")
def test_every_python_block_runs(script, tmp_path, monkeypatch):
    for pattern, module, task in NEEDED:
        if find_spec(module) is None and any(pattern.search(b.code) for b in script.blocks):
            pytest.skip(f"{module} is not installed: `nox -s {task}` runs this block")
    if any(NEEDS_HUB.search(b.code) for b in script.blocks):
        if find_spec("tensorflow_hub") is None:
            pytest.skip("TensorFlow Hub is not installed: `nox -s hub` runs this block")
        put_photos_and_models(script, tmp_path, monkeypatch)
    elif any(NEEDS_TRANSFORMERS.search(b.code) for b in script.blocks):
        # A folder of this name is read in place of a download.
        code = "".join(block.code for block in script.blocks)
        for name in TRANSFORMER.findall(code):
            write_transformer(tmp_path / name, code.split())
    elif any(NEEDS_PHOTOS.search(b.code) for b in script.blocks):
        put_photos(tmp_path)
    monkeypatch.chdir(tmp_path)
    script.run()
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


def test_the_readme_gives_both_commands_word_for_word():
    lines = README.read_text(encoding="utf-8").splitlines()
    assert FIRST_COMMAND in lines
    assert TEST_COMMAND in lines


def test_continuous_integration_runs_the_readmes_test_command_and_no_other():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    commands = script.read_text(encoding="utf-8").splitlines()
    assert commands[-1] == TEST_COMMAND
    assert sum("nox" in line for line in commands) == 1


@pytest.mark.parametrize("command", [["--help"], ["compare", "--help"]])
def test_the_command_of_the_first_line_answers(command, tmp_path):
    answer = subprocess.run(
        [sys.executable, "-m", "skactive", *command],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "compare" in answer.stdout


def test_blocks_are_found_joined_and_run():
    text = "x\n```python\na = 1\n```\n```sh\nls\n```\n```python continues\n>>> a + 1\n2\n```\n"
    (script,) = scripts_of("text.md", text)
    assert [block.line for block in script.blocks] == [2, 8]
    script.run()


def test_a_wrong_output_and_a_wrong_block_are_found():
    (session,) = scripts_of("text.md", "```python\n>>> 1 + 1\n3\n```\n")
    with pytest.raises(AssertionError, match=r"Expected:\n +3\n +Got:\n +2"):
        session.run()
    (script,) = scripts_of("text.md", "```python\nraise KeyError('k')\n```\n")
    with pytest.raises(KeyError):
        script.run()


@pytest.mark.parametrize(
    ("code", "needed"),
    [
        ("import modAL.models", True),
        (">>> from modAL.models import ActiveLearner", True),
        ("from skactive.integrations.modal import ActiveLearner", True),
        ("import skactive  # as in modAL", False),
    ],
)
def test_a_block_that_needs_modal_is_known_by_its_imports(code, needed):
    assert bool(NEEDS_MODAL.search(code)) is needed
