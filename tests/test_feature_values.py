"""Features of any type and container have the values that they show, or are refused."""

import datetime as dt
import tempfile
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from skactive import ActiveLearner
from skactive.datasets import open_vectors, write_vectors
from skactive.metric_learning import WithinClassWhitening
from skactive.neighbors import (
    BlockwiseKNeighborsTransformer,
    IncrementalKNeighborsClassifier,
    NeighborGraph,
)
from skactive.pool import Pool
from skactive.semi_supervised import IncrementalLabelSpreading

X = np.random.default_rng(0).integers(-8, 9, size=(8, 3)) / 4 + 0.125
Y = [0, 1] * 4
LABELS = np.where(np.arange(8) < 4, Y, -1)


def written(features, path):
    return np.asarray(open_vectors(write_vectors(path / "v.npy", features)))


def dense(values):
    return values.toarray() if sp.issparse(values) else np.asarray(values)


def pool_of(features):
    return dense(Pool(features).X)


def seed_set(features):
    return dense(Pool(X, X_labeled=features, y_labeled=Y).labeled_samples()[0])


ESTIMATORS = {
    "k-NN": lambda features: IncrementalKNeighborsClassifier().fit(features, Y),
    "spreading": lambda features: IncrementalLabelSpreading().fit(features, LABELS),
    "graph": lambda features: NeighborGraph.of(features, n_neighbors=2),
    "transformer": lambda features: BlockwiseKNeighborsTransformer(2).fit(features),
    "whitening": lambda features: WithinClassWhitening().fit(features, Y),
    "learner": lambda features: ActiveLearner(X_pool=features).query(),
    "fitted": lambda features: IncrementalKNeighborsClassifier().fit(X, Y).predict(features),
}
POOLS = {"pool": pool_of, "seed set": seed_set}


def changed(column):
    """Return X as nested lists, with other values in its last column."""
    return [[*row[:2], value] for row, value in zip(X.tolist(), column, strict=True)]


def objects(column):
    return np.array(changed(column), dtype=object)


def cells(values):
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def frames():
    """Return DataFrames with the values of X, and those with others, by name."""
    pd = pytest.importorskip("pandas")
    plain = pd.DataFrame(X, columns=["a", "b", "c"])

    def with_column(values):
        is_index = isinstance(values, pd.Index) and values.dtype == object
        return plain.assign(c=values.to_series(index=plain.index) if is_index else values)

    same = {
        "plain": plain,
        "float32": plain.astype("float32"),
        "nullable": plain.astype("Float64"),
        "sparse": plain.astype(pd.SparseDtype("float", 0.0)),
        "categories": with_column(pd.Categorical(X[:, 2])),
        "strings": with_column(X[:, 2].astype(str)),
        "objects": plain.astype(object),
        "index": plain.set_axis(range(8, 0, -1)),
        "two levels": plain.set_axis(pd.MultiIndex.from_product([["a"], [1, 2, 3]]), axis=1),
    }
    days = pd.date_range("2020", periods=8)
    other = {
        "missing": with_column(pd.array([1, None] * 4, dtype="Int64")),
        "missing bool": with_column(pd.array([True, None] * 4, dtype="boolean")),
        "missing object": with_column([1.0, pd.NA] * 4),
        "NaT": with_column(cells([1.0, pd.NaT] * 4)),
        "dates": with_column(days),
        "dates only": pd.DataFrame({"a": days, "b": days, "c": days}),
        "zone": with_column(days.tz_localize("UTC")),
        "durations": with_column(days - days[0]),
        "durations only": pd.DataFrame(dict.fromkeys("abc", days - days[0])),
        "objects of dates": with_column(days.astype(object)),
        "categories of dates": with_column(pd.Categorical(days)),
        "periods": with_column(pd.period_range("2020", periods=8)),
        "intervals": with_column(pd.cut(X[:, 2], 3)),
        "words": with_column(["red", "green"] * 4),
        "categories of words": with_column(pd.Categorical(["red", "green"] * 4)),
        "complex": with_column(X[:, 2] + 1j),
        "vectors": pd.DataFrame({"v": cells(list(X))}),
        "lists": with_column(cells(X.tolist())),
    }
    try:
        import pyarrow as pa
    except ImportError:
        return same, other
    same["Arrow"] = plain.astype("double[pyarrow]")
    same["Arrow decimals"] = plain.astype(pd.ArrowDtype(pa.decimal128(12, 3)))
    same["Arrow strings"] = with_column(pd.array(X[:, 2].astype(str), "string[pyarrow]"))
    same["table"] = pa.table({name: plain[name].to_numpy() for name in plain})
    other["Arrow missing"] = plain.astype("double[pyarrow]").mask(plain > 1)
    other["Arrow dates"] = with_column(pd.Series(days).astype("timestamp[ns][pyarrow]"))
    other["Arrow durations"] = with_column(
        pd.Series(days - days[0]).astype("duration[ns][pyarrow]")
    )
    other["Arrow lists"] = pd.DataFrame(
        {"v": pd.Series(X.tolist(), dtype=pd.ArrowDtype(pa.list_(pa.float64())))}
    )
    other["table of dates"] = pa.table({name: days.to_numpy() for name in "abc"})
    return same, other


