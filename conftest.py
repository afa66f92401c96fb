"""Settings of every pytest run, for the tests and the examples in docstrings."""

import doctest
import inspect
from collections.abc import Iterator
from importlib.util import find_spec
from types import FunctionType, ModuleType
from typing import Any

import pytest
from hypothesis import settings

# The duration of an example depends more on the machine than on the code, and a failure must be
# reproducible.
settings.register_profile("skactive", deadline=None, derandomize=True)
# The first of the same examples, for a second run with older dependencies.
settings.register_profile("first", settings.get_profile("skactive"), max_examples=25)
settings.load_profile("skactive")

# Examples in private modules use public classes that subclass those of other packages.
collect_ignore_glob = []

if find_spec("modAL") is not None:
    # These classes are created at first use, and doctest only finds classes that exist.
    from skactive.integrations.modal import ActiveLearner, Committee  # noqa: F401
else:
    collect_ignore_glob.append("skactive/integrations/modal/_[!s]*.py")

if find_spec("skactiveml") is not None:
    from skactive.integrations.scikit_activeml import SkactiveStrategy  # noqa: F401
else:
    collect_ignore_glob += [
        "skactive/integrations/scikit_activeml/*.py",
    ]

if find_spec("playwright") is None:
    collect_ignore_glob.append("tests/label_page.py")

if find_spec("distributed") is None:
    collect_ignore_glob += [
        "skactive/integrations/dask/*.py",
    ]


def methods_of_presented_classes(module: ModuleType) -> Iterator[FunctionType]:
    """Yield the methods defined in a module, of classes presented under another module's name."""
    for member in vars(module).values():
        if not inspect.isclass(member) or member.__module__ == module.__name__:
            continue
        for value in vars(member).values():
            # Of a classmethod, a staticmethod or a cached_property, the function inside.
            function = getattr(value, "__func__", getattr(value, "func", value))
            if inspect.isfunction(function) and function.__globals__ is vars(module):
                yield function


def find_in_methods_too(
    self: doctest.DocTestFinder, obj: object, *args: Any, **kwargs: Any
) -> list[doctest.DocTest]:
    """Find the examples of a module, and those in its methods."""
    methods = methods_of_presented_classes(obj) if inspect.ismodule(obj) else ()
    listed = {function.__qualname__: function for function in methods}
    # pytest collects no test of a module whose `__test__` is empty.
    if not listed:
        return find(self, obj, *args, **kwargs)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(obj, "__test__", listed, raising=False)
        return find(self, obj, *args, **kwargs)


# A public class has its package as `__module__` and its methods the globals of a private module, so
# that doctest finds the methods in neither. It does search whatever a module lists in `__test__`.
find = doctest.DocTestFinder.find
doctest.DocTestFinder.find = find_in_methods_too
