"""Measures of how informative each candidate is; larger is better."""

from skactive._public import present
from skactive.measures._base import Measure
from skactive.measures._class_balance import ClassBalance
from skactive.measures._committee_variance import CommitteeVariance
from skactive.measures._coverage import Coverage
from skactive.measures._density import InformationDensity
from skactive.measures._distribution_matching import DistributionMatching
from skactive.measures._diversity import Diversity
from skactive.measures._expected_cost import ExpectedCost
from skactive.measures._gradient_length import ExpectedGradientLength
from skactive.measures._improvement import (
    ExpectedImprovement,
    ProbabilityOfImprovement,
    UpperConfidenceBound,
)
from skactive.measures._label_cost import LabelCost
from skactive.measures._label_uncertainty import LabelCardinality, LabelUncertainty
from skactive.measures._learned_utility import LearnedUtility
from skactive.measures._predictive_variance import PredictiveVariance, TargetUncertainty
from skactive.measures._uncertainty import Entropy, LeastConfidence, Margin

__all__ = [
    "ClassBalance",
    "CommitteeVariance",
    "Coverage",
    "DistributionMatching",
    "Diversity",
    "Entropy",
    "ExpectedCost",
    "ExpectedGradientLength",
    "ExpectedImprovement",
    "InformationDensity",
    "LabelCardinality",
    "LabelCost",
    "LabelUncertainty",
    "LearnedUtility",
    "LeastConfidence",
    "Margin",
    "Measure",
    "PredictiveVariance",
    "ProbabilityOfImprovement",
    "TargetUncertainty",
    "UpperConfidenceBound",
]

present(__name__)
