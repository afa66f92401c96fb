"""Answers belong to samples: ids, pools that grow and shrink, the table of a learner."""

import datetime as dt
import json
import os
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline

from skactive import ActiveLearner
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.semi_supervised import IncrementalLabelSpreading

RNG = np.random.default_rng(0)
X = RNG.normal(size=(30, 3))
X[5], X[7] = X[4], 0
NAMES = [f"photos/{place}.jpg" for place in range(30)]


def named(**parameters):
    return ActiveLearner(X_pool=X, ids=NAMES, **parameters)


def test_every_method_takes_samples_by_their_ids():
    learner = named().teach(ids=["photos/3.jpg", "photos/9.jpg"], y=["a", "b"])
    learner.skip(ids="photos/4.jpg").relabel(ids="photos/9.jpg", y=["c"])
    same = named().teach([3, 9], ["a", "b"]).skip([4]).relabel([9], ["c"])
    assert learner.labeled.tolist() == same.labeled.tolist() == [3, 9]
    assert learner.labels.tolist() == ["a", "c"]
    assert learner.skipped.tolist() == same.skipped.tolist() == [4]
    wanted = ["photos/1.jpg", "photos/4.jpg"]
    np.testing.assert_array_equal(learner.samples(ids=wanted), X[[1, 4]])
    np.testing.assert_array_equal(learner.predict(ids=wanted), same.predict(X[[1, 4]]))
    np.testing.assert_array_equal(learner.predict_proba(ids=wanted), same.predict_proba(X[[1, 4]]))
    assert str(learner.explain_query(ids="photos/1.jpg")) == str(same.explain_query(1))
    assert learner.unskip(ids="photos/4.jpg").skipped.tolist() == []
    assert learner.undo().tolist() == [4]
    assert learner.skipped.tolist() == [4]


@pytest.mark.parametrize(
    "ids",
    [
        [10, 20, 30],
        ["a", "b", "süß"],
        [("a", 1), ("a", 2), ("b", 1)],
        [1.5, 2.0, -0.0],
        np.array(["2020-01-01", "2020-01-02", "2020-01-03"], "M8[D]"),
    ],
)
def test_ids_of_any_kind_name_their_samples(ids):
    learner = ActiveLearner(X_pool=X[:3], ids=ids)
    for position, id_ in enumerate(list(ids)):
        np.testing.assert_array_equal(learner.samples(ids=[id_]), X[[position]])
        np.testing.assert_array_equal(learner.samples(ids=id_), X[[position]])
    np.testing.assert_array_equal(learner.samples(ids=ids), X[:3])


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (lambda one: one.teach(ids="photos/33.jpg", y="a"), ValueError, "No sample .* did you mea"),
        (lambda one: one.skip(ids=3), ValueError, "No sample of X_pool has the id 3"),
        (lambda one: one.teach(["photos/3.jpg"], ["a"]), TypeError, "integer positions"),
        (lambda one: one.teach([3], ["a"], ids=["photos/3.jpg"]), TypeError, "Got both"),
        (lambda one: one.skip(), TypeError, "Got neither"),
        (lambda one: one.predict(), TypeError, "Got neither"),
        (lambda one: one.extend(X[:1]), ValueError, "have ids, such as 'photos/0.jpg'"),
        (lambda one: one.extend(X[:1], ids=["photos/3.jpg"]), ValueError, "that of row 3 already"),
        (lambda one: one.extend(X[:1, :2], ids=["x"]), ValueError, r"shape \(2,\), but .* \(3,\)"),
        (lambda one: one.extend([[1.0, 2.0]], ids=["x"]), ValueError, r"shape \(2,\), but .* \(3,"),
        (lambda one: one.extend(X[:2], ids=["x"]), ValueError, "1 ids for the 2 samples of X_new"),
        (lambda one: one.extend(X[:1], ids="x"), TypeError, "one name for each sample. Got 'x'"),
        (lambda one: one.extend(X[:1], ids={"x"}), TypeError, "one name for each sample"),
        (lambda one: one.extend([[np.nan, 1, 2]], ids=["x"]), ValueError, "NaN"),
        (lambda one: one.remove(range(30)), ValueError, "none of the 30 samples"),
        (lambda one: one.remove([40]), IndexError, "40"),
    ],
)
def test_names_that_are_not_there_are_refused_and_nothing_changes(tmp_path, call, error, sentence):
    path = tmp_path / "answers.jsonl"
    learner = named(journal=path).teach([3, 9], ["a", "b"])
    content = path.read_bytes()
    with pytest.raises(error, match=sentence):
        call(learner)
    assert path.read_bytes() == content
    assert (learner.labeled.tolist(), learner.ids.tolist()) == ([3, 9], NAMES)
    assert learner.pool.n_samples == 30


