"""Texts can be in any sequence and script; their vectors are in the same order."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from saved_models import write_text_model
from sklearn.compose import ColumnTransformer

from skactive.embedding import HubEmbedder

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

TEXTS = ["one", "two or three", "Grüße, 世界 🙂", " x\n"]


def expected_vectors(texts, dim=8, seed=0):
    """Return the output of the model of texts: the mean of a vector for each byte."""
    table = np.random.default_rng(seed).normal(size=(256, dim)).astype(np.float32)
    return np.array([table[list(text.encode())].mean(axis=0) for text in texts])


@pytest.fixture(scope="module")
def embedder(written):
    """Embed with the model of texts, two at a time."""
    return HubEmbedder(written(write_text_model), batch_size=2)


@pytest.mark.parametrize(
    "form",
    [
        list,
        tuple,
        np.array,
        lambda texts: np.array(texts, dtype=object),
        lambda texts: np.array(texts)[:, np.newaxis],
        lambda texts: [np.str_(text) for text in texts],
        lambda texts: np.array(np.repeat(texts, 2))[::2],
    ],
    ids=["list", "tuple", "array", "object array", "column", "NumPy's str", "strided"],
)
def test_texts_come_in_any_sequence(embedder, form):
    vectors = embedder.transform(form(TEXTS))
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, expected_vectors(TEXTS), rtol=1e-5, atol=1e-6)


def test_texts_come_in_numpys_own_strings(embedder):
    if not hasattr(np.dtypes, "StringDType"):
        pytest.skip("NumPy 2 has them")
    texts = np.array(TEXTS, dtype=np.dtypes.StringDType())
    for X in [texts, texts[:, np.newaxis]]:
        assert np.allclose(embedder.transform(X), expected_vectors(TEXTS), atol=1e-6)


@pytest.mark.parametrize("kind", ["object", "string", "str", "category", "string[pyarrow]"])
def test_texts_come_in_columns(embedder, kind):
    pd = pytest.importorskip("pandas", reason="pandas is not installed")
    series = pd.Series(TEXTS, index=[3, 2, 1, 0], name="text").astype(kind)
    for X in [series, series.to_frame()]:
        assert np.allclose(embedder.transform(X), expected_vectors(TEXTS), atol=1e-6)
    table = series.to_frame().assign(n=range(4))
    columns = ColumnTransformer([("text", embedder, "text")], remainder="passthrough")
    vectors = columns.fit_transform(table)
    assert np.allclose(vectors[:, :8], expected_vectors(TEXTS), atol=1e-6)
    assert vectors[:, 8].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("missing", ["None", "float('nan')", "pd.NA", "pd.NaT"])
@pytest.mark.parametrize("kind", ["object", "string", "str"])
def test_missing_texts_of_pandas_are_named(written, missing, kind):
    pd = pytest.importorskip("pandas", reason="pandas is not installed")
    series = pd.Series(["one", None, "two"], dtype=object)
    series[1] = eval(missing, {"pd": pd})  # noqa: S307 - ours
    # In pandas before 3, "str" is Python's type, which converts missing values to words.
    if missing != "pd.NaT" and (kind != "str" or int(pd.__version__.split(".")[0]) >= 3):
        series = series.astype(kind)
    embedder = HubEmbedder(written(write_text_model), errors="nan")
    with pytest.warns(UserWarning, match=r"1 of 3 .+:\n  X\[1\]: .+ \(missing\)$"):
        vectors = embedder.transform(series)
    assert np.isnan(vectors).all(axis=1).tolist() == [False, True, False]


@settings(max_examples=60)
@given(
    texts=st.lists(
        st.text(
            st.characters(exclude_categories=["Cs"]),  # not a part of a character
            min_size=1,
            max_size=40,
        ).filter(str.strip),
        min_size=1,
        max_size=12,
    ),
    batch_size=st.integers(1, 5),
)
def test_rows_are_in_the_order_of_the_texts(written, texts, batch_size):
    embedder = HubEmbedder(written(write_text_model), batch_size=batch_size)
    vectors = embedder.transform(texts)
    np.testing.assert_allclose(vectors, expected_vectors(texts), rtol=1e-4, atol=1e-5)


def test_texts_of_similar_length_share_a_batch(text_model, monkeypatch):
    from skactive.embedding._hub_model import HubModel

    batches = []
    call = HubModel.__call__

    def watched(model, batch):
        batches.append([len(text) for text in batch])
        return call(model, batch)

    monkeypatch.setattr(HubModel, "__call__", watched)
    lengths = [9, 1, 5, 7, 2, 8, 3, 6, 4]
    HubEmbedder(text_model, batch_size=3).transform(["x" * length for length in lengths])
    assert batches == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]


def test_a_text_may_be_long_or_hold_any_character(embedder):
    texts = ["x" * 100_000, "\0", "a\0b", "\ufeff", "\U0010ffff", "e\u0301"]
    expected = expected_vectors(texts)
    np.testing.assert_allclose(embedder.transform(texts), expected, rtol=1e-3, atol=1e-3)


def test_paths_are_texts_for_a_model_of_texts(embedder, pictures):
    names = [str(path) for path in pictures[0]]
    assert np.allclose(embedder.transform(names), expected_vectors(names), atol=1e-5)
    with pytest.raises(ValueError, match=r"X\[0\] is not a text that can be read: .+Path, not str"):
        embedder.transform(pictures[0])


@pytest.mark.parametrize(
    ("X", "error", "sentence"),
    [
        (
            "one text",
            TypeError,
            "X must be a sequence of samples. Got str 'one text' instead. Hint",
        ),
        (b"one text", TypeError, "X must be a sequence of samples. Got bytes b'one text' instead."),
        (None, TypeError, "X must be a sequence of samples. Got NoneType None instead."),
        (7, TypeError, "X must be a sequence of samples. Got int 7 instead."),
        ({"a": "b"}, TypeError, "X must be a sequence of samples. Got dict {'a': 'b'} instead."),
        ({"a"}, TypeError, "X must be a sequence of samples. Got set {'a'} instead."),
        (np.array("one"), TypeError, "X must be a sequence of samples. Got ndarray array('one',"),
        ([], ValueError, "Found array with 0 sample(s)"),
        (np.empty((0, 4)), ValueError, "Found array with 0 sample(s)"),
        (
            np.ones((2, 3)),
            ValueError,
            "must hold texts, and have the shape (n_samples,). Got shape (2, ",
        ),
        (
            np.array([["a", "b"]]),
            ValueError,
            "must hold texts, and have the shape (n_samples,). Got shape",
        ),
        (
            np.ones((2, 8, 8, 3)),
            ValueError,
            "must hold texts, and have the shape (n_samples,). Got shape",
        ),
        (np.ones(2), ValueError, "X[0] is not a text that can be read: "),
        (
            [["a", "b"]],
            ValueError,
            "X[0] is not a text that can be read: ['a', 'b'] (list, not str",
        ),
        ([b"one"], ValueError, "X[0] is not a text that can be read: b'one' (bytes, not str)."),
    ],
)
def test_objects_that_are_not_texts_raise_with_a_sentence(embedder, X, error, sentence):
    with pytest.raises(error) as raised:
        embedder.transform(X)
    assert sentence in str(raised.value)
    assert "\n" not in str(raised.value)


def test_samples_that_are_not_a_sequence_raise(embedder):
    for X in [iter(TEXTS), (text for text in TEXTS), map(str, TEXTS), sp.csr_array(np.eye(3))]:
        with pytest.raises(TypeError, match=r"Hint: put a single sample into a list, and convert "):
            embedder.transform(X)


def test_a_table_of_several_columns_names_them(embedder):
    pd = pytest.importorskip("pandas", reason="pandas is not installed")
    table = pd.DataFrame({"text": TEXTS, "label": TEXTS})
    with pytest.raises(
        ValueError, match=r"Got 2 columns: \['text', 'label'\]\. Hint: select a col"
    ):
        embedder.transform(table)
