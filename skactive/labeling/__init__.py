"""Labelling sessions: samples, answers on disk, and the classifier that learns from them."""

from skactive._public import present
from skactive.labeling._answers import SessionSample
from skactive.labeling._progress import CurvePoint, SessionProgress, TestAccuracy
from skactive.labeling._session import LabelingSession
from skactive.labeling._stopping import StoppingAdvice
from skactive.labeling._widget import LabelingWidget

__all__ = [
    "CurvePoint",
    "LabelingSession",
    "LabelingWidget",
    "SessionProgress",
    "SessionSample",
    "StoppingAdvice",
    "TestAccuracy",
]

present(__name__)