SAME = {
    "array": X,
    "lists": X.tolist(),
    "tuples": tuple(map(tuple, X)),
    "rows": list(X),
    "Fortran": np.asfortranarray(X),
    "float16": X.astype(np.float16),
    "long double": X.astype(np.longdouble),
    "big-endian": X.astype(">f8"),
    "big-endian float32": X.astype(">f4"),
    "strings": X.astype(str),
    "bytes": X.astype("S"),
    "objects": X.astype(object),
    "decimals": objects(map(Decimal, X[:, 2])),
    "fractions": objects(map(Fraction, X[:, 2])),
    "NumPy scalars": objects(map(np.float32, X[:, 2])),
    "not masked": np.ma.array(X, mask=False),
    "masked without mask": np.ma.array(X),
    "view": memoryview(X),
}
SPARSE = {
    "CSR": sp.csr_matrix(X),
    "COO array": sp.coo_array(X),
    "sparse float32": sp.csc_matrix(X.astype(np.float32)),
}
MASKED = np.ma.array(X, mask=X > 1, fill_value=0.5)
OTHER = {
    "masked": MASKED,
    "one masked": np.ma.array(X, mask=np.arange(24).reshape(8, 3) == 5),
    "masked objects": np.ma.array(X.astype(object), mask=X > 1),
    "masked integers": np.ma.array((4 * X).astype(int), mask=X > 1),
    "list of masked rows": list(MASKED),
    "masked constant": changed([np.ma.masked] * 8),
    "masked constant in objects": objects([np.ma.masked, 1.0] * 4),
    "complex": X + 1j,
    "complex without imaginary part": X + 0j,
    "complex list": changed([1j] * 8),
    "complex object": objects([1j] * 8),
    "datetime64": X.astype("M8[s]"),
    "datetime64 list": np.array(X, "M8[D]").tolist(),
    "list of datetime64 rows": list(X.astype("M8[s]")),
    "timedelta64": X.astype("m8[ms]"),
    "datetime64 objects": objects([np.datetime64("2020-01-01")] * 8),
    "timedelta64 objects": objects([np.timedelta64(5, "D")] * 8),
    "dates": objects([dt.date(2020, 1, 1)] * 8),
    "durations": changed([dt.timedelta(1)] * 8),
    "NaN": changed([np.nan] * 8),
    "None": objects([None] * 8),
    "infinity": changed([np.inf] * 8),
    "huge": changed([10**400] * 8),
    "words": changed(["red"] * 8),
    "underscore": objects(["1_0"] * 8),
    "hexadecimal": objects(["0x10"] * 8),
    "empty string": objects([""] * 8),
    "vectors": cells(list(X)),
    "nested": cells([[1.0], [2.0]] * 4),
    "ragged": [*X.tolist()[:7], [1.0]],
    "dict": cells([{"a": 1}] * 8),
    "records": np.array([tuple(row) for row in X], dtype=[("a", "f8"), ("b", "f8"), ("c", "f8")]),
    "1-d": X[:, 0],
    "3-d": X[:, :, np.newaxis],
    "0-d": np.float64(3),
}
SPARSE_OTHER = {"complex": sp.csr_matrix(X + 1j), "NaN": sp.csr_matrix(np.full((8, 3), np.nan))}


def assert_refused(call, features):
    with pytest.raises((ValueError, TypeError)) as raised:
        call(features)
    sentence = str(raised.value)
    assert sentence.count("\n") < 12
    assert any(word in sentence for word in ["Hint: ", "NaN", "infinity", "array", "data"])


@pytest.mark.parametrize("name", SAME)
def test_values_are_those_that_are_shown(name, tmp_path):
    features = SAME[name]
    for call in POOLS.values():
        np.testing.assert_array_equal(call(features), X)
    np.testing.assert_array_equal(written(features, tmp_path), X)
    for call in ESTIMATORS.values():
        call(features)
    expected = IncrementalKNeighborsClassifier().fit(X, Y).kneighbors(X)
    found = IncrementalKNeighborsClassifier().fit(features, Y).kneighbors(X)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.filterwarnings("ignore:Warning. converting a masked element to nan")
