"""The input of the model is each image as a viewer shows it, in every mode and orientation."""

import io
import warnings

import numpy as np
import pytest
from pictures import smooth

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
image_module = pytest.importorskip("PIL.Image", reason="Pillow is not installed")

GREY = smooth(4, 4)[..., 0]
COLOURS = smooth(4, 4)
ALPHA = np.array([[0, 85, 170, 255]] * 4, np.uint8)


def on_white(colours):
    opacity = ALPHA[..., np.newaxis] / 255
    return colours * opacity + 255 * (1 - opacity)


def grey_as_colours():
    return np.repeat(GREY[..., np.newaxis], 3, axis=2)


def opaque(mode):
    """Return an opaque image in a mode of Pillow, and its visible colours."""
    colours = image_module.fromarray(COLOURS)
    match mode:
        case "L":
            return image_module.fromarray(GREY), grey_as_colours()
        case "1":
            black_or_white = np.where(grey_as_colours() > 127, 255, 0)
            return image_module.fromarray(GREY > 127), black_or_white
        case "I;16" | "I;16B":
            order = "<u2" if mode == "I;16" else ">u2"
            sixteen_bits = (GREY.astype(order) * 257).astype(order).tobytes()
            return image_module.frombytes(mode, (4, 4), sixteen_bits), grey_as_colours()
        case "I":
            return image_module.fromarray(GREY.astype(np.int32) * 257), grey_as_colours()
    image = colours.quantize(16) if mode == "P" else colours.convert(mode)
    return image, np.asarray(image.convert("RGB"))


def translucent(mode):
    """Return an image with transparent parts in a mode of Pillow, and its colours on white."""
    if mode == "P, one clear":
        image, colours = opaque("P")
        image.info["transparency"] = int(np.asarray(image)[0, 0])
        clear = np.asarray(image) == image.info["transparency"]
        return image, np.where(clear[..., np.newaxis], 255, colours)
    image, colours = opaque({"RGBa": "RGB", "RGBA": "RGB", "PA": "P"}.get(mode, "L"))
    image.putalpha(image_module.fromarray(ALPHA))
    return image.convert(mode), on_white(colours)


def image_of(mode):
    return translucent(mode) if mode[-1] in "Aar" and mode != "YCbCr" else opaque(mode)


MODES = ["RGB", "RGBX", "HSV", "YCbCr", "CMYK", "LAB", "L", "1", "I;16", "I;16B", "I", "P", "RGBA",
         "RGBa", "LA", "La", "PA", "P, one clear"]  # fmt: skip


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_is_seen_as_a_person_sees_it(seen, mode):
    image, colours = image_of(mode)
    [vector] = seen(image)
    # Colours that were multiplied by their opacity came back rounded.
    np.testing.assert_allclose(vector, colours, atol=4 if mode.endswith("a") else 1.01)


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("1", "PNG"), ("L", "PNG"), ("LA", "PNG"), ("P", "PNG"), ("P, one clear", "PNG"),
        ("P, one clear", "GIF"), ("RGB", "PNG"), ("RGBA", "PNG"), ("I;16", "PNG"),
        ("I;16", "TIFF"), ("CMYK", "TIFF"), ("RGBA", "WEBP"), ("RGB", "BMP"),
    ],
)  # fmt: skip
def test_every_mode_is_read_from_a_file(seen, tmp_path, mode, kind):
    image, colours = image_of(mode)
    path = tmp_path / "picture"
    image.save(path, kind, **({"lossless": True, "exact": True} if kind == "WEBP" else {}))
    [vector] = seen(path)
    np.testing.assert_allclose(vector, colours, atol=1.01)


@pytest.mark.parametrize("colour", [(10, 20, 30), 7])
def test_a_transparent_palette_colour_is_white(seen, tmp_path, colour):
    image = image_module.new("RGB" if isinstance(colour, tuple) else "L", (4, 4), colour)
    image.putpixel((1, 2), 200 if colour == 7 else (200, 200, 200))
    image.save(tmp_path / "picture.png", transparency=colour)
    [vector] = seen(tmp_path / "picture.png")
    expected = np.full((4, 4, 3), 255.0)
    expected[2, 1] = 200
    np.testing.assert_allclose(vector, expected, atol=0.01)


def test_arrays_with_alpha_are_seen_on_white(seen):
    clear = np.dstack([COLOURS, ALPHA])
    for form in [clear, clear / 255]:
        np.testing.assert_allclose(seen(form)[0], on_white(COLOURS), atol=1.01)


def test_grey_arrays_are_seen_in_colour(seen):
    for form in [GREY, GREY[..., np.newaxis], GREY / 255, (GREY / 255)[..., np.newaxis]]:
        np.testing.assert_allclose(seen(form)[0], grey_as_colours(), atol=0.01)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["jpeg", "png", "image"])
def test_a_picture_is_turned_as_its_camera_was_held(seen, tmp_path, orientation, kind):
    upright = np.zeros((40, 40, 3), np.uint8)
    upright[:20] = 120
    upright[:20, :20] = 240
    # EXIF orientations: the sides of the first row and column.
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright, 1),
        7: upright[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }[orientation]
    image = image_module.fromarray(np.ascontiguousarray(stored))
    tags = image_module.Exif()
    tags[0x0112] = orientation
    path = tmp_path / f"photo.{kind}"
    image.save(path, "png" if kind == "png" else "jpeg", quality=95, exif=tags)
    sample = path
    if kind == "image":
        sample = image_module.open(io.BytesIO(path.read_bytes()))
    [vector] = seen(sample)
    np.testing.assert_allclose(vector[[0, 0, -1, -1], [0, -1, 0, -1], 0], [240, 120, 0, 0], atol=6)


@pytest.mark.parametrize("garbage", [b"", b"Exif\0\0", b"Exif\0\0MM\0*" + b"\xff" * 40, b"\0" * 9])
def test_a_damaged_tag_costs_no_picture(seen, tmp_path, garbage):
    image_module.fromarray(COLOURS).save(tmp_path / "photo.webp", exif=garbage, lossless=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        [vector] = seen(tmp_path / "photo.webp")
    np.testing.assert_allclose(vector, COLOURS, atol=0.01)


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_an_invalid_orientation_turns_nothing(seen, tmp_path, value):
    tags = image_module.Exif()
    tags[0x0112] = value
    image_module.fromarray(COLOURS).save(tmp_path / "photo.png", exif=tags)
    np.testing.assert_allclose(seen(tmp_path / "photo.png")[0], COLOURS, atol=0.01)


def test_the_first_picture_of_a_moving_one_counts(seen, tmp_path):
    frames = [image_module.fromarray(smooth(4, 4, seed)).quantize(16) for seed in range(3)]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    [vector] = seen(tmp_path / "moving.gif")
    np.testing.assert_allclose(vector, np.asarray(frames[0].convert("RGB")), atol=1.01)
