"""The selection of annotators, against the definition, and its label counts."""

import pickle
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t

from skactive.learner import AnnotatorSelection
from skactive.model_selection import AnnotatorPanel

NAMES = ["ann", "bob", "eve"]
VOTES = st.lists(
    st.dictionaries(st.sampled_from(NAMES), st.sampled_from("xyz"), min_size=1), max_size=15
)


def majority(votes, rewards):
    """The label with most votes; of several, that of the annotator who agreed most often."""
    given_labels = list(votes.values())
    most = max(given_labels.count(label) for label in given_labels)
    best = {}
    for name, label in votes.items():
        if given_labels.count(label) == most:
            best[label] = max(best.get(label, 0), np.mean(rewards[name]))
    return max(best, key=lambda label: best[label])


@given(VOTES)
def test_intervals_are_those_of_the_agreements_after_any_votes(history):
    selection = AnnotatorSelection(NAMES, threshold=0.8, confidence=0.9)
    rewards = {name: [0, 1] for name in NAMES}
    for votes in history:
        expected = majority(votes, rewards)
        assert selection.record(votes) == expected
        if len(votes) > 1:
            for name, label in votes.items():
                rewards[name].append(int(label == expected))
    for name, (low, high) in selection.intervals().items():
        n, mean = len(rewards[name]), np.mean(rewards[name])
        half = t.isf(0.05, n - 1) * np.std(rewards[name]) / np.sqrt(n)
        assert (low, high) == pytest.approx((mean - half, mean + half))
    upper = {name: high for name, (_, high) in selection.intervals().items()}
    assert selection.select() == [n for n in NAMES if upper[n] >= 0.8 * max(upper.values())]
    assert selection.n_votes == {name: len(rewards[name]) - 2 for name in NAMES}
    assert pickle.loads(pickle.dumps(selection)).select() == selection.select()


def test_reliable_annotators_are_found_and_fewer_votes_give_labels_as_good():
    y = np.random.default_rng(0).choice(list("abcd"), 400)
    votes = AnnotatorPanel(5, [0.05, 0.1, 0.4, 0.5, 0.6], random_state=0).votes(y)
    selection, labels, n_votes = AnnotatorSelection(range(5)), [], 0
    for row in votes:
        asked = selection.select()
        n_votes += len(asked)
        labels.append(selection.record({name: row[name] for name in asked}))
    assert set(selection.select()) <= {0, 1}
    everyone = AnnotatorSelection(range(5), threshold=0)
    by_majority = [everyone.record(dict(enumerate(row))) for row in votes]
    assert everyone.select() == [0, 1, 2, 3, 4]
    assert n_votes < 0.6 * votes.size
    assert np.mean(labels == y) > np.mean(by_majority == y) - 0.02


def test_one_vote_is_the_label_and_says_nothing_about_the_annotator():
    selection = AnnotatorSelection(NAMES)
    assert selection.record({"bob": 3}) == 3
    assert selection.n_votes == {"ann": 0, "bob": 0, "eve": 0}


@pytest.mark.parametrize(
    ("votes", "message"),
    [
        ({}, "must be a dict with at least one label by annotator. Got {} instead"),
        (["x"], "must be a dict with at least one label by annotator"),
        ({"ann": "x", "bo": "y"}, "There is no annotator 'bo'. Hint: did you mean bob?"),
        ({"ann": "x", "bob": None}, "The vote of 'bob' is missing (None). Hint: leave a missing"),
        ({"ann": np.nan, "bob": "x"}, "The vote of 'ann' is missing (nan)"),
        ({"ann": np.datetime64("NaT", "D"), "bob": "x"}, "The vote of 'ann' is missing (NaT)"),
        ({"ann": "x", "bob": np.ma.masked}, "The vote of 'bob' is missing"),
        ({"ann": "x", "bob": ["x"]}, "The vote of 'bob' is ['x'], which is not a label. Hint: a"),
        ({"ann": "x", "bob": ("x",)}, "The vote of 'bob' is ('x',), which is not a label."),
        ({"ann": "x", "bob": {"x": 1}}, "The vote of 'bob' is {'x': 1}, which is not a label."),
        ({"ann": np.array(["x"]), "bob": "x"}, "The vote of 'ann' is array(['x']"),
        ({"ann": 0.5, "bob": 1.0}, "The vote of 'ann' is 0.5, which is not a label."),
        ({"ann": "x", "bob": object()}, "The vote of 'bob' is no label: <object"),
        ({"ann": "x", "bob": " "}, "The vote of 'bob' is no label: a blank label"),
        ({"ann": True, "bob": 1}, "The votes mix booleans with other types: True and 1."),
        ({"ann": 1, "bob": 1.0}, "The votes mix integers with other types: 1 and 1.0."),
        ({"ann": "1", "bob": 1}, "The votes mix strings with other types: '1' and 1."),
        ({"ann": {True}, "bob": {1}}, "The votes mix booleans with other types"),
        ({"ann": {"x"}, "bob": "x"}, "some are sets. Hint: give all votes as labels, or all as"),
        ({"ann": {"x", 1}, "bob": {"x"}}, "The vote of 'ann' is no label: it mixes strings"),
    ],
)
def test_bad_votes_are_refused_and_nothing_is_noted(votes, message):
    selection = AnnotatorSelection(NAMES)
    with pytest.raises(ValueError, match=re.escape(message)):
        selection.record(votes)
    assert set(selection.n_votes.values()) == {0}