@pytest.mark.parametrize(
    ("ids", "id_", "sentence"),
    [
        ([10, 20, 30], "20", "id '20'. Hint: did you mean 20?"),
        (["10", "20", "30"], 20, "id 20. Hint: did you mean '20'?"),
        ([("a", 1), ("a", 2), ("b", 1)], [("a", 3)], "id ('a', 3). Hint: did you mean ('a', 1) or"),
        (["süß", "b", "c"], "sü", "id 'sü'. Hint: did you mean 'süß'?"),
    ],
)
def test_a_similar_id_is_shown_with_its_type(ids, id_, sentence):
    learner = ActiveLearner(X_pool=X[:3], ids=ids)
    with pytest.raises(ValueError, match=re.escape(sentence)):
        learner.teach(ids=id_, y=["x"])


AT = dt.datetime(2024, 1, 2, 3, tzinfo=dt.UTC)
LOCAL = AT.replace(tzinfo=None)


@pytest.mark.parametrize(
    ("id_", "equal"),
    [
        (12, [12.0, np.int8(12), np.float32(12), np.array(12), np.array([12.0])]),
        (0.0, [-0.0, 0]),
        (LOCAL, [np.datetime64(LOCAL, "s"), np.datetime64(LOCAL, "ns")]),
        (dt.date(2024, 1, 2), [dt.datetime(2024, 1, 2), np.datetime64("2024-01-02")]),
        (AT, [AT.astimezone(dt.timezone(dt.timedelta(hours=9)))]),
        (("a", 1), [("a", 1.0), ("a", np.int64(1))]),
    ],
)
def test_equal_ids_are_one_id(tmp_path, id_, equal):
    """In memory, and in the journal that another session reads with the equal id."""
    for place, other in enumerate(equal):
        path = tmp_path / f"{place}.jsonl"
        learner = ActiveLearner(X_pool=X[:3], ids=["x", id_, "z"], journal=path)
        assert learner.teach(ids=other, y=["b"]).labeled.tolist() == [1]
        name = other.item() if isinstance(other, np.ndarray) else other
        again = ActiveLearner(X_pool=X[2::-1], ids=["z", name, "x"], journal=path)
        assert again.labeled.tolist() == [1]


@pytest.mark.parametrize("zone", [None, "UTC", "Asia/Tokyo"])
def test_dates_of_an_index_are_ids(tmp_path, zone):
    pandas = pytest.importorskip("pandas")
    path = tmp_path / "answers.jsonl"
    index = pandas.date_range("2024-01-01", periods=3, freq="h", tz=zone)
    learner = ActiveLearner(X_pool=pandas.DataFrame(X[:3], index=index), journal=path)
    assert learner.teach(ids=[index[1]], y=["a"]).labeled.tolist() == [1]
    other = index if zone is None else index.tz_convert("America/Lima")
    frame = pandas.DataFrame(X[:3], index=other.as_unit("ns"))[::-1]
    again = ActiveLearner(X_pool=frame, journal=path)
    assert again.labeled.tolist() == [1]
    assert again.teach(ids=frame.index[0].to_pydatetime(), y="b").labeled.tolist() == [1, 0]


