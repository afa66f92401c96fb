"""Several people who err, and what their votes amount to."""

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
    """Ask several people who err about each sample, and combine their votes.

    A second and a third opinion correct mistakes, and cost as much as labels for two more
    samples. Votes are counted, or weighed by how reliable each annotator turns out to be.

    Parameters
    ----------
    n_annotators : int, default=3
        How many people answer each question, at least 1.
    flip_rate : float, dict, ndarray or list of such, default=0.1
        How often and in which way they err, as in `NoisyOracle`. A list (or an array of 1 or 3
        dimensions) has an entry for each annotator, anything else holds for all of them.
    aggregate : {'majority', 'one-coin', 'dawid-skene'}, default='majority'
        'majority' takes the label with most votes. The other two weigh votes, with crowd-kit
        (``pip install 'skactive[crowd]'``), and find out from all votes so far whose to trust:
        'one-coin' learns one number for each annotator, how often this one is right;
        'dawid-skene' learns how often this one takes which class for which. With either, votes
        that arrive later change labels given earlier.
    random_state : int, RandomState instance or None, default=None
        Draws the errors, and breaks ties of the majority. An int draws the same for the same
        labels each time, and the same for the first annotators however many there are.

    Raises
    ------
    ValueError
        If there is no annotator, a list has another length, `aggregate` is unknown, or a rate
        is not one. It comes from `votes`.
    ImportError
        If votes are to be weighed and crowd-kit is not installed.

    See Also
    --------
    NoisyOracle : One person who errs.
    BudgetedClassifier : Takes it as its `oracle`, as does `compare_strategies`.

    Notes
    -----
    Annotators err independently of each other. Two who differ are a tie, so that a majority of
    two is right no more often than one.

    Cost: drawing votes takes O(n_samples · n_annotators), once per loop. Weighing takes crowd-kit
    0.1 to 0.4 s for some hundred samples, and is done anew after each batch: with 100 labels
    asked for one by one that is half a minute per loop, in batches of 10 some three seconds.
    Importing it takes some seconds more, once per process.

    How many samples weighing needs depends on what it learns. On digits, with one annotator who
    errs in 5 % and two who err in 40 % of the answers, 'one-coin' gets 94 % of the labels right
    from 50 samples on, where the majority gets 86 %. 'dawid-skene', which learns 100 numbers for
    each annotator of 10 classes, is worse than the majority up to 20 samples, and gets 88 %
    with 100. Where all annotators are equally good, the majority is as good as either. So it
    often is with two classes, of which the wrong votes of careless annotators are the same too
    often: one careful and two careless ones get 78 % from 'one-coin' with 100 samples, 83 % from
    the majority.

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
        """Return what each annotator would say about every sample.

        Parameters
        ----------
        y : array-like of shape (n_samples,)
            The true labels.
        classes : array-like of shape (n_classes,), default=None
            The labels there are; None takes those of `y`.

        Returns
        -------
        votes : ndarray of shape (n_samples, n_annotators)
            Labels.
        """
        n_annotators = check_integer(self, "n_annotators", self.n_annotators, minimum=1)
        check_choice(self, "aggregate", self.aggregate, {"majority", *MODELS})
        known, codes = coded(y, classes)
        _, seeds = annotators_seeds(self.random_state, n_annotators)
        said = [
            flipped(codes, confusion(self, name, rate, known), np.random.RandomState(seed))
            for seed, (name, rate) in zip(seeds, self._rates(n_annotators), strict=True)
        ]
        return known[np.column_stack(said)]

    def labels(self, votes: np.ndarray) -> np.ndarray:
        """Return the labels that votes amount to.

        Parameters
        ----------
        votes : ndarray of shape (n, n_annotators)
            Rows of what `votes` returned.

        Returns
        -------
        labels : ndarray of shape (n,)
            One for each row. For the majority it depends on that row alone, and on its place
            where it is a tie.
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
        # The draw-th of the tied ones.
        chosen = np.floor(draws * tied.sum(axis=1)) + 1
        return np.asarray(classes[(tied.cumsum(axis=1) == chosen[:, np.newaxis]).argmax(axis=1)])

    def _rates(self, n_annotators: int) -> list[tuple[str, Any]]:
        rates: Any = self.flip_rate
        if not (isinstance(rates, list | tuple) or np.ndim(rates) in {1, 3}):
            return [("flip_rate", rates)] * n_annotators
        if len(rates) != n_annotators:
            raise ValueError(
                f"The 'flip_rate' parameter of AnnotatorPanel has {len(rates)} entries for "
                f"n_annotators={n_annotators}. Hint: give one for each annotator, or one for all; "
                "a matrix for all is an array of two dimensions."
            )
        return [(f"flip_rate[{place}]", rate) for place, rate in enumerate(rates)]
