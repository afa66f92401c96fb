"""CachedTransformer embeds each sample once, and never returns the vector of another."""

import functools
import os
import pickle
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from types import ModuleType

import joblib
import numpy as np
import pytest
import scipy.sparse as sp
from scikit_learns_checks import each_check_of
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.kernel_approximation import AdditiveChi2Sampler
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import Binarizer, FunctionTransformer, Normalizer, StandardScaler

from skactive.embedding import CachedTransformer
from skactive.embedding._identity import identity_of

TEXTS = ["red apple", "pear", "a fig", "pear", ""]
embedded = []


class Letters(TransformerMixin, BaseEstimator):
    """Count letters, and record the calls."""

    SCALE = 1

    def __init__(self, letters="aep", *, scale=1.0, dtype=np.float32, n_jobs=None, verbose=0):
        self.letters = letters
        self.scale = scale
        self.dtype = dtype
        self.n_jobs = n_jobs
        self.verbose = verbose

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        embedded.append((type(X).__name__, len(X)))
        rows = [[str(sample).count(letter) for letter in self.letters] for sample in X]
        return np.array(rows, dtype=self.dtype).reshape(len(rows), len(self.letters)) * self.dtype(
            self.scale
        )

    def __sklearn_is_fitted__(self):
        return True


class Rows(TransformerMixin, BaseEstimator):
    """Add up numbers of a row by a function of it."""

    def __init__(self, function=None):
        self.function = function

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        embedded.append((type(X).__name__, len(X)))
        rows = X.to_numpy() if hasattr(X, "to_numpy") else np.asarray(X)
        return np.array([[float(len(str(row.tolist()))), 1.0] for row in rows])


@pytest.fixture(autouse=True)
def nothing_asked():
    embedded.clear()


def n_asked():
    return sum(n for _, n in embedded)


# Each sample once --------------------------------------------------------------------------------


def test_vectors_are_those_of_the_transformer(tmp_path):
    cached = CachedTransformer(Letters(), tmp_path)
    for _ in range(2):
        vectors = cached.transform(TEXTS)
        np.testing.assert_array_equal(vectors, Letters().transform(TEXTS), strict=True)


def test_a_sample_is_embedded_once_in_any_order_with_any_copies(tmp_path):
    cached = CachedTransformer(Letters(), tmp_path, batch_size=2)
    first = cached.transform(TEXTS)
    assert n_asked() == 4
    np.testing.assert_array_equal(cached.transform(TEXTS[::-1]), first[::-1])
    np.testing.assert_array_equal(
        clone(cached).transform(TEXTS[2:] * 3), np.tile(first[2:], (3, 1))
    )
    assert n_asked() == 4
    cached.transform([*TEXTS, "plum"])
    assert n_asked() == 5


PROGRAM = """
import sys
import numpy as np
from sklearn.preprocessing import FunctionTransformer
from skactive.embedding import CachedTransformer
def embed(texts):
    print("embedded", *texts)
    return np.array([[len(text), text.count("e")] for text in texts])
cached = CachedTransformer(FunctionTransformer(embed), sys.argv[1], identity="lengths 1")
print(cached.transform(sys.argv[2:]).tolist())
"""


def test_a_sample_is_embedded_once_in_all_processes(tmp_path):
    def run(*texts, seed):
        environment = {
            **os.environ,
            "PYTHONHASHSEED": str(seed),
            "PYTHONPATH": str(Path(__file__).parents[1]),
        }
        command = [sys.executable, "-c", PROGRAM, tmp_path, *texts]
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, check=True
        ).stdout.splitlines()

    assert run("pear", "fig", seed=1) == ["embedded pear fig", "[[4, 1], [3, 0]]"]
    assert run("fig", "pear", seed=2) == ["[[3, 0], [4, 1]]"]


