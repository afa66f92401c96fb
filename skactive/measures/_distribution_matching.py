"""The decrease of the discrepancy between the labelled samples and the pool."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

from skactive._engine.candidate_rank import LOW, CandidateRank
from skactive._engine.chosen_metric import chosen_metric
from skactive._engine.distances import MATRIX_PRODUCT_METRICS
from skactive._engine.kernel_means import KernelSums, PoolKernel
from skactive._validation import check_number
from skactive.base import PoolView
from skactive.measures._base import Measure


class DistributionMatching(Measure):
    """Measure by how much a candidate would reduce the discrepancy of labelled samples and pool.

    The maximum mean discrepancy (MMD) of two sets of samples is the distance of their means in
    the feature space of a kernel k. It is 0 if both have the same distribution. The measure is the
    decrease of the squared MMD between the labelled samples and all samples of the pool if the
    candidate was labelled; samples picked for the batch so far count as labelled. It is large in
    regions with a larger share of the pool than of the labelled samples.

    Parameters
    ----------
    metric : {'cosine', 'euclidean'}, default=None
        The distance d of the kernel k(x, c) = exp(-d² / (2 s²)); for the cosine, the Euclidean
        distance of unit vectors.
        None is the metric of an incremental classifier of the pool, else the cosine.
    bandwidth : float, default=0.25
        The bandwidth s, in units of the median distance of two different samples of the pool. 1
        is the median heuristic, which compares the distributions more coarsely.

    See Also
    --------
    Coverage : Counts the samples near a candidate that no labelled sample covers.
    skactive.strategies.CDFProduct : Combines it with the uncertainty of a classifier.

    Notes
    -----
    With m labelled samples s and n samples x of the pool, the square of the MMD is
    (1 / m²) Σ k(s, s') - (2 / (m n)) Σ k(s, x) + (1 / n²) Σ k(x, x'), each over all pairs. Without
    a labelled sample it is the last term alone. Values are in [-1, 1.5]. For a given m their order
    is that of (1 / n) Σ k(c, x) - (1 / (m + 1)) Σ k(c, s), the criterion of kernel herding. Equal
    samples have equal values.

    Cost: O(n_samples² · n_features) once, in blocks bounded by scikit-learn's ``working_memory``;
    again after samples were added to the pool or removed from it. After that, O(n_samples ·
    n_features) for each label and each sample of a batch. The median is that of at most 1,000
    samples. A partitioned pool, as on a Dask cluster, raises ValueError: it does not compare each
    sample with all samples. `Coverage` works there.

    References
    ----------
    Z. Wang and J. Ye, "Querying discriminative and representative samples for batch mode active
    learning", KDD 2013, for the discrepancy together with uncertainty.

    R. Chattopadhyay, Z. Wang, W. Fan, I. Davidson, S. Panchanathan and J. Ye, "Batch mode active
    sampling based on marginal probability distribution matching", KDD 2012, for the discrepancy
    alone.

    Y. Chen, M. Welling and A. Smola, "Super-samples from kernel herding", UAI 2010.

    Examples
    --------
    >>> from skactive import Pool
    >>> from skactive.measures import DistributionMatching
    >>> pool = Pool([[0.0], [1.0], [2.0], [10.0], [11.0], [12.0]]).add_labels([1], ["apple"])
    >>> DistributionMatching("euclidean").utilities(pool).round(2)
    array([0.01, 0.01, 0.46, 0.5 , 0.46])
    """

    def __init__(self, metric: str | None = None, *, bandwidth: float = 0.25) -> None:
        self.metric = metric
        self.bandwidth = bandwidth

    def utilities(self, pool: PoolView) -> np.ndarray:
        metric, _ = chosen_metric(self, pool, MATRIX_PRODUCT_METRICS)
        bandwidth = check_number(self, "bandwidth", self.bandwidth, exclusive=True)
        X_outside, _ = pool.labeled_outside()
        labeled, n_labeled = np.concatenate([pool.labeled, pool.picked]), pool.n_labeled
        self._check_is_whole(pool, len(labeled) + (0 if X_outside is None else X_outside.shape[0]))
        whole, key = pool.whole, (type(self).__name__, metric, bandwidth)
        of_pool = whole.cached(
            (*key, "means"), lambda: PoolKernel.of(whole.X, metric, bandwidth), shared=True
        )
        sums = whole.cached((*key, "sums"), lambda: KernelSums(of_pool, whole.X))
        inside, (outside, among_outside) = sums.inside(labeled), sums.outside(X_outside)
        # Sums over all pairs of labelled samples, and over labelled samples of the pool's means.
        among = inside[labeled].sum() + 2 * outside[labeled].sum() + among_outside
        to_pool = of_pool.means[labeled].sum() + outside.mean()
        joining = (inside + outside)[pool.candidates]
        after = _varying_part(
            among + 2 * joining + 1, to_pool + of_pool.means[pool.candidates], n_labeled + 1
        )
        return np.asarray((_varying_part(among, to_pool, n_labeled) if n_labeled else 0.0) - after)

    def _check_is_whole(self, pool: PoolView, n_known: int) -> None:
        """Raise unless all samples that count are in the pool or in its seed set."""
        name = type(self).__name__
        if getattr(pool.whole, "has_only_cosine_density", False):
            raise ValueError(
                f"{name} compares each sample with all samples, but a partitioned pool does so "
                "within its partitions only. Hint: use Coverage."
            )
        if pool.n_labeled > n_known:
            raise ValueError(
                f"{name} cannot compare samples that were picked outside the pool. Hint: use "
                "Coverage."
            )

    def sentence(
        self,
        value: float,
        rank: CandidateRank,
        posterior: tuple[Sequence[Hashable], Sequence[float]],
    ) -> str:
        if rank.n_lower == 0:
            return "No unlabelled sample would make the labelled samples less like the whole pool."
        fact = "It would make the labelled samples more like the whole pool than"
        return f"{fact} {rank.than()}{' only' if rank.share_lower <= LOW else ''}."


def _varying_part(among: np.ndarray, to_pool: np.ndarray, n_labeled: int) -> np.ndarray:
    """Return the square of the discrepancy without its sum over all pairs of the pool."""
    return among / n_labeled**2 - 2 * to_pool / n_labeled
