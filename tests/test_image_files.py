"""An image file gives the pixels that Pillow decodes upright, or is unreadable."""

import io
import struct
import warnings
import zlib
from contextlib import suppress

import numpy as np
import pytest

from skactive._io.content_keys import content_key
from skactive.embedding._pixels import ImageForm, read_pixels
from skactive.inspection._thumbnails import thumbnail

image_module = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
image_ops = pytest.importorskip("PIL.ImageOps", reason="Pillow is not installed")

FORM = ImageForm(11, 14, 3)
RNG = np.random.default_rng(0)
COLOURS = RNG.integers(0, 256, (19, 26, 3), dtype=np.uint8)
ORIENTATION = 0x0112
MODES = ["1", "L", "LA", "P", "P, clear", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "I;16", "I", "F"]
FORMATS = [
    *["PNG", "JPEG", "TIFF", "TIFF, packed", "WEBP", "WEBP, lossless", "GIF", "BMP", "PPM", "ICO"],
    *["TGA", "JPEG2000", "AVIF", "DDS", "SGI", "PCX", "QOI", "MPO"],
]


def image_of(mode):
    colours = image_module.fromarray(COLOURS)
    if mode in {"I;16", "I", "F"}:
        kind = {"I;16": np.uint16, "I": np.int32, "F": np.float32}[mode]
        return image_module.fromarray(COLOURS[..., 0].astype(kind) * 257)
    if mode == "P, clear":
        image = colours.quantize(16)
        image.info["transparency"] = 3
        return image
    if mode == "PA":
        image = colours.quantize(16)
        image.putalpha(image_module.fromarray(COLOURS[..., 1]))
        return image
    if mode in {"LA", "RGBA"}:
        image = colours.convert("L" if mode == "LA" else "RGB")
        image.putalpha(image_module.fromarray(COLOURS[..., 1]))
        return image
    return colours.convert(mode)


def written(kind, mode, orientation):
    """Return the bytes of an image file, or None if Pillow cannot write it."""
    kind, _, how = kind.partition(", ")
    options = {"packed": {"compression": "tiff_lzw"}, "lossless": {"lossless": True}}.get(how, {})
    tags = image_module.Exif()
    tags[ORIENTATION] = orientation
    file = io.BytesIO()
    try:
        image_of(mode).save(file, kind, exif=tags, **options)
    except (OSError, ValueError, KeyError, TypeError, SystemError):
        return None
    return file.getvalue()