@pytest.mark.parametrize("paths", [Path, str])
def test_a_file_is_known_by_its_content(tmp_path, paths):
    class Contents(Letters):
        def transform(self, X):
            return super().transform([Path(sample).read_text() for sample in X])

    folder = tmp_path / "photos"
    folder.mkdir()
    one, two = folder / "1.txt", folder / "2.txt"
    one.write_text("apple")
    two.write_text("pear")
    cached = CachedTransformer(Contents(), tmp_path / "store")
    vectors = cached.transform([paths(one), paths(two)])
    renamed = one.rename(folder / "renamed.txt")
    embedded.clear()
    np.testing.assert_array_equal(cached.transform([paths(two), paths(renamed)]), vectors[::-1])
    assert n_asked() == (0 if paths is Path else 1)
    stat = two.stat()
    two.write_text("peep")
    os.utime(two, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert cached.transform([paths(two)]).tolist() == [[0, 2, 2]]
    two.unlink()
    with pytest.raises(FileNotFoundError):
        cached.transform([paths(two)])


def test_the_store_serves_several_transformers(tmp_path):
    for _ in range(2):
        for transformer in [
            Letters(),
            Letters("xyz"),
            Letters(scale=2.0),
            Letters(dtype=np.float64),
        ]:
            np.testing.assert_array_equal(
                CachedTransformer(transformer, tmp_path).transform(TEXTS),
                transformer.transform(TEXTS),
                strict=True,
            )
    assert n_asked() == 4 * (4 + 2 * 5)


def test_parameters_without_effect_on_vectors_do_not_change_the_key(tmp_path):
    CachedTransformer(Letters(), tmp_path).transform(TEXTS)
    embedded.clear()
    CachedTransformer(Letters(n_jobs=2, verbose=3), str(tmp_path), batch_size=3).transform(TEXTS)
    assert embedded == []


def test_vectors_that_are_not_finite_are_never_kept(tmp_path):
    cached = CachedTransformer(Letters(scale=np.inf), tmp_path)
    with np.errstate(invalid="ignore"):
        cached.transform(["apple", "xyz"])
        cached.transform(["apple", "xyz"])
    assert n_asked() == 4


# Samples of all kinds ----------------------------------------------------------------------------


def containers():
    pd = pytest.importorskip("pandas")
    return {
        "list": TEXTS,
        "tuple": tuple(TEXTS),
        "object array": np.array(TEXTS, dtype=object),
        "string array": np.array(TEXTS),
        "Series": pd.Series(TEXTS, index=list("abcde")),
        "Series of objects": pd.Series(TEXTS, dtype=object),
    }


@pytest.mark.parametrize("kind", ["list", "tuple", "object array", "string array", "Series"])
def test_any_container_of_the_same_samples_has_the_same_vectors(tmp_path, kind):
    CachedTransformer(Letters(), tmp_path).transform(TEXTS)
    embedded.clear()
    X = containers()[kind]
    vectors = CachedTransformer(Letters(), tmp_path).transform(X)
    assert embedded == []
    np.testing.assert_array_equal(vectors, Letters().transform(TEXTS))


@pytest.mark.parametrize(
    ("kind", "handed"),
    [("list", "list"), ("tuple", "list"), ("string array", "ndarray"), ("Series", "Series")],
)
def test_the_transformer_is_handed_the_same_kind_of_container(tmp_path, kind, handed):
    CachedTransformer(Letters(), tmp_path).transform(containers()[kind])
    assert embedded == [(handed, 4)]


def frames():
    pd = pytest.importorskip("pandas")
    mixed = pd.DataFrame({"name": ["a", "b", "a"], "n": [1, 2, 1], "x": [0.5, None, 0.5]})
    return [
        mixed,
        mixed[["name"]],
        mixed.rename(columns={"name": "title"}),
        mixed[["n", "name", "x"]],
        mixed.assign(name=mixed["name"].astype("category")),
        mixed.assign(name=pd.Categorical(mixed["name"], categories=["b", "a"])),
        mixed[["n"]],
        mixed[["n"]].astype(float),
        pd.DataFrame({"n": [1, 2, 1], "m": [3, 4, 3]}),
    ]


def test_rows_of_frames_are_samples_and_all_of_a_frame_that_matters_counts(tmp_path):
    cached = CachedTransformer(Rows(), tmp_path)
    for frame in frames():
        expected = Rows().transform(frame)
        embedded.clear()
        np.testing.assert_array_equal(cached.transform(frame), expected)
        assert embedded == [("DataFrame", 2)]
    embedded.clear()
    for frame in frames():
        cached.transform(frame.iloc[::-1].reset_index(drop=True))
    assert embedded == []


@pytest.mark.parametrize(
    "X",
    [
        np.array([[1.0, 2.0], [3.0, 4.0], [1.0, 2.0]]),
        np.array([[1, 2], [3, 4], [1, 2]], dtype=np.int8),
        np.array([[1, "a"], [3, None], [1, "a"]], dtype=object),
        np.array([[[0, 1], [2, 3]], [[0, 0], [1, 1]], [[0, 1], [2, 3]]], dtype=np.uint8),
    ],
)
def test_rows_of_arrays_are_samples(tmp_path, X):
    cached = CachedTransformer(Rows(), tmp_path)
    np.testing.assert_array_equal(cached.transform(X), Rows().transform(X))
    embedded.clear()
    cached.transform(X[::-1])
    assert embedded == []
    cached.transform(X[:1].astype(object) if X.dtype != object else X[:1, ::-1])
    assert n_asked() == 1


def test_no_sample_is_left_to_the_transformer(tmp_path):
    assert CachedTransformer(Letters(), tmp_path).transform([]).shape == (0, 3)
    with pytest.raises(ValueError, match=r"Found array with 0 sample\(s\)"):
        CachedTransformer(Normalizer(), tmp_path).transform(np.empty((0, 3)))


@pytest.mark.parametrize(
    ("X", "sentence"),
    [
        (sp.csr_array(np.eye(3)), r"X is sparse, but CachedTransformer takes dense samples"),
        ("pear", r"X must be a sequence of samples\. Got a str instead\. Hint: put a single"),
        (Path("a.jpg"), r"Got a \w+Path instead"),
        ((text for text in TEXTS), r"Got a generator instead"),
        (np.array(1.0), r"Got a ndarray instead"),
        ([object()], r"X\[0\] cannot be cached: A object has no content that is known\."),
    ],
)
def test_an_object_without_samples_raises(tmp_path, X, sentence):
    with pytest.raises(TypeError, match=sentence):
        CachedTransformer(Letters(), tmp_path).transform(X)


# Identity of the transformer ---------------------------------------------------------------------


def shout(text):
    return text.upper()


def whisper(text):
    return text.lower()


@pytest.mark.parametrize(
    ("transformer", "sentence"),
    [
        (
            FunctionTransformer(shout),
            r"parameter 'func' of FunctionTransformer is a function, of",
        ),
        (
            make_pipeline(Normalizer(), FunctionTransformer(shout)),
            r"'steps\[1\]\[1\]__func' of Pipeline is a function, of which .* Hint: pass a name",
        ),
        (
            Letters(functools.partial(shout)),
            r"'letters' of Letters is a partial, of which",
        ),
        (
            StandardScaler().fit([[1.0], [2.0]]),
            r"StandardScaler is fitted: its vectors depend on \w+_, \w+_, \w+_\.",
        ),
        (
            make_pipeline(Normalizer(), PCA().fit(np.eye(3))),
            r"'steps\[1\]\[1\]' of Pipeline is fitted: its vectors .* Hint: cache the t",
        ),
        (FrozenEstimator(PCA().fit(np.eye(3))), r"'estimator' of FrozenEstimator is fitted"),
    ],
)
def test_a_transformer_that_cannot_be_identified_needs_a_name(tmp_path, transformer, sentence):
    cached = CachedTransformer(transformer, tmp_path / "store")
    for method in [cached.fit, cached.transform]:
        with pytest.raises(TypeError, match=sentence):
            method([[1.0, 2.0, 3.0]])
    assert not (tmp_path / "store").exists()
    cached.set_params(identity="mine 1").fit()


class Bare:
    def transform(self, X):
        return np.ones((len(X), 2))


def test_an_object_without_parameters_needs_a_name(tmp_path):
    with pytest.raises(TypeError, match=r"Bare has no `get_params`, so that a change"):
        CachedTransformer(Bare(), tmp_path).fit()
    assert CachedTransformer(Bare(), tmp_path, identity="a").transform(TEXTS).sum() == 10


def test_under_a_name_identifiable_parameters_count_as_well():
    def identity(name, **parameters):
        return identity_of(FunctionTransformer(shout, **parameters), name)

    assert identity("a") == identity("a") == identity_of(FunctionTransformer(whisper), "a")
    assert len({identity("a"), identity("b"), identity("a", kw_args={"n": 1})}) == 3


def test_a_fitted_transformer_is_cached_under_a_name(tmp_path):
    X = np.random.default_rng(0).normal(size=(20, 3))
    scaler = StandardScaler().fit(X)
    cached = CachedTransformer(FrozenEstimator(scaler), tmp_path, identity="scaler of today")
    np.testing.assert_array_equal(clone(cached).fit_transform(X), scaler.transform(X))
    other = CachedTransformer(
        FrozenEstimator(StandardScaler().fit(2 * X)), tmp_path, identity="scaler of tomorrow"
    )
    np.testing.assert_allclose(other.transform(X), scaler.transform(X) / 2, atol=0.5)
    assert not np.array_equal(other.transform(X), cached.transform(X))


@pytest.mark.parametrize(
    "transformer", [StandardScaler(), ColumnTransformer([("a", Normalizer(), [0])])]
)
def test_a_transformer_that_has_to_be_fitted_is_an_error(tmp_path, transformer):
    with pytest.raises(NotFittedError, match=r"needs fitting, but CachedTransformer never fits"):
        CachedTransformer(transformer, tmp_path).fit_transform(np.eye(3))


DISTINCT = [
    Letters(),
    Letters("ea"),
    Letters(b"ea"),
    Letters(["ea"]),
    Letters(("ea",)),
    Letters(["e", "a"]),
    Letters({"ea"}),
    Letters({"ea": 1}),
    Letters({"ea": "1"}),
    Letters(None),
    Letters(1),
    Letters(1.0),
    Letters(True),
    Letters(np.float64(1.0)),
    Letters(np.array([1.0])),
    Letters(np.array([[1.0]])),
    Letters(np.array([1.0], dtype=object)),
    Letters(np.arange(3)),
    Letters(Path("ea")),
    Letters(range(3)),
    Letters(slice(3)),
    Letters(np.dtype("f4")),
    Letters(np.float32),
    Letters(Normalizer()),
    Letters(Normalizer(norm="l1")),
    Rows(),
    make_pipeline(Letters()),
    make_pipeline(Letters(), Normalizer()),
    make_pipeline(Normalizer(), Letters()),
    make_pipeline(Letters(), "passthrough"),
    FeatureUnion([("a", Letters()), ("b", Letters("ea"))]),
    FeatureUnion([("a", Letters()), ("b", Letters("ea"))], transformer_weights={"a": 2}),
    ColumnTransformer([("a", Letters(), "x")]),
    ColumnTransformer([("a", Letters(), "y")]),
    HashingVectorizer(),
    HashingVectorizer(n_features=64),
]


def test_no_two_transformers_share_an_identity():
    assert len({identity_of(transformer) for transformer in DISTINCT}) == len(DISTINCT)
    assert len({identity_of(t, "name") for t in DISTINCT}) == len(DISTINCT)


def test_a_copy_has_the_same_identity():
    for transformer in DISTINCT:
        assert identity_of(clone(transformer)) == identity_of(transformer)
        assert identity_of(pickle.loads(pickle.dumps(transformer))) == identity_of(transformer)


def test_the_order_of_dicts_and_sets_is_no_part_of_an_identity():
    one, other = {"a": 1, "b": {2, "x", "y"}}, {"b": {"y", 2, "x"}, "a": 1}
    assert identity_of(Letters(one)) == identity_of(Letters(other))


def test_identities_are_those_of_any_process():
    program = (
        "import pickle, sys\nfrom skactive.embedding._identity import identity_of\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "from test_embedding_cache import DISTINCT\n"
        "sys.stdout.write(repr([identity_of(transformer) for transformer in DISTINCT]))"
    )
    paths = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program, paths[0]],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(paths)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ["1", "2"]
    }
    assert len(outputs) == 1


