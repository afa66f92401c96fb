"""Histograms of the colours and of the oriented gradients of images."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import normalize

# Side of the images in pixels, and of the cells in which gradients are counted.
SIDE = 64
CELL = 16
N_LEVELS = 6
N_ORIENTATIONS = 9

N_CELLS = SIDE // CELL
N_COLOURS = N_LEVELS**3
N_GRADIENTS = (N_CELLS - 1) ** 2 * 4 * N_ORIENTATIONS
N_FEATURES = N_COLOURS + N_GRADIENTS

# The weights of red, green and blue in Pillow's "L".
LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32) / np.float32(255)
# "L2-Hys" of Dalal and Triggs: a block is scaled to length 1, clipped, and scaled again. The
# first scale has a term that keeps noise in plain blocks small.
CLIPPED_AT = 0.2
NOISE = 1.0


def described(pixels: np.ndarray, gradient_weight: float) -> NDArray[np.float32]:
    """Return a vector of length 1 for each image.

    Parameters
    ----------
    pixels : ndarray of shape (n_images, SIDE, SIDE, 3)
        Of uint8, or floats in [0, 1].
    gradient_weight : float
        The share of the gradients in the inner product of two vectors, below 1.

    Returns
    -------
    vectors : ndarray of float32 of shape (n_images, N_FEATURES)
        The colours first.
    """
    if pixels.dtype.kind == "f":
        pixels = np.rint(pixels * 255).astype(np.uint8)
    parts = [
        np.sqrt(1 - gradient_weight) * colour_histograms(pixels),
        np.sqrt(gradient_weight) * gradient_histograms(pixels),
    ]
    return normalize(np.concatenate(parts, axis=1)).astype(np.float32)


def colour_histograms(pixels: np.ndarray) -> np.ndarray:
    """Return the square roots of the shares of each colour, of shape (n_images, N_COLOURS).

    The inner product of two images is the Bhattacharyya coefficient of their histograms.
    """
    red, green, blue = np.moveaxis(pixels.astype(np.intp) * N_LEVELS // 256, -1, 0)
    colours = ((red * N_LEVELS + green) * N_LEVELS + blue).reshape(len(pixels), -1)
    return np.sqrt(_counted(colours, N_COLOURS) / SIDE**2)


def gradient_histograms(pixels: np.ndarray) -> np.ndarray:
    """Return histograms of oriented gradients of length 1, of shape (n_images, N_GRADIENTS)."""
    grey = sum(pixels[..., channel] * weight for channel, weight in enumerate(LUMA))
    across, down = np.zeros_like(grey), np.zeros_like(grey)
    across[:, :, 1:-1] = grey[:, :, 2:] - grey[:, :, :-2]
    down[:, 1:-1] = grey[:, 2:] - grey[:, :-2]
    # A gradient and its opposite count as one; it is shared between the nearest two orientations.
    turns = np.arctan2(down, across) * (N_ORIENTATIONS / np.pi) % N_ORIENTATIONS
    lower = np.floor(turns).astype(np.intp)
    strengths, upper_share = np.hypot(across, down), turns - lower
    places = np.arange(SIDE) // CELL
    cells = (places[:, np.newaxis] * N_CELLS + places) * N_ORIENTATIONS
    histograms = sum(
        _counted(
            (cells + orientation % N_ORIENTATIONS).reshape(len(pixels), -1),
            N_CELLS**2 * N_ORIENTATIONS,
            (strengths * share).reshape(len(pixels), -1),
        )
        for orientation, share in ((lower, 1 - upper_share), (lower + 1, upper_share))
    )
    return normalize(_blocks(np.reshape(histograms, (-1, N_CELLS, N_CELLS, N_ORIENTATIONS))))


def _blocks(histograms: np.ndarray) -> np.ndarray:
    """Return the histograms of 2 × 2 cells, clipped, one block after the other."""
    corners = [
        histograms[:, top : top + N_CELLS - 1, left : left + N_CELLS - 1]
        for top in (0, 1)
        for left in (0, 1)
    ]
    blocks = np.concatenate(corners, axis=-1)
    lengths = np.sqrt(np.square(blocks).sum(axis=-1, keepdims=True) + NOISE)
    clipped = np.minimum(blocks / lengths, CLIPPED_AT)
    return clipped.reshape(len(histograms), -1)


def _counted(kinds: np.ndarray, n_kinds: int, weights: np.ndarray | None = None) -> np.ndarray:
    """Return the number, or the sum of weights, of each kind in each row."""
    n_rows = len(kinds)
    offset = np.arange(n_rows)[:, np.newaxis] * n_kinds
    counts = np.bincount(
        (kinds + offset).ravel(), None if weights is None else weights.ravel(), n_rows * n_kinds
    )
    return counts.reshape(n_rows, n_kinds)
