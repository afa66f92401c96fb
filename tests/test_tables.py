"""A table is read as it is written, or one sentence names the file and what is wrong with it."""

import numpy as np
import pytest

from skactive.cli._output import CommandError
from skactive.cli._samples import open_source
from skactive.datasets import load_vectors, open_vectors, write_vectors

pd = pytest.importorskip("pandas", reason="pandas is not installed")

ROWS = [["1.5", "2.5", "a"], ["2.5", "3.5", "b"], ["0.5", "1.5", "a"]]
HEADER = ["x", "z", "label"]
NAMES = {",": "commas", ";": "semicolons", "\t": "tabulators", "|": "vertical bars"}


def embedded(path):
    """Open a table as `skactive embed` does."""
    return open_source(str(path), column=None, label=None, labels=True)


def message_of(read, path):
    with pytest.raises((ValueError, CommandError)) as raised:
        read(path)
    return str(raised.value)


@pytest.mark.parametrize("read", [load_vectors, embedded])
@pytest.mark.parametrize("suffix", [".csv", ".tsv"])
@pytest.mark.parametrize("separator", NAMES)
@pytest.mark.parametrize("decimal", [".", ","])
@pytest.mark.parametrize("quoted", [False, True])
def test_another_separator_is_named(read, suffix, separator, decimal, quoted, tmp_path):
    rows = [[cell.replace(".", decimal) for cell in row] for row in ROWS]
    quote = '"' if quoted or decimal == separator else ""
    lines = [separator.join(f"{quote}{cell}{quote}" for cell in row) for row in [HEADER, *rows]]
    path = tmp_path / f"fruits{suffix}"
    path.write_text("\r\n".join(lines) + "\r\n", encoding="utf-8-sig")
    if separator == {".csv": ",", ".tsv": "\t"}[suffix]:
        if decimal == "." or read is embedded:
            read(path)
        else:
            assert "'x' of" in message_of(read, path)
            assert "holds '1,5'" in message_of(read, path)
        return
    assert message_of(read, path) == (
        f"{path} has {NAMES[separator]} between its fields. Hint: a .csv file has commas between "
        "its fields and a .tsv file tabulators; a number has a decimal point."
    )


ONE_COLUMN = [
    "text\ngood; very good\nbad\n",
    "text\na;b\nc;d\n",
    'text,label\n"ripe; red",apple\n"green; sour",pear\n',
    "text; notes\nripe\nred; and green\n",
    "text\nonly one\n",
    'text,label\n"several\nlines, and; more",a\nb,c\n',
    "text,label\n" + "ripe; red,a\n" * 9000,
]


@pytest.mark.parametrize("content", ONE_COLUMN)
def test_texts_with_such_signs_are_left_alone(content, tmp_path):
    (tmp_path / "texts.csv").write_text(content)
    samples = embedded(tmp_path / "texts.csv").samples("texts", "model")
    assert len(samples.X) == len(pd.read_csv(tmp_path / "texts.csv", keep_default_na=False))


def written(frame, path):
    if path.suffix == ".parquet":
        pa = pytest.importorskip("pyarrow")
        columns = [pa.array(frame.iloc[:, at]) for at in range(frame.shape[1])]
        table = pa.Table.from_arrays(columns, names=list(frame.columns))
        pytest.importorskip("pyarrow.parquet").write_table(table, path)
    else:
        frame.to_csv(path, index=False, sep="\t" if path.suffix == ".tsv" else ",")
    return path


@pytest.mark.parametrize("read", [load_vectors, embedded])
@pytest.mark.parametrize("name", ["d.csv", "d.tsv", "d.parquet"])
@pytest.mark.parametrize("columns", [["x", "x", "label"], ["x", "label", "label"], ["label"] * 3])
def test_a_doubled_column_is_named(read, name, columns, tmp_path):
    frame = pd.DataFrame([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], columns=columns)
    path = written(frame, tmp_path / name)
    doubled = max(columns, key=columns.count)
    assert message_of(read, path) == (
        f"{path} has more than one column named {doubled!r}. Hint: give each column a name of its "
        "own."
    )
    if path.suffix == ".parquet":
        for chosen in [None, ["x"]]:
            with pytest.raises(ValueError, match="more than one column named"):
                write_vectors(tmp_path / "w.npy", path, columns=chosen)


def test_all_faulty_cells_are_reported_at_once(tmp_path):
    path = tmp_path / "d.csv"
    path.write_text("x,z,label\n1,,a\nred,2,b\n1,inf,a\n1_0,3,a\n1,4,b\n")
    assert message_of(load_vectors, path) == (
        f"Column 'x' of {path} is not numeric: row 2 holds 'red'. 3 more faulty: row 4 of 'x', row "
        "1 of 'z', row 3 of 'z'. Hint: leave the column out, or name the feature columns with "
        "`features`."
    )
    path.write_text("x,label\n" + ",a\n" * 5000)
    assert message_of(load_vectors, path) == (
        f"Row 1 of column 'x' in {path} is missing. 4,999 more faulty: row 2 of 'x', row 3 of 'x', "
        "row 4 of 'x', row 5 of 'x', row 6 of 'x', .... Hint: leave the row out, or fill in a "
        "number."
    )


