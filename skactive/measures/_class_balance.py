"""The rarity of the predicted classes among the labels."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

from skactive._engine.candidate_rank import CandidateRank
from skactive._engine.numbers import rounded
from skactive._engine.targets import check_kind
from skactive.base import PoolView
from skactive.measures._base import Measure, known_labels


class ClassBalance(Measure):
    """Measure how rare the predicted classes of a candidate are among the labels so far.

    It is Σ_k p_k / (1 + n_k), with the class probabilities p of the candidate and the number n_k of
    labels of class k. As a measure of `skactive.strategies.CDFProduct` it balances the classes:
    rare ones get more labels than at random.

    See Also
    --------
    ExpectedCost : Errors of rare classes can count more.

    Notes
    -----
    Cost: O(n_classes) for each candidate, beside that of the posterior. Values are above 0 and at
    most 1. Before the first label, every candidate gets 1. A sample picked for a batch counts as a
    label of each class, with its probability.

    References
    ----------
    U. Aggarwal, A. Popescu and C. Hudelot, "Active learning for imbalanced datasets", WACV 2020.

    Examples
    --------
    >>> from skactive import Pool
    >>> from skactive.measures import ClassBalance
    >>> from skactive.neighbors import IncrementalKNeighborsClassifier
    >>> pool = Pool(
    ...     [[1, 0], [5, 1], [0, 1], [1, 5], [7, 1]], estimator=IncrementalKNeighborsClassifier(1)
    ... )
    >>> pool = pool.add_labels([0, 1, 2], ["common", "common", "rare"])
    >>> ClassBalance().utilities(pool).round(2)
    array([0.46, 0.38])
    """

    target_kinds = frozenset({"categorical"})

    def utilities(self, pool: PoolView) -> np.ndarray:
        check_kind(self, pool.target.kind)
        posterior = pool.posterior()
        if posterior is None:
            return np.ones(pool.n_candidates)
        column = {label: place for place, label in enumerate(pool.classes_.tolist())}
        counts = np.ones(posterior.shape[1])
        np.add.at(counts, [column[label] for label in known_labels(pool).tolist()], 1)
        picked = pool.posterior(pool.picked) if len(pool.picked) else None
        if picked is not None:
            counts += picked.sum(axis=0)
        return rounded(posterior @ (1 / counts))

    def sentence(
        self,
        value: float,
        rank: CandidateRank,
        posterior: tuple[Sequence[Hashable], Sequence[float]],
    ) -> str:
        if rank.n_lower == 0:
            return "No unlabelled sample has classes with more labels so far."
        return f"Its classes have fewer labels so far than those of {rank.than()}."
