"""The loop with a person in it: ask, learn from the answer at once, ask again."""

from skactive._public import present
from skactive.learner._active_learner import ActiveLearner

__all__ = ["ActiveLearner"]

present(__name__)
