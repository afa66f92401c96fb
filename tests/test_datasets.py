"""Vectors and labels are read as they were written, and each error is one sentence."""

import sys

import numpy as np
import pytest

from skactive.datasets import load_vectors

X_HALF = np.array([[1.5, 2.0], [3.0, 4.0], [5.0, 0.5]], dtype=np.float16)
CODES = np.array([1, 0, 1], dtype=np.int16)
CLASSES = np.array(["apple", "orange"])
GOOD_CSV = "width,height,label\n1.5,2,orange\n3,4,apple\n5,0.5,orange\n"


@pytest.fixture
def npz(tmp_path):
    def write(**arrays):
        np.savez(tmp_path / "fruits.npz", **arrays)
        return tmp_path / "fruits.npz"

    return write


@pytest.fixture
def csv(tmp_path):
    def write(text, name="fruits.csv"):
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return tmp_path / name

    return write


@pytest.fixture
def parquet(tmp_path):
    pd = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")

    def write(**columns):
        pd.DataFrame(columns).to_parquet(tmp_path / "fruits.parquet")
        return tmp_path / "fruits.parquet"

    return write


def message_of(path, exception=ValueError, **parameters):
    """Return the one sentence that reading raises, without the folder of the file."""
    with pytest.raises(exception) as caught:
        load_vectors(path, **parameters)
    text = str(caught.value)
    assert "\n" not in text
    return text.replace(f"{path.parent}/", "")


def test_half_precision_becomes_float32_and_codes_become_names(npz):
    X, y = load_vectors(npz(x=X_HALF, y=CODES, classes=CLASSES))
    assert X.dtype == np.float32
    np.testing.assert_array_equal(X, X_HALF)
    assert y.tolist() == ["orange", "apple", "orange"]


def test_codes_without_names_stay_codes(npz):
    assert load_vectors(npz(X=X_HALF, y=CODES))[1].tolist() == [1, 0, 1]


def test_labels_that_are_names_already_are_not_looked_up(npz):
    y = np.array(["b", "a", "b"])
    assert load_vectors(npz(x=X_HALF, y=y, classes=CLASSES))[1].tolist() == ["b", "a", "b"]


def test_arrays_of_an_archive_are_chosen_by_their_keys(npz):
    path = npz(x=X_HALF, y=CODES, vectors=X_HALF * 2, kind=CODES + 1)
    X, y = load_vectors(path, features="vectors", label="kind")
    np.testing.assert_array_equal(X, X_HALF * 2)
    assert y.tolist() == [2, 1, 2]


@pytest.mark.parametrize(
    ("dtype", "read_as"),
    [
        (np.bool_, np.float32),
        (np.uint8, np.float32),
        (np.int16, np.float32),
        (np.int32, np.float64),
        (np.float32, np.float32),
        (np.float64, np.float64),
        (np.longdouble, np.float64),
    ],
)
def test_numbers_keep_their_precision(npz, dtype, read_as):
    values = np.array([[1, 0], [0, 1], [1, 1]], dtype=dtype)
    X, _ = load_vectors(npz(x=values, y=CODES))
    assert X.dtype == read_as
    np.testing.assert_array_equal(X, values)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (np.array([1.0, 0.0, 1.0]), [1, 0, 1]),
        (np.array([True, False, True]), [True, False, True]),
        (np.array([b"a", b"b", b"a"]), ["a", "b", "a"]),
        (np.array([["a"], ["b"], ["a"]]), ["a", "b", "a"]),
    ],
)
def test_labels_of_each_type_are_read(npz, written, read):
    y = load_vectors(npz(x=X_HALF, y=written))[1]
    assert y.tolist() == read
    assert y.dtype.kind in "iUb"


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        ({"x": X_HALF}, "fruits.npz has no array of labels named 'y' or 'label'"),
        ({"vec": X_HALF, "y": CODES}, "no array of vectors named 'X' or 'x'. Its arrays are: vec"),
        ({"x": X_HALF, "y": CODES[:2]}, "x in fruits.npz has 3 rows, but y has 2 labels."),
        ({"x": X_HALF, "y": CODES * 0}, "y in fruits.npz has one class only, 0. Hint"),
        (
            {"x": X_HALF, "y": CODES + 1, "classes": CLASSES},
            "y[0] in fruits.npz is 2, but the",
        ),
        ({"x": X_HALF, "y": CODES - 1, "classes": CLASSES}, "y[1] in fruits.npz is -1, but"),
        ({"x": X_HALF, "y": np.array([1, 0, np.nan])}, "y[2] in fruits.npz is missing."),
        ({"x": X_HALF, "y": np.array([1, 0, 0.5])}, "y[2] in fruits.npz is 0.5, which is not a"),
        ({"x": X_HALF, "y": np.array(["a", "", "b"])}, "y[1] in fruits.npz is missing."),
        ({"x": X_HALF, "y": np.array([1j, 0, 0])}, "values of type complex128, which are no class"),
        ({"x": X_HALF, "y": np.eye(3)}, "Got y of shape (3, 3) in fruits.npz"),
        ({"x": X_HALF[..., None], "y": CODES}, "Got x of shape (3, 2, 1) in fruits.npz"),
        ({"x": X_HALF[:0], "y": CODES[:0]}, "Got x of shape (0, 2) in fruits.npz"),
        ({"x": CLASSES[CODES][:, None], "y": CODES}, "Got x of type <U6 in fruits.npz"),
    ],
)
def test_a_faulty_array_is_named(npz, arrays, sentence):
    assert sentence in message_of(npz(**arrays))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_number_that_is_not_finite_is_named_by_row_and_column(npz, value):
    x = X_HALF.copy()
    x[2, 1] = value
    assert f"Row 2, column 1 of x in fruits.npz is {value}, which is not finite." in message_of(
        npz(x=x, y=CODES)
    )


