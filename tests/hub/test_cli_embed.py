"""`skactive embed` with real models, from files to the input of `skactive compare`."""

import os
import re
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import skactive
from skactive.cli import main
from skactive.embedding import HubEmbedder

if find_spec("tensorflow") is None:
    pytest.skip("TensorFlow is not installed; `nox -s hub` has it", allow_module_level=True)

ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(skactive.__file__).parents[1])}
ENVIRONMENT.pop("TF_CPP_MIN_LOG_LEVEL", None)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Write a model of texts and one of images, and return their folder."""
    from saved_models import write_image_model, write_text_model

    from skactive._tensorflow import import_tensorflow

    import_tensorflow()
    folder = tmp_path_factory.mktemp("models")
    write_text_model(folder / "texts")
    write_image_model(folder / "images")
    return folder


@pytest.fixture
def here(models, tmp_path, monkeypatch):
    """Change to a folder with the two models."""
    for kind in ["texts", "images"]:
        (tmp_path / kind).symlink_to(models / kind)
    monkeypatch.chdir(tmp_path)
    # The command sets it for the whole process.
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "2")
    return tmp_path


@pytest.fixture
def photos(here):
    """Write twelve dark apples and twelve bright bananas, one of them broken."""
    from PIL import Image

    rng = np.random.default_rng(0)
    for name, lowest in [("apple", 0), ("banana", 128)]:
        Path("photos", name).mkdir(parents=True)
        for at in range(12):
            pixels = rng.integers(lowest, lowest + 128, (10, 12, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(f"photos/{name}/{at:02}.jpg")
    whole = Path("photos/banana/03.jpg").read_bytes()
    Path("photos/banana/03.jpg").write_bytes(whole[: len(whole) // 2])
    return "photos"


@pytest.fixture
def questions(here):
    """Write a table of questions of two kinds."""
    pytest.importorskip("pandas")
    rows = [f"{'aAbB'[at % 2 :: 2]},{['Who', 'What'][at % 2]} is {at} ?" for at in range(20)]
    Path("questions.csv").write_text("\n".join(["label,question", *rows]))
    return "questions.csv"


def embed(*arguments, output="v.npz"):
    """Run the command, and return the content of its file."""
    assert main(["embed", *arguments, "-o", output]) == 0
    with np.load(output, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def error_of(capsys, *arguments):
    """Return the one sentence that the command ends with when it fails."""
    assert main(["embed", *arguments, "--quiet", "-o", "v.npz"]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("skactive: error: ")
    assert output.err.count("\n") == 1
    assert not Path("v.npz").exists()
    return output.err.removeprefix("skactive: error: ").rstrip("\n")


def test_a_folder_per_class_becomes_a_file_for_compare(photos, capsys):
    arrays = embed(photos, "--model", "images")
    output = capsys.readouterr()
    files = [f"photos/{file}" for file in arrays["files"].tolist()]
    np.testing.assert_array_equal(arrays["X"], HubEmbedder("images").transform(files))
    assert arrays["y"].tolist() == ["apple"] * 12 + ["banana"] * 11
    assert output.out.splitlines() == [
        "photos: 23 samples, 6 features",
        "subfolders: 2 classes (apple 12, banana 11)",
        "left out: 1 unreadable",
        "Written: v.npz (3 kB)",
        "",
        "Next: skactive compare v.npz",
    ]
    small = ["--budget", "6", "--folds", "2", "--jobs", "1", "--no-plot"]
    assert main(["compare", "v.npz", *small]) == 0
    assert capsys.readouterr().out.startswith("v.npz: 23 samples, 6 features, 2 classes\n")


def test_a_broken_image_is_left_out_and_named(photos, capsys):
    arrays = embed(photos, "--model", "images", "--quiet")
    assert "banana/03.jpg" not in arrays["files"].tolist()
    assert np.isfinite(arrays["X"]).all()
    fact, line = capsys.readouterr().err.splitlines()
    assert fact == "skactive: 1 of 24 samples cannot be read and is left out:"
    assert re.fullmatch(r"  photos/banana/03\.jpg \(Truncated File Read\)", line)


def test_with_errors_raise_a_broken_image_ends_it(photos, capsys):
    sentence = error_of(capsys, photos, "--model", "images", "--errors", "raise")
    assert sentence.startswith("A file in photos is not an image that can be read: photos/banana")
    assert sentence.endswith("). Hint: --errors skip, the default, leaves such samples out.")


def test_a_table_of_texts_becomes_a_file_for_compare(questions, capsys):
    arrays = embed(questions, "--model", "texts", "--normalize")
    np.testing.assert_allclose(np.linalg.norm(arrays["X"], axis=1), 1, rtol=1e-5)
    assert arrays["y"].tolist() == ["ab", "AB"] * 10
    assert arrays["rows"].tolist() == [*range(20)]
    assert "questions.csv, column question: 20 samples, 8 features" in capsys.readouterr().out
    assert main(["compare", "v.npz", "--budget", "4", "--folds", "2", "--no-plot"]) == 0


def test_a_table_of_images_finds_them_from_its_own_folder(photos, monkeypatch):
    pytest.importorskip("pandas")
    Path("photos/t.tsv").write_text("id\tfile\n7\tapple/00.jpg\n8\tapple/nope.jpg\n")
    arrays = embed("photos/t.tsv", "--model", "images")
    np.testing.assert_array_equal(
        arrays["X"], HubEmbedder("images").transform(["photos/apple/00.jpg"])
    )
    assert arrays["files"].tolist() == ["apple/00.jpg"]


def test_with_a_cache_a_sample_is_computed_once(photos, monkeypatch):
    from skactive.embedding._hub_model import HubModel

    batches = []
    monkeypatch.setattr(HubModel, "__call__", counted(HubModel.__call__, batches))
    command = [photos, "--model", "images", "--cache", "kept"]
    first = embed(*command)["X"]
    assert sum(batches) == 23
    np.testing.assert_array_equal(embed(*command)["X"], first)
    assert sum(batches) == 23
    Path("photos/apple/00.jpg").rename("photos/apple/0.jpg")
    Path("photos/banana/03.jpg").write_bytes(Path("photos/banana/04.jpg").read_bytes() + b"\0")
    assert len(embed(*command)["X"]) == 24
    assert sum(batches) == 24


def counted(call, batches):
    """Return the function of a model that records the size of each batch."""

    def counting(model, batch):
        batches.append(len(batch))
        return call(model, batch)

    return counting


def test_a_model_that_does_not_exist_is_one_sentence(photos, capsys):
    assert error_of(capsys, photos, "--model", "nope").startswith(
        "The model nope does not exist. Hint: a handle is a URL"
    )


def test_a_folder_that_is_no_model_is_one_sentence(photos, capsys):
    assert "photos is not a SavedModel" in error_of(capsys, photos, "--model", "photos")


def test_a_model_of_texts_on_a_folder_of_images_is_one_sentence(photos, capsys):
    assert error_of(capsys, photos, "--model", "texts") == (
        "texts embeds texts, but photos is a folder of images. Hint: choose an image model."
    )


def test_a_model_of_images_on_a_table_of_texts_is_one_sentence(questions, capsys):
    assert error_of(capsys, questions, "--model", "images").endswith(
        "Its columns are: label, question. Hint: name it with --column, or choose a model of texts."
    )
    assert error_of(capsys, questions, "--model", "images", "--column", "question") == (
        "images embeds images, but column 'question' of questions.csv names no file that exists, "
        "the first being Who is 0 ?. Hint: paths are relative to the folder of the table; for "
        "texts, choose a text model."
    )


def test_an_unsuitable_parameter_is_reported_as_an_option(photos, capsys):
    sentence = error_of(capsys, photos, "--model", "images", "--image-size", "224")
    assert "--image-size" in sentence
    assert "image_size" not in sentence
    sentence = error_of(capsys, photos, "--model", "images", "--signature", "nope")
    assert sentence.startswith("images has no signature 'nope'. Its signatures are: ")


def test_the_command_alone_prints_its_own_lines_only(photos):
    command = [sys.executable, "-m", "skactive", "embed", photos, "--model", "images", "-o"]
    process = subprocess.run(
        [*command, "v.npz"], env=ENVIRONMENT, capture_output=True, text=True, check=True
    )
    first, *bar, fact, name = process.stderr.splitlines()
    assert first == "Loading images"
    assert all(line.startswith("embedding: ") or not line for line in bar)
    assert fact.startswith("skactive: 1 of 24")
    assert name.startswith("  photos/banana/03.jpg")


@pytest.mark.skipif(sys.platform == "win32", reason="signals are those of POSIX")
def test_ctrl_c_ends_with_130_and_leaves_nothing(photos):
    for at in range(3000):
        Path(f"photos/banana/{at + 100}.jpg").symlink_to("00.jpg")
    command = [sys.executable, "-m", "skactive", "embed", photos, "--model", "images", "-o"]
    process = subprocess.Popen(
        [*command, "v.npz", "--batch-size", "1"],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # A background job, such as a CI system or `nohup` starts, inherits an ignored signal.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - TensorFlow's threads hold no lock that this needs
    )
    seen = b""
    while b"embedding" not in seen and process.poll() is None:
        seen += process.stderr.read(1)
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert output == b""
    assert b"Traceback" not in errors
    assert b"skactive: interrupted. No file was written. Hint: with --cache FOLDER" in errors
    assert sorted(path.name for path in Path().iterdir()) == ["images", "photos", "texts"]
