"""Images or texts to vectors, by a model of TensorFlow Hub."""

from __future__ import annotations

import inspect
import os
import traceback
from collections.abc import Iterator
from contextlib import closing
from numbers import Integral
from typing import Any

import numpy as np
from joblib import cpu_count
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.exceptions import NotFittedError
from sklearn.preprocessing import normalize
from tqdm.auto import tqdm

from skactive._validation import check_choice, check_integer
from skactive.embedding._hub_model import HubModel
from skactive.embedding._images import Images
from skactive.embedding._tensorflow import import_tensorflow
from skactive.embedding._texts import Texts
from skactive.embedding._unreadable import Unreadable, unreadable_error, warn_of_unreadable
from skactive.embedding._sqlite_store import through_store

ERRORS = ("nan", "raise")

# Part of every key in a store of vectors: to be raised when the same image or text reaches the
# model in another form than before.
PREPARATION = 1


class HubEmbedder(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Turn images or texts into vectors with a pretrained network of TensorFlow Hub.

    Vectors in which similar samples are neighbours are what a handful of labels can be spread
    over. The model's own signature says whether it takes images or texts, of which size, and
    how long its vectors are. Nothing is fitted, and nothing is loaded before it is needed.

    Parameters
    ----------
    handle : str or path-like
        The model: a URL of TensorFlow Hub or Kaggle, a folder that holds a SavedModel, or a
        .tar.gz archive of one. What comes from a URL or an archive is kept in the folder that
        the environment variable TFHUB_CACHE_DIR names, by default one for temporary files.
    batch_size : int, default=32
        How many samples the model is given at once.
    signature : str, default=None
        The model's signature to call. None calls the model itself, or where it cannot be
        called, as modules for TensorFlow 1, 'serving_default', 'default' or its only signature.
    output_key : str, default=None
        Which output is the vector, where the model names several. None takes 'default', or the
        only one.
    image_size : int or (int, int), default=None
        Height and width of the images, in pixels, for a model that takes any. None takes the
        model's own.
    normalize : bool, default=False
        Whether to scale vectors to length 1. The cosine does not need it; Euclidean distances
        between embeddings mostly do.
    cache : str or path-like, default=None
        A folder in which vectors are kept, so that a sample is embedded once in its life,
        whatever becomes of its name, its place and this program. Any number of models and
        processes share it. None keeps nothing.
    errors : {'raise', 'nan'}, default='raise'
        What becomes of samples that cannot be read. 'raise' stops at the first; 'nan' gives
        each a row of NaN and names them all in one warning.
    n_jobs : int, default=None
        How many threads read and decode images while the model works on those before. None and
        -1 take one for each CPU.
    verbose : bool, default=False
        Whether to show a progress bar, on standard error.

    Attributes
    ----------
    input_kind : {'images', 'texts'}
        What the model takes. Asking loads the model.

    Raises
    ------
    ImportError
        If TensorFlow, tensorflow-hub or Pillow is missing: ``pip install 'skactive[hub]'`` has
        them.
    FileNotFoundError, OSError
        If the model does not exist or cannot be fetched.
    ValueError
        If what was found is no model of images or texts, or a parameter does not suit it.
    UnreadableSampleError
        If a sample cannot be read and `errors` is 'raise'.

    See Also
    --------
    CachedTransformer : The same memory for any other embedding.
    skactive.datasets.list_images : The images of a folder, and their labels.

    Notes
    -----
    Images are paths, `PIL.Image.Image` objects, or arrays of shape (height, width) or (height,
    width, channels), uint8 or float in [0, 1]; or one array of shape (n_samples, height, width,
    channels). They are turned upright as their EXIF tag says, converted to RGB, on white where
    they are transparent, and stretched to the model's size by a bilinear filter over all pixels.
    By TensorFlow Hub's convention a model of floats is given pixels in [0, 1]; one exported from
    Keras may want them from 0 to 255, and has to scale them itself.
    Only the pixels of a few batches are in memory at a time. A JPEG that is much larger than the
    model's size is decoded at a smaller scale.

    Texts are strings; blank ones count as unreadable. Texts of similar length share a batch,
    since a model pads all to the longest: vectors depend on it in the last digits only.

    A list, tuple, Series, array or a DataFrame of one column holds the samples. A sample on
    which the model itself fails, or for which it gives what is not finite, is unreadable too.

    A model is loaded once in a process, whichever estimators name it, and four stay loaded. It
    is never pickled or cloned along: a copy finds it by its handle.

    The cost is one pass of the network per sample, and with `cache`, for what was embedded
    before, reading and hashing the sample.

    References
    ----------
    TensorFlow Hub, "Common Signatures for Images" and "Common Signatures for Text".

    Examples
    --------
    >>> from skactive.embedding import HubEmbedder
    >>> handle = "https://tfhub.dev/google/imagenet/mobilenet_v2_100_224/feature_vector/5"
    >>> embedder = HubEmbedder(handle, cache="vectors")
    >>> vectors = embedder.transform(["apple.jpg", "orange.jpg"])  # doctest: +SKIP
    >>> vectors.shape  # doctest: +SKIP
    (2, 1280)
    """

    def __init__(
        self,
        handle: Any,
        *,
        batch_size: int = 32,
        signature: str | None = None,
        output_key: str | None = None,
        image_size: Any = None,
        normalize: bool = False,
        cache: Any = None,
        errors: str = "raise",
        n_jobs: int | None = None,
        verbose: bool = False,
    ) -> None:
        self.handle = handle
        self.batch_size = batch_size
        self.signature = signature
        self.output_key = output_key
        self.image_size = image_size
        self.normalize = normalize
        self.cache = cache
        self.errors = errors
        self.n_jobs = n_jobs
        self.verbose = verbose

    def fit(self, X: Any = None, y: Any = None) -> HubEmbedder:
        """Check the parameters: there is nothing to fit.

        Parameters
        ----------
        X : sequence of samples, default=None
            Ignored.
        y : array-like, default=None
            Ignored.

        Returns
        -------
        self : HubEmbedder
            The transformer itself.
        """
        self._check_parameters()
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return the vectors of images or texts.

        Parameters
        ----------
        X : sequence of length n_samples
            Paths, images or texts, as the model takes them.

        Returns
        -------
        vectors : ndarray of shape (n_samples, n_features)
            Numbers of type float32; a row of NaN for what cannot be read, with ``errors='nan'``.
        """
        self._check_parameters()
        model = self._model()
        samples = self._samples(model, X)
        unreadable: list[Unreadable] = []
        if self.cache is None:
            vectors = self._embedded(model, samples, unreadable)
        else:
            vectors = self._remembered(model, samples, unreadable)
        if unreadable:
            warn_of_unreadable(unreadable, len(samples))
        return vectors

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return a name for each feature of the vectors.

        It loads the model, which alone knows how many there are.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Ignored.

        Returns
        -------
        feature_names_out : ndarray of str objects
            'hubembedder0', 'hubembedder1' and so on.
        """
        if _is_for_display():
            raise NotFittedError("The number of features is not known before the model is loaded.")
        return super().get_feature_names_out()

    @property
    def input_kind(self) -> str:
        """What the model takes: 'images' or 'texts'."""
        self._check_parameters()
        return self._model().input_kind

    @property
    def _n_features_out(self) -> int:
        n_features = self._model().n_features
        if n_features is None:
            raise ValueError(
                f"{self.handle} does not say how long its vectors are. Hint: `transform` shows it."
            )
        return n_features

    def _check_parameters(self) -> None:
        check_integer(self, "batch_size", self.batch_size, minimum=1)
        check_choice(self, "errors", self.errors, ERRORS)
        if self.n_jobs not in (None, -1):
            check_integer(self, "n_jobs", self.n_jobs, minimum=1)
        self._check_kind("handle", "a str or a path", self.handle, str | os.PathLike)
        self._check_kind("signature", "a str or None", self.signature, str | None)
        self._check_kind("output_key", "a str or None", self.output_key, str | None)
        self._check_kind("normalize", "a bool", self.normalize, bool | np.bool_)
        self._check_kind("cache", "a str, a path or None", self.cache, str | os.PathLike | None)
        for name in ("handle", "cache"):
            if getattr(self, name) == "":
                raise ValueError(
                    f"The {name!r} parameter of HubEmbedder must not be empty. Got '' instead."
                )
        self._image_size()

    @staticmethod
    def _check_kind(name: str, expected: str, value: Any, kinds: Any) -> None:
        if not isinstance(value, kinds):
            raise TypeError(
                f"The {name!r} parameter of HubEmbedder must be {expected}. Got {value!r} instead."
            )

    def _image_size(self) -> tuple[int, int] | None:
        if self.image_size is None:
            return None
        sides = self.image_size
        if isinstance(sides, Integral):
            sides = (sides, sides)
        if not isinstance(sides, tuple | list) or len(sides) != 2:
            raise TypeError(
                "The 'image_size' parameter of HubEmbedder must be an int, or a tuple of height "
                f"and width. Got {self.image_size!r} instead."
            )
        height, width = (check_integer(self, "image_size", side, minimum=1) for side in sides)
        return height, width

    def _model(self) -> HubModel:
        return HubModel(self.handle, self.signature, self.output_key, self._image_size())

    def _samples(self, model: HubModel, X: Any) -> Images | Texts:
        if model.form is None:
            return Texts(X)
        n_threads = cpu_count() if self.n_jobs in (None, -1) else self.n_jobs
        return Images(X, model.form, int(n_threads))

    def _remembered(
        self, model: HubModel, samples: Images | Texts, unreadable: list[Unreadable]
    ) -> np.ndarray:
        described = (model.digest(), self.signature, self.output_key, model.form, PREPARATION)
        identity = f"HubEmbedder {described} {bool(self.normalize)}".encode()
        vectors = through_store(
            self.cache,
            len(samples),
            lambda position: samples.key(identity, position),
            lambda positions: self._embedded(model, samples, unreadable, positions),
            label="embedding",
            progress=self.verbose,
        )
        if unreadable:
            self._name_twins(vectors, samples, unreadable)
        return vectors

    def _name_twins(
        self, vectors: np.ndarray, samples: Images | Texts, unreadable: list[Unreadable]
    ) -> None:
        # The store asks for each content once: copies of an unreadable sample are not named yet.
        named = {sample.position for sample in unreadable}
        reason = {samples.key(b"", sample.position): sample.reason for sample in unreadable}
        for position in np.flatnonzero(np.isnan(vectors[:, 0])).tolist():
            if position not in named:
                why = reason.get(samples.key(b"", position), "as another of the same content")
                unreadable.append(Unreadable(position, samples.name(position), why))

    def _embedded(
        self,
        model: HubModel,
        samples: Images | Texts,
        unreadable: list[Unreadable],
        positions: np.ndarray | None = None,
    ) -> np.ndarray:
        """Return vectors for the samples at some positions, or with a bar, for all of them."""
        alone = positions is None
        if positions is None:
            positions = np.arange(len(samples))
        row_of = {position: row for row, position in enumerate(positions.tolist())}
        vectors: np.ndarray | None = None
        with (
            tqdm(
                total=len(positions), desc="embedding", disable=not (alone and self.verbose)
            ) as bar,
            # A fault leaves no thread behind that still reads.
            closing(samples.batches(positions, self.batch_size)) as batches,
        ):
            for where, batch, faulty in batches:
                self._note(faulty, samples, unreadable)
                for readable, found, refused in self._called(model, samples, where, batch):
                    self._note(refused, samples, unreadable)
                    if len(readable) == 0:
                        continue
                    if vectors is None:
                        vectors = np.full((len(positions), found.shape[1]), np.nan, np.float32)
                    vectors[[row_of[position] for position in readable.tolist()]] = found
                bar.update(len(where) + len(faulty))
        if vectors is None:
            return np.full((len(positions), self._n_features_out), np.nan, np.float32)
        return vectors

    def _called(
        self, model: HubModel, samples: Images | Texts, where: np.ndarray, batch: Any
    ) -> Iterator[tuple[np.ndarray, np.ndarray, list[Unreadable]]]:
        """Yield positions with their vectors, and those on which the model fails."""
        if len(where) == 0:
            return
        tf = import_tensorflow()
        try:
            vectors = model(batch)
        except tf.errors.InvalidArgumentError as error:
            if len(where) > 1:
                # One sample fails the whole batch: each is asked about alone.
                for at in range(len(where)):
                    yield from self._called(model, samples, where[at : at + 1], batch[at : at + 1])
                return
            reason = f"the model fails on it: {_cause(error)}"
            refused = [Unreadable(int(where[0]), samples.name(int(where[0])), reason)]
            yield where[:0], np.empty((0, 0), np.float32), refused
            return
        finite = np.isfinite(vectors).all(axis=1)
        refused = [
            Unreadable(position, samples.name(position), "the model's vector is not finite")
            for position in where[~finite].tolist()
        ]
        vectors = vectors[finite]
        yield (
            where[finite],
            normalize(vectors) if self.normalize and len(vectors) else vectors,
            refused,
        )

    def _note(
        self, faulty: list[Unreadable], samples: Images | Texts, unreadable: list[Unreadable]
    ) -> None:
        if faulty and self.errors == "raise":
            raise unreadable_error(min(faulty), samples.kind)
        unreadable.extend(faulty)

    def __dir__(self) -> list[str]:
        # Notebooks and scikit-learn's HTML ask for the value of whatever is listed.
        return sorted({*object.__dir__(self)} - {"input_kind", "_n_features_out"})

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.no_validation = True
        tags.input_tags.two_d_array = False
        tags.input_tags.one_d_array = True
        tags.input_tags.string = True
        tags.input_tags.allow_nan = False
        tags.transformer_tags.preserves_dtype = []
        return tags


def _is_for_display() -> bool:
    """Tell whether scikit-learn draws an estimator for a notebook.

    Release 1.9 shows the names of the features that come out, or nothing where asking for them
    raises. To look at an estimator should not download its model.
    """
    frames = traceback.walk_stack(inspect.currentframe())
    return any(frame.f_code.co_name == "estimator_html_repr" for frame, _ in frames)


def _cause(error: Exception) -> str:
    """Return the line of a TensorFlow error that says what was wrong."""
    lines = [line.strip() for line in str(error).strip().splitlines()]
    told = [line for line in lines if line and not line.startswith("[[{{node")]
    return told[-1] if told else type(error).__name__
