"""A SavedModel, loaded once, and the input and output that its signature declares."""

from __future__ import annotations

import hashlib
import os
import re
import threading
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from skactive._io.model_handles import is_url
from skactive._tensorflow import import_tensorflow, import_tensorflow_hub
from skactive.embedding._fetching import model_folder, remove_download
from skactive.embedding._images import as_floats
from skactive.embedding._pixels import WHITE, ImageForm

N_KEPT_LOADED = 4
SIGNATURES_BY_DEFAULT = ("serving_default", "default")
OUTPUT_BY_DEFAULT = "default"
PATTERN = re.compile(r"[*?\[\]\\]")

# The files of a model: name, size, and times of the last change of content and of entry of each.
Files = tuple[tuple[str, int, int, int], ...]

_loading = threading.Lock()


class Endpoint(NamedTuple):
    """A function of a model: its input, its outputs, and how to call it."""

    input: Any
    outputs: Any
    call: Callable[[Any], Any]


class HubModel:
    """A model as a function from a batch to vectors.

    Parameters
    ----------
    handle : str or path-like
        URL, folder or archive.
    signature : str or None
        Name of a signature; None calls the model itself if it is callable.
    output_key : str or None
        The output to take, if there are several.
    image_size : (int, int) or None
        Height and width, for a model that takes any size.

    Attributes
    ----------
    input_kind : {'images', 'texts'}
        The input that the model takes.
    form : ImageForm or None
        The shape of the images that it takes; None for a text model.
    n_features : int or None
        Length of its vectors; None if the model does not declare it.
    """

    def __init__(
        self,
        handle: str | os.PathLike[str],
        signature: str | None = None,
        output_key: str | None = None,
        image_size: tuple[int, int] | None = None,
    ) -> None:
        self._name = os.fspath(handle)
        self._folder = model_folder(handle)
        endpoint = _endpoint(load(handle, self._folder), signature, self._name)
        self._input = endpoint.input
        self._call = endpoint.call
        self._key = _output_key(endpoint.outputs, output_key, self._name)
        self.input_kind = _input_kind(endpoint.input, self._name)
        self.form = self._image_form(image_size)
        self.n_features = self._n_features(endpoint.outputs)

    def __call__(self, batch: list[bytes] | np.ndarray) -> np.ndarray:
        """Return the vectors of a batch of texts in UTF-8 or of pixels.

        Parameters
        ----------
        batch : list of bytes, or ndarray of shape (n, height, width, channels)
            Pixels are uint8, or float32 in [0, 1].

        Returns
        -------
        vectors : ndarray of shape (n, n_features)
            float32.
        """
        n_samples, n_at_once = len(batch), self._input.shape[0] if self._input.shape.rank else None
        if n_at_once is None:
            return self._vectors(self._call(self._tensor(batch)), n_samples)
        # Exported for a fixed number of samples: the last call is filled up with the first ones.
        parts = []
        for start in range(0, n_samples, n_at_once):
            chosen = np.arange(start, start + n_at_once) % n_samples
            part = [batch[at] for at in chosen] if isinstance(batch, list) else batch[chosen]
            parts.append(self._vectors(self._call(self._tensor(part)), n_at_once))
        return np.concatenate(parts)[:n_samples]

    def _tensor(self, batch: Any) -> Any:
        tf = import_tensorflow()
        if self.input_kind == "texts":
            texts = tf.constant(batch, dtype=tf.string)
            return texts[:, tf.newaxis] if self._input.shape.rank == 2 else texts
        if self._input.dtype.is_floating:
            pixels = batch if batch.dtype.kind == "f" else as_floats(batch)
            return tf.constant(pixels, dtype=self._input.dtype)
        pixels = batch if batch.dtype.kind != "f" else (batch * 255).round()
        return tf.constant(pixels.astype(np.uint8), dtype=self._input.dtype)

    def digest(self) -> str:
        """Return a digest of the model's content, in hexadecimal digits."""
        if not isinstance(self._folder, Path):
            # A model in a bucket is not on this machine: its address identifies it.
            return f"address {self._folder}"
        return _content_digest(self._folder, files_of(self._folder))

    def _vectors(self, outputs: Any, n_samples: int) -> np.ndarray:
        tf = import_tensorflow()
        tensor = outputs if self._key is None else outputs[self._key]
        # NumPy has no bfloat16.
        vectors = np.asarray(tf.cast(tensor, tf.float32) if tensor.dtype.is_floating else tensor)
        if vectors.ndim != 2 or len(vectors) != n_samples or vectors.dtype.kind not in "fiu":
            raise ValueError(
                f"{self._name} must return vectors of shape ({n_samples}, n_features). Got an "
                f"array of {vectors.dtype} of shape {vectors.shape} instead. Hint: choose another "
                "output with `output_key`, or another `signature`."
            )
        return vectors.astype(np.float32, copy=False)

    def _n_features(self, outputs: Any) -> int | None:
        spec = outputs if self._key is None else outputs[self._key]
        if spec.shape.rank not in (None, 2):
            raise ValueError(
                f"The output of {self._name} must be vectors of shape (n_samples, n_features). "
                f"Got shape {spec.shape} instead. Hint: choose another output with `output_key`, "
                "or a model of feature vectors."
            )
        return None if spec.shape.rank is None else spec.shape[1]

    def _image_form(self, image_size: tuple[int, int] | None) -> ImageForm | None:
        if self.input_kind == "texts":
            if image_size is not None:
                raise ValueError(
                    f"{self._name} takes texts, which have no image_size. Got "
                    f"image_size={image_size}. Hint: leave image_size out."
                )
            return None
        _, height, width, n_channels = self._input.shape
        if image_size is None:
            if height is None or width is None:
                raise ValueError(
                    f"{self._name} takes images of any size, so the size must be chosen. Hint: "
                    "pass image_size, for example image_size=224."
                )
            return ImageForm(height, width, n_channels)
        for own, chosen in zip((height, width), image_size, strict=True):
            if own not in (None, chosen):
                raise ValueError(
                    f"{self._name} takes images of {height} × {width} pixels. Got "
                    f"image_size={image_size} instead. Hint: leave image_size out."
                )
        return ImageForm(*image_size, n_channels)


