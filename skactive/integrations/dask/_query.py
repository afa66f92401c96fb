"""Queries of a pool in partitions: the requests, and how their results are merged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from uuid import uuid4

import numpy as np

from skactive import strategies
from skactive._engine.largest_product import can_be_largest
from skactive._engine.quantile_bins import (
    DistributionFactor,
    Drawn,
    Histogram,
    Limits,
    drawn,
    factors_of,
    limits_of,
    merged,
)
from skactive.integrations.dask._partition import Partition, Query
from skactive.integrations.dask._partitions import Partitions

# Number of top candidates that are sent with their features.
N_SENT = 16

Factors = dict[str, DistributionFactor]
Bounds = dict[str, tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class TopCandidates:
    """The candidates of a partition whose product may be the largest.

    `utilities` has a column for each measure that is not constant; `X` has the features of the
    first candidates, so that those of the winner need not be fetched.
    """

    positions: np.ndarray
    utilities: np.ndarray
    X: np.ndarray


def draw(partition: Partition, query: Query, n_candidates: int) -> dict[str, Drawn]:
    """Return some utilities of each measure, from which limits of bins are set."""
    factors = factors_in(partition, query)
    return {name: drawn(factor.utilities, n_candidates) for name, factor in factors.items()}


def count(partition: Partition, query: Query, limits: dict[str, Limits]) -> dict[str, Histogram]:
    """Return the number of utilities of each measure in each bin."""
    factors = factors_in(partition, query, limits)
    return {name: factor.histogram for name, factor in factors.items()}


def compete(
    partition: Partition, query: Query, limits: dict[str, Limits], bounds: Bounds
) -> TopCandidates:
    """Return the candidates whose product of factors may be the largest."""
    factors = factors_in(partition, query, limits)
    telling = [factors[name] for name in bounds]
    batch = partition.batch(query)
    places = can_be_largest(telling, list(bounds.values()), batch.n_candidates)
    return TopCandidates(
        batch.candidates[places] + partition.start,
        np.column_stack([factor.utilities[places] for factor in telling]),
        np.asarray(partition.pool.X[batch.candidates[places[:N_SENT]]]),
    )


def rank(
    partition: Partition,
    query: Query,
    limits: dict[str, Limits],
    names: list[str],
    utilities: np.ndarray,
) -> np.ndarray:
    """Return the numbers of candidates with a lower utility than each top one, by measure."""
    factors = factors_in(partition, query, limits)
    columns = zip(names, utilities.T, strict=True)
    return np.column_stack([factors[name].n_lower(values) for name, values in columns])


def best(partition: Partition, query: Query) -> tuple[np.ndarray, float]:
    """Return the positions of the equally good best candidates, and their utility.

    The strategy evaluates each candidate by itself.
    """
    batch, strategy = partition.batch(query), query.strategy
    if batch.n_candidates == 0:
        # A value of all partitions needs the share of this one too.
        strategy.utilities(batch)
        return batch.candidates, -np.inf
    places, utility = strategy.best(batch)
    return batch.candidates[places] + partition.start, utility


def factors_in(
    partition: Partition, query: Query, limits: dict[str, Limits] | None = None
) -> Factors:
    """Return the factors of a CDF product in a partition, computed once for each pick."""
    batch = partition.batch(query)
    if "factors" not in partition.scratch:
        partition.scratch["factors"] = query.strategy.distribution_factors(batch)
    factors: Factors = partition.scratch["factors"]
    if limits is not None and partition.scratch.get("limits") != limits:
        factors = {
            name: DistributionFactor(factor.utilities, factor.weight, limits[name])
            for name, factor in factors.items()
        }
        partition.scratch.update(factors=factors, limits=limits)
    return factors


class PartitionedBatch:
    """Choose from a pool in partitions as if the samples picked so far were labelled."""

    def __init__(
        self,
        pool: Any,
        partitions: Partitions,
        strategy: Any,
        candidates: np.ndarray | None = None,
    ) -> None:
        self.strategy = strategy
        self.partitions = partitions
        self._choose = chooser_of(strategy)
        self._pool = pool
        self._chosen_from = candidates
        self.picked: list[int] = []
        empty = np.empty(0, dtype=np.intp)
        self._query = Query(uuid4().hex, strategy, empty, np.empty((0, 0)))

    @property
    def n_samples(self) -> int:
        """Number of samples of the pool."""
        return int(self._pool.n_samples)

    @property
    def candidates(self) -> np.ndarray:
        """Positions to choose from that were not picked, ascending."""
        whole = self._pool.candidates if self._chosen_from is None else self._chosen_from
        return np.setdiff1d(whole, self.picked)

    @property
    def n_candidates(self) -> int:
        """Number of candidates left."""
        whole = self._pool.n_candidates if self._chosen_from is None else len(self._chosen_from)
        return int(whole) - len(self.picked)

    def best(self) -> tuple[np.ndarray, float]:
        """Return the positions of the best candidates, and their utility."""
        return self._choose(self)

    def pick(self, position: int) -> None:
        """Count a candidate as labelled from now on."""
        self.picked.append(position)
        picked = np.array(self.picked, dtype=np.intp)
        self._query = replace(self._query, picked=picked, X_picked=self.partitions.features(picked))

    def answers_of_all(self, question: Callable[..., Any], **arguments: Any) -> list[Any]:
        """Return the results of a request about this query in all partitions."""
        return self.partitions.answers_of_all(
            lambda number: partial(question, query=self._query_of(number), **arguments)
        )

    def _query_of(self, number: int) -> Query:
        if self._chosen_from is None:
            return self._query
        return replace(self._query, candidates=self.partitions.places_in(number, self._chosen_from))


def chooser_of(strategy: Any) -> Callable[[PartitionedBatch], tuple[np.ndarray, float]]:
    """Return the rule by which a strategy chooses from partitions, or raise.

    The rule is declared by each class itself: a subclass that overrides a method may need the
    whole pool.
    """
    rule = vars(type(strategy)).get("partition_rule")
    if rule is None:
        public = [getattr(strategies, name) for name in strategies.__all__]
        able = [one.__name__ for one in public if vars(one).get("partition_rule") is not None]
        raise TypeError(
            f"{type(strategy).__name__} cannot choose from a partitioned pool. "
            f"Hint: use one of {', '.join(sorted(able))}."
        )
    return CHOOSERS[rule]


def by_chance(batch: PartitionedBatch) -> tuple[np.ndarray, float]:
    """Choose at random, without a message to a partition."""
    places, utility = batch.strategy.best(batch)
    return batch.candidates[places], utility


def by_utility(batch: PartitionedBatch) -> tuple[np.ndarray, float]:
    """Choose by the utilities, which the partitions compute."""
    answers = batch.answers_of_all(best)
    highest = max(utility for _, utility in answers)
    chosen = [positions for positions, utility in answers if utility == highest]
    return np.concatenate(chosen), highest


def by_product(batch: PartitionedBatch) -> tuple[np.ndarray, float]:
    """Choose by the product of distribution functions over the candidates of all partitions.

    The sum of the histograms of the partitions bounds each factor. The candidates whose product may
    be the largest are ranked, so that the choice is that of one process.
    """
    n, strategy = batch.n_candidates, batch.strategy
    weights = strategy.exponents()
    limits, counts = counted(batch, list(weights))
    telling = {
        name: histogram.bounds(weights[name])
        for name, histogram in counts.items()
        if weights[name] > 0 and not histogram.is_constant
    }
    if not telling:
        return batch.candidates, 1.0
    parts = batch.answers_of_all(compete, limits=limits, bounds=telling)
    positions = np.concatenate([part.positions for part in parts])
    utilities = np.concatenate([part.utilities for part in parts])
    names = list(telling)
    parts_of_ranks = batch.answers_of_all(rank, limits=limits, names=names, utilities=utilities)
    ranks = np.sum(parts_of_ranks, axis=0)
    products = np.ones(len(positions))
    for name, n_lower in zip(names, ranks.T, strict=True):
        products *= factors_of(n_lower, n, weights[name])
    chosen = positions[products == products.max()]
    for part in parts:
        is_sent = np.isin(part.positions[: len(part.X)], chosen)
        batch.partitions.bring(part.positions[: len(part.X)][is_sent], part.X[is_sent])
    return chosen, float(products.max())


def counted(
    batch: PartitionedBatch, names: list[str]
) -> tuple[dict[str, Limits], dict[str, Histogram]]:
    """Return histograms of the measures over all candidates, and the limits of their bins.

    The limits are those of the last query, which saves a round of messages. If they do not suit
    this one, new ones are drawn.
    """
    limits: dict[str, Limits] = batch.partitions.kept.get("limits", {})
    histograms: dict[str, Histogram] = {}
    if list(limits) == names:
        histograms = histograms_of(batch, limits)
    if not histograms or not all(one.is_cut_well for one in histograms.values()):
        draws = batch.answers_of_all(draw, n_candidates=batch.n_candidates)
        limits = {name: limits_of([one[name] for one in draws]) for name in names}
        histograms = histograms_of(batch, limits)
    batch.partitions.kept["limits"] = {name: one.limits() for name, one in histograms.items()}
    return limits, histograms


def histograms_of(batch: PartitionedBatch, limits: dict[str, Limits]) -> dict[str, Histogram]:
    """Return histograms of the measures over all candidates."""
    counts = batch.answers_of_all(count, limits=limits)
    return {name: merged([one[name] for one in counts]) for name in limits}


CHOOSERS: dict[str, Callable[[PartitionedBatch], tuple[np.ndarray, float]]] = {
    "chance": by_chance,
    "product": by_product,
    "utility": by_utility,
}
