"""Pictures drawn for the tests."""

import numpy as np


def smooth(height, width, seed=0):
    """Draw a picture without fine detail."""
    from PIL import Image

    small = np.random.default_rng(seed).integers(0, 256, (3, 3, 3), dtype=np.uint8)
    bicubic = Image.Resampling.BICUBIC
    return np.asarray(Image.fromarray(small).resize((width, height), bicubic))
