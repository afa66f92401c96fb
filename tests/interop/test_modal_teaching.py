"""Teaching an `ActiveLearner`: any samples and labels, incremental updates, no lost answers."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris
from sklearn.feature_extraction.text import HashingVectorizer, TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.utils.validation import check_is_fitted

from skactive.neighbors import IncrementalKNeighborsClassifier

pytest.importorskip("modAL.models", reason="modAL-python is not installed")

from skactive.integrations.modal import ActiveLearner
from skactive.strategies import RandomSampling

# Whole pools are passed here, with the labelled samples among them.
pytestmark = pytest.mark.filterwarnings("ignore:X_pool has samples that are labelled already")

X, y = load_iris(return_X_y=True)
SEED_SET = np.array([0, 1, 50, 51, 100, 101])
WORDS = ["a tart apple", "an apple pie", "green apple", "fresh bread", "rye bread", "a bread roll"]
FOODS = ["apple", "apple", "apple", "bread", "bread", "bread"]


class CountingClassifier(ClassifierMixin, BaseEstimator):
    """Predict the label of the last sample, and record the calls."""

    def fit(self, X, y, sample_weight=None):
        self.classes_ = np.unique(y)
        self.calls_ = [*getattr(self, "calls_", []), ("fit", len(y))]
        self.last_ = y[-1]
        return self

    def add_labeled(self, X, y):
        check_is_fitted(self)
        self.classes_ = np.union1d(self.classes_, y)
        self.calls_.append(("add_labeled", len(y)))
        self.last_ = y[-1]
        return self

    def predict(self, X):
        return np.full(len(X), self.last_)


def first_rows(learner, X_pool, n_instances=1):
    return np.arange(n_instances)


def seeded(estimator, **parameters):
    return ActiveLearner(estimator, X_training=X[SEED_SET], y_training=y[SEED_SET], **parameters)


def teach_word(learner, word, food):
    learner.teach([word], [food])
    return learner.predict([word])[0]


# EstimatorUpdater


def test_teaching_returns_none_as_in_modal():
    assert seeded(GaussianNB()).teach(X[[60]], y[[60]]) is None


@pytest.mark.parametrize(
    "wrap", [lambda last: last, lambda last: make_pipeline(StandardScaler(), last)]
)
def test_an_estimator_with_add_labeled_is_fitted_once(wrap):
    counting = CountingClassifier()
    learner = seeded(wrap(counting))
    learner.teach(X[[60]], y[[60]])
    learner.teach(X[61:63], y[61:63])
    assert counting.calls_ == [("fit", 6), ("add_labeled", 1), ("add_labeled", 2)]
    np.testing.assert_array_equal(learner.X_training, X[[*SEED_SET, 60, 61, 62]])


def test_the_steps_of_a_fitted_pipeline_are_not_refitted():
    pipeline = make_pipeline(StandardScaler(), IncrementalKNeighborsClassifier())
    learner = seeded(pipeline)
    mean = pipeline[0].mean_.copy()
    learner.teach(X[[60]], y[[60]])
    np.testing.assert_array_equal(pipeline[0].mean_, mean)
    assert pipeline[-1].n_samples_fit_ == 7


def test_a_pipeline_within_a_pipeline_learns_at_once():
    counting = CountingClassifier()
    learner = seeded(make_pipeline(StandardScaler(), make_pipeline(StandardScaler(), counting)))
    learner.teach(X[[60]], y[[60]])
    assert counting.calls_[-1] == ("add_labeled", 1)


@pytest.mark.parametrize(
    "wrap", [lambda last: last, lambda last: make_pipeline("passthrough", last)]
)
def test_the_first_teach_fits_an_unfitted_estimator(wrap):
    counting = CountingClassifier()
    learner = ActiveLearner(wrap(counting))
    learner.teach(X[:2], y[:2])
    learner.teach(X[50:52], y[50:52])
    assert counting.calls_ == [("fit", 2), ("add_labeled", 2)]


def test_an_estimator_fitted_beforehand_keeps_its_samples():
    estimator = IncrementalKNeighborsClassifier().fit(X[:100], y[:100])
    learner = ActiveLearner(estimator)
    learner.teach(X[100:], y[100:])
    assert estimator.n_samples_fit_ == 150
    np.testing.assert_array_equal(learner.X_training, X[100:])


def test_teaching_at_once_predicts_as_refitting_does():
    at_once = seeded(IncrementalKNeighborsClassifier())
    for position in range(60, 70):
        at_once.teach(X[[position]], y[[position]])
    refitted = IncrementalKNeighborsClassifier().fit(at_once.X_training, at_once.y_training)
    np.testing.assert_array_equal(at_once.predict_proba(X), refitted.predict_proba(X))


def test_any_other_estimator_is_refitted_on_everything():
    learner = seeded(GaussianNB())
    learner.teach(X[60:70], y[60:70])
    expected = GaussianNB().fit(X[[*SEED_SET, *range(60, 70)]], y[[*SEED_SET, *range(60, 70)]])
    np.testing.assert_array_equal(learner.predict_proba(X), expected.predict_proba(X))


def test_keyword_arguments_of_fit_mean_a_refit():
    counting = CountingClassifier()
    seeded(counting).teach(X[[60]], y[[60]], sample_weight=np.ones(7))
    assert counting.calls_ == [("fit", 6), ("fit", 7)]


def test_only_new_fits_on_the_new_alone_and_keeps_the_training_set():
    counting = CountingClassifier()
    learner = seeded(counting)
    learner.teach(X[[60]], y[[60]], only_new=True)
    assert counting.calls_ == [("fit", 6), ("fit", 1)]
    assert len(learner.X_training) == 6


@pytest.mark.parametrize("part", [{"only_new": True}, {"bootstrap": True}])
def test_a_partly_trained_estimator_is_refitted_on_everything_next(part):
    counting = CountingClassifier()
    learner = seeded(counting)
    learner.teach(X[[60]], y[[60]], **part)
    learner.teach(X[[61]], y[[61]])
    assert counting.calls_[-1] == ("fit", len(learner.X_training))
    learner.teach(X[[62]], y[[62]])
    assert counting.calls_[-1] == ("add_labeled", 1)


@pytest.mark.parametrize("frame", [pd.DataFrame, list, scipy.sparse.csr_matrix, np.asarray])
def test_a_bootstrap_takes_any_kind_of_samples(frame):
    learner = ActiveLearner(CountingClassifier(), first_rows)
    learner.fit(frame(X[:9]), y[:9], bootstrap=True)
    learner.teach(frame(X[9:12]), y[9:12], bootstrap=True)
    assert learner.estimator.calls_ == [("fit", 9), ("fit", 12)]


def test_fitting_discards_taught_samples():
    learner = seeded(IncrementalKNeighborsClassifier())
    assert learner.fit(X[:3], ["a", "a", "b"]) is learner
    assert learner.estimator.n_samples_fit_ == 3
    np.testing.assert_array_equal(learner.X_training, X[:3])


# Kinds of samples and labels


@pytest.mark.parametrize("vectorizer", [TfidfVectorizer(), HashingVectorizer(n_features=64)])
@pytest.mark.parametrize("last", [IncrementalKNeighborsClassifier(1), KNeighborsClassifier(1)])
def test_a_pipeline_over_texts_is_taught_and_queried(vectorizer, last):
    learner = ActiveLearner(
        make_pipeline(clone(vectorizer), clone(last)),
        RandomSampling(random_state=0),
        X_training=[WORDS[0], WORDS[3]],
        y_training=["apple", "bread"],
    )
    indices, rows = learner.query(WORDS, n_instances=2)
    assert rows == [WORDS[index] for index in indices]
    assert teach_word(learner, WORDS[1], "apple") == "apple"
    assert teach_word(learner, "pear tart", "pear") == "pear"
    assert learner.X_training == [WORDS[0], WORDS[3], WORDS[1], "pear tart"]
    assert learner.y_training == ["apple", "bread", "apple", "pear"]
    assert learner.score(WORDS[:4], FOODS[:4]) > 0.5


def test_file_paths_in_an_object_array_are_read_by_the_pipeline(tmp_path):
    paths = []
    for number, row in enumerate(X[SEED_SET]):
        paths.append(tmp_path / f"{number}.npy")
        np.save(paths[-1], row)
    paths = np.array(paths, dtype=object)
    reader = FunctionTransformer(lambda paths: np.stack([np.load(path) for path in paths]))
    learner = ActiveLearner(make_pipeline(reader, IncrementalKNeighborsClassifier(1)), first_rows)
    learner.teach(paths[:3], y[SEED_SET[:3]])
    learner.teach(paths[3:], y[SEED_SET[3:]])
    np.testing.assert_array_equal(learner.X_training, paths)
    np.testing.assert_array_equal(learner.predict(paths), y[SEED_SET])


def test_images_of_different_sizes_are_samples():
    images = [np.full((size, size + 1), float(size)) for size in range(1, 7)]
    sizes = FunctionTransformer(lambda images: np.array([[i.mean(), 1.0] for i in images]))
    learner = ActiveLearner(
        make_pipeline(sizes, IncrementalKNeighborsClassifier(1, metric="euclidean")), first_rows
    )
    learner.teach(images[:2], ["small", "small"])
    learner.teach(images[4:], ["large", "large"])
    assert list(learner.predict(images)) == ["small"] * 3 + ["large"] * 3
    assert [image.shape for image in learner.X_training] == [(1, 2), (2, 3), (5, 6), (6, 7)]


def test_images_of_one_size_in_an_object_array_stay_objects():
    images = np.empty(4, dtype=object)
    images[:] = [np.full((2, 2), float(value)) for value in range(4)]
    flat = FunctionTransformer(lambda images: np.stack([i.ravel() + 1 for i in images]))
    learner = ActiveLearner(make_pipeline(flat, IncrementalKNeighborsClassifier(1)), first_rows)
    learner.teach(images[:2], ["a", "b"])
    learner.teach(images[2:], ["c", "d"])
    assert learner.X_training.shape == (4,)


def test_a_frame_of_mixed_columns_keeps_its_columns_and_index():
    frame = pd.DataFrame(
        {"size": [1.0, 2.0, 8.0, 9.0], "color": ["red", "red", "blue", "blue"]},
        index=["p", "q", "r", "s"],
    )
    labels = pd.Series(["s", "s", "l", "l"], index=frame.index)
    learner = ActiveLearner(
        make_pipeline(
            make_column_transformer((OneHotEncoder(), ["color"]), remainder="passthrough"),
            IncrementalKNeighborsClassifier(1),
        ),
        first_rows,
        X_training=frame.iloc[[0, 3]],
        y_training=labels.iloc[[0, 3]],
    )
    _, rows = learner.query(frame.iloc[1:3], n_instances=2)
    learner.teach(rows[["color", "size"]], labels.iloc[1:3])
    pd.testing.assert_frame_equal(learner.X_training, frame.iloc[[0, 3, 1, 2]])
    pd.testing.assert_series_equal(learner.y_training, labels.iloc[[0, 3, 1, 2]])
    assert list(learner.predict(frame)) == list(labels)


def test_sparse_samples_stay_sparse():
    learner = ActiveLearner(IncrementalKNeighborsClassifier(), first_rows)
    learner.teach(scipy.sparse.csr_matrix(X[:3]), y[:3])
    learner.teach(scipy.sparse.coo_matrix(X[50:53]), y[50:53])
    assert learner.X_training.format == "csr"
    np.testing.assert_array_equal(learner.X_training.toarray(), X[[0, 1, 2, 50, 51, 52]])


@pytest.mark.parametrize(
    ("known", "new", "expected"),
    [
        (np.array(["a", "b"]), ["longer than before"], ["a", "b", "longer than before"]),
        (["a", "b"], np.array(["c"]), ["a", "b", "c"]),
        (pd.Series(["a", "b"]), np.array(["c"]), ["a", "b", "c"]),
        (np.array([0, 1]), [2], [0, 1, 2]),
        (np.array(["a", "b"], dtype=object), np.array(["c"]), ["a", "b", "c"]),
        (np.array(["a", "b"]), pd.Series(["c"], index=[7]), ["a", "b", "c"]),
        (pd.Series(["a", "b"], dtype="category"), pd.Series(["c"]), ["a", "b", "c"]),
        (["a", "b"], pd.Series(["c"]), ["a", "b", "c"]),
    ],
)
def test_labels_of_any_kind_are_appended_in_order(known, new, expected):
    learner = ActiveLearner(KNeighborsClassifier(1), X_training=X[[0, 50]], y_training=known)
    learner.teach(X[[100]], new)
    assert list(learner.y_training) == expected
    assert list(learner.predict(X[[0, 50, 100]])) == expected


def test_numbers_are_not_turned_into_text_by_labels_that_are():
    learner = ActiveLearner(GaussianNB(), X_training=X[:2], y_training=np.array([0, 1]))
    with pytest.raises(TypeError):
        learner.teach(X[[2]], ["two"])
    np.testing.assert_array_equal(learner.y_training, [0, 1])


def test_missing_values_pass_where_they_are_allowed():
    with_gap = X[SEED_SET].copy()
    with_gap[0, 0] = np.nan
    learner = ActiveLearner(make_pipeline(SimpleImputer(), GaussianNB()), force_all_finite=False)
    learner.teach(with_gap, y[SEED_SET])
    assert learner.predict(with_gap).shape == (6,)


# Bad answers


def with_nan(row):
    row = row.astype(float)
    row.flat[0] = np.nan
    return row


BAD_ANSWERS = {
    "more labels than samples": (X[[60]], [1, 1], "inconsistent numbers of samples"),
    "a NaN in a sample": (with_nan(X[[60]]), [1], "Input X contains NaN"),
    "a NaN in the labels": (X[[60]], [np.nan], "Input y contains NaN"),
    "another number of features": (X[[60], :3], [1], "X must have the shape of X_training"),
    "a single row": (X[60], [1], "inconsistent numbers of samples"),
    "two columns of labels": (X[[60]], [[1, 2]], "y must have the shape of y_training"),
    "no sample": (X[:0], [], "minimum of 1 is required"),
}


@pytest.mark.parametrize("answer", BAD_ANSWERS)
@pytest.mark.parametrize("estimator", [GaussianNB(), IncrementalKNeighborsClassifier()])
def test_a_bad_answer_leaves_the_learner_as_it_was(answer, estimator):
    bad_X, bad_y, message = BAD_ANSWERS[answer]
    learner = seeded(clone(estimator))
    before = learner.predict_proba(X)
    with pytest.raises(ValueError, match=message):
        learner.teach(bad_X, bad_y)
    np.testing.assert_array_equal(learner.X_training, X[SEED_SET])
    np.testing.assert_array_equal(learner.y_training, y[SEED_SET])
    np.testing.assert_array_equal(learner.predict_proba(X), before)


def test_a_sample_the_pipeline_cannot_read_leaves_the_learner_as_it_was():
    def parsed(texts):
        return np.array([[float(text), 1.0] for text in texts])

    learner = ActiveLearner(
        make_pipeline(FunctionTransformer(parsed), IncrementalKNeighborsClassifier()), first_rows
    )
    learner.teach(["1", "2"], ["a", "b"])
    with pytest.raises(ValueError, match="could not convert string to float"):
        learner.teach(["three"], ["c"])
    assert learner.X_training == ["1", "2"]
    assert list(learner.classes_) == ["a", "b"]


def test_a_fit_that_fails_leaves_the_training_set_as_it_was():
    learner = seeded(GaussianNB())
    with pytest.raises(TypeError):
        learner.teach(X[[60]], y[[60]], unknown_argument=1)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        learner.fit(X, y[:3])
    np.testing.assert_array_equal(learner.X_training, X[SEED_SET])


def test_a_frame_with_other_columns_is_an_error():
    frame = pd.DataFrame(X[SEED_SET], columns=list("abcd"))
    learner = ActiveLearner(GaussianNB(), X_training=frame, y_training=y[SEED_SET])
    with pytest.raises(ValueError, match=r"X must have the columns of X_training, \['a', 'b'"):
        learner.teach(frame.rename(columns={"a": "e"}), y[SEED_SET])


def test_labels_of_two_integer_types_stay_apart():
    learner = ActiveLearner(GaussianNB(), X_training=X[:2], y_training=np.array([5, 1]))
    learner.teach(X[2:4], np.array([2**63 + 1, 2**63 + 2], dtype=np.uint64))
    assert learner.classes_.tolist() == [1, 5, 2**63 + 1, 2**63 + 2]


def test_booleans_do_not_become_integers():
    learner = ActiveLearner(GaussianNB(), X_training=X[:2], y_training=np.array([1, 0]))
    with pytest.raises(ValueError, match="Unknown label type"):
        learner.teach(X[2:3], np.array([True]))
    assert learner.y_training.tolist() == [1, 0]
