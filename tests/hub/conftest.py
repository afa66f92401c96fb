"""Fixtures of the tests of HubEmbedder: models written once, and a separate cache."""

import numpy as np
import pytest
from saved_models import write_function, write_image_model, write_text_model


@pytest.fixture(scope="session")
def written(tmp_path_factory):
    """Return a function that writes a model with a writer, once for the same arguments."""
    folders = {}

    def once(writer, *arguments, **options):
        key = (writer, *arguments, *sorted(options.items()))
        if key not in folders:
            folder = tmp_path_factory.mktemp("models") / "model"
            folders[key] = writer(folder, *arguments, **options)
        return folders[key]

    return once


@pytest.fixture(scope="session")
def text_model(written):
    """Write a model of texts, of 8 features."""
    return written(write_text_model)


@pytest.fixture(scope="session")
def image_model(written):
    """Write a model of images of 8 × 8 pixels, of 6 features."""
    return written(write_image_model)


@pytest.fixture(scope="session")
def seen(written):
    """Return a function from samples to the input of a model of images of 4 × 4 pixels."""

    import tensorflow as tf

    from skactive.embedding import HubEmbedder

    def write(folder):
        spec = tf.TensorSpec([None, 4, 4, 3], tf.float32)
        return write_function(folder, lambda batch: tf.reshape(batch, [-1, 48]), (spec,))

    embedder = HubEmbedder(written(write))

    def pixels(*samples):
        return embedder.transform([*samples]).reshape(-1, 4, 4, 3) * 255

    return pixels


@pytest.fixture(autouse=True)
def hub_cache(tmp_path, monkeypatch):
    """Keep what is downloaded in a folder of the test's own."""
    folder = tmp_path / "hub-cache"
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(folder))
    return folder


@pytest.fixture
def pictures(tmp_path):
    """Write six PNG files of 8 × 8 pixels, and return their paths and pixels."""
    from PIL import Image

    pixels = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), dtype=np.uint8)
    paths = [tmp_path / f"picture-{at}.png" for at in range(6)]
    for path, one in zip(paths, pixels, strict=True):
        Image.fromarray(one).save(path)
    return paths, pixels


@pytest.fixture
def counted(monkeypatch):
    """Count what reaches any model: the sizes of its batches, in the order of calls."""
    from skactive.embedding._hub_model import HubModel

    sizes = []
    call = HubModel.__call__

    def counting(model, batch):
        sizes.append(len(batch))
        return call(model, batch)

    monkeypatch.setattr(HubModel, "__call__", counting)
    return sizes
