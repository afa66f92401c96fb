"""A journal follows its samples: labels stay with their content, or the journal is refused."""

import json
import re
import warnings
from collections import Counter
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline

from skactive import ActiveLearner
from skactive.datasets import open_vectors, write_vectors
from skactive.learner._history import journal as journal_module
from skactive.learner._history.format_1 import content_of
from skactive.neighbors import IncrementalKNeighborsClassifier

X = np.random.default_rng(0).normal(size=(24, 3))
REVERSED = np.arange(24)[::-1]


def learner_of(path, X_pool=X, **settings):
    return ActiveLearner(IncrementalKNeighborsClassifier(), X_pool=X_pool, journal=path, **settings)


def texts_learner(path, texts, **settings):
    pipeline = make_pipeline(
        TfidfVectorizer(analyzer="char"), IncrementalKNeighborsClassifier(metric="cosine")
    )
    return ActiveLearner(pipeline, X_pool=texts, journal=path, **settings)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "answers.jsonl"


def test_a_label_follows_its_photo_when_two_change_places(path):
    names = [f"photo {place}.jpg" for place in range(1000)]
    texts_learner(path, names).teach([5], ["apple"]).skip([7])
    names[5], names[6] = names[6], names[5]
    learner = texts_learner(path, names)
    assert [names[place] for place in learner.labeled] == ["photo 5.jpg"]
    assert (learner.labeled.tolist(), learner.labels.tolist()) == ([6], ["apple"])
    assert learner.pool.skipped.tolist() == [7]


def stored(samples, path):
    return open_vectors(write_vectors(path.with_name("x.npy"), samples, dtype="float64"))


def table(samples, path):
    return pytest.importorskip("pandas").DataFrame(samples, columns=list("abc"))


KINDS = {
    "array": lambda samples, _: samples,
    "float32": lambda samples, _: samples.astype(np.float32),
    "sparse": lambda samples, _: sp.csr_matrix(samples),
    "list": lambda samples, _: samples.tolist(),
    "file": stored,
    "table": table,
}


@pytest.mark.parametrize("kind", KINDS)
def test_samples_are_found_again_where_rows_were_moved_added_or_removed(path, kind):
    kept = KINDS[kind]
    learner_of(path, kept(X, path)).teach([3, 9], ["apple", "fig"]).skip([7, 4])
    first = learner_of(path, kept(X[REVERSED], path)).relabel([20], ["plum"]).teach([2], ["fig"])
    assert (first.labeled.tolist(), first.labels.tolist()) == ([20, 14, 2], ["plum", "fig", "fig"])
    assert first.pool.skipped.tolist() == [16, 19]
    fewer = np.delete(X, [0, 1, 2], axis=0)
    more = np.vstack([np.ones((5, 3)), fewer])
    second = learner_of(path, kept(more, path))
    assert (second.labeled.tolist(), second.answers.tolist()) == (
        [5, 11, 23],
        ["plum", "fig", "fig"],
    )
    assert second.pool.skipped.tolist() == [6, 9]
    second.undo()
    third = learner_of(path, kept(X, path))
    assert (third.labeled.tolist(), third.labels.tolist()) == ([3, 9], ["plum", "fig"])
    assert [third.undo().tolist() for _ in range(3)] == [[3], [4, 7], [3, 9]]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("position", [3, 9, 4, 7])
def test_a_pool_without_one_of_them_is_refused_by_its_position(path, kind, position):
    kept = KINDS[kind]
    learner_of(path, kept(X, path)).teach([3, 9], ["apple", "fig"]).skip([7, 4])
    before = path.read_bytes()
    changed = X.copy()
    changed[position, 1] += 0.1
    line = 3 if position in (3, 9) else 4
    sentence = (
        rf"answers\.jsonl has an answer for sample {position} \(line {line}\), which is not in "
        r"X_pool: it was changed or removed\. 1 of 4 samples in the file is not recognised\. "
        "Hint: pass the samples with answers unchanged"
    )
    for others in (changed, np.delete(X, position, axis=0), changed[REVERSED]):
        with pytest.raises(ValueError, match=sentence):
            learner_of(path, kept(others, path))
    assert path.read_bytes() == before
    assert learner_of(path, kept(X, path)).labeled.tolist() == [3, 9]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ([4], "removed. 1 of 6 samples in the file is not recognised. Hint"),
        ([5, 9, 20], "removed. 2 of 6 samples in the file are not recognised. Hint"),
        (range(24), "removed. 6 of 6 samples in the file are not recognised. Hint"),
    ],
)
def test_the_refusal_counts_the_samples_that_are_not_recognised(path, changed, sentence):
    learner_of(path).teach([3, 9, 5, 1], list("abba")).skip([7, 4]).teach([8], ["a"]).undo()
    samples = X.copy()
    samples[changed] += 1
    with pytest.raises(ValueError, match=re.escape(sentence)):
        learner_of(path, samples)