@pytest.mark.parametrize(
    ("annotators", "parameters", "message"),
    [
        (["ann"], {}, "at least two different names"),
        (["ann", "ann"], {}, "each of them once. Got ['ann', 'ann'] instead"),
        (NAMES, {"threshold": 1.5}, "The 'threshold' parameter of AnnotatorSelection"),
        (NAMES, {"threshold": -0.1}, "The 'threshold' parameter of AnnotatorSelection"),
        (NAMES, {"confidence": 1.0}, "The 'confidence' parameter of AnnotatorSelection"),
        (NAMES, {"confidence": 0}, "The 'confidence' parameter of AnnotatorSelection"),
    ],
)
def test_bad_parameters_are_refused(annotators, parameters, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        AnnotatorSelection(annotators, **parameters)


@pytest.mark.parametrize("annotators", [[["ann"], ["bob"]], [{"ann"}, "bob"], ["ann", {}]])
def test_annotators_without_a_hash_are_refused(annotators):
    with pytest.raises(TypeError, match="Hint: names are strings or other hashable values"):
        AnnotatorSelection(annotators)


@pytest.mark.parametrize(
    ("votes", "label"),
    [
        ([np.str_("x"), "x"], "x"),
        ([np.int8(1), 1], 1),
        ([np.uint64(2**63), 2**63], 2**63),
        ([np.bool_(True), True], True),
        ([np.float32(2), 2.0], 2.0),
        ([np.array("x"), "x"], "x"),
        ([{"x", "y"}, frozenset("yx")], {"x", "y"}),
        ([{np.int64(3)}, {3}], {3}),
        ([set(), frozenset()], set()),
    ],
)
def test_equal_labels_agree_in_any_form(votes, label):
    for order in (votes, votes[::-1]):
        selection = AnnotatorSelection(NAMES)
        found = selection.record(dict(zip(NAMES, order, strict=False)))
        assert found == label
        assert type(found) is (frozenset if isinstance(label, set) else type(label))
        assert selection.n_agreed == {"ann": 1, "bob": 1, "eve": 0}


def test_white_space_around_a_vote_is_removed_with_a_warning():
    selection = AnnotatorSelection(NAMES)
    with pytest.warns(UserWarning, match="White space around labels is removed"):
        assert selection.record({"ann": "x ", "bob": "y", "eve": "x"}) == "x"
    assert selection.n_agreed == {"ann": 1, "bob": 0, "eve": 1}


def test_votes_can_be_a_series():
    pd = pytest.importorskip("pandas")
    selection = AnnotatorSelection(NAMES)
    assert selection.record(pd.Series({"ann": 1, "bob": 2, "eve": 2})) == 2
    for bad, message in [
        (pd.Series({"ann": "x", "bob": pd.NA}), "The vote of 'bob' is missing"),
        (pd.Series({"ann": "x", "bob": None}), "The vote of 'bob' is missing"),
        (pd.Series(["x", "y"], index=["ann", "ann"]), "There are two votes of 'ann'"),
        (pd.DataFrame({"ann": ["x"]}), "must be a dict with at least one label"),
        (pd.Series([], dtype=object), "must be a dict with at least one label"),
    ]:
        with pytest.raises(ValueError, match=message):
            selection.record(bad)
    assert repr(selection) == "AnnotatorSelection(3 annotators, 3 votes)"
