"""Texts in the form of a model's input."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np

from skactive._io.content_keys import content_key
from skactive._io.values import is_missing
from skactive.embedding._samples import SampleSequence, as_samples, shortened
from skactive.embedding._unreadable import Unreadable


class Texts:
    """The samples of X for a text model."""

    kind = "a text"

    def __init__(self, X: SampleSequence) -> None:
        samples = as_samples(X)
        if isinstance(samples, np.ndarray) and samples.ndim > 1:
            raise ValueError(
                f"X must hold texts, and have the shape (n_samples,). Got shape {samples.shape} "
                "instead. Hint: images need a model for images, or ImageDescriptor."
            )
        self._samples = samples

    def __len__(self) -> int:
        return len(self._samples)

    def key(self, identity: bytes, position: int) -> bytes | None:
        """Return the content key of a text, or None if it has none."""
        sample = self._samples[position]
        return content_key(identity, sample, paths=False) if isinstance(sample, str) else None

    def name(self, position: int) -> str:
        """Return the name of a sample in messages."""
        return shortened(self._samples[position])

    def text(self, position: int) -> str:
        """Return a text, or raise a ValueError with the reason why it is none."""
        sample = self._samples[position]
        if not isinstance(sample, str):
            reason = "missing" if is_missing(sample) else f"{type(sample).__name__}, not str"
            raise ValueError(reason)  # noqa: TRY004 - a reason, not a raise
        return sample

    def batches(
        self, positions: np.ndarray, batch_size: int
    ) -> Generator[tuple[np.ndarray, list[bytes], list[Unreadable]], None, None]:
        """Yield positions with their texts in UTF-8, and the unreadable samples.

        Texts of similar length are in one batch: a model pads a batch to its longest text.
        """
        texts: dict[int, bytes] = {}
        unreadable = []
        for position in positions.tolist():
            try:
                texts[position] = _encoded(self.text(position))
            except ValueError as reason:
                unreadable.append(Unreadable(position, self.name(position), str(reason)))
        if unreadable:
            yield np.empty(0, dtype=np.intp), [], unreadable
        ordered = sorted(texts, key=lambda position: len(texts[position]))
        for start in range(0, len(ordered), batch_size):
            chosen = ordered[start : start + batch_size]
            yield np.array(chosen), [texts[position] for position in chosen], []


def _encoded(text: str) -> bytes:
    if not text.strip():
        raise ValueError("an empty text")
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"invalid Unicode at character {error.start}") from error
