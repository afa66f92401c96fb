"""Examples in docstrings of methods are run, under whatever name their class is presented."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).parents[1] / "conftest.py"

PACKAGE = """
from package._private import Public

Public.__module__ = __name__
"""

# Each example expects 2 where it gets 1.
PRIVATE = '''
from functools import cached_property

class Public:
    """
    >>> 1 + 0
    2
    """

    def method(self):
        """
        >>> 1 + 1 - 1
        2
        """

    @classmethod
    def of_class(cls):
        """
        >>> 3 - 2
        2
        """

    @staticmethod
    def static():
        """
        >>> 4 - 3
        2
        """

    @cached_property
    def cached(self):
        """
        >>> 5 - 4
        2
        """

    @property
    def computed(self):
        """
        >>> 6 - 5
        2
        """

    def right(self):
        """
        >>> 1
        1
        """

class Private:
    def method(self):
        """
        >>> 7 - 6
        2
        """
'''


@pytest.mark.once
def test_a_wrong_example_in_a_method_of_a_presented_class_fails_once(tmp_path):
    (tmp_path / "pytest.ini").touch()
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").write_text(PACKAGE, encoding="utf-8")
    (package / "_private.py").write_text(PRIVATE, encoding="utf-8")
    shutil.copy(CONFTEST, tmp_path)
    options = ["--doctest-modules", "--import-mode=importlib", "-p", "no:cacheprovider"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "package"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    failed = re.findall(r"^FAILED \S+::(\S+)", run.stdout, re.MULTILINE)
    assert sorted(failed) == [
        "package.Public",
        "package.Public.computed",
        "package._private.Private.method",
        *[
            f"package._private.__test__.Public.{name}"
            for name in ("cached", "method", "of_class", "static")
        ],
    ]
    assert "7 failed, 1 passed" in run.stdout