def test_changes_of_other_rows_are_not_the_journals_concern(path):
    learner_of(path).teach([3, 9], ["apple", "fig"])
    others = np.ones((24, 3))
    others[[3, 9]] = X[[3, 9]]
    assert learner_of(path, others).labeled.tolist() == [3, 9]
    assert learner_of(path, others[:10]).labeled.tolist() == [3, 9]


def test_only_the_rows_with_answers_are_read_while_they_are_in_place(path, monkeypatch):
    learner_of(path, ids=range(24)).teach([3, 9], ["apple", "fig"])
    monkeypatch.setattr(
        "skactive.learner._history.named_samples.find_rows",
        lambda _, wanted: pytest.fail("all rows were read") if wanted else {},
    )
    learner_of(path)
    learner_of(path, ids=range(24))
    learner_of(path, X[REVERSED], ids=REVERSED)


NAMED = [f"f{place}" for place in range(24)]


def test_ids_are_written_and_found_again(path):
    learner_of(path, ids=NAMED).teach([3, 9], ["apple", "fig"]).skip([7])
    entries = [json.loads(line) for line in path.read_text().splitlines()]
    assert [entry["ids"] for entry in entries[2:]] == [["f3", "f9"], ["f7"]]
    learner = learner_of(path, X[REVERSED], ids=NAMED[::-1])
    assert learner.ids[learner.labeled].tolist() == ["f3", "f9"]
    assert learner.ids[learner.pool.skipped].tolist() == ["f7"]
    # Where ids are left out, content decides.
    assert learner_of(path, X[:10]).labeled.tolist() == [3, 9]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda X, ids: (X[REVERSED], ids), r"with id 'f3' \(line 3\), which has other content "),
        (lambda X, ids: (X, ids[::-1]), r"id 'f3' \(line 3\), which has other .* in row 20 of X"),
        (lambda X, ids: (X + 1, ids), r"id 'f3' \(line 3\), which has other .* in row 3 of X_p"),
        (lambda X, ids: (X[10:], ids[10:]), r"'f3' .*, which is not in X_pool: no sample has"),
    ],
)
def test_an_id_with_other_content_is_refused_by_its_name(path, change, sentence):
    learner_of(path, ids=NAMED).teach([3, 9], ["apple", "fig"]).skip([7])
    before = path.read_bytes()
    samples, ids = change(X, NAMED)
    with pytest.raises(ValueError, match=sentence):
        learner_of(path, samples, ids=ids)
    assert path.read_bytes() == before


def test_answers_of_removed_ids_stay_in_the_file_and_are_reported(path):
    learner_of(path, ids=NAMED).teach([3, 9], ["apple", "fig"]).skip([7]).relabel([3], ["pear"])
    fewer, names = np.delete(X, [3, 7], axis=0), np.delete(NAMED, [3, 7])
    sentence = r"answers for 2 samples that are not in X_pool: the sample with id 'f3', .*'f7'\. "
    for _ in range(2):
        with pytest.warns(UserWarning, match=sentence):
            learner = learner_of(path, fewer, ids=names)
        assert (learner.ids[learner.labeled].tolist(), learner.labels.tolist()) == (["f9"], ["fig"])
    learner.teach(ids="f0", y="plum")
    learner = learner_of(path, X[REVERSED], ids=NAMED[::-1])
    assert learner.ids[learner.labeled].tolist() == ["f3", "f9", "f0"]
    assert learner.labels.tolist() == ["pear", "fig", "plum"]
    assert learner.ids[learner.skipped].tolist() == ["f7"]
    changed = X.copy()
    changed[3] += 1
    with pytest.raises(ValueError, match=r"id 'f3' \(line 3\), which has other content now"):
        learner_of(path, changed, ids=NAMED)


