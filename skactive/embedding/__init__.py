"""Embed raw samples as vectors, with pretrained networks."""

from skactive._public import present
from skactive.embedding._cached_transformer import CachedTransformer
from skactive.embedding._hub_embedder import HubEmbedder
from skactive.embedding._unreadable import UnreadableSampleError, UnreadableSampleWarning

__all__ = [
    "CachedTransformer",
    "HubEmbedder",
    "UnreadableSampleError",
    "UnreadableSampleWarning",
]

present(__name__)
