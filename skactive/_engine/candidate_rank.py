"""The rank of a candidate among all candidates, and sentences about it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Shares of candidates with lower values: from `HIGH` on a value counts as high, up to `LOW` as low.
HIGH, LOW = 2 / 3, 1 / 3


@dataclass(frozen=True)
class CandidateRank:
    """The number of candidates with a lower value than one candidate, and with an equal one."""

    n_candidates: int
    n_lower: int
    n_tied: int

    @classmethod
    def of(cls, values: np.ndarray, place: int) -> CandidateRank:
        """Return the rank of the candidate at a position of `values`."""
        value = values[place]
        n_lower = int(np.count_nonzero(values < value))
        return cls(len(values), n_lower, int(np.count_nonzero(values == value)) - 1)

    @property
    def rank(self) -> int:
        """1 for the highest value; equal values share the lowest of their ranks."""
        return self.n_candidates - self.n_lower - self.n_tied

    @property
    def share_lower(self) -> float:
        """The share of the candidates that have a lower value."""
        return self.n_lower / self.n_candidates

    @property
    def is_shared_by_all(self) -> bool:
        """Whether all candidates have the same value."""
        return self.n_tied == self.n_candidates - 1

    def place(self) -> str:
        """Return a text such as "comes first of 1,740 unlabelled samples"."""
        if self.n_candidates == 1:
            return "is the only unlabelled sample left"
        if self.is_shared_by_all:
            return f"is as good as any other of the {self.n_candidates:,} unlabelled samples"
        text = f"comes {ordinal(self.rank)} of {self.n_candidates:,} unlabelled samples"
        if self.n_tied:
            text += f", level with {counted(self.n_tied, 'other', 'others')}"
        return text

    def than(self) -> str:
        """Return the candidates with lower values as text: "96 % of the unlabelled samples"."""
        if self.n_lower == self.n_candidates - 1:
            return "any other unlabelled sample"
        percent = int(100 * self.share_lower)
        if self.n_candidates < 100 or percent == 0:
            return f"{self.n_lower:,} of the {self.n_candidates:,} unlabelled samples"
        return f"{percent} % of the unlabelled samples"


def ordinal(number: int) -> str:
    """Return "first", "second", "third", "4th", ..."""
    if number <= 3:
        return ["first", "second", "third"][number - 1]
    suffix = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{'th' if number % 100 in (11, 12, 13) else suffix}"


def counted(number: int, one: str, many: str) -> str:
    """Return "1 other" or "2 others"."""
    return f"{number:,} {one if number == 1 else many}"


def enumerated(parts: list[str]) -> str:
    """Return "a", "a and b" or "a, b and c"."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