def test_a_photo_folder_may_be_moved_and_a_photo_removed(path):
    photos = [f"/old/photos/{kind}/{n}.jpg" for kind in ("apple", "fig") for n in range(6)]
    texts_learner(path, photos).teach([2, 9], ["apple", "fig"]).skip([0])
    for moved in (
        [photo.replace("/old/", "/new/place/") for photo in photos],
        [photo.replace("/old/photos/", "") for photo in photos[::-1]],
        [Path(photo) for photo in photos],
    ):
        samples = list(map(str, moved))
        learner = texts_learner(path, samples)
        assert learner.labels.tolist() == ["apple", "fig"]
        assert [samples[place][-9:] for place in learner.labeled] == [
            photos[2][-9:],
            photos[9][-9:],
        ]
        assert learner.ids.tolist() == samples
    with pytest.warns(UserWarning, match=r"for 2 samples .* not in X_pool: .*apple/2\.jpg',"):
        learner = texts_learner(path, photos[3:])
    assert [photos[3:][place] for place in learner.labeled] == [photos[9]]
    # Two folders with the same names are not told apart.
    twice = [f"/{folder}/apple/{n}.jpg" for folder in "ab" for n in range(6)]
    with pytest.raises(ValueError, match="is not in X_pool: no sample has this id"):
        texts_learner(path, [*twice, *(one.replace("apple", "fig") for one in twice)])


def test_ids_that_come_later_are_written_with_the_session(path):
    learner_of(path).teach([3, 9], ["apple", "fig"])
    learner_of(path, X[REVERSED], ids=NAMED[::-1])
    session = json.loads(path.read_text().splitlines()[-1])
    assert session["moved"] == [[3, 20], [9, 14]]
    assert (session["positions"], session["ids"]) == ([20, 14], ["f3", "f9"])
    with pytest.raises(ValueError, match=r"the sample with id 'f3' \(line 3\), which has other"):
        learner_of(path, X, ids=NAMED[::-1])
    assert learner_of(path, X, ids=NAMED).labeled.tolist() == [3, 9]


@pytest.mark.parametrize(
    "ids",
    [
        [10, 20, 30, 40],
        ["a", "b", "c", "süß"],
        [1.5, 2.0, float("nan"), -0.0],
        [("a", 1), ("a", 2), ("b", 1), ("b", 2)],
        [("a", 1), ("a",), ("b", ("c", 1)), ()],
        [Path("a"), Path("b"), Path("c"), Path("d")],
        [None, True, b"raw", 4],
        np.array(["2020-01-01", "2020-01-02", "2020-01-03", "NaT"], "M8[ns]"),
    ],
    ids=["int", "str", "float", "tuple", "uneven", "path", "mixed", "date"],
)
def test_ids_of_any_kind_are_found_again(path, ids):
    taken = np.empty(4, object)
    taken[:] = list(ids)
    learner_of(path, X[:4], ids=ids).teach([1, 2, 3], ["a", "b", "c"])
    order = [3, 1, 2, 0]
    learner = learner_of(path, X[order], ids=taken[order])
    assert learner.labeled.tolist() == [1, 2, 0]
    with pytest.raises(ValueError, match="which has other content now, in row 2 of X_pool"):
        learner_of(path, X[:4], ids=taken[[3, 0, 1, 2]])


def test_dates_are_the_same_ids_in_any_unit(path):
    days = np.array(["2020-01-01", "2020-01-02", "2020-01-03", "NaT"], "M8[D]")
    learner_of(path, X[:4], ids=days.astype("M8[ns]")).teach([1, 3], ["a", "b"])
    assert "2020-01-02" in path.read_text()
    learner = learner_of(path, X[3::-1], ids=days[::-1].astype("M8[s]"))
    assert learner.labeled.tolist() == [2, 0]


