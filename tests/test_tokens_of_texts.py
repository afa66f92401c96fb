"""Pipelines whose steps return tokens of texts, in a dict, as those of transformers do."""

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, TransformerMixin, clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import BayesianRidge, LogisticRegression
from sklearn.multioutput import MultiOutputClassifier
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.utils.validation import check_is_fitted

from skactive import ActiveLearner
from skactive.base import MultiLabelTarget
from skactive.embedding import TextDescriptor
from skactive.inspection import QueryPathDisplay
from skactive.learner import SufficientAccuracy
from skactive.model_selection import BudgetedClassifier, BudgetedRegressor, compare_strategies
from skactive.strategies import ExpectedVarianceReduction, UncertaintyHerding, all_strategies

WORDS = [
    ["apple", "pear", "plum", "grape", "melon"],
    ["parcel", "order", "late", "courier", "lost"],
    ["rain", "sun", "wind", "cloud", "storm"],
]


def sentences(n, n_classes=2):
    random = np.random.default_rng(0)
    y = np.arange(n) % n_classes
    common = ["the", "a", "is", "my", "was"]
    texts = [" ".join([*random.choice(WORDS[k], 2), *random.choice(common, 2)]) for k in y]
    return texts, np.array(["fruit", "late", "weather"])[y]


TEXTS, LABELS = sentences(60)


class Tokenizer(TransformerMixin, BaseEstimator):
    """Numbers the words of its texts, from 1 on, and pads rows with 0."""

    def fit(self, X, y=None):
        words = sorted({word for text in X for word in text.split()})
        self.codes_ = {word: code for code, word in enumerate(words, start=1)}
        return self

    def transform(self, X):
        check_is_fitted(self)
        rows = np.zeros((len(list(X)), 6), dtype=int)
        for row, text in zip(rows, X, strict=True):
            codes = [self.codes_.get(word, 0) for word in text.split()][:6]
            row[: len(codes)] = codes
        return {"input_ids": rows, "attention_mask": (rows > 0).astype(int)}


class OfTokens(BaseEstimator):
    """Passes counts of tokens to an estimator."""

    def __init__(self, estimator):
        self.estimator = estimator

    def _counts(self, tokens):
        assert set(tokens) == {"input_ids", "attention_mask"}
        return np.array([np.bincount(row[row > 0], minlength=200) for row in tokens["input_ids"]])

    def fit(self, X, y):
        self.estimator_ = clone(self.estimator).fit(self._counts(X), y)
        return self

    def predict(self, X):
        check_is_fitted(self)
        return self.estimator_.predict(self._counts(X))


class ClassesOfTokens(ClassifierMixin, OfTokens):
    def predict_proba(self, X):
        check_is_fitted(self)
        return self.estimator_.predict_proba(self._counts(X))

    @property
    def classes_(self):
        return self.estimator_.classes_


class NumbersOfTokens(RegressorMixin, OfTokens):
    def predict(self, X, return_std=False):
        check_is_fitted(self)
        return self.estimator_.predict(self._counts(X), return_std=return_std)


class SetsOfTokens(ClassifierMixin, OfTokens):
    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        tags.target_tags.multi_output, tags.target_tags.single_output = True, False
        return tags

    @property
    def classes_(self):
        return self.estimator_.classes_

    def predict_proba(self, X):
        check_is_fitted(self)
        return self.estimator_.predict_proba(self._counts(X))


def classifier(estimator=None):
    return make_pipeline(Tokenizer(), ClassesOfTokens(estimator or MultinomialNB()))


def test_the_classifier_gets_tokens_and_strategies_get_vectors():
    learner = ActiveLearner(classifier(), None, TEXTS)
    np.testing.assert_array_equal(learner.pool.X, TextDescriptor().fit_transform(TEXTS))
    for _ in range(3):
        indices = learner.query(4)
        learner.teach(indices, LABELS[indices])
    assert learner.score(TEXTS, LABELS) > 0.9
    assert learner.features(TEXTS) is TEXTS
    assert learner.samples([3]) == [TEXTS[3]]


