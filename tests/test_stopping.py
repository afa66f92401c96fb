"""Stopping criteria follow from their observations, and estimates from held-out predictions."""

import copy
import pickle

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import minimize
from scipy.special import log_expit
from sklearn.base import clone
from sklearn.datasets import load_digits, make_blobs
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import cohen_kappa_score
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skactive import ActiveLearner
from skactive.learner import (
    ExpectedGain,
    StabilizedPredictions,
    StoppingCriterion,
    SufficientAccuracy,
)
from skactive.learner._stopping.accuracy_estimate import (
    _logistic_regression,
    _trials,
    estimate_accuracy,
    percent,
)
from skactive.learner._stopping.criteria import agreement
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.semi_supervised import IncrementalLabelSpreading
from skactive.strategies import RandomSampling, UncertaintySampling

X, codes = make_blobs(120, 3, centers=3, cluster_std=3.0, random_state=0)
y = np.array(["pear", "apple", "quince"])[codes]
ORDER = np.random.default_rng(0).permutation(len(X))
CRITERIA = [StabilizedPredictions(every=5), ExpectedGain(every=5), SufficientAccuracy()]
ESTIMATORS = {
    "neighbors": IncrementalKNeighborsClassifier(),
    "forgetful": IncrementalKNeighborsClassifier(3, metric="euclidean", max_labeled=25),
    "ageing": IncrementalKNeighborsClassifier(half_life=20),
    "spreading": IncrementalLabelSpreading(metric="euclidean"),
    "bayes": GaussianNB(),
    "pipeline": make_pipeline(StandardScaler(), LogisticRegression()),
}


def taught(n_labels, estimator=None, **parameters):
    learner = ActiveLearner(estimator, RandomSampling(random_state=0), X, **parameters)
    for position in ORDER[:n_labels]:
        learner.teach(position, y[position])
    return learner


def trials(learner):
    return _trials(learner.pool.posterior_source.held_out(), learner.pool)


@pytest.mark.parametrize("metric", ["cosine", "euclidean", "manhattan"])
@pytest.mark.parametrize("half_life", [None, 5.0])
def test_neighbors_are_tried_as_if_each_label_were_unknown(metric, half_life):
    voter = IncrementalKNeighborsClassifier(4, metric=metric, half_life=half_life)
    learner = taught(20, voter, X_labeled=X[-3:] + 0.1, y_labeled=["fig", *y[-2:]])
    confidence, right = trials(learner)
    Z, names = learner.pool.labeled_samples()
    for place in range(len(names)):
        rest = np.arange(len(names)) != place
        other = clone(voter).partial_fit(Z[rest], names[rest], classes=learner.classes_)
        expected = other.predict_proba(Z[place : place + 1])[0]
        # Leaving out a label does not change the ages of others, except the oldest one's.
        if half_life is None or place == 0:
            assert confidence[place] == pytest.approx(expected.max(), abs=1e-4)
            assert right[place] == (learner.classes_[expected.argmax()] == names[place])


@pytest.mark.parametrize("repeats", [1, 40], ids=["table", "many features"])
def test_label_spreading_holds_a_label_out_as_if_it_had_been_taken_back(repeats):
    Z = np.repeat(X, repeats, axis=1)
    spreading = IncrementalLabelSpreading(metric="euclidean", tol=1e-9)
    seeds = {"X_labeled": Z[-2:] + 0.1, "y_labeled": ["fig", "pear"]}
    learner = ActiveLearner(spreading, RandomSampling(random_state=0), Z, **seeds)
    learner.teach(ORDER[:15], y[ORDER[:15]])
    classifier = learner.fitted_estimator()
    assert len(classifier.graph_weights_) == (2 if repeats == 1 else 1)
    nodes = classifier.labeled_indices_
    held_out = classifier._held_out_labels(nodes)
    by_graph, learnt = classifier._held_out_spread(held_out), classifier._held_out_head(held_out)
    before = classifier.label_distributions_.copy()
    for place, node in enumerate(nodes.tolist()):
        other = copy.deepcopy(classifier).remove_labeled([node])
        if len(other.classes_) < len(classifier.classes_):
            continue
        for view, found in zip(other._views, by_graph, strict=True):
            neighbors, weights = view.neighbors(np.array([node]))
            ids = other._ids[neighbors[0]]
            spread = other._with_own_labels(other._spread_along(view, neighbors[0]), ids)
            np.testing.assert_allclose(found[place], weights[0] @ spread, atol=1e-5)
        # The weights of the graphs and the strength of the ridge may change too.
        row = other._fitted_head().probabilities(other.mapped(other._X[[node]]))[0]
        np.testing.assert_allclose(learnt[place], row, atol=0.15)
    np.testing.assert_array_equal(before, classifier.label_distributions_)
    source = learner.pool.posterior_source
    for found in (source.held_out(), source.held_out_predictions()):
        np.testing.assert_allclose(found.sum(axis=1), 1.0)
    confidence, right = trials(learner)
    assert confidence.shape == right.shape == (17,)
    # The only fig cannot be predicted from the others.
    assert right[0] == 0.0


