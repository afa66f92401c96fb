"""What every run of pytest shares, on the tests and on the examples in docstrings."""

from importlib.util import find_spec

from hypothesis import settings

# How long an example takes says more of the machine than of the code, and a run that fails must
# fail again.
settings.register_profile("skactive", deadline=None, derandomize=True)
settings.load_profile("skactive")

# Private modules' examples use public classes, which other tools' subclasses are made of.
collect_ignore_glob = []

if find_spec("modAL") is not None:
    # The door's classes are made on first use, and doctest sees what has been made.
    from skactive.integrations.modal import ActiveLearner, Committee  # noqa: F401
else:
    collect_ignore_glob.append("skactive/integrations/modal/_[!s]*.py")

if find_spec("skactiveml") is not None:
    from skactive.integrations.scikit_activeml import SkactiveStrategy  # noqa: F401
else:
    collect_ignore_glob += [
        "skactive/integrations/scikit_activeml/*.py",
    ]

if find_spec("distributed") is None:
    collect_ignore_glob += [
        "skactive/integrations/dask/*.py",
    ]
