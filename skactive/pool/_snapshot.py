"""A file of densities and distances, with which a resumed loop starts faster."""

from __future__ import annotations

import os
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from skactive._engine.distances import METRICS
from skactive._engine.labeled_distances import LabeledDistances
from skactive._io.arrays import damage_as, read_arrays, unfit, write_arrays
from skactive._io.atomic_write import remove_left_over
from skactive._io.fingerprint import fingerprint
from skactive._warning import warn_user

FORMAT = "skactive pool state 2"
# Its digest of 64 rows did not always detect other samples.
FORMAT_1 = "skactive pool state 1"


class PoolSnapshot:
    """Arrays by name: densities, and distances to the labelled samples.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        The features of the pool.
    arrays : dict of str to ndarray, default=None
        The arrays of an earlier snapshot.
    """

    def __init__(self, X: Any, arrays: dict[str, Any] | None = None) -> None:
        self._X = X
        self.arrays: dict[str, Any] = {} if arrays is None else arrays

    @classmethod
    def read(cls, path: Any, X: Any) -> PoolSnapshot:
        """Return the snapshot in a file, or an empty one if it is of another pool or missing."""
        state = cls(X)
        remove_left_over(path)
        if not Path(path).exists():
            return state
        about = "a complete state of a pool", "Hint: delete it; its content is computed again."
        state.arrays = read_arrays(path, *about)
        with damage_as(unfit(path, *about)):
            kind = str(state.arrays.pop("format"))
            content = str(state.arrays.pop("content"))
        reason = ""
        if kind == FORMAT_1:
            reason = "was written by an earlier version, which recognised a pool by 64 samples"
        elif kind != FORMAT or content != fingerprint(X):
            reason = "is the state of a pool with other features, or with samples in another order"
        if reason:
            warn_user(f"{os.fspath(path)} {reason}. Its content is computed again.")
            return cls(X)
        with damage_as(unfit(path, *about)):
            state._check()
        return state

    def _check(self) -> None:
        """Raise if an array cannot be used: positions in it are read without a check."""
        n_samples, labeled = self._X.shape[0], self.arrays.get("positions")
        n_labeled = 0 if labeled is None else len(labeled)
        if labeled is not None:
            _require(labeled.dtype.kind == "i" and labeled.ndim == 1)
            _require(bool(((labeled >= 0) & (labeled < n_samples)).all()))
            if "labels" in self.arrays:
                _require(self.arrays["labels"].shape == labeled.shape)
            else:
                _require(self.arrays["labels digest"].ndim == 0)
        for name, values in self.arrays.items():
            kind, *rest = name.split(" ", 2)
            if kind in {"density", "total"}:
                _require(values.dtype.kind == "f" and values.shape == (n_samples,))
                _require(bool(np.isfinite(values).all()))
            elif kind == "compared":
                places = self.arrays[f"places {rest[0]} {rest[1]}"]
                shape = (n_samples, min(int(rest[0]), n_labeled))
                _require(values.dtype.kind == "f" and values.shape == places.shape == shape)
                _require(not np.isnan(values).any() and places.dtype.kind == "i")
                _require(bool(((places >= -1) & (places < n_labeled)).all()))

    def write(self, path: Any) -> None:
        """Write the file atomically."""
        about = {"format": np.array(FORMAT), "content": np.array(fingerprint(self._X))}
        write_arrays(path, {**about, **self.arrays})

    def densities(self) -> dict[str, np.ndarray]:
        """Return the densities by the keys of their metrics."""
        prefix = "density "
        return {
            name.removeprefix(prefix): values
            for name, values in self.arrays.items()
            if name.startswith(prefix)
        }

    def metrics(self) -> set[str]:
        """Return the metrics of the distances, without those that have further arguments."""
        names = {name.split(" ", 1)[1] for name in self.arrays if name.startswith("total ")}
        names |= {name.split(" ", 2)[2] for name in self.arrays if name.startswith("compared ")}
        return names & METRICS

    def keep(self, key: str, distances: LabeledDistances, ids: np.ndarray) -> None:
        """Store the distances of a metric; `ids` are those of the labels, in their order."""
        total, nearest = distances.state()
        if total is not None:
            self.arrays[f"total {key}"] = total
        order = np.argsort(ids)
        for n_neighbors, (compared, held) in nearest.items():
            places = order[np.searchsorted(ids[order], np.maximum(held, ids.min()))]
            self.arrays[f"compared {n_neighbors} {key}"] = compared
            self.arrays[f"places {n_neighbors} {key}"] = np.where(held < 0, -1, places).astype("i4")

    def restore(self, key: str, distances: LabeledDistances, ids: np.ndarray) -> None:
        """Restore the stored distances, with the present ids of the labels."""
        nearest = {}
        for name, compared in self.arrays.items():
            kind, *rest = name.split(" ", 2)
            if kind == "compared" and rest[1] == key:
                places = self.arrays[f"places {rest[0]} {key}"]
                nearest[int(rest[0])] = compared, np.where(places < 0, -1, ids[places])
        distances.restore(self.arrays.get(f"total {key}"), nearest, int(ids.max()) + 1)

    def is_of(self, positions: np.ndarray, labels: np.ndarray) -> bool:
        """Return whether the stored labels are the first of given labels."""
        kept = self.arrays.get("positions")
        if kept is None or len(kept) == 0 or len(kept) > len(positions):
            return False
        if not np.array_equal(kept, positions[: len(kept)]):
            return False
        first = labels[: len(kept)]
        if "labels" in self.arrays:
            # Files of version 0.1 have the labels themselves.
            return bool(self.arrays["labels"].tolist() == first.tolist())
        return str(self.arrays["labels digest"]) == digest_of(first)


def digest_of(labels: np.ndarray) -> str:
    """Return a digest of labels, of their type, too."""
    return blake2b(ascii(labels.tolist()).encode(), digest_size=16).hexdigest()


def _require(holds: bool) -> None:
    if not holds:
        raise ValueError("An array has values that it cannot have.")
