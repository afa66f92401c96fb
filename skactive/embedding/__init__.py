"""Embed raw samples as vectors, with pretrained networks or without."""

from skactive._public import present
from skactive.embedding._cached_transformer import CachedTransformer
from skactive.embedding._hub_embedder import HubEmbedder
from skactive.embedding._image_descriptor import ImageDescriptor
from skactive.embedding._text_descriptor import TextDescriptor
from skactive.embedding._unreadable import UnreadableSampleError, UnreadableSampleWarning

__all__ = [
    "CachedTransformer",
    "HubEmbedder",
    "ImageDescriptor",
    "TextDescriptor",
    "UnreadableSampleError",
    "UnreadableSampleWarning",
]

present(__name__)
