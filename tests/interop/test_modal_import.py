"""The integration is importable without modAL, and names the package to install at first use."""

import subprocess
import sys

import pytest

BLOCKED = "import sys; sys.modules['modAL'] = None\n"


def run_python(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_the_module_imports_without_modal():
    assert run_python(f"{BLOCKED}import skactive.integrations.modal").returncode == 0


def test_the_private_modules_import_without_modal():
    names = ["_committee", "_learner", "_query", "_rows", "_strategy"]
    code = "".join(f"import skactive.integrations.modal.{name}\n" for name in names)
    assert run_python(BLOCKED + code).returncode == 0


def test_importing_the_module_does_not_import_modal():
    code = "import sys, skactive.integrations.modal; sys.exit('modAL' in sys.modules)"
    assert run_python(code).returncode == 0


@pytest.mark.parametrize("name", ["ActiveLearner", "Committee"])
def test_using_a_class_without_modal_names_the_extra(name):
    error = run_python(f"{BLOCKED}from skactive.integrations.modal import {name}").stderr
    assert "ModuleNotFoundError" in error
    assert (
        "ImportError: skactive.integrations.modal needs modAL-python, which is not installed. "
        "Install it with: pip install 'skactive[modal]'"
    ) in error


def test_a_broken_modal_is_not_called_missing():
    pytest.importorskip("modAL", reason="what is not installed cannot be broken")
    code = "import sys; sys.modules['modAL.models'] = None\n"
    error = run_python(f"{code}from skactive.integrations.modal import ActiveLearner").stderr
    assert "modAL.models" in error
    assert "pip install" not in error


def test_an_unknown_name_is_an_attribute_error():
    import skactive.integrations.modal

    with pytest.raises(AttributeError, match="has no attribute 'Oracle'"):
        skactive.integrations.modal.Oracle  # noqa: B018
    assert {"ActiveLearner", "Committee"} <= set(dir(skactive.integrations.modal))
