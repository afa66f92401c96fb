"""Equal contents have equal keys, in every process; different ones never."""

import datetime as dt
import os
import subprocess
import sys
from collections import OrderedDict
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from skactive._io.content_keys import content_key


def key(sample, *, identity=b"model 1", paths=False):
    return content_key(identity, sample, paths=paths)


plain = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.decimals(allow_nan=False)
    | st.dates()
    | hnp.arrays(st.sampled_from(["i2", "f4", "f8", "U3", "S2", "M8[s]"]), hnp.array_shapes())
)
samples = st.recursive(
    plain,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=2), inner, max_size=2)
    ),
    max_leaves=6,
)


def written(sample):
    """Return the content of a sample in words."""
    if isinstance(sample, np.ndarray):
        return f"array {sample.dtype} {sample.shape} {sample.tobytes()!r}"
    if isinstance(sample, list | tuple):
        return f"{type(sample).__name__}({', '.join(map(written, sample))})"
    if isinstance(sample, dict):
        return f"dict({', '.join(f'{k!r}: {written(v)}' for k, v in sample.items())})"
    return f"{type(sample).__name__} {sample!r}"


@given(samples, samples)
def test_keys_are_equal_exactly_where_contents_are(one, other):
    assert (key(one) == key(other)) == (written(one) == written(other))
    assert len(key(one)) == 20


@given(st.text(), st.binary(), st.binary())
def test_another_identity_makes_another_key(text, one, other):
    assert (key(text, identity=one) == key(text, identity=other)) == (one == other)


@given(st.lists(st.text(max_size=3), max_size=4), st.lists(st.text(max_size=3), max_size=4))
def test_parts_never_run_into_each_other(one, other):
    assert (key(one) == key(other)) == (one == other)


DIFFERENT = [
    "1",
    b"1",
    1,
    1.0,
    True,
    None,
    "",
    [],
    (),
    {},
    [1],
    (1,),
    [[1]],
    [1, []],
    {1: 2},
    {2: 1},
    Decimal(1),
    complex(1),
    -0.0,
    0.0,
    float("nan"),
    np.float32(1),
    np.float64(1),
    np.int8(1),
    np.array([1.0]),
    np.array([[1.0]]),
    np.array([1.0], dtype=">f8"),
    np.array([1.0], dtype=object),
    np.array(["1"], dtype=object),
    np.array([1], dtype=[("a", "i4")]),
    np.array([1], dtype=[("b", "i4")]),
    np.ma.array([1.0], mask=[True]),
    np.ma.array([1.0], mask=[False]),
    np.array(["2020-01-01"], dtype="M8[D]"),
    np.array(["2020-01-01"], dtype="M8[s]"),
    dt.date(2020, 1, 1),
    dt.datetime(2020, 1, 1),
    dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
    dt.time(1),
    dt.timedelta(1),
    "\ud800",
]


def test_kinds_never_share_a_key():
    assert len({key(sample) for sample in DIFFERENT}) == len(DIFFERENT)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("pear", np.str_("pear")),
        (b"pear", np.bytes_(b"pear")),
        (np.arange(6.0)[::2], np.array([0.0, 2.0, 4.0])),
        (np.arange(6).reshape(2, 3).T, np.arange(6).reshape(2, 3).T.copy()),
        ({"a": 1}, OrderedDict(a=1)),
        (float("nan"), -float("nan")),
    ],
)
def test_the_same_content_in_another_form_has_the_same_key(one, other):
    assert key(one) == key(other)


