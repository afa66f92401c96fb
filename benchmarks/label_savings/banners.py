"""Pixels of the letters that pyfiglet's fonts draw with characters, for banners in a terminal."""

from string import ascii_uppercase
from types import ModuleType

import numpy as np

# The height and width of the pixels of a letter.
SIZE = 16

# Fonts with smaller letters, or with fewer different ones, are left out.
LEAST_HEIGHT = 4
LEAST_DIFFERENT = 24


def letters(pyfiglet: ModuleType) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return pixels, letter and font; fonts that draw all letters alike are one font."""
    fonts: dict[bytes, np.ndarray] = {}
    for name in sorted(pyfiglet.FigletFont.getFonts()):
        alphabet = alphabet_of(pyfiglet, name)
        if alphabet is not None:
            fonts.setdefault(alphabet.tobytes(), alphabet)
    y = np.tile(np.arange(len(ascii_uppercase)), len(fonts))
    return np.concatenate(list(fonts.values())), y, np.arange(len(y)) // len(ascii_uppercase)


def alphabet_of(pyfiglet: ModuleType, font: str) -> np.ndarray | None:
    """Return the pixels of the 26 capital letters, or None for a font without them."""
    try:
        figlet = pyfiglet.Figlet(font, width=400)
        drawn = [ink(figlet.renderText(letter)) for letter in ascii_uppercase]
    except pyfiglet.FigletError:
        return None
    n_different = len({(one.shape, one.tobytes()) for one in drawn})
    if min(map(len, drawn)) < LEAST_HEIGHT or n_different < LEAST_DIFFERENT:
        return None
    return np.array([pixels(one) for one in drawn])


def ink(text: str) -> np.ndarray:
    """Return the smallest box of characters that contains all that are not blank."""
    lines = text.splitlines()
    width = max(map(len, lines), default=0)
    is_ink = np.array([[not one.isspace() for one in line.ljust(width)] for line in lines], bool)
    return is_ink[np.ix_(is_ink.any(axis=1), is_ink.any(axis=0))] if is_ink.size else is_ink


def pixels(is_ink: np.ndarray) -> np.ndarray:
    """Return the share of ink in each pixel, from 0 to 1."""
    from PIL import Image

    image = Image.fromarray(255 * is_ink.astype(np.uint8))
    return np.asarray(image.resize((SIZE, SIZE), Image.Resampling.BOX), np.float32).ravel() / 255