@pytest.mark.parametrize("key", ["features", "label"])
def test_a_missing_key_of_an_archive_raises_with_the_existing_ones(npz, key):
    text = message_of(npz(x=X_HALF, y=CODES), **{key: "nope"})
    assert text == "fruits.npz has no array 'nope'. Its arrays are: x, y. Hint: pass one of them."


def test_two_arrays_of_vectors_are_one_too_many(npz):
    text = message_of(npz(x=X_HALF, y=CODES), features=["x", "y"])
    assert "Got 2 names for fruits.npz: ['x', 'y']" in text


@pytest.mark.parametrize("key", ["x", "y"])
def test_object_arrays_are_refused_and_never_unpickled(npz, key, monkeypatch):
    monkeypatch.setattr("pickle.load", lambda *_, **__: pytest.fail("unpickled"))
    arrays = {"x": X_HALF, "y": CODES}
    arrays[key] = arrays[key].astype(object)
    assert f"{key} in fruits.npz is an object array" in message_of(npz(**arrays))


def test_a_truncated_archive_is_an_error(npz):
    path = npz(x=X_HALF, y=CODES)
    path.write_bytes(path.read_bytes()[:-40])
    assert "is not a complete .npz archive: it is truncated" in message_of(path)


def test_a_damaged_archive_is_an_error(npz):
    path = npz(x=X_HALF, y=CODES)
    raw = bytearray(path.read_bytes())
    place = raw.index(X_HALF.tobytes())
    raw[place] ^= 0xFF
    path.write_bytes(bytes(raw))
    assert "x in fruits.npz cannot be read: the file is truncated, damaged" in message_of(path)


@pytest.mark.parametrize("label", [2, -1, "2"])
def test_a_column_of_an_array_holds_the_labels(tmp_path, label):
    np.save(tmp_path / "v.npy", np.column_stack([X_HALF, CODES]))
    X, y = load_vectors(tmp_path / "v.npy", label=label)
    np.testing.assert_array_equal(X, X_HALF)
    assert X.dtype == np.float32
    assert y.tolist() == [1, 0, 1]


@pytest.mark.parametrize("as_text", [True, False])
def test_a_second_file_holds_the_labels(tmp_path, as_text):
    np.save(tmp_path / "v.npy", X_HALF)
    labels = tmp_path / "l.npy"
    np.save(labels, CLASSES[CODES])
    X, y = load_vectors(tmp_path / "v.npy", label=str(labels) if as_text else labels)
    np.testing.assert_array_equal(X, X_HALF)
    assert y.tolist() == ["orange", "apple", "orange"]


@pytest.mark.parametrize(
    ("parameters", "exception", "sentence"),
    [
        ({}, ValueError, "v.npy contains vectors, but no labels are given. Hint: pass"),
        ({"label": 2}, ValueError, "Column 2 cannot be the labels of v.npy, which has 2 c"),
        ({"label": "l.npy"}, FileNotFoundError, "l.npy does not exist. Hint: the `label` of a"),
        ({"label": 0, "features": "x"}, ValueError, "`features` of a .npy file must be None"),
    ],
)
def test_labels_of_an_array_that_are_nowhere_are_an_error(
    tmp_path, parameters, exception, sentence
):
    np.save(tmp_path / "v.npy", X_HALF)
    assert sentence in message_of(tmp_path / "v.npy", exception, **parameters)


