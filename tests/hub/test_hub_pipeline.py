"""A Pipeline with the incremental k-NN takes raw files and texts in all three entry points."""

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skactive import ActiveLearner
from skactive.embedding import HubEmbedder
from skactive.model_selection import BudgetedClassifier
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.strategies import CDFProduct

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
image_module = pytest.importorskip("PIL.Image", reason="Pillow is not installed")

N_SAMPLES = 40


@pytest.fixture(params=["paths", "texts"])
def task(request, tmp_path, image_model, text_model):
    """Return red or blue pictures, or texts about apples or oranges, with their model."""
    rng = np.random.default_rng(0)
    y = np.array(["apple", "orange"])[np.arange(N_SAMPLES) % 2]
    if request.param == "texts":
        X = [f"{name} {at}" for at, name in enumerate(y)]
        return text_model, X, y
    X = []
    for at, name in enumerate(y):
        pixels = rng.integers(0, 80, (20, 20, 3), dtype=np.uint8)
        pixels[..., 0 if name == "apple" else 2] += 150
        X.append(tmp_path / f"{at}.png")
        image_module.fromarray(pixels).save(X[-1])
    return image_model, X, y


def pipeline_for(model, **options):
    return make_pipeline(HubEmbedder(model, **options), IncrementalKNeighborsClassifier(3))


def test_an_active_learner_embeds_each_sample_once(task, counted):
    model, X, y = task
    learner = ActiveLearner(pipeline_for(model), X_pool=X)
    for n_instances in [1, 4, 1, 1, 2, 1]:
        indices = learner.query(n_instances)
        learner.teach(indices, y[indices])
    assert sum(counted) == N_SAMPLES
    assert (learner.predict(X) == y).mean() > 0.9
    assert sum(counted) <= 2 * N_SAMPLES


def test_a_budgeted_classifier_embeds_its_training_samples_once(task, counted):
    model, X, y = task
    classifier = BudgetedClassifier(pipeline_for(model), budget=10).fit(X, y)
    assert sum(counted) == N_SAMPLES
    assert classifier.score(X, y) > 0.9


def test_a_strategy_is_called_with_raw_samples(task):
    model, X, y = task
    pipeline = pipeline_for(model).fit(X[:4], y[:4])
    learner = SimpleNamespace(estimator=pipeline, X_training=X[:4])
    indices, utilities = CDFProduct()(learner, X[4:], n_instances=3)
    vectors = HubEmbedder(model).transform(X)
    plain = IncrementalKNeighborsClassifier(3).fit(vectors[:4], y[:4])
    expected, _ = CDFProduct()(
        SimpleNamespace(estimator=plain, X_training=vectors[:4]), vectors[4:], n_instances=3
    )
    assert indices.tolist() == expected.tolist()
    assert len(utilities) == 3


def test_with_a_cache_a_strategy_that_is_called_again_embeds_nothing(task, tmp_path, counted):
    model, X, y = task
    pipeline = pipeline_for(model, cache=tmp_path / "vectors").fit(X[:4], y[:4])
    learner = SimpleNamespace(estimator=pipeline, X_training=X[:4])
    for _ in range(3):
        CDFProduct()(learner, X[4:])
    assert sum(counted) == N_SAMPLES


def test_modals_learner_takes_raw_samples(task, tmp_path, counted):
    pytest.importorskip("modAL", reason="modAL-python is not installed")
    from skactive.integrations.modal import ActiveLearner as ModalLearner

    model, X, y = task
    samples = np.array([str(sample) for sample in X])
    learner = ModalLearner(
        pipeline_for(model, cache=tmp_path / "vectors"),
        query_strategy=CDFProduct(),
        X_training=samples[:4],
        y_training=y[:4],
    )
    for _ in range(3):
        indices, instances = learner.query(samples[4:])
        learner.teach(instances, y[4:][indices])
    assert learner.score(samples, y) > 0.8
    assert sum(counted) == N_SAMPLES


# joblib mistakes TensorFlow's memory for a leak and starts a new process: a warning that, raised as
# an error in joblib's own thread, would end that thread and never the test.
@pytest.mark.filterwarnings("ignore:A worker stopped while some jobs were given:UserWarning")
def test_a_grid_search_in_two_processes_shares_the_cache(text_model, tmp_path, counted):
    y = np.array(["apple", "orange"] * 20)
    X = [f"{name} {at}" for at, name in enumerate(y)]
    cache = tmp_path / "vectors"
    search = GridSearchCV(
        BudgetedClassifier(pipeline_for(text_model, cache=cache), CDFProduct(), budget=10),
        {"strategy__weights": [{"density": 0}, {"density": 1}]},
        cv=2,
        n_jobs=2,
    )
    search.fit(X, y)
    assert search.best_score_ > 0.8
    # All samples are already embedded by the other processes.
    assert sum(counted) == 0
    HubEmbedder(text_model, cache=cache).transform(X)
    assert sum(counted) == 0
