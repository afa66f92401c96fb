"""Networks of PyTorch, as classifiers and regressors by skorch."""

import pickle

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_digits
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skactive import ActiveLearner
from skactive.model_selection import compare_strategies
from skactive.strategies import QueryByCommittee, all_strategies

skorch = pytest.importorskip("skorch", reason="skorch is not installed")
torch = pytest.importorskip("torch", reason="torch is not installed")

X, y = load_digits(return_X_y=True)
X, names = (X[:600] / 16).astype(np.float32), np.array(list("abcdefghij"))[y[:600]]


class Layers(torch.nn.Module):
    """One hidden layer with dropout."""

    def __init__(self, n_features=64, n_outputs=10, softmax=True):
        super().__init__()
        parts = [torch.nn.Linear(n_features, 32), torch.nn.ReLU(), torch.nn.Dropout(0.2)]
        parts += [torch.nn.Linear(32, n_outputs), *([torch.nn.Softmax(dim=1)] if softmax else [])]
        self.layers = torch.nn.Sequential(*parts)

    def forward(self, rows):
        return self.layers(rows.float())


class Names(skorch.NeuralNetClassifier):
    """A network whose labels are names; of its probabilities, it draws some with dropout."""

    def fit(self, X, y, **parameters):
        self.names_, codes = np.unique(y, return_inverse=True)
        self.set_params(module__n_outputs=len(self.names_))
        return super().fit(X, codes.astype(np.int64), **parameters)

    @property
    def classes_(self):
        return self.names_

    def predict(self, X):
        return self.names_[self.predict_proba(X).argmax(axis=1)]

    def sample_proba(self, X, n_members=5):
        return np.stack(
            [
                np.concatenate([part.detach().numpy() for part in self.forward_iter(X, True)])
                for _ in range(n_members)
            ]
        )


def network():
    torch.manual_seed(0)
    return Names(Layers, max_epochs=20, lr=0.5, batch_size=16, train_split=None, verbose=0)


@pytest.mark.parametrize(
    "strategy", [*all_strategies("categorical"), QueryByCommittee("estimator", "kl")], ids=str
)
def test_a_network_learns_the_answers_to_queries(strategy):
    learner = ActiveLearner(network(), strategy, X[:200])
    for _ in range(4):
        indices = learner.query(10)
        learner.teach(indices, names[indices])
    assert set(learner.predict(X)) <= set("abcdefghij")
    learner.undo()
    assert len(learner.labeled) == 30
    copy = pickle.loads(pickle.dumps(learner))
    assert set(copy.query(2)) <= set(copy.candidates)


def test_a_network_is_compared_with_its_strategies():
    comparison = compare_strategies(
        network(), ["margin", "random"], X[:300], names[:300], budget=20, cv=2, random_state=0
    )
    assert comparison.area_under_curve().shape == (2, 2)


def test_a_network_predicts_numbers():
    X, y = load_diabetes(return_X_y=True)
    X, y = X[:200].astype(np.float32), y[:200].astype(np.float32)

    class Numbers(skorch.NeuralNetRegressor):
        def fit(self, X, y, **parameters):
            return super().fit(X, np.asarray(y, dtype=np.float32).reshape(-1, 1), **parameters)

    network = Numbers(
        Layers,
        module__n_features=10,
        module__n_outputs=1,
        module__softmax=False,
        max_epochs=5,
        lr=0.001,
        train_split=None,
        verbose=0,
    )
    learner = ActiveLearner(make_pipeline(StandardScaler().fit(X), network), "greedy-x", X)
    for _ in range(3):
        indices = learner.query(5)
        learner.teach(indices, y[indices])
    assert np.isfinite(learner.predict(X)).all()
