"""`ActiveLearner` works as modAL's, on any samples, and learns each answer incrementally."""

import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.base import clone, is_classifier
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted

from skactive import Pool
from skactive.neighbors import IncrementalKNeighborsClassifier

models = pytest.importorskip("modAL.models", reason="modAL-python is not installed")

from modAL.uncertainty import uncertainty_sampling  # noqa: E402

from skactive.integrations.modal import ActiveLearner, Committee, ModalStrategy  # noqa: E402
from skactive.strategies import CDFProduct  # noqa: E402

# Whole pools are passed here, with the labelled samples among them.
pytestmark = pytest.mark.filterwarnings("ignore:X_pool has samples that are labelled already")

X, y = load_iris(return_X_y=True)
SEED_SET = np.array([0, 1, 50, 51, 100, 101])


def first_rows(learner, X_pool, n_instances=1):
    return np.arange(n_instances)


def first_rows_with_metrics(learner, X_pool, n_instances=1):
    return np.arange(n_instances), np.ones(n_instances)


def seeded(estimator, **parameters):
    return ActiveLearner(estimator, X_training=X[SEED_SET], y_training=y[SEED_SET], **parameters)


# What it is


def test_it_is_modals_learner():
    assert isinstance(ActiveLearner(GaussianNB()), models.ActiveLearner)


def test_the_default_strategy_is_a_new_cdf_product_each():
    one, other = ActiveLearner(GaussianNB()), ActiveLearner(GaussianNB())
    assert isinstance(one.query_strategy, CDFProduct)
    assert one.query_strategy is not other.query_strategy


def test_a_strategy_that_cannot_be_called_is_an_error():
    for strategy in (["margin"], CDFProduct):
        with pytest.raises(
            TypeError, match="'query_strategy' parameter of ActiveLearner must be a"
        ):
            ActiveLearner(GaussianNB(), query_strategy=strategy)


@pytest.mark.parametrize("value", ["knn", 3, np.zeros((50, 40)), GaussianNB], ids=str)
def test_arguments_of_other_kinds_are_refused_in_one_sentence(value):
    X, y = np.eye(4), np.array([0, 1, 0, 1])
    learner = ActiveLearner(GaussianNB(), X_training=X, y_training=y)
    for call, name in (
        (lambda: ActiveLearner(value), "'estimator' parameter of ActiveLearner"),
        (lambda: Committee(value), "'learner_list' parameter of Committee"),
        (lambda: Committee([value]), "'learner_list' parameter of Committee"),
        (lambda: ModalStrategy(value).select(Pool(X)), "'function' parameter of ModalStrategy"),
        (lambda: learner.teach("photos", [1]), "X must be an array"),
        (lambda: ActiveLearner(GaussianNB(), X_training="photos", y_training=y), "X_training must"),
    ):
        with pytest.raises(TypeError, match=rf"{name}.* Got .{{1,80}} instead"):
            call()
    assert len(learner.X_training) == 4


def test_a_training_set_is_fitted_at_once_and_in_place():
    estimator = GaussianNB()
    seeded(estimator)
    check_is_fitted(estimator)


def test_without_a_training_set_nothing_is_fitted():
    learner = ActiveLearner(GaussianNB())
    with pytest.raises(NotFittedError):
        check_is_fitted(learner)
    assert learner.X_training is None


def test_it_is_pickled_by_its_public_path():
    learner = pickle.loads(pickle.dumps(seeded(IncrementalKNeighborsClassifier())))
    assert type(learner) is ActiveLearner
    assert ActiveLearner.__module__ == "skactive.integrations.modal"
    learner.teach(X[[60]], y[[60]])
    assert len(learner.X_training) == len(SEED_SET) + 1


# As a scikit-learn estimator


def test_a_clone_has_the_parameters_and_the_training_set():
    learner = seeded(GaussianNB(), bootstrap_init=True, sample_weight=np.arange(1.0, 7.0))
    copy = clone(learner)
    assert copy.estimator is not learner.estimator
    assert copy.get_params()["bootstrap_init"] is True
    np.testing.assert_array_equal(copy.get_params()["sample_weight"], np.arange(1.0, 7.0))
    np.testing.assert_array_equal(copy.X_training, learner.X_training)


def test_parameters_are_set_at_any_depth():
    learner = seeded(GaussianNB(), sample_weight=None, on_transformed=True)
    learner.set_params(estimator__var_smoothing=0.5, sample_weight="new", on_transformed=False)
    assert learner.estimator.var_smoothing == 0.5
    assert learner.get_params()["sample_weight"] == "new"
    assert learner.on_transformed is False


def test_it_shows_itself():
    assert repr(seeded(GaussianNB())).startswith("ActiveLearner(X_training=array(")
    assert "GaussianNB" in seeded(GaussianNB())._repr_html_()


@pytest.mark.parametrize("estimator", [GaussianNB(), IncrementalKNeighborsClassifier()])
def test_cross_validation_scores_it_as_its_estimator(estimator):
    np.testing.assert_array_equal(
        cross_val_score(ActiveLearner(estimator), X, y), cross_val_score(estimator, X, y)
    )


