"""What other packages' strategies and loops pass is checked where it enters."""

import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skactive import ActiveLearner, Pool
from skactive.integrations.modal import ModalStrategy
from skactive.integrations.scikit_activeml._different_candidates import different_candidates
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.strategies import CDFProduct, RandomSampling, UncertaintySampling

N = 8


@given(
    st.lists(st.integers(-3, N + 3), max_size=N),
    st.sets(st.integers(0, N - 1), min_size=1).map(sorted),
    st.data(),
)
def test_any_answer_becomes_different_candidates(answer, candidates, data):
    n = data.draw(st.integers(1, len(candidates)))
    n_rows = data.draw(st.integers(1, 3))
    worth = st.lists(st.integers(0, 5).map(float), min_size=N, max_size=N)
    utilities = np.array(data.draw(st.lists(worth, min_size=n_rows, max_size=n_rows)))
    indices, values = different_candidates("One", answer, utilities, np.array(candidates), n)
    assert len(indices) == len(values) == n
    assert len(set(indices.tolist())) == n
    assert set(indices.tolist()) <= set(candidates)
    assert np.isfinite(values).all()
    # The valid part of the answer comes first, in its order.
    valid = list(dict.fromkeys(place for place in answer if place in candidates))[:n]
    assert indices[: len(valid)].tolist() == valid
    # The others have the largest last utilities of those left.
    left = sorted((-utilities[-1, place], place) for place in set(candidates) - set(valid))
    assert indices[len(valid) :].tolist() == [place for _, place in left[: n - len(valid)]]


@pytest.mark.parametrize("answer", [[2, 2, 2], [], [-1, 9, 0], [[1, 2, 3]], ["a"], [0.5]], ids=str)
def test_an_answer_without_utilities_is_one_sentence(answer):
    utilities = np.full((1, N), np.nan)
    with pytest.raises(ValueError, match=r"One must choose 3 different candidates. Got .* Hint"):
        different_candidates("One", answer, utilities, np.array([1, 2, 3]), 3)


@pytest.mark.parametrize(
    "answer",
    [
        [1, 1],
        [0],
        [0, 1, 2],
        [-1, 0],
        [0, 99],
        [0.0, 1.0],
        (np.array([0, 1]), np.array([1.0])),
        (np.array([0, 1]), np.array([1.0, 2.0, 3.0])),
    ],
    ids=str,
)
def test_a_function_that_returns_other_positions_is_named(answer):
    def careless(learner, X, n_instances=1):
        return answer

    with pytest.raises(ValueError, match=r"^careless must return [^.]*. Got [^.]*"):
        ModalStrategy(careless).select(Pool(np.eye(5)), 2)


X = np.random.default_rng(0).normal(size=(30, 4))
Y = np.arange(30) % 2


class Loop:
    """A learner as modAL's: an estimator, its training set, and a query strategy."""

    def __init__(self, estimator=None):
        self.estimator = estimator or IncrementalKNeighborsClassifier()
        self.X_training, self.y_training = X[:2], Y[:2]
        self.estimator.fit(X[:2], Y[:2])

    def query(self):
        """Mark the object as a learner, not a classifier."""


FORMS = {
    "dense": lambda samples: samples,
    "float32": lambda samples: samples.astype(np.float32),
    "list": lambda samples: samples.tolist(),
    "sparse": sp.csr_matrix,
    "constant first columns": lambda samples: np.hstack([np.ones((len(samples), 3)), samples]),
    "one-hot": lambda samples: (
        np.argsort(np.argsort(samples[:, :1], axis=0), axis=0) == np.arange(30)
    ),
}


@pytest.mark.parametrize("form", list(FORMS))
@pytest.mark.parametrize("strategy", [CDFProduct(), UncertaintySampling(), RandomSampling()])
def test_labelled_samples_in_the_pool_are_reported_once(form, strategy):
    samples = FORMS[form](X)
    rows = samples if not isinstance(samples, list) else np.array(samples)
    loop = Loop()
    loop.X_training, loop.y_training = rows[[3, 7]], Y[[3, 7]]
    loop.estimator.fit(loop.X_training, loop.y_training)
    with pytest.warns(UserWarning, match=r"labelled already.* Hint: remove") as caught:
        strategy(loop, samples)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    # The project's settings make an error of any warning.
    strategy(loop, samples)
    left = np.setdiff1d(np.arange(30), [3, 7])
    other = Loop()
    other.X_training, other.y_training, other.estimator = (
        loop.X_training,
        loop.y_training,
        loop.estimator,
    )
    strategy(other, rows[left])


def test_one_equal_of_a_labelled_sample_is_no_reason_for_a_warning():
    loop = Loop()
    loop.X_training = np.vstack([X[0] + 100, X[1]])
    CDFProduct()(loop, X[1:])


def test_features_of_a_pipeline_are_compared_up_to_rounding():
    estimator = make_pipeline(PCA(3, random_state=0), LogisticRegression()).fit(X, Y)
    loop = Loop.__new__(Loop)
    loop.estimator, loop.X_training, loop.y_training = estimator, X[:9], Y[:9]
    with pytest.warns(UserWarning, match=r"labelled already"):
        CDFProduct()(loop, X)
    CDFProduct()(loop, X[9:])


def test_an_empty_pool_is_one_sentence_in_modals_loop():
    for empty in (X[:0], [], sp.csr_matrix((0, 4))):
        with pytest.raises(ValueError, match=r"X_pool is empty: no sample is left to label. Hint"):
            CDFProduct()(Loop(), empty)


@pytest.mark.parametrize("strategy", [None, CDFProduct(), RandomSampling(), "modal"], ids=str)
def test_a_pool_without_an_unlabelled_sample_is_one_sentence(strategy):
    if strategy == "modal":
        strategy = ModalStrategy(lambda learner, X, n_instances: np.arange(n_instances))
    learner = ActiveLearner(IncrementalKNeighborsClassifier(), strategy, X_pool=X)
    learner.teach(np.arange(28), Y[:28]).skip([28, 29])
    remedies = r"undo\(\) .* unskip\(\) .* extend\(\)"
    for n_instances in (1, 3):
        with pytest.raises(ValueError, match=rf"^No sample is left to label: .*30 .*{remedies}"):
            learner.query(n_instances)
    assert learner.unskip([29]).query().tolist() == [29]


def test_no_warning_is_shown_by_a_loop_that_removes_labelled_samples():
    loop, pool, labels = Loop(), X[2:], Y[2:]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(4):
            indices, _ = CDFProduct()(loop, pool)
            loop.X_training = np.vstack([loop.X_training, pool[indices]])
            loop.y_training = np.concatenate([loop.y_training, labels[indices]])
            loop.estimator.add_labeled(pool[indices], labels[indices])
            pool, labels = np.delete(pool, indices, axis=0), np.delete(labels, indices)
    assert not caught
