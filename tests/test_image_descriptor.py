"""ImageDescriptor: one vector for a picture in each form, by itself and from a cache."""

import pickle
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pictures import smooth
from scikit_learns_checks import each_check_of
from sklearn.base import clone
from sklearn.exceptions import SkipTestWarning
from sklearn.pipeline import make_pipeline
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from skactive import ActiveLearner
from skactive.embedding import (
    CachedTransformer,
    ImageDescriptor,
    UnreadableSampleError,
    UnreadableSampleWarning,
    _histograms,
)
from skactive.semi_supervised import IncrementalLabelSpreading

image_module = pytest.importorskip("PIL.Image", reason="Pillow is not installed")

ORIENTATION = 0x0112


def checks_of_any_estimator():
    """Parametrize with scikit-learn's checks, of which all that pass on numbers are left out."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SkipTestWarning)
        return each_check_of(ImageDescriptor())


@checks_of_any_estimator()
def test_scikit_learns_checks_of_any_estimator_pass(estimator, check):
    check(estimator)


def drawn(n, seed=0):
    """Draw pictures of 64 × 64 pixels, which are not resized."""
    return np.stack([smooth(64, 64, seed + at) for at in range(n)])


def plain(pixels, gradient_weight):
    """Return the vector of an image by loops over its pixels."""
    colours = np.zeros((6, 6, 6))
    cells = np.zeros((4, 4, 9))
    grey = pixels.astype(float) @ [0.299, 0.587, 0.114] / 255
    for row in range(64):
        for column in range(64):
            colours[tuple(int(level) * 6 // 256 for level in pixels[row, column])] += 1
            across = grey[row, column + 1] - grey[row, column - 1] if 0 < column < 63 else 0
            down = grey[row + 1, column] - grey[row - 1, column] if 0 < row < 63 else 0
            turn = np.degrees(np.arctan2(down, across)) % 180 / 20
            for bin_, share in ((int(turn), 1 - turn % 1), (int(turn) + 1, turn % 1)):
                cells[row // 16, column // 16, bin_ % 9] += share * np.hypot(across, down)
    blocks = []
    for top in range(3):
        for left in range(3):
            block = cells[top : top + 2, left : left + 2].ravel()
            blocks.append(np.minimum(block / np.sqrt(1 + block @ block), 0.2))
    gradients = np.concatenate(blocks)
    return np.concatenate(
        [
            np.sqrt((1 - gradient_weight) * colours.ravel() / 64**2),
            np.sqrt(gradient_weight) * gradients / np.linalg.norm(gradients),
        ]
    )


def test_vectors_are_those_of_plain_loops():
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    pictures = [*drawn(2), noise]
    for weight in (0.3, 0.7):
        expected = [plain(one, weight) for one in pictures]
        found = ImageDescriptor(gradient_weight=weight).transform(pictures)
        np.testing.assert_allclose(found, expected, atol=1e-4)


def test_every_form_of_the_same_pictures_gives_the_same_vectors(tmp_path):
    pixels = drawn(3)
    paths = [tmp_path / f"{at}.png" for at in range(3)]
    for path, one in zip(paths, pixels, strict=True):
        image_module.fromarray(one).save(path)
    column = np.empty(3, dtype=object)
    column[:] = [str(path) for path in paths]
    forms = {
        "paths": paths,
        "object array": column,
        "column": column[:, np.newaxis],
        "images": [image_module.fromarray(one) for one in pixels],
        "arrays": list(pixels),
        "integers": pixels.astype(np.int64),
        "with alpha": [np.dstack([one, np.full((64, 64), 255, np.uint8)]) for one in pixels],
        "float32": pixels / np.float32(255),
        "floats and bytes": [pixels[0] / 255, *pixels[1:]],
    }
    expected = ImageDescriptor().transform(pixels)
    for form, X in forms.items():
        np.testing.assert_array_equal(ImageDescriptor().transform(X), expected, err_msg=form)
    pd = pytest.importorskip("pandas", reason="pandas is not installed")
    table = pd.DataFrame({"file": column}, index=list("abc"))
    np.testing.assert_array_equal(ImageDescriptor().transform(table), expected)
    shown = ImageDescriptor().set_output(transform="pandas").transform(table)
    assert shown.columns[[0, 539]].tolist() == ["imagedescriptor0", "imagedescriptor539"]


def test_pictures_are_upright_opaque_and_in_colour(tmp_path):
    pixels = smooth(64, 64)
    exif = image_module.Exif()
    exif[ORIENTATION] = 6
    turned = tmp_path / "turned.png"
    image_module.fromarray(np.rot90(pixels)).save(turned, exif=exif)
    hidden = np.dstack([pixels, np.zeros((64, 64), np.uint8)])
    white = np.full((64, 64, 3), 255, np.uint8)
    grey = pixels[..., 0]
    pairs = [(turned, pixels), (hidden, white), (grey, np.dstack([grey] * 3))]
    for one, other in pairs:
        first, second = ImageDescriptor().transform([one, other])
        np.testing.assert_array_equal(first, second)


sizes = st.tuples(st.integers(1, 70), st.integers(1, 70), st.sampled_from([1, 3, 4]))
pictures = sizes.flatmap(lambda size: hnp.arrays(np.uint8, size, fill=st.integers(0, 255)))


@settings(max_examples=15, deadline=None)
@given(st.lists(pictures, min_size=1, max_size=5), st.integers(1, 3), st.data())
def test_each_vector_has_length_1_and_depends_on_its_picture_alone(samples, batch_size, data):
    order = data.draw(st.permutations(range(len(samples))))
    vectors = ImageDescriptor().transform(samples)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(samples), 540)
    assert vectors.min() >= 0
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    permuted = ImageDescriptor(batch_size=batch_size).transform([samples[at] for at in order])
    np.testing.assert_array_equal(permuted, vectors[order])


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 99), st.floats(0, 0.99))
def test_similarity_is_the_weighted_mean_of_those_of_colours_and_gradients(seed, weight):
    pixels = drawn(2, seed)
    one, other = ImageDescriptor(gradient_weight=weight).transform(pixels)
    colours = np.multiply(*_histograms.colour_histograms(pixels)).sum()
    gradients = np.multiply(*_histograms.gradient_histograms(pixels)).sum()
    assert one @ other == pytest.approx((1 - weight) * colours + weight * gradients, abs=1e-5)


def test_colours_do_not_depend_on_the_place_but_gradients_do():
    picture = smooth(64, 64)
    one, mirrored = ImageDescriptor().transform([picture, picture[:, ::-1]])
    np.testing.assert_array_equal(one[:216], mirrored[:216])
    assert not np.allclose(one[216:], mirrored[216:])


@pytest.fixture
def faulty(tmp_path):
    """Write pictures, of which the second and the fourth cannot be read."""
    paths = [tmp_path / f"{at}.png" for at in range(5)]
    for at, path in enumerate(paths):
        image_module.fromarray(smooth(20, 30, at)).save(path)
    paths[1].write_bytes(b"no picture")
    return [*paths[:3], None, paths[4]]


def test_an_unreadable_picture_is_named_by_its_position(faulty):
    with pytest.raises(UnreadableSampleError, match=r"X\[1\] is not an image .+1\.png") as raised:
        ImageDescriptor().transform(faulty)
    assert raised.value.position == 1
    with pytest.warns(UnreadableSampleWarning, match="2 of 5 samples") as warned:
        vectors = ImageDescriptor(errors="nan", batch_size=1).transform(faulty)
    assert warned[0].filename == __file__
    assert np.isnan(vectors).all(axis=1).tolist() == [False, True, False, True, False]
    expected = ImageDescriptor().transform([faulty[0], faulty[2], faulty[4]])
    np.testing.assert_array_equal(vectors[[0, 2, 4]], expected)
    with pytest.warns(UnreadableSampleWarning, match="2 of 2"):
        assert np.isnan(ImageDescriptor(errors="nan").transform([None, ""])).all()


@pytest.mark.parametrize("way", ["own", "wrapped"])
def test_vectors_are_cached_by_content_and_parameters(faulty, tmp_path, monkeypatch, way):
    def cached(**parameters):
        if way == "own":
            return ImageDescriptor(cache=tmp_path / "vectors", errors="nan", **parameters)
        descriptor = ImageDescriptor(errors="nan", **parameters)
        return CachedTransformer(descriptor, tmp_path / "vectors", batch_size=2)

    with pytest.warns(UnreadableSampleWarning, match=r"X\[1\].+\n  X\[3\]"):
        first = cached().fit_transform(faulty)
    with pytest.warns(UnreadableSampleWarning):
        other = cached(gradient_weight=0.6).transform(faulty)
    assert not np.allclose(other[0], first[0])
    described = "skactive.embedding._image_descriptor.described"
    monkeypatch.setattr(described, lambda *arguments: pytest.fail("described again"))
    reordered = [None, faulty[0].rename(tmp_path / "renamed.png"), faulty[4], faulty[1]]
    with pytest.warns(UnreadableSampleWarning, match=r"X\[0\].+None.+\n  X\[3\].+1\.png"):
        again = cached().transform(reordered)
    np.testing.assert_array_equal(again[1:3], first[[0, 4]])


def test_it_needs_no_fit_and_is_copied_with_its_parameters():
    descriptor = ImageDescriptor(gradient_weight=0.5)
    check_is_fitted(descriptor)
    assert descriptor.fit() is descriptor
    assert not get_tags(descriptor).requires_fit
    expected = descriptor.transform(drawn(2))
    for copy in (clone(descriptor), pickle.loads(pickle.dumps(descriptor))):
        np.testing.assert_array_equal(copy.fit_transform(drawn(2)), expected)


def test_a_learner_tells_red_pictures_from_green_ones():
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 90, (40, 16, 16, 3), dtype=np.uint8)
    y = np.arange(40) % 2
    pictures[np.arange(40), :, :, y] += 120
    learner = ActiveLearner(
        make_pipeline(ImageDescriptor(), IncrementalLabelSpreading()), X_pool=list(pictures[:30])
    )
    learner.teach([0, 1], ["red", "green"])
    expected = np.array(["red", "green"])[y[30:]].tolist()
    assert learner.predict(list(pictures[30:])).tolist() == expected