def test_an_index_counts_as_ids_unless_it_counts_rows(path):
    pandas = pytest.importorskip("pandas")
    plain = pandas.DataFrame(X, columns=list("abc"))
    named = plain.set_axis(NAMED)
    learner_of(path, plain).teach([3, 9], ["apple", "fig"])
    assert learner_of(path, plain[::-1].reset_index(drop=True)).labeled.tolist() == [20, 14]
    learner = learner_of(path, named[::-1]).teach([0], ["plum"])
    assert learner.ids[learner.labeled].tolist() == ["f3", "f9", "f23"]
    wrong = named.set_axis(NAMED[::-1])
    with pytest.raises(ValueError, match=r"id 'f\d+' \(line \d\), which has other content now"):
        learner_of(path, wrong)
    assert learner_of(path, named).labeled.tolist() == [3, 9, 23]
    subset = plain[plain["a"].notna() & (plain.index % 3 == 0)]
    assert learner_of(path.with_name("subset"), subset).teach([1], ["a"]).ids[1] == 3
    assert learner_of(path.with_name("subset"), plain.loc[[6, 3]]).labeled.tolist() == [1]
    series = pandas.Series([f"text {place}" for place in range(24)], index=NAMED)
    texts_learner(path.with_name("texts"), series).teach([3, 9], ["apple", "fig"])
    assert texts_learner(path.with_name("texts"), series[::-1]).labeled.tolist() == [20, 14]


def test_copies_of_a_sample_keep_their_order(path):
    texts = ["a", "b", "a", "c", "a"]
    texts_learner(path, texts).teach([4, 2], ["last", "middle"])
    learner = texts_learner(path, ["c", "a", "b", "a"])
    assert (learner.labeled.tolist(), learner.labels.tolist()) == ([3, 1], ["last", "middle"])
    # In place nothing moves, whichever copies have answers.
    assert texts_learner(path, ["d", "a", "b", "a"]).labeled.tolist() == [3, 1]
    with pytest.raises(ValueError, match="is in X_pool once only, but 2 equal samples were"):
        texts_learner(path, ["c", "a", "b", "d"])


def test_ids_of_several_samples_are_told_apart_by_content(path):
    ids = ["a", "b", "a", "b"]
    learner_of(path, X[:4], ids=ids).teach([0, 2], ["x", "y"])
    learner = learner_of(path, X[[2, 1, 0, 3]], ids=ids)
    assert (learner.labeled.tolist(), learner.labels.tolist()) == ([2, 0], ["x", "y"])
    copies = np.ones((4, 3))
    other = path.with_name("copies")
    learner_of(other, copies, ids=ids).teach([0, 2], ["x", "y"])
    assert learner_of(other, copies, ids=ids[::-1]).labeled.tolist() == [1, 3]
    with pytest.raises(ValueError, match="is in X_pool once only, but 2 equal samples were"):
        learner_of(other, copies[:3], ids=["b", "a", "b"])


def test_a_copy_that_an_id_names_is_not_given_to_another(path):
    samples = np.array([[1.0, 2.0], [1.0, 2.0], [1.0, 2.0], [3.0, 4.0]])
    learner_of(path, samples, ids=["a", "b", "c", "d"]).teach([0, 1], ["x", "y"])
    learner_of(path, samples).teach([2], ["z"])
    learner = learner_of(path, samples[[3, 0, 1, 2]], ids=["d", "a", "b", "c"])
    assert (learner.labeled.tolist(), learner.labels.tolist()) == ([1, 2, 3], ["x", "y", "z"])


def test_copies_in_place_follow_their_ids(path):
    copies = np.ones((3, 3))
    learner_of(path, copies, ids=["a", "b", "c"]).teach([0, 1], ["x", "y"])
    learner = learner_of(path, copies, ids=["a", "c", "b"])
    assert (learner.labeled.tolist(), learner.labels.tolist()) == ([0, 2], ["x", "y"])


class Opaque:
    """A sample whose content nothing says."""

    def __init__(self, number):
        self.number = number


class Numbers(TfidfVectorizer):
    """Makes features of such samples."""

    def fit_transform(self, samples, y=None):
        return super().fit_transform([f"number {one.number}" for one in samples])


def opaque_learner(path, numbers, **settings):
    pipeline = make_pipeline(Numbers(analyzer="char"), IncrementalKNeighborsClassifier())
    samples = [Opaque(number) for number in numbers]
    return ActiveLearner(pipeline, X_pool=samples, journal=path, **settings)


def test_samples_without_known_content_need_the_same_pool_or_ids(path):
    opaque_learner(path, range(6)).teach([2, 4], ["a", "b"])
    assert opaque_learner(path, range(6)).labeled.tolist() == [2, 4]
    with pytest.raises(ValueError, match=r"sample 2 \(line 3\), which is of a type without"):
        opaque_learner(path, range(7))
    assert "positions" not in json.loads(path.read_text().splitlines()[-1])
    opaque_learner(path, range(6), ids=list("abcdef"))
    learner = opaque_learner(path, [9, 3, 2, 1, 4], ids=list("xdcbe"))
    assert learner.ids[learner.labeled].tolist() == ["c", "e"]
    with pytest.raises(ValueError, match=r"'c' \(line 3\), which shares its id with others: row"):
        opaque_learner(path, [2, 1, 4, 2], ids=list("cdec"))


