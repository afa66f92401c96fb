"""The samples of an ActiveLearner: texts, frames, files, arrays of every kind."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import HashingVectorizer, TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.utils.validation import check_is_fitted

from skactive import ActiveLearner
from skactive.neighbors import IncrementalKNeighborsClassifier

TEXTS = [
    "ripe red apple",
    "sour green apple",
    "apple pie with cream",
    "an apple a day",
    "sweet orange",
    "orange juice",
    "orange peel in tea",
    "a soft old orange",
]
FRUITS = np.repeat(["apple", "orange"], 4)


def rounded_samples(n_samples=20):
    rng = np.random.default_rng(2)
    y = np.arange(n_samples) % 2
    return np.round(rng.normal(size=(n_samples, 4)) + 2 * y[:, np.newaxis] + 1), y


def teach_queries(learner, y, n_queries=5):
    for _ in range(n_queries):
        indices = learner.query()
        learner.teach(indices, y[indices])
    return learner


class Counts(dict):
    """Calls counted together by a transformer and its copies."""

    def __deepcopy__(self, memo):
        return self


class CountingTransformer(TransformerMixin, BaseEstimator):
    """A transformer that passes samples on, and counts them."""

    def __init__(self, counts):
        self.counts = counts

    def fit(self, X, y=None):
        self.counts.setdefault("fits", []).append(len(X))
        self.offset_ = 0.0
        return self

    def transform(self, X):
        check_is_fitted(self)
        self.counts.setdefault("transforms", []).append(len(X))
        return np.asarray(X, dtype=float) + self.offset_


class CountingEmbedder(CountingTransformer):
    """A transformer that needs no fit, like a pretrained model."""

    def transform(self, X):
        self.counts.setdefault("transforms", []).append(len(X))
        return np.asarray(X, dtype=float)

    def __sklearn_is_fitted__(self):
        return True


class UncheckedTransformer(CountingTransformer):
    """A transformer that does not check whether it is fitted, like many custom ones."""

    def transform(self, X):
        return X - self.offset_


CLASSIFIERS = [IncrementalKNeighborsClassifier(3), LogisticRegression(), MultinomialNB()]


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_a_pipeline_computes_the_features_of_each_sample_once(classifier):
    X, y = rounded_samples()
    X = np.abs(X)
    counts = Counts()
    learner = ActiveLearner(make_pipeline(CountingTransformer(counts), classifier), X_pool=X)
    assert counts == {"fits": [20], "transforms": [20]}
    teach_queries(learner, y).skip([learner.candidates[0]])
    learner.query(3)
    learner.relabel(learner.labeled[:1], [5]).undo()
    learner.undo()
    learner.query()
    assert counts == {"fits": [20], "transforms": [20]}
    learner.predict(X[:3])
    assert counts == {"fits": [20], "transforms": [20, 3]}


def test_a_fitted_pipeline_is_not_fitted_again_and_transforms_once():
    X, y = rounded_samples()
    counts = Counts()
    pipeline = make_pipeline(CountingTransformer(counts), IncrementalKNeighborsClassifier())
    pipeline.fit(X[:5], y[:5])
    teach_queries(ActiveLearner(pipeline, X_pool=X[5:]), y[5:])
    assert counts == {"fits": [5], "transforms": [5, 15]}


def test_a_step_that_needs_no_fit_runs_once_before_one_that_does():
    X, y = rounded_samples()
    counts = Counts()
    steps = CountingEmbedder(counts), StandardScaler(), IncrementalKNeighborsClassifier()
    teach_queries(ActiveLearner(make_pipeline(*steps), X_pool=X), y)
    assert counts["transforms"] == [20]


def test_a_transformer_that_does_not_look_whether_it_is_fitted_is_fitted():
    X, y = rounded_samples()
    steps = UncheckedTransformer(Counts()), IncrementalKNeighborsClassifier()
    teach_queries(ActiveLearner(make_pipeline(*steps), X_pool=X), y)


def test_a_seed_set_is_transformed_once():
    X, y = rounded_samples()
    counts = Counts()
    pipeline = make_pipeline(CountingTransformer(counts), LogisticRegression())
    teach_queries(ActiveLearner(pipeline, X_pool=X[6:], X_labeled=X[:6], y_labeled=y[:6]), y[6:])
    assert counts == {"fits": [14], "transforms": [14, 6]}


@pytest.mark.parametrize("vectorizer", [TfidfVectorizer(), HashingVectorizer(n_features=2**10)])
@pytest.mark.parametrize("classifier", [IncrementalKNeighborsClassifier(3), LogisticRegression()])
def test_raw_texts_are_queried_and_predicted(vectorizer, classifier):
    learner = ActiveLearner(make_pipeline(vectorizer, classifier), X_pool=TEXTS)
    teach_queries(learner, FRUITS, 6)
    assert learner.predict(["an orange from Spain", "green apple"]).tolist() == ["orange", "apple"]
    assert learner.score(TEXTS, FRUITS) == 1.0
    assert learner.samples([5, 0]) == ["orange juice", "ripe red apple"]
    assert learner.features(TEXTS[:2]).shape[0] == 2


@pytest.mark.parametrize("classifier", [IncrementalKNeighborsClassifier(1), LogisticRegression()])
def test_a_seed_set_of_raw_texts_goes_through_the_pipeline(classifier):
    learner = ActiveLearner(
        make_pipeline(TfidfVectorizer(), classifier),
        X_pool=TEXTS,
        X_labeled=["red apple", "orange juice"],
        y_labeled=["apple", "orange"],
    )
    assert learner.predict(["red apple", "orange juice"]).tolist() == ["apple", "orange"]


@pytest.mark.parametrize(
    "classifier", [IncrementalKNeighborsClassifier(3), RandomForestClassifier(9, random_state=0)]
)
def test_a_frame_goes_through_a_column_transformer_without_a_warning(classifier):
    pd = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "colour": np.where(np.arange(30) % 2, "red", "blue"),
            "weight": rng.normal(size=30) + np.arange(30) % 2,
            "length": rng.normal(size=30),
        },
        index=[f"fruit {number}" for number in range(30)],
    )
    y = (np.arange(30) % 2).astype(str)
    columns = make_column_transformer(
        (OneHotEncoder(), ["colour"]), (StandardScaler(), ["weight", "length"])
    )
    seed = {"X_labeled": frame[:2], "y_labeled": y[:2]}
    learner = ActiveLearner(make_pipeline(columns, classifier), X_pool=frame[2:], **seed)
    teach_queries(learner, y[2:], 8)
    assert learner.score(frame, y) > 0.9
    assert learner.samples([3]).equals(frame[5:6])


@pytest.mark.parametrize(
    "estimator",
    [
        IncrementalKNeighborsClassifier(metric="euclidean"),
        LogisticRegression(),
        make_pipeline(StandardScaler().set_output(transform="pandas"), LogisticRegression()),
    ],
)
def test_a_frame_of_numbers_needs_no_pipeline_and_gives_no_warning(estimator):
    pd = pytest.importorskip("pandas")
    X, y = rounded_samples()
    frame = pd.DataFrame(X, columns=list("abcd"))
    seed = {"X_labeled": frame[:4], "y_labeled": y[:4]}
    learner = ActiveLearner(estimator, X_pool=frame[4:], **seed)
    teach_queries(learner, y[4:])
    assert learner.predict(frame).shape == (20,)
    assert learner.fitted_estimator().feature_names_in_.tolist() == list("abcd")


def test_a_seed_set_may_be_a_frame_where_the_pool_is_an_array():
    pd = pytest.importorskip("pandas")
    X, y = rounded_samples()
    learner = ActiveLearner(
        LogisticRegression(), X_pool=X[6:], X_labeled=pd.DataFrame(X[:6]), y_labeled=y[:6]
    )
    direct = LogisticRegression().fit(X[:8], y[:8])
    learner.teach([0, 1], y[6:8])
    np.testing.assert_array_equal(learner.predict(X), direct.predict(X))


@pytest.mark.parametrize("kind", [sp.csr_array, sp.csr_matrix])
@pytest.mark.parametrize("layout", ["csr", "csc", "coo", "lil", "dok", "bsr", "dia"])
@pytest.mark.parametrize(
    "estimator",
    [IncrementalKNeighborsClassifier(3), MultinomialNB()],
)
def test_sparse_samples_give_the_same_results_as_dense_ones(estimator, layout, kind):
    X, y = rounded_samples()
    X = np.abs(X) * (X > 1)
    sparse = kind(X).asformat(layout)
    plain = teach_queries(ActiveLearner(estimator, X_pool=X), y)
    learner = teach_queries(ActiveLearner(estimator, X_pool=sparse), y)
    np.testing.assert_array_equal(learner.labeled, plain.labeled)
    np.testing.assert_allclose(learner.predict_proba(sparse), plain.predict_proba(X))
    assert sp.issparse(learner.samples([3]))
    learner.undo()
    seed = {"X_labeled": sparse.tocsr()[:4].asformat(layout), "y_labeled": y[:4]}
    seeded = ActiveLearner(estimator, X_pool=sparse, **seed).teach(learner.labeled, learner.labels)
    assert seeded.predict(sparse).shape == (20,)


@pytest.mark.parametrize("estimator", [IncrementalKNeighborsClassifier(3), LogisticRegression()])
@pytest.mark.parametrize("dense", [np.asarray, np.ndarray.tolist])
def test_a_dense_seed_set_works_with_a_sparse_pool_and_the_reverse(estimator, dense):
    X, y = rounded_samples()
    both = [
        ActiveLearner(
            estimator, X_pool=sp.csr_array(X[6:]), X_labeled=dense(X[:6]), y_labeled=y[:6]
        ),
        ActiveLearner(
            estimator, X_pool=dense(X[6:]), X_labeled=sp.csr_array(X[:6]), y_labeled=y[:6]
        ),
    ]
    direct = clone(estimator).fit(X[:9], y[:9])
    for learner in both:
        learner.teach([0, 1, 2], y[6:9]).query()
        np.testing.assert_allclose(learner.predict_proba(X), direct.predict_proba(X), rtol=1e-4)


@pytest.mark.parametrize(
    "form",
    [
        lambda X: X.tolist(),
        lambda X: [tuple(row) for row in X],
        list,
        lambda X: X.astype(object),
        lambda X: X.astype(np.float32),
        lambda X: X.astype(np.int8),
        np.asfortranarray,
        lambda X: np.repeat(X, 2, axis=0)[::2],
    ],
)
@pytest.mark.parametrize("estimator", [IncrementalKNeighborsClassifier(3), LogisticRegression()])
def test_the_form_of_the_numbers_does_not_matter(estimator, form):
    X, y = rounded_samples()
    plain = teach_queries(ActiveLearner(estimator, X_pool=X), y, 3)
    learner = teach_queries(ActiveLearner(estimator, X_pool=form(X)), y, 3)
    np.testing.assert_array_equal(learner.labeled, plain.labeled)
    np.testing.assert_allclose(learner.predict_proba(X), plain.predict_proba(X), rtol=1e-4)


def test_a_memory_map_stays_on_disk(tmp_path):
    X, y = rounded_samples()
    path = tmp_path / "features.npy"
    np.save(path, X.astype(np.float32))
    mapped = np.load(path, mmap_mode="r")
    learner = teach_queries(ActiveLearner(X_pool=mapped), y)
    assert isinstance(learner.X_pool, np.memmap)
    assert np.shares_memory(learner.pool.X, mapped)
    np.testing.assert_array_equal(
        learner.labeled, teach_queries(ActiveLearner(X_pool=X), y).labeled
    )


def test_samples_may_be_files(tmp_path):
    X, y = rounded_samples()
    paths = [tmp_path / f"{number}.npy" for number in range(20)]
    for path, row in zip(paths, X, strict=True):
        np.save(path, row)
    read = FunctionTransformer(lambda files: np.stack([np.load(file) for file in files]))
    pipeline = make_pipeline(read, StandardScaler(), IncrementalKNeighborsClassifier())
    learner = ActiveLearner(pipeline, X_pool=paths)
    for path in paths:
        path.unlink()
    teach_queries(learner, y)
    assert learner.samples(learner.query()) == [paths[learner.query()[0]]]


def test_samples_may_be_images_of_any_size():
    rng = np.random.default_rng(0)
    images = [rng.random((4 + number % 3, 5, 3)) + number % 2 for number in range(12)]
    mean_colour = FunctionTransformer(lambda many: np.stack([one.mean((0, 1)) for one in many]))
    learner = ActiveLearner(
        make_pipeline(mean_colour, IncrementalKNeighborsClassifier(1, metric="euclidean")),
        X_pool=images,
    )
    teach_queries(learner, np.arange(12) % 2)
    assert learner.score(images, np.arange(12) % 2) == 1.0
    stacked = np.stack([image[:4] for image in images])
    learner = ActiveLearner(make_pipeline(mean_colour, LogisticRegression()), X_pool=stacked)
    assert learner.samples([2, 3]).shape == (2, 4, 5, 3)


@pytest.mark.parametrize("last", [IncrementalKNeighborsClassifier(3), LogisticRegression()])
def test_a_pipeline_of_one_step_is_that_step(last):
    X, y = rounded_samples()
    whole = teach_queries(ActiveLearner(Pipeline([("only", last)]), X_pool=X), y)
    bare = teach_queries(ActiveLearner(last, X_pool=X), y)
    np.testing.assert_array_equal(whole.labeled, bare.labeled)
    np.testing.assert_array_equal(whole.predict_proba(X), bare.predict_proba(X))
    assert whole.features(X) is X


def test_steps_are_fitted_on_the_pool_and_named_as_they_were():
    X, _ = rounded_samples()
    pipeline = Pipeline([("scale", StandardScaler()), ("less", PCA(2)), ("vote", CLASSIFIERS[0])])
    learner = ActiveLearner(pipeline, X_pool=X).teach([0, 1], ["a", "b"])
    assert list(learner.fitted_estimator().named_steps) == ["scale", "less", "vote"]
    np.testing.assert_allclose(learner.estimator["scale"].mean_, X.mean(axis=0))
    assert learner.pool.X.shape == (20, 2)
    assert not hasattr(pipeline["scale"], "mean_")


@pytest.mark.parametrize(
    "empty", [[], np.empty((0, 3)), sp.csr_array((0, 3)), sp.coo_matrix((0, 3)), ()]
)
def test_an_empty_pool_is_refused(empty):
    with pytest.raises(ValueError, match="X_pool is empty: there is no sample to choose"):
        ActiveLearner(X_pool=empty)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("estimator", [None, LogisticRegression(), RandomForestClassifier()])
def test_features_that_are_no_numbers_are_refused(estimator, bad):
    X, _ = rounded_samples()
    X[7, 2] = bad
    with pytest.raises(ValueError, match=r"Input X_pool contains (NaN|infinity).* first in row 7"):
        ActiveLearner(estimator, X_pool=X)


def test_missing_values_may_be_filled_in_by_a_pipeline():
    X, y = rounded_samples()
    X[7, 2] = np.nan
    learner = ActiveLearner(make_pipeline(SimpleImputer(), LogisticRegression()), X_pool=X)
    assert teach_queries(learner, y).predict(X).shape == (20,)


@pytest.mark.parametrize(
    ("X_pool", "error", "message"),
    [
        (
            TEXTS,
            ValueError,
            "X_pool holds what is not a number: .*Hint: put what turns raw samples",
        ),
        ([1.0, 2.0], ValueError, "Expected 2D array, got 1D array instead"),
        (5, TypeError, "X_pool must be an array, a DataFrame, a sparse matrix or a list of sampl"),
        ({1, 2}, TypeError, "X_pool must be an array, .* Got {1, 2} instead"),
        ((row for row in "ab"), TypeError, "X_pool must be an array, .* Got <generator object"),
        (None, TypeError, "needs the samples to choose from: pass X_pool"),
    ],
)
def test_an_object_that_is_not_a_pool_raises(X_pool, error, message):
    with pytest.raises(error, match=message):
        ActiveLearner(X_pool=X_pool)


@pytest.mark.parametrize("step", [TfidfVectorizer(), FunctionTransformer(lambda X: X[:7])])
def test_steps_that_do_not_return_a_row_for_each_sample_are_refused(step):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"text": [f"text {number}" for number in range(30)]})
    estimator = make_pipeline(step, IncrementalKNeighborsClassifier())
    with pytest.raises(
        ValueError, match=r"The pool has 30 samples, but the .* return [17] rows\. Hint: use steps"
    ):
        ActiveLearner(estimator, X_pool=frame)
