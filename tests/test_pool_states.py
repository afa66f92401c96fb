"""Whatever was done to a pool, it is as if it had been made from what is known now."""

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sklearn.metrics import pairwise_distances
from strategies import CLASS_NAMES, METRICS, class_names, forgetting, samples_for, vote_parameters

from skactive.measures import Entropy, Margin
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.pool import Batch, Pool

pytestmark = pytest.mark.once

OTHER_METRIC = "euclidean"
TOLERANCE = 2e-5


def squared_sums(posterior):
    return np.square(posterior).sum(axis=1)


def largest(posterior):
    return posterior.max(axis=1)


class PoolHistory(RuleBasedStateMachine):
    """Keeps the expected state of a pool, in the order of its changes."""

    metric: str

    @initialize(data=st.data())
    def make(self, data):
        self.X = data.draw(samples_for(self.metric, data.draw(st.integers(2, 9))))
        self.X = self.X.astype(np.float32)
        self.declared = data.draw(st.sampled_from([None, CLASS_NAMES]))
        self.estimator = IncrementalKNeighborsClassifier(
            metric=self.metric, **data.draw(vote_parameters()), **data.draw(forgetting())
        )
        self.pool = Pool(self.X, estimator=self.estimator, classes=self.declared)
        self.known = {}
        self.forgotten = []
        self.skipped = set()
        self.n_outside = 0

    def unlabeled(self):
        return [place for place in range(len(self.X)) if place not in self.known]

    def labeled(self):
        return [place for place in self.known if isinstance(place, int)]

    def keep_the_last(self, n_kept):
        names = list(self.known)[: max(len(self.known) - n_kept, 0)]
        if names:
            self.forgotten.append({name: self.known.pop(name) for name in names})

    def make_room(self):
        if self.estimator.max_labeled is not None:
            self.keep_the_last(self.estimator.max_labeled)

    @rule(data=st.data())
    def label_some(self, data):
        free = self.unlabeled()
        if free:
            some = data.draw(st.lists(st.sampled_from(free), unique=True, max_size=3))
            labels = data.draw(class_names(len(some)))
            assert self.pool.add_labels(some, labels) is self.pool
            self.known |= {
                place: (self.X[place], str(label))
                for place, label in zip(some, labels, strict=True)
            }
            if some:
                self.make_room()

    @rule(data=st.data())
    def label_from_outside(self, data):
        n_added = data.draw(st.integers(0, 2))
        rows = data.draw(samples_for(self.metric, n_added)).reshape(n_added, self.X.shape[1])
        labels = data.draw(class_names(n_added))
        self.pool.add_labeled(rows, labels)
        for row, label in zip(rows.astype(np.float32), labels, strict=True):
            self.known[f"outside {self.n_outside}"] = (row, str(label))
            self.n_outside += 1
        if n_added:
            self.make_room()

    @precondition(lambda self: self.labeled())
    @rule(data=st.data())
    def label_again(self, data):
        place = data.draw(st.sampled_from(self.labeled()))
        self.pool.add_labels([place], [self.known[place][1]])

    @rule(n_kept=st.integers(0, 4))
    def forget_the_oldest(self, n_kept):
        assert self.pool.forget(n_kept) is self.pool
        self.keep_the_last(n_kept)

    @rule()
    def recall_what_was_forgotten_last(self):
        assert self.pool.restore_forgotten() is self.pool
        if self.forgotten:
            # What was labelled anew keeps its new label, and its new place in the order.
            back = self.forgotten.pop()
            self.known = {
                name: one for name, one in back.items() if name not in self.known
            } | self.known

    @precondition(lambda self: self.labeled())
    @rule(data=st.data())
    def remove_some(self, data):
        some = data.draw(st.lists(st.sampled_from(self.labeled()), unique=True))
        self.pool.remove_labels(some)
        for place in some:
            del self.known[place]

    @precondition(lambda self: self.labeled())
    @rule(data=st.data())
    def relabel_some(self, data):
        some = data.draw(st.lists(st.sampled_from(self.labeled()), unique=True))
        labels = data.draw(class_names(len(some)))
        self.pool.relabel(some, labels)
        for place, label in zip(some, labels, strict=True):
            self.known[place] = (self.known[place][0], str(label))

    @rule(data=st.data())
    def skip_some(self, data):
        free = self.unlabeled()
        if free:
            some = data.draw(st.lists(st.sampled_from(free), max_size=3))
            self.pool.skip(some)
            self.skipped |= set(some)

    @rule(data=st.data())
    def unskip_some(self, data):
        some = data.draw(st.lists(st.integers(0, len(self.X) - 1), max_size=3))
        self.pool.unskip(some)
        self.skipped -= set(some)

    @rule(
        n_neighbors=st.integers(1, 6),
        smoothing=st.sampled_from([0.0, 1.0]),
        half_life=st.sampled_from([None, 2.0]),
    )
    def set_parameters_of_the_vote(self, **parameters):
        self.estimator.set_params(**parameters)

    @rule()
    def refuse_what_is_wrong(self):
        for change, error in self.mistakes():
            with pytest.raises(error):
                change()

    def mistakes(self):
        last = len(self.X)
        yield lambda: self.pool.add_labels([0, last], ["a", "b"]), IndexError
        yield lambda: self.pool.add_labels([0, 1], ["a"]), ValueError
        yield lambda: self.pool.add_labels([0, 1], ["a", None]), ValueError
        yield lambda: self.pool.add_labels([0, 0], ["a", "b"]), ValueError
        yield lambda: self.pool.add_labeled(self.X[:, :1], ["a"] * last), ValueError
        yield lambda: self.pool.add_labeled(self.X, ["a"] * (last + 1)), ValueError
        yield lambda: self.pool.skip([0, last]), IndexError
        yield lambda: self.pool.forget(-1), ValueError
        if self.unlabeled():
            wrong = [*self.labeled()[:1], self.unlabeled()[0]]
            yield lambda: self.pool.remove_labels(wrong), ValueError
            yield lambda: self.pool.relabel(wrong, ["a"] * len(wrong)), ValueError
        if self.labeled():
            twice = self.labeled()[:1] * 2
            yield lambda: self.pool.remove_labels(twice), ValueError
            yield lambda: self.pool.relabel(twice, ["a", "b"]), ValueError
            yield lambda: self.pool.relabel(twice[:1], [7]), ValueError
            yield lambda: self.pool.skip(twice), ValueError

    @invariant()
    def its_lists_are_those_of_the_history(self):
        labeled = self.labeled()
        assert self.pool.labeled.tolist() == labeled
        assert self.pool.labels.tolist() == [self.known[place][1] for place in labeled]
        assert self.pool.n_labeled == len(self.known)
        assert self.pool.n_forgotten == sum(map(len, self.forgotten))
        free = [place for place in self.unlabeled() if place not in self.skipped]
        assert self.pool.candidates.tolist() == free
        assert self.pool.n_candidates == len(free)
        assert self.pool.skipped.tolist() == sorted(self.skipped - set(labeled))
        classes = {label for _, label in self.known.values()} | set(self.declared or [])
        assert self.pool.classes_.tolist() == sorted(classes)

    @rule()
    def its_posterior_is_that_of_a_fitted_classifier(self):
        found = self.pool.posterior()
        rows = np.array([row for row, _ in self.known.values()], dtype=np.float32)
        labels = np.array([label for _, label in self.known.values()])
        if len(self.known) == 0:
            if self.declared is None:
                assert found is None
                assert self.pool.of_posterior(squared_sums) is None
            else:
                np.testing.assert_allclose(found, np.full((self.pool.n_candidates, 3), 1 / 3))
            return
        # What was recalled may be more than are kept when a label is added.
        fresh = IncrementalKNeighborsClassifier(**self.estimator.get_params())
        fresh.set_params(max_labeled=None)
        fresh.partial_fit(rows, labels, classes=self.declared)
        if self.pool.n_candidates:
            expected = fresh.predict_proba(self.X[self.pool.candidates])
            np.testing.assert_allclose(found, expected, atol=TOLERANCE)
        assert found.shape == (self.pool.n_candidates, len(self.pool.classes_))
        for function in (squared_sums, largest):
            np.testing.assert_array_equal(self.pool.of_posterior(function), function(found))

    @rule(
        metric=st.sampled_from([None, OTHER_METRIC]),
        aggregate=st.sampled_from(["mean", "min"]),
    )
    def its_distances_are_those_of_scikit_learn(self, metric, aggregate):
        metric = metric or self.metric
        found = self.pool.distance_to_labeled(metric, aggregate)
        if not self.known:
            assert found is None
            return
        rows = np.array([row for row, _ in self.known.values()], dtype=np.float64)
        whole = pairwise_distances(self.X.astype(np.float64), rows, metric=metric)
        expected = getattr(whole, aggregate)(axis=1)[self.pool.candidates]
        np.testing.assert_allclose(found, expected, atol=TOLERANCE)

    @rule(metric=st.sampled_from([None, OTHER_METRIC]))
    def its_density_is_that_of_its_definition(self, metric):
        metric = metric or self.metric
        X = self.X.astype(np.float64)
        distances = pairwise_distances(X, X.copy(), metric=metric)
        similarities = 1 - distances if metric == "cosine" else 1 / (1 + distances)
        found = self.pool.density(metric)
        expected = similarities.mean(axis=1)[self.pool.candidates]
        np.testing.assert_allclose(found, expected, atol=TOLERANCE)

    @rule()
    def its_nearest_labelled_are_the_nearest(self):
        if not self.known:
            return
        self.pool.posterior()
        nearest = self.pool.geometry.labeled_distances(self.metric, None).nearest(
            self.estimator.n_neighbors
        )
        rows = np.array([row for row, _ in self.known.values()], dtype=np.float64)
        whole = pairwise_distances(self.X.astype(np.float64), rows, metric=self.metric)
        expected = np.sort(whole, axis=1)[:, : self.estimator.n_neighbors]
        distances = nearest.compared
        if self.metric == "euclidean":
            distances = np.sqrt(distances)
        np.testing.assert_allclose(distances, expected, atol=TOLERANCE)
        assert all(len(set(row)) == len(row) for row in nearest.ids.tolist())

    @rule(data=st.data(), aggregate=st.sampled_from(["mean", "min"]))
    def a_batch_reads_as_if_the_picked_were_labelled(self, data, aggregate):
        before = self.pool.distance_to_labeled(self.metric, aggregate)
        batch = Batch(self.pool)
        labelled = Pool(self.X)
        for row, _ in self.known.values():
            labelled.add_labeled(row[np.newaxis], ["a"])
        labelled.skip(sorted(self.skipped - set(self.labeled())))
        left = self.pool.candidates.tolist()
        for _ in range(data.draw(st.integers(0, min(3, len(left))))):
            place = left.pop(data.draw(st.integers(0, len(left) - 1)))
            batch.pick(place)
            labelled.add_labels([place], ["a"])
            assert batch.candidates.tolist() == left
            assert batch.n_candidates == len(left)
            # What is labelled in this pool is labelled from outside in the other.
            of_the_left = np.isin(labelled.candidates, left)
            np.testing.assert_allclose(
                batch.distance_to_labeled(self.metric, aggregate),
                labelled.distance_to_labeled(self.metric, aggregate)[of_the_left],
                atol=TOLERANCE,
            )
            np.testing.assert_allclose(
                batch.density(self.metric), self.pool.density(self.metric)[batch._free]
            )
        after = self.pool.distance_to_labeled(self.metric, aggregate)
        np.testing.assert_array_equal(after, before)

    @rule(measure=st.sampled_from([Margin(), Entropy()]))
    def measures_follow(self, measure):
        found = measure.utilities(self.pool)
        posterior = self.pool.posterior()
        if posterior is None:
            np.testing.assert_array_equal(found, np.ones(self.pool.n_candidates))
            return
        fresh = Pool(np.eye(max(len(posterior), 1)), estimator=FixedPosterior(posterior))
        if len(posterior):
            np.testing.assert_allclose(found, measure.utilities(fresh), atol=1e-12)

    def teardown(self):
        if hasattr(self, "pool"):
            self.its_posterior_is_that_of_a_fitted_classifier()
            self.its_nearest_labelled_are_the_nearest()
            self.its_density_is_that_of_its_definition(None)
            for aggregate in ("mean", "min"):
                self.its_distances_are_those_of_scikit_learn(None, aggregate)


class FixedPosterior:
    def __init__(self, posterior):
        self.posterior = posterior

    def predict_proba(self, X):
        return self.posterior


@pytest.mark.parametrize("metric", METRICS)
def test_every_cache_equals_its_value_from_scratch_after_any_history(metric):
    machine = type("PoolHistory", (PoolHistory,), {"metric": metric})
    run_state_machine_as_test(machine, settings=settings(max_examples=50, stateful_step_count=30))
