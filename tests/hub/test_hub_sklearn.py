"""HubEmbedder is a transformer of scikit-learn, whose samples are texts or images."""

import warnings

import numpy as np
import pytest
from saved_models import write_text_model
from scikit_learns_checks import each_check_of
from sklearn.base import clone
from sklearn.exceptions import SkipTestWarning
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from skactive.embedding import HubEmbedder

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

TEXTS = ["one", "two or three", "four", "five"]


def checks_of_any_estimator():
    """Parametrize with scikit-learn's checks, of which all that pass on numbers are left out."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SkipTestWarning)
        return each_check_of(HubEmbedder("model"))


@checks_of_any_estimator()
def test_scikit_learns_checks_of_any_estimator_pass(text_model, estimator, check):
    check(estimator.set_params(handle=text_model))


def test_its_tags_describe_it():
    tags = get_tags(HubEmbedder("model"))
    assert tags.transformer_tags is not None
    assert not tags.requires_fit
    assert tags.no_validation
    assert tags.input_tags.string
    assert not tags.input_tags.two_d_array


def test_it_needs_no_fit(text_model):
    embedder = HubEmbedder(text_model)
    check_is_fitted(embedder)
    assert embedder.fit(TEXTS) is embedder
    assert embedder.fit() is embedder
    expected = HubEmbedder(text_model).transform(TEXTS)
    assert np.array_equal(embedder.fit_transform(TEXTS, [0, 1, 0, 1]), expected)


def test_tables_are_returned_on_request(text_model):
    pd = pytest.importorskip("pandas", reason="pandas is not installed")
    series = pd.Series(TEXTS, index=list("abcd"))
    embedder = HubEmbedder(text_model).set_output(transform="pandas")
    for X in [series, series.to_frame("text")]:
        table = embedder.transform(X)
        assert isinstance(table, pd.DataFrame)
        assert table.columns.tolist() == [f"hubembedder{at}" for at in range(8)]
        # Older releases of scikit-learn do not keep the index of a Series.
        assert X is series or table.index.tolist() == list("abcd")
        assert (table.dtypes == np.float32).all()
        assert np.array_equal(table, HubEmbedder(text_model).transform(TEXTS))
    assert embedder.transform(TEXTS).index.tolist() == [0, 1, 2, 3]


def test_names_of_features_go_through_a_union(text_model, written):
    union = FeatureUnion([("a", HubEmbedder(text_model)), ("b", HubEmbedder(text_model))])
    assert union.fit_transform(TEXTS).shape == (4, 16)
    names = union.get_feature_names_out().tolist()
    assert names[:2] + names[8:9] == ["a__hubembedder0", "a__hubembedder1", "b__hubembedder0"]


def test_parameters_are_set_from_outside():
    pipeline = Pipeline([("embed", HubEmbedder("model")), ("knn", KNeighborsClassifier())])
    pipeline.set_params(embed__normalize=True, embed__handle="other")
    assert clone(pipeline).get_params()["embed__normalize"] is True
    assert clone(pipeline).get_params()["embed__handle"] == "other"


def test_a_grid_search_tries_models_and_parameters(text_model, written):
    other = written(write_text_model, seed=1)
    search = GridSearchCV(
        make_pipeline(HubEmbedder(text_model), KNeighborsClassifier(1)),
        {"hubembedder__handle": [text_model, other], "hubembedder__normalize": [False, True]},
        cv=2,
    )
    search.fit(["aaa", "bbb"] * 6, [0, 1] * 6)
    assert search.best_score_ == 1
    assert len(search.cv_results_["params"]) == 4