def test_a_second_file_of_another_length_is_an_error(tmp_path):
    np.save(tmp_path / "v.npy", X_HALF)
    np.save(tmp_path / "l.npy", CODES[:2])
    text = message_of(tmp_path / "v.npy", label=tmp_path / "l.npy")
    assert "v.npy has 3 rows, but l.npy has 2 labels." in text


def test_a_truncated_array_is_an_error(tmp_path):
    np.save(tmp_path / "v.npy", X_HALF)
    path = tmp_path / "v.npy"
    path.write_bytes(path.read_bytes()[:-3])
    assert "v.npy cannot be read: the file is truncated" in message_of(path, label=0)


@pytest.mark.parametrize(("name", "separator"), [("f.csv", ","), ("f.tsv", "\t")])
def test_a_table_is_read_by_its_separator(csv, name, separator):
    pytest.importorskip("pandas")
    X, y = load_vectors(csv(GOOD_CSV.replace(",", separator), name))
    np.testing.assert_array_equal(X, X_HALF)
    assert X.dtype == np.float64
    assert y.tolist() == ["orange", "apple", "orange"]


@pytest.mark.parametrize("name", ["label", "y", "target", "class"])
def test_the_label_column_is_found_by_its_usual_names(csv, name):
    pytest.importorskip("pandas")
    X, y = load_vectors(csv(f"a,{name},b\n1,u,2\n3,v,4\n"))
    assert y.tolist() == ["u", "v"]
    np.testing.assert_array_equal(X, [[1, 2], [3, 4]])


def test_columns_are_chosen_by_name(csv):
    pytest.importorskip("pandas")
    path = csv("id,text,a,kind,label\n1,hello,5,u,0\n2,world,6,v,0\n")
    X, y = load_vectors(path, label="kind", features=["a"])
    np.testing.assert_array_equal(X, [[5], [6]])
    assert y.tolist() == ["u", "v"]


def test_classes_called_none_or_na_are_no_missing_labels(csv):
    pytest.importorskip("pandas")
    assert load_vectors(csv("a,label\n1,None\n2,NA\n"))[1].tolist() == ["None", "NA"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "fruits.csv is empty."),
        ("\n\n", "fruits.csv is empty."),
        ("a,label\n", "fruits.csv has columns, but no rows."),
        ("label\nu\nv\n", "has the label column 'label', but no column of features."),
        ("a,kind\n1,u\n", "no column named 'label', 'y', 'target' or 'class'. Its columns are: a,"),
        ("a;b;label\n1;2;u\n", "Hint: a .csv file has commas between its fields"),
        ("1,2,3\n4,5,6\n", "Hint: the first line must name the columns."),
        (",label\n0,u\n1,v\n", "no column of features: Unnamed: 0 appears to identify rows."),
        ("a,b,label\n1,2,u\n3,x,v\n", "Column 'b' of fruits.csv is not numeric: row 2 holds 'x'."),
        ("a,b,label\n1,2,u\n3,,v\n", "Row 2 of column 'b' in fruits.csv is missing."),
        ("a,b,label\n1,nan,u\n3,4,v\n", "Row 1 of column 'b' in fruits.csv is missing."),
        ("a,b,label\n1,inf,u\n3,4,v\n", "Row 1 of column 'b' in fruits.csv is inf."),
        ("a,label,b\n1,u,2\n3,v\n", "Row 2 of column 'b' in fruits.csv is missing."),
        ("a,label\n1,u\n2,\n", "Row 2 of column 'label' in fruits.csv is missing."),
        ("a,label\n1,0.5\n2,1\n", "Row 1 of column 'label' in fruits.csv is 0.5, which is not a"),
        ("a,label\n1,u\n2,u\n", "Column 'label' of fruits.csv has one class only, 'u'. Hint"),
        ("a,label\n1,u\n2,v,3,4\n", "Line 3 of fruits.csv has 4 fields, but the lines above it"),
        ("a,label\n1,u,9\n2,v,9\n", "Line 2 of fruits.csv has more fields than the header."),
        ('a,label\n1,"u\n2,v\n', "A quote is opened in row 1 of fruits.csv and never closed."),
        ("a,label\n1,\xe9\n2,v\n".encode("latin-1"), "fruits.csv is not text in UTF-8."),
    ],
)
def test_an_error_in_a_table_names_row_and_column(csv, text, sentence):
    pytest.importorskip("pandas")
    assert sentence in message_of(csv(text))


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"label": "kind"}, "fruits.csv has no column 'kind'. Its columns are: width, height,"),
        ({"features": ["width", "depth"]}, "fruits.csv has no column 'depth'. Its columns are:"),
        ({"features": "label"}, "Column 'label' of fruits.csv cannot be feature and label at once"),
        ({"features": []}, "but no column of features."),
    ],
)
def test_a_missing_column_of_a_table_raises_with_the_existing_ones(csv, parameters, sentence):
    pytest.importorskip("pandas")
    assert sentence in message_of(csv(GOOD_CSV), **parameters)


