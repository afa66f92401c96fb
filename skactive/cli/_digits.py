"""The samples of the demonstration: the digits that scikit-learn ships."""

from __future__ import annotations

from pathlib import Path

from skactive._io.atomic_write import atomic_write

DIGITS = "digits.npz"


def write_digits(folder: Path) -> Path:
    """Write the digits as vectors with pictures, without labels, unless the file exists.

    Parameters
    ----------
    folder : Path
        The folder, which is created if it does not exist.

    Returns
    -------
    path : Path
        The file.
    """
    import numpy as np
    from sklearn.datasets import load_digits

    path = folder / DIGITS
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        X = load_digits().data.astype(np.float32)
        # Black on white, as on paper.
        images = np.rint(255 - X.reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8)
        with atomic_write(path) as file:
            np.savez(file, X=X, images=images)
    return path
