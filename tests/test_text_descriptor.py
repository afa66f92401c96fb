"""TextDescriptor: vectors of any texts, the same for equal texts, new or of the pool."""

import pickle
import unicodedata
import warnings

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scikit_learns_checks import each_check_of
from sklearn.base import clone
from sklearn.decomposition import TruncatedSVD
from sklearn.exceptions import NotFittedError, SkipTestWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.utils import get_tags

from skactive import ActiveLearner
from skactive.embedding import TextDescriptor, UnreadableSampleError, UnreadableSampleWarning
from skactive.semi_supervised import IncrementalLabelSpreading

FRUITS = ["a ripe red apple", "two red apples", "sweet orange juice", "an orange from Spain"]
MAILS = ["it was delivered late", "a late delivery", "the parcel was late", "no delivery so far"]
SCRIPTS = [
    "我爱吃苹果",
    "苹果很红",
    "تفاحة حمراء",
    "عصير البرتقال",
    "🍎🍏",
    "🍊",
    "яблоко",
    "सेब लाल है",
]


def checks_of_any_estimator():
    """Parametrize with scikit-learn's checks, of which all that pass on numbers are left out."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SkipTestWarning)
        return each_check_of(TextDescriptor())


@checks_of_any_estimator()
def test_scikit_learns_checks_of_any_estimator_pass(estimator, check):
    check(estimator)


# Any characters, halves of a pair included, and texts of few words, which share some.
texts = st.text(st.characters(codec=None), max_size=12) | st.lists(
    st.sampled_from(["apple", "Apple", "苹果", "تفاحة", "🍎", "-", "\t", "\u0301", "1"]), max_size=5
).map(" ".join)


@settings(max_examples=25, deadline=None)
@given(st.lists(texts, min_size=1, max_size=8), st.lists(texts, min_size=1, max_size=4))
def test_vectors_of_any_texts_have_length_1_or_are_zeros(pool, new):
    assume(any(map(str.strip, pool)))
    descriptor = TextDescriptor(n_components=5)
    vectors = descriptor.fit_transform(pool)
    assert vectors.dtype == np.float32
    assert vectors.shape[0] == len(pool)
    assert 1 <= vectors.shape[1] <= min(5, len(pool))
    assert descriptor.get_feature_names_out().tolist() == [
        f"textdescriptor{at}" for at in range(vectors.shape[1])
    ]
    np.testing.assert_array_equal(descriptor.transform(pool), vectors)
    np.testing.assert_array_equal(clone(descriptor).fit(pool).transform(pool), vectors)
    transformed = descriptor.transform(new)
    for one in (vectors, transformed):
        lengths = np.linalg.norm(one, axis=1)
        assert ((lengths == 0) | (np.abs(lengths - 1) < 1e-5)).all()
    assert not vectors[[not text.strip() for text in pool]].any()
    alone = np.concatenate([descriptor.transform([text]) for text in new])
    np.testing.assert_array_equal(alone, transformed)


@settings(max_examples=8, deadline=None)
@given(st.permutations(range(8)), st.integers(2, 6))
def test_vectors_follow_the_order_of_the_texts_up_to_rotation(order, n_components):
    pool = FRUITS + MAILS
    vectors = TextDescriptor(n_components=n_components).fit_transform(pool)
    permuted = TextDescriptor(n_components=n_components).fit_transform([pool[at] for at in order])
    np.testing.assert_allclose(
        permuted @ permuted.T, (vectors @ vectors.T)[np.ix_(order, order)], atol=1e-3
    )


def test_with_all_components_similarities_are_those_of_tf_idf():
    # Without words of one letter, which TfidfVectorizer leaves out by default.
    pool = [text.replace("a ", "") for text in FRUITS + MAILS]
    expected = np.zeros((8, 8))
    for analyzer, ngram_range in (("word", (1, 2)), ("char_wb", (2, 4))):
        part = TfidfVectorizer(analyzer=analyzer, ngram_range=ngram_range, sublinear_tf=True)
        weights = part.fit_transform(pool)
        expected += (weights @ weights.T).toarray() / 2
    vectors = TextDescriptor().fit_transform(pool)
    assert vectors.shape == (8, 8)
    np.testing.assert_allclose(vectors @ vectors.T, expected, atol=1e-5)
    assert isinstance(TextDescriptor().fit(pool).svd_, TruncatedSVD)


def similarity(one, other, pool):
    first, second = TextDescriptor().fit(pool).transform([one, other])
    return float(first @ second)


@pytest.mark.parametrize(
    ("one", "near", "far"),
    [
        ("red apples", "RED APPLE", "late delivery"),
        ("苹果", "我的苹果", "عصير"),
        ("تفاحة", "تفاحة حمراء", "苹果"),
        ("🍎🍏", "🍏", "🍊"),
        ("яблоки", "яблоко", "🍊"),
    ],
)
def test_texts_of_any_script_are_near_if_they_share_parts(one, near, far):
    pool = FRUITS + MAILS + SCRIPTS
    assert similarity(one, near, pool) > similarity(one, far, pool) + 0.2


@pytest.mark.parametrize("text", ["Crème brûlée", "ＡＢＣ ﬁg", "한국어"])
def test_forms_of_unicode_and_case_make_no_difference(text):
    pool = [*FRUITS, text]
    forms = [unicodedata.normalize(form, text) for form in ("NFC", "NFD", "NFKC", "NFKD")]
    vectors = TextDescriptor().fit(pool).transform([*forms, text.upper()])
    np.testing.assert_array_equal(vectors, vectors[:1].repeat(5, axis=0))


def test_texts_without_known_parts_are_zeros_and_blank_pools_an_error():
    descriptor = TextDescriptor().fit(FRUITS)
    assert not descriptor.transform(["", " \t\n", "ЖЖЖ"]).any()
    for X in ([""], [" ", "\n"]):
        with pytest.raises(ValueError, match=r"No text of X has a character that is not blank\. H"):
            TextDescriptor().fit(X)
    with pytest.raises(ValueError, match="Found array with 0 sample"):
        TextDescriptor().fit([])
    with pytest.raises(NotFittedError):
        TextDescriptor().transform(FRUITS)


def test_missing_texts_and_other_samples_are_named_by_their_position():
    X = ["one apple", None, "two apples", 3, float("nan"), b"bytes", ""]
    for call in (TextDescriptor().fit, TextDescriptor().fit_transform):
        with pytest.raises(UnreadableSampleError, match=r"X\[1\] is not a text .+ None \(missing"):
            call(X)
    descriptor = TextDescriptor(errors="nan")
    for call in (descriptor.fit_transform, descriptor.transform):
        with pytest.warns(UnreadableSampleWarning, match="4 of 7 samples") as warned:
            vectors = call(X)
        assert warned[0].filename == __file__
        assert str(warned[0].message).split("\n")[1:] == [
            "  X[1]: None (missing)",
            "  X[3]: 3 (int, not str)",
            "  X[4]: nan (missing)",
            "  X[5]: b'bytes' (bytes, not str)",
        ]
        assert np.isnan(vectors).all(axis=1).nonzero()[0].tolist() == [1, 3, 4, 5]
        expected = TextDescriptor().fit([X[0], X[2], ""]).transform([X[0], X[2], ""])
        np.testing.assert_array_equal(vectors[[0, 2, 6]], expected)
    with pytest.warns(UnreadableSampleWarning, match="2 of 2"):
        assert np.isnan(descriptor.transform([None, 3])).all()
    with pytest.raises(ValueError, match=r"must hold texts, .+ Got shape \(2, 2\)"):
        TextDescriptor().fit(np.array([["a", "b"], ["c", "d"]]))


def test_texts_are_read_up_to_a_number_of_characters():
    long = ["apple " * 3 + "pear " * 9_999, "orange " * 3 + "pear " * 9_999]
    descriptor = TextDescriptor(max_characters=12).fit([*FRUITS, *long])
    same = descriptor.transform(["apple apple", "orange orang"])
    vectors = descriptor.transform(long)
    assert vectors[0] @ same[0] > 0.99
    np.testing.assert_array_equal(vectors[1], same[1])
    whole = TextDescriptor(max_characters=None).fit_transform([*FRUITS, *long])
    assert whole[4] @ whole[5] > 0.8 > vectors[0] @ vectors[1]


def test_it_has_the_containers_and_copies_of_scikit_learn():
    descriptor = TextDescriptor(n_components=3)
    expected = descriptor.fit_transform(FRUITS)
    assert get_tags(descriptor).requires_fit
    copied = pickle.loads(pickle.dumps(descriptor))
    pd = pytest.importorskip("pandas", reason="pandas is not installed")
    series = pd.Series(FRUITS, index=list("abcd"))
    forms = [tuple(FRUITS), np.array(FRUITS), np.array(FRUITS, dtype=object)[:, np.newaxis],
             series, series.to_frame("text")]  # fmt: skip
    for X in forms:
        np.testing.assert_array_equal(copied.transform(X), expected)
        np.testing.assert_array_equal(clone(descriptor).fit_transform(X), expected)
    table = clone(descriptor).set_output(transform="pandas").fit_transform(series.to_frame("text"))
    assert table.columns.tolist() == ["textdescriptor0", "textdescriptor1", "textdescriptor2"]
    assert table.index.tolist() == list("abcd")


def test_a_learner_tells_mails_from_fruits_and_takes_new_texts():
    X = FRUITS[:3] + MAILS[:3] + [""]
    learner = ActiveLearner(make_pipeline(TextDescriptor(), IncrementalLabelSpreading()), X_pool=X)
    learner.teach([0, 3], ["fruit", "mail"])
    learner.extend([FRUITS[3], "一个苹果", ""])
    assert learner.query()[0] in range(10)
    assert learner.predict(["red apple", "late parcel"]).tolist() == ["fruit", "mail"]
