"""Single-precision arithmetic on half-precision numbers, without converted copies.

Half-precision numbers are read as bits. Shifted to the positions of sign, exponent and fraction in
single precision, the bits are the same number times 2^-112, also for subnormal numbers and zeros.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from skactive._engine.compiled import compiled

SCALE = np.float32(2.0**112)
# Selects sign, exponent and fraction after the shift.
MASK = np.int32(0x8FFFE000 - 2**32)
INFINITE = np.uint16(0x7C00)


def products(bits: np.ndarray, vectors: np.ndarray, out: np.ndarray) -> None:
    """Write the product of each row with each vector."""
    scaled = vectors.astype(np.float32) * SCALE
    compiled(_products, reassociates=True)(bits, scaled, out)


def squared_norms(bits: np.ndarray, out: np.ndarray) -> None:
    """Write the squared norm of each row, summed in float64; NaN for rows that are not finite."""
    compiled(_squared_norms, reassociates=True)(bits, out)


def weighted_sum(bits: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the weighted sum of the rows."""
    summed = np.zeros(bits.shape[1])
    compiled(_weighted_sum, reassociates=True)(bits, weights * float(SCALE), summed)
    return summed


def _products(bits: Any, scaled: Any, out: Any) -> None:  # pragma: no cover - compiled
    for column in range(len(scaled)):
        vector = scaled[column]
        for row in range(len(bits)):
            total = np.float32(0)
            for place in range(len(vector)):
                moved = np.int32(np.int32(bits[row, place]) << 16) >> 3
                total += np.int32(moved & MASK).view(np.float32) * vector[place]
            out[row, column] = total


def _squared_norms(bits: Any, out: Any) -> None:  # pragma: no cover - compiled
    for row in range(len(bits)):
        total, largest = 0.0, np.uint16(0)
        for place in range(bits.shape[1]):
            magnitude = bits[row, place] & np.uint16(0x7FFF)
            largest = max(largest, magnitude)
            value = np.float64(np.int32(np.int32(magnitude) << 13).view(np.float32) * SCALE)
            total += value * value
        out[row] = total if largest < INFINITE else np.nan


def _weighted_sum(bits: Any, scaled: Any, out: Any) -> None:  # pragma: no cover - compiled
    for row in range(len(bits)):
        weight = scaled[row]
        for place in range(bits.shape[1]):
            moved = np.int32(np.int32(bits[row, place]) << 16) >> 3
            out[place] += np.float64(np.int32(moved & MASK).view(np.float32)) * weight
