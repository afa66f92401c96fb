"""Labelling sessions: samples, answers on disk, and the classifier that learns from them."""

from skactive._public import present
from skactive.labeling._answers import SessionSample
from skactive.labeling._progress import SessionProgress, TestAccuracy
from skactive.labeling._session import LabelingSession

__all__ = ["LabelingSession", "SessionProgress", "SessionSample", "TestAccuracy"]

present(__name__)