def test_of_many_columns_only_some_are_listed(csv):
    pytest.importorskip("pandas")
    header = ",".join(f"f{number}" for number in range(20))
    text = message_of(csv(f"{header}\n"))
    assert "Its columns are: f0, f1, f2, f3, f4, f5, f6, f7 and 12 more." in text


def test_a_parquet_table_is_read_with_its_types(parquet):
    X, y = load_vectors(parquet(a=np.float32([1, 2]), b=np.int8([3, 4]), label=["u", "v"]))
    assert X.dtype == np.float32
    np.testing.assert_array_equal(X, [[1, 3], [2, 4]])
    assert y.tolist() == ["u", "v"]


def test_categories_and_nullable_numbers_of_a_parquet_table_are_read(parquet):
    pd = pytest.importorskip("pandas")
    X, y = load_vectors(
        parquet(a=pd.array([1, 2], dtype="Int64"), label=pd.Categorical(["u", "v"]))
    )
    np.testing.assert_array_equal(X, [[1], [2]])
    assert y.tolist() == ["u", "v"]


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"a": [1.0, None], "label": ["u", "v"]}, "Row 2 of column 'a' in fruits.parquet is miss"),
        ({"a": [1.0, 2.0], "label": ["u", None]}, "Row 2 of column 'label' in fruits.parquet is m"),
        (
            {"a": [[1, 2], [3, 4]], "b": [[1], [2]], "label": ["u", "v"]},
            "not numeric: row 1 holds array([1, 2])",
        ),
        (
            {"a": np.array(["2026-01-01", "2026-01-02"], dtype="M8[ns]"), "label": ["u", "v"]},
            "not numeric: row 1 holds Timestamp('2026-01-01 00:00:00').",
        ),
        (
            {"a": [1, 2], "label": np.array(["2026-01-01", "2026-01-02"], dtype="M8[ns]")},
            "is Timestamp('2026-01-01 00:00:00'), which is not a class label.",
        ),
    ],
)
def test_an_error_in_a_parquet_table_names_row_and_column(parquet, columns, sentence):
    assert sentence in message_of(parquet(**columns))


@pytest.mark.parametrize("keep", [-20, 6])
def test_a_truncated_parquet_table_is_an_error(parquet, keep):
    path = parquet(a=[1, 2], label=["u", "v"])
    path.write_bytes(path.read_bytes()[:keep])
    assert "fruits.parquet cannot be read: it is truncated, damaged" in message_of(path)


@pytest.mark.parametrize("package", ["pandas", "pyarrow"])
def test_a_missing_package_raises_with_the_extra_to_install(csv, parquet, monkeypatch, package):
    path = parquet(a=[1, 2], label=["u", "v"])
    for name in [name for name in sys.modules if name.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    if package == "pyarrow":
        monkeypatch.setitem(sys.modules, "fastparquet", None)
    assert message_of(path, ImportError) == (
        f"Reading tables needs {package}, which is not installed. Install it with: "
        "pip install 'skactive[table]'"
    )


@pytest.mark.parametrize(
    ("name", "exception", "sentence"),
    [
        ("nope.csv", FileNotFoundError, "nope.csv does not exist. Hint: check the path"),
        ("folder", IsADirectoryError, "folder is a folder, not a file. Hint: pass one of its"),
        ("f.txt", ValueError, "f.txt has the unknown suffix '.txt'. Hint: vectors are read"),
        ("file", ValueError, "file has no suffix. Hint: vectors are read from .npz, .npy, .csv,"),
        ("empty.npz", ValueError, "empty.npz is empty."),
        ("empty.npy", ValueError, "empty.npy is empty."),
        ("empty.parquet", ValueError, "empty.parquet is empty."),
    ],
)
def test_a_path_that_leads_to_no_vectors_is_an_error(tmp_path, name, exception, sentence):
    (tmp_path / "folder").mkdir()
    for text_file in ["f.txt", "file"]:
        (tmp_path / text_file).write_text("1 2 3\n")
    for suffix in ["npz", "npy", "parquet"]:
        (tmp_path / f"empty.{suffix}").touch()
    assert sentence in message_of(tmp_path / name, exception)