def test_a_class_of_ones_own_counts_by_its_code():
    def made(source):
        names = {"__name__": "some_module", "BaseEstimator": BaseEstimator}
        exec(source, names)  # noqa: S102 - as a notebook does when a cell is run again
        return identity_of(names["Own"]())

    source = """
class Own(BaseEstimator):
    N = 1
    def transform(self, X):
        return [x in {"a", "b"} for x in X]
    @property
    def p(self):
        return (lambda: 1)()
"""
    assert made(source) == made("\n\n" + source)
    changed = [
        source.replace(*change) for change in [('"b"', '"c"'), ("N = 1", "N = 2"), (": 1", ": 2")]
    ]
    assert len({made(text) for text in [source, *changed]}) == 4


def test_a_release_counts(monkeypatch):
    import sklearn

    from skactive.embedding import _identity

    before = identity_of(Normalizer())
    assert f"sklearn {sklearn.__version__}".encode() in before
    monkeypatch.setattr(sklearn, "__version__", "99")
    _identity._release_of.cache_clear()
    after = identity_of(Normalizer())
    _identity._release_of.cache_clear()
    assert after != before
    assert identity_of(Normalizer(), "name") == identity_of(Normalizer(), "name")


@pytest.mark.parametrize("kind", [str, Path])
def test_a_model_trained_again_in_its_place_is_another(tmp_path, kind):
    folder = tmp_path / "model"
    folder.mkdir()
    weights = folder / "weights"
    weights.write_bytes(b"1")
    transformer = Letters(kind(folder))
    before = identity_of(transformer)
    assert identity_of(Letters(kind(folder))) == before
    os.utime(weights, ns=(1, 1))
    # The same content is the same model.
    assert identity_of(transformer) == before
    weights.write_bytes(b"2")
    assert identity_of(transformer) != before
    before = identity_of(Letters(kind(weights)))
    weights.write_bytes(b"22")
    assert identity_of(Letters(kind(weights))) != before


