"""Distances of all pool samples to the labelled samples, updated label by label."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from skactive._engine.blocks import row_blocks
from skactive._engine.compiled import compiled
from skactive._engine.distances import Rows, Space
from skactive._engine.exact_search import choose_nearest
from skactive._engine.labeled_samples import LabeledSamples


class LabeledDistances:
    """Sum of distances to the labelled samples, and the nearest of them, for every pool sample.

    New labels are added at the next access, all in one pass over the pool, O(n_samples ·
    n_features) for each label. Sum and nearest samples are computed on first use.
    """

    def __init__(self, space: Space, rows: Rows, labeled: LabeledSamples) -> None:
        self._space = space
        self._rows = rows
        self._labeled = labeled
        self._next_id = 0
        self._total: np.ndarray | None = None
        self._nearest: dict[int, NearestLabeled] = {}

    def mean(self, positions: np.ndarray) -> np.ndarray:
        """Return the mean distance of some samples to the labelled ones."""
        self._add_new_labels()
        if self._total is None:
            self._total = np.zeros(len(self._rows))
            self._add(self._all_slots(), total=self._total, nearest=())
        return np.asarray(self._total.take(positions) / len(self._labeled))

    def minimum(self, positions: np.ndarray) -> np.ndarray:
        """Return the distance of some samples to the nearest labelled one."""
        n_neighbors = next(iter(self._nearest), 1)
        nearest = self.nearest(n_neighbors)
        return self._space.finish(nearest.compared[positions, 0])

    def nearest(self, n_neighbors: int) -> NearestLabeled:
        """Return the nearest labelled samples, at most `n_neighbors`."""
        self._add_new_labels()
        if n_neighbors not in self._nearest:
            nearest = NearestLabeled(n_neighbors, self._space, self._rows, self._labeled)
            self._add(self._all_slots(), total=None, nearest=(nearest,))
            self._nearest[n_neighbors] = nearest
        return self._nearest[n_neighbors]

    def before_removal(self, ids: np.ndarray) -> None:
        """Prepare for the removal of labelled samples, which are still stored."""
        self._add_new_labels()
        if self._total is not None:
            leaving = self._labeled.rows[self._labeled.slots(ids)]
            for block in self._blocks(len(ids)):
                compared = self._space.compare(self._rows[block], leaving)
                self._total[block] -= _row_sums(self._space.finish(compared))

    def after_removal(self, ids: np.ndarray) -> None:
        """Complete the removal of labelled samples."""
        if self._total is not None and len(self._labeled) == 0:
            self._total[:] = 0.0
        for nearest in self._nearest.values():
            nearest.search_again(nearest.rows_with(ids))

    def before_restoring(self) -> None:
        """Prepare for the restoration of labelled samples, which are not stored yet."""
        self._add_new_labels()

    def after_restoring(self, ids: np.ndarray) -> None:
        """Add restored labelled samples, under their earlier ids."""
        nearest = tuple(self._nearest.values())
        self._add(self._labeled.slots(ids), total=self._total, nearest=nearest)

    def after_relabeling(self, ids: np.ndarray) -> None:
        """Update after labels were replaced, which can decide between equal distances."""
        self._add_new_labels()
        slots = self._labeled.slots(ids)
        for nearest in self._nearest.values():
            for block in self._blocks(len(ids)):
                compared = self._space.compare(self._rows[block], self._labeled.rows[slots])
                tolerance = 2 * self._space.rounding(self._rows[block], self._labeled.rows[slots])
                left = nearest.rows_in_reach(block, compared, tolerance)
                nearest.search_again(left + block.start)

    def state(self) -> tuple[np.ndarray | None, dict[int, tuple[np.ndarray, np.ndarray]]]:
        """Return the sum, and the nearest by `n_neighbors`: comparison units and ids."""
        self._add_new_labels()
        nearest = {number: (one.compared, one.ids) for number, one in self._nearest.items()}
        return self._total, nearest

    def restore(
        self,
        total: np.ndarray | None,
        nearest: dict[int, tuple[np.ndarray, np.ndarray]],
        next_id: int,
    ) -> None:
        """Restore what `state` returned, with all labels before `next_id` included."""
        self._total, self._next_id = total, next_id
        for number, (compared, ids) in nearest.items():
            one = NearestLabeled(number, self._space, self._rows, self._labeled)
            one.restore(compared, ids)
            self._nearest[number] = one

    def extended(self, rows: Rows) -> LabeledDistances:
        """Return the distances of these rows and further ones; only the latter are searched.

        The sum is computed again on use, since its rounding depends on the order of the labels.
        """
        return self._changed(rows, None, lambda nearest: nearest.extended(rows))

    def reduced(self, rows: Rows, kept: np.ndarray) -> LabeledDistances:
        """Return the distances of the rows that stay, given their ascending positions."""
        self._add_new_labels()
        total = None if self._total is None else self._total[kept]
        return self._changed(rows, total, lambda nearest: nearest.reduced(rows, kept))

    def _changed(
        self,
        rows: Rows,
        total: np.ndarray | None,
        change: Callable[[NearestLabeled], NearestLabeled],
    ) -> LabeledDistances:
        self._add_new_labels()
        changed = LabeledDistances(self._space, rows, self._labeled)
        changed._total, changed._next_id = total, self._next_id
        changed._nearest = {number: change(nearest) for number, nearest in self._nearest.items()}
        return changed

    def finish(self, compared: np.ndarray) -> np.ndarray:
        """Convert comparison units to distances."""
        return self._space.finish(compared)

    def _all_slots(self) -> np.ndarray:
        return np.arange(len(self._labeled))

    def _add_new_labels(self) -> None:
        if self._next_id == self._labeled.next_id:
            return
        slots = self._labeled.slots_since(self._next_id)
        self._add(slots, total=self._total, nearest=tuple(self._nearest.values()))
        self._next_id = self._labeled.next_id

    def _add(
        self, slots: np.ndarray, *, total: np.ndarray | None, nearest: tuple[NearestLabeled, ...]
    ) -> None:
        if len(slots) == 0 or (total is None and not nearest):
            return
        arrived = self._labeled.rows_at(slots)
        # New samples are merged with the nearest so far.
        deepest = max((one.n_neighbors for one in nearest), default=0)
        for block in self._blocks(len(slots) + deepest):
            rows = self._rows_in(block)
            compared = self._space.compare(rows, arrived)
            tolerance = 2 * self._space.rounding(rows, arrived)
            for one in nearest:
                one.merge(block, compared, slots, tolerance)
            if total is not None:
                total[block] += _row_sums(self._space.finish(compared))

    def _rows_in(self, block: slice) -> Rows:
        return self._rows if block == slice(0, len(self._rows)) else self._rows[block]

    def _blocks(self, width: int) -> Iterator[slice]:
        features = 0 if self._space.by_product else 8 * self._rows.n_features
        return row_blocks(len(self._rows), 40 * width + features)


class NearestLabeled:
    """The nearest labelled samples of every pool sample, in comparison units and by id.

    Attributes
    ----------
    compared : ndarray of shape (n_samples, min(n_neighbors, n_labeled))
        Distances in comparison units, nearest first.
    ids : ndarray of shape (n_samples, min(n_neighbors, n_labeled))
        Ids of the labelled samples; -1 in empty places.
    farthest : ndarray of shape (n_samples,)
        The largest distance of each row, infinite while fewer samples are labelled.
    has_changed : ndarray of bool of shape (n_samples,)
        Whether each row has changed since the reader last set this to False.
    """

    def __init__(self, n_neighbors: int, space: Space, rows: Rows, labeled: LabeledSamples) -> None:
        self.n_neighbors = n_neighbors
        self._space = space
        self._rows = rows
        self._labeled = labeled
        self._compared = np.full((len(rows), n_neighbors), np.inf)
        # A copy of the last column: each new label is compared with all of it.
        self.farthest = np.full(len(rows), np.inf)
        self._ids = np.full((len(rows), n_neighbors), -1, dtype=np.intp)
        self.has_changed = np.full(len(rows), True)

    @property
    def width(self) -> int:
        return min(self.n_neighbors, len(self._labeled))

    @property
    def compared(self) -> np.ndarray:
        return self._compared[:, : self.width]

    @property
    def ids(self) -> np.ndarray:
        return self._ids[:, : self.width]

    def restore(self, compared: np.ndarray, ids: np.ndarray) -> None:
        """Restore earlier values of `compared` and `ids`."""
        self._compared[:, : compared.shape[1]] = compared
        self._ids[:, : ids.shape[1]] = ids
        self.farthest[:] = self._compared[:, -1]

    def extended(self, rows: Rows) -> NearestLabeled:
        """Return the nearest of these rows and further ones."""
        changed = NearestLabeled(self.n_neighbors, self._space, rows, self._labeled)
        n_old = len(self.farthest)
        changed._compared[:n_old], changed._ids[:n_old] = self._compared, self._ids
        changed.farthest[:n_old] = self.farthest
        changed.search_again(np.arange(n_old, len(rows)))
        return changed

    def reduced(self, rows: Rows, kept: np.ndarray) -> NearestLabeled:
        """Return the nearest of the rows that stay, given their positions."""
        changed = NearestLabeled(self.n_neighbors, self._space, rows, self._labeled)
        changed._compared, changed._ids = self._compared[kept], self._ids[kept]
        changed.farthest = self.farthest[kept]
        return changed

    def rows_in_reach(self, block: slice, compared: np.ndarray, tolerance: Any) -> np.ndarray:
        """Return the rows of a block with a compared sample among their nearest, up to rounding."""
        closest = compared[:, 0] if compared.shape[1] == 1 else compared.min(axis=1)
        return np.flatnonzero(closest <= self.farthest[block] + tolerance)

    def rows_with(self, ids: np.ndarray) -> np.ndarray:
        """Return the rows with one of `ids` among their nearest."""
        return np.flatnonzero(np.isin(self._ids, ids).any(axis=1))

    def merge(self, block: slice, compared: np.ndarray, slots: np.ndarray, tolerance: Any) -> None:
        """Merge the distances of some rows to new labelled samples with the nearest so far.

        `tolerance` is the difference, one number or one for each row, up to which the order of
        two distances can be due to rounding.
        """
        left = self._insert(block, compared, slots, tolerance)
        if len(left):
            self._settle(left + block.start, compared[left], slots)

    def _insert(
        self, block: slice, compared: np.ndarray, slots: np.ndarray, tolerance: Any
    ) -> np.ndarray:
        """Insert samples into the nearest; return the rows for which rounding could decide."""
        contested = np.empty(len(compared), dtype=np.intp)
        n_contested = compiled(_insert_if_clear)(
            self._compared[block],
            self._ids[block],
            self.farthest[block],
            self.has_changed[block],
            compared,
            self._labeled.ids[slots],
            np.asarray(tolerance, dtype=np.float64).reshape(-1),
            contested,
        )
        return contested[:n_contested]

    def _settle(self, places: np.ndarray, compared: np.ndarray, slots: np.ndarray) -> None:
        """Choose the nearest of some rows among the nearest so far and new samples."""
        held_ids = self._ids[places]
        # Empty places have an infinite distance, so that any sample replaces them.
        held_slots = np.where(held_ids >= 0, self._labeled.slots(np.maximum(held_ids, 0)), 0)
        arrived = np.broadcast_to(slots, (len(places), len(slots)))
        self._replace(
            places,
            np.hstack([self._compared[places], compared]),
            np.hstack([held_slots, arrived]),
        )

    def search_again(self, places: np.ndarray) -> None:
        """Find the nearest of some rows from scratch."""
        self._compared[places], self._ids[places] = np.inf, -1
        self.farthest[places] = np.inf
        self.has_changed[places] = True
        if len(self._labeled) == 0:
            return
        # Picked rows are copied, and once more for metrics that need float64.
        copies = self._rows.dtype.itemsize + (0 if self._space.by_product else 8)
        bytes_per_row = 40 * len(self._labeled) + copies * self._rows.n_features
        for block in row_blocks(len(places), bytes_per_row):
            part = places[block]
            self._replace(part, self._space.compare(self._rows[part], self._labeled.rows), None)

    def _replace(self, places: np.ndarray, compared: np.ndarray, slots: np.ndarray | None) -> None:
        kept, chosen = choose_nearest(
            compared,
            slots,
            self.n_neighbors,
            space=self._space,
            A=self._rows[places],
            B=self._labeled.rows,
            precedence=self._labeled.precedence,
        )
        width = kept.shape[1]
        self._compared[places, :width] = kept
        if width == self.n_neighbors:
            self.farthest[places] = kept[:, -1]
        self._ids[places, :width] = np.where(np.isfinite(kept), self._labeled.ids[chosen], -1)
        self.has_changed[places] = True


def _insert_if_clear(  # type: ignore[no-untyped-def] # noqa: C901 - one compiled loop
    nearest, ids, farthest, has_changed, compared, new_ids, tolerances, contested
):  # pragma: no cover - compiled
    """Insert samples into the nearest of each row, unless rounding could decide.

    Returns the number of rows for which rounding could decide, and writes them to `contested`.
    """
    n_contested, last = 0, nearest.shape[1] - 1
    held, held_ids = np.empty(last + 1), np.empty(last + 1, dtype=ids.dtype)
    for row in range(len(compared)):
        tolerance, reach = tolerances[min(row, len(tolerances) - 1)], farthest[row]
        is_changed = is_contested = False
        for column in range(len(new_ids)):
            value = np.float64(compared[row, column])
            if value > reach + tolerance:
                continue
            if not is_changed:
                is_changed = True
                for place in range(last + 1):
                    held[place], held_ids[place] = nearest[row, place], ids[row, place]
            kept = min(reach, value)
            if last > 0:
                kept = max(held[last - 1], kept)
            left_out = max(reach, value)
            # Empty places have an infinite distance, and need no comparison.
            if left_out < np.inf and left_out <= kept + tolerance:
                is_contested = True
                break
            place = last
            while place > 0 and held[place - 1] > value:
                held[place], held_ids[place] = held[place - 1], held_ids[place - 1]
                place -= 1
            held[place], held_ids[place] = value, new_ids[column]
            reach = held[last]
        if is_contested:
            contested[n_contested] = row
            n_contested += 1
        elif is_changed:
            has_changed[row], farthest[row] = True, reach
            for place in range(last + 1):
                nearest[row, place], ids[row, place] = held[place], held_ids[place]
    return n_contested


def _row_sums(distances: np.ndarray) -> np.ndarray:
    if distances.shape[1] == 1:
        return distances[:, 0]
    return distances.sum(axis=1, dtype=np.float64)
