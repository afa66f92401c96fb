"""What every run of pytest shares, on the tests and on the examples in docstrings."""

from importlib.util import find_spec

from hypothesis import settings

# How long an example takes says more of the machine than of the code, and a run that fails must
# fail again.
settings.register_profile("skactive", deadline=None, derandomize=True)
settings.load_profile("skactive")

if find_spec("modAL") is not None:
    # The door's classes are made on first use, and doctest sees what has been made.
    from skactive.integrations.modal import ActiveLearner, Committee  # noqa: F401
else:
    # Its private modules' examples use the public classes.
    collect_ignore_glob = ["skactive/integrations/_modal_*.py"]
