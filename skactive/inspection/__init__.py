"""Displays of strategies, queries and predictions, each with its numbers as a table."""

from skactive._public import present
from skactive.inspection._explanation import ExplanationDisplay
from skactive.inspection._labeling_curve import LabelingCurveDisplay
from skactive.inspection._query_path import QueryPathDisplay
from skactive.inspection._query_path_animation import QueryPathAnimation
from skactive.inspection._strategy_comparison import StrategyComparisonDisplay
from skactive.inspection._utility import UtilityDisplay

__all__ = [
    "ExplanationDisplay",
    "LabelingCurveDisplay",
    "QueryPathAnimation",
    "QueryPathDisplay",
    "StrategyComparisonDisplay",
    "UtilityDisplay",
]

present(__name__)