def test_an_answer_that_was_taken_back_needs_its_sample_no_longer(path):
    learner = learner_of(path).teach([3], ["apple"]).teach([9, 10], ["fig", "fig"])
    learner.relabel([9], ["plum"]).skip([11])
    for _ in range(3):
        learner.undo()
    learner.teach([12], ["pear"])
    kept = np.delete(X, [9, 11], axis=0)
    for _ in range(2):
        learner = learner_of(path, kept)
        assert (learner.labeled.tolist(), learner.labels.tolist()) == ([3, 10], ["apple", "pear"])
    session = json.loads(path.read_text().splitlines()[-2])
    assert session["moved"] == [[9, None], [10, 9], [11, None], [12, 10]]
    assert [learner.undo().tolist() for _ in range(2)] == [[10], [3]]
    with pytest.raises(ValueError, match="There is no answer to take back"):
        learner.undo()
    # A row that is labelled where a removed one was is that row.
    learner = learner_of(path, kept).teach([9], ["fig"])
    assert learner_of(path, X).labeled.tolist() == [10]


def test_the_only_copy_left_is_of_an_answer_that_counts(path):
    samples = X[[0, 1, 1, 2]]
    learner = learner_of(path, samples).teach([0], ["apple"]).teach([1], ["fig"])
    learner.undo()
    learner.teach([3, 2], ["pear", "plum"])
    learner = learner_of(path, samples[[0, 1, 3]])
    assert learner.labeled.tolist() == [0, 2, 1]
    assert learner.labels.tolist() == ["apple", "pear", "plum"]


def test_a_session_that_moved_samples_is_one_line_whole_or_not_there(path):
    learner_of(path).teach([3, 9], ["apple", "fig"]).skip([7])
    whole = path.read_bytes()
    learner_of(path, X[REVERSED])
    rest = path.read_bytes()[len(whole) :]
    assert rest.count(b"\n") == 1
    for cut in range(0, len(rest), 7):
        for samples, expected in ((X, [3, 9]), (X[REVERSED], [20, 14])):
            path.write_bytes(whole + rest[:cut])
            with pytest.warns(UserWarning, match="incomplete") if cut else nullcontext():
                assert learner_of(path, samples).labeled.tolist() == expected
            assert learner_of(path, X).labeled.tolist() == [3, 9]


# A journal as version 0.1 wrote it.
FORMAT_1 = """\
{"format": "skactive answers 1", "pool": 100, "content": "ff7b1e65dd345d7edb359d6e8592d36f"}
{"session": 26161, "time": "2026-11-28T14:22:42+00:00"}
{"teach": [3, 5], "labels": ["apple", "pear"], "time": "2026-11-28T14:22:48+00:00"}
{"skip": [4, 6], "time": "2026-11-28T14:22:48+00:00"}
{"relabel": [5], "labels": ["plum"], "time": "2026-11-28T14:22:48+00:00"}
{"teach": [70], "labels": ["pear"], "time": "2026-11-28T14:22:48+00:00"}
{"undo": true, "time": "2026-11-28T14:22:48+00:00"}
{"teach": [8], "labels": ["fig"], "time": "2026-11-28T14:22:48+00:00"}
{"forget": 2, "time": "2026-11-28T14:22:48+00:00"}
"""
X_1 = np.arange(300.0).reshape(-1, 3) % 251 / 4


