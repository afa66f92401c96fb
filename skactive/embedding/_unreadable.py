"""The error and the warning that name unreadable samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from skactive._warning import warn_user

N_LISTED = 100


class Unreadable(NamedTuple):
    """A sample that cannot be read."""

    position: int
    name: str
    reason: str

    def __str__(self) -> str:
        return f"X[{self.position}]: {self.name} ({self.reason})"


class UnreadableSampleError(ValueError):
    """Raised for a sample that cannot be read, with ``errors='raise'``.

    Parameters
    ----------
    message : str
        The message.
    position : int
        Position of the sample in `X`, from 0.

    Attributes
    ----------
    position : int
        Position of the sample in `X`, from 0.

    See Also
    --------
    HubEmbedder, ImageDescriptor, TextDescriptor : Raise this error.

    Examples
    --------
    >>> from skactive.embedding import UnreadableSampleError
    >>> UnreadableSampleError("X[17] is not an image that can be read.", 17).position
    17
    """

    def __init__(self, message: str, position: int) -> None:
        # Unpickling calls the class with the arguments of the base class: it needs all of them.
        super().__init__(message, position)
        self.position = position

    def __str__(self) -> str:
        return str(self.args[0])


class UnreadableSampleWarning(UserWarning):
    """Issued for samples that cannot be read and became rows of NaN, with ``errors='nan'``.

    The message lists up to 100 of them, by position and path.

    Parameters
    ----------
    message : str
        The message.
    samples : sequence of (int, str, str)
        The samples.

    Attributes
    ----------
    samples : tuple of (int, str, str)
        All unreadable samples: position in `X` from 0, name or path, and reason.

    See Also
    --------
    HubEmbedder, ImageDescriptor, TextDescriptor : Issue this warning.

    Examples
    --------
    >>> from skactive.embedding import UnreadableSampleWarning
    >>> warning = UnreadableSampleWarning("1 of 9 samples", [(3, "kiwi.jpg", "an empty file")])
    >>> for position, name, reason in warning.samples:
    ...     print(f"{name}: {reason}")
    kiwi.jpg: an empty file
    """

    def __init__(self, message: str, samples: Sequence[tuple[int, str, str]]) -> None:
        super().__init__(message, samples)
        self.samples = tuple(samples)

    def __str__(self) -> str:
        return str(self.args[0])


def unreadable_error(sample: Unreadable, kind: str) -> UnreadableSampleError:
    """Return the error for an unreadable sample; `kind` is the kind that the model takes."""
    return UnreadableSampleError(
        f"X[{sample.position}] is not {kind} that can be read: {sample.name} ({sample.reason}). "
        "Hint: leave it out, or pass errors='nan' to get a row of NaN for such samples.",
        sample.position,
    )


def warn_of_unreadable(samples: Sequence[Unreadable], n_samples: int) -> None:
    """Warn of samples that became rows of NaN, at the line of the user's code."""
    ordered = sorted(samples)
    lines = [f"  {sample}" for sample in ordered[:N_LISTED]]
    if len(ordered) > N_LISTED:
        lines.append(f"  and {len(ordered) - N_LISTED:,} more")
    fact = f"{len(ordered):,} of {n_samples:,} samples cannot be read and became rows of NaN:"
    warn_user(UnreadableSampleWarning("\n".join([fact, *lines]), ordered))