@pytest.mark.parametrize("of", [list, np.array, range])
def test_ids_that_count_from_zero_are_ids(tmp_path, of):
    """Numbers of a data base begin at 0, too: they stay with their samples."""
    path = tmp_path / "answers.jsonl"
    ids = range(10) if of is range else of(list(range(10)))
    learner = ActiveLearner(X_pool=X[:10], ids=ids, journal=path).teach(ids=[5, 6], y=["a", "b"])
    with pytest.raises(ValueError, match="have ids, such as 0"):
        learner.extend(X[20:21])
    learner.remove(ids=[0, 3, 5]).relabel(ids=[6], y=["c"])
    assert learner.ids.tolist() == [1, 2, 4, 6, 7, 8, 9]
    learner.extend(X[20:22], ids=[0, 3])
    assert learner.ids[learner.labeled].tolist() == [6]
    again = ActiveLearner(X_pool=learner.X_pool, ids=learner.ids, journal=path)
    assert again.ids[again.labeled].tolist() == [6]
    assert again.labels.tolist() == ["c"]


@pytest.mark.parametrize("kind", ["DataFrame", "array"])
def test_rows_without_names_are_counted_on(tmp_path, kind):
    make = np.asarray if kind == "array" else pytest.importorskip("pandas").DataFrame
    path = tmp_path / "answers.jsonl"
    learner = ActiveLearner(X_pool=make(X[8:12]), journal=path).extend(make(X[20:22]))
    learner.teach([1, 5], ["a", "b"])
    assert learner.ids.tolist() == list(range(6))
    assert '"ids"' not in path.read_text()
    rows = make(np.concatenate([X[8:12], X[20:22]])[::-1].copy())
    assert ActiveLearner(X_pool=rows, journal=path).labeled.tolist() == [4, 0]


def test_answers_of_added_samples_alone_wait_for_them(tmp_path):
    """Although no sample with an answer is in the pool that the next session begins with."""
    path = tmp_path / "answers.jsonl"
    named(journal=path).extend(X[:1] + 1, ids=["new"]).teach(ids="new", y="a")
    with pytest.warns(UserWarning, match="the sample with id 'new'"):
        learner = named(journal=path)
    assert learner.labeled.tolist() == []
    assert learner.extend(X[:1] + 1, ids=["new"]).labeled.tolist() == [30]


@pytest.mark.parametrize("ids", ["abc", {"a", "b", "c"}, frozenset("abc"), b"abc"])
def test_ids_without_an_order_or_a_name_for_each_sample_are_refused(ids):
    with pytest.raises(TypeError, match="a list or array with one name for each sample"):
        ActiveLearner(X_pool=X[:3], ids=ids)


def test_an_id_of_several_samples_names_none():
    learner = ActiveLearner(X_pool=X[:3], ids=["a", "b", "a"])
    with pytest.raises(ValueError, match=r"'a' names 2 samples of X_pool, in rows 0, 2\. Hint"):
        learner.teach(ids="a", y="x")


def test_the_table_has_a_row_for_each_sample(tmp_path):
    path = tmp_path / "answers.jsonl"
    learner = named(journal=path)
    before = learner.to_frame()
    assert before["predicted"].tolist() == [None] * 30
    assert before["confidence"].isna().all()
    learner.teach([3, 9, 11], ["a", "b", "b"]).skip([4]).relabel([11], ["a"])
    frame = learner.to_frame()
    assert frame["id"].tolist() == NAMES
    assert frame["label"][[3, 9, 11]].tolist() == ["a", "b", "a"]
    assert frame["label"].notna().sum() == 3
    assert frame["skipped"].to_numpy().nonzero()[0].tolist() == [4]
    assert frame["asked_at"].notna().to_numpy().nonzero()[0].tolist() == [3, 4, 9, 11]
    assert frame["predicted"].tolist() == learner.predict(X).tolist()
    assert frame["confidence"].to_numpy() == pytest.approx(learner.predict_proba(X).max(axis=1))
    pandas = pytest.importorskip("pandas")
    pandas.testing.assert_frame_equal(named(journal=path).to_frame(), frame, rtol=1e-6)


