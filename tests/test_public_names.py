"""Every public name is listed, documented, and known by its public path."""

import dataclasses
import importlib
import inspect
import pkgutil
import pydoc
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from numpydoc.docscrape import NumpyDocString, get_doc_object
from numpydoc.validate import Validator, validate
from test_architecture import LAZY_PACKAGES, OPTIONAL_PACKAGES

import skactive

DOCS = Path(__file__).parents[1] / "docs"

PUBLIC_MODULES = [
    module.name
    for module in pkgutil.walk_packages(skactive.__path__, "skactive.")
    if not any(part.startswith("_") for part in module.name.split("."))
]
PACKAGES = [name for name in PUBLIC_MODULES if name.count(".") == 1]

# `numpydoc lint` checks the form of every docstring, this test that public ones are complete.
COMPLETE = {"GL08", "PR01", "PR02", "PR03", "PR04", "PR07", "RT01", "RT03", "SS01", "SS03", "YD01"}


def listed(module_name: str) -> list[str]:
    return list(getattr(importlib.import_module(module_name), "__all__", []))


PUBLIC_NAMES = [
    f"{module_name}.{name}" for module_name in PUBLIC_MODULES for name in listed(module_name)
]


def resolved(public_name: str) -> object:
    """Return a public object; skip the test if its optional package is not installed."""
    module_name, _, name = public_name.rpartition(".")
    try:
        return getattr(importlib.import_module(module_name), name)
    except ImportError as error:
        if "pip install 'skactive[" not in str(error):
            raise
        pytest.skip(str(error))


def own_public_members(public_name: str, member: type) -> Iterator[str]:
    """Yield the public methods and properties that skactive itself defines, not scikit-learn."""
    for name, value in inspect.getmembers(member):
        function = value.fget if isinstance(value, property) else value
        if name.startswith("_") or not inspect.isfunction(function):
            continue
        if function.__doc__ is None and inspect.getdoc(value):
            # The docstring is that of a contract, which is checked there.
            continue
        if function.__module__.startswith("skactive."):
            yield f"{public_name}.{name}"


class ValidatorOfPublicPaths(Validator):
    """Validate without the source, which is not in the public module of the object."""

    source_file_def_line = None

    def __init__(self, obj_name: str):
        super().__init__(get_doc_object(pydoc.locate(obj_name)))


def is_record(member: object) -> bool:
    """Return whether a class only names the parts of a result."""
    return dataclasses.is_dataclass(member) or hasattr(member, "_fields")


def incomplete(name: str, codes: set[str] = COMPLETE) -> list[str]:
    """Return the parts that numpydoc misses in the docstring of an object."""
    errors = validate(name, validator_cls=ValidatorOfPublicPaths)["errors"]
    return [f"{name}: {code} {message}" for code, message in errors if code in codes]


def test_skactive_lists_every_public_package():
    assert set(skactive.__all__) == {name.split(".")[1] for name in PACKAGES} | {
        "ActiveLearner",
        "Pool",
    }


@pytest.mark.parametrize("name", skactive.__all__)
def test_every_name_of_the_package_loads_on_first_use(name):
    assert getattr(skactive, name) is not None
    assert name in dir(skactive)


def test_a_name_that_the_package_lacks_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'skactive' has no attribute 'nothing'"):
        skactive.nothing  # noqa: B018


@pytest.mark.parametrize("module_name", ["skactive", *PUBLIC_MODULES])
def test_all_is_sorted_and_each_name_in_it_exists(module_name):
    names = listed(module_name)
    assert names == sorted(set(names), key=lambda name: (not name.isupper(), name))
    for name in names:
        resolved(f"{module_name}.{name}")


@pytest.mark.parametrize("module_name", PUBLIC_MODULES)
def test_all_lists_every_public_class_and_function_of_its_module(module_name):
    module = importlib.import_module(module_name)
    defined_here = {
        name
        for name, member in vars(module).items()
        if not name.startswith("_")
        and (inspect.isclass(member) or inspect.isfunction(member))
        and f"{member.__module__}.".startswith(f"{module_name}.")
    }
    assert defined_here <= set(listed(module_name))


@pytest.mark.parametrize("public_name", PUBLIC_NAMES)
def test_every_public_object_is_known_by_its_public_path(public_name):
    member = resolved(public_name)
    if inspect.isclass(member) or inspect.isfunction(member):
        assert f"{member.__module__}.{member.__qualname__}" == public_name


@pytest.mark.parametrize("public_name", PUBLIC_NAMES)
def test_the_docstring_of_every_public_object_is_complete(public_name):
    member = resolved(public_name)
    if is_record(member):
        described = {part.name for part in NumpyDocString(inspect.getdoc(member))["Attributes"]}
        assert set(inspect.signature(member).parameters) <= described
        faults = incomplete(public_name, COMPLETE - {"PR01"})
    elif getattr(member, "_is_protocol", False):
        # The constructor belongs to the implementations.
        faults = incomplete(public_name, COMPLETE - {"PR01"})
    else:
        faults = incomplete(public_name)
    if inspect.isclass(member):
        for name in own_public_members(public_name, member):
            faults += incomplete(name)
    assert faults == []


@pytest.mark.parametrize("public_name", PUBLIC_NAMES)
def test_every_public_object_shows_an_example(public_name):
    member = resolved(public_name)
    if (inspect.isclass(member) or inspect.isfunction(member)) and not is_record(member):
        assert ">>> " in (inspect.getdoc(member) or "")


def test_the_api_reference_lists_every_public_name_once(monkeypatch):
    if not DOCS.is_dir():
        pytest.skip("the documentation's sources are not here")
    monkeypatch.syspath_prepend(DOCS)
    api_reference = importlib.import_module("api_reference")
    assert sorted(api_reference.names()) == sorted(PUBLIC_NAMES)


def run_python(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], check=True)


def test_importing_skactive_loads_no_subpackage_and_no_dependency():
    run_python(
        "import sys, skactive\n"
        "heavy = {'numpy', 'scipy', 'sklearn', 'tqdm'} & set(sys.modules)\n"
        "packages = [name for name in sys.modules if name.startswith('skactive.')]\n"
        "assert not heavy and not packages, (heavy, packages)\n"
    )


def test_every_public_module_imports_without_the_optional_and_the_lazy_packages():
    run_python(
        "import importlib, sys\n"
        f"sys.modules.update(dict.fromkeys({OPTIONAL_PACKAGES | LAZY_PACKAGES}))\n"
        f"for name in {PUBLIC_MODULES}:\n"
        "    importlib.import_module(name)\n"
    )


def documented_badly(scale, *, origin=0):
    """Place a number.

    Parameters
    ----------
    origin : int, default=0
        Where it starts.

    scale : float
    """
    return scale + origin


def test_an_incomplete_docstring_is_found():
    faults = " ".join(incomplete(f"{__name__}.documented_badly"))
    for code in ["PR03", "PR07", "RT01"]:
        assert code in faults