def damaged(content):
    """Yield a file whole, truncated, with flipped bytes and with zeroed parts."""
    n = len(content)
    yield content
    for cut in [n // 2, n - n // 8, n - 20, n - 1]:
        yield content[:cut]
    for place in [*range(0, n, max(1, n // 5)), 60, n - 30]:
        if place < n:
            yield content[:place] + bytes([content[place] ^ 0x55]) + content[place + 1 :]
    for start, stop in [(n // 3, 2 * n // 3), (n - n // 4, n), (n // 2, n // 2 + 4)]:
        yield content[:start] + bytes(stop - start) + content[stop:]


def upright(path):
    """Return the image that Pillow decodes from a fresh opening, or None.

    Pillow decodes a JPEG of many bytes per pixel even if its rest is filled with zeros.
    """
    try:
        image = image_module.open(path)
        image.load()
        if image.format in {"JPEG", "MPO"}:
            content = path.read_bytes()
            content.index(b"\xff\xd9", content.index(b"\xff\xda"))
    except Exception:  # noqa: BLE001 - as of a decoder
        return None
    # Tags that are damaged leave the pixels as they are.
    with suppress(Exception):
        image = image_ops.exif_transpose(image)
    plain = image.copy()
    for name in ["exif", "xmp", "XML:com.adobe.xmp", "Raw profile type exif"]:
        plain.info.pop(name, None)
    plain.getexif().pop(ORIENTATION, None)
    return plain


def pixels_of(sample, form=FORM):
    try:
        return read_pixels(sample, form)
    except ValueError:
        return None


def assert_as_pillow(content, path):
    path.write_bytes(content)
    seen = pixels_of(path)
    whole = upright(path)
    expected = None if whole is None else pixels_of(whole)
    if expected is None:
        assert seen is None
    else:
        np.testing.assert_array_equal(seen, expected)
    with suppress(Exception), image_module.open(path) as image:
        # The content key of an image decodes it too: a failure there must not be forgotten.
        assert (content_key(b"", image, paths=False) is None) == (whole is None)
        assert (pixels_of(image) is None) == (expected is None)
        assert (pixels_of(image) is None) == (expected is None)
    return seen is not None


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", FORMATS)
def test_a_file_is_decoded_whole_and_upright_or_is_unreadable(kind, tmp_path):
    read = []
    for at, mode in enumerate(MODES):
        drawn = 1 + at % 8
        for orientation in range(1, 9) if mode in {"L", "RGB"} else [drawn]:
            content = written(kind, mode, orientation)
            if content is None:
                continue
            versions = damaged(content) if orientation == drawn else [content]
            # The name has a suffix of another format: the content decides.
            read += [assert_as_pillow(version, tmp_path / "photo.png") for version in versions]
    if not read:
        pytest.skip(f"Pillow does not write {kind}")
    assert any(read)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_format_turns_a_photo_once(tmp_path, orientation):
    turned = []
    for kind in ["PNG", "TIFF", "TIFF, packed", "WEBP, lossless", "JPEG"]:
        (tmp_path / "photo").write_bytes(written(kind, "RGB", orientation))
        turned.append(read_pixels(tmp_path / "photo", FORM).astype(int))
    for other in turned[1:4]:
        np.testing.assert_array_equal(other, turned[0])
    assert np.abs(turned[4] - turned[0]).mean() < 30


def test_an_image_that_failed_to_decode_stays_unreadable(tmp_path):
    content = written("PNG", "RGB", 1)
    place = content.index(b"IDAT") + 20
    broken = content[:place] + bytes([content[place] ^ 0x55]) + content[place + 1 :]
    (tmp_path / "photo.png").write_bytes(broken)
    with image_module.open(tmp_path / "photo.png") as image:
        for _ in range(3):
            assert content_key(b"", image, paths=False) is None
            with pytest.raises(ValueError, match="broken data stream"):
                read_pixels(image, FORM)
    # Another image that gets the same place in memory is not affected.
    del image
    for _ in range(50):
        assert read_pixels(image_module.fromarray(COLOURS), FORM).any()


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("quality", [60, 99])
@pytest.mark.parametrize("share", [0.4, 0.5, 0.9, 0.999])
def test_a_jpeg_whose_rest_is_filled_is_unreadable(tmp_path, progressive, quality, share):
    path, file, thumbnail_file = tmp_path / "photo.jpg", io.BytesIO(), io.BytesIO()
    colours = RNG.integers(0, 256, (64, 80, 3), dtype=np.uint8)
    image_module.fromarray(COLOURS).save(thumbnail_file, "JPEG")
    # A whole JPEG inside the header, as the thumbnails of cameras, is not the end of the photo.
    image_module.fromarray(colours).save(
        file, "JPEG", quality=quality, progressive=progressive, comment=thumbnail_file.getvalue()
    )
    content = file.getvalue()
    path.write_bytes(content + bytes(500))
    assert read_pixels(path, FORM).any()
    n_kept = int(share * len(content))
    for filler in [bytes(1), b"\x7f"]:
        path.write_bytes(content[:n_kept] + filler * (len(content) - n_kept))
        assert pixels_of(path) is None


@pytest.mark.parametrize("values", [[0, 65536], [-1, 9], [0, 2**31 - 1]])
def test_integer_pixels_beyond_16_bits_are_unreadable(tmp_path, values):
    image_module.fromarray(np.array([values], np.int32)).save(tmp_path / "photo.tif")
    with pytest.raises(ValueError, match=f"pixels from {values[0]} to {values[1]} instead of 0"):
        read_pixels(tmp_path / "photo.tif", FORM)
    image_module.fromarray(np.array([[0, 65535]], np.int32)).save(tmp_path / "photo.tif")
    np.testing.assert_array_equal(
        read_pixels(tmp_path / "photo.tif", ImageForm(1, 2, 1)), [[[0], [255]]]
    )


def frames_of(kind, n_bytes):
    frames = [image_module.fromarray(np.full((9, 7, 3), 80 * at, np.uint8)) for at in range(3)]
    file = io.BytesIO()
    frames[1].save(file, kind, save_all=True, append_images=[frames[2], frames[0]])
    return file.getvalue()[:n_bytes]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("n_bytes", [None, -1, -40])
@pytest.mark.parametrize("kind", ["GIF", "TIFF", "WEBP", "PNG", "MPO"])
def test_the_first_frame_counts(kind, n_bytes, tmp_path):
    content = frames_of(kind, n_bytes)
    is_read = assert_as_pillow(content, tmp_path / "moving")
    if kind == "MPO" and not is_read:
        # Pillow 10 does not read the MPO files that it writes; the file is unreadable then.
        return
    assert is_read or n_bytes is not None
    if n_bytes is None:
        np.testing.assert_allclose(read_pixels(tmp_path / "moving", FORM), 80, atol=2)


POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n%%EOF\n"
BINARY_EPS = b"\xc5\xd0\xd3\xc6" + struct.pack("<7I", 32, len(POSTSCRIPT), 0, 0, 0, 0, 0)
BINARY_EPS += POSTSCRIPT


@pytest.fixture
def ghostscript(monkeypatch):
    """Note each call of Ghostscript by Pillow."""
    eps = pytest.importorskip("PIL.EpsImagePlugin")
    calls = []

    def called(*arguments, **options):
        calls.append(arguments)
        return image_module.new("RGB", (9, 9)).im

    monkeypatch.setattr(eps, "Ghostscript", called)
    return calls


@pytest.mark.parametrize("name", ["page.eps", "page.ps", "photo.jpg", "photo.png", "photo"])
@pytest.mark.parametrize("content", [POSTSCRIPT, BINARY_EPS], ids=["text", "binary"])
def test_postscript_never_reaches_ghostscript(content, name, tmp_path, ghostscript):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"^not an image of a known format$"):
        read_pixels(path, FORM)
    with image_module.open(path) as image:
        assert image.format == "EPS"
        assert content_key(b"", image, paths=False) is None
        with pytest.raises(ValueError, match=r"^EPS is not decoded: load the image first$"):
            read_pixels(image, FORM)
        assert ghostscript == []
        image.load()
        assert read_pixels(image, FORM).shape == FORM


def png_of(width, height):
    def chunk(name, content):
        check = zlib.crc32(name + content)
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b""))


@pytest.mark.parametrize("size", [(60_000, 60_000), (2**31 - 1, 1), (1, 2**31 - 1), (0, 5), (5, 0)])
def test_sizes_that_no_image_has_are_unreadable(size, tmp_path):
    width, height = size
    bmp = struct.pack("<IHHI", 1000, 0, 0, 54)
    bmp += struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    contents = [png_of(width, height), b"BM" + bmp + bytes(100), b"P6 %d %d 255\n" % size]
    for content in contents:
        (tmp_path / "photo").write_bytes(content)
        assert pixels_of(tmp_path / "photo") is None
    if 0 in size:
        assert pixels_of(image_module.new("RGB", size)) is None


def test_a_thumbnail_never_reaches_ghostscript(tmp_path, ghostscript):
    (tmp_path / "photo.jpg").write_bytes(POSTSCRIPT)
    assert "no image of a known kind" in thumbnail("Display", tmp_path / "photo.jpg", None)
    assert ghostscript == []


def test_warnings_of_damaged_files_are_pillows_own(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (tmp_path / "photo").write_bytes(written("JPEG", "RGB", 6))
        read_pixels(tmp_path / "photo", FORM)
