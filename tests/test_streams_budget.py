"""The budget of a stream, against a plain count."""

from decimal import Decimal
from math import ceil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from streams_under_contract import STREAM_STRATEGIES, sampler_of, small_stream

from skactive.streams import StreamBudget

SHARES = st.integers(1, 1000).map(lambda thousandths: thousandths / 1000)


@given(share=SHARES, wanted=st.lists(st.booleans(), max_size=300))
def test_of_n_samples_at_most_the_share_rounded_up_is_queried(share, wanted):
    budget, n_queried = StreamBudget(share), 0
    for n, one in enumerate(wanted, start=1):
        limit = ceil(Decimal(str(share)) * n)
        assert budget.is_left is (n_queried < limit)
        queried = one and budget.is_left
        budget.record(queried)
        n_queried += queried
        assert n_queried <= limit
    assert (budget.n_seen, budget.n_queried) == (len(wanted), n_queried)


@given(share=SHARES)
def test_all_of_the_share_can_be_spent(share):
    budget = StreamBudget(share)
    for _ in range(200):
        budget.record(budget.is_left)
    assert budget.n_queried == ceil(Decimal(str(share)) * 200)


def test_a_share_is_taken_in_its_decimal_notation():
    # 0.07 · 100 is 7.000000000000001 in floating point.
    for share in (0.07, np.float32(0.07)):
        budget = StreamBudget(share)
        for _ in range(100):
            budget.record(budget.is_left)
        assert budget.n_queried == 7


@given(total=st.integers(1, 30), wanted=st.lists(st.booleans(), max_size=400))
def test_a_number_of_labels_is_never_exceeded_and_spent_on_a_tenth(total, wanted):
    budget = StreamBudget(total)
    for n, one in enumerate(wanted, start=1):
        budget.record(one and budget.is_left)
        assert budget.n_queried <= min(total, ceil(n / 10))


@given(
    share=SHARES,
    window=st.integers(1, 50),
    wanted=st.lists(st.booleans(), max_size=300),
    start=st.integers(0, 300),
)
def test_a_window_exceeds_the_share_by_the_documented_amount_at_most(share, window, wanted, start):
    budget, queried, spent = StreamBudget(share, window=window), [], 0.0
    for one in wanted:
        assert budget.is_left is (spent / window < share)
        queried.append(one and budget.is_left)
        budget.record(queried[-1])
        spent = spent * ((window - 1) / window) + queried[-1]
    n = len(queried[start:])
    assert sum(queried[start:]) <= n * (share + 1 / window) + window * share + 1 + 1e-9


def test_a_window_can_exceed_the_share():
    budget = StreamBudget(0.5, window=10)
    for _ in range(10):
        budget.record(budget.is_left)
    assert budget.n_queried > 5


def test_a_query_beyond_the_budget_is_refused():
    budget = StreamBudget(0.1)
    budget.record(True)
    message = r"No budget is left for sample 2: 1 were queried before, with StreamBudget\(0.1\)\."
    with pytest.raises(ValueError, match=message):
        budget.record(True)
    assert (budget.n_seen, budget.n_queried) == (1, 1)


def test_the_surplus_is_the_rest_of_the_share():
    budget = StreamBudget(0.5)
    for queried in (True, False, False, False):
        budget.record(queried)
    assert budget.surplus == 1.0


@pytest.mark.parametrize("budget", [0, -1, -0.1, 0.0, 1.5, float("nan"), float("inf")])
def test_an_invalid_budget_is_refused(budget):
    with pytest.raises(ValueError, match=rf"'budget' parameter .* Got {budget} instead\."):
        StreamBudget(budget)


@pytest.mark.parametrize("budget", ["0.1", None, True, [0.1]])
def test_a_budget_that_is_no_number_is_refused(budget):
    with pytest.raises(TypeError, match="'budget' parameter of StreamSampler must be a share"):
        StreamBudget(budget)


def test_a_float_above_1_gets_a_hint_at_the_int():
    with pytest.raises(ValueError, match=r"Hint: a number of labels is an int, such as 20\."):
        StreamBudget(20.0)


@pytest.mark.parametrize("window", [0, -3, 1.5, "100"])
def test_an_invalid_window_is_refused(window):
    with pytest.raises((ValueError, TypeError), match=r"'window' parameter .* an int"):
        StreamBudget(0.1, window=window)


class SamplerMachine(RuleBasedStateMachine):
    """A sampler in any order of calls, beside a plain count of its budget."""

    X, y = small_stream(2_000)

    @initialize(
        strategy=st.sampled_from(STREAM_STRATEGIES),
        budget=st.one_of(SHARES, st.integers(1, 15)),
        max_labeled=st.integers(1, 10),
    )
    def begin(self, strategy, budget, max_labeled):
        self.sampler = sampler_of(strategy, budget=budget, max_labeled=max_labeled)
        self.budget = budget
        self.n_seen = self.n_queried = self.n_taught = 0
        self.waiting = []

    @property
    def limit(self):
        share = Decimal("0.1") if isinstance(self.budget, int) else Decimal(str(self.budget))
        limit = ceil(share * self.n_seen)
        return min(limit, self.budget) if isinstance(self.budget, int) else limit

    @rule(size=st.integers(0, 12))
    def query_a_batch(self, size):
        rows = np.arange(self.n_seen, self.n_seen + size)
        queried = self.sampler.query(self.X[rows])
        assert queried.shape == self.sampler.last_utilities_.shape == (size,)
        for row, one in zip(rows, queried, strict=True):
            self._count(row, one)

    @rule()
    def query_one(self):
        queried = self.sampler.query(self.X[self.n_seen])
        assert isinstance(queried, bool)
        self._count(self.n_seen, queried)

    def _count(self, row, queried):
        self.n_seen += 1
        self.n_queried += bool(queried)
        assert self.n_queried <= self.limit
        if queried:
            self.waiting.append(row)

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def teach_a_waiting_sample(self, data):
        row = data.draw(st.sampled_from(self.waiting))
        self.waiting.remove(row)
        self.sampler.teach(self.X[row], self.y[row])
        self.n_taught += 1

    @rule(row=st.integers(0, 1_999))
    def teach_a_free_label(self, row):
        self.sampler.teach(self.X[row : row + 1], self.y[row : row + 1])
        self.n_taught += 1

    @rule(bad=st.sampled_from([[np.nan, 1.0], [1.0, 2.0, 3.0], "text", [[1.0], [2.0, 3.0]]]))
    def query_something_else(self, bad):
        if self.n_seen + self.n_taught:
            with pytest.raises((ValueError, TypeError)):
                self.sampler.query(bad)

    @precondition(lambda self: self.n_taught)
    @rule()
    def predict(self):
        shares = self.sampler.predict_proba(self.X[:3])
        np.testing.assert_allclose(shares.sum(axis=1), 1)
        assert set(self.sampler.predict(self.X[:3])) <= set(self.sampler.classes_)

    @invariant()
    def counts_agree(self):
        if self.n_seen + self.n_taught:
            counts = self.sampler.n_seen_, self.sampler.n_queried_, self.sampler.n_labeled_
            assert counts == (self.n_seen, self.n_queried, self.n_taught)


TestSampler = SamplerMachine.TestCase