def parquet_of(path, **columns):
    pa = pytest.importorskip("pyarrow")
    pytest.importorskip("pyarrow.parquet").write_table(pa.table(columns), path)
    return path


def test_parquet_columns_come_in_the_given_order(tmp_path):
    path = parquet_of(tmp_path / "v.parquet", a=[1.0, 2.0], b=[3, 4], c=["5", "6.5"])
    write_vectors(tmp_path / "v.npy", path, columns=["c", "a"])
    np.testing.assert_array_equal(open_vectors(tmp_path / "v.npy")[:], [[5, 1], [6.5, 2]])
    with pytest.raises(ValueError, match=r"v\.parquet has no column 'z'\. Its columns are: a, b"):
        write_vectors(tmp_path / "v.npy", path, columns=["a", "z"])


NO_VECTORS = {
    "lists of other lengths": {"v": [[1.0], [2.0, 3.0, 4.0], [5.0, 6.0]]},
    "a missing list": {"v": [[1.0, 2.0], None, [3.0, 4.0]]},
    "a list beside numbers": {"v": [[1.0, 2.0]] * 3, "z": [1.0, 2.0, 3.0]},
    "numbers beside a list": {"z": [1.0, 2.0, 3.0], "v": [[1.0, 2.0]] * 3},
    "texts": {"v": ["a", "b", "c"]},
    "times": {"v": np.array(["2020-01-01"] * 3, "M8[s]")},
    "durations": {"v": np.array([1, 2, 3], "m8[s]")},
    "lists of times": {"v": [[np.datetime64("2020-01-01", "s")]] * 3},
    "lists of lists": {"v": [[[1.0]]] * 3},
    "records": {"v": [{"a": 1.0}] * 3},
}


@pytest.mark.parametrize("name", NO_VECTORS)
def test_columns_that_are_no_vectors_are_refused(name, tmp_path):
    path = parquet_of(tmp_path / "v.parquet", **NO_VECTORS[name])
    with pytest.raises(ValueError, match="are neither numbers nor one column of lists of equal"):
        write_vectors(tmp_path / "v.npy", path)


@pytest.mark.parametrize("missing", [{"v": [1.0, None]}, {"v": [[1.0, None], [2.0, 3.0]]}])
def test_a_missing_number_is_not_stored(missing, tmp_path):
    path = parquet_of(tmp_path / "v.parquet", **missing)
    with pytest.raises(ValueError, match=r"Row \d of X has a number that is not finite"):
        write_vectors(tmp_path / "v.npy", path)


@pytest.mark.filterwarnings("ignore:Column .* appears to identify rows:UserWarning")
@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("read", ["load_vectors", "write_vectors", "embed"])
def test_a_damaged_parquet_file_is_named(read, seed, tmp_path):
    path = tmp_path / "v.parquet"
    parquet_of(path, x=np.arange(50.0), z=np.arange(50.0), label=["a", "b"] * 25)
    content, rng = bytearray(path.read_bytes()), np.random.default_rng(seed)
    if seed % 3 == 0:
        del content[rng.integers(1, len(content)) :]
    for place in rng.integers(0, len(content), 1 + seed % 5):
        content[place] ^= rng.integers(1, 256)
    path.write_bytes(content)
    try:
        if read == "load_vectors":
            load_vectors(path)
        elif read == "embed":
            embedded(path)
        else:
            write_vectors(tmp_path / "v.npy", path, columns=["x", "z"], dtype="float64")
    except (ValueError, CommandError) as raised:
        sentence = str(raised)
    else:
        sentence = f"{path} is read"
    assert str(path) in sentence or "X has a number" in sentence


@pytest.mark.parametrize("seed", range(60))
def test_a_damaged_npy_file_is_named(seed, tmp_path):
    path = tmp_path / "v.npy"
    X = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
    np.save(path, X)
    content, rng = bytearray(path.read_bytes()), np.random.default_rng(seed)
    if seed % 3 == 0:
        del content[rng.integers(1, len(content)) :]
    for place in rng.integers(0, min(128, len(content)), 1 + seed % 5):
        content[place] = rng.choice([0, 39, 40, 44, 46, 48, 57, 102, 123, 125, 255])
    path.write_bytes(content)
    for read in [open_vectors, lambda path: load_vectors(path, label=0)]:
        try:
            read(path)
        except ValueError as raised:
            sentence = str(raised)
        else:
            sentence = f"{path} is read"
        assert str(path) in sentence
