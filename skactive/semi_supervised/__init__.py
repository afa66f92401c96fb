"""Classifiers and regressors that learn from labelled and unlabelled samples."""

from skactive._public import present
from skactive.semi_supervised._label_spreading import IncrementalLabelSpreading
from skactive.semi_supervised._multi_label import IncrementalMultiLabelSpreading
from skactive.semi_supervised._spread_regressor import IncrementalLabelSpreadingRegressor

__all__ = [
    "IncrementalLabelSpreading",
    "IncrementalLabelSpreadingRegressor",
    "IncrementalMultiLabelSpreading",
]

present(__name__)