# Within scikit-learn -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    return tmp_path_factory.mktemp("stores")


@each_check_of(
    CachedTransformer(Normalizer(), "STORE"),
    CachedTransformer(Binarizer(threshold=0.5), "STORE", identity="binary", batch_size=3),
)
def test_scikit_learns_checks_pass(estimator, check, places, monkeypatch):
    monkeypatch.chdir(places)
    check(estimator)


def test_parameters_reach_the_transformer_and_never_an_old_vector(tmp_path):
    cached = CachedTransformer(Letters(), tmp_path)
    assert cached.get_params()["transformer__letters"] == "aep"
    first = cached.transform(TEXTS)
    assert not np.array_equal(cached.set_params(transformer__letters="efg").transform(TEXTS), first)
    np.testing.assert_array_equal(
        cached.set_params(transformer__letters="aep").transform(TEXTS), first
    )


def test_a_pickled_one_finds_the_store(tmp_path):
    cached = CachedTransformer(Letters(), tmp_path)
    cached.transform(TEXTS)
    embedded.clear()
    pickle.loads(pickle.dumps(cached)).transform(TEXTS)
    assert embedded == []


def asked_for_by(location):
    """Return the keys in a store."""
    with closing(sqlite3.connect(location / "vectors-1.sqlite3")) as connection:
        return connection.execute("SELECT key FROM vectors").fetchall()


