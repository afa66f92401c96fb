"""Settings of every pytest run, for the tests and the examples in docstrings."""

from importlib.util import find_spec

from hypothesis import settings

# The duration of an example depends more on the machine than on the code, and a failure must be
# reproducible.
settings.register_profile("skactive", deadline=None, derandomize=True)
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

if find_spec("distributed") is None:
    collect_ignore_glob += [
        "skactive/integrations/dask/*.py",
    ]
