"""Samples of any form, in a pool and in a prediction, count as the same numbers in float64."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from skactive import ActiveLearner
from skactive.datasets import open_vectors, write_vectors
from skactive.neighbors import (
    BlockwiseKNeighborsTransformer,
    IncrementalKNeighborsClassifier,
    NeighborGraph,
)
from skactive.semi_supervised import IncrementalLabelSpreading


def samples():
    """Integers below 128, half of them 0, with a zero vector and without equal distances."""
    rng = np.random.default_rng(0)
    drawn = rng.integers(1, 120, (36, 6)) * (rng.random((36, 6)) < 0.6)
    drawn[5] = drawn[32] = 0
    return drawn.astype(np.float64)


POOL, NEW = np.split(samples(), [30])
Y = np.array(list("abc") * 10)
PARTLY = np.where(np.arange(30) < 12, Y, "-1")


def unsorted(X):
    rows = sp.csr_matrix(X)
    for start, stop in zip(rows.indptr[:-1], rows.indptr[1:], strict=True):
        rows.indices[start:stop] = rows.indices[start:stop][::-1].copy()
        rows.data[start:stop] = rows.data[start:stop][::-1].copy()
    rows.has_sorted_indices = False
    return rows


def repeated(X):
    """Each entry is stored as two halves."""
    rows = sp.csr_matrix(X)
    return sp.csr_matrix(
        (rows.data.repeat(2) / 2, rows.indices.repeat(2), rows.indptr * 2), X.shape
    )


def with_zeros(X):
    rows = sp.csr_matrix(np.ones_like(X))
    rows.data = X.ravel().copy()
    return rows


def with_long_indices(X):
    rows = sp.csr_matrix(X)
    rows.indices, rows.indptr = rows.indices.astype(np.int64), rows.indptr.astype(np.int64)
    return rows


class Stored:
    """Rows on disk, as far as the package can tell."""

    def __init__(self, X):
        self.rows, self.shape, self.dtype = X, X.shape, X.dtype

    def __getitem__(self, index):
        return self.rows[index]

    def __len__(self):
        return len(self.rows)


def in_a_file(X, folder):
    write_vectors(folder / f"{len(X)}.npy", X)
    return open_vectors(folder / f"{len(X)}.npy")


def in_a_memory_map(X, folder):
    np.save(folder / f"{len(X)}.npy", X.astype(np.float16))
    return np.load(folder / f"{len(X)}.npy", mmap_mode="r")


FORMS = {
    "float32": lambda X: X.astype(np.float32),
    "float16": lambda X: X.astype(np.float16),
    "longdouble": lambda X: X.astype(np.longdouble),
    "int": lambda X: X.astype(int),
    "uint8": lambda X: X.astype(np.uint8),
    "object": lambda X: X.astype(object),
    "big-endian": lambda X: X.astype(">f8"),
    "big-endian float32": lambda X: X.astype(">f4"),
    "Fortran": np.asfortranarray,
    "strided": lambda X: np.repeat(np.repeat(X, 2, 0), 2, 1)[::2, ::2],
    "reversed": lambda X: X[::-1].copy()[::-1],
    "negative zeros": lambda X: np.where(X == 0, -0.0, X),
    "CSR": sp.csr_matrix,
    "CSR float32": lambda X: sp.csr_matrix(X.astype(np.float32)),
    "CSR int": lambda X: sp.csr_matrix(X.astype(int)),
    "CSC": sp.csc_matrix,
    "COO": sp.coo_matrix,
    "LIL": sp.lil_matrix,
    "CSR array": sp.csr_array,
    "CSC array float32": lambda X: sp.csc_array(X.astype(np.float32)),
    "COO array": sp.coo_array,
    "int64 indices": with_long_indices,
    "unsorted": unsorted,
    "repeated": repeated,
    "explicit zeros": with_zeros,
    "DataFrame": pd.DataFrame,
    "DataFrame of several types": lambda X: pd.DataFrame(
        {column: X[:, column].astype([float, int, "f4"][column % 3]) for column in range(6)}
    ),
    "nullable DataFrame": lambda X: pd.DataFrame(X).astype("Int64"),
    "list": lambda X: X.tolist(),
    "list of arrays": list,
    "stored": lambda X: Stored(X.astype(np.float32)),
    "file": in_a_file,
    "memory map of float16": in_a_memory_map,
}


def formed(form, X, folder):
    make = FORMS[form]
    return make(X, folder) if make in (in_a_file, in_a_memory_map) else make(X)


def voting(pool, new, metric):
    classifier = IncrementalKNeighborsClassifier(metric=metric).fit(pool, Y)
    yield classifier.predict_proba(new)
    yield classifier.explain(new).shares
    yield classifier.kneighbors(new)[0]
    yield classifier.kneighbors()[0]
    yield list(classifier.staged_predict_proba(new))[-1]
    classifier.add_labeled(new, list("abcabc")).remove_labeled([0, 31])
    yield classifier.predict_proba(new)


def spreading(pool, new, metric):
    classifier = IncrementalLabelSpreading(4, metric=metric, tol=1e-9)
    classifier.fit(pool, PARTLY)
    yield classifier.predict_proba(new)
    yield classifier.explain(new).shares
    yield classifier.label_distributions_
    # The unlabelled nodes are recognised, the new samples join.
    classifier.add_labeled(pool, Y).add_labeled(new, list("abcabc"))
    yield classifier.labeled_indices_
    yield classifier.label_distributions_


def searching(pool, new, metric):
    transformer = BlockwiseKNeighborsTransformer(4, metric=metric).fit(pool)
    yield transformer.transform(new).toarray()
    graph = NeighborGraph.of(pool, n_neighbors=4, metric=metric)
    graph.check_features(pool)
    yield graph.kneighbors(new)[0]
    yield graph.join(new).distances


def learning(pool, new, estimator, seeds):
    seeded = {"X_labeled": new, "y_labeled": list("abcabc")} if seeds else {}
    learner = ActiveLearner(estimator, X_pool=pool, **seeded).teach(range(12), Y[:12])
    learner.relabel([3], ["b"])
    learner.teach([20], ["c"]).undo()
    yield learner.predict_proba(new)
    yield learner.predict_proba(pool)
    yield learner.explain(new).shares
    yield learner.pool.posterior()
    yield learner.query(2)


CASES = {
    "voting, cosine": lambda pool, new: voting(pool, new, "cosine"),
    "voting, euclidean": lambda pool, new: voting(pool, new, "euclidean"),
    "voting, manhattan": lambda pool, new: voting(pool, new, "manhattan"),
    "spreading": lambda pool, new: spreading(pool, new, "cosine"),
    "searching": lambda pool, new: searching(pool, new, "cosine"),
    "default learner": lambda pool, new: learning(pool, new, None, seeds=False),
    "seeded learner": lambda pool, new: learning(pool, new, None, seeds=True),
    "voting learner": lambda pool, new: learning(
        pool, new, IncrementalKNeighborsClassifier(), seeds=True
    ),
}
EXPECTED = {case: list(run(POOL, NEW)) for case, run in CASES.items()}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("case", CASES)
def test_the_form_of_samples_does_not_matter(case, form, tmp_path):
    sparse = sp.csr_matrix(POOL.astype(np.float32))
    pool, new = formed(form, POOL, tmp_path), formed(form, NEW, tmp_path)
    for pair in [(pool, NEW), (sparse, new)]:
        found = list(CASES[case](*pair))
        for values, expected in zip(found, EXPECTED[case], strict=True):
            np.testing.assert_allclose(values, expected, rtol=1e-5, atol=2e-6)


def test_booleans_of_any_form_are_zeros_and_ones():
    pool, new = POOL > 0, NEW > 0
    expected = list(voting(pool.astype(float), new.astype(float), "manhattan"))
    for form in (np.asarray, sp.csr_matrix, sp.coo_array, pd.DataFrame):
        found = list(voting(form(pool), form(new), "manhattan"))
        for values, right in zip(found, expected, strict=True):
            np.testing.assert_allclose(values, right, atol=2e-6)


def test_the_samples_of_the_caller_stay_as_they_are():
    pool, new = repeated(POOL), unsorted(NEW)
    before = [part.copy() for rows in (pool, new) for part in (rows.data, rows.indices)]
    for case in CASES.values():
        list(case(pool, new))
    after = [part for rows in (pool, new) for part in (rows.data, rows.indices)]
    for values, expected in zip(after, before, strict=True):
        np.testing.assert_array_equal(values, expected)
