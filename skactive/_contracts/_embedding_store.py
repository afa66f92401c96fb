"""Where embeddings are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from numpy.typing import NDArray


@runtime_checkable
class EmbeddingStore(Protocol):
    """Keep embeddings, and return each by the content key of its sample.

    `skactive.embedding.CachedTransformer` and `skactive.embedding.HubEmbedder` use their store
    through these two methods only. Any object that has them can replace the SQLite file that
    these transformers keep in a folder.

    A content key is a digest of the content of a sample and of all that its embedding depends
    on: the model, its parameters and its release. Under one key there is one embedding, for all
    processes and machines.

    See Also
    --------
    skactive.embedding.CachedTransformer : Embeds only the samples that its store does not have.

    Notes
    -----
    A store returns the embedding that was put under a key, bit for bit, or none. A store that
    cannot detect damage to its content, for example by a checksum, breaks this contract.

    scikit-learn clones and pickles a transformer together with its store: the copy of a store has
    to refer to the same content.

    Examples
    --------
    >>> from sklearn.preprocessing import Normalizer
    >>> from skactive.embedding import CachedTransformer
    >>> class MemoryStore:
    ...     def __init__(self):
    ...         self.embeddings = {}
    ...     def get(self, keys):
    ...         return {key: self.embeddings[key] for key in keys if key in self.embeddings}
    ...     def put(self, keys, embeddings):
    ...         self.embeddings.update(zip(keys, embeddings))
    ...         return True
    >>> store = MemoryStore()
    >>> CachedTransformer(Normalizer(), store).transform([[3.0, 4.0], [3.0, 4.0], [0.0, 1.0]])
    array([[0.6, 0.8],
           [0.6, 0.8],
           [0. , 1. ]])
    >>> len(store.embeddings)
    2
    """

    def get(self, keys: Sequence[bytes]) -> Mapping[bytes, NDArray[Any]]:
        """Return the embeddings that the store has for some keys.

        Parameters
        ----------
        keys : sequence of bytes
            Content keys, each at most once.

        Returns
        -------
        embeddings : dict of bytes to ndarray of shape (n_features,)
            An entry for each key that the store has an embedding for; other keys are absent.
            The transformer does not change the arrays.
        """
        ...

    def put(self, keys: Sequence[bytes], embeddings: NDArray[Any]) -> bool:
        """Store embeddings, either all of them or none.

        Parameters
        ----------
        keys : sequence of bytes
            Content keys, each at most once. An embedding that the store already has under one
            of them is replaced.
        embeddings : ndarray of shape (n_keys, n_features)
            Finite real numbers; `get` returns them in the same type.

        Returns
        -------
        is_stored : bool
            False if the store cannot keep them, for example because the disk is full. The
            transformer then returns the embeddings to its caller without storing them.
        """
        ...
