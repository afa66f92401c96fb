"""Any transformer that needs no fitting, with a cache on disk."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.exceptions import NotFittedError
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if

from skactive._io.content_keys import content_key
from skactive._rows import take_rows
from skactive._text import shown
from skactive._validation import check_integer
from skactive.base import EmbeddingStore
from skactive.embedding._cached_embeddings import StoreLocation, cached_embeddings
from skactive.embedding._identity import identity_of
from skactive.embedding._samples import SampleSequence


class Transformer(Protocol):
    """An object that turns samples into vectors, each independently of the others."""

    # scikit-learn's transformers name and type the parameter in many ways.
    def transform(self, X: Any, /) -> Any:
        """Return the vectors of samples."""


class CachedTransformer(TransformerMixin, BaseEstimator):
    """Cache the vectors of a transformer on disk.

    A pretrained network computes the same vector for the same sample every time, at a high cost.
    `CachedTransformer` computes the vector of each sample once. Later calls read it from disk, in
    any order of the samples and in any process: a grid search and a restarted notebook
    included.

    Parameters
    ----------
    transformer : transformer
        An object with `transform` that needs no fitting and embeds each sample independently of
        the others.
    location : str, path-like or EmbeddingStore
        A folder in which vectors are stored, created if it does not exist. Any number of
        transformers and processes can share it. Or an object that stores vectors in another way,
        see `skactive.base.EmbeddingStore`.
    identity : str, default=None
        A name for the properties of the transformer that its parameters do not show: functions,
        loaded models, fitted attributes. Change the name whenever the vectors would change. None
        raises an error if the transformer has such properties, and otherwise includes the release
        of the transformer's package in the cache key.
    batch_size : int, default=1024
        Number of samples that are looked up, embedded and stored at once.
    verbose : bool, default=False
        Whether to show a progress bar, on standard error.

    Raises
    ------
    TypeError
        If the vectors depend on something that the parameters do not show, a sample is of a type
        whose content is unknown, or the transformer returns sparse vectors.
    NotFittedError
        If the transformer needs fitting.
    NotADirectoryError, PermissionError, OSError
        If nothing can be stored at `location`. Raised before anything is embedded.

    See Also
    --------
    HubEmbedder : Embeds with TensorFlow Hub, and has the same cache built in.
    skactive.base.EmbeddingStore : The contract of a store.
    sklearn.pipeline.Pipeline : Its `memory` caches whole results of `fit`, not samples.

    Notes
    -----
    The cache key of a vector is made of the content of the sample and the identity of the
    transformer: the class of the transformer and of each nested one, the releases of their
    packages, and all parameters except `n_jobs`, `verbose` and `memory`. A class that belongs to
    no package is identified by its code, and by the code of the functions, classes and constants
    beside it that its code names; other objects, such as a model that was loaded beside the class,
    need an `identity`. A parameter that names a file or folder on this machine includes the content
    of the files, so that a retrained model is a different one.

    Samples are strings, bytes, numbers, images of Pillow, arrays, rows of arrays and of
    DataFrames with the columns' names, and lists, tuples and dicts of these. A Path object is
    identified by the content of its file alone: the file can be renamed and moved. A string that
    names a file is identified by both. A sample that cannot be read is not cached, but passed to
    the transformer each time.

    Vectors are stored in an SQLite file, each with a checksum; a vector that has changed on disk
    is computed again and never returned. The vectors of a batch are on disk before the next batch
    starts. If the disk is full or read-only, one warning explains it, and all vectors are
    returned. A folder on a network drive can be used by one machine at a time. Vectors that are
    not finite are not stored. Integer and float vectors in one result are converted to the type
    that NumPy chooses for both.

    A cached vector costs reading and hashing the sample, and some microseconds.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from sklearn.preprocessing import FunctionTransformer
    >>> from skactive.embedding import CachedTransformer
    >>> def lengths(texts):
    ...     print("embedding", texts)
    ...     return np.array([[len(text), text.count(" ")] for text in texts])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     cached = CachedTransformer(FunctionTransformer(lengths), folder, identity="lengths 1")
    ...     first = cached.transform(["red apple", "pear"])
    ...     cached.transform(["pear", "fig", "red apple"])
    embedding ['red apple', 'pear']
    embedding ['fig']
    array([[4, 0],
           [3, 0],
           [9, 1]])
    """

    def __init__(
        self,
        transformer: Transformer,
        location: StoreLocation,
        *,
        identity: str | None = None,
        batch_size: int = 1024,
        verbose: bool = False,
    ) -> None:
        self.transformer = transformer
        self.location = location
        self.identity = identity
        self.batch_size = batch_size
        self.verbose = verbose

    def fit(self, X: object = None, y: object = None) -> CachedTransformer:
        """Check the parameters; nothing is fitted.

        Parameters
        ----------
        X : sequence of samples, default=None
            Not used, but must not be sparse.
        y : array-like, default=None
            Not used.

        Returns
        -------
        self : CachedTransformer
            The transformer itself.
        """
        self._check_parameters()
        _refuse_sparse(X)
        if self._cached_copy() is None:
            identity_of(self.transformer, self.identity)
        return self

    def transform(self, X: SampleSequence) -> NDArray[Any]:
        """Return the vectors of samples, embedding only those that are not cached.

        Parameters
        ----------
        X : sequence of length n_samples
            Samples, in a form that the transformer accepts.

        Returns
        -------
        vectors : ndarray of shape (n_samples, n_features)
            The vectors, in the type that the transformer returns.
        """
        self._check_parameters()
        if (own := self._cached_copy()) is not None:
            vectors: NDArray[Any] = own.transform(X)
            return vectors
        identity = identity_of(self.transformer, self.identity)
        samples = _Samples(X)
        identity += samples.columns
        if len(samples) == 0:
            return self._embedded(X)
        return cached_embeddings(
            self.location,
            len(samples),
            partial(samples.key, identity),
            lambda positions: self._embedded(take_rows(X, positions)),
            label="embedding",
            progress=self.verbose,
            block_size=self.batch_size,
        )

    @available_if(lambda self: hasattr(self.transformer, "get_feature_names_out"))
    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray[np.object_]:
        """Return the names of the transformer's output features.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the input features, passed to the transformer.

        Returns
        -------
        names : ndarray of str
            The names.
        """
        transformer: Any = self.transformer
        names: NDArray[np.object_] = transformer.get_feature_names_out(input_features)
        return names

    def _cached_copy(self) -> Any | None:
        """Return a copy of the transformer that caches at `location` by itself, or None.

        `_with_cache` is the hook of transformers that compute the content keys themselves, such
        as HubEmbedder, whose vectors also depend on its preprocessing and the files of its model.
        """
        with_cache = getattr(self.transformer, "_with_cache", None)
        return None if with_cache is None else with_cache(self.location, verbose=self.verbose)

    def _check_parameters(self) -> None:
        check_integer(self, "batch_size", self.batch_size, minimum=1)
        if isinstance(self.transformer, type) or not hasattr(self.transformer, "transform"):
            raise TypeError(
                "The 'transformer' parameter of CachedTransformer must be an object with "
                f"`transform`. Got {shown(self.transformer)} instead."
            )
        if not isinstance(self.location, str | os.PathLike | EmbeddingStore):
            raise TypeError(
                "The 'location' parameter of CachedTransformer must be the path of a folder or an "
                f"EmbeddingStore. Got {shown(self.location)} instead."
            )
        if self.identity is not None and not (isinstance(self.identity, str) and self.identity):
            raise TypeError(
                "The 'identity' parameter of CachedTransformer must be a non-empty str, or None. "
                f"Got {shown(self.identity)} instead."
            )

    def _embedded(self, X: Any) -> NDArray[Any]:
        name = type(self.transformer).__name__
        try:
            vectors = self.transformer.transform(X)
        except NotFittedError as error:
            raise NotFittedError(
                f"{name} needs fitting, but CachedTransformer never fits its transformer, since "
                "the vectors would change with each fit. Hint: cache the transformer that comes "
                "before it; or fit it, wrap it in a sklearn.frozen.FrozenEstimator, and pass an "
                "`identity` that names the fitted state."
            ) from error
        if sp.issparse(vectors):
            raise TypeError(
                f"{name} returns sparse vectors, but CachedTransformer stores dense ones. Hint: "
                "cache the expensive step, a network; or add a step that reduces the vectors to "
                "dense ones."
            )
        vectors = np.asarray(vectors)
        if vectors.ndim != 2 or vectors.dtype.kind not in "biuf":
            raise TypeError(
                f"{name} must return real numbers of shape (n_samples, n_features). Got an array "
                f"of {vectors.dtype} of shape {vectors.shape} instead."
            )
        return vectors

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Any:  # scikit-learn's Tags are untyped
        tags = super().__sklearn_tags__()
        if hasattr(self.transformer, "__sklearn_tags__"):
            inner = get_tags(self.transformer)
            tags.input_tags = inner.input_tags
            tags.non_deterministic = inner.non_deterministic
            if inner.transformer_tags is not None:
                tags.transformer_tags = inner.transformer_tags
        tags.input_tags.sparse = False
        tags.requires_fit = False
        tags.no_validation = True
        return tags


def _refuse_sparse(X: object) -> None:
    if sp.issparse(X):
        raise TypeError(
            "X is sparse, but CachedTransformer takes dense samples only. Hint: pass X.toarray(), "
            "or cache an earlier step."
        )


class _Samples:
    """The samples of X, by position.

    Attributes
    ----------
    columns : bytes
        The properties of a DataFrame that all of its rows share, and that their vectors may
        depend on.
    """

    def __init__(self, X: Any) -> None:
        self.columns = b""
        _refuse_sparse(X)
        if hasattr(X, "columns") and hasattr(X, "dtypes"):
            self._at = self._row_of(X)
            self._n_samples = len(X)
            return
        if isinstance(X, str | bytes | os.PathLike | dict) or not (
            hasattr(X, "__len__") and hasattr(X, "__getitem__") and getattr(X, "ndim", 1) > 0
        ):
            raise TypeError(
                f"X must be a sequence of samples. Got a {type(X).__name__} instead. Hint: put a "
                "single sample into a list, and convert a generator to a list."
            )
        values = X.to_numpy() if hasattr(X, "to_numpy") else X
        self._n_samples = len(values)
        self._at = values.__getitem__

    def __len__(self) -> int:
        return self._n_samples

    def key(self, identity: bytes, position: int) -> bytes | None:
        """Return the content key of a sample, or None if its content cannot be read."""
        try:
            return content_key(identity, self._at(position), paths=True)
        except TypeError as error:
            raise TypeError(f"X[{position}] cannot be cached: {error}") from error

    def _row_of(self, X: Any) -> Callable[[int], Any]:
        categories = [getattr(dtype, "categories", None) for dtype in X.dtypes]
        common = [
            list(X.columns),
            [str(dtype) for dtype in X.dtypes],
            [None if some is None else list(some) for some in categories],
        ]
        self.columns = repr(common).encode()
        if len(set(X.dtypes)) == 1 and getattr(next(iter(X.dtypes)), "kind", "O") in "biuf":
            return X.to_numpy().__getitem__
        columns = [
            (X.iloc[:, at] if hasattr(X, "iloc") else X[:, at]).to_numpy()
            for at in range(X.shape[1])
        ]
        return lambda position: tuple(column[position] for column in columns)
