"""From an image to pixels: RGB, upright, and of the size that a model takes."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from skactive._io.image_files import load_whole, open_image, reason_of
from skactive._io.values import is_missing
from skactive._tensorflow import import_pillow

WHITE = 255
# Modes of Pillow with an alpha channel, and the mode in which colours are not multiplied by it.
WITH_ALPHA = {"RGBA": "RGBA", "LA": "LA", "PA": "PA", "RGBa": "RGBA", "La": "LA"}
SIXTEEN_TO_EIGHT_BITS = 257
LARGEST_OF_16_BITS = 65535
EXIF_ORIENTATION = 0x0112
UPRIGHT = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}
N_LOCKS = 61

_locks = tuple(threading.Lock() for _ in range(N_LOCKS))


class ImageForm(NamedTuple):
    """The shape of the images that a model takes."""

    height: int
    width: int
    n_channels: int


def read_pixels(sample: Any, form: ImageForm) -> np.ndarray:
    """Return an image as the array that a model takes.

    Parameters
    ----------
    sample : str, path-like, PIL.Image.Image or ndarray
        A file, an image, or pixels of shape (height, width) or (height, width, channels): uint8
        or other integers up to 255, or floats in [0, 1].
    form : ImageForm
        Height, width and number of channels of the result. The image is stretched to this size.

    Returns
    -------
    pixels : ndarray of shape (height, width, n_channels)
        Of float32 in [0, 1] if the sample is an array of floats, else uint8.

    Raises
    ------
    ValueError
        If the sample cannot be read; the message is the reason.
    """
    if isinstance(sample, str | os.PathLike):
        return _from_file(os.fspath(sample), form)
    if isinstance(sample, np.ndarray):
        return _from_array(sample, form)
    if hasattr(sample, "getexif") and hasattr(sample, "convert"):
        # Pillow reads an image from its file when its pixels are first used, and two threads may
        # use the same image.
        with _locks[id(sample) // 16 % N_LOCKS]:
            return _with_reason(lambda: _from_image(sample, form))
    raise ValueError("missing" if is_missing(sample) else f"{type(sample).__name__}, not an image")


def _from_file(path: str, form: ImageForm) -> np.ndarray:
    import_pillow()
    if not path:
        raise ValueError("an empty path")

    def read() -> np.ndarray:
        with open_image(path) as image:
            # A JPEG is decoded at the smallest scale with at least twice the pixels needed: a
            # camera's photo takes a fifth of the time.
            side = 2 * max(form.height, form.width)
            image.draft(None, (side, side))
            return _from_image(image, form)

    return _with_reason(read)


def _with_reason(read: Callable[[], np.ndarray]) -> np.ndarray:
    try:
        return np.asarray(read())
    # On a damaged file, Pillow's plugins raise exceptions of many types: SyntaxError,
    # struct.error, IndexError and others beside OSError.
    except Exception as error:
        raise ValueError(reason_of(error)) from error


def _from_image(image: Any, form: ImageForm) -> np.ndarray:
    # Before anything else: a TIFF is turned while it is decoded, and an image that is not decoded
    # whole is unreadable.
    load_whole(image)
    if 0 in image.size:
        raise ValueError(f"no pixels: {image.size[0]} × {image.size[1]}")
    image = _in_colour(_upright(image))
    if form.n_channels == 1:
        image = image.convert("L")
    if image.size != (form.width, form.height):
        bilinear = import_pillow().Resampling.BILINEAR
        image = image.resize((form.width, form.height), bilinear, reducing_gap=2.0)
    return np.asarray(image, dtype=np.uint8).reshape(form)


def _upright(image: Any) -> Any:
    try:
        turned = image.getexif().get(EXIF_ORIENTATION, 1)
    # As with pixels, a damaged tag can raise any exception; the pixels may be intact.
    except Exception:  # noqa: BLE001
        return image
    way = UPRIGHT.get(turned) if isinstance(turned, int) else None
    return image if way is None else image.transpose(import_pillow().Transpose[way])


def _in_colour(image: Any) -> Any:
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if image.mode == "F":
        raise ValueError("floating-point pixels of unknown range")
    if image.mode.startswith("I"):
        # 16 bits per pixel, which `convert` would clip to 255.
        grey = np.asarray(image).astype(np.int64)
        if grey.min() < 0 or grey.max() > LARGEST_OF_16_BITS:
            raise ValueError(
                f"integer pixels from {grey.min()} to {grey.max()} instead of 0 to "
                f"{LARGEST_OF_16_BITS}"
            )
        grey = (grey // SIXTEEN_TO_EIGHT_BITS).astype(np.uint8)
        return import_pillow().fromarray(grey).convert("RGB")
    if image.mode in WITH_ALPHA or "transparency" in image.info:
        colours = image.convert(WITH_ALPHA.get(image.mode, "RGBA")).convert("RGBA")
        # Transparent pixels can have any colour; programs show them on white.
        white = import_pillow().new("RGBA", colours.size, (WHITE, WHITE, WHITE, WHITE))
        return import_pillow().alpha_composite(white, colours).convert("RGB")
    return image.convert("RGB")


def _from_array(pixels: np.ndarray, form: ImageForm) -> np.ndarray:
    if pixels.ndim not in (2, 3) or (pixels.ndim == 3 and pixels.shape[2] not in (1, 3, 4)):
        raise ValueError(
            f"an array of shape {pixels.shape} instead of (height, width) or (height, width, "
            "1, 3 or 4 channels)"
        )
    if 0 in pixels.shape:
        raise ValueError(f"no pixels: shape {pixels.shape}")
    check_range(pixels)
    if pixels.dtype.kind == "f":
        return _from_floats(pixels.astype(np.float32, copy=False), form)
    whole = pixels.astype(np.uint8, copy=False)
    if whole.shape == form:
        return whole
    flat = whole[:, :, 0] if whole.ndim == 3 and whole.shape[2] == 1 else whole
    return _from_image(import_pillow().fromarray(np.ascontiguousarray(flat)), form)


def check_range(pixels: np.ndarray) -> None:
    """Raise a ValueError with the reason if an array has values that are not pixels."""
    if pixels.dtype == np.uint8:
        return
    if pixels.dtype.kind not in "fiu":
        raise ValueError(f"an array of {pixels.dtype} instead of uint8 or floats in [0, 1]")
    low, high = pixels.min(), pixels.max()
    top = 1 if pixels.dtype.kind == "f" else WHITE
    if not (low >= 0 and high <= top):
        hint = "; pass uint8 for values up to 255" if top == 1 and high > 1 else ""
        raise ValueError(
            f"{pixels.dtype} values from {low:g} to {high:g} instead of 0 to {top}{hint}"
        )


def _from_floats(pixels: np.ndarray, form: ImageForm) -> np.ndarray:
    if pixels.ndim == 2:
        pixels = pixels[:, :, np.newaxis]
    if pixels.shape[2] == 4:
        alpha = pixels[:, :, 3:]
        pixels = pixels[:, :, :3] * alpha + (1 - alpha)
    if form.n_channels == 1 and pixels.shape[2] == 3:
        # The weights of Pillow's "L".
        pixels = pixels @ np.array([[0.299], [0.587], [0.114]], dtype=np.float32)
    if pixels.shape[:2] != (form.height, form.width):
        pixels = _resized(pixels, form)
    return np.ascontiguousarray(np.broadcast_to(pixels, form), dtype=np.float32)


def _resized(pixels: np.ndarray, form: ImageForm) -> np.ndarray:
    image_module = import_pillow()
    channels = [
        image_module.fromarray(np.ascontiguousarray(pixels[:, :, channel])).resize(
            (form.width, form.height), image_module.Resampling.BILINEAR, reducing_gap=2.0
        )
        for channel in range(pixels.shape[2])
    ]
    return np.stack([np.asarray(channel) for channel in channels], axis=2).clip(0, 1)
