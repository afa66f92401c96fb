"""Input and output follow from the signature of the model; a mismatch is one sentence."""

import numpy as np
import pytest
from saved_models import write_function, write_image_model, write_text_model, write_tf1_module

from skactive.embedding import HubEmbedder

tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

TEXTS = ["one", "two or three", "four"]
PIXELS = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3), dtype=np.uint8)
FLOATS = PIXELS / np.float32(255)


def images(dtype=tf.float32, n=None, height=8, width=8, channels=3):
    return tf.TensorSpec([n, height, width, channels], dtype, name="images")


def mean_colour(batch):
    return tf.reduce_mean(tf.cast(batch, tf.float32), axis=[1, 2])


def lengths(texts):
    return tf.cast(tf.strings.length(tf.reshape(texts, [-1, 1])), tf.float32)


@pytest.mark.parametrize(
    ("writer", "options", "kind", "n_features"),
    [
        (write_text_model, {"dim": 8}, "texts", 8),
        (write_text_model, {"dim": 5}, "texts", 5),
        (write_image_model, {"dim": 6}, "images", 6),
        (write_image_model, {"dim": 4, "size": (5, 9)}, "images", 4),
        (write_tf1_module, {"dim": 3}, "images", 3),
    ],
)
def test_kind_and_length_are_read_off_the_model(written, writer, options, kind, n_features):
    embedder = HubEmbedder(written(writer, **options))
    assert embedder.input_kind == kind
    names = embedder.get_feature_names_out()
    assert names.tolist() == [f"hubembedder{at}" for at in range(n_features)]
    samples = TEXTS if kind == "texts" else PIXELS
    vectors = embedder.transform(samples)
    assert vectors.shape == (3, n_features)
    assert vectors.dtype == np.float32


def test_the_size_of_images_is_read_off_the_model(tmp_path):
    # Height and width differ: a picture that is black on its left half stays so.
    seen = write_function(
        tmp_path / "model",
        lambda batch: tf.reduce_mean(batch, axis=[1, 3]),
        (images(height=4, width=10),),
    )
    picture = np.zeros((40, 100, 3), np.uint8)
    picture[:, 50:] = 255
    [columns] = HubEmbedder(seen).transform([picture])
    np.testing.assert_allclose(columns[[0, 1, 2, 3]], 0, atol=0.01)
    np.testing.assert_allclose(columns[[6, 7, 8, 9]], 1, atol=0.01)


@pytest.mark.parametrize(
    ("dtype", "top"),
    [
        (tf.float32, 1),
        (tf.float16, 1),
        (tf.bfloat16, 1),
        (tf.float64, 1),
        (tf.uint8, 255),
        (tf.int32, 255),
        (tf.int64, 255),
    ],
    ids=lambda value: getattr(value, "name", None),
)
@pytest.mark.parametrize("form", [PIXELS, FLOATS, FLOATS.astype(np.float64), list(FLOATS)])
def test_pixels_come_in_the_models_own_type(tmp_path, dtype, top, form):
    folder = write_function(tmp_path / "model", mean_colour, (images(dtype),))
    expected = FLOATS.mean(axis=(1, 2)) * top
    tolerance = 0.01 if dtype.size == 2 else 1e-5
    np.testing.assert_allclose(HubEmbedder(folder).transform(form), expected, rtol=tolerance)


@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16, tf.float64, tf.int32])
def test_vectors_of_any_type_become_float32(tmp_path, dtype):
    folder = write_function(
        tmp_path / "model",
        lambda texts: tf.cast(lengths(texts), dtype),
        (tf.TensorSpec([None], tf.string),),
    )
    vectors = HubEmbedder(folder).transform(TEXTS)
    assert vectors.dtype == np.float32
    assert vectors.ravel().tolist() == [3, 12, 4]


def test_a_model_of_grey_images_gets_grey_images(tmp_path):
    folder = write_function(tmp_path / "model", mean_colour, (images(channels=1),))
    weights = np.array([0.299, 0.587, 0.114])
    expected = (FLOATS @ weights).mean(axis=(1, 2))[:, np.newaxis]
    for form in [PIXELS, FLOATS, list(PIXELS)]:
        np.testing.assert_allclose(HubEmbedder(folder).transform(form), expected, atol=3e-3)
    grey = PIXELS[..., :1]
    for form in [grey, list(grey[..., 0]), grey / 255]:
        vectors = HubEmbedder(folder).transform(form)
        np.testing.assert_allclose(vectors[:, 0], FLOATS[..., 0].mean(axis=(1, 2)), rtol=1e-5)


@pytest.mark.parametrize("n_at_once", [1, 2, 5])
def test_a_model_for_a_fixed_number_of_samples_takes_any(tmp_path, n_at_once):
    folder = write_function(tmp_path / "model", mean_colour, (images(n=n_at_once),))
    for batch_size in [1, 3, 32]:
        vectors = HubEmbedder(folder, batch_size=batch_size).transform(PIXELS)
        np.testing.assert_allclose(vectors, FLOATS.mean(axis=(1, 2)), rtol=1e-5)