def test_a_grid_search_in_processes_embeds_once(tmp_path):
    X = np.random.default_rng(0).normal(size=(60, 4))
    y = (X[:, 0] > 0).astype(int)
    search = GridSearchCV(
        make_pipeline(CachedTransformer(Normalizer(), tmp_path), LogisticRegression()),
        {"cachedtransformer__transformer__norm": ["l1", "l2"], "logisticregression__C": [0.1, 1]},
        n_jobs=2,
        error_score="raise",
    )
    search.fit(X, y)
    assert len(asked_for_by(tmp_path)) == 2 * len(X)
    norms = search.best_params_["cachedtransformer__transformer__norm"]
    direct = make_pipeline(Normalizer(norm=norms), LogisticRegression()).set_params(
        logisticregression__C=search.best_params_["logisticregression__C"]
    )
    np.testing.assert_array_equal(search.predict(X), direct.fit(X, y).predict(X))


def test_threads_share_a_store(tmp_path):
    texts = [f"text {number}" for number in range(200)]
    cached = CachedTransformer(Letters("0123456789"), tmp_path, batch_size=16)
    expected = Letters("0123456789").transform(texts)
    parts = joblib.Parallel(2, prefer="threads")(
        joblib.delayed(cached.transform)(texts[start:]) for start in range(0, 100, 10)
    )
    for start, part in zip(range(0, 100, 10), parts, strict=True):
        np.testing.assert_array_equal(part, expected[start:])


def test_columns_of_a_frame_are_embedded_in_a_column_transformer(tmp_path):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"text": TEXTS, "n": np.arange(5.0)})
    columns = ColumnTransformer(
        [("text", CachedTransformer(Letters(), tmp_path), "text")], remainder="passthrough"
    )
    first = columns.fit_transform(frame)
    embedded.clear()
    np.testing.assert_array_equal(columns.transform(frame), first)
    assert embedded == []


