"""Several annotators that make errors, and the aggregation of their votes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from skactive._validation import check_choice, check_integer
from skactive.model_selection._crowd import weighed
from skactive.model_selection._flips import FlipRate, coded, confusion, flipped
from skactive.model_selection._noisy_oracle import annotators_seeds
from skactive.model_selection._oracle import Oracle

# Classes of crowdkit.aggregation.
MODELS = {"dawid-skene": "DawidSkene", "one-coin": "OneCoinDawidSkene"}


class AnnotatorPanel(Oracle):
    """Label each sample by the votes of several annotators that make errors.

    A second and a third vote correct errors, and cost as much as labels for two more samples.
    Votes are counted, or weighted by the estimated reliability of each annotator.

    Parameters
    ----------
    n_annotators : int, default=3
        Number of annotators that label each sample, at least 1.
    flip_rate : float, dict, ndarray or list of such, default=0.1
        Their errors, as in `NoisyOracle`. A list (or an array of 1 or 3 dimensions) has an entry
        for each annotator, any other value applies to all of them.
    aggregate : {'majority', 'one-coin', 'dawid-skene'}, default='majority'
        'majority' takes the label with most votes. The other two weight votes, with crowd-kit
        (``pip install 'skactive[crowd]'``), by the reliability of each annotator, estimated from
        all votes so far: 'one-coin' estimates the accuracy of the annotator, 'dawid-skene' a
        confusion matrix. With either, later votes can change earlier labels.
    random_state : int, RandomState instance or None, default=None
        Draws the errors, and breaks ties of the majority. An int draws the same errors for the
        same labels each time, and the same for the first annotators with any `n_annotators`.

    Raises
    ------
    ValueError
        In `votes`, if `n_annotators` is below 1, a list has another length, `aggregate` is
        unknown, or a rate is invalid.
    ImportError
        If votes are to be weighted and crowd-kit is not installed.

    See Also
    --------
    NoisyOracle : One annotator.
    BudgetedClassifier : Has a parameter `oracle`, like `compare_strategies`.

    Notes
    -----
    The errors of annotators are independent. Two different votes are a tie, so that a majority of
    two annotators is not more accurate than one.

    Cost: drawing votes takes O(n_samples · n_annotators), once per loop. The weights of crowd-kit
    take 0.1 to 0.4 s for some hundred samples, and are computed again after each batch: half a
    minute per loop of 100 labels queried one by one, some three seconds in batches of 10. The
    import takes some seconds more, once per process.

    The number of samples that weights need depends on the model. On digits, with one annotator
    with 5 % and two with 40 % errors, 94 % of the labels of 'one-coin' are right from 50 samples
    on, and 86 % of those of the majority. 'dawid-skene', which estimates 100 numbers for each
    annotator of 10 classes, is worse than the majority up to 20 samples, and gets 88 % right with
    100. If all annotators are equally good, the majority is as good as either. It often is with
    two classes too, since unreliable annotators agree on a wrong label too often: with one reliable
    and two unreliable annotators and 100 samples, 78 % of the labels of 'one-coin' are right, and
    83 % of those of the majority.

    References
    ----------
    A. P. Dawid and A. M. Skene, "Maximum Likelihood Estimation of Observer Error-Rates Using the
    EM Algorithm", Journal of the Royal Statistical Society C 28(1), 1979.

    Y. Zhang, X. Chen, D. Zhou and M. I. Jordan, "Spectral Methods Meet EM: A Provably Optimal
    Algorithm for Crowdsourcing", Journal of Machine Learning Research 17, 2016 (one coin).

    Examples
    --------
    >>> import numpy as np
    >>> from skactive.model_selection import AnnotatorPanel
    >>> y = np.repeat(["ash", "birch", "cedar"], 1000)
    >>> for n_annotators in (1, 3, 5):
    ...     panel = AnnotatorPanel(n_annotators, 0.2, random_state=0)
    ...     errors = panel.labels(panel.votes(y)) != y
    ...     print(n_annotators, round(float(errors.mean()), 2))
    1 0.2
    3 0.08
    5 0.03
    """

    target_kinds = frozenset({"categorical"})

    def __init__(
        self,
        n_annotators: int = 3,
        flip_rate: FlipRate | Sequence[FlipRate] = 0.1,
        *,
        aggregate: str = "majority",
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.n_annotators = n_annotators
        self.flip_rate = flip_rate
        self.aggregate = aggregate
        self.random_state = random_state

    def votes(self, y: ArrayLike, *, classes: ArrayLike | None = None) -> np.ndarray:
        """Return the vote of each annotator on every sample.

        Parameters
        ----------
        y : array-like of shape (n_samples,)
            The true labels.
        classes : array-like of shape (n_classes,), default=None
            All classes; None takes those of `y`.

        Returns
        -------
        votes : ndarray of shape (n_samples, n_annotators)
            Labels.
        """
        n_annotators = check_integer(self, "n_annotators", self.n_annotators, minimum=1)
        check_choice(self, "aggregate", self.aggregate, {"majority", *MODELS})
        known, codes = coded(y, classes)
        _, seeds = annotators_seeds(self.random_state, n_annotators)
        codes_of_votes = [
            flipped(codes, confusion(self, name, rate, known), np.random.RandomState(seed))
            for seed, (name, rate) in zip(seeds, self._rates(n_annotators), strict=True)
        ]
        return known[np.column_stack(codes_of_votes)]

    def labels(self, votes: np.ndarray) -> np.ndarray:
        """Aggregate the votes on each sample into a label.

        Parameters
        ----------
        votes : ndarray of shape (n, n_annotators)
            Rows of the result of `votes`.

        Returns
        -------
        labels : ndarray of shape (n,)
            One for each row. The majority depends on that row only, and in a tie on its position.
        """
        votes = np.asarray(votes)
        aggregate = check_choice(self, "aggregate", self.aggregate, {"majority", *MODELS})
        if aggregate in MODELS:
            return weighed(votes, MODELS[aggregate])
        classes, codes = np.unique(votes, return_inverse=True)
        counts = (codes.reshape(votes.shape)[:, :, np.newaxis] == np.arange(len(classes))).sum(1)
        seed, _ = annotators_seeds(self.random_state, 0)
        draws = np.random.RandomState(seed).random_sample(len(votes))
        tied = counts == counts.max(axis=1, keepdims=True)
        # A draw selects one of the tied classes.
        chosen = np.floor(draws * tied.sum(axis=1)) + 1
        return np.asarray(classes[(tied.cumsum(axis=1) == chosen[:, np.newaxis]).argmax(axis=1)])

    def _rates(self, n_annotators: int) -> list[tuple[str, Any]]:
        rates: Any = self.flip_rate
        if not (isinstance(rates, list | tuple) or np.ndim(rates) in {1, 3}):
            return [("flip_rate", rates)] * n_annotators
        if len(rates) != n_annotators:
            raise ValueError(
                f"The 'flip_rate' parameter of AnnotatorPanel has {len(rates)} entries for "
                f"n_annotators={n_annotators}. Hint: pass one for each annotator, or one for all; "
                "a matrix for all is an array of two dimensions."
            )
        return [(f"flip_rate[{place}]", rate) for place, rate in enumerate(rates)]
