"""The samples of a learner, with their names and features."""

from __future__ import annotations

import json
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Any

import numpy as np

from skactive._engine.positions import array_of
from skactive._rows import n_samples_of
from skactive.learner._history.named_samples import PoolRows, plain_id, shown_id


@dataclass(eq=False)
class PoolSamples:
    """The samples of a pool. It is replaced, never changed.

    Attributes
    ----------
    X_pool : array-like of length n_samples
        The samples as they were given.
    ids : ndarray of shape (n_samples,)
        Their names.
    features : array-like of length n_samples
        The samples as the classifier takes them.
    are_named : bool
        Whether `ids` are names that were given, and not positions.
    descriptor : TextDescriptor or None
        It turns the texts that a classifier takes into vectors. None if features are vectors.
    """

    X_pool: Any
    ids: np.ndarray
    features: Any
    are_named: bool
    descriptor: Any = None

    def vectors(self, features: Any) -> Any:
        """Return the vectors by which a strategy compares samples."""
        return features if self.descriptor is None else self.descriptor.transform(features)

    @cached_property
    def _by_id(self) -> dict[str, list[int]]:
        return PoolRows(self.X_pool, n_samples_of(self.X_pool), self.ids).positions_by_id

    def check_distinct(self, first_new: int) -> None:
        """Raise if a new sample has the id of another sample."""
        for id_, positions in self._by_id.items():
            if len(positions) > 1 and positions[-1] >= first_new:
                raise ValueError(
                    f"The id {shown_id(json.loads(id_))} of a new sample is that of row "
                    f"{positions[0]} already. Hint: pass ids that no other sample has."
                )

    def positions(self, ids: Any) -> np.ndarray:
        """Return the positions of samples by their ids, or raise."""
        wanted = [ids] if is_one_id(ids) else list(ids)
        return np.array([self._position(id_) for id_ in wanted], dtype=np.intp)

    def _position(self, id_: Any) -> int:
        positions = self._by_id.get(json.dumps(plain_id(id_)), [])
        if len(positions) == 1:
            return positions[0]
        name = plain_id(id_)
        if positions:
            raise ValueError(
                f"The id {shown_id(name)} names {len(positions)} samples of X_pool, in rows "
                f"{', '.join(map(str, positions[:5]))}. Hint: pass positions."
            )
        known = [json.loads(one) for one in self._by_id]
        texts = {str(one): shown_id(one) for one in known}
        similar = get_close_matches(str(name), texts, n=3)
        hint = f"ids are such as {shown_id(known[0])}."
        if similar:
            hint = f"did you mean {' or '.join(texts[one] for one in sorted(similar))}?"
        raise ValueError(f"No sample of X_pool has the id {shown_id(name)}. Hint: {hint}")


def is_one_id(ids: Any) -> bool:
    """Return whether an argument is one id: a string, a number or a tuple, or another object."""
    if isinstance(ids, str | bytes | tuple) or np.ndim(array_of(ids)) == 0:
        return True
    return not hasattr(ids, "__iter__")
