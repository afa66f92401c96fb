"""A model is loaded on first use, once per process, and is never pickled or cloned."""

import gc
import os
import pickle
import shutil
import subprocess
import sys
import threading
import weakref
from pathlib import Path

import joblib
import numpy as np
import pytest
from saved_models import write_text_model
from sklearn.base import clone

import skactive
from skactive.embedding import HubEmbedder

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

TEXTS = ["one", "two or three", "four"]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(skactive.__file__).parents[1])}

NOTHING_LOADED = """
import pickle, sys
import skactive.embedding
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import make_pipeline
from skactive.neighbors import IncrementalKNeighborsClassifier

embedder = skactive.embedding.HubEmbedder(sys.argv[1], cache="vectors")
copies = [embedder, clone(embedder), pickle.loads(pickle.dumps(embedder))]
copies.append(make_pipeline(clone(embedder), IncrementalKNeighborsClassifier()))
copies.append(make_pipeline(clone(embedder)))
copies.append(ColumnTransformer([("text", clone(embedder), "text")]))
for copy in copies:
    repr(copy), copy._repr_html_(), dir(copy), copy.get_params(), copy.set_params()
    copy.set_output(transform="default")
embedder.fit(["a text"], [0]).fit()
loaded = {"tensorflow", "tensorflow_hub", "PIL"} & set(sys.modules)
assert not loaded, loaded
"""


@pytest.fixture
def models(written, tmp_path):
    """Copy the model of texts six times, so that none is loaded yet."""
    model = written(write_text_model)
    return [Path(shutil.copytree(model, tmp_path / f"model-{at}")) for at in range(6)]


@pytest.fixture
def loads(monkeypatch):
    """Record the folders that TensorFlow Hub loads."""
    import tensorflow_hub

    folders = []
    load = tensorflow_hub.load

    def noting(handle, *arguments, **options):
        folders.append(Path(handle).name)
        return load(handle, *arguments, **options)

    monkeypatch.setattr(tensorflow_hub, "load", noting)
    return folders


def test_nothing_is_loaded_before_the_first_transform(text_model, tmp_path):
    result = subprocess.run(
        [sys.executable, "-c", NOTHING_LOADED, str(text_model)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=ENVIRONMENT,
    )
    assert result.returncode == 0, result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_model_is_loaded_once_in_a_process(models, loads):
    embedder = HubEmbedder(models[0])
    for copy in [embedder, embedder, clone(embedder), HubEmbedder(str(models[0]), batch_size=1)]:
        copy.fit_transform(TEXTS)
        copy.get_feature_names_out()
    assert loads == ["model-0"]


def test_two_signatures_of_a_model_share_it(models, loads):
    for signature in [None, "serving_default"]:
        assert HubEmbedder(models[0], signature=signature).transform(TEXTS).shape == (3, 8)
    assert loads == ["model-0"]


def test_simultaneous_threads_load_once(models, loads):
    start = threading.Barrier(4)
    vectors = []

    def embed():
        start.wait()
        vectors.append(HubEmbedder(models[0]).transform(TEXTS))

    threads = [threading.Thread(target=embed) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert loads == ["model-0"]
    assert len(vectors) == 4
    assert all(np.array_equal(one, vectors[0]) for one in vectors)


def test_a_model_saved_again_in_the_same_folder_is_loaded_again(models, loads, written):
    embedder = HubEmbedder(models[0])
    before = embedder.transform(TEXTS)
    shutil.rmtree(models[0])
    shutil.copytree(written(write_text_model, seed=1), models[0])
    after = embedder.transform(TEXTS)
    assert np.array_equal(after, HubEmbedder(written(write_text_model, seed=1)).transform(TEXTS))
    assert not np.allclose(before, after)
    assert loads[:2] == ["model-0", "model-0"]


def test_four_models_stay_loaded_those_used_last(models, loads):
    for at in [0, 1, 2, 3, 0, 4, 0, 1]:
        HubEmbedder(models[at]).transform(TEXTS)
    assert loads == [f"model-{at}" for at in [0, 1, 2, 3, 4, 1]]


def test_a_model_used_no_more_is_freed(models, monkeypatch):
    from skactive.embedding import _hub_model

    HubEmbedder(models[0]).transform(TEXTS)
    loaded = weakref.ref(_hub_model.load(models[0], models[0]))
    for model in models[1:5]:
        HubEmbedder(model).transform(TEXTS)
    gc.collect()
    assert loaded() is None


@pytest.mark.parametrize("copy", [clone, lambda embedder: pickle.loads(pickle.dumps(embedder))])
def test_a_copy_finds_the_model_by_its_handle(text_model, copy):
    embedder = HubEmbedder(text_model, batch_size=2, errors="nan", normalize=True)
    vectors = embedder.transform(TEXTS)
    copied = copy(embedder)
    assert copied.get_params() == embedder.get_params()
    assert np.array_equal(copied.transform(TEXTS), vectors)


def test_no_weights_are_carried_along(text_model, tmp_path):
    embedder = HubEmbedder(text_model)
    embedder.fit_transform(TEXTS)
    embedder.get_feature_names_out()
    assert len(pickle.dumps(embedder)) < 1000
    assert len(pickle.dumps(clone(embedder))) < 1000
    joblib.dump(embedder, tmp_path / "embedder.joblib")
    assert (tmp_path / "embedder.joblib").stat().st_size < 1000
    assert joblib.load(tmp_path / "embedder.joblib").transform(TEXTS).shape == (3, 8)
    assert vars(embedder) == embedder.get_params()