def test_other_classifiers_are_tried_by_folds():
    learner = taught(40, KNeighborsClassifier(3))
    confidence, right = trials(learner)
    Z, names = learner.pool.labeled_samples()
    folds = np.random.default_rng(0).permutation(40) % 5
    for fold in range(5):
        other = KNeighborsClassifier(3).fit(Z[folds != fold], names[folds != fold])
        expected = other.predict_proba(Z[folds == fold])
        np.testing.assert_allclose(confidence[folds == fold], expected.max(axis=1))
        hits = other.classes_[expected.argmax(axis=1)] == names[folds == fold]
        np.testing.assert_array_equal(right[folds == fold], hits)


def test_the_regression_finds_the_penalized_optimum():
    rng = np.random.default_rng(0)
    A = np.column_stack([np.ones(60), rng.normal(size=(60, 2))])
    right, weights = (rng.random(60) < 0.7).astype(float), rng.random(60) * 3
    signs, penalty = 2 * right - 1, np.array([0.1, 1.0, 1.0])

    def loss(b):
        return -(weights * log_expit(signs * (A @ b))).sum() + (penalty * b**2).sum() / 2

    found, inverse = _logistic_regression(A, right, weights)
    np.testing.assert_allclose(found, minimize(loss, np.zeros(3), tol=1e-12).x, atol=1e-4)
    assert (np.linalg.eigvalsh(inverse) > 0).all()
    certain, _ = _logistic_regression(A, np.ones(60), weights)
    assert np.isfinite(certain).all()


def digits_after(n_labels, strategy):
    Z, names = load_digits(return_X_y=True)
    learner = ActiveLearner(strategy=strategy, X_pool=Z)
    learner.teach(range(10), names[:10])
    while len(learner.labeled) < n_labels:
        selected = learner.query(5)
        learner.teach(selected, names[selected])
    left = learner.candidates
    truth = np.mean(learner.predict(Z[left]) == names[left])
    return estimate_accuracy(learner), truth


def test_labels_drawn_at_random_give_an_estimate_that_is_right():
    estimate, truth = digits_after(150, RandomSampling(random_state=0))
    assert estimate.value == pytest.approx(truth, abs=0.04)
    assert estimate.lower < truth < estimate.upper
    assert estimate.n_labeled == 150


def test_labels_of_the_hardest_samples_do_not_make_the_estimate_hopeful():
    estimate, truth = digits_after(150, UncertaintySampling())
    asked_alone = 0.75
    assert asked_alone < estimate.value < truth
    assert estimate.lower < truth


@pytest.mark.parametrize(
    ("estimator", "Z"),
    [
        *[(estimator, X) for estimator in ESTIMATORS.values()],
        (ESTIMATORS["neighbors"], sp.csr_matrix(np.abs(X))),
        (LogisticRegression(), sp.csr_matrix(np.abs(X))),
    ],
    ids=[*ESTIMATORS, "sparse neighbors", "sparse regression"],
)
def test_any_learner_reports_its_progress(estimator, Z):
    learner = ActiveLearner(estimator, X_pool=Z, stopping=CRITERIA)
    plain = ActiveLearner(estimator, X_pool=Z)
    for _ in range(14):
        selected = learner.query(3)
        np.testing.assert_array_equal(selected, plain.query(3))
        for one in (learner, plain):
            one.teach(selected, y[selected])
        assert str(learner.progress).count("\n") == 1
    progress = learner.progress
    assert progress.n_labeled == learner.pool.n_labeled
    assert progress.n_left == learner.pool.n_candidates
    assert 0 < progress.expected_error < 1
    assert 0 <= progress.accuracy.lower <= progress.accuracy.value <= progress.accuracy.upper <= 1
    assert [verdict.criterion for verdict in progress.verdicts] == [
        "StabilizedPredictions",
        "ExpectedGain",
        "SufficientAccuracy",
    ]
    assert str(pickle.loads(pickle.dumps(learner)).progress) == str(progress)


