"""A handle is a folder, an archive or a URL; the vectors are the same."""

import io
import os
import shutil
import tarfile
from hashlib import sha1
from pathlib import Path

import numpy as np
import pytest
from saved_models import write_text_model, write_tf1_module

from skactive.embedding import HubEmbedder

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

TEXTS = ["one", "two or three", "four"]
IMAGES = np.random.default_rng(0).random((3, 8, 8, 3), dtype=np.float32)


def archive_of(model, path, *, top="."):
    """Pack a model's folder as `tar` does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w" if path.suffix == ".tar" else "w:gz") as tar:
        tar.add(model, top)
    return path


@pytest.mark.parametrize(
    "form",
    [Path, str, lambda path: f"{path}/", Path.as_uri],
    ids=["path", "string", "with a slash", "file URL"],
)
def test_a_folder_is_named_in_any_form(text_model, form):
    assert HubEmbedder(form(text_model)).transform(TEXTS).shape == (3, 8)


def test_a_folder_is_named_from_the_current_or_the_home_folder(text_model, monkeypatch):
    expected = HubEmbedder(text_model).transform(TEXTS)
    monkeypatch.chdir(text_model.parent)
    assert np.array_equal(HubEmbedder("model").transform(TEXTS), expected)
    monkeypatch.setenv("HOME", str(text_model.parent))
    monkeypatch.setenv("USERPROFILE", str(text_model.parent))
    assert np.array_equal(HubEmbedder("~/model").transform(TEXTS), expected)


@pytest.mark.parametrize("name", ["model.tar.gz", "Modèle 1.TGZ", "model.tar"])
@pytest.mark.parametrize("top", [".", "universal-sentence-encoder_4"])
def test_an_archive_gives_the_same_vectors_as_its_folder(text_model, tmp_path, name, top):
    archive = archive_of(text_model, tmp_path / name, top=top)
    expected = HubEmbedder(text_model).transform(TEXTS)
    assert np.array_equal(HubEmbedder(archive).transform(TEXTS), expected)
    assert np.array_equal(HubEmbedder(str(archive)).transform(TEXTS), expected)


def test_an_archive_is_unpacked_once_for_all_its_copies(text_model, tmp_path, hub_cache):
    first = archive_of(text_model, tmp_path / "first.tar.gz")
    second = Path(shutil.copy(first, tmp_path / "second.tar.gz"))
    for archive in [first, second, first]:
        HubEmbedder(archive).transform(TEXTS)
    assert len(list(hub_cache.iterdir())) == 1


def test_an_overwritten_archive_is_unpacked_again(written, tmp_path):
    archive = tmp_path / "model.tar.gz"
    for seed in [0, 1]:
        model = written(write_text_model, seed=seed)
        archive_of(model, archive)
        expected = HubEmbedder(model).transform(TEXTS)
        assert np.array_equal(HubEmbedder(archive).transform(TEXTS), expected)


def test_an_archive_whose_cache_was_emptied_is_unpacked_again(text_model, tmp_path, hub_cache):
    archive = archive_of(text_model, tmp_path / "model.tar.gz")
    expected = HubEmbedder(archive).transform(TEXTS)
    shutil.rmtree(hub_cache)
    assert np.array_equal(HubEmbedder(archive).transform(TEXTS), expected)


@pytest.mark.parametrize("kept", [0, 10, 1000, -1000])
def test_an_archive_that_is_incomplete_is_refused_and_leaves_nothing(
    text_model, tmp_path, hub_cache, kept
):
    archive = archive_of(text_model, tmp_path / "model.tar.gz")
    whole = archive.read_bytes()
    archive.write_bytes(whole[:kept])
    embedder = HubEmbedder(archive)
    with pytest.raises(ValueError, match=r"model\.tar\.gz cannot be unpacked: .+ Hint: it is inco"):
        embedder.transform(TEXTS)
    assert list(hub_cache.iterdir()) == []
    archive.write_bytes(whole)
    assert embedder.transform(TEXTS).shape == (3, 8)


def test_an_archive_of_something_else_is_refused(tmp_path, hub_cache):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "one.jpg").touch()
    archive = archive_of(tmp_path / "photos", tmp_path / "photos.tar.gz")
    with pytest.raises(ValueError, match=r"photos\.tar\.gz is not a SavedModel: saved_model"):
        HubEmbedder(archive).transform(TEXTS)
    assert list(hub_cache.iterdir()) == []


@pytest.mark.parametrize("name", ["../outside.txt", "/outside.txt"])
def test_an_archive_writes_nothing_outside_its_folder(text_model, tmp_path, hub_cache, name):
    archive = archive_of(text_model, tmp_path / "model.tar")
    with tarfile.open(archive, "a") as tar:
        member = tarfile.TarInfo(name)
        tar.addfile(member, io.BytesIO())
    if name.startswith("."):
        with pytest.raises(ValueError, match=r"cannot be unpacked: '\.\./outside.txt' would"):
            HubEmbedder(archive).transform(TEXTS)
    else:
        HubEmbedder(archive).transform(TEXTS)
    assert not (hub_cache / "outside.txt").exists()
    assert not Path("/outside.txt").exists()


@pytest.mark.parametrize(
    "url",
    [
        "https://tfhub.dev/google/universal-sentence-encoder/4",
        "https://www.kaggle.com/models/google/nnlm/TensorFlow2/en-dim50/1",
        "https://kaggle.com/models/google/mobilenet-v2/frameworks/TensorFlow2/variations/x/2",
    ],
)
def test_a_url_in_the_cache_of_tensorflow_hub_needs_no_network(
    text_model, hub_cache, monkeypatch, url
):
    shutil.copytree(text_model, hub_cache / sha1(url.encode(), usedforsecurity=False).hexdigest())

    def no_network(*_, **__):
        raise AssertionError("the network was asked")

    monkeypatch.setattr("socket.socket.connect", no_network)
    expected = HubEmbedder(text_model).transform(TEXTS)
    assert np.array_equal(HubEmbedder(url).transform(TEXTS), expected)


def test_a_url_is_resolved_by_tensorflow_hub(text_model, monkeypatch):
    requested = []

    def resolve(handle):
        requested.append(handle)
        return str(text_model)

    monkeypatch.setattr("tensorflow_hub.resolve", resolve)
    url = "https://tfhub.dev/google/universal-sentence-encoder/4"
    assert HubEmbedder(url).transform(TEXTS).shape == (3, 8)
    assert set(requested) == {url}


@pytest.mark.parametrize("tags", [(), ("serve",)], ids=["TF-Hub's format", "SavedModel"])
def test_a_module_for_tensorflow_1_is_called_by_its_signature(written, tags):
    embedder = HubEmbedder(written(write_tf1_module, tags=tags))
    assert embedder.input_kind == "images"
    vectors = embedder.transform(IMAGES)
    kernel = np.random.default_rng(0).normal(size=(192, 5)).astype(np.float32)
    np.testing.assert_allclose(vectors, IMAGES.reshape(3, -1) @ kernel, rtol=1e-4, atol=1e-4)


def test_a_model_written_as_text_is_loaded(text_model, tmp_path):
    from google.protobuf import text_format
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    folder = Path(shutil.copytree(text_model, tmp_path / "model"))
    binary = folder / "saved_model.pb"
    text = text_format.MessageToString(SavedModel.FromString(binary.read_bytes()))
    (folder / "saved_model.pbtxt").write_text(text, "utf-8")
    binary.unlink()
    expected = HubEmbedder(text_model).transform(TEXTS)
    assert np.array_equal(HubEmbedder(folder).transform(TEXTS), expected)


@pytest.mark.parametrize(
    ("handle", "error", "sentence"),
    [
        ("nope", FileNotFoundError, "The model nope does not exist. Hint: a handle is a URL that"),
        (r"C:\models\use", FileNotFoundError, r"The model C:\models\use does not exist."),
        ("google/nnlm", FileNotFoundError, "The model google/nnlm does not exist. Hint: a handle"),
        ("empty", ValueError, "saved_model.pb is missing; it contains nothing. Hint: write a"),
        ("photos", ValueError, "it contains a.jpg, b.jpg, c.jpg, d.jpg, e.jpg. Hint: write"),
        ("notes.txt", ValueError, "notes.txt is not a SavedModel: it is a file, but not a .tar"),
    ],
)  # fmt: skip
def test_a_path_without_a_model_raises_with_a_sentence(
    tmp_path, monkeypatch, handle, error, sentence
):
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    Path("photos").mkdir()
    for letter in "abcdefg":
        Path(f"photos/{letter}.jpg").touch()
    Path("notes.txt").touch()
    with pytest.raises(error) as raised:
        HubEmbedder(handle).transform(TEXTS)
    assert sentence in str(raised.value)


def test_a_folder_may_have_a_name_of_any_letters(text_model, tmp_path):
    folder = shutil.copytree(text_model, tmp_path / "Модель №1 & 模型 %20 #2")
    assert HubEmbedder(folder).transform(TEXTS).shape == (3, 8)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_a_folder_whose_name_is_a_pattern_for_tensorflow_raises(text_model, tmp_path):
    folder = shutil.copytree(text_model, tmp_path / "model [2]")
    with pytest.raises(ValueError, match=r"Hint: TensorFlow reads .+ as a pattern; rename the fol"):
        HubEmbedder(folder).transform(TEXTS)


@pytest.mark.parametrize(
    ("file", "length"),
    [
        ("saved_model.pb", 100),
        ("variables/variables.index", 10),
        ("variables/variables.data-00000-of-00001", 10),
        ("variables/variables.data-00000-of-00001", None),
        ("variables/variables.index", None),
    ],
)
def test_a_damaged_model_raises(text_model, tmp_path, file, length):
    folder = Path(shutil.copytree(text_model, tmp_path / "model"))
    if length is None:
        (folder / file).unlink()
    else:
        (folder / file).write_bytes((folder / file).read_bytes()[:length])
    with pytest.raises(ValueError, match=r"model cannot be loaded: .+ Hint: save or download the "):
        HubEmbedder(folder).transform(TEXTS)


def test_an_operation_that_tensorflow_lacks_is_named_and_its_download_kept(
    written, hub_cache, tmp_path
):
    url = "https://tfhub.dev/google/universal-sentence-encoder-multilingual/3"
    folder = hub_cache / sha1(url.encode(), usedforsecurity=False).hexdigest()
    shutil.copytree(written(write_text_model), folder)
    graph = folder / "saved_model.pb"
    graph.write_bytes(graph.read_bytes().replace(b"DecodeRaw", b"DecodeRow"))
    with pytest.raises(ValueError, match=r"no operation DecodeRow\. Hint: first import the pa"):
        HubEmbedder(url).transform(TEXTS)
    assert graph.exists()
