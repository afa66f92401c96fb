"""Describe texts by the words and characters that they contain."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize
from sklearn.utils.validation import check_is_fitted

from skactive._random_state import random_numbers
from skactive._validation import check_choice, check_integer
from skactive.embedding._batches import ERRORS
from skactive.embedding._samples import SampleSequence, with_raw_samples
from skactive.embedding._texts import Texts
from skactive.embedding._unreadable import Unreadable, unreadable_error, warn_of_unreadable

WORD = r"(?u)\b\w+\b"
# Of one and two words, and of two to four characters within a word and its boundaries.
WORD_NGRAMS, CHARACTER_NGRAMS = (1, 2), (2, 4)
# A shorter vector in the space of the components is zero but for rounding. The weights of the
# n-grams of a text have a length of at least 1.
SHORTEST = 1e-5


class TextDescriptor(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Describe texts by the words and characters that they contain.

    A start without a pretrained network: nothing is downloaded, and the texts can be of any
    language and script. The vectors are a latent semantic analysis: TF-IDF of words, pairs of
    words and parts of words, reduced by a truncated singular value decomposition. Texts are close
    if they share words, or words that occur in similar texts of the pool. A sentence encoder, see
    `HubEmbedder`, knows words of the same meaning and needs fewer labels for the same accuracy.

    Parameters
    ----------
    n_components : int, default=128
        The length of the vectors, at most. It is less if the texts have fewer different parts, or
        if there are fewer texts.
    max_features : int, default=20000
        The largest number of n-grams of words, and of n-grams of characters: the most frequent
        ones.
    max_characters : int, default=10000
        Number of characters that are read of each text, from its start. It bounds the cost of
        long documents. None reads all of them.
    errors : {'raise', 'nan'}, default='raise'
        Treatment of samples that are missing or not texts. 'raise' raises an error at the first;
        'nan' returns a row of NaN for each of them, and lists all of them in one warning.
    random_state : int, RandomState instance or None, default=0
        Seed of the decomposition. With an int, the same texts have the same vectors in each
        session on a machine; another number of threads can change the last digits.

    Attributes
    ----------
    vectorizers_ : list of TfidfVectorizer
        The fitted vectorizers: of words, if there are any, and of characters.
    svd_ : TruncatedSVD
        The fitted decomposition.

    Raises
    ------
    NotFittedError
        If `transform` is called before `fit`.
    UnreadableSampleError
        If a sample is missing or not a text, and `errors` is 'raise'.
    ValueError
        If no text has any character but blanks in `fit`.

    See Also
    --------
    HubEmbedder : Embeds texts with a pretrained network.
    ImageDescriptor : A start for images.

    Notes
    -----
    The vectors depend on the texts of `fit`: fit on all texts that are known, the pool, and
    transform those that arrive later. Words and characters that did not occur in `fit` are
    ignored. A text without known ones, such as an empty text, becomes a vector of zeros, which has
    the cosine similarity 0 with each other text; so does a text that shares no words or characters
    with those that the components describe. All other vectors have length 1. Another `fit` on a
    larger pool gives other vectors: save the fitted transformer, for example with joblib, to keep
    them.

    Texts are compared without the difference of upper and lower case, and in the Unicode form
    NFKC. Words are sequences of letters and digits. For scripts without blanks between words, such
    as Chinese, and for emoji the n-grams of characters count.

    The cost is O(n_characters) for the TF-IDF, and O(n_ngrams n_components) for the decomposition,
    where n_ngrams is their number in all texts; 100,000 short texts take about half a minute. Equal
    texts have equal vectors, in `fit_transform` and in `transform`.

    References
    ----------
    S. Deerwester et al., "Indexing by latent semantic analysis", 1990.

    Examples
    --------
    >>> from skactive.embedding import TextDescriptor
    >>> texts = ["a ripe red apple", "two red apples", "late delivery", "it was delivered late"]
    >>> vectors = TextDescriptor().fit_transform(texts)
    >>> vectors.shape
    (4, 4)
    >>> (vectors[0] @ vectors.T).round(1)
    array([1. , 0.3, 0. , 0. ], dtype=float32)
    """

    def __init__(
        self,
        *,
        n_components: int = 128,
        max_features: int = 20_000,
        max_characters: int | None = 10_000,
        errors: str = "raise",
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        self.n_components = n_components
        self.max_features = max_features
        self.max_characters = max_characters
        self.errors = errors
        self.random_state = random_state

    def fit(self, X: SampleSequence, y: object = None) -> TextDescriptor:
        """Learn the n-grams of texts, and the decomposition.

        Parameters
        ----------
        X : sequence of str of length n_samples
            The texts: of the whole pool.
        y : array-like, default=None
            Not used.

        Returns
        -------
        self : TextDescriptor
            The fitted transformer.
        """
        self._check_parameters()
        texts, _ = self._read(X)
        self._fit(texts)
        return self

    def fit_transform(
        self, X: SampleSequence, y: object = None, **fit_params: object
    ) -> NDArray[np.float32]:
        """Fit to texts, and return their vectors.

        Parameters
        ----------
        X : sequence of str of length n_samples
            The texts: of the whole pool.
        y : array-like, default=None
            Not used.
        **fit_params : object
            Not used.

        Returns
        -------
        vectors : ndarray of float32 of shape (n_samples, n_features)
            The vectors, the same as those of `transform`.
        """
        self._check_parameters()
        texts, unreadable = self._read(X)
        return self._placed(self._fit(texts), unreadable)

    def transform(self, X: SampleSequence) -> NDArray[np.float32]:
        """Return the vectors of texts.

        Parameters
        ----------
        X : sequence of str of length n_samples
            Texts, of the pool or new ones.

        Returns
        -------
        vectors : ndarray of float32 of shape (n_samples, n_features)
            The vectors. With ``errors='nan'``, the row of a sample that is missing or not a text is
            NaN.
        """
        check_is_fitted(self)
        texts, unreadable = self._read(X)
        parts = [one.transform(texts) for one in self.vectorizers_] if texts else []
        return self._placed(_joined(parts) if parts else None, unreadable)

    def _check_parameters(self) -> None:
        check_integer(self, "n_components", self.n_components, minimum=1)
        check_integer(self, "max_features", self.max_features, minimum=2)
        if self.max_characters is not None:
            check_integer(self, "max_characters", self.max_characters, minimum=1)
        check_choice(self, "errors", self.errors, ERRORS)

    def _read(self, X: SampleSequence) -> tuple[list[str], list[Unreadable]]:
        """Return the texts in the form that is compared, and the samples that are no texts."""
        samples = Texts(X)
        texts, unreadable = [], []
        for position in range(len(samples)):
            try:
                text = samples.text(position)[: self.max_characters]
                texts.append(unicodedata.normalize("NFKC", text).casefold())
            except ValueError as reason:
                unreadable.append(Unreadable(position, samples.name(position), str(reason)))
        if unreadable and self.errors == "raise":
            raise unreadable_error(unreadable[0], samples.kind)
        return texts, unreadable

    def _fit(self, texts: list[str]) -> sp.csr_matrix:
        """Fit to texts, and return the weights of their n-grams."""
        if not any(map(str.strip, texts)):
            raise ValueError(
                "No text of X has a character that is not blank. Hint: check that this is the "
                "column or file of the texts."
            )
        generator = random_numbers(self.random_state)
        vectorizers = [
            TfidfVectorizer(
                analyzer=analyzer,
                ngram_range=ngram_range,
                token_pattern=pattern,
                lowercase=False,
                sublinear_tf=True,
                norm=None,
                max_features=self.max_features,
                dtype=np.float32,
            )
            for analyzer, ngram_range, pattern in (
                ("word", WORD_NGRAMS, WORD),
                ("char_wb", CHARACTER_NGRAMS, None),
            )
        ]
        has_words = any(map(re.compile(WORD).search, texts))
        self.vectorizers_ = vectorizers if has_words else vectorizers[1:]
        weights = _joined([one.fit_transform(texts) for one in self.vectorizers_])
        svd = TruncatedSVD(min(self.n_components, *weights.shape), random_state=generator)
        # The share of the variance, which TruncatedSVD also computes, is 0 / 0 for a single text.
        with np.errstate(invalid="ignore"):
            self.svd_ = svd.fit(weights)
        return weights

    def _placed(
        self, weights: sp.csr_matrix | None, unreadable: list[Unreadable]
    ) -> NDArray[np.float32]:
        """Return vectors at the places of the texts, and rows of NaN at the others."""
        n_texts = 0 if weights is None else weights.shape[0]
        n_samples = n_texts + len(unreadable)
        is_text = np.ones(n_samples, dtype=bool)
        is_text[[one.position for one in unreadable]] = False
        vectors = np.full((n_samples, self._n_features_out), np.nan, dtype=np.float32)
        if weights is not None:
            reduced = self.svd_.transform(weights)
            # Rounding errors would have a direction too.
            reduced[np.linalg.norm(reduced, axis=1) < SHORTEST] = 0
            vectors[is_text] = normalize(reduced, copy=False)
        if unreadable:
            warn_of_unreadable(unreadable, n_samples)
        return vectors

    @property
    def _n_features_out(self) -> int:
        return len(self.svd_.components_)

    def __sklearn_tags__(self) -> Any:  # scikit-learn's Tags are untyped
        return with_raw_samples(super().__sklearn_tags__())


def _joined(parts: list[sp.csr_matrix]) -> sp.csr_matrix:
    """Return the weights of all n-grams, the rows of each part scaled to length 1."""
    for weights in parts:
        # `fit_transform` and `transform` return the entries of a row in another order: the sums
        # of the same numbers would differ in the last digits.
        weights.sort_indices()
    return sp.hstack([normalize(weights, copy=False) for weights in parts], format="csr")
