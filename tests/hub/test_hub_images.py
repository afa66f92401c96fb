"""An image has the same vector in every container, form and colour mode."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from pictures import smooth
from saved_models import write_image_model
from sklearn.compose import ColumnTransformer

from skactive.embedding import HubEmbedder

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
image_module = pytest.importorskip("PIL.Image", reason="Pillow is not installed")


class Lazy(Sequence):
    """A sequence that creates its items on access."""

    def __init__(self, samples):
        self.samples = samples

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, position):
        return self.samples[position].copy()


def column(samples):
    holder = np.empty(len(samples), dtype=object)
    holder[:] = samples
    return holder


def test_every_form_of_the_same_pictures_gives_the_same_vectors(image_model, pictures, tmp_path):
    paths, pixels = pictures
    embedder = HubEmbedder(image_model, batch_size=4)
    expected = embedder.transform(pixels)
    mapped = np.memmap(tmp_path / "pixels", np.uint8, "w+", shape=pixels.shape)
    mapped[:] = pixels
    opened = [image_module.open(path) for path in paths]
    forms = {
        "paths": paths,
        "strings": [str(path) for path in paths],
        "tuple": tuple(paths),
        "object array": column(paths),
        "object column": column(paths)[:, np.newaxis],
        "array of strings": np.array([str(path) for path in paths]),
        "column of strings": np.array([[str(path)] for path in paths]),
        "images": [image_module.fromarray(one) for one in pixels],
        "opened files": opened,
        "closed files and arrays": [*paths[:3], *pixels[3:]],
        "arrays": list(pixels),
        "array of arrays": column(list(pixels)),
        "sequence": Lazy(pixels),
        "memmap": mapped,
        "Fortran": np.asfortranarray(pixels),
        "strided": np.repeat(pixels, 2, axis=0)[::2],
        "reversed": pixels[:, :, ::-1].copy()[:, :, ::-1],
        "int64": pixels.astype(np.int64),
        "uint16": list(pixels.astype(">u2")),
        "with alpha": [np.dstack([one, np.full((8, 8), 255, np.uint8)]) for one in pixels],
        "float32": pixels / np.float32(255),
        "float64": list(pixels / 255),
        "float16": list((pixels / 255).astype(np.float64).astype(">f4")),
        "floats and bytes": [*(pixels[:3] / 255), *pixels[3:]],
        "floats with alpha": [np.dstack([one / 255, np.ones((8, 8))]) for one in pixels],
    }
    for form, X in forms.items():
        vectors = embedder.transform(X)
        assert vectors.dtype == np.float32
        np.testing.assert_allclose(vectors, expected, rtol=1e-4, atol=1e-4, err_msg=form)
    for image in opened:
        image.close()


def test_columns_of_tables_hold_pictures(image_model, pictures):
    pd = pytest.importorskip("pandas", reason="pandas is not installed")
    paths, pixels = pictures
    names = [str(path) for path in paths]
    embedder = HubEmbedder(image_model)
    expected = embedder.transform(pixels)
    series = pd.Series(names, index=[5, 3, 1, 0, 2, 4])
    table = pd.DataFrame({"n": range(6), "file": series.to_numpy()})
    for X in [series, series.astype("category"), table["file"], table[["file"]], pd.Index(names),
              pd.Series(paths), pd.Series(list(pixels)), pd.array(names)]:  # fmt: skip
        np.testing.assert_allclose(embedder.transform(X), expected, rtol=1e-5, atol=1e-4)
    for chosen in ["file", ["file"]]:
        columns = ColumnTransformer([("image", embedder, chosen), ("rest", "passthrough", ["n"])])
        both = columns.fit_transform(table)
        np.testing.assert_allclose(both[:, :6], expected, rtol=1e-5, atol=1e-4)
        assert both[:, 6].tolist() == [0, 1, 2, 3, 4, 5]


class Polars:
    """The interface of a polars DataFrame and its Series that is used."""

    def __init__(self, values):
        self.columns = ["file"]
        self.values = values

    def __getitem__(self, name):
        assert name == "file"
        return type("Series", (), {"to_numpy": lambda series: column(self.values)})()


def test_a_table_of_another_library_holds_pictures(image_model, pictures):
    paths, pixels = pictures
    embedder = HubEmbedder(image_model)
    expected = embedder.transform(pixels)
    assert np.allclose(embedder.transform(Polars(paths)), expected, atol=1e-4)
    pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    names = pa.array([str(path) for path in paths])
    for X in [names, pa.chunked_array([names]), pa.table({"file": names})]:
        assert np.allclose(embedder.transform(X), expected, atol=1e-4)


@pytest.mark.parametrize("size", [(8, 8), (16, 12), (100, 37), (700, 900), (1, 1), (3000, 2)])
def test_pictures_of_any_size_are_stretched_alike(seen, tmp_path, size):
    pixels = smooth(*size)
    path = tmp_path / "picture.png"
    image_module.fromarray(pixels).save(path)
    vectors = seen(path, image_module.fromarray(pixels), pixels, pixels / 255)
    expected = np.asarray(
        image_module.fromarray(pixels).resize((4, 4), image_module.Resampling.BILINEAR)
    )
    for vector in vectors:
        np.testing.assert_allclose(vector, expected, atol=6)
    np.testing.assert_allclose(vectors[:3], vectors[[0, 0, 0]], atol=1e-3)


def test_a_large_photo_is_decoded_at_a_smaller_scale_and_looks_the_same(seen, tmp_path):
    pixels = smooth(1200, 1600)
    path = tmp_path / "photo.jpg"
    image_module.fromarray(pixels).save(path, quality=95)
    with image_module.open(path) as whole:
        from_file, from_image = seen(path, whole)
    np.testing.assert_allclose(from_file, from_image, atol=6)


def test_one_image_may_occur_many_times(seen, tmp_path):
    path = tmp_path / "photo.jpg"
    image_module.fromarray(smooth(400, 400)).save(path)
    for _ in range(5):
        # Pillow reads its pixels at the first access of a thread.
        with image_module.open(path) as image:
            vectors = seen(*[image] * 64)
        assert np.array_equal(vectors, vectors[:1].repeat(64, axis=0))


def test_images_are_left_as_they_were(seen):
    image = image_module.fromarray(smooth(8, 4)).convert("RGBA")
    before = image.tobytes(), image.mode, image.size, dict(image.info)
    pixels = smooth(9, 9)
    copied = pixels.copy()
    seen(image, pixels)
    assert (image.tobytes(), image.mode, image.size, dict(image.info)) == before
    assert np.array_equal(pixels, copied)


@pytest.mark.parametrize("name", ["Äpfel № 1.png", "a b\tc.png", "苹果.png", "no suffix", "a.JPG"])
def test_files_may_have_any_name(seen, tmp_path, name):
    image_module.fromarray(smooth(4, 4)).save(tmp_path / name, "png")
    for form in [tmp_path / name, str(tmp_path / name)]:
        np.testing.assert_allclose(seen(form)[0], smooth(4, 4), atol=0.01)


def test_relative_paths_start_at_the_current_folder(seen, tmp_path, monkeypatch):
    image_module.fromarray(smooth(4, 4)).save(tmp_path / "picture.png")
    monkeypatch.chdir(tmp_path)
    np.testing.assert_allclose(seen("picture.png")[0], smooth(4, 4), atol=0.01)
    np.testing.assert_allclose(seen(Path("picture.png"))[0], smooth(4, 4), atol=0.01)


def test_rows_are_in_the_order_of_the_pictures(written):
    embedder = HubEmbedder(written(write_image_model), batch_size=3, n_jobs=4)
    pixels = np.random.default_rng(1).integers(0, 256, (50, 8, 8, 3), dtype=np.uint8)
    expected = np.concatenate([embedder.transform(pixels[at : at + 1]) for at in range(50)])
    np.testing.assert_allclose(embedder.transform(list(pixels)), expected, rtol=1e-4, atol=1e-4)