def test_the_table_has_names_of_files_that_are_not_in_utf_8():
    pytest.importorskip("pandas")
    names = [os.fsdecode(b"caf\xe9.jpg"), "süß.jpg", "c.jpg"]
    frame = ActiveLearner(X_pool=X[:3], ids=names).teach([0, 1], [names[0], "b"]).to_frame()
    assert frame["id"].tolist() == names
    assert frame["label"].tolist()[:2] == [names[0], "b"]
    assert frame["predicted"].tolist()[0] == names[0]


ESTIMATORS = {
    "default": IncrementalLabelSpreading,
    "neighbors": IncrementalKNeighborsClassifier,
    "forgetting": lambda: IncrementalKNeighborsClassifier(max_labeled=4),
    "partial fit": GaussianNB,
    "refit": LogisticRegression,
}
STEPS = st.lists(st.tuples(st.sampled_from("tttrsSueexxf"), st.integers(0, 29)), max_size=12)


@pytest.mark.parametrize("estimator", ESTIMATORS)
@settings(max_examples=25, deadline=None)
@given(steps=STEPS, is_seeded=st.booleans())
def test_a_pool_that_changes_equals_a_fresh_one(tmp_path_factory, estimator, steps, is_seeded):
    """After any changes, queries and probabilities are those of a new learner."""
    path = tmp_path_factory.mktemp("journal") / "answers.jsonl"
    seed = {"X_labeled": X[:2] + 1, "y_labeled": ["a", "b"]} if is_seeded else {}

    def learner_of(rows, journal):
        names = [NAMES[row] for row in rows]
        return ActiveLearner(
            ESTIMATORS[estimator](), X_pool=X[rows], ids=names, journal=journal, **seed
        )

    rows = list(range(12))
    learner = learner_of(rows, path)
    for kind, place in steps:
        try:
            rows = changed(learner, rows, kind, place)
        except ValueError:
            continue
    assert learner.ids.tolist() == [NAMES[row] for row in rows]
    fresh = learner_of(rows, None)
    for position, label in zip(learner.labeled, learner.labels, strict=True):
        fresh.teach([position], [label])
    if len(learner.skipped):
        fresh.skip(learner.skipped)
    assert fresh.labeled.tolist() == learner.labeled.tolist()
    if len(learner.labeled) and not is_seeded:
        assert_same(learner, fresh)
    # A new session has the same answers.
    again = learner_of(rows, path)
    assert again.labeled.tolist() == learner.labeled.tolist()
    assert again.labels.tolist() == learner.labels.tolist()
    assert again.skipped.tolist() == learner.skipped.tolist()
    assert_same(again, learner)


def assert_same(learner, other):
    if len(learner.candidates):
        assert learner.query().tolist() == other.query().tolist()
    known = set(learner.labels.tolist())
    if len(known) > 1:
        ours, theirs = learner.predict_proba(X), other.predict_proba(X)
        shared = np.isin(other.classes_, learner.classes_)
        assert ours == pytest.approx(theirs[:, shared], abs=1e-6)


def changed(learner, rows, kind, place):
    n = len(rows)
    if kind == "e":
        new = [row for row in (place, (place + 3) % 30) if row not in rows]
        if new:
            learner.extend(X[new], ids=[NAMES[row] for row in new])
        return [*rows, *new]
    if kind == "x":
        positions = sorted({place % n, (place + 5) % n})
        learner.remove(positions)
        return [row for position, row in enumerate(rows) if position not in positions]
    actions = {
        "t": lambda: learner.teach([place % n, (place + 1) % n], ["a", "b"]),
        "r": lambda: learner.relabel(learner.labeled[-1:], ["c"]),
        "s": lambda: learner.skip([place % n]),
        "S": lambda: learner.unskip(learner.skipped[:1]),
        "u": learner.undo,
        "f": lambda: learner.forget(place % 5),
    }
    actions[kind]()
    return rows