def test_queries_by_probabilities_are_those_of_a_pipeline_with_vectors():
    def counts(tokens):
        return ClassesOfTokens(None)._counts(tokens)

    class Counts(Tokenizer):
        def transform(self, X):
            return counts(super().transform(X))

    learner = ActiveLearner(classifier(), "margin", TEXTS)
    split = ActiveLearner(make_pipeline(Counts(), MultinomialNB()), "margin", TEXTS)
    for one in (learner, split):
        one.teach(np.arange(6), LABELS[:6])
    np.testing.assert_array_equal(learner.query(10), split.query(10))
    np.testing.assert_array_equal(learner.predict_proba(TEXTS), split.predict_proba(TEXTS))


@pytest.mark.parametrize("strategy", all_strategies("categorical"))
def test_every_strategy_chooses_among_texts(strategy):
    learner = ActiveLearner(classifier(LogisticRegression()), strategy, TEXTS)
    for _ in range(3):
        indices = learner.query(3)
        learner.teach(indices, LABELS[indices])
    assert set(learner.query(3)) <= set(learner.candidates)


def test_steps_are_fitted_to_the_pool_and_no_fit_changes_them():
    pipeline = classifier()
    learner = ActiveLearner(pipeline, "margin", TEXTS).teach(np.arange(4), LABELS[:4])
    fitted = learner.fitted_estimator()
    assert fitted[0].codes_ == Tokenizer().fit(TEXTS).codes_
    assert not hasattr(pipeline[0], "codes_")
    again = ActiveLearner(fitted, "margin", TEXTS[:9], X_labeled=TEXTS[:4], y_labeled=LABELS[:4])
    assert again.fitted_estimator()[0].codes_ == fitted[0].codes_
    np.testing.assert_array_equal(again.predict_proba(TEXTS), learner.predict_proba(TEXTS))
    assert repr(again).count("FrozenEstimator") == 1
    assert type(clone(fitted)[1]) is ClassesOfTokens


def test_a_step_may_be_left_out():
    pipeline = classifier()
    pipeline.steps.insert(0, ("nothing", "passthrough"))
    learner = ActiveLearner(pipeline, None, TEXTS).teach(np.arange(4), LABELS[:4])
    assert len(learner.predict(TEXTS)) == len(TEXTS)


@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_any_history_gives_the_learner_of_its_labels(data):
    """Answers, corrections, undo, samples that come and go: a new learner has the same state."""
    learner = ActiveLearner(
        classifier(), "margin", TEXTS[:30], X_labeled=TEXTS[50:52], y_labeled=LABELS[50:52]
    )
    for _ in range(data.draw(st.integers(1, 6))):
        left, labeled = learner.candidates, learner.labeled
        action = data.draw(st.sampled_from(["teach", "relabel", "undo", "extend", "remove"]))
        if action == "relabel" and len(labeled):
            learner.relabel(labeled[:1], data.draw(st.sampled_from([["fruit"], ["late"]])))
        elif action == "undo" and len(labeled):
            learner.undo()
        elif action == "extend":
            learner.extend(TEXTS[30:33])
        elif action == "remove":
            learner.remove([0])
        else:
            learner.teach(left[:2], data.draw(st.sampled_from([["fruit", "late"], ["late"] * 2])))
    X, y = learner.pool.labeled_samples()
    texts = [*TEXTS[50:52], *learner.samples(learner.labeled)]
    describe = TextDescriptor().fit(TEXTS[:30]).transform
    np.testing.assert_allclose(X, describe(texts), atol=1e-6)
    np.testing.assert_allclose(learner.pool.X, describe(learner.X_pool), atol=1e-6)
    again = make_pipeline(Tokenizer().fit(TEXTS[:30]), ClassesOfTokens(MultinomialNB()))
    again[-1].fit(again[0].transform(texts), y)
    np.testing.assert_array_equal(learner.predict_proba(TEXTS), again.predict_proba(TEXTS))