def test_a_journal_of_an_earlier_version_is_opened_with_its_own_check(path):
    path.write_text(FORMAT_1)
    for others, sentence in (
        (X_1[::-1], "for other samples, or for the same samples in another order"),
        (X_1[:99], "for a pool of 100 samples, but this one has 99"),
    ):
        with pytest.raises(ValueError, match=sentence):
            learner_of(path, others)
        assert path.read_text() == FORMAT_1
    learner = learner_of(path, X_1)
    assert (learner.labeled.tolist(), learner.labels.tolist()) == ([5, 8], ["plum", "fig"])
    assert learner.pool.skipped.tolist() == [4, 6]
    assert learner.answered.tolist() == [3, 5, 8]
    assert path.read_text().startswith(FORMAT_1)
    # From now on it is one of this format.
    learner = learner_of(path, X_1[20::-1])
    assert (learner.labeled.tolist(), learner.labels.tolist()) == ([15, 12], ["plum", "fig"])
    assert learner.pool.skipped.tolist() == [14, 16]
    with pytest.raises(ValueError, match=r"for sample 17 \(line 3\), which is not in X_pool"):
        learner_of(path, X_1[4:])


def test_a_line_written_by_hand_counts_in_the_pool_of_its_session(path):
    learner_of(path).teach([3], ["apple"])
    path.write_text(path.read_text() + '{"teach": [9], "labels": ["fig"]}\n')
    with pytest.raises(ValueError, match=r"sample 9 \(line 4\), which is of a type without"):
        learner_of(path, X[REVERSED])
    assert learner_of(path).labeled.tolist() == [3, 9]
    assert learner_of(path, X[REVERSED]).labeled.tolist() == [20, 14]
    # The samples that it names are known already.
    path.write_text(path.read_text() + '{"relabel": [14], "labels": ["plum"]}\n')
    learner = learner_of(path)
    assert (learner.labeled.tolist(), learner.labels.tolist()) == ([3, 9], ["apple", "plum"])
    # The size of the pool is that of the last session.
    learner_of(path, np.vstack([X, X[:2] + 1]))
    path.write_text(path.read_text() + '{"skip": [25]}\n')
    with pytest.raises(ValueError, match=r"sample 25 \(line \d+\), which is of a type without"):
        learner_of(path)
    learner = learner_of(path, np.vstack([X, X[:2] + 1]))
    assert learner.pool.skipped.tolist() == [25]


@pytest.mark.parametrize(
    ("n_samples", "digest"),
    [
        (1, "693c7cb9e4a4fbdae7739950886fcd99"),
        (64, "47e23eaf258dc03a4bb6199461c556b2"),
        (1001, "9d0b9d7b04adcb0116377a59f2cc0640"),
    ],
)
def test_the_check_of_earlier_versions_is_what_it_was(n_samples, digest):
    numbers = np.arange(3.0 * n_samples).reshape(-1, 3) % 251 / 4
    assert content_of(numbers, n_samples) == digest
    assert content_of(sp.csr_matrix(numbers), n_samples) == digest
    pandas = pytest.importorskip("pandas")
    assert content_of(pandas.DataFrame(numbers), n_samples) == digest


def test_the_check_of_earlier_versions_is_what_it_was_for_raw_samples():
    texts = [f"text {place}" for place in range(200)]
    assert content_of(texts, 200) == "d66f48bbdc6677785fb0cf33ebd44302"
    assert content_of([Path(text) for text in texts], 200) == content_of(texts, 200)
    assert content_of([object()], 1) == content_of([object()], 1)


POOLS = st.lists(st.integers(0, 6), min_size=3, max_size=10)
STEPS = st.lists(
    st.tuples(st.sampled_from("tttrsuf"), st.integers(0, 9), st.sampled_from("xyz")), max_size=6
)


def what_is_known(learner, contents):
    """Return labels, skips and answers by content; copies are one another's equals."""
    labels = zip(learner.labeled.tolist(), learner.labels.tolist(), strict=True)
    answers = zip(learner.answered.tolist(), learner.answers.tolist(), strict=True)
    return (
        [(contents[position], label) for position, label in labels],
        Counter(contents[position] for position in learner.pool.skipped.tolist()),
        [(contents[position], label) for position, label in answers],
    )


def needed_by(learner, contents):
    """Return the contents of all samples that an action in effect is about, copies counted."""
    positions = {place for action in learner._history.actions for place in action.positions}
    return Counter(contents[position] for position in positions)