def test_names_of_features_are_those_of_the_transformer(tmp_path):
    pytest.importorskip("pandas")
    cached = CachedTransformer(AdditiveChi2Sampler().fit(np.eye(2)), tmp_path, identity="chi 2")
    names = cached.transformer.get_feature_names_out()
    assert cached.get_feature_names_out().tolist() == names.tolist()
    frame = cached.set_output(transform="pandas").transform(np.eye(2))
    assert list(frame.columns) == list(names)
    for _ in range(2):
        normalizer = Normalizer().set_output(transform="pandas").fit(np.eye(2))
        inner = CachedTransformer(normalizer, tmp_path)
        assert isinstance(inner.transform(np.eye(2)), np.ndarray)
    assert not hasattr(CachedTransformer(Letters(), tmp_path), "get_feature_names_out")


def test_progress_is_shown_on_standard_error(tmp_path, capsys):
    CachedTransformer(Letters(), tmp_path, verbose=True).transform(TEXTS)
    captured = capsys.readouterr()
    assert "embedding: 100%" in captured.err
    assert captured.out == ""


# Errors ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "exception", "sentence"),
    [
        ({"transformer": None}, TypeError, r"'transformer' parameter of CachedTransformer must be"),
        (
            {"transformer": Normalizer},
            TypeError,
            r"must be an object with `transform`\. Got <class",
        ),
        (
            {"location": None},
            TypeError,
            r"must be the path of a folder or an EmbeddingStore\. Got",
        ),
        ({"location": joblib.Memory(None)}, TypeError, r"must be the path of a folder"),
        ({"identity": 1}, TypeError, r"must be a non-empty str, or None\. Got 1 instead"),
        ({"identity": ""}, TypeError, r"must be a non-empty str, or None\. Got '' inst"),
        ({"batch_size": 0}, ValueError, r"must be an int of at least 1\. Got 0 instead\."),
    ],
)
def test_an_invalid_parameter_raises_with_one_sentence(tmp_path, parameters, exception, sentence):
    cached = CachedTransformer(Letters(), tmp_path).set_params(**parameters)
    for method in [cached.fit, cached.transform]:
        with pytest.raises(exception, match=sentence):
            method(TEXTS)


class Gives(BaseEstimator):
    def __init__(self, kind):
        self.kind = kind

    def transform(self, X):
        return {
            "sparse": sp.csr_array(np.ones((len(X), 2))),
            "texts": np.array([["a"]] * len(X)),
            "flat": np.ones(len(X)),
            "too few": np.ones((1, 2)),
            "list": [[1, 2.5]] * len(X),
        }[self.kind]


@pytest.mark.parametrize(
    ("kind", "exception", "sentence"),
    [
        ("sparse", TypeError, r"Gives returns sparse vectors, but CachedTransformer stores dense"),
        ("texts", TypeError, r"real numbers of .*\. Got an array of <U1 of shape \(2, 1\) instead"),
        ("flat", TypeError, r"must return real numbers .* Got an array of float64 of shape \(2,\)"),
        (
            "too few",
            ValueError,
            r"2 samples must have shape \(2, n_features\)\. Got shape \(1",
        ),
    ],
)
def test_an_output_that_is_not_a_vector_raises_with_one_sentence(
    tmp_path, kind, exception, sentence
):
    with pytest.raises(exception, match=sentence):
        CachedTransformer(Gives(kind), tmp_path).transform(["a", "b"])


def test_lists_of_numbers_are_vectors(tmp_path):
    assert CachedTransformer(Gives("list"), tmp_path).transform(["a", "b"]).shape == (2, 2)


def test_a_location_that_is_a_file_raises_before_anything_is_embedded(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError, match="Embeddings are stored in a folder, but"):
        CachedTransformer(Letters(), tmp_path / "file").transform(TEXTS)
    assert embedded == []


def test_a_warning_names_the_line_that_called(tmp_path):
    cached = CachedTransformer(Letters(), tmp_path)
    cached.transform(TEXTS)
    (tmp_path / "vectors-1.sqlite3").write_bytes(b"garbage" * 99)
    with pytest.warns(RuntimeWarning, match="is damaged") as caught:
        cached.transform(TEXTS)
    assert caught[0].filename == __file__


def test_a_hub_embedder_uses_the_location_as_its_own_cache(tmp_path, monkeypatch):
    from skactive.embedding import HubEmbedder

    seen = []

    def transform(self, X):
        seen.append((self.cache, self.handle, self.verbose, X))
        return np.ones((len(X), 2))

    monkeypatch.setattr(HubEmbedder, "transform", transform)
    embedder = HubEmbedder("some model")
    cached = CachedTransformer(embedder, tmp_path, verbose=True).fit()
    assert cached.transform(TEXTS).shape == (5, 2)
    assert seen == [(tmp_path, "some model", True, TEXTS)]
    assert embedder.cache is None