def test_texts_for_a_fixed_number_of_samples_too(tmp_path):
    folder = write_function(tmp_path / "model", lengths, (tf.TensorSpec([2], tf.string),))
    assert HubEmbedder(folder).transform(TEXTS).ravel().tolist() == [3, 12, 4]


@pytest.mark.parametrize("shape", [[None], [None, 1], [None, None], None, [1, 1]])
def test_texts_in_one_column_are_texts(tmp_path, shape):
    folder = write_function(tmp_path / "model", lengths, (tf.TensorSpec(shape, tf.string),))
    assert HubEmbedder(folder).transform(TEXTS).ravel().tolist() == [3, 12, 4]


def test_images_of_any_size_need_one(tmp_path):
    folder = write_function(tmp_path / "model", mean_colour, (images(height=None, width=None),))
    with pytest.raises(ValueError, match=r"takes images of any size, so .+ Hint: pass image_size"):
        HubEmbedder(folder).transform(PIXELS)
    for size in [4, np.int64(4), (4, 4), [4, 4], (2, 6)]:
        vectors = HubEmbedder(folder, image_size=size).transform([PIXELS[0]])
        np.testing.assert_allclose(vectors, FLOATS[:1].mean(axis=(1, 2)), atol=0.06)


def test_a_side_that_the_model_fixes_is_kept(tmp_path):
    folder = write_function(tmp_path / "model", mean_colour, (images(height=8, width=None),))
    assert HubEmbedder(folder, image_size=(8, 3)).transform(PIXELS).shape == (3, 3)
    with pytest.raises(ValueError, match=r"takes images of 8 × None pixels"):
        HubEmbedder(folder, image_size=3).transform(PIXELS)


def test_another_size_than_the_models_own_is_refused(image_model, text_model):
    assert HubEmbedder(image_model, image_size=8).transform(PIXELS).shape == (3, 6)
    with pytest.raises(
        ValueError, match=r"takes images of 8 × 8 pixels\. Got image_size=\(9, 9\) in"
    ):
        HubEmbedder(image_model, image_size=9).transform(PIXELS)
    with pytest.raises(
        ValueError, match=r"takes texts, which have no .+ Got image_size=\(9, 9\)\. "
    ):
        HubEmbedder(text_model, image_size=9).transform(TEXTS)


def trained_or_not(batch, training=False, mask=None):
    return mean_colour(batch) * (100.0 if training else 1.0)


@pytest.mark.parametrize("flags", [(True, False), (False, True), (False,)])
def test_a_model_with_flags_is_called_for_inference(tmp_path, flags):
    traces = [(images(), flag, None) for flag in flags]
    folder = write_function(tmp_path / "model", trained_or_not, *traces)
    expected = FLOATS.mean(axis=(1, 2))
    np.testing.assert_allclose(HubEmbedder(folder).transform(PIXELS), expected, rtol=1e-5)


def test_a_model_that_is_only_called_for_training_is_called_by_its_signature(tmp_path):
    serve = tf.function(mean_colour, input_signature=[images()])
    folder = write_function(
        tmp_path / "model", trained_or_not, (images(), True, None), serving_default=serve
    )
    expected = FLOATS.mean(axis=(1, 2))
    np.testing.assert_allclose(HubEmbedder(folder).transform(PIXELS), expected, rtol=1e-5)


