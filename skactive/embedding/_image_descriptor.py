"""Describe images by histograms of their colours and of oriented gradients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from skactive._validation import check_number
from skactive.embedding._batches import BatchEmbedding, Embedded
from skactive.embedding._cached_embeddings import StoreLocation
from skactive.embedding._embedder import Embedder
from skactive.embedding._histograms import N_FEATURES, SIDE, described
from skactive.embedding._images import Images
from skactive.embedding._pixels import ImageForm
from skactive.embedding._samples import SampleSequence

# Part of every content key: to be increased when the vectors change.
VERSION = 1


class ImageDescriptor(Embedder):
    """Describe images by histograms of their colours and of oriented gradients.

    A start without a pretrained network: nothing is downloaded or fitted, and a photo takes a few
    milliseconds. The colours are counted in the whole image, so that they do not depend on where
    an object is, and the gradients in a grid of 4 × 4 cells, so that they describe rough shapes.
    A pretrained network, see `HubEmbedder`, knows objects and needs fewer labels for the same
    accuracy.

    Parameters
    ----------
    gradient_weight : float, default=0.3
        The share of the gradients in the cosine similarity of two images, at least 0 and below 1;
        colours have the rest. A larger value suits drawings and icons, whose shapes differ more
        than their colours.
    batch_size : int, default=64
        Number of images whose pixels are processed at once.
    cache : str, path-like or EmbeddingStore, default=None
        A folder in which vectors are stored, so that each image is read and described once, even
        if its file is renamed or moved, or the program restarts. Or an object that stores vectors
        in another way, see `skactive.base.EmbeddingStore`. None stores nothing.
    errors : {'raise', 'nan'}, default='raise'
        Treatment of images that cannot be read. 'raise' raises an error at the first; 'nan'
        returns a row of NaN for each of them, and lists all of them in one warning.
    n_jobs : int, default=None
        Number of threads that read and decode images. None and -1 use one per CPU.
    verbose : bool, default=False
        Whether to show a progress bar, on standard error.

    Raises
    ------
    ImportError
        If Pillow is missing. Install it with ``pip install 'skactive[image]'``.
    UnreadableSampleError
        If an image cannot be read and `errors` is 'raise'.

    See Also
    --------
    HubEmbedder : Embeds images with a pretrained network.
    TextDescriptor : A start for texts.
    CachedTransformer : The same cache for any other embedding.
    skactive.datasets.list_images : List the images of a folder, with their labels.

    Notes
    -----
    Images have the forms that `HubEmbedder` accepts, in the same containers: paths,
    `PIL.Image.Image` objects, or arrays of shape (height, width) or (height, width, channels),
    uint8 or float in [0, 1]. They are rotated as their EXIF tag specifies, converted to RGB, on
    white if they are transparent, and resized to 64 × 64 pixels.

    The first 216 numbers are the square roots of the shares of the colours, with 6 levels of red,
    green and blue: the inner product of two of them is the Bhattacharyya coefficient. The other
    324 are histograms of 9 orientations of the gradient in 4 × 4 cells, in 9 overlapping blocks of
    2 × 2 cells, each normalised and clipped as by Dalal and Triggs. Each part has length 1,
    multiplied by the square root of its weight, and the whole vector has length 1: the inner
    product of two vectors is their cosine similarity. A vector depends on its own image alone.

    The cost is that of reading the image: on one core about 1 ms for 224 × 224 pixels, and 15 ms
    for a JPEG of 12 megapixels, of which describing it is 0.4 ms. The pixels of a few batches are
    in memory at a time.

    References
    ----------
    M. J. Swain and D. H. Ballard, "Color indexing", 1991.

    N. Dalal and B. Triggs, "Histograms of oriented gradients for human detection", 2005.

    Examples
    --------
    >>> import numpy as np
    >>> from skactive.embedding import ImageDescriptor
    >>> picture = np.zeros((48, 64, 3), dtype=np.uint8)
    >>> picture[10:30, 10:30] = 200, 40, 40  # a red square on black
    >>> mirrored, negative = picture[:, ::-1], 255 - picture
    >>> vectors = ImageDescriptor().transform([picture, mirrored, negative])
    >>> vectors.shape
    (3, 540)
    >>> (vectors[0] @ vectors.T).round(1)
    array([1. , 0.7, 0.3], dtype=float32)
    """

    batch_size: int
    _n_features_out: ClassVar[int] = N_FEATURES

    def __init__(
        self,
        *,
        gradient_weight: float = 0.3,
        batch_size: int = 64,
        cache: StoreLocation | None = None,
        errors: str = "raise",
        n_jobs: int | None = None,
        verbose: bool = False,
    ) -> None:
        self.gradient_weight = gradient_weight
        self.batch_size = batch_size
        self.cache = cache
        self.errors = errors
        self.n_jobs = n_jobs
        self.verbose = verbose

    def transform(self, X: SampleSequence) -> NDArray[np.float32]:
        """Return the vectors of images.

        Parameters
        ----------
        X : sequence of length n_samples
            Paths or images.

        Returns
        -------
        vectors : ndarray of float32 of shape (n_samples, 540)
            The vectors. With ``errors='nan'``, the row of an image that cannot be read is NaN.
        """
        self._check_parameters()
        embedding = BatchEmbedding(
            Images(X, ImageForm(SIDE, SIDE, 3), self._n_threads()),
            self._described,
            lambda: N_FEATURES,
            batch_size=self.batch_size,
            errors=self.errors,
            verbose=self.verbose,
        )
        return embedding.vectors(self.cache, self._identity)

    def _described(self, where: np.ndarray, pixels: np.ndarray) -> Iterator[Embedded]:
        if len(where):
            yield where, described(pixels, float(self.gradient_weight)), []

    def _identity(self) -> bytes:
        return f"ImageDescriptor {float(self.gradient_weight)!r} {VERSION}".encode()

    def _check_parameters(self) -> None:
        super()._check_parameters()
        check_number(self, "gradient_weight", self.gradient_weight, below=1)