def test_keys_are_those_of_any_process():
    program = (
        "from skactive._io.content_keys import content_key\n"
        "print(content_key(b'model 1', ['pear', 1.5, {'a': (None, b'x')}], paths=False).hex())"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == key(["pear", 1.5, {"a": (None, b"x")}]).hex()
    # A constant: with another value, all stored vectors would be lost.
    assert key("pear").hex() == "2ae2961ff2693cb2ea70d5f6b2edd26877a445f3"


def test_a_file_counts_by_its_content_alone(tmp_path):
    first, second = tmp_path / "a.jpg", tmp_path / "b.jpg"
    for content in [b"", b"x", os.urandom(200_000)]:
        first.write_bytes(content)
        second.write_bytes(content)
        assert key(first) == key(second)
        stat = first.stat()
        first.write_bytes(content[:-1] + b"y")
        os.utime(first, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        assert key(first) != key(second)
        assert key(first) != key(first.read_bytes())


@pytest.mark.parametrize("sample", [Path("no such file"), [Path("no such file")], Path("a\0b")])
def test_an_unreadable_sample_has_no_key(sample):
    assert key(sample) is None


def test_a_folder_has_no_key(tmp_path):
    assert key(tmp_path) is None


@pytest.mark.parametrize("wrap", [lambda s: s, lambda s: (s, 1), lambda s: {"a": [s]}])
def test_a_string_that_names_a_file_counts_by_both(tmp_path, wrap):
    first, second = str(tmp_path / "a.txt"), str(tmp_path / "b.txt")
    missing = key(wrap(first), paths=True)
    assert missing == key(wrap(first))
    for name in [first, second]:
        Path(name).write_text("one")
    keys = {missing, key(wrap(first), paths=True), key(wrap(second), paths=True)}
    Path(first).write_text("two")
    keys.add(key(wrap(first), paths=True))
    assert len(keys) == 4
    assert key(wrap(first)) == missing
    assert key(str(tmp_path), paths=True) == key(str(tmp_path))
    assert key("a\0b", paths=True) == key("a\0b")
    assert key("\ud800", paths=True) == key("\ud800")


def images():
    image_module = pytest.importorskip("PIL.Image")
    noise = np.random.default_rng(0).integers(256, size=(6, 4, 3), dtype=np.uint8)
    colours = image_module.fromarray(noise)
    grey, indexed = colours.convert("L"), colours.convert("P")
    other_palette = indexed.copy()
    other_palette.putpalette(list(range(255, -1, -1)) * 3)
    turned, clear, profile = colours.copy(), indexed.copy(), colours.copy()
    turned.getexif()[0x0112] = 6
    clear.info["transparency"] = 3
    profile.info["icc_profile"] = b"some profile"
    tall = image_module.frombytes("L", (2, 12), grey.tobytes())
    return [colours, grey, indexed, other_palette, turned, clear, profile, tall, noise]


def test_images_differ_in_all_that_shows():
    made = images()
    assert len({key(image) for image in made}) == len(made)
    assert key(made[0]) == key(made[0].copy())


def test_an_image_that_cannot_be_decoded_has_no_key(tmp_path):
    image_module = pytest.importorskip("PIL.Image")
    images()[0].resize((300, 300)).save(tmp_path / "image.png")
    content = (tmp_path / "image.png").read_bytes()
    (tmp_path / "image.png").write_bytes(content[: len(content) // 2])
    with image_module.open(tmp_path / "image.png") as image:
        assert key(image) is None


def test_missing_values_and_times_of_pandas_have_keys():
    pd = pytest.importorskip("pandas")
    values = [pd.NA, pd.NaT, None, pd.Timestamp(0), pd.Timestamp(1), pd.Timedelta(1)]
    assert len({key(value) for value in values}) == len(values)


class Words(np.ndarray):
    """A subclass of arrays that may have more than its numbers."""


@pytest.mark.parametrize(
    ("sample", "sentence"),
    [
        (object(), r"A object has no content that is known\. Hint: samples are paths, strings"),
        ([{1}], r"A set has no content that is known"),
        (np.zeros(2).view(Words), r"A Words may have content beside its numbers\. Hint: pass"),
        (np.array([object()]), r"A object has no content"),
    ],
)
def test_content_that_is_not_known_is_an_error(sample, sentence):
    with pytest.raises(TypeError, match=sentence):
        key(sample)
