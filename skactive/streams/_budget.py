"""The budget of a stream: a share of the samples, or a number of labels in all."""

from __future__ import annotations

from fractions import Fraction
from numbers import Integral, Real

from skactive._text import shown
from skactive._validation import check_integer

# The share of the samples that are queried at most while a budget in labels is left.
DEFAULT_SHARE = 0.1


class StreamBudget:
    """Count samples and queries of a stream, and tell whether the next sample may be queried.

    A strategy reads it to decide. `StreamSampler` records each decision.

    Parameters
    ----------
    budget : float or int, default=0.1
        A float is a share of the samples, above 0 and at most 1. An int is a number of labels in
        all, at least 1, which are spent on at most a tenth of the samples seen so far.
    window : int, default=None
        None is a hard limit: of n samples at most ⌈budget · n⌉ are queried, whatever n. An int w
        of at least 1 estimates recent spending: with u = u · (w - 1) / w after each sample, plus 1
        if it was queried, the next sample may be queried if u / w < budget.

    Attributes
    ----------
    share : float
        The share of the samples.
    total : int or None
        The number of labels in all, if there is one.
    n_seen : int
        Number of samples so far.
    n_queried : int
        Number of those that were queried.

    See Also
    --------
    StreamSampler : Decides about the samples of a stream.

    Notes
    -----
    The share is taken in its decimal notation: 0.07 of 100 samples are 7, though the nearest binary
    number to 0.07 is larger.

    With a window, of any n successive samples at most n · (share + 1 / w) + w · share + 1 are
    queried: in the long run the share is exceeded by at most 1 / w, and at the beginning, or after
    a period without queries, by about w · share + 1 labels. A number of labels in all is never
    exceeded.

    References
    ----------
    I. Žliobaitė, A. Bifet, B. Pfahringer and G. Holmes, "Active learning with drifting streaming
    data", IEEE Transactions on Neural Networks and Learning Systems 25(1), 2014, for `window`.

    Examples
    --------
    >>> from skactive.streams import StreamBudget
    >>> budget = StreamBudget(0.5)
    >>> budget.is_left
    True
    >>> budget.record(True)
    >>> budget.is_left
    False
    """

    def __init__(self, budget: float = DEFAULT_SHARE, *, window: int | None = None) -> None:
        self.share, self.total = _share_and_total(budget)
        self.window = (
            None if window is None else check_integer("StreamBudget", "window", window, minimum=1)
        )
        self.n_seen = 0
        self.n_queried = 0
        exact = Fraction(str(self.share))
        self._numerator, self._denominator = exact.numerator, exact.denominator
        self._spent = 0.0

    def __repr__(self) -> str:
        budget = self.share if self.total is None else self.total
        window = "" if self.window is None else f", window={self.window}"
        return f"StreamBudget({budget}{window})"

    @property
    def is_left(self) -> bool:
        """Whether the next sample may be queried."""
        if self.total is not None and self.n_queried >= self.total:
            return False
        if self.window is not None:
            return self._spent / self.window < self.share
        return self.n_queried * self._denominator < self._numerator * (self.n_seen + 1)

    @property
    def surplus(self) -> float:
        """The number of labels within the share of the samples so far that were not queried."""
        return self.share * self.n_seen - self.n_queried

    def record(self, queried: bool) -> None:
        """Record the decision about the next sample.

        Parameters
        ----------
        queried : bool
            Whether it is queried.

        Raises
        ------
        ValueError
            If it is queried and no budget is left.
        """
        if queried and not self.is_left:
            raise ValueError(
                f"No budget is left for sample {self.n_seen + 1:,}: {self.n_queried:,} were "
                f"queried before, with {self!r}. Hint: query only if `is_left`."
            )
        self.n_seen += 1
        self.n_queried += bool(queried)
        if self.window is not None:
            self._spent = self._spent * ((self.window - 1) / self.window) + bool(queried)


def _share_and_total(budget: float) -> tuple[float, int | None]:
    if isinstance(budget, Real) and not isinstance(budget, bool):
        if isinstance(budget, Integral):
            if budget >= 1:
                return DEFAULT_SHARE, int(budget)
        elif 0 < budget <= 1:
            # A NumPy float32 of 0.1 is meant as 0.1.
            return float(str(budget)), None
        is_whole = budget > 1 and float(budget).is_integer()
        hint = f" Hint: a number of labels is an int, such as {int(budget)}." if is_whole else ""
        error: type[Exception] = ValueError
    else:
        hint, error = "", TypeError
    raise error(
        "The 'budget' parameter of StreamSampler must be a share of the samples, a float above 0 "
        f"and at most 1, or a number of labels, an int of at least 1. Got {shown(budget)} "
        f"instead.{hint}"
    )
