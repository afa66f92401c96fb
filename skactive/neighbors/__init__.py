"""Labelled vectors to predictions, instantly."""

from skactive._public import present
from skactive.neighbors._classifier import IncrementalKNeighborsClassifier
from skactive.neighbors._explanation import VoteExplanation

__all__ = ["IncrementalKNeighborsClassifier", "VoteExplanation"]

present(__name__)