def test_too_few_labels_give_no_estimate():
    assert taught(9).progress.accuracy is None
    assert taught(10).progress.accuracy is not None
    assert ActiveLearner(X_pool=X).progress.accuracy is None
    assert taught(120).progress.accuracy is None
    alike = ActiveLearner(X_pool=X).teach(range(20), ["one"] * 20)
    assert alike.progress.accuracy is None


def test_duplicates_and_equal_distances_have_an_estimate():
    learner = ActiveLearner(X_pool=np.ones((40, 2)))
    learner.teach(range(20), ["a", "b"] * 10)
    estimate = learner.progress.accuracy
    assert 0.2 < estimate.value < 0.8
    assert np.isfinite([estimate.lower, estimate.upper]).all()


def test_agreement_is_cohens_kappa():
    before, after = np.array(list("aabbc")), np.array(list("abbbc"))
    assert agreement(before, after) == pytest.approx(cohen_kappa_score(before, after))
    assert agreement(before, before) == 1.0
    assert agreement(before[:2], before[:2]) is None


def test_predictions_are_stable_when_the_last_kappas_are_high():
    criterion = StabilizedPredictions(0.9, window=2)
    same, other = np.array(list("aabb")), np.array(list("abab"))
    learner = ActiveLearner(X_pool=X)
    settled = "labels are needed before it can be said whether the predictions have settled"
    assert criterion.reason(learner, []) == (False, f"about 30 more {settled}")
    some = StabilizedPredictions(window=2, every=7).reason(learner, [(7, None), (14, same)])
    assert some == (False, f"about 14 more {settled}")
    assert criterion.reason(learner, [(10, None), (20, same), (30, same)])[0] is False
    assert criterion.reason(learner, [(10, other), (20, same), (30, same), (40, same)]) == (
        True,
        "predictions no longer change (agreement 1.000, sufficient 0.9)",
    )
    many = np.repeat(same, 2000)
    almost = many.copy()
    almost[:1] = "b"
    verdict = StabilizedPredictions(1, window=1).reason(learner, [(10, many), (20, almost)])
    assert verdict == (False, "predictions still change (agreement 0.999, sufficient 1)")
    assert criterion.reason(learner, [(10, same), (20, same), (30, other)]) == (
        False,
        "predictions still change (agreement 0.500, sufficient 0.9)",
    )
    assert criterion.reason(learner, [(10, same[:2]), (20, same[:2]), (30, same[:2])]) == (
        False,
        "the same class is predicted for all samples so far",
    )


def test_the_gain_is_the_decrease_of_the_expected_error_per_answer():
    criterion, learner = ExpectedGain(0.002, window=20), ActiveLearner(X_pool=X)
    assert criterion.reason(learner, [(10, None), (20, 0.4), (30, 0.3)]) == (
        False,
        "about 10 more labels are needed before the gain of a label can be estimated",
    )
    assert criterion.reason(learner, [])[1].startswith("about 30 more labels are needed before")
    assert criterion.reason(learner, [(10, 0.5), (20, 0.4), (40, 0.35)]) == (
        False,
        "a label is expected to correct 2.50 of 1,000 predictions, at least 2",
    )
    assert criterion.reason(learner, [(10, 0.5), (20, 0.4), (40, 0.39)]) == (
        True,
        "a label is expected to correct 0.50 of 1,000 predictions, less than 2",
    )
    note = ExpectedGain(stop_set_size=1000).note(taught(30))
    assert note == pytest.approx(1 - taught(30).pool.posterior(range(120)).max(axis=1).mean())


@pytest.mark.parametrize("n", [1, 2, 3])
def test_missing_observations_are_counted_in_words(n):
    learner = ActiveLearner(X_pool=X)
    verb = "is" if n == 1 else "are"
    nouns = "label" if n == 1 else "labels"
    for criterion, notes in [
        (StabilizedPredictions(window=n, every=1), [(1, np.array(["a", "b"]))]),
        (ExpectedGain(window=10), [(1, 0.4), (11 - n, 0.3)]),
    ]:
        _, reason = criterion.reason(learner, notes)
        assert reason.startswith(f"about {n} more {nouns} {verb} needed before ")


