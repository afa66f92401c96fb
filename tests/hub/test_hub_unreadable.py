"""An unreadable sample is named by position and path; the others get their vectors."""

import pickle
import re
import struct
import warnings
import zlib
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from saved_models import write_function
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skactive.embedding import HubEmbedder, UnreadableSampleError, UnreadableSampleWarning

tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
image_module = pytest.importorskip("PIL.Image", reason="Pillow is not installed")

BOMB = 60_000  # pixels a side


def png_of(width, height):
    """Return a small PNG file that claims to be of some size."""

    def chunk(name, content):
        return (
            struct.pack(">I", len(content))
            + name
            + content
            + struct.pack(">I", zlib.crc32(name + content))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels)


def bmp_of(width, height):
    """Return a small BMP file that claims to be of some size."""
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 1000, 0, 0, 54) + header + b"\0" * 100


@pytest.fixture
def faulty(tmp_path):
    """Write files that are not pictures, and return unreadable samples with their reasons."""
    whole = tmp_path / "whole.jpg"
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    image_module.fromarray(pixels).save(whole)
    content = {
        "truncated.jpg": whole.read_bytes()[:-600],
        "header.jpg": whole.read_bytes()[:20],
        "text.jpg": b"This is no picture.",
        "empty.jpg": b"",
        "bomb.png": png_of(BOMB, BOMB),
        "bomb.bmp": bmp_of(BOMB, BOMB),
        "short.png": png_of(50, 50),
        "page.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    }
    for name, written in content.items():
        (tmp_path / name).write_bytes(written)
    closed = image_module.fromarray(pixels)
    closed.close()
    floats = image_module.fromarray(np.ones((4, 4), np.float32))
    return [
        (tmp_path / "truncated.jpg", r"image file is truncated \(no mark of its end\)"),
        (tmp_path / "header.jpg", r"not an image of a known format|.*[Tt]runcated.*"),
        (tmp_path / "text.jpg", "not an image of a known format"),
        (tmp_path / "empty.jpg", "an empty file"),
        (tmp_path / "bomb.png", r"a decompression bomb: Image size \(3600000000 pixels\) exceed.+"),
        (tmp_path / "bomb.bmp", r"a decompression bomb: Image size \(3600000000 pixels\) exceed.+"),
        (tmp_path / "short.png", r"image file is truncated.*|.*[Tt]runcated.*"),
        (tmp_path / "page.svg", "not an image of a known format"),
        (tmp_path / "nowhere.jpg", "no such file"),
        (str(tmp_path / "nowhere.jpg"), "no such file"),
        (tmp_path / "text.jpg" / "inside.jpg", "no such file"),
        (tmp_path, "a folder"),
        ("", "an empty path"),
        ("a\0b", ".*embedded null (byte|character).*"),
        ("x" * 5000, "File name too long"),
        (None, "missing"),
        (float("nan"), "missing"),
        (np.float32("nan"), "missing"),
        (1.5, "float, not an image"),
        (b"bytes", "bytes, not an image"),
        ([[0, 0], [0, 0]], "list, not an image"),
        (np.zeros(5), r"an array of shape \(5,\) instead of \(height, width\) or .+"),
        (np.zeros((4, 4, 2)), r"an array of shape \(4, 4, 2\) instead of .+"),
        (np.zeros((3, 8, 8), np.uint8), r"an array of shape \(3, 8, 8\) instead of .+"),
        (np.zeros((1, 8, 8, 3)), r"an array of shape \(1, 8, 8, 3\) instead of .+"),
        (np.zeros((0, 8, 3)), r"no pixels: shape \(0, 8, 3\)"),
        (np.full((4, 4), 255.0), "float64 .+ instead of 0 to 1; pass uint8 for values.+"),
        (np.full((4, 4, 3), -0.5), "float64 values from -0.5 to -0.5 instead of 0 to 1"),
        (np.full((4, 4), np.nan), "float64 values from nan to nan instead of 0 to 1"),
        (np.full((4, 4), np.inf, np.float32), "float32 values from inf to inf instead of.+"),
        (np.full((4, 4), 256), "int64 values from 256 to 256 instead of 0 to 255"),
        (np.full((4, 4), -1, np.int8), "int8 values from -1 to -1 instead of 0 to 255"),
        (np.ones((4, 4), bool), r"an array of bool instead of uint8 or floats in \[0, 1\]"),
        (np.ones((4, 4), complex), "an array of complex128 instead of .+"),
        (np.array([["a"]]), "an array of <U1 instead of .+"),
        (closed, "Operation on closed image"),
        (floats, "floating-point pixels of unknown range"),
    ]  # fmt: skip


def names_of(sample):
    """Return the names of a sample that a message may use."""
    if isinstance(sample, np.ndarray):
        return f"an array of shape {sample.shape}"
    if isinstance(sample, str) and (not sample.isprintable() or len(sample) in {0, 5000}):
        return repr(sample) if len(sample) < 60 else repr(sample)[:56] + " ..."
    if isinstance(sample, image_module.Image):
        return f"an image of {sample.width} × {sample.height} pixels"
    return str(sample) if isinstance(sample, str | Path) else repr(sample)


def test_each_is_named_by_position_and_path_and_nothing_else_is_lost(image_model, pictures, faulty):
    paths, _ = pictures
    X, expected, reasons = [], [], {}
    for at, (sample, reason) in enumerate(faulty):
        X += [paths[at % 6], sample]
        expected += [at % 6, None]
        reasons[len(X) - 1] = f"X[{len(X) - 1}]: {names_of(sample)} (", reason
    plain = HubEmbedder(image_model).transform(paths)
    for batch_size in [1, 5, 200]:
        embedder = HubEmbedder(image_model, errors="nan", batch_size=batch_size)
        with pytest.warns(UnreadableSampleWarning) as warned:
            vectors = embedder.transform(X)
        [warning] = warned
        first, *lines = str(warning.message).split("\n")
        n_faulty = len(faulty)
        assert (
            first == f"{n_faulty} of {2 * n_faulty} samples cannot be read and became rows of NaN:"
        )
        assert len(lines) == n_faulty
        for line, (begin, reason) in zip(lines, reasons.values(), strict=True):
            assert line.strip().startswith(begin)
            assert re.fullmatch(reason, line.strip().removeprefix(begin).removesuffix(")"))
        for row, at in zip(vectors, expected, strict=True):
            if at is None:
                assert np.isnan(row).all()
            else:
                np.testing.assert_allclose(row, plain[at], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("position", [0, 2, 5])
def test_the_first_one_stops_the_work_by_default(image_model, pictures, position):
    paths = [*pictures[0]]
    paths[position] = gone = paths[position].with_name("gone.jpg")
    with pytest.raises(UnreadableSampleError) as raised:
        HubEmbedder(image_model, batch_size=2).transform([*paths, "later.jpg"])
    assert str(raised.value) == (
        f"X[{position}] is not an image that can be read: {gone} (no such file). Hint: leave it "
        "out, or pass errors='nan' to get a row of NaN for such samples."
    )
    assert raised.value.position == position
    assert isinstance(raised.value, ValueError)
    copied = pickle.loads(pickle.dumps(raised.value))
    assert (str(copied), copied.position) == (str(raised.value), position)


def test_a_single_array_has_unreadable_images_too(image_model):
    X = np.random.default_rng(0).random((7, 8, 8, 3))
    X[3, 0, 0, 0] = 1.5
    X[5] = np.nan
    embedder = HubEmbedder(image_model, errors="nan", batch_size=4)
    with pytest.warns(
        UnreadableSampleWarning, match=r"2 of 7 .+\n  X\[3\]: .+\n  X\[5\]: .+nan to"
    ):
        vectors = embedder.transform(X)
    assert np.isnan(vectors).any(axis=1).tolist() == [at in (3, 5) for at in range(7)]


def test_unreadable_texts_are_named(text_model):
    X = ["one", "", None, "two", " \t\n", 3, b"bytes", "half \ud83d", float("nan"), "three"]
    embedder = HubEmbedder(text_model, errors="nan", batch_size=2)
    with pytest.warns(UnreadableSampleWarning) as warned:
        vectors = embedder.transform(X)
    first, *lines = str(warned[0].message).split("\n")
    assert first == "7 of 10 samples cannot be read and became rows of NaN:"
    assert lines == [
        "  X[1]: '' (an empty text)",
        "  X[2]: None (missing)",
        r"  X[4]: ' \t\n' (an empty text)",
        "  X[5]: 3 (int, not str)",
        "  X[6]: b'bytes' (bytes, not str)",
        r"  X[7]: 'half \ud83d' (invalid Unicode at character 5)",
        "  X[8]: nan (missing)",
    ]
    assert np.isfinite(vectors).all(axis=1).nonzero()[0].tolist() == [0, 3, 9]
    assert np.allclose(vectors[[0, 3, 9]], HubEmbedder(text_model).transform([X[0], X[3], X[9]]))


@pytest.fixture(scope="module")
def picky(written):
    """Write a model of texts that fails on long ones, and gives no number for 'nan'."""

    def vectors(texts):
        lengths = tf.strings.length(texts)
        tf.debugging.assert_less(lengths, 9, message="too long")
        made = tf.cast(lengths, tf.float32)[:, tf.newaxis]
        return tf.where(tf.equal(texts, "nan")[:, tf.newaxis], np.nan, made)

    return written(
        lambda folder: write_function(folder, vectors, (tf.TensorSpec([None], tf.string),))
    )


@pytest.mark.parametrize("batch_size", [1, 2, 32])
def test_a_sample_on_which_the_model_fails_is_named(picky, batch_size):
    X = ["a", "much too long", "nan", "abc", "again too long", "ab"]
    embedder = HubEmbedder(picky, errors="nan", batch_size=batch_size)
    with pytest.warns(UnreadableSampleWarning) as warned:
        vectors = embedder.transform(X)
    first, *lines = str(warned[0].message).split("\n")
    assert first.startswith("3 of 6 samples")
    assert lines[0].startswith("  X[1]: 'much too long' (the model fails on it: assertion failed: ")
    assert "[too long]" in lines[0]
    assert lines[1] == "  X[2]: 'nan' (the model's vector is not finite)"
    assert lines[2].startswith("  X[4]: 'again too long' (the model fails on it: ")
    np.testing.assert_array_equal(vectors[:, 0], [1, np.nan, np.nan, 3, np.nan, 2])
    with pytest.raises(
        UnreadableSampleError, match=r"X\[0\] is not a text .+: 'nan' \(the model's"
    ):
        HubEmbedder(picky, batch_size=batch_size).transform(X[2:])


def test_all_rows_may_be_unreadable(picky, image_model):
    for model, X in [(picky, ["", "much too long"]), (image_model, ["gone.jpg", None])]:
        with pytest.warns(UnreadableSampleWarning, match="2 of 2"):
            vectors = HubEmbedder(model, errors="nan").transform(X)
        assert np.isnan(vectors).all()
        assert vectors.shape == (2, 1 if model is picky else 6)
        assert vectors.dtype == np.float32


def test_a_hundred_are_listed_and_the_others_counted(text_model):
    X = ["fine"] * 2000 + [""] * 1500
    with pytest.warns(UnreadableSampleWarning) as warned:
        HubEmbedder(text_model, errors="nan").transform(X)
    first, *lines = str(warned[0].message).split("\n")
    assert first == "1,500 of 3,500 samples cannot be read and became rows of NaN:"
    assert len(lines) == 101
    assert lines[99] == "  X[2099]: '' (an empty text)"
    assert lines[100] == "  and 1,400 more"


def wrapped(method, samples):
    return method(samples)


def test_a_warning_points_at_the_users_line(text_model):
    embedder = HubEmbedder(text_model, errors="nan")
    pipeline = make_pipeline(FunctionTransformer(), HubEmbedder(text_model, errors="nan"))
    with_table = HubEmbedder(text_model, errors="nan")
    calls = [embedder.transform, embedder.fit_transform, pipeline.transform, pipeline.fit_transform]
    if find_spec("pandas") is not None:
        calls.append(with_table.set_output(transform="pandas").transform)
    for call in calls:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            wrapped(call, ["one", ""])
        [warning] = caught
        assert warning.filename == __file__
        assert warning.lineno == wrapped.__code__.co_firstlineno + 1


def test_normalized_vectors_keep_their_rows(text_model):
    embedder = HubEmbedder(text_model, errors="nan", normalize=True)
    with pytest.warns(UnreadableSampleWarning):
        vectors = embedder.transform(["one", "", "two"])
    lengths = np.linalg.norm(vectors, axis=1)
    np.testing.assert_allclose(lengths, [1, np.nan, 1], rtol=1e-5)
    plain = HubEmbedder(text_model).transform(["one", "two"])
    np.testing.assert_allclose(
        vectors[[0, 2]], plain / np.linalg.norm(plain, axis=1, keepdims=True), rtol=1e-5
    )
