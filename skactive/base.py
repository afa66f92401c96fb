"""The contracts between pools, measures, strategies, classifiers, targets and stores.

A class that keeps one of these contracts works with all others, whether skactive ships it or not.
"""

from skactive._contracts._batch_view import BatchView
from skactive._contracts._embedding_store import EmbeddingStore
from skactive._contracts._estimators import (
    Classifier,
    HasPosteriorSource,
    IncrementalEstimator,
    TransductiveEstimator,
)
from skactive._contracts._labeling_pool import LabelingPool
from skactive._contracts._pool_view import PoolView
from skactive._contracts._posterior_source import PosteriorSource
from skactive._contracts._target import Target
from skactive._engine.continuous import ContinuousTarget
from skactive._engine.labels import CategoricalTarget
from skactive._engine.multi_label import MultiLabelTarget
from skactive._public import present

__all__ = [
    "BatchView",
    "CategoricalTarget",
    "Classifier",
    "ContinuousTarget",
    "EmbeddingStore",
    "HasPosteriorSource",
    "IncrementalEstimator",
    "LabelingPool",
    "MultiLabelTarget",
    "PoolView",
    "PosteriorSource",
    "Target",
    "TransductiveEstimator",
]

present(__name__)