@pytest.mark.parametrize("n", [0, 1, 2])
def test_the_state_of_the_labelling_counts_in_words(n):
    learner = taught(n)
    labels = "1 label" if n == 1 else f"{n} labels"
    assert str(learner.progress).startswith(f"{labels}, {120 - n} samples left")
    assert repr(learner.progress) == f"<Progress: {labels}, {120 - n} samples left>"


def test_the_accuracy_is_sufficient_when_its_lower_end_is():
    learner = taught(60)
    lower = estimate_accuracy(learner).lower
    assert SufficientAccuracy(lower - 0.001).reason(learner, [])[0] is True
    done, reason = SufficientAccuracy(lower + 0.001).reason(learner, [])
    assert done is False
    assert "is below" in reason
    assert SufficientAccuracy().reason(taught(3), [])[1].startswith("there are too few labels")


def test_undo_removes_observations_and_other_changes_keep_them():
    learner = taught(30, stopping=CRITERIA)
    before, noted = str(learner.progress), copy.deepcopy(learner._stopping._notes)
    learner.teach(ORDER[30:42], y[ORDER[30:42]])
    assert len(learner._stopping._notes[0]) == len(noted[0]) + 1
    learner.undo()
    assert str(learner.progress) == before
    learner.relabel(ORDER[0], "fig").skip(ORDER[31])
    assert len(learner._stopping._notes[0]) == len(noted[0])
    learner.undo()
    learner.undo()
    assert str(learner.progress) == before
    for _ in range(26):
        learner.undo()
    assert [len(notes) for notes in learner._stopping._notes] == [0, 0, 0]
    assert taught(30, stopping=CRITERIA)._stopping._notes[1] == noted[1]


def test_a_learner_stops_when_all_criteria_stop_or_no_candidate_is_left():
    class Always(StoppingCriterion):
        def reason(self, learner, notes):
            return True, "it is late"

    class Never(Always):
        def reason(self, learner, notes):
            return False, "it is <early>"

    both = taught(3, stopping=[Always(), Never()]).progress
    assert not both.stop
    assert str(both).endswith("\nContinue: it is <early>.\nMet: it is late.")
    assert str(taught(3, stopping=Never()).progress).endswith("\nContinue: it is <early>.")
    assert str(taught(3, stopping=Always()).progress).endswith("\nStop: it is late.")
    assert "it is &lt;early&gt;" in both._repr_html_()
    assert taught(3, stopping=Always()).progress.stop
    assert not taught(3).progress.stop
    assert taught(120, stopping=Never()).progress.stop
    assert str(taught(120).progress).endswith("Stop: no samples are left.")
    assert repr(both) == "<Progress: 3 labels, 117 samples left>"
    assert "it is late" in taught(3, stopping=Always())._repr_html_()
    assert str(ActiveLearner(X_pool=X[:1]).progress) == "0 labels, 1 sample left"


def test_arguments_are_copied_and_invalid_ones_raise():
    criterion = StabilizedPredictions(window=4)
    learner = ActiveLearner(X_pool=X, stopping=[criterion])
    assert learner._stopping.criteria[0] is not criterion
    assert learner._stopping.criteria[0].window == 4
    for wrong in ("stable", StabilizedPredictions, [SufficientAccuracy(), 3]):
        with pytest.raises(TypeError, match="`stopping` must be a stopping criterion, such as"):
            ActiveLearner(X_pool=X, stopping=wrong)
    with pytest.raises(ValueError, match="'every' parameter of ExpectedGain must be an int of"):
        ActiveLearner(X_pool=X, stopping=ExpectedGain(every=0))
    with pytest.raises(ValueError, match="'target' parameter of SufficientAccuracy must be a num"):
        SufficientAccuracy(1.0).reason(learner, [])
    with pytest.raises(ValueError, match="'threshold' parameter of ExpectedGain must be a finite"):
        ExpectedGain(0).reason(learner, [])


@pytest.mark.parametrize(
    ("share", "text"), [(1.0, "100"), (0.999, "99"), (0.0, "0"), (0.001, "1"), (0.125, "12")]
)
def test_a_share_is_whole_only_where_all_is_meant(share, text):
    assert percent(share) == text
