"""Strategies of other packages are drawn like the built-in ones."""

import pytest
from drawn_utilities import assert_drawn_inside
from small_pools import samples

from skactive import ActiveLearner
from skactive.inspection import UtilityDisplay
from skactive.integrations.modal import ModalStrategy
from skactive.integrations.scikit_activeml import ActivemlStrategy

pyplot = pytest.importorskip("matplotlib.pyplot")


def modal_strategies():
    uncertainty = pytest.importorskip("modAL.uncertainty")
    disagreement = pytest.importorskip("modAL.disagreement")
    yield ModalStrategy(uncertainty.margin_sampling)
    yield ModalStrategy(uncertainty.classifier_entropy)
    yield ModalStrategy(disagreement.vote_entropy_sampling)


def activeml_strategies():
    theirs = pytest.importorskip("skactiveml.pool")
    yield ActivemlStrategy(theirs.CoreSet(random_state=0))
    yield ActivemlStrategy(theirs.UncertaintySampling(random_state=0))
    yield ActivemlStrategy(theirs.TypiClust(random_state=0))


@pytest.mark.parametrize("strategies", [modal_strategies, activeml_strategies])
def test_all_candidates_of_adapted_strategies_lie_inside_the_axes(strategies):
    for strategy in strategies():
        learner = ActiveLearner(strategy=strategy, X_pool=samples("spread", 30))
        for known, n_labeled in [(0, 0), (0, 1), (1, 8)]:
            learner.teach(range(known, n_labeled), list("abababab")[known:n_labeled])
            assert_drawn_inside(UtilityDisplay.from_estimator(learner))
        pyplot.close("all")
