"""Values that follow from features alone, shared by pools with equal features."""

from __future__ import annotations

import math
import pickle
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeVar

from sklearn import get_config

from skactive._io.fingerprint import fingerprint as fingerprint_of
from skactive._text import shown
from skactive._validation import check_number

T = TypeVar("T")


class FeatureCache:
    """Share values that follow from features alone between pools with equal features.

    A neighbour graph, a density or a clustering depends on the features and on parameters, not on
    labels. Pools that are created with the same cache compute each of them once, except for threads
    that need the same value at the same time: each of them may compute it. Features are recognised
    by a fingerprint of all rows, so that a copy shares the values, and features that were changed
    in place do not.

    Parameters
    ----------
    share : float, default=0.25
        The share of scikit-learn's ``working_memory`` that the values may take, at least 0. The
        least recently used values are deleted first.

    See Also
    --------
    skactive.Pool : Takes a cache.

    Notes
    -----
    A cache can be used from several threads. A copy of a cache, as in another process, is an empty
    cache with the same `share`. Copies of a pool, pickled ones included, have no cache. Values that
    cannot be pickled are not shared.

    Examples
    --------
    >>> from skactive import Pool
    >>> from skactive.pool import FeatureCache
    >>> X, cache = [[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]], FeatureCache()
    >>> first, second = (Pool(X, cache=cache).graph(2) for _ in range(2))
    >>> first.indices is second.indices
    True
    """

    def __init__(self, share: float = 0.25) -> None:
        self.share = check_number("FeatureCache", "share", share)
        # Values and their sizes, the least recently used first.
        self._values: OrderedDict[Hashable, tuple[Any, float]] = OrderedDict()
        self._n_bytes = 0.0
        self._lock = Lock()

    def __getstate__(self) -> dict[str, Any]:
        return {"share": self.share}

    def __setstate__(self, state: dict[str, Any]) -> None:
        FeatureCache.__init__(self, **state)

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: Hashable, fingerprint: str, compute: Callable[[], T]) -> T:
        """Return a value, computed unless the cache has it.

        Parameters
        ----------
        key : hashable
            The name of the value, and every parameter that it depends on.
        fingerprint : str
            The fingerprint of the features.
        compute : callable
            Called without arguments. Its value must not be changed, and must not refer to the
            features.

        Returns
        -------
        value : object
            The value.
        """
        name = (key, fingerprint)
        with self._lock:
            if name in self._values:
                self._values.move_to_end(name)
                found: T = self._values[name][0]
                return found
        value = compute()
        n_bytes, allowed = _n_bytes(value), self.share * get_config()["working_memory"] * 2**20
        if n_bytes <= allowed:
            with self._lock:
                self._add(name, value, n_bytes, allowed)
        return value

    def clear(self) -> None:
        """Delete all values."""
        with self._lock:
            self._values.clear()
            self._n_bytes = 0.0

    def _add(self, name: Hashable, value: Any, n_bytes: float, allowed: float) -> None:
        self._n_bytes += n_bytes - self._values.get(name, (None, 0.0))[1]
        self._values[name] = value, n_bytes
        while self._n_bytes > allowed:
            _, (_, n_deleted) = self._values.popitem(last=False)
            self._n_bytes -= n_deleted


class FeatureValues:
    """Values that follow from the features of one pool, kept as long as the pool.

    Parameters
    ----------
    X : {ndarray, CSR matrix, array-like} of shape (n_samples, n_features)
        The features, which must not change.
    cache : FeatureCache or None
        The cache that shares values with other pools. None shares nothing, and computes no
        fingerprint.
    """

    def __init__(self, X: Any, cache: FeatureCache | None) -> None:
        if cache is not None and not isinstance(cache, FeatureCache):
            raise TypeError(
                "The 'cache' parameter of Pool must be a FeatureCache or None. "
                f"Got {shown(cache)} instead."
            )
        self._X = X
        self._cache = cache
        self._fingerprint: str | None = None
        self._values: dict[Hashable, Any] = {}

    def __getstate__(self) -> dict[str, Any]:
        # Values may be anything: formats such as skops cannot store them. They are computed again.
        return {**self.__dict__, "_cache": None, "_values": {}}

    def changed(self, X: Any, values: dict[Hashable, Any]) -> FeatureValues:
        """Return the given values of other features, with the same cache."""
        changed = FeatureValues(X, self._cache)
        changed._values.update(values)
        return changed

    def items(self) -> list[tuple[Hashable, Any]]:
        """Return the values with their keys."""
        return list(self._values.items())

    def get(self, key: Hashable, compute: Callable[[], T], *, shared: bool = True) -> T:
        """Return a value, computed unless the pool or, if it is shared, the cache has it."""
        if key not in self._values:
            if shared and self._cache is not None:
                if self._fingerprint is None:
                    self._fingerprint = fingerprint_of(self._X)
                self._values[key] = self._cache.get(key, self._fingerprint, compute)
            else:
                self._values[key] = compute()
        value: T = self._values[key]
        return value


def _n_bytes(value: Any) -> float:
    """Return the size of a value without copying its arrays; infinity if it cannot be pickled."""
    buffers: list[pickle.PickleBuffer] = []
    try:
        head = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
        return len(head) + sum(buffer.raw().nbytes for buffer in buffers)
    except Exception:  # noqa: BLE001  of a user's `__reduce__`, of any type
        return math.inf


# The loops of a comparison and of a grid search that run in one process share their values here.
LOOP_CACHE = FeatureCache()