def load(handle: str | os.PathLike[str], folder: Path | str) -> Any:
    """Return the loaded SavedModel of a folder; the same object until its files change."""
    tf = import_tensorflow()
    files = files_of(folder) if isinstance(folder, Path) else ()
    try:
        with _loading:
            return _loaded(str(folder), files)
    except tf.errors.ResourceExhaustedError:
        raise
    except (OSError, ValueError, LookupError, RuntimeError, tf.errors.OpError) as error:
        reason = str(error).strip().split("\n")[0] or type(error).__name__
        if unknown := re.search(r"Op type not registered '(\w+)'", reason):
            reason = f"TensorFlow has no operation {unknown[1]}"
            hint = "first import the package that adds it, for example tensorflow_text."
        elif is_url(os.fspath(handle)):
            remove_download(handle)
            hint = "the download was removed; try again."
        elif os.sep == "/" and PATTERN.search(str(folder)):
            hint = r"TensorFlow reads * ? [ ] and \ in a path as a pattern; rename the folder."
        else:
            hint = "save or download the model again."
        raise ValueError(
            f"{os.fspath(handle)} cannot be loaded: {reason.rstrip('.')}. Hint: {hint}"
        ) from error


@lru_cache(maxsize=N_KEPT_LOADED)
def _loaded(folder: str, _files: Files) -> Any:
    return import_tensorflow_hub().load(folder)


