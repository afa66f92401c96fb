"""Simulated labelling loops on recorded labels: tuning, comparison and label savings."""

from skactive._public import present
from skactive.model_selection._annotator_panel import AnnotatorPanel
from skactive.model_selection._budgeted_classifier import BudgetedClassifier
from skactive.model_selection._budgeted_multi_label import BudgetedMultiLabelClassifier
from skactive.model_selection._budgeted_regressor import BudgetedRegressor
from skactive.model_selection._compare_strategies import compare_strategies
from skactive.model_selection._comparison_summary import ComparisonSummary
from skactive.model_selection._gaussian_oracle import GaussianOracle
from skactive.model_selection._labeling_curve import labeling_curve
from skactive.model_selection._noisy_oracle import NoisyOracle
from skactive.model_selection._oracle import Oracle
from skactive.model_selection._paired_tests import PairedTests
from skactive.model_selection._scorers import area_under_labeling_curve, labels_to_score
from skactive.model_selection._simulated_gains import simulated_gains
from skactive.model_selection._strategy_comparison import StrategyComparison

__all__ = [
    "AnnotatorPanel",
    "BudgetedClassifier",
    "BudgetedMultiLabelClassifier",
    "BudgetedRegressor",
    "ComparisonSummary",
    "GaussianOracle",
    "NoisyOracle",
    "Oracle",
    "PairedTests",
    "StrategyComparison",
    "area_under_labeling_curve",
    "compare_strategies",
    "labeling_curve",
    "labels_to_score",
    "simulated_gains",
]

present(__name__)
