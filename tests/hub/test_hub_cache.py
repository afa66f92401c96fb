"""With a cache a sample is embedded once, and never gets the vector of another."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from saved_models import write_function, write_image_model, write_text_model

from skactive.embedding import HubEmbedder, UnreadableSampleError, UnreadableSampleWarning

tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

TEXTS = ["one", "two or three", "four"]


@pytest.fixture
def cache(tmp_path):
    """Return the path of a folder that does not exist."""
    return tmp_path / "vectors"


def test_the_second_time_nothing_is_computed(text_model, image_model, pictures, cache, counted):
    for model, X in [(text_model, TEXTS), (image_model, pictures[0]), (image_model, pictures[1])]:
        embedder = HubEmbedder(model, cache=cache)
        first = embedder.transform(X)
        assert np.array_equal(first, HubEmbedder(model).transform(X))
        counted.clear()
        for copy in [embedder, HubEmbedder(str(model), cache=str(cache), batch_size=1, n_jobs=1)]:
            assert np.array_equal(copy.transform(X), first)
        assert counted == []


def test_only_new_samples_are_embedded(text_model, cache, counted):
    embedder = HubEmbedder(text_model, cache=cache)
    embedder.transform(TEXTS)
    vectors = embedder.transform(["five", *TEXTS[::-1], "six", "five"])
    assert counted == [3, 2]
    plain = HubEmbedder(text_model).transform(["five", *TEXTS[::-1], "six", "five"])
    np.testing.assert_allclose(vectors, plain, rtol=1e-5)


def test_a_file_is_known_by_its_content(image_model, pictures, cache, counted):
    paths, _ = pictures
    embedder = HubEmbedder(image_model, cache=cache)
    first = embedder.transform(paths)
    moved = [path.rename(path.with_name(f"moved-{path.name}")) for path in paths]
    assert np.array_equal(embedder.transform([str(path) for path in moved]), first)
    assert counted == [6]
    shutil.copy(moved[1], moved[0])
    assert np.array_equal(embedder.transform(moved), first[[1, 1, 2, 3, 4, 5]])
    assert counted == [6]


def test_other_parameters_do_not_share_vectors(written, cache):
    def any_size(folder):
        return write_function(
            folder,
            lambda batch: {
                "default": tf.reduce_mean(batch, axis=[1, 2]),
                "high": tf.reduce_max(batch, axis=[1, 2]),
            },
            (tf.TensorSpec([None, None, None, 3], tf.float32),),
            other=tf.function(
                lambda batch: {"low": tf.reduce_min(batch, axis=[1, 2])},
                [tf.TensorSpec([None, None, None, 3], tf.float32)],
            ),
        )

    model = written(any_size)
    X = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3), dtype=np.uint8)
    choices = [
        {"image_size": 8},
        {"image_size": 4},
        {"image_size": (4, 8)},
        {"image_size": 8, "output_key": "high"},
        {"image_size": 8, "signature": "other"},
        {"image_size": 8, "normalize": True},
    ]
    for _ in range(2):
        for choice in choices:
            vectors = HubEmbedder(model, cache=cache, **choice).transform(X)
            assert np.array_equal(vectors, HubEmbedder(model, **choice).transform(X)), choice


def test_two_models_do_not_share_vectors_and_two_copies_do(written, cache, counted, tmp_path):
    first, second = (written(write_text_model, seed=seed) for seed in range(2))
    expected = [HubEmbedder(model).transform(TEXTS) for model in (first, second)]
    copied = shutil.copytree(first, tmp_path / "copied")
    counted.clear()
    for model, vectors in [(first, expected[0]), (second, expected[1]), (copied, expected[0])]:
        assert np.array_equal(HubEmbedder(model, cache=cache).transform(TEXTS), vectors)
    assert counted == [3, 3]


@pytest.mark.parametrize("form", [Path, Path.as_uri], ids=["folder", "file URL"])
def test_another_model_in_the_same_folder_embeds_again(written, cache, tmp_path, form):
    folder = tmp_path / "model"
    for seed in [0, 1, 0]:
        model = written(write_text_model, seed=seed)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(model, folder)
        vectors = HubEmbedder(form(folder), cache=cache).transform(TEXTS)
        assert np.array_equal(vectors, HubEmbedder(model).transform(TEXTS))


def test_a_single_changed_file_makes_another_model(written, cache, tmp_path):
    first, second = (written(write_text_model, seed=seed) for seed in range(2))
    folder = shutil.copytree(first, tmp_path / "model")
    embedder = HubEmbedder(folder, cache=cache)
    embedder.transform(TEXTS)
    for path in (second / "variables").iterdir():
        shutil.copy2(path, folder / "variables")
    vectors = embedder.transform(TEXTS)
    assert np.array_equal(vectors, HubEmbedder(second).transform(TEXTS))


def test_a_text_is_no_path_and_a_path_no_text(text_model, image_model, pictures, cache):
    name = str(pictures[0][0])
    HubEmbedder(text_model, cache=cache).transform([name])
    vectors = HubEmbedder(image_model, cache=cache).transform([name])
    assert np.array_equal(vectors, HubEmbedder(image_model).transform([name]))


def test_unreadable_samples_are_named_and_tried_again(image_model, pictures, cache, tmp_path):
    paths, pixels = pictures
    later = tmp_path / "later.png"
    X = [paths[0], later, paths[1], "gone.jpg", None, paths[2]]
    embedder = HubEmbedder(image_model, cache=cache, errors="nan")
    for _ in range(2):
        with pytest.warns(UnreadableSampleWarning) as warned:
            vectors = embedder.transform(X)
        assert str(warned[0].message) == (
            "3 of 6 samples cannot be read and became rows of NaN:\n"
            f"  X[1]: {later} (no such file)\n"
            "  X[3]: gone.jpg (no such file)\n"
            "  X[4]: None (missing)"
        )
        assert np.isnan(vectors).all(axis=1).tolist() == [False, True, False, True, True, False]
    shutil.copy(paths[5], later)
    vectors = HubEmbedder(image_model, cache=cache).transform(X[:3])
    np.testing.assert_allclose(vectors, HubEmbedder(image_model).transform(pixels[[0, 5, 1]]),
                               rtol=1e-4, atol=1e-4)  # fmt: skip


def test_positions_are_those_in_x_though_only_the_unknown_are_computed(
    image_model, pictures, cache, tmp_path
):
    paths, _ = pictures
    HubEmbedder(image_model, cache=cache).transform(paths)
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    X = [*paths, broken, *paths]
    with pytest.raises(
        UnreadableSampleError, match=r"X\[6\] is not an image .+broken\.jpg"
    ) as raised:
        HubEmbedder(image_model, cache=cache).transform(X)
    assert raised.value.position == 6


def test_copies_of_an_unreadable_file_are_all_named(image_model, pictures, cache, tmp_path):
    paths, _ = pictures
    broken = [tmp_path / f"broken-{at}.jpg" for at in range(3)]
    for path in broken:
        path.write_bytes(b"no picture")
    X = [broken[0], paths[0], broken[1], paths[1], broken[2], broken[0]]
    for options in [{"cache": cache}, {"cache": cache, "batch_size": 1}, {}]:
        embedder = HubEmbedder(image_model, errors="nan", **options)
        with pytest.warns(UnreadableSampleWarning) as warned:
            embedder.transform(X)
        assert str(warned[0].message) == "4 of 6 samples cannot be read and became rows of NaN:" + (
            "".join(f"\n  X[{at}]: {X[at]} (not an image of a known format)" for at in [0, 2, 4, 5])
        )


def test_copies_of_an_unreadable_text_are_all_named(text_model, cache):
    embedder = HubEmbedder(text_model, cache=cache, errors="nan")
    with pytest.warns(UnreadableSampleWarning, match=r"X\[0\].+\n  X\[2\].+\n  X\[3\].+missing\)$"):
        vectors = embedder.transform(["", "one", "", None])
    assert np.isnan(vectors).all(axis=1).tolist() == [True, False, True, True]


def test_vectors_computed_before_an_interruption_are_kept(text_model, cache, counted, monkeypatch):
    X = [f"text {number}" for number in range(3000)]
    embedder = HubEmbedder(text_model, cache=cache, batch_size=512)
    n_called = [0]
    embedded = HubEmbedder._called

    def interrupted(*arguments):
        n_called[0] += 1
        if n_called[0] == 5:
            raise KeyboardInterrupt
        return embedded(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(HubEmbedder, "_called", interrupted)
        with pytest.raises(KeyboardInterrupt):
            embedder.transform(X)
    counted.clear()
    embedder.transform(X)
    assert sum(counted) <= 3000 - 1024


def test_all_vectors_may_be_cached_while_the_model_has_no_length(written, cache, counted):
    def write(folder):
        spec = tf.TensorSpec([None], tf.string)
        return write_function(
            folder,
            lambda texts: tf.compat.v1.placeholder_with_default(
                tf.cast(tf.strings.length(texts), tf.float32)[:, tf.newaxis], None
            ),
            (spec,),
        )

    embedder = HubEmbedder(written(write), cache=cache)
    for _ in range(2):
        assert embedder.transform(TEXTS).ravel().tolist() == [3, 12, 4]
    assert counted == [3]


def test_any_number_of_models_share_a_cache(written, cache):
    for _ in range(2):
        for dim in [3, 8]:
            text = written(write_text_model, dim=dim)
            image = written(write_image_model, dim=dim)
            X = np.zeros((2, 8, 8, 3), np.uint8)
            assert HubEmbedder(text, cache=cache).transform(TEXTS).shape == (3, dim)
            assert HubEmbedder(image, cache=cache).transform(X).shape == (2, dim)