@pytest.mark.parametrize("name", OTHER)
def test_other_values_are_refused(name, tmp_path):
    for call in [*POOLS.values(), *ESTIMATORS.values()]:
        if not (name == "0-d" and call is ESTIMATORS["learner"]):
            assert_refused(call, OTHER[name])
    assert_refused(lambda features: written(features, tmp_path), OTHER[name])
    assert not list(tmp_path.iterdir())


@pytest.mark.filterwarnings("ignore:X has feature names")
@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_frames_have_the_values_that_they_show(tmp_path):
    same, other = frames()
    for name, features in same.items():
        for call in POOLS.values():
            np.testing.assert_array_equal(call(features), X, err_msg=name)
        np.testing.assert_array_equal(written(features, tmp_path), X, err_msg=name)
        for estimator, call in ESTIMATORS.items():
            if (name, estimator) != ("sparse", "whitening"):  # which takes dense features only
                call(features)
    (tmp_path / "v.npy").unlink()
    for features in other.values():
        for call in [*POOLS.values(), *ESTIMATORS.values()]:
            assert_refused(call, features)
        assert_refused(lambda features: written(features, tmp_path), features)
    assert not list(tmp_path.iterdir())


def test_sparse_features_have_the_values_that_they_show(tmp_path):
    for features in SPARSE.values():
        np.testing.assert_array_equal(pool_of(features), X)
        ESTIMATORS["k-NN"](features)
        with pytest.raises(TypeError, match=r"X is sparse, but vectors are stored dense\. Hint:"):
            written(features, tmp_path)
    for features in SPARSE_OTHER.values():
        assert_refused(pool_of, features)
        assert_refused(ESTIMATORS["k-NN"], features)


@pytest.mark.parametrize(
    ("features", "sentence"),
    [
        (
            MASKED,
            r"^X_pool has masked values, first in row \d\. Hint: fill in such values, or leave",
        ),
        (X.astype("M8[s]"), r"^X_pool holds datetime64\[s\], not numbers\. Hint: leave dates and"),
        (
            objects(["1"] * 5 + ["red"] * 3),
            r"^X_pool holds what is not a number: .*'red', first in row 5",
        ),
        (X + 1j, r"^Complex data not supported: X_pool is complex128\. Hint: pass real and"),
        (
            X * 1e-50,
            r"^Row 0 of X_pool has only numbers below 1\.2e-38, which float32 does not hold",
        ),
        (sp.csr_matrix(X * 1e-50), r"^Row 0 of X_pool has only numbers below 1\.2e-38"),
    ],
)
def test_the_sentence_names_the_place_and_the_remedy(features, sentence):
    with pytest.raises((ValueError, TypeError), match=sentence):
        ActiveLearner(X_pool=features)


def row(scale):
    return np.vstack([X, scale * np.array([[0.5, -1.0, 0.0]])])


@given(st.floats(1e-300, 1e300), st.sampled_from(["float16", "float32", "float64"]))
def test_a_stored_row_is_close_to_the_given_one_or_refused(scale, dtype):
    given_rows = row(scale)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "v.npy"
        try:
            write_vectors(path, given_rows, dtype=dtype)
        except ValueError as error:
            refused = str(error)
        else:
            refused = ""
            stored = np.asarray(open_vectors(path)).astype(np.float64)
            precision = np.finfo(dtype).eps
            np.testing.assert_allclose(stored[-1], given_rows[-1], rtol=precision)
    limits = np.finfo(dtype)
    if refused:
        assert refused.startswith("Row 8 of X has ")
        assert not float(limits.tiny) <= scale < float(limits.max)
    elif dtype != "float64":
        assert scale >= 0.99 * float(limits.tiny)


def test_the_remedy_for_small_numbers_works(tmp_path):
    path = tmp_path / "v.npy"
    with pytest.raises(
        ValueError, match=r"Row 0 of X has only numbers below 6\.1e-05, which float16"
    ) as raised:
        write_vectors(path, X * 1e-8)
    assert str(raised.value).endswith("Hint: scale X, or pass dtype='float32'.")
    write_vectors(path, X * 1e-8, dtype="float32")
    np.testing.assert_allclose(np.asarray(open_vectors(path)), X * 1e-8, rtol=1e-6)
    # Rows of zeros are no rows that vanish.
    write_vectors(path, X * 0)