def test_answers_wait_in_the_journal_until_extend_brings_their_samples(tmp_path):
    path = tmp_path / "answers.jsonl"

    def start(n_samples=20):
        return ActiveLearner(X_pool=X[:n_samples], ids=NAMES[:n_samples], journal=path)

    learner = start().teach([3, 9], ["a", "b"]).extend(X[20:], ids=NAMES[20:])
    learner.teach([25, 26], ["c", "a"]).skip([27]).relabel([25], ["b"])
    # The same script again, from its first line.
    for _ in range(2):
        with pytest.warns(UserWarning, match="answers for 3 samples that are not in X_pool"):
            again = start()
        assert again.labeled.tolist() == [3, 9]
        again.extend(X[20:], ids=NAMES[20:])
        assert again.labeled.tolist() == [3, 9, 25, 26]
        assert again.labels.tolist() == ["a", "b", "b", "a"]
        assert again.skipped.tolist() == [27]
        assert again.query().tolist() == learner.query().tolist()
    # All samples at once.
    whole = start(30)
    assert whole.labeled.tolist() == [3, 9, 25, 26]
    # In two parts, and in another order.
    with pytest.warns(UserWarning, match="not in X_pool"):
        parts = start()
    parts.extend(X[28:25:-1], ids=NAMES[28:25:-1])
    assert parts.ids[parts.labeled].tolist() == ["photos/3.jpg", "photos/9.jpg", "photos/26.jpg"]
    parts.extend(X[[25]], ids=[NAMES[25]])
    assert parts.labels.tolist() == ["a", "b", "a", "b"]
    assert parts.ids[parts.skipped].tolist() == ["photos/27.jpg"]
    # An edited sample is not taken for the old one.
    with pytest.warns(UserWarning, match="not in X_pool"):
        other = start()
    other.extend(X[20:] + 1, ids=NAMES[20:])
    assert other.labeled.tolist() == [3, 9]


def test_removed_samples_need_not_come_back(tmp_path):
    path = tmp_path / "answers.jsonl"
    learner = ActiveLearner(X_pool=X, journal=path).teach([3, 9, 20], ["a", "b", "c"])
    learner.remove([0, 9]).teach([5], ["a"])
    assert json.loads(path.read_text().splitlines()[-2])["remove"] == [0, 9]
    assert (learner.labeled.tolist(), learner.labels.tolist()) == ([2, 18, 5], ["a", "c", "a"])
    kept = np.delete(X, [0, 9], axis=0)
    again = ActiveLearner(X_pool=kept, journal=path)
    assert (again.labeled.tolist(), again.labels.tolist()) == ([2, 18, 5], ["a", "c", "a"])
    assert again.undo().tolist() == [5]
    assert again.undo().tolist() == [2, 18]
    whole = ActiveLearner(X_pool=X, journal=path)
    assert whole.labeled.tolist() == []


def test_raw_samples_pass_the_steps_once():
    texts = np.array([f"text {place} {'ab'[place % 2]}" for place in range(20)])
    steps = make_pipeline(
        HashingVectorizer(n_features=16, analyzer="char"), IncrementalKNeighborsClassifier()
    )
    learner = ActiveLearner(steps, X_pool=texts[:12]).teach([0, 1], ["a", "b"]).extend(texts[12:])
    learner.remove([2, 3])
    assert learner.samples([10]).tolist() == ["text 12 a"]
    assert learner.ids.tolist() == list(range(18))
    assert learner.predict(["text 99 a"]).shape == (1,)


def test_a_table_needs_the_same_columns():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=list("abc"))
    learner = ActiveLearner(IncrementalKNeighborsClassifier(), X_pool=frame[:20])
    with pytest.raises(ValueError, match=r"X_new has the columns \['c', 'b', 'a'\], but X_pool"):
        learner.extend(frame[20:][list("cba")])
    learner.extend(frame[20:].reset_index(drop=True))
    assert learner.ids.tolist() == list(range(30))
    assert learner.pool.n_samples == 30


def test_what_belongs_to_the_first_pool_keeps_it():
    weights = {"sample_weight": np.ones(30)}
    learner = ActiveLearner(LogisticRegression(), X_pool=X, fit_params=weights)
    for change in (lambda: learner.extend(X), lambda: learner.remove([0])):
        with pytest.raises(ValueError, match=r"cannot be used with fit_params, .* Hint: create a"):
            change()
