"""scikit-learn's checks of estimators, in a form that pytest 9 and its workers accept."""

import re

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks


def each_check_of(*estimators, expected_failed_checks=None):
    """Parametrize a test of `estimator` and `check`; some checks are expected to fail."""
    failing = None if expected_failed_checks is None else lambda _: expected_failed_checks
    mark = parametrize_with_checks(list(estimators), expected_failed_checks=failing)
    arguments, cases = mark.args
    name = mark.kwargs["ids"]
    # scikit-learn 1.6 passes a generator, which pytest 9 deprecates. An address in a name would
    # differ from one worker of pytest-xdist to the next.
    return pytest.mark.parametrize(
        arguments, list(cases), ids=lambda value: re.sub(r"at ?0x[0-9a-f]+", "", name(value))
    )