@pytest.mark.parametrize("ids", ["content", "ids", "both"])
@settings(max_examples=60, deadline=None)
@given(sessions=st.lists(st.tuples(POOLS, STEPS), min_size=2, max_size=5), data=st.data())
def test_every_label_stays_with_its_content_or_the_pool_is_refused(
    tmp_path_factory, ids, sessions, data
):
    """Whatever is permuted, added and removed between sessions."""
    path = tmp_path_factory.mktemp("journal") / "answers.jsonl"
    vectors = np.random.default_rng(0).normal(size=(20, 3))
    learner, contents = None, []
    for others, steps in sessions:
        pool = others
        if contents and data.draw(st.booleans()):
            # The pool before, with its rows moved, and some others.
            n_others = data.draw(st.integers(0, 2))
            pool = data.draw(st.permutations([*contents, *others[:n_others]]))
        named = ids == "ids" or (ids == "both" and data.draw(st.booleans()))
        names = [f"id {content}" for content in pool] if named else None
        needed = Counter() if learner is None else needed_by(learner, contents)
        if needed - Counter(pool):
            before, known = path.read_bytes(), what_is_known(learner, contents)
            with warnings.catch_warnings(record=True) as given:
                warnings.simplefilter("always")
                try:
                    fewer = learner_of(path, vectors[pool], ids=names)
                except ValueError as error:
                    assert "has an answer for" in str(error)  # noqa: PT017
                    assert path.read_bytes() == before
                    continue
            assert "not in X_pool" in str(given[0].message)
            there = [(content, label) for content, label in known[0] if content in pool]
            assert what_is_known(fewer, pool)[0] == there
            # The answers of the others come back with them.
            names = [f"id {content}" for content in contents]
            learner = learner_of(path, vectors[contents], ids=names)
            assert known == what_is_known(learner, contents)
            continue
        known = None if learner is None else what_is_known(learner, contents)
        learner, contents = learner_of(path, vectors[pool], ids=names), pool
        assert known in (None, what_is_known(learner, contents))
        act(learner, steps)


def act(learner, steps):
    n_samples = learner.pool.n_samples
    for kind, place, label in steps:
        positions = [place % n_samples, (place + 2) % n_samples]
        actions = {
            "t": lambda: learner.teach(positions, [label, "x"]),  # noqa: B023
            "r": lambda: learner.relabel(positions, [label, "x"]),  # noqa: B023
            "s": lambda: learner.skip(positions),  # noqa: B023
            "u": learner.undo,
            "f": lambda: learner.forget(place % 3),  # noqa: B023
        }
        try:
            actions[kind]()
        except ValueError:
            continue


def test_the_journal_of_a_learner_has_its_ids(path):
    learner = learner_of(path, ids=NAMED)
    assert isinstance(learner._journal, journal_module.Journal)
    assert learner._journal._pool.ids([2]) == ["f2"]
    assert not learner_of(path.with_name("other"))._journal._pool.has_ids


WORDS = [f"text {place}" for place in range(24)]
ZEROS = np.where(np.abs(X) < 0.3, 0.0, X)
PHOTOS = [f"/old/photos/{'ab'[place % 2]}/{place}.jpg" for place in range(24)]


def frame(samples, names=None, columns="abc"):
    pandas = pytest.importorskip("pandas")
    return pandas.DataFrame(samples, columns=list(columns), index=names)


# Pools of a first and a second session, and whether the second one gets the answers of the first.
POOLS_THAT_DIFFER = {
    "a list for an array": (lambda: X, X.tolist, True),
    "an array for a list": (X.tolist, lambda: X, True),
    "a big-endian copy": (lambda: X, lambda: X.astype(">f8"), True),
    "negative zeros": (lambda: ZEROS, lambda: np.where(ZEROS == 0, -0.0, ZEROS), True),
    "floats for integers": (
        lambda: np.arange(72).reshape(24, 3),
        lambda: np.arange(72.0).reshape(24, 3),
        True,
    ),
    "a Fortran copy": (lambda: X, lambda: np.asfortranarray(X), True),
    "a table for an array": (lambda: X, lambda: frame(X), True),
    "an array for a table": (lambda: frame(X), lambda: X, True),
    "CSC for CSR": (lambda: sp.csr_matrix(X), lambda: sp.csc_matrix(X), True),
    "texts in an array": (lambda: WORDS, lambda: np.array(WORDS), True),
    "a moved folder": (
        lambda: PHOTOS,
        lambda: [one.replace("/old", "/n/e/w") for one in PHOTOS],
        True,
    ),
    "another text elsewhere": (lambda: WORDS, lambda: [*WORDS[:20], "x", *WORDS[21:]], True),
    "an edited text": (lambda: WORDS, lambda: [*WORDS[:3], "x", *WORDS[4:]], False),
    "single precision": (lambda: X, lambda: X.astype(np.float32), False),
    "permuted columns": (lambda: frame(X), lambda: frame(X)[list("cba")], False),
    "permuted columns of equal rows": (
        lambda: frame(X * 0),
        lambda: frame(X * 0)[list("cba")],
        False,
    ),
    "renamed columns": (lambda: frame(X), lambda: frame(X, columns="xyz"), False),
    "a permuted index": (lambda: frame(X, NAMED), lambda: frame(X, NAMED[::-1]), False),
    "a renamed index": (
        lambda: frame(X, NAMED),
        lambda: frame(X, list(map("_{}".format, NAMED))),
        False,
    ),
    "other samples": (lambda: X, lambda: X + 1, False),
}


