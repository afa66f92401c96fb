"""The loop of a query strategy, an annotator and a classifier."""

from skactive._public import present
from skactive.learner._active_learner import ActiveLearner
from skactive.learner._annotator_selection import AnnotatorSelection
from skactive.learner._defaults import default_classifier, default_regressor, default_strategy
from skactive.learner._drift import DriftWarning
from skactive.learner._explanation.query_explanation import NearestSamples, QueryExplanation
from skactive.learner._feature_acquisition import FeatureAcquisition
from skactive.learner._label_issues import LabelIssues
from skactive.learner._label_queries import LabelQuery
from skactive.learner._stopping.accuracy_estimate import AccuracyEstimate
from skactive.learner._stopping.criteria import (
    ExpectedGain,
    StabilizedPredictions,
    StoppingCriterion,
    SufficientAccuracy,
    Verdict,
)
from skactive.learner._stopping.limit import LabelingLimit
from skactive.learner._stopping.progress import Progress

__all__ = [
    "AccuracyEstimate",
    "ActiveLearner",
    "AnnotatorSelection",
    "DriftWarning",
    "ExpectedGain",
    "FeatureAcquisition",
    "LabelIssues",
    "LabelQuery",
    "LabelingLimit",
    "NearestSamples",
    "Progress",
    "QueryExplanation",
    "StabilizedPredictions",
    "StoppingCriterion",
    "SufficientAccuracy",
    "Verdict",
    "default_classifier",
    "default_regressor",
    "default_strategy",
]

present(__name__)
