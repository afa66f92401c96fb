"""Sample weights, groups and metadata passed through BudgetedClassifier."""

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_validate
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skactive import ActiveLearner
from skactive.model_selection import BudgetedClassifier, compare_strategies, labeling_curve
from skactive.semi_supervised import IncrementalLabelSpreading
from skactive.strategies import RandomSampling

X, Y = load_iris(return_X_y=True)
X = StandardScaler().fit_transform(X)
WEIGHTS = np.random.default_rng(0).uniform(0.01, 5.0, len(Y))


class Witness(LogisticRegression):
    """A classifier that records its arguments."""

    def fit(self, X, y, sample_weight=None, colour=None):
        self.heard_ = X, sample_weight, colour
        return super().fit(X, y, sample_weight)


def budgeted(estimator):
    return BudgetedClassifier(
        estimator, RandomSampling(), budget=40, seed_set=10, batch_size=5, random_state=0
    )


@pytest.mark.parametrize("estimator", [Witness(), make_pipeline(StandardScaler(), Witness())])
def test_weights_reach_the_last_step_for_the_labelled_samples_alone(estimator):
    fitted = budgeted(estimator).fit(X, Y, sample_weight=WEIGHTS, colour="red")
    selected = fitted.query_indices_
    features, weights, colour = fitted.classifier_.heard_
    np.testing.assert_array_equal(features, fitted.features(X[selected]))
    np.testing.assert_array_equal(weights, WEIGHTS[selected])
    assert colour == "red"
    expected = LogisticRegression().fit(features, Y[selected], WEIGHTS[selected])
    probabilities = fitted.predict_proba(X)
    np.testing.assert_allclose(probabilities, expected.predict_proba(fitted.features(X)))
    np.testing.assert_allclose(probabilities, list(fitted.staged_predict_proba(X))[-1])


def test_weights_reach_a_classifier_with_partial_fit():
    fitted = budgeted(GaussianNB()).fit(X, Y, sample_weight=WEIGHTS)
    selected = fitted.query_indices_
    expected = GaussianNB().fit(X[selected], Y[selected], WEIGHTS[selected])
    np.testing.assert_allclose(fitted.classifier_.theta_, expected.theta_)


def test_metadata_without_a_consumer_is_rejected_by_name():
    message = r"IncrementalLabelSpreading\.add_labeled\(\) got an unexpected .*'sample_weight'"
    with pytest.raises(TypeError, match=message):
        BudgetedClassifier(budget=5).fit(X, Y, sample_weight=WEIGHTS)
    with pytest.raises(TypeError, match=r"LogisticRegression\.fit\(\) got .* 'colour'\. Hint:"):
        budgeted(LogisticRegression()).fit(X, Y, colour="red")
    BudgetedClassifier(budget=5).fit(X, Y, sample_weight=None)


def test_a_learner_refuses_arguments_beside_a_seed_set_of_its_own():
    with pytest.raises(ValueError, match=r"fit_params=\['sample_weight'\] are for the samples of"):
        ActiveLearner(
            LogisticRegression(),
            X_pool=X,
            X_labeled=X[:2],
            y_labeled=Y[:2],
            fit_params={"sample_weight": WEIGHTS},
        )


@pytest.mark.parametrize("routing", [False, True])
def test_searches_pass_weights_and_groups(routing):
    groups = np.arange(150) % 10
    with config_context(enable_metadata_routing=routing):
        witness = Witness()
        if routing:
            witness.set_fit_request(sample_weight=True, colour=False)
        classifier = budgeted(witness)
        if routing:
            classifier.set_score_request(sample_weight=False)
        params = {"sample_weight": WEIGHTS, "groups": groups}
        search = GridSearchCV(
            classifier, {"budget": [20, 30]}, cv=GroupKFold(3), error_score="raise"
        )
        search.fit(X, Y, **params)
        best = search.best_estimator_
        np.testing.assert_array_equal(best.classifier_.heard_[1], WEIGHTS[best.query_indices_])
        whole = (
            {"params": params}
            if routing
            else {"groups": groups, "params": {"sample_weight": WEIGHTS}}
        )
        scores = cross_validate(
            classifier,
            X,
            Y,
            cv=GroupKFold(3),
            return_estimator=True,
            return_indices=True,
            error_score="raise",
            **whole,
        )
        for fitted, train in zip(scores["estimator"], scores["indices"]["train"], strict=True):
            np.testing.assert_array_equal(
                fitted.classifier_.heard_[1], WEIGHTS[train][fitted.query_indices_]
            )


def test_with_routing_unrequested_metadata_is_rejected():
    with config_context(enable_metadata_routing=True):
        undecided = budgeted(Witness())
        with pytest.raises(ValueError, match="not explicitly set as requested or not requested"):
            undecided.fit(X, Y, sample_weight=WEIGHTS)
        declined = budgeted(Witness().set_fit_request(sample_weight=False, colour=True))
        with pytest.raises(TypeError, match="unexpected argument"):
            declined.fit(X, Y, sample_weight=WEIGHTS)
        routing = clone(declined).get_metadata_routing()
        assert routing.consumes("fit", ["colour", "sample_weight"]) == {"colour"}
        assert BudgetedClassifier(budget=5).fit(X, Y).n_labeled_ == 5
        assert isinstance(BudgetedClassifier()._learning(), IncrementalLabelSpreading)


@pytest.mark.parametrize("routing", [False, True])
@pytest.mark.parametrize("steps", [[], [StandardScaler()]])
def test_weights_go_through_a_comparison_and_a_labelling_curve(steps, routing):
    with config_context(enable_metadata_routing=routing):
        classifier = LogisticRegression()
        if routing:
            classifier.set_fit_request(sample_weight=True)
            steps = [clone(step).set_fit_request(sample_weight=False) for step in steps]
        estimator = make_pipeline(*steps, classifier) if steps else classifier
        train, test = np.arange(0, 150, 2), np.arange(1, 150, 2)
        curve = labeling_curve(
            estimator,
            RandomSampling(),
            X,
            Y,
            budget=15,
            batch_size=15,
            cv=[(train, test)],
            params={"sample_weight": WEIGHTS},
            random_state=0,
        )
    scaler = StandardScaler().fit(X[train])
    features = scaler.transform(X) if steps else X
    everything = LogisticRegression().fit(features[train], Y[train], WEIGHTS[train])
    assert curve.full_scores == [everything.score(features[test], Y[test])]
    seed = int(np.random.SeedSequence(0).generate_state(1)[0])
    learner = ActiveLearner(
        LogisticRegression(), RandomSampling(random_state=seed), features[train]
    )
    selected = train[learner.query(15)]
    alone = LogisticRegression().fit(features[selected], Y[selected], WEIGHTS[selected])
    assert curve.test_scores.item() == alone.score(features[test], Y[test])
    unweighted = LogisticRegression().fit(features[selected], Y[selected])
    assert not np.allclose(alone.coef_, unweighted.coef_)


def test_a_comparison_rejects_metadata_that_the_classifier_rejects():
    with pytest.raises(TypeError, match=r"add_labeled\(\) got an unexpected keyword argument"):
        compare_strategies(
            None, {"random": RandomSampling()}, X, Y, budget=5, params={"sample_weight": WEIGHTS}
        )
