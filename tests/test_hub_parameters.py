"""Errors about parameters and requirements of HubEmbedder, also without TensorFlow."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import skactive
from skactive.embedding import HubEmbedder

ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(skactive.__file__).parents[1])}

# TensorFlow takes seconds to import, and only the code after it is tested.
TENSORFLOW = """
import sys, types
tensorflow = types.ModuleType("tensorflow")
tensorflow.__version__ = "2.16.1"
sys.modules["tensorflow"] = tensorflow
"""


def error_of(code):
    """Return the last line that a Python program writes before it fails."""
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env=ENVIRONMENT,
    )
    assert result.returncode == 1
    return result.stderr.strip().split("\n")[-1]


INTEGER = "an int of at least 1"
SIZE = "an int, or a tuple of height and width"


@pytest.mark.parametrize(
    ("name", "value", "error", "expected"),
    [
        ("handle", None, TypeError, "a str or a path"),
        ("handle", b"model", TypeError, "a str or a path"),
        ("handle", "", ValueError, "not be empty"),
        ("batch_size", 0, ValueError, INTEGER),
        ("batch_size", 2.0, ValueError, INTEGER),
        ("batch_size", True, TypeError, INTEGER),
        ("signature", 1, TypeError, "a str or None"),
        ("output_key", 1, TypeError, "a str or None"),
        ("image_size", 0, ValueError, INTEGER),
        ("image_size", "big", TypeError, SIZE),
        ("image_size", (8, 8, 3), TypeError, SIZE),
        ("image_size", (8, -1), ValueError, INTEGER),
        ("normalize", "l2", TypeError, "a bool"),
        ("normalize", 1, TypeError, "a bool"),
        ("cache", 3, TypeError, "a str, a path, an EmbeddingStore or None"),
        ("cache", "", ValueError, "not be empty"),
        ("errors", "ignore", ValueError, "one of ['nan', 'raise']"),
        ("errors", None, TypeError, "one of ['nan', 'raise']"),
        ("n_jobs", 0, ValueError, INTEGER),
        ("n_jobs", -2, ValueError, INTEGER),
        ("n_jobs", 1.5, ValueError, INTEGER),
    ],
)
def test_a_parameter_is_refused_before_anything_is_loaded(name, value, error, expected):
    embedder = HubEmbedder(**{"handle": "model", name: value})
    shown = -1 if value == (8, -1) else value
    sentence = (
        f"The '{name}' parameter of HubEmbedder must {'' if expected.startswith('not') else 'be '}"
        f"{expected}. Got {shown!r} instead."
    )
    for work in [
        lambda: embedder.fit(["a text"]),
        lambda: embedder.transform(["a text"]),
        lambda: embedder.input_kind,
    ]:
        with pytest.raises(error) as raised:
            work()
        assert str(raised.value) == sentence


@pytest.mark.parametrize(
    "parameters",
    [
        {"handle": Path("model")},
        {"batch_size": np.int64(3)},
        {"image_size": np.int32(224)},
        {"image_size": [224, 160]},
        {"normalize": np.True_},
        {"cache": Path("vectors")},
        {"n_jobs": -1},
        {"n_jobs": np.int64(2)},
    ],
)
def test_numbers_of_numpy_and_paths_are_fine(parameters):
    embedder = HubEmbedder(**{"handle": "model", **parameters})
    assert embedder.fit() is embedder


TRANSFORM = """
from skactive.embedding import HubEmbedder
HubEmbedder({handle!r}).transform(["a text"])
"""


URL = "https://tfhub.dev/google/nnlm/1"


@pytest.mark.parametrize("handle", ["model", URL])
def test_without_tensorflow_the_extra_is_named(handle, tmp_path):
    if handle == "model":
        handle = str(tmp_path)
        (tmp_path / "saved_model.pb").touch()
    code = "import sys; sys.modules['tensorflow'] = None\n" + TRANSFORM.format(handle=handle)
    assert error_of(code) == (
        "ImportError: HubEmbedder needs tensorflow, which is not installed. Install it with: pip "
        "install 'skactive[hub]'"
    )


def test_without_tensorflow_hub_the_extra_is_named():
    code = TENSORFLOW + "sys.modules['tensorflow_hub'] = None\n"
    assert error_of(code + TRANSFORM.format(handle=URL)) == (
        "ImportError: HubEmbedder needs tensorflow-hub, which is not installed. Install it with: "
        "pip install 'skactive[hub]'"
    )


def test_without_pillow_the_extra_is_named():
    code = (
        "import sys; sys.modules['PIL'] = None\n"
        "from skactive.embedding._pixels import ImageForm, read_pixels\n"
        "read_pixels('photo.jpg', ImageForm(8, 8, 3))"
    )
    assert error_of(code) == (
        "ImportError: Reading images needs pillow, which is not installed. Install it with: pip "
        "install 'skactive[image]'"
    )


def test_with_a_recent_setuptools_the_error_names_an_earlier_one():
    pytest.importorskip("tensorflow_hub", reason="tensorflow-hub is not installed")
    code = TENSORFLOW + "sys.modules['pkg_resources'] = None\n"
    assert error_of(code + TRANSFORM.format(handle=URL)) == (
        "ImportError: tensorflow-hub imports pkg_resources, which setuptools 82 and later no "
        "longer have. Install an earlier one with: pip install 'setuptools<82'"
    )


def test_a_broken_tensorflow_is_not_called_missing(tmp_path):
    (tmp_path / "tensorflow.py").write_text("import what_tensorflow_needs")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n" + TRANSFORM.format(handle=URL)
    assert error_of(code) == "ModuleNotFoundError: No module named 'what_tensorflow_needs'"