def test_an_export_of_keras_is_called_by_its_signature(tmp_path):
    keras = pytest.importorskip("keras", reason="Keras is not installed")
    layers = [keras.Input((8, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(4)]
    model = keras.Sequential(layers)
    model.export(str(tmp_path / "model"), verbose=False)
    vectors = HubEmbedder(tmp_path / "model").transform(PIXELS)
    np.testing.assert_allclose(vectors, model(FLOATS), rtol=1e-4, atol=1e-5)


@pytest.fixture(scope="module")
def many(written):
    """Write a model that is not called itself, with three signatures and more outputs."""
    batch = [images()]
    text = tf.TensorSpec([None], tf.string, name="text")

    def write(folder):
        return write_function(
            folder,
            None,
            colours=tf.function(lambda images: {"mean": mean_colour(images)}, batch),
            both=tf.function(
                lambda images: {
                    "low": tf.reduce_min(images, axis=[1, 2]),
                    "high": tf.reduce_max(images, axis=[1, 2]),
                },
                batch,
            ),
            maps=tf.function(
                lambda images: {"map": images, "mean": mean_colour(images)},
                batch,
            ),
            flat=tf.function(lambda images: {"map": images}, batch),
            scalars=tf.function(lambda images: {"mean": tf.reduce_mean(images, [1, 2, 3])}, batch),
            pair=tf.function(
                lambda images, text: {"mean": mean_colour(images) + lengths(text)},
                [*batch, text],
            ),
            tokens=tf.function(
                lambda ids: {"mean": tf.cast(ids, tf.float32)},
                [tf.TensorSpec([None, 8], tf.int32, name="ids")],
            ),
            first_channel=tf.function(
                lambda images: {"mean": images[:, :, 0, 0]},
                [images(height=3, width=8, channels=8)],
            ),
            quantized=tf.function(lambda images: {"mean": mean_colour(images)}, [images(tf.int8)]),
        )

    return written(write)


@pytest.mark.parametrize(
    ("signature", "output_key", "expected"),
    [
        ("colours", None, FLOATS.mean(axis=(1, 2))),
        ("colours", "mean", FLOATS.mean(axis=(1, 2))),
        ("both", "low", FLOATS.min(axis=(1, 2))),
        ("both", "high", FLOATS.max(axis=(1, 2))),
        ("maps", None, FLOATS.mean(axis=(1, 2))),
    ],
)
def test_signature_and_output_are_chosen_by_name(many, signature, output_key, expected):
    embedder = HubEmbedder(many, signature=signature, output_key=output_key)
    np.testing.assert_allclose(embedder.transform(PIXELS), expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        (
            {},
            "is not callable with one batch of samples. Its signatures are: 'both', 'colour",
        ),
        ({"signature": "color"}, "has no signature 'color'. Its signatures are: 'both', 'colours'"),
        (
            {"signature": "both"},
            "has 2 outputs: 'high' (None, 3), 'low' (None, 3). Hint: choose on",
        ),
        ({"signature": "both", "output_key": "mid"}, "has no output 'mid'. Its outputs are: 'high"),
        (
            {"signature": "flat"},
            "(n_samples, n_features). Got shape (None, 8, 8, 3) instead. Hint:",
        ),
        (
            {"signature": "maps", "output_key": "map"},
            "Got shape (None, 8, 8, 3) instead. Hint",
        ),
        (
            {"signature": "scalars"},
            "(n_samples, n_features). Got shape (None,) instead.",
        ),
        (
            {"signature": "pair"},
            "must take one input, the samples. Got 2 inputs: 'images', 'text'",
        ),
        ({"signature": "tokens"}, "Its input is int32 of shape (None, 8). Hint: choose"),
        ({"signature": "first_channel"}, "Its input is float32 of shape (None, 3, 8, 8). H"),
        (
            {"signature": "quantized"},
            "Its input is int8 of shape (None, 8, 8, 3). Hint: choose",
        ),
    ],
)
def test_an_unsuitable_signature_raises_with_a_sentence(many, choice, sentence):
    with pytest.raises(ValueError) as raised:  # noqa: PT011 - the text is what is tested
        HubEmbedder(many, **choice).transform(PIXELS)
    assert sentence in str(raised.value)
    assert "\n" not in str(raised.value)


def test_an_output_without_a_name_has_none(image_model):
    with pytest.raises(
        ValueError, match=r"has one output, without a name\. Got output_key='x'\. Hi"
    ):
        HubEmbedder(image_model, output_key="x").transform(PIXELS)
    vectors = HubEmbedder(image_model, signature="serving_default").transform(PIXELS)
    assert np.array_equal(vectors, HubEmbedder(image_model).transform(PIXELS))


def test_outputs_in_a_list_are_refused(tmp_path):
    folder = write_function(tmp_path / "model", lambda x: [mean_colour(x)] * 2, (images(),))
    with pytest.raises(
        ValueError, match=r"returns several outputs without names\. Hint: choose a `si"
    ):
        HubEmbedder(folder).transform(PIXELS)


def test_the_default_output_of_several_is_the_vector(tmp_path):
    folder = write_function(
        tmp_path / "model",
        lambda x: {"default": mean_colour(x), "logits": mean_colour(x) * 2, "pooled": x[:, 0, 0]},
        (images(),),
    )
    vectors = HubEmbedder(folder).transform(PIXELS)
    np.testing.assert_allclose(vectors, FLOATS.mean(axis=(1, 2)), rtol=1e-5)


@pytest.mark.parametrize("shape", [None, [None, None]])
def test_a_length_missing_in_the_model_is_found_by_transform(tmp_path, shape):
    folder = write_function(
        tmp_path / "model",
        lambda texts: tf.compat.v1.placeholder_with_default(lengths(texts), shape),
        (tf.TensorSpec([None], tf.string),),
    )
    embedder = HubEmbedder(folder, errors="nan")
    assert embedder.transform(TEXTS).ravel().tolist() == [3, 12, 4]
    for call in [embedder.get_feature_names_out, lambda: embedder.transform([""])]:
        with pytest.raises(
            ValueError, match=r"does not declare the length of its vectors\. Hint: "
        ):
            call()


@pytest.mark.parametrize("shape", [[-1], [1, -1], [-1, 1, 1]])
def test_an_output_that_is_not_vectors_raises(tmp_path, shape):
    folder = write_function(
        tmp_path / "model",
        lambda texts: tf.compat.v1.placeholder_with_default(
            tf.reshape(lengths(texts), shape), None
        ),
        (tf.TensorSpec([None], tf.string),),
    )
    with pytest.raises(ValueError, match=r"vectors of shape \(3, n_features\)\. Got an array of"):
        HubEmbedder(folder).transform(TEXTS)
