"""The loop with a person in it: ask, learn from the answer at once, ask again."""

from skactive._public import present
from skactive.learner._active_learner import ActiveLearner
from skactive.learner._drift import DriftWarning
from skactive.learner._query_explanation import NearestSamples, QueryExplanation

__all__ = [
    "ActiveLearner",
    "DriftWarning",
    "NearestSamples",
    "QueryExplanation",
]

present(__name__)