def test_held_out_probabilities_come_from_fits_to_texts():
    texts, labels = sentences(45, 3)
    learner = ActiveLearner(
        classifier(),
        "margin",
        texts[5:],
        X_labeled=texts[:5],
        y_labeled=labels[:5],
        stopping=SufficientAccuracy(0.5),
    )
    learner.teach(np.arange(20), labels[5:25])
    held_out = learner.pool.posterior_source.held_out()
    folds = np.random.default_rng(0).permutation(25) % 5
    tokens = Tokenizer().fit(texts[5:]).transform
    for fold in range(5):
        rest = np.flatnonzero(folds != fold)
        fitted = ClassesOfTokens(MultinomialNB())
        fitted.fit(tokens([texts[k] for k in rest]), labels[rest])
        expected = fitted.predict_proba(tokens([texts[k] for k in np.flatnonzero(folds == fold)]))
        columns = np.searchsorted(learner.classes_, fitted.classes_)
        np.testing.assert_array_equal(held_out[np.ix_(folds == fold, columns)], expected)
    assert "%" in str(learner.progress)
    assert learner.label_issues() is not None


def test_a_classifier_of_texts_waits_for_a_second_class():
    learner = ActiveLearner(classifier(LogisticRegression()), "margin", TEXTS)
    learner.teach([0, 2], ["fruit", "fruit"])
    assert len(learner.query(2)) == 2
    assert "1 class" in str(learner.fit_error) or "class" in str(learner.fit_error)
    learner.teach([1], ["late"])
    assert learner.predict_proba(TEXTS).shape == (60, 2)
    assert learner.fit_error is None


def test_copies_and_journals_keep_the_texts(tmp_path):
    series = pd.Series(TEXTS, index=[f"t{number}" for number in range(60)])
    learner = ActiveLearner(classifier(), None, series, journal=tmp_path / "answers")
    learner.teach(ids=["t0", "t1", "t2"], y=LABELS[:3])
    copy = pickle.loads(pickle.dumps(learner))
    resumed = ActiveLearner(classifier(), None, series, journal=tmp_path / "answers")
    for one in (copy, resumed):
        np.testing.assert_array_equal(one.query(5), learner.query(5))
        np.testing.assert_array_equal(one.predict_proba(TEXTS), learner.predict_proba(TEXTS))


def test_simulations_take_texts():
    budgeted = BudgetedClassifier(classifier(), None, budget=10, random_state=0)
    budgeted.fit(TEXTS, LABELS)
    assert budgeted.features(TEXTS) is TEXTS
    *_, last = budgeted.staged_predict(TEXTS)
    np.testing.assert_array_equal(last, budgeted.predict(TEXTS))
    *_, last = budgeted.staged_predict_proba(TEXTS)
    np.testing.assert_array_equal(last, budgeted.predict_proba(TEXTS))
    comparison = compare_strategies(
        classifier(), ["herding", "margin"], TEXTS, LABELS, budget=10, cv=2, random_state=0
    )
    assert comparison.test_scores.shape[:2] == (2, 2)
    with pytest.raises(TypeError, match=r"QueryPathDisplay draws vectors .* takes tokens"):
        QueryPathDisplay.from_estimator(budgeted, TEXTS, LABELS)
    learner = ActiveLearner(classifier(), None, TEXTS).teach([0, 1], LABELS[:2])
    with pytest.raises(TypeError, match=r"QueryPathDisplay draws vectors .* takes tokens"):
        QueryPathDisplay.from_estimator(learner)


