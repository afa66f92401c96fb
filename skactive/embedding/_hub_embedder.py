"""Embed images or texts with a model of TensorFlow Hub."""

from __future__ import annotations

import inspect
import os
import traceback
from collections.abc import Iterator
from functools import partial
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.exceptions import NotFittedError
from sklearn.preprocessing import normalize

from skactive._tensorflow import import_tensorflow
from skactive._text import shown
from skactive._validation import check_integer
from skactive.embedding._batches import BatchEmbedding, Embedded
from skactive.embedding._cached_embeddings import StoreLocation
from skactive.embedding._embedder import Embedder
from skactive.embedding._hub_model import HubModel
from skactive.embedding._images import Images
from skactive.embedding._samples import SampleSequence
from skactive.embedding._texts import Texts
from skactive.embedding._unreadable import Unreadable

# Part of every content key: to be increased when the preprocessing of such samples changes.
PREPROCESSING = {"images": 2, "texts": 1}


class HubEmbedder(Embedder):
    """Embed images or texts with a pretrained network of TensorFlow Hub.

    Similar samples are close in the embedding space of a pretrained network, so that a few
    labels suffice to classify them. The signature of the model determines whether it takes
    images or texts, the size of the images, and the length of the vectors. Nothing is fitted.
    The model is loaded on first use.

    Parameters
    ----------
    handle : str or path-like
        The model: a URL of TensorFlow Hub or Kaggle, a folder with a SavedModel, or a .tar.gz
        archive of one. Downloads and unpacked archives are stored in the folder named by the
        environment variable TFHUB_CACHE_DIR, by default in the user's cache folder, on Linux
        ``~/.cache/skactive/models``. Since a model can execute code, a folder into which another
        user can write is refused.
    batch_size : int, default=32
        Number of samples in one call of the model.
    signature : str, default=None
        The signature of the model to call. None calls the model itself; if it is not callable,
        as modules for TensorFlow 1, the signature 'serving_default', 'default' or the only one.
    output_key : str, default=None
        The output to take, if the model has several with names. None takes 'default', or the
        only one.
    image_size : int or (int, int), default=None
        Height and width of the images, in pixels, for a model that takes any size. None takes
        the size that the model declares.
    normalize : bool, default=False
        Whether to scale vectors to length 1. The cosine distance does not depend on it; the
        Euclidean distance between embeddings is usually better with it.
    cache : str, path-like or EmbeddingStore, default=None
        A folder in which vectors are stored, so that each sample is embedded once, even if its
        file is renamed or moved, or the program restarts. Any number of models and processes
        can share it. Or an object that stores vectors in another way, see
        `skactive.base.EmbeddingStore`. None stores nothing.
    errors : {'raise', 'nan'}, default='raise'
        Treatment of samples that cannot be read. 'raise' raises an error at the first; 'nan'
        returns a row of NaN for each of them, and lists all of them in one warning.
    n_jobs : int, default=None
        Number of threads that read and decode images while the model processes earlier ones.
        None and -1 use one per CPU.
    verbose : bool, default=False
        Whether to show a progress bar, on standard error.

    Attributes
    ----------
    input_kind : {'images', 'texts'}
        The input that the model takes. Reading the attribute loads the model.

    Raises
    ------
    ImportError
        If TensorFlow, tensorflow-hub or Pillow is missing. Install them with
        ``pip install 'skactive[hub]'``.
    FileNotFoundError, OSError
        If the model does not exist or cannot be downloaded.
    ValueError
        If the model takes neither images nor texts, or a parameter does not fit the model.
    UnreadableSampleError
        If a sample cannot be read and `errors` is 'raise'.

    See Also
    --------
    ImageDescriptor, TextDescriptor : A start without a pretrained network.
    CachedTransformer : The same cache for any other embedding.
    skactive.base.EmbeddingStore : The contract of a store of vectors.
    skactive.datasets.list_images : List the images of a folder, with their labels.

    Notes
    -----
    Images are paths, `PIL.Image.Image` objects, or arrays of shape (height, width) or (height,
    width, channels), uint8 or float in [0, 1]; or one array of shape (n_samples, height, width,
    channels). They are rotated as their EXIF tag specifies, converted to RGB, on white if they
    are transparent, and resized to the model's size by a bilinear filter over all pixels,
    without keeping the aspect ratio. By TensorFlow Hub's convention, a model with float input
    gets pixels in [0, 1]; a model exported from Keras that expects 0 to 255 has to rescale them
    itself. The pixels of a few batches are in memory at a time. A JPEG much larger than the
    model's size is decoded at a smaller scale.

    Texts are strings; blank ones are unreadable. A batch contains texts of similar length, since
    a model pads all of them to the longest; the padding changes only the last digits of a vector.

    The samples are in a list, tuple, Series, array or DataFrame of one column. A sample is also
    unreadable if the model fails on it, or returns a vector that is not finite.

    A model is loaded once per process, also if several estimators use it, and four models stay
    loaded. A model is not pickled or cloned with its estimator: a copy loads it by its handle.

    The cost is one pass of the network per sample. With `cache`, a sample that was embedded
    before costs reading and hashing it.

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
        handle: str | os.PathLike[str],
        *,
        batch_size: int = 32,
        signature: str | None = None,
        output_key: str | None = None,
        image_size: int | tuple[int, int] | None = None,
        normalize: bool = False,
        cache: StoreLocation | None = None,
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

    def transform(self, X: SampleSequence) -> NDArray[np.float32]:
        """Return the vectors of images or texts.

        Parameters
        ----------
        X : sequence of length n_samples
            Paths, images or texts, as the model requires.

        Returns
        -------
        vectors : ndarray of float32 of shape (n_samples, n_features)
            The vectors. With ``errors='nan'``, the row of a sample that cannot be read is NaN.
        """
        self._check_parameters()
        model = self._model()
        samples = self._samples(model, X)
        embedding = BatchEmbedding(
            samples,
            partial(self._called, model, samples),
            lambda: self._n_features_out,
            batch_size=self.batch_size,
            errors=self.errors,
            verbose=self.verbose,
        )
        return embedding.vectors(self.cache, partial(self._identity, model))

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray[np.object_]:
        """Return a name for each feature of the vectors.

        The model is loaded, since it determines the number of features.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Not used.

        Returns
        -------
        feature_names_out : ndarray of str objects
            'hubembedder0', 'hubembedder1' and so on.
        """
        if _is_for_display():
            raise NotFittedError("The number of features is unknown until the model is loaded.")
        names: NDArray[np.object_] = super().get_feature_names_out()
        return names

    @property
    def input_kind(self) -> str:
        """The input that the model takes: 'images' or 'texts'."""
        self._check_parameters()
        return self._model().input_kind

    @property
    def _n_features_out(self) -> int:
        n_features = self._model().n_features
        if n_features is None:
            raise ValueError(
                f"{self.handle} does not declare the length of its vectors. Hint: read it from the "
                "result of `transform`."
            )
        return n_features

    def _check_parameters(self) -> None:
        super()._check_parameters()
        self._check_kind("handle", "a str or a path", self.handle, str | os.PathLike)
        self._check_kind("signature", "a str or None", self.signature, str | None)
        self._check_kind("output_key", "a str or None", self.output_key, str | None)
        self._check_kind("normalize", "a bool", self.normalize, bool | np.bool_)
        self._check_not_empty("handle")
        self._image_size()

    def _image_size(self) -> tuple[int, int] | None:
        if self.image_size is None:
            return None
        sides = self.image_size
        if isinstance(sides, Integral):
            sides = (sides, sides)
        if not isinstance(sides, tuple | list) or len(sides) != 2:
            raise TypeError(
                "The 'image_size' parameter of HubEmbedder must be an int, or a tuple of height "
                f"and width. Got {shown(self.image_size)} instead."
            )
        height, width = (check_integer(self, "image_size", side, minimum=1) for side in sides)
        return height, width

    def _model(self) -> HubModel:
        return HubModel(self.handle, self.signature, self.output_key, self._image_size())

    def _samples(self, model: HubModel, X: SampleSequence) -> Images | Texts:
        if model.form is None:
            return Texts(X)
        return Images(X, model.form, self._n_threads())

    def _identity(self, model: HubModel) -> bytes:
        version = PREPROCESSING[model.input_kind]
        described = (model.digest(), self.signature, self.output_key, model.form, version)
        return f"HubEmbedder {described} {bool(self.normalize)}".encode()

    def _called(
        self, model: HubModel, samples: Images | Texts, where: np.ndarray, batch: Any
    ) -> Iterator[Embedded]:
        """Yield positions with their vectors, and the samples on which the model fails."""
        if len(where) == 0:
            return
        tf = import_tensorflow()
        try:
            vectors = model(batch)
        except tf.errors.InvalidArgumentError as error:
            if len(where) > 1:
                # One sample makes the whole batch fail: call the model for each alone.
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

    def __dir__(self) -> list[str]:
        # Notebooks and scikit-learn's HTML read every listed attribute: these load the model.
        return sorted({*object.__dir__(self)} - {"input_kind", "_n_features_out"})


def _is_for_display() -> bool:
    """Return whether scikit-learn draws an estimator for a notebook.

    Release 1.9 shows the names of the output features, or nothing if they raise an error.
    Displaying an estimator should not download its model.
    """
    frames = traceback.walk_stack(inspect.currentframe())
    return any(frame.f_code.co_name == "estimator_html_repr" for frame, _ in frames)


def _cause(error: Exception) -> str:
    """Return the line of a TensorFlow error that describes the cause."""
    lines = [line.strip() for line in str(error).strip().splitlines()]
    causes = [line for line in lines if line and not line.startswith("[[{{node")]
    return causes[-1] if causes else type(error).__name__