def test_it_is_a_classifier_with_classes_where_its_estimator_is():
    learner = ActiveLearner(GaussianNB())
    assert is_classifier(learner)
    probabilities = cross_val_predict(learner, X, y, method="predict_proba")
    assert probabilities.shape == (150, 3)


def test_a_grid_search_tunes_its_estimator():
    search = GridSearchCV(
        ActiveLearner(KNeighborsClassifier()), {"estimator__n_neighbors": [1, 40]}
    ).fit(X[::3], y[::3])
    assert search.best_params_ == {"estimator__n_neighbors": 1}


# Queries


def test_a_query_returns_indices_and_rows():
    indices, rows = seeded(GaussianNB(), query_strategy=uncertainty_sampling).query(
        X, n_instances=4
    )
    assert len(indices) == 4
    np.testing.assert_array_equal(rows, X[indices])


def test_metrics_are_an_optional_third_result():
    learner = ActiveLearner(GaussianNB(), first_rows_with_metrics)
    _, _, metrics = learner.query(X, return_metrics=True, n_instances=2)
    np.testing.assert_array_equal(metrics, [1, 1])


def test_arguments_by_position_reach_the_strategy():
    indices, _ = ActiveLearner(GaussianNB(), first_rows_with_metrics).query(X, 3)
    assert len(indices) == 3


@pytest.mark.parametrize("n_instances", [1, 2, 3])
def test_indices_alone_are_indices_however_many(n_instances):
    indices, rows = ActiveLearner(GaussianNB(), first_rows).query(X, n_instances=n_instances)
    np.testing.assert_array_equal(indices, np.arange(n_instances))
    assert rows.shape == (n_instances, 4)


def test_metrics_that_a_strategy_does_not_give_are_none_with_a_warning():
    learner = ActiveLearner(GaussianNB(), first_rows)
    with pytest.warns(UserWarning, match="returned indices without metrics") as record:
        assert learner.query(X, return_metrics=True)[2] is None
    assert record[0].filename == __file__


@pytest.mark.parametrize("strategy", [first_rows, first_rows_with_metrics])
def test_a_strategy_is_called_once_a_query(strategy):
    calls = []

    def counting(learner, X_pool):
        calls.append(learner)
        return strategy(learner, X_pool)

    learner = ActiveLearner(GaussianNB(), counting)
    learner.query(X)
    assert calls == [learner]


def test_errors_of_a_strategy_are_not_changed():
    calls = []

    def failing(learner, X_pool):
        calls.append(1)
        raise LookupError("no candidate left")

    with pytest.raises(LookupError, match="no candidate left") as raised:
        ActiveLearner(GaussianNB(), failing).query(X)
    assert len(calls) == 1
    assert raised.value.__context__ is None


def test_a_frame_with_integer_columns_gives_rows():
    pool = pd.DataFrame(X)
    _, rows = ActiveLearner(GaussianNB(), first_rows).query(pool, n_instances=2)
    pd.testing.assert_frame_equal(rows, pool.iloc[[0, 1]])


def test_rows_of_a_frame_are_taken_by_position():
    pool = pd.DataFrame(X, index=np.arange(150)[::-1])
    _, rows = ActiveLearner(GaussianNB(), first_rows).query(pool)
    np.testing.assert_array_equal(rows, X[[0]])


@pytest.mark.parametrize("make", [scipy.sparse.csr_matrix, scipy.sparse.coo_array])
def test_a_sparse_pool_gives_sparse_rows_of_its_format(make):
    pool = make(X)
    _, rows = ActiveLearner(GaussianNB(), first_rows).query(pool, n_instances=2)
    assert rows.format == pool.format
    np.testing.assert_array_equal(rows.toarray(), X[:2])


def test_a_list_gives_its_own_elements():
    pool = [object(), object(), object()]
    _, rows = ActiveLearner(GaussianNB(), lambda learner, X_pool: np.array([2, 0])).query(pool)
    assert rows == [pool[2], pool[0]]


def test_a_single_index_gives_a_single_row_as_in_modal():
    learner = ActiveLearner(GaussianNB(), lambda learner, X_pool: np.argmax(X_pool[:, 0]))
    index, row = learner.query(X)
    assert row.shape == (4,)
    assert index == np.argmax(X[:, 0])


def test_a_mask_chooses_rows_of_a_list():
    mask = np.array([False, True, True])
    _, rows = ActiveLearner(GaussianNB(), lambda learner, X_pool: mask).query(["a", "b", "c"])
    assert rows == ["b", "c"]


def test_a_mapping_gives_the_rows_of_each_part():
    pool = {"text": ["a", "b"], "size": np.array([1, 2])}
    _, rows = ActiveLearner(GaussianNB(), lambda learner, X_pool: np.array([1])).query(pool)
    assert rows == {"text": ["b"], "size": [2]}


# Features


def test_samples_are_transformed_as_the_last_step_sees_them():
    learner = seeded(make_pipeline(StandardScaler().set_output(transform="pandas"), GaussianNB()))
    transformed = learner.transform_without_estimating(X)
    assert list(transformed.columns) == ["x0", "x1", "x2", "x3"]
    np.testing.assert_array_equal(seeded(GaussianNB()).transform_without_estimating(X), X)
