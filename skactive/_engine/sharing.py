"""What follows from features alone, found once for all loops played on the same features.

Loops on the same split need the same neighbour graphs, clusterings and test neighbours. Each is
kept under a digest of the features it follows from, so that it is found again by fits that get
copies of them, as those of a grid search do, and by nothing else.
"""

from __future__ import annotations

import math
import pickle
from collections import ChainMap, OrderedDict
from collections.abc import Callable, Hashable, Iterator, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import Any, TypeVar

from sklearn import get_config

from skactive._io.fingerprint import fingerprint

T = TypeVar("T")

# The share of scikit-learn's `working_memory` that a process keeps.
KEPT_SHARE = 0.25

# Digests of the features met in this block, which hold still in it; None outside of one.
_digests: ContextVar[MutableMapping[int, tuple[Any, str]] | None] = ContextVar(
    "digests", default=None
)
# Values and the bytes they take, the longest unused first.
_kept: OrderedDict[Hashable, tuple[Any, float]] = OrderedDict()
_n_kept = 0.0
_lock = Lock()


@contextmanager
def sharing() -> Iterator[None]:
    """Share what `shared` finds in this block, in which no features change.

    A block within another knows the features that the outer one has met before.
    """
    token = _digests.set(ChainMap({}, _digests.get() or {}))
    try:
        yield
    finally:
        _digests.reset(token)


def shared(key: Hashable, compute: Callable[[], T], *features: Any) -> T:
    """Return what follows from features, found anew only where no earlier block has found it.

    Outside of `sharing` it is computed, and not kept. The longest unused goes first where what is
    kept outgrows its part of scikit-learn's ``working_memory``.

    Parameters
    ----------
    key : hashable
        Names what is computed, and all that it depends on beside the features.
    compute : callable
        Called without arguments. Its value is not to be changed, and refers to no features.
    *features : ndarray or CSR matrix
        What it follows from.
    """
    digests = _digests.get()
    if digests is None:
        return compute()
    name = (key, *(_digest(one, digests) for one in features))
    with _lock:
        if name in _kept:
            _kept.move_to_end(name)
            kept: T = _kept[name][0]
            return kept
    value = compute()
    allowed = allowed_bytes()
    n_bytes = _n_bytes(value)
    if n_bytes <= allowed:
        with _lock:
            _keep(name, value, n_bytes, allowed)
    return value


def _keep(name: Hashable, value: Any, n_bytes: float, allowed: float) -> None:
    global _n_kept  # noqa: PLW0603 - the sum over what is kept, which may be thousands of columns
    _n_kept += n_bytes - _kept.get(name, (None, 0.0))[1]
    _kept[name] = value, n_bytes
    while _n_kept > allowed:
        _, (_, n_gone) = _kept.popitem(last=False)
        _n_kept -= n_gone


def allowed_bytes() -> float:
    """Return how much a process may keep."""
    return float(KEPT_SHARE * get_config()["working_memory"] * 2**20)


def meet(features: Any) -> None:
    """Look at features for all blocks within this one."""
    digests = _digests.get()
    if digests is not None:
        _digest(features, digests)


def forget_shared() -> None:
    """Let go of all that is kept."""
    global _n_kept  # noqa: PLW0603
    with _lock:
        _kept.clear()
        _n_kept = 0.0


def _digest(features: Any, digests: MutableMapping[int, tuple[Any, str]]) -> str:
    if id(features) not in digests:
        # The features are held on to, so that no others take their id.
        digests[id(features)] = features, fingerprint(features)
    return digests[id(features)][1]


def _n_bytes(value: Any) -> float:
    """Return what a value takes, without copying its arrays; infinity where nobody can tell."""
    buffers: list[pickle.PickleBuffer] = []
    try:
        head = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
    except (pickle.PicklingError, AttributeError, TypeError):
        return math.inf
    return len(head) + sum(buffer.raw().nbytes for buffer in buffers)
