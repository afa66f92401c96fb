"""The loop played against recorded labels: to tune, to compare, to measure label savings."""

from skactive._public import present
from skactive.model_selection._budgeted_classifier import BudgetedClassifier
from skactive.model_selection._compare_strategies import compare_strategies
from skactive.model_selection._strategy_comparison import StrategyComparison

__all__ = ["BudgetedClassifier", "StrategyComparison", "compare_strategies"]

present(__name__)
