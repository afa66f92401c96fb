"""One fingerprint: equal for equal samples however they are stored, another for one other row."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from skactive._engine.stored import StoredFeatures
from skactive._io import fingerprint as module
from skactive._io.content_keys import content_key
from skactive._io.fingerprint import find_rows, fingerprint, row_fingerprints
from skactive.datasets import open_vectors, write_vectors

X = np.random.default_rng(0).normal(size=(1001, 5)).astype(np.float16)
NAMES = [f"photos/{place}.jpg" for place in range(9)]


@pytest.fixture
def small_blocks(monkeypatch):
    """Cut 1,001 rows into many blocks."""
    monkeypatch.setattr(module, "BLOCK_BYTES", 100)
    monkeypatch.setattr(module, "ROWS_AT_ONCE", 2)


def stored_as(kind, folder):
    path = write_vectors(folder / "x.npy", X)
    return {
        "array": X.copy,
        "Fortran": lambda: np.asfortranarray(X),
        "view": lambda: np.repeat(X, 2, axis=0)[::2],
        "memory map": lambda: np.load(path, mmap_mode="r"),
        "vector file": lambda: open_vectors(path),
        "stored features": lambda: StoredFeatures(open_vectors(path), np.dtype(np.float16)),
        "table": lambda: pytest.importorskip("pandas").DataFrame(X),
    }[kind]()


@pytest.mark.parametrize(
    "kind",
    ["array", "Fortran", "view", "memory map", "vector file", "stored features", "table"],
)
def test_numbers_count_however_they_are_stored(kind, tmp_path, small_blocks):
    samples = stored_as(kind, tmp_path)
    assert fingerprint(samples) == fingerprint(X)
    np.testing.assert_array_equal(row_fingerprints(samples), row_fingerprints(X))
    np.testing.assert_array_equal(row_fingerprints(samples, [7, 3]), row_fingerprints(X)[[7, 3]])
    assert find_rows(samples, row_fingerprints(X, [1000]).tolist()) == {
        row_fingerprints(X)[1000]: [1000]
    }


@pytest.mark.parametrize("first", [0, 1, 64, 499, 999])
def test_two_rows_that_change_places_are_noticed(first):
    swapped = X.copy()
    swapped[[first, first + 1]] = swapped[[first + 1, first]]
    assert fingerprint(swapped) != fingerprint(X)
    assert fingerprint(sp.csr_matrix(swapped.astype("f4"))) != fingerprint(
        sp.csr_matrix(X.astype("f4"))
    )
    digests = row_fingerprints(X)
    assert np.flatnonzero(row_fingerprints(swapped) != digests).tolist() == [first, first + 1]


@settings(max_examples=60, deadline=None)
@given(
    arrays(
        st.sampled_from(["f2", "f4", "f8", "i1", "u8", "?", "M8[s]"]),
        array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=6),
    ),
    st.data(),
)
def test_one_changed_byte_changes_the_fingerprint_and_one_row(numbers, data):
    changed = numbers.copy()
    row = data.draw(st.integers(0, len(numbers) - 1))
    if changed.dtype.kind == "b":
        changed[row] = ~changed[row]
    else:
        changed[row : row + 1].view(np.uint8).reshape(-1)[0] ^= 1
    assert fingerprint(numbers) == fingerprint(numbers.copy()) != fingerprint(changed)
    assert np.flatnonzero(row_fingerprints(numbers) != row_fingerprints(changed)).tolist() == [row]


def test_the_digest_of_a_row_is_that_of_its_content(small_blocks):
    keys = [content_key(b"", row, paths=False).hex() for row in X.astype(np.float64)]
    assert row_fingerprints(X).tolist() == row_fingerprints(list(X)).tolist() == keys


WHOLE = np.arange(60).reshape(20, 3) - 5


@pytest.mark.parametrize(
    "others",
    [
        WHOLE.tolist(),
        [tuple(row) for row in WHOLE.tolist()],
        list(WHOLE),
        WHOLE.astype(np.float64),
        WHOLE.astype(np.float16),
        WHOLE.astype(np.int8),
        WHOLE.astype(">f4"),
        WHOLE.astype(">i8"),
        np.where(WHOLE == 0, -0.0, WHOLE),
        np.where(WHOLE == 0, -0.0, WHOLE).astype(np.float32).tolist(),
        np.asfortranarray(WHOLE),
    ],
)
def test_rows_of_equal_numbers_are_the_same_of_whatever_type(others):
    assert row_fingerprints(others).tolist() == row_fingerprints(WHOLE).tolist()


def test_whole_numbers_that_differ_beyond_float64_are_other_rows():
    large = np.array([[2**60, 1], [2**60 + 1, 1], [2**53, 1], [2**53 + 1, 1], [7, 1]])
    assert len(set(row_fingerprints(large))) == 5
    assert row_fingerprints(large.tolist()).tolist() == row_fingerprints(large).tolist()
    assert row_fingerprints(large[4:].astype("f4"))[0] == row_fingerprints(large)[4]
    unsigned = np.array([[2**64 - 1], [2**64 - 2]], np.uint64)
    assert len(set(row_fingerprints(unsigned))) == 2
    assert row_fingerprints(unsigned.tolist()).tolist() == row_fingerprints(unsigned).tolist()


def test_negative_zeros_are_zeros():
    zeros = np.zeros((4, 3))
    assert fingerprint(-zeros) == fingerprint(zeros)
    assert fingerprint(-zeros + 0j) == fingerprint(zeros + 0j)


def test_shape_and_type_count():
    numbers = np.zeros((4, 6), np.float32)
    others = [
        numbers.reshape(6, 4),
        numbers.reshape(4, 6, 1),
        numbers[:3],
        numbers.astype(np.float64),
        numbers.astype(np.int32),
        sp.csr_matrix(numbers),
        numbers.tolist(),
        np.zeros((4, 0), np.float32),
        np.zeros((0, 6), np.float32),
    ]
    digests = [fingerprint(one) for one in [numbers, *others]]
    assert len(set(digests)) == len(digests)
    assert {len(digest) for digest in digests} == {40}


def test_under_one_type_copies_of_another_precision_are_the_same(tmp_path):
    doubles = np.random.default_rng(0).normal(size=(50, 3))
    singles = doubles.astype(np.float32)
    assert fingerprint(doubles, np.float32) == fingerprint(singles)
    assert fingerprint(sp.csr_matrix(doubles), np.float32) == fingerprint(sp.csr_matrix(singles))
    halves = open_vectors(write_vectors(tmp_path / "x.npy", doubles))
    assert fingerprint(halves, np.float32) == fingerprint(np.asarray(halves, np.float32))
    assert fingerprint(np.full((2, 2), 1e300), np.float32) == fingerprint(
        np.full((2, 2), np.inf, np.float32)
    )


@pytest.mark.parametrize("make", [sp.csr_matrix, sp.csr_array])
def test_sparse_matrices_count_by_their_values(make):
    dense = np.array([[0, 1.5, 0, 2], [0, 0, 0, 0], [3, 0, 0, 0]])
    plain = make(dense)
    messy = make(([2.0, 1.0, 0.0, 0.5, 3.0], [3, 1, 0, 1, 0], [0, 4, 4, 5]), shape=(3, 4))
    zeros = make(([0.0, 1.5, 2.0, 3.0], [0, 1, 3, 0], [0, 3, 3, 4]), shape=(3, 4))
    wide = make(plain)
    wide.indices, wide.indptr = wide.indices.astype("i8"), wide.indptr.astype("i8")
    for other in (messy, zeros, wide, plain.tocsc(), plain.tocoo()):
        before = other.copy()
        assert fingerprint(other) == fingerprint(plain)
        assert row_fingerprints(other).tolist() == row_fingerprints(plain).tolist()
        assert other.nnz == before.nnz
    assert fingerprint(make(dense[:, :3])) != fingerprint(make(dense[:, :2]))
    assert len(set(row_fingerprints(plain).tolist())) == 3
    assert row_fingerprints(make(dense[:, :3]))[1] != row_fingerprints(plain)[1]


@pytest.mark.parametrize(
    "samples",
    [
        NAMES,
        [Path(name) for name in NAMES],
        np.array(NAMES),
        np.array(NAMES, dtype=object),
        tuple(NAMES),
    ],
    ids=["list", "paths", "array", "objects", "tuple"],
)
def test_texts_and_names_of_files_count_by_their_letters(samples, small_blocks):
    assert fingerprint(samples) == fingerprint(NAMES)
    swapped = [samples[place] for place in (0, 1, 2, 3, 5, 4, 6, 7, 8)]
    assert fingerprint(swapped) != fingerprint(samples)
    assert find_rows(samples, row_fingerprints(NAMES, [4]).tolist()) == {
        row_fingerprints(swapped)[5]: [4]
    }


def test_a_path_within_a_sample_counts_by_its_name(tmp_path):
    (tmp_path / "there").write_text("content")
    for kind in (list, tuple):
        there, name = kind([tmp_path / "there", 1]), kind([str(tmp_path / "there"), 1])
        assert row_fingerprints([there, {"a": there}, np.array(there, object)]).tolist() == (
            row_fingerprints([name, {"a": name}, list(name)]).tolist()
        )


@pytest.mark.parametrize(
    ("samples", "others"),
    [
        (["a", "b"], ["ab", ""]),
        ([np.zeros((2, 3)), np.ones(2)], [np.zeros((3, 2)), np.ones(2)]),
        ([("a", 1.5), ("b", None)], [("a", 1.5), ("b", 0)]),
        ([b"raw", b""], [b"ra", b"w"]),
        ([date(2020, 1, 2)], [date(2020, 2, 1)]),
        ([Decimal("1.0")], [1.0]),
        (np.ma.masked_array([[1.0, 2.0]], [[True, False]]), np.array([[1.0, 2.0]])),
    ],
)
def test_samples_of_any_kind_are_recognised(samples, others):
    assert fingerprint(samples) == fingerprint(samples) != fingerprint(others)
    assert row_fingerprints(samples).tolist() != row_fingerprints(others).tolist()


def test_a_sample_without_known_content_has_no_digest():
    samples = ["a", object(), "b"]
    assert [bool(digest) for digest in row_fingerprints(samples)] == [True, False, True]
    assert find_rows(samples, row_fingerprints(["b"]).tolist()) == {row_fingerprints(["b"])[0]: [2]}
    with pytest.raises(TypeError, match=r"Sample 1 has no content that can be read or is known"):
        fingerprint(samples)


def test_equal_rows_are_all_found(small_blocks):
    samples = ["a", "b", "a", "c", "a"]
    a, c = row_fingerprints(["a", "c"]).tolist()
    assert find_rows(samples, [a, c]) == {a: [0, 2, 4], c: [3]}
    assert find_rows(samples, []) == {}


def test_samples_held_on_other_workers_are_found_there():
    class Elsewhere(list):
        def find_rows(self, wanted):
            return {digest: [5] for digest in wanted}

    assert find_rows(Elsewhere(), ["digest"]) == {"digest": [5]}


def test_rows_of_tables_are_the_same_in_any_part_of_the_table(small_blocks):
    pd = pytest.importorskip("pandas")
    table = pd.DataFrame(
        {
            "name": ["a", "b", None, "d"],
            "n": pd.array([1, None, 3, 4], dtype="Int64"),
            "when": pd.to_datetime(["2020-01-01", None, "2020-01-03", "2020-01-04"]),
            "kind": pd.Categorical(["x", "y", "x", "y"]),
            "path": [Path("a"), Path("b"), Path("c"), Path("d")],
        }
    )
    digests = row_fingerprints(table).tolist()
    assert all(digests)
    assert len(set(digests)) == 4
    assert [row_fingerprints(table, [place])[0] for place in range(4)] == digests
    assert row_fingerprints(table.iloc[[3, 0, 2]]).tolist() == [digests[i] for i in (3, 0, 2)]
    assert row_fingerprints(table.set_axis(list("abcde"), axis=1)).tolist() == digests
    assert fingerprint(table) != fingerprint(table.iloc[::-1])
    assert fingerprint(table["name"]) == fingerprint(["a", "b", table["name"][2], "d"])


def test_rows_of_a_table_without_an_index_are_its_rows():
    class Table:
        """A table like a polars DataFrame, whose items are columns."""

        columns, dtypes, shape = ["a", "b"], [int, str], (2, 2)

        def __init__(self, rows):
            self.rows = rows

        def __getitem__(self, positions):
            return Table([self.rows[position] for position in positions])

        def iter_rows(self):
            return iter(self.rows)

    rows = [(1, "x"), (2, "y")]
    assert row_fingerprints(Table(rows)).tolist() == row_fingerprints(rows).tolist()


def test_a_fingerprint_is_the_same_in_every_release():
    numbers = np.arange(3.0 * 400_000).reshape(-1, 3) % 251 / 4
    assert fingerprint(numbers) == "88c6f3bd8d00ee2a6b2daf1bc43eb451a53103ed"
    assert fingerprint(sp.csr_matrix(numbers)) == "677eaac5d39f7e9763da70e477ec2e423569886e"
    assert fingerprint(NAMES) == "6994a1a86c70653c0dfd29d101aa87bf5c3d1a9c"
    assert row_fingerprints(NAMES)[3] == "ef7b357d473eaf78171a666d749e142c758ba02a"
    assert row_fingerprints(numbers)[3] == "2162ef4735fbd134ef05bf7b4a05913fe2bc525a"
