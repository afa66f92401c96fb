"""What the embedders that need no fitting have in common."""

from __future__ import annotations

import os
from typing import Any, Self

from joblib import cpu_count
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin, clone

from skactive._text import shown
from skactive._validation import check_choice, check_integer
from skactive.base import EmbeddingStore
from skactive.embedding._batches import ERRORS
from skactive.embedding._cached_embeddings import StoreLocation
from skactive.embedding._samples import with_raw_samples


class Embedder(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """A transformer of raw samples that needs no fitting and has a cache built in."""

    batch_size: int
    cache: StoreLocation | None
    errors: str
    n_jobs: int | None
    verbose: bool

    def fit(self, X: object = None, y: object = None) -> Self:
        """Check the parameters; nothing is fitted.

        Parameters
        ----------
        X : sequence of samples, default=None
            Not used.
        y : array-like, default=None
            Not used.

        Returns
        -------
        self : transformer
            The transformer itself.
        """
        self._check_parameters()
        return self

    def _check_parameters(self) -> None:
        check_integer(self, "batch_size", self.batch_size, minimum=1)
        check_choice(self, "errors", self.errors, ERRORS)
        if self.n_jobs is not None and not (isinstance(self.n_jobs, int) and self.n_jobs == -1):
            check_integer(self, "n_jobs", self.n_jobs, minimum=1)
        self._check_kind(
            "cache",
            "a str, a path, an EmbeddingStore or None",
            self.cache,
            str | os.PathLike | EmbeddingStore | None,
        )
        self._check_not_empty("cache")

    def _check_kind(self, name: str, expected: str, value: Any, kinds: Any) -> None:
        if not isinstance(value, kinds):
            raise TypeError(
                f"The {name!r} parameter of {type(self).__name__} must be {expected}. "
                f"Got {shown(value)} instead."
            )

    def _check_not_empty(self, name: str) -> None:
        if getattr(self, name) == "":
            raise ValueError(
                f"The {name!r} parameter of {type(self).__name__} must not be empty. "
                "Got '' instead."
            )

    def _n_threads(self) -> int:
        return cpu_count() if self.n_jobs is None or self.n_jobs == -1 else int(self.n_jobs)

    def _with_cache(self, cache: StoreLocation, *, verbose: bool) -> Self:
        """Return a copy that uses this cache: a hook of `CachedTransformer`."""
        copy: Self = clone(self)
        return copy.set_params(cache=cache, verbose=verbose or self.verbose)

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Any:  # scikit-learn's Tags are untyped
        tags = with_raw_samples(super().__sklearn_tags__())
        tags.requires_fit = False
        return tags