@pytest.mark.parametrize("name", POOLS_THAT_DIFFER)
def test_a_pool_of_the_same_samples_gets_the_answers_and_another_does_not(path, name):
    first, second, is_same = POOLS_THAT_DIFFER[name]
    is_raw = isinstance(first(), list) and isinstance(first()[0], str)
    make = texts_learner if is_raw else learner_of
    make(path, first()).teach([3, 9], ["apple", "fig"]).skip([7])
    content = path.read_bytes()
    if is_same:
        learner = make(path, second())
        assert (learner.labeled.tolist(), learner.labels.tolist()) == ([3, 9], ["apple", "fig"])
        assert learner.skipped.tolist() == [7]
    else:
        with pytest.raises(ValueError, match="Hint: pass the sam"):
            make(path, second())
        assert path.read_bytes() == content
    assert make(path, first()).labeled.tolist() == [3, 9]


@pytest.mark.parametrize("change", [lambda ids: ids[::-1], lambda ids: [f"_{one}" for one in ids]])
def test_permuted_and_renamed_ids_are_refused(path, change):
    learner_of(path, ids=NAMED).teach([3, 9], ["apple", "fig"])
    with pytest.raises(ValueError, match=r"the sample with id 'f3' \(line 3\), which"):
        learner_of(path, ids=change(NAMED))


@settings(max_examples=40, deadline=None)
@given(
    data=st.data(),
    kind=st.sampled_from(["content", "ids", "paths"]),
    is_whole=st.booleans(),
)
def test_lines_of_another_journal_keep_their_samples(tmp_path_factory, data, kind, is_whole):
    """Two people label parts of one pool, each in an order of their own; one adds the lines."""
    folder = tmp_path_factory.mktemp("journals")
    photos = [f"/photos/{place}.jpg" for place in range(8)]

    def start(path, order):
        if kind == "paths":
            return texts_learner(path, [photos[place] for place in order])
        ids = [f"f{place}" for place in order] if kind == "ids" else None
        return learner_of(path, X[order], ids=ids)

    orders = [data.draw(st.permutations(range(8))) for _ in range(2)]
    mine = data.draw(st.lists(st.integers(0, 7), unique=True, max_size=8))
    split = data.draw(st.integers(0, len(mine)))
    expected = {}
    for name, order, samples in zip("ab", orders, (mine[:split], mine[split:]), strict=True):
        learner = start(folder / name, order)
        for sample in samples:
            learner.teach([order.index(sample)], [f"{name}{sample}"])
            expected[sample] = f"{name}{sample}"
        if samples:
            learner.relabel([order.index(samples[0])], ["other"])
            learner.undo()
    lines = (folder / "b").read_bytes().splitlines(keepends=True)
    # Without the first line, which would begin another file; or only its answers.
    added = lines[1:] if is_whole else lines[2:]
    with (folder / "a").open("ab") as file:
        file.writelines(added)
    for order in (orders[0], range(8)):
        learner = start(folder / "a", list(order))
        found = zip(learner.labeled, learner.labels.tolist(), strict=True)
        assert {order[place]: label for place, label in found} == expected


def test_a_moved_folder_is_written_with_the_session(path):
    names = [f"{place}.jpg" for place in range(6)]
    texts_learner(path, [f"/old/{name}" for name in names]).teach([3, 4], ["a", "b"])
    texts_learner(path, [f"/new/{name}" for name in names]).relabel([3], ["c"])
    learner = texts_learner(path, [f"/new/{name}" for name in reversed(names)])
    assert (learner.labeled.tolist(), learner.labels.tolist()) == ([2, 1], ["c", "b"])
