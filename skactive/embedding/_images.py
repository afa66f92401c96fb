"""Images in the form of a model's input, read ahead while the model runs."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np

from skactive._io.content_keys import content_key
from skactive.embedding._pixels import ImageForm, check_range, read_pixels
from skactive.embedding._samples import SampleSequence, as_samples, shortened
from skactive.embedding._unreadable import Unreadable

N_BATCHES_AHEAD = 2
LONGEST_PATH_SHOWN = 500

# Positions, their pixels, and unreadable samples.
ImageBatch = tuple[np.ndarray, np.ndarray, list[Unreadable]]


class Images:
    """The samples of X for an image model."""

    kind = "an image"

    def __init__(self, X: SampleSequence, form: ImageForm, n_threads: int) -> None:
        samples = as_samples(X)
        if isinstance(samples, np.ndarray) and samples.ndim not in (1, 4):
            hint = "pass a single image as X[np.newaxis]" if samples.ndim == 3 else "reshape X"
            raise ValueError(
                "An array of images must have shape (n_samples, height, width, channels). Got "
                f"shape {samples.shape} instead. Hint: {hint}."
            )
        self._samples = samples
        self._form = form
        self._n_threads = n_threads
        self._ready = isinstance(samples, np.ndarray) and samples.shape[1:] == form

    def __len__(self) -> int:
        return len(self._samples)

    def key(self, identity: bytes, position: int) -> bytes | None:
        """Return the content key of an image, or None if its content cannot be read."""
        sample = self._samples[position]
        if isinstance(sample, str):
            sample = Path(sample)
        try:
            return content_key(identity, sample, paths=False)
        except TypeError:
            return None

    def name(self, position: int) -> str:
        """Return the name of a sample in messages."""
        sample = self._samples[position]
        if isinstance(sample, np.ndarray):
            return f"an array of shape {sample.shape}"
        if hasattr(sample, "getexif") and not getattr(sample, "filename", None):
            return "an image of {} × {} pixels".format(*sample.size)
        named = getattr(sample, "filename", None) or sample
        if isinstance(named, str | os.PathLike):
            path = os.fsdecode(named)
            if path.isprintable() and 0 < len(path) <= LONGEST_PATH_SHOWN:
                return path
            return shortened(path)
        return shortened(named)

    def batches(self, positions: np.ndarray, batch_size: int) -> Generator[ImageBatch, None, None]:
        """Yield positions with their pixels, and the unreadable samples.

        Pixels have shape (n, height, width, channels) and are uint8, or float32 in [0, 1].
        Threads read the next batches while the caller processes one.
        """
        chunks = [
            positions[start : start + batch_size] for start in range(0, len(positions), batch_size)
        ]
        return self._sliced(chunks) if self._ready else self._read_ahead(chunks)

    def _sliced(self, chunks: list[np.ndarray]) -> Generator[ImageBatch, None, None]:
        for chunk in chunks:
            pixels = self._samples[chunk]
            try:
                check_range(pixels)
            except ValueError:
                yield self._together(chunk, [self._read(at) for at in chunk.tolist()])
            else:
                kind = np.float32 if pixels.dtype.kind == "f" else np.uint8
                yield chunk, pixels.astype(kind, copy=False), []

    def _read_ahead(self, chunks: list[np.ndarray]) -> Generator[ImageBatch, None, None]:
        waiting: deque[tuple[np.ndarray, list[Future[np.ndarray | Unreadable]]]] = deque()
        with ThreadPoolExecutor(self._n_threads) as threads:
            try:
                for chunk in chunks:
                    futures = [threads.submit(self._read, at) for at in chunk.tolist()]
                    waiting.append((chunk, futures))
                    if len(waiting) > N_BATCHES_AHEAD:
                        yield self._finished(*waiting.popleft())
                while waiting:
                    yield self._finished(*waiting.popleft())
            finally:
                # A caller that stops early does not wait for the images read ahead.
                threads.shutdown(wait=False, cancel_futures=True)

    def _read(self, position: int) -> np.ndarray | Unreadable:
        try:
            return read_pixels(self._samples[position], self._form)
        except ValueError as reason:
            return Unreadable(position, self.name(position), str(reason))

    def _finished(
        self, chunk: np.ndarray, futures: list[Future[np.ndarray | Unreadable]]
    ) -> ImageBatch:
        return self._together(chunk, [future.result() for future in futures])

    @staticmethod
    def _together(chunk: np.ndarray, read: list[np.ndarray | Unreadable]) -> ImageBatch:
        unreadable = [result for result in read if not isinstance(result, np.ndarray)]
        pixels = [result for result in read if isinstance(result, np.ndarray)]
        if any(one.dtype.kind == "f" for one in pixels):
            pixels = [one if one.dtype.kind == "f" else as_floats(one) for one in pixels]
        readable = chunk[[isinstance(result, np.ndarray) for result in read]]
        return readable, np.stack(pixels) if pixels else np.empty(0, np.uint8), unreadable


def as_floats(pixels: np.ndarray) -> np.ndarray:
    """Return pixels from 0 to 255 as float32 in [0, 1]."""
    return pixels.astype(np.float32) / np.float32(255)
