"""Transformers of Hugging Face, fine-tuned on texts by skorch."""

import pickle
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from saved_models import write_transformer
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skactive import ActiveLearner
from skactive.embedding import TextDescriptor
from skactive.inspection import QueryPathDisplay
from skactive.learner import SufficientAccuracy
from skactive.model_selection import (
    BudgetedClassifier,
    area_under_labeling_curve,
    compare_strategies,
)
from skactive.strategies import QueryByCommittee, all_strategies

torch = pytest.importorskip("torch", reason="torch is not installed")
skorch = pytest.importorskip("skorch", reason="skorch is not installed")
transformers = pytest.importorskip("transformers", reason="transformers is not installed")
hf = pytest.importorskip("skorch.hf")

transformers.utils.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()

WORDS = {
    "fruit": ["apple", "pear", "plum", "grape", "melon", "cherry", "ripe", "sweet", "red", "juicy"],
    "late": [
        "parcel",
        "order",
        "late",
        "delivery",
        "courier",
        "waiting",
        "missing",
        "lost",
        "arrived",
        "refund",
    ],
    "other": ["weather", "rain", "sun", "wind", "cloud", "storm", "snow", "fog", "heat", "frost"],
}
COMMON = ["the", "a", "is", "my", "was", "very", "and", "it", "of", "this"]


def sentences(n, *classes):
    """Return texts of two words of their class and three common ones, and their classes."""
    random = np.random.default_rng(0)
    texts, labels = [], [classes[number % len(classes)] for number in range(n)]
    for label in labels:
        words = [*random.choice(WORDS[label], 2), *random.choice(COMMON, 3)]
        texts.append(" ".join(random.permutation(words)))
    return texts, np.array(labels)


