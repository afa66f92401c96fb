"""The disagreement of several classifiers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from scipy.special import entr, rel_entr

from skactive._engine.blocks import row_blocks
from skactive._engine.chosen_metric import chosen_metric
from skactive._engine.cold_start import (
    cold_start_utilities,
    has_two_classes,
    posterior_of_classes,
)
from skactive._engine.committees import (
    BaggedNeighbors,
    OwnMembers,
    fitted_committee,
    modal_committee,
    vote_shares,
)
from skactive._estimators import NoUncertaintyError, check_classifier
from skactive._text import shown
from skactive._validation import check_choice, check_integer
from skactive.base import Classifier, PoolView
from skactive.measures import Entropy
from skactive.strategies._base import QueryStrategy


class QueryByCommittee(QueryStrategy):
    """Choose the candidates on which a committee of classifiers disagrees most.

    Classifiers that all fit the labels differ in regions where labels are missing. Their
    disagreement shows where a label is informative; the uncertainty of a single classifier may be
    noise.

    Parameters
    ----------
    committee : list of classifiers or 'estimator', default=None
        The members: copies of them are fitted to the features of the labelled samples. 'estimator'
        takes those of the classifier of the pool: of a forest, a `BaggingClassifier` or a
        `VotingClassifier`, or the probabilities that its method ``sample_proba(X)`` draws, of shape
        (n_members, n_samples, n_classes), such as those of a network with dropout. None takes 10
        members that vote by nearest neighbours, each with a bootstrap sample of the
        labels; if a committee of modAL calls the strategy, None takes that committee.
    disagreement : {'vote_entropy', 'consensus_entropy', 'kl', 'max_kl'}, default='vote_entropy'
        The entropy of the members' votes; the entropy of their mean probabilities; the mean, or
        the largest, Kullback-Leibler divergence of a member's probabilities from their mean.
    n_neighbors : int, default=5
        Number of voting neighbours in each member of the default committee, at least 1.
    metric : str, default=None
        The metric of the default committee, and of the first queries.
        None is the metric of an incremental classifier of the pool, else the cosine.
    random_state : int, RandomState instance or None, default=None
        None breaks ties by position; otherwise they are broken at random. An int is also the seed
        of the bootstrap samples, which is 0 otherwise.

    See Also
    --------
    UncertaintySampling : Uses a single classifier.

    Notes
    -----
    `utilities` are at least 0, in nats. Many candidates have the same vote entropy in the default
    committee. They are ordered by the entropy of its mean probabilities, then as other ties. The
    only component of `terms` is 'disagreement'.

    Until labels of two classes are known all members agree: the first choice is the most central
    candidate, the next is the one farthest from all labelled samples. If only the probabilities
    of a learner are known, as for a learner of modAL without `y_training`, their entropy replaces
    the disagreement.

    Cost with the default committee: O(n_samples · n_features) for each label, to keep the nearest
    labelled samples, and O(n_members · n_candidates · n_neighbors) for the votes. With others:
    fitting each, and its predictions.

    References
    ----------
    H. S. Seung, M. Opper and H. Sompolinsky, "Query by committee", COLT 1992.
    S. P. Engelson and I. Dagan, "Minimizing manual annotation cost in supervised training from
    corpora", ACL 1996, for the vote entropy.
    N. Houlsby, F. Huszár, Z. Ghahramani and M. Lengyel, "Bayesian active learning for
    classification and preference learning", 2011, for 'kl', the mutual information (BALD).
    A. McCallum and K. Nigam, "Employing EM and pool-based active learning for text
    classification", ICML 1998, for the divergence.

    Examples
    --------
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from skactive import Pool
    >>> from skactive.strategies import QueryByCommittee
    >>> pool = Pool([[0.0], [1.0], [4.0], [6.0], [9.0], [12.0]])
    >>> pool = pool.add_labels([0, 1, 4, 5], ["a", "a", "b", "b"])
    >>> committee = [GaussianNB(), KNeighborsClassifier(1), KNeighborsClassifier(3)]
    >>> indices, utilities = QueryByCommittee(committee).select(pool)
    >>> indices, utilities.round(2)
    (array([2]), array([0.64]))
    """

    _component_name = "disagreement"

    target_kinds = frozenset({"categorical"})

    def __init__(
        self,
        committee: Sequence[Classifier] | str | None = None,
        disagreement: str = "vote_entropy",
        *,
        n_neighbors: int = 5,
        metric: str | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        super().__init__(random_state=random_state)
        self.committee = committee
        self.disagreement = disagreement
        self.n_neighbors = n_neighbors
        self.metric = metric

    def utilities(self, pool: PoolView) -> np.ndarray:
        check_choice(self, "disagreement", self.disagreement, DISAGREEMENTS)
        check_integer(self, "n_neighbors", self.n_neighbors, minimum=1)
        self._check_committee(pool)
        whole = pool.whole
        values = pool.once_per_batch(self, lambda: self._values(whole))
        if values is None:
            return cold_start_utilities(pool, chosen_metric(self, pool)[0])
        return values[np.searchsorted(whole.candidates, pool.candidates), 0]

    def best(self, batch: PoolView) -> tuple[np.ndarray, float]:
        places, worth = super().best(batch)
        values = batch.once_per_batch(self, lambda: self._values(batch.whole))
        if values is not None and len(places) < batch.n_candidates:
            second = values[np.searchsorted(batch.whole.candidates, batch.candidates[places]), 1]
            places = places[second == second.max()]
        return places, worth

    def _values(self, pool: PoolView) -> np.ndarray | None:
        """Return the disagreement on each candidate and the key of ties, None without members."""
        candidates = pool.candidates
        committee = self._seated(pool)
        if committee is None:
            if posterior_of_classes(pool) is None:
                return None
            return np.column_stack([Entropy().utilities(pool)] * 2)
        n_classes = len(committee.classes)
        if n_classes < 2:
            return None
        values = np.empty((len(candidates), 2))
        for block in row_blocks(len(candidates), 400 * (n_classes + self.n_neighbors)):
            values[block] = self._disagreement(committee, candidates[block])
        # Rounded so that equal samples get equal values.
        return np.asarray(np.round(np.maximum(values, 0), 12))

    def _seated(self, pool: PoolView) -> Any:
        if isinstance(self.committee, str):
            with suppress(NoUncertaintyError):  # members that vote need no probabilities
                if posterior_of_classes(pool) is None:
                    return None
            return OwnMembers(pool) if has_two_classes(pool) else None
        if self.committee is not None:
            return fitted_committee(self.committee, pool) if has_two_classes(pool) else None
        learners = getattr(pool.estimator, "learner_list", None)
        if learners:
            return modal_committee(learners, pool)
        if not has_two_classes(pool):
            return None
        seed = int(self.random_state) if isinstance(self.random_state, int | np.integer) else 0
        metric, _ = chosen_metric(self, pool)
        return BaggedNeighbors(pool, N_MEMBERS, self.n_neighbors, metric, seed)

    def _check_committee(self, pool: PoolView) -> None:
        if self.committee is None:
            return
        if isinstance(self.committee, str) and self.committee == "estimator":
            if OwnMembers.are_in(pool.estimator):
                return
            raise TypeError(
                f"QueryByCommittee(committee='estimator') needs a classifier with members, such as "
                "RandomForestClassifier, or with a method sample_proba. The classifier is "
                f"{shown(pool.estimator)}."
            )
        if not isinstance(self.committee, Sequence) or isinstance(self.committee, str):
            raise TypeError(
                "The 'committee' parameter of QueryByCommittee must be a list of classifiers, or "
                f"'estimator'. Got {shown(self.committee)} instead."
            )
        if len(self.committee) == 0:
            raise ValueError(
                "QueryByCommittee needs a committee of at least one classifier. Got []."
            )
        for one in self.committee:
            check_classifier(one, "Each member of the 'committee' of QueryByCommittee")

    def _disagreement(self, committee: Any, positions: np.ndarray) -> np.ndarray:
        """Return the disagreement and the key of ties, shape (n, 2)."""
        if self.disagreement != "vote_entropy":
            values = DISAGREEMENTS[self.disagreement](committee.probabilities(positions))
            return np.column_stack([values, values])
        if not committee.gives_probabilities:
            values = entr(committee.votes(positions)).sum(axis=1)
            return np.column_stack([values, values])
        probabilities = committee.probabilities(positions)
        votes = vote_shares(probabilities.argmax(axis=2), probabilities.shape[2])
        return np.column_stack([entr(votes).sum(axis=1), consensus_entropy(probabilities)])


N_MEMBERS = 10


def consensus_entropy(probabilities: np.ndarray) -> np.ndarray:
    """Return the entropy of the members' mean, shape (n_members, n, n_classes) to (n,)."""
    return np.asarray(entr(probabilities.mean(axis=0)).sum(axis=1))


def divergences(probabilities: np.ndarray) -> np.ndarray:
    """Return each member's divergence from the mean of all, shape (n_members, n)."""
    return np.asarray(rel_entr(probabilities, probabilities.mean(axis=0)).sum(axis=2))


DISAGREEMENTS: dict[str, Callable[[np.ndarray], Any]] = {
    "vote_entropy": consensus_entropy,
    "consensus_entropy": consensus_entropy,
    "kl": lambda probabilities: divergences(probabilities).mean(axis=0),
    "max_kl": lambda probabilities: divergences(probabilities).max(axis=0),
}