@pytest.mark.parametrize("strategy", all_strategies("continuous"))
def test_every_strategy_of_numbers_chooses_among_texts(strategy):
    y = np.array([len(set(text.split())) for text in TEXTS], dtype=float)
    pipeline = make_pipeline(Tokenizer(), NumbersOfTokens(BayesianRidge()))
    learner = ActiveLearner(pipeline, strategy, TEXTS).teach(np.arange(4), y[:4])
    if strategy == "expected-variance":
        sentence = r"ExpectedVarianceReduction fits .* NumbersOfTokens takes tokens of texts. Hint"
        with pytest.raises(TypeError, match=sentence):
            learner.query()
        learner.strategy = ExpectedVarianceReduction(estimator=BayesianRidge())
    assert len(learner.query(3)) == 3


@pytest.mark.parametrize("strategy", all_strategies("multilabel"))
def test_every_strategy_of_several_labels_chooses_among_texts(strategy):
    answers = [["fruit"] if label == "fruit" else ["late", "bad"] for label in LABELS]
    several = SetsOfTokens(MultiOutputClassifier(MultinomialNB()))
    target = MultiLabelTarget(["bad", "fruit", "late"])
    learner = ActiveLearner(make_pipeline(Tokenizer(), several), strategy, TEXTS, target=target)
    learner.teach(np.arange(8), answers[:8])
    if strategy == "adaptive-labels":
        sentence = r"AdaptiveLabels fits .* SetsOfTokens takes tokens of texts. Hint"
        with pytest.raises(TypeError, match=sentence):
            learner.query()
    else:
        assert len(learner.query(3)) == 3
    assert learner.predict_proba(TEXTS).shape == (60, 3)


def test_a_regressor_takes_texts():
    y = np.array([len(set(text.split())) for text in TEXTS], dtype=float)
    pipeline = make_pipeline(Tokenizer(), NumbersOfTokens(BayesianRidge()))
    budgeted = BudgetedRegressor(pipeline, "greedy-x", budget=20).fit(TEXTS, y)
    *_, last = budgeted.staged_predict(TEXTS)
    np.testing.assert_allclose(last, budgeted.predict(TEXTS))
    learner = ActiveLearner(pipeline, "greedy", TEXTS).teach(np.arange(12), y[:12])
    assert np.isfinite(learner.predict(TEXTS)).all()
    assert learner.pool.posterior_source.held_out().shape == (12, 2)


def test_a_forest_of_vectors_is_no_pipeline_of_tokens():
    learner = ActiveLearner(
        make_pipeline(TextDescriptor(), RandomForestClassifier(5, random_state=0)), None, TEXTS
    )
    assert learner.features(TEXTS[:2]).shape[0] == 2


@pytest.mark.parametrize(
    ("samples", "error", "message"),
    [
        (pd.DataFrame({"text": TEXTS}), ValueError, "60 samples, .* return 1 rows"),
        (["", " "], ValueError, "No text of X has a character"),
    ],
    ids=["a frame", "blank"],
)
def test_a_pool_that_is_no_column_of_texts_is_refused(samples, error, message):
    with pytest.raises(error, match=message):
        ActiveLearner(classifier(), "margin", samples)


def test_functions_of_estimators_name_the_learner_that_takes_texts():
    fitted = classifier().fit(TEXTS[:4], LABELS[:4])
    with pytest.raises(TypeError, match=r"return a dict of \['input_ids', .*ActiveLearner"):
        UncertaintyHerding()(fitted, TEXTS)


def test_columns_without_a_class_are_reported():
    class Wide(LogisticRegression):
        def predict_proba(self, X):
            return np.full((len(X), 3), 1 / 3)

    X = np.arange(20.0).reshape(10, 2)
    learner = ActiveLearner(Wide(), "margin", X).teach([0, 9], ["a", "b"])
    sentence = r"Wide.predict_proba returned 3 columns for the 2 classes \['a', 'b'\]\. Hint"
    for ask in (learner.query, lambda: learner.predict_proba(X)):
        with pytest.raises(TypeError, match=sentence):
            ask()
