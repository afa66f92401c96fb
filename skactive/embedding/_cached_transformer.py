"""Any transformer that learns nothing, with a memory."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.exceptions import NotFittedError
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if

from skactive._io.content_keys import content_key
from skactive._rows import take_rows
from skactive._validation import check_integer
from skactive.embedding._hub_embedder import HubEmbedder
from skactive.embedding._identity import identity_of
from skactive.embedding._sqlite_store import through_store


def _transformer_has(name: str) -> Callable[[Any], bool]:
    def check(self: Any) -> bool:
        getattr(self.transformer, name)
        return True

    return check


class CachedTransformer(TransformerMixin, BaseEstimator):
    """Remember on disk the vectors that a transformer gave.

    A pretrained network gives a sample the same vector every time, at great cost. With this
    around its transformer a sample is embedded once in its life: in whatever order the samples
    come, in whichever process, and however often a grid search or a notebook starts anew.

    Parameters
    ----------
    transformer : transformer
        What embeds samples, each by itself: anything with `transform` that needs no fitting.
    location : str or path-like
        A folder in which vectors are kept; made where there is none. Any number of transformers
        and processes share it.
    identity : str, default=None
        A name for what cannot be told from the transformer's parameters: functions, a loaded
        model, what has been fitted. It takes responsibility: change it whenever the vectors would
        change. None raises if there is such a thing, and counts the release of the package that
        the transformer is from.
    batch_size : int, default=1024
        How many samples are looked up, embedded and stored at once.
    verbose : bool, default=False
        Whether to show a progress bar, on standard error.

    Raises
    ------
    TypeError
        If it cannot be told what the vectors depend on, a sample has no content that is known,
        or the transformer gives sparse vectors.
    NotFittedError
        If the transformer has to be fitted.
    NotADirectoryError, PermissionError, OSError
        If nothing can be kept at `location`. It is raised before anything is embedded.

    See Also
    --------
    HubEmbedder : Embeds with TensorFlow Hub, and has the same memory built in.
    sklearn.pipeline.Pipeline : Its `memory` keeps whole results of fitting, not samples.

    Notes
    -----
    A vector is found by the content of its sample and by the identity of the transformer: its
    class and that of each transformer within, the releases of the packages they are from, and all
    parameters but `n_jobs`, `verbose` and `memory`. A class from no package counts by its code,
    but not by what that calls. A parameter that names a file or folder on this machine counts with
    the sizes and times of its files, so that a model trained again is another.

    Samples are strings, bytes, numbers, images of Pillow, arrays, rows of arrays and of
    DataFrames with the columns' names, and lists, tuples and dicts of these. Path objects count
    by the content of their file alone: it may be renamed and moved. A string that names a file
    counts by both. A sample that cannot be read is always handed to the transformer.

    Vectors are in an SQLite file, each with a checksum; one that has changed is embedded again,
    never returned. What was embedded is on the disk when the next batch begins. Where the disk is
    full or may not be written to, one warning says so, and all vectors are returned. A network
    drive may be used by one machine at a time. Vectors that are not finite are not kept. Integers
    and floats mixed become what NumPy makes of them together.

    Remembering costs reading and hashing the sample and some microseconds.

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
        transformer: Any,
        location: Any,
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

    def fit(self, X: Any = None, y: Any = None) -> CachedTransformer:
        """Check the parameters: there is nothing to fit.

        Parameters
        ----------
        X : sequence of samples, default=None
            Ignored, but for being no sparse matrix.
        y : array-like, default=None
            Ignored.

        Returns
        -------
        self : CachedTransformer
            The transformer itself.
        """
        self._check_parameters()
        _refuse_sparse(X)
        if not isinstance(self.transformer, HubEmbedder):
            identity_of(self.transformer, self.identity)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return the vectors of samples, embedding only those not embedded before.

        Parameters
        ----------
        X : sequence of length n_samples
            Samples as the transformer takes them.

        Returns
        -------
        vectors : ndarray of shape (n_samples, n_features)
            Of the type that the transformer gives.
        """
        self._check_parameters()
        if isinstance(self.transformer, HubEmbedder):
            # It knows better what of a sample its vector depends on.
            embedder = clone(self.transformer).set_params(cache=self.location)
            return embedder.set_params(verbose=self.verbose or embedder.verbose).transform(X)
        identity = identity_of(self.transformer, self.identity)
        samples = _Samples(X)
        identity += samples.columns
        if len(samples) == 0:
            return self._embedded(X)
        return through_store(
            self.location,
            len(samples),
            partial(samples.key, identity),
            lambda positions: self._embedded(take_rows(X, positions)),
            label="embedding",
            progress=self.verbose,
            block_size=self.batch_size,
        )

    @available_if(_transformer_has("get_feature_names_out"))
    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names that the transformer has for its features.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of what goes in, as the transformer takes them.

        Returns
        -------
        names : ndarray of str
            The names.
        """
        return self.transformer.get_feature_names_out(input_features)

    def _check_parameters(self) -> None:
        check_integer(self, "batch_size", self.batch_size, minimum=1)
        if isinstance(self.transformer, type) or not hasattr(self.transformer, "transform"):
            raise TypeError(
                "The 'transformer' parameter of CachedTransformer must be an object with "
                f"`transform`. Got {self.transformer!r} instead."
            )
        if not isinstance(self.location, str | os.PathLike):
            raise TypeError(
                "The 'location' parameter of CachedTransformer must be the path of a folder. Got "
                f"{self.location!r} instead."
            )
        if self.identity is not None and not (isinstance(self.identity, str) and self.identity):
            raise TypeError(
                "The 'identity' parameter of CachedTransformer must be a name, or None. Got "
                f"{self.identity!r} instead."
            )

    def _embedded(self, X: Any) -> np.ndarray:
        name = type(self.transformer).__name__
        try:
            vectors = self.transformer.transform(X)
        except NotFittedError as error:
            raise NotFittedError(
                f"{name} has to be fitted, which CachedTransformer never does: what it learns "
                "would change its vectors. Hint: cache the transformer that comes before it; or "
                "pass it fitted, in a sklearn.frozen.FrozenEstimator, and name what it has learned "
                "with `identity`."
            ) from error
        if sp.issparse(vectors):
            raise TypeError(
                f"{name} gives sparse vectors, and CachedTransformer keeps dense ones. Hint: cache "
                "what is costly, a network; or put a step behind it that makes them dense and "
                "short."
            )
        vectors = np.asarray(vectors)
        if vectors.ndim != 2 or vectors.dtype.kind not in "biuf":
            raise TypeError(
                f"{name} gives an array of {vectors.dtype} of shape {vectors.shape}, where vectors "
                "are numbers of shape (n_samples, n_features)."
            )
        return vectors

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Any:
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


def _refuse_sparse(X: Any) -> None:
    if sp.issparse(X):
        raise TypeError(
            "X is sparse, and CachedTransformer takes dense samples only. Hint: pass X.toarray(), "
            "or cache what comes before."
        )


class _Samples:
    """The samples of X, one after another.

    Attributes
    ----------
    columns : bytes
        What all rows of a DataFrame have in common, and their vectors may depend on.
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
                "single sample in a list, and what a generator yields too."
            )
        values = X.to_numpy() if hasattr(X, "to_numpy") else X
        self._n_samples = len(values)
        self._at = values.__getitem__

    def __len__(self) -> int:
        return self._n_samples

    def key(self, identity: bytes, position: int) -> bytes | None:
        """Return the key of a sample in a store of vectors, or None where it has none."""
        try:
            return content_key(identity, self._at(position), paths=True)
        except TypeError as error:
            raise TypeError(f"X[{position}] cannot be remembered: {error}") from error

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
            (X.iloc[:, place] if hasattr(X, "iloc") else X[:, place]).to_numpy()
            for place in range(X.shape[1])
        ]
        return lambda position: tuple(column[position] for column in columns)