TEXTS, LABELS = sentences(80, "fruit", "late")
NUMBERS = (LABELS == "late").astype(int)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Return the folder of a small BERT, in place of the name of a large one."""
    words = [*COMMON, *(word for words in WORDS.values() for word in words)]
    return str(write_transformer(tmp_path_factory.mktemp("bert"), words))


class Transformer(torch.nn.Module):
    def __init__(self, name, n_classes):
        super().__init__()
        self.network = transformers.AutoModelForSequenceClassification.from_pretrained(
            name, num_labels=n_classes
        )

    def forward(self, **tokens):
        return self.network(**tokens).logits


class FineTuned(skorch.NeuralNetClassifier):
    """The network of the user guide: its labels are names, and it has an output for each."""

    # The number of labels of each fit.
    fits: ClassVar[list[int]] = []

    def fit(self, X, y, **fit_params):
        self.fits.append(len(y))
        torch.manual_seed(0)
        self.names_, outputs = np.unique(y, return_inverse=True)
        self.set_params(module__n_classes=len(self.names_))
        return super().fit(X, outputs, **fit_params)

    @property
    def classes_(self):
        return self.names_

    def predict(self, X):
        return self.names_[self.predict_proba(X).argmax(axis=1)]

    def sample_proba(self, X, n_draws=3):
        draws = [torch.cat(list(self.forward_iter(X, training=True))) for _ in range(n_draws)]
        return torch.softmax(torch.stack(draws), dim=2).detach().numpy()


SETTINGS = {
    "criterion": torch.nn.CrossEntropyLoss,
    "optimizer": torch.optim.AdamW,
    "lr": 5e-3,
    "max_epochs": 10,
    "batch_size": 8,
    "train_split": None,
    "verbose": 0,
}


def fine_tuned(model, **settings):
    network = FineTuned(Transformer, module__name=model, **SETTINGS | settings)
    return make_pipeline(hf.HuggingfacePretrainedTokenizer(model, max_length=12), network)


def plain(model, classes=(0, 1), n_classes=2):
    """Return a Pipeline whose network is that of skorch, without a subclass."""
    network = skorch.NeuralNetClassifier(
        Transformer,
        module__name=model,
        module__n_classes=n_classes,
        classes=classes,
        **SETTINGS,
    )
    return make_pipeline(hf.HuggingfacePretrainedTokenizer(model, max_length=12), network)


def test_a_transformer_learns_two_kinds_of_texts(model):
    learner = ActiveLearner(fine_tuned(model), "margin", TEXTS)
    for _ in range(3):
        indices = learner.query(8)
        learner.teach(indices, LABELS[indices])
    new, classes = sentences(300, "fruit", "late")
    assert learner.score(new, classes) > 0.9
    assert learner.classes_.tolist() == ["fruit", "late"]
    assert learner.predict_proba(new).shape == (300, 2)
    assert learner.samples(learner.labeled[:1]) == [TEXTS[learner.labeled[0]]]
    assert learner.features(TEXTS[:2]) == TEXTS[:2]


@pytest.mark.parametrize(
    "strategy", [*all_strategies("categorical"), QueryByCommittee("estimator", "kl")], ids=str
)
def test_every_strategy_chooses_among_texts(model, strategy):
    learner = ActiveLearner(fine_tuned(model, max_epochs=2), strategy, TEXTS[:30])
    for _ in range(3):
        indices = learner.query(4)
        assert len(set(indices)) == 4
        learner.teach(indices, LABELS[indices])
    assert set(learner.query(4)) <= set(learner.candidates)


def test_strategies_compare_texts_by_their_descriptors(model):
    learner = ActiveLearner(fine_tuned(model), "max-herding", TEXTS)
    described = ActiveLearner(
        make_pipeline(TextDescriptor(), LogisticRegression()), "max-herding", TEXTS
    )
    np.testing.assert_array_equal(learner.pool.X, described.pool.X)
    np.testing.assert_array_equal(learner.query(10), described.query(10))


def test_a_network_is_fitted_once_for_the_answers_of_a_batch(model):
    FineTuned.fits.clear()
    learner = ActiveLearner(fine_tuned(model), "margin", TEXTS)
    for index in [0, 1, 2, 3]:
        learner.teach([index], LABELS[[index]])
    assert FineTuned.fits == []
    learner.query(4)
    learner.predict(TEXTS)
    learner.predict_proba(TEXTS)
    assert FineTuned.fits == [4]
    indices = learner.query(4)
    learner.teach(indices, LABELS[indices])
    learner.query()
    # All labels again, from the pretrained weights: no label is forgotten.
    assert FineTuned.fits == [4, 8]


def test_a_fit_begins_with_the_pretrained_weights(model):
    learner = ActiveLearner(fine_tuned(model, warm_start=True), "margin", TEXTS)
    learner.teach([0, 1, 2, 3], LABELS[:4])
    before = learner.predict_proba(TEXTS)
    learner.teach([4, 5], LABELS[4:6])
    assert not np.array_equal(learner.predict_proba(TEXTS), before)
    learner.undo()
    np.testing.assert_array_equal(learner.predict_proba(TEXTS), before)
    again = clone(fine_tuned(model)).fit(TEXTS[:4], LABELS[:4])
    np.testing.assert_array_equal(again.predict_proba(TEXTS), before)


def test_a_label_is_corrected_and_a_class_comes_later(model):
    texts, labels = sentences(60, "fruit", "late", "other")
    learner = ActiveLearner(fine_tuned(model), "margin", texts)
    learner.teach([0], labels[[0]])
    assert learner.predict(texts[:2]).tolist() == ["fruit", "fruit"]
    learner.teach([1, 3, 4], ["late", "fruit", "fruit"]).relabel([4], ["late"])
    assert learner.predict_proba(texts).shape == (60, 2)
    indices = np.setdiff1d(np.arange(30), [0, 1, 3, 4])
    learner.teach(indices, labels[indices])
    assert learner.classes_.tolist() == ["fruit", "late", "other"]
    assert learner.score(texts, labels) > 0.8
    learner.undo()
    assert learner.predict_proba(texts[:3]).shape == (3, 2)


def test_the_pool_of_texts_changes(model):
    names = [f"t{number}" for number in range(40)]
    learner = ActiveLearner(fine_tuned(model), None, pd.Series(TEXTS[:40], index=names))
    learner.teach(np.arange(6), LABELS[:6])
    learner.extend(pd.Series(TEXTS[40:50], index=[f"u{number}" for number in range(10)]))
    learner.remove(ids=["t0", "t39"])
    kept = [*TEXTS[1:39], *TEXTS[40:50]]
    assert learner.X_pool.tolist() == kept
    assert learner.labels.tolist() == LABELS[1:6].tolist()
    descriptor = TextDescriptor().fit(TEXTS[:40])
    np.testing.assert_allclose(learner.pool.X, descriptor.transform(kept), atol=1e-6)
    again = clone(fine_tuned(model)).fit(TEXTS[1:6], LABELS[1:6])
    np.testing.assert_array_equal(learner.predict_proba(TEXTS), again.predict_proba(TEXTS))
    assert learner.ids[learner.query(3)].tolist() != []


def test_texts_with_labels_from_outside_the_pool_are_learned_first(model):
    learner = ActiveLearner(
        fine_tuned(model), "margin", TEXTS[20:], X_labeled=TEXTS[:8], y_labeled=LABELS[:8]
    )
    learner.teach([5, 2], LABELS[[25, 22]])
    again = fine_tuned(model).fit([*TEXTS[:8], TEXTS[25], TEXTS[22]], LABELS[[*range(8), 25, 22]])
    np.testing.assert_array_equal(learner.predict_proba(TEXTS), again.predict_proba(TEXTS))
    np.testing.assert_allclose(
        learner.pool.labeled_samples()[0],
        TextDescriptor().fit(TEXTS[20:]).transform([*TEXTS[:8], TEXTS[25], TEXTS[22]]),
        atol=1e-6,
    )
    FineTuned.fits.clear()
    # Each of five fits has four fifths of the labels.
    assert learner.pool.posterior_source.held_out().shape == (10, 2)
    assert FineTuned.fits == [8] * 5


def test_the_accuracy_is_estimated_by_fits_to_texts(model):
    learner = ActiveLearner(
        fine_tuned(model, max_epochs=3), "margin", TEXTS, stopping=SufficientAccuracy(0.5)
    )
    learner.teach(np.arange(24), LABELS[:24])
    assert "%" in str(learner.progress)
    assert len(learner.label_issues().indices) <= 24


def test_copies_and_pickles_predict_the_same(model):
    learner = ActiveLearner(fine_tuned(model), "herding", TEXTS)
    learner.teach(np.arange(8), LABELS[:8])
    learner.fitted_estimator()
    copy = pickle.loads(pickle.dumps(learner))
    np.testing.assert_array_equal(copy.predict_proba(TEXTS), learner.predict_proba(TEXTS))
    np.testing.assert_array_equal(copy.query(3), learner.query(3))
    copy.teach([9], LABELS[[9]])
    learner.teach([9], LABELS[[9]])
    np.testing.assert_array_equal(copy.predict_proba(TEXTS), learner.predict_proba(TEXTS))


def test_a_journal_resumes(model, tmp_path):
    journal = tmp_path / "answers.jsonl"
    learner = ActiveLearner(fine_tuned(model), "margin", TEXTS, journal=journal)
    for _ in range(2):
        indices = learner.query(4)
        learner.teach(indices, LABELS[indices])
    learner.undo()
    resumed = ActiveLearner(fine_tuned(model), "margin", TEXTS, journal=journal)
    assert resumed.labeled.tolist() == learner.labeled.tolist()
    np.testing.assert_array_equal(resumed.predict_proba(TEXTS), learner.predict_proba(TEXTS))
    np.testing.assert_array_equal(resumed.query(4), learner.query(4))
    with pytest.raises(ValueError, match="learns the numbers of its outputs"):
        ActiveLearner(plain(model), "margin", TEXTS, journal=journal).query()


def test_explanations_name_probabilities_and_similar_texts(model):
    learner = ActiveLearner(fine_tuned(model), None, TEXTS).teach(np.arange(8), LABELS[:8])
    explanation = learner.explain_query(learner.query())
    assert set(explanation.classes) == {"fruit", "late"}
    assert len(explanation.neighbors.indices) == 5
    assert "predicted" in learner.to_frame()
    assert "FineTuned" in repr(learner)


def test_a_budgeted_classifier_labels_texts(model):
    budgeted = BudgetedClassifier(fine_tuned(model), "margin", budget=12, batch_size=6)
    budgeted.fit(TEXTS[:40], LABELS[:40])
    held_out, truth = TEXTS[40:], LABELS[40:]
    last = None
    for stage in budgeted.staged_predict(held_out):
        last = stage
    np.testing.assert_array_equal(last, budgeted.predict(held_out))
    assert budgeted.classifier_ is budgeted.estimator_
    assert budgeted.features(held_out) == held_out
    short = BudgetedClassifier(fine_tuned(model), "margin", budget=4).fit(TEXTS[:40], LABELS[:40])
    for scoring in ["accuracy", "neg_log_loss"]:
        area = area_under_labeling_curve(short, held_out, truth, scoring=scoring)
        assert np.isfinite(area)
    with pytest.raises(TypeError, match=r"QueryPathDisplay draws vectors .* tokens of texts"):
        QueryPathDisplay.from_estimator(budgeted, TEXTS[:40], LABELS[:40])
    learner = ActiveLearner(fine_tuned(model), "margin", TEXTS).teach([0, 1], LABELS[:2])
    with pytest.raises(TypeError, match=r"QueryPathDisplay draws vectors .* tokens of texts"):
        QueryPathDisplay.from_estimator(learner)


def test_strategies_are_compared_on_texts(model):
    arguments = {"budget": 12, "batch_size": 6, "cv": 2, "random_state": 0}
    strategies = ["margin", "herding", "random"]
    texts = pd.Series(TEXTS[:60])
    comparison = compare_strategies(fine_tuned(model), strategies, texts, LABELS[:60], **arguments)
    assert comparison.area_under_curve().shape == (3, 2)
    again = compare_strategies(fine_tuned(model), strategies, TEXTS[:60], LABELS[:60], **arguments)
    np.testing.assert_array_equal(again.test_scores, comparison.test_scores)


def test_a_network_without_a_subclass_learns_numbers_of_outputs(model):
    torch.manual_seed(0)
    learner = ActiveLearner(plain(model), "entropy", TEXTS).teach(np.arange(20), NUMBERS[:20])
    assert learner.score(TEXTS, NUMBERS) > 0.8
    before = learner.labels
    for label, shown in [(2, "2"), (-3, "-3")]:
        with pytest.raises(ValueError, match=rf"outputs, \[0, 1\], and not the label {shown}\."):
            learner.teach([20], [label])
        with pytest.raises(ValueError, match=rf"and not the label {shown}\. Hint: encode"):
            learner.relabel([0], [label])
    with pytest.raises(ValueError, match="and not the label 'late'"):
        ActiveLearner(plain(model), "margin", TEXTS).teach([0], ["late"])
    with pytest.raises(ValueError, match="and not the label 'fruit'"):
        ActiveLearner(plain(model), "margin", TEXTS, X_labeled=TEXTS, y_labeled=LABELS)
    np.testing.assert_array_equal(learner.labels, before)


def test_outputs_without_a_class_are_reported(model):
    learner = ActiveLearner(plain(model, classes=None, n_classes=3), "margin", TEXTS)
    learner.teach(np.arange(6), 2 * NUMBERS[:6])
    sentence = r"returned 3 columns for the 2 classes \[0, 2\]\. Hint: .* classes=\[0, 1, 2\]"
    with pytest.raises(TypeError, match=sentence):
        learner.query()
    with pytest.raises(TypeError, match=sentence):
        learner.predict_proba(TEXTS)


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (pd.DataFrame({"text": TEXTS}), "return 1 rows"),
        (pd.DataFrame({"text": TEXTS, "n": NUMBERS}), "return 2 rows"),
        (["", " "], "No text of X has a character"),
    ],
    ids=["a frame", "two columns", "blank"],
)
def test_a_pool_that_is_no_column_of_texts_is_refused(model, samples, message):
    with pytest.raises(ValueError, match=message):
        ActiveLearner(fine_tuned(model), "margin", samples)


def test_fitted_tokenizers_keep_their_vocabulary(model):
    pipeline = fine_tuned(model)
    pipeline[0].fit(TEXTS)
    learner = ActiveLearner(pipeline, "margin", TEXTS).teach(np.arange(4), LABELS[:4])
    again = ActiveLearner(
        learner.fitted_estimator(), "margin", TEXTS, X_labeled=TEXTS[:4], y_labeled=LABELS[:4]
    )
    np.testing.assert_array_equal(again.predict_proba(TEXTS), learner.predict_proba(TEXTS))
    assert repr(again.estimator).count("FrozenEstimator") == 1


def test_steps_that_return_vectors_are_split_as_before():
    pipeline = make_pipeline(TfidfVectorizer(), LogisticRegression())
    learner = ActiveLearner(pipeline, "margin", TEXTS)
    assert learner.pool.X.shape == learner.features(TEXTS).shape