def files_of(folder: Path) -> Files:
    """Return name, size and times of each file of a model."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            stat = path.stat()
            name = path.relative_to(folder).as_posix()
            found.append((name, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns))
    return tuple(found)


@cache
def _content_digest(folder: Path, files: Files) -> str:
    whole = hashlib.blake2b(digest_size=20)
    for name, size, *_ in files:
        with (folder / name).open("rb") as file:
            content = hashlib.file_digest(file, "blake2b").digest()
        whole.update(f"{name}\0{size}\0".encode() + content)
    return whole.hexdigest()


def _endpoint(model: Any, signature: str | None, name: str) -> Endpoint:
    signatures = getattr(model, "signatures", {})
    if signature is None:
        if (own := _own_call(model)) is not None:
            return own
        known = [key for key in SIGNATURES_BY_DEFAULT if key in signatures]
        known += list(signatures) if len(signatures) == 1 else []
        if not known:
            raise ValueError(
                f"{name} is not callable with one batch of samples. Its signatures are: "
                f"{_listed(signatures)}. Hint: choose one with `signature`."
            )
        signature = known[0]
    elif signature not in signatures:
        raise ValueError(
            f"{name} has no signature {signature!r}. Its signatures are: {_listed(signatures)}."
        )
    function = signatures[signature]
    inputs = function.structured_input_signature[1]
    if len(inputs) != 1:
        raise ValueError(
            f"Signature {signature!r} of {name} must take one input, the samples. Got "
            f"{len(inputs)} inputs: {_listed(inputs)}. Hint: choose another `signature`, or a "
            "model of raw images or texts."
        )
    [(argument, spec)] = inputs.items()
    return Endpoint(spec, function.structured_outputs, lambda batch: function(**{argument: batch}))


def _own_call(model: Any) -> Endpoint | None:
    tf = import_tensorflow()
    if not callable(model):
        return None
    for function in getattr(model.__call__, "concrete_functions", ()):
        by_position, by_name = function.structured_input_signature
        first, *rest = by_position or [None]
        # A function may also take flags, such as `training`: the one for inference is chosen.
        if isinstance(first, tf.TensorSpec) and all(
            flag in (None, False) for flag in [*rest, *by_name.values()]
        ):
            return Endpoint(first, function.structured_outputs, _with_flags(model, rest, by_name))
    return None


def _with_flags(model: Any, rest: list[Any], by_name: dict[str, Any]) -> Callable[[Any], Any]:
    return lambda batch: model(batch, *rest, **by_name)


def _output_key(outputs: Any, output_key: str | None, name: str) -> str | None:
    if not isinstance(outputs, Mapping):
        if not hasattr(outputs, "shape"):
            raise ValueError(
                f"{name} returns several outputs without names. Hint: choose a `signature`, whose "
                "outputs have names."
            )
        if output_key is not None:
            raise ValueError(
                f"{name} has one output, without a name. Got output_key={output_key!r}. "
                "Hint: leave output_key out, or choose a `signature`."
            )
        return None
    if output_key is not None:
        if output_key in outputs:
            return output_key
        raise ValueError(
            f"{name} has no output {output_key!r}. Its outputs are: {_listed(outputs)}."
        )
    flat = [key for key, spec in outputs.items() if spec.shape.rank in (None, 2)]
    for keys in ([OUTPUT_BY_DEFAULT] if OUTPUT_BY_DEFAULT in outputs else [], [*outputs], flat):
        if len(keys) == 1:
            return str(keys[0])
    shapes = ", ".join(f"{key!r} {outputs[key].shape}" for key in sorted(outputs))
    raise ValueError(
        f"{name} has {len(outputs)} outputs: {shapes}. Hint: choose one with `output_key`."
    )


def _input_kind(spec: Any, name: str) -> str:
    tf = import_tensorflow()
    rank = spec.shape.rank
    if spec.dtype == tf.string and (
        rank in (None, 1) or (rank == 2 and spec.shape[1] in (None, 1))
    ):
        return "texts"
    numeric = spec.dtype.is_floating or (spec.dtype.is_integer and spec.dtype.max >= WHITE)
    if numeric and rank == 4 and spec.shape[3] in (1, 3):
        return "images"
    raise ValueError(
        f"{name} must take texts, or images of shape (n_samples, height, width, 1 or 3 channels). "
        f"Its input is {spec.dtype.name} of shape {spec.shape}. Hint: choose another `signature`, "
        "or a model of raw images or texts."
    )


def _listed(names: Any) -> str:
    return ", ".join(sorted(map(repr, names))) or "none"