BESIDE = """
import functools, re
from enum import Enum
import numpy as np
import constants
FACTOR = 2
NOTHING = None
WORDS = ["a", "b"]
NESTED = {"weights": [np.arange(2000), ({3},)], "f": lambda x: x * 7}
TABLE = np.array([1.0, 2.0])
SPACES = re.compile(" +")
class Part:
    N = 3
class Kind(Enum):
    WIDE = 11
class Tool:
    def __init__(self, size=13):
        self.size = size
tool = Tool()
def helper(x):
    return deeper(x) * FACTOR
def deeper(x, start=1, *, end=5):
    return x + start
def scaled(by):
    def scale(x):
        return x * by
    return scale
closed = scaled(17)
bound = functools.partial(deeper, start=19)
@functools.lru_cache
def kept(x):
    return x * 23
def wrapping(f):
    @functools.wraps(f)
    def wrapper(x):
        return f(x) * 29
    return wrapper
@wrapping
def wrapped(x):
    return x * 31
class Own(TransformerMixin, BaseEstimator):
    SIZES = [37]
    @functools.cached_property
    def width(self):
        return 41
    def transform(self, X, k=43):
        def inside(x):
            return x * 47
        parts = [WORDS, NESTED, TABLE, SPACES, NOTHING, Part.N, Kind.WIDE, tool, constants.A]
        return [[helper(x), closed(x), bound(x), kept(x), wrapped(x), inside(x)] for x in X], parts
"""


@pytest.mark.parametrize(
    "change",
    [
        ("FACTOR = 2", "FACTOR = 3"),
        ('"b"]', '"c"]'),
        ("1.0, 2.0", "1.0, 2.5"),
        ("N = 3", "N = 4"),
        ("x + start", "x - start"),
        ("start=1,", "start=2,"),
        ("* FACTOR", "+ FACTOR"),
        ("NOTHING = None", "NOTHING = 1"),
        ("np.arange(2000)", "np.arange(2000) ** np.int64(np.arange(2000) == 1000)"),
        ("({3},)", "({4},)"),
        ("x * 7", "x * 8"),
        ('" +"', '"  +"'),
        ("= 11", "= 12"),
        ("size=13", "size=14"),
        ("end=5", "end=6"),
        ("scaled(17)", "scaled(18)"),
        ("start=19", "start=20"),
        ("x * 23", "x * 24"),
        ("* 29", "* 30"),
        ("x * 31", "x * 32"),
        ("[37]", "[38]"),
        ("return 41", "return 42"),
        ("k=43", "k=44"),
        ("x * 47", "x * 48"),
        ("constants.A", "constants.B"),
        ("deeper(x) *", "deeper(-x) *"),
    ],
)
@pytest.mark.parametrize("mixin", ["TransformerMixin, ", ""])
def test_what_the_code_names_beside_the_class_counts(change, mixin, monkeypatch):
    """scikit-learn's mixin wraps `transform`: the code inside the wrapper counts."""

    def made(source, **values):
        constants = ModuleType("constants")
        vars(constants).update({"A": 1, "B": 2} | values)
        monkeypatch.setitem(sys.modules, "constants", constants)
        names = {
            "__name__": "some_module",
            "BaseEstimator": BaseEstimator,
            "TransformerMixin": TransformerMixin,
        }
        exec(source, names)  # noqa: S102 - as a notebook does when a cell is run again
        return identity_of(names["Own"]())

    beside = BESIDE.replace("TransformerMixin, ", mixin)
    assert made(beside) == made("\n" + beside + "\nUNUSED = 1\n")
    assert made(beside.replace(*change)) != made(beside)
    assert made(beside, A=3) != made(beside)


@pytest.mark.parametrize("is_folder", [True, False])
def test_weights_of_the_same_size_and_time_are_other_weights(tmp_path, is_folder):
    file = tmp_path / "model" / "weights.bin"
    file.parent.mkdir()
    file.write_bytes(b"first")
    named = str(file.parent if is_folder else file)
    before, stat = identity_of(Letters(named)), file.stat()
    file.write_bytes(b"other")
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert identity_of(Letters(named)) != before
    file.write_bytes(b"first")
    assert identity_of(Letters(named)) == before
