"""Photos and texts per second of `HubEmbedder`, against a bare loop over the same model.

The bare loop is a typical hand-written one: `hub.load`, then open, convert, resize, stack and call
batch by batch. Both give the same vectors, which is asserted first. Photos are JPEG files of
three sizes: thumbnails, the photos of the fruit data at the model's own 224 × 224; and the same
photos enlarged, with sensor noise, to 2 and 12 megapixels, as on the web and from a camera.
"Scaled decoding" is a bare loop in which Pillow decodes at a smaller scale as in `HubEmbedder`, so
that the remaining ratio is the effect of the overlap alone. For thumbnails, decoding is about an
eighth of the work. The rest is the model, which uses both cores: overlap cannot gain more than
about 1.2 × there.

Cache hits read and hash every file again. Peak memory is that of a separate process that embeds
10,000 photos, beside one that embeds two batches.
"""

import csv
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.assets import asset
from benchmarks.report import Measurement, measured
from benchmarks.timing import interleaved

N_THUMBNAILS = 640
N_TEXTS = 1_600
BATCH_SIZE = 32
LARGE = {"2 megapixels": ((1600, 1200), 64), "12 megapixels": ((4000, 3000), 32)}
N_PHOTOS_IN_MEMORY_TEST = 10_000


def fruit_photos() -> list[str]:
    """Return the paths of all photos of fruits."""
    return sorted(map(str, asset("data", "fruits_fresh_rotten").rglob("*.jpg")))


def tweets() -> list[str]:
    """Return all tweets."""
    path = asset("data", "sentiment140_20k", "data.csv")
    with path.open(newline="", encoding="utf-8") as file:
        return [row["text"] for row in csv.DictReader(file)]


def mobilenet() -> str:
    return str(asset("models", "mobilenet_v2_100_224_feature_vector"))


def sentence_encoder() -> str:
    return str(asset("models", "use_multilingual_3_english_small"))


def bare_photos(model: Callable, paths: list[str], *, scaled: bool = False) -> np.ndarray:
    """Embed photos with a hand-written loop."""
    from PIL import Image

    vectors = []
    for start in range(0, len(paths), BATCH_SIZE):
        pixels = []
        for path in paths[start : start + BATCH_SIZE]:
            with Image.open(path) as image:
                if scaled:
                    image.draft(None, (448, 448))
                small = image.convert("RGB").resize((224, 224), Image.Resampling.BILINEAR)
                pixels.append(np.asarray(small, dtype=np.float32) / 255)
        vectors.append(model(np.stack(pixels)).numpy())
    return np.concatenate(vectors)


def bare_arrays(model: Callable, images: np.ndarray) -> np.ndarray:
    """Embed arrays with a hand-written loop."""
    return np.concatenate(
        [
            model(images[start : start + BATCH_SIZE].astype(np.float32) / 255).numpy()
            for start in range(0, len(images), BATCH_SIZE)
        ]
    )


def bare_texts(model: Callable, texts: list[str]) -> np.ndarray:
    """Embed texts with a hand-written loop."""
    return np.concatenate(
        [
            model(texts[start : start + BATCH_SIZE]).numpy()
            for start in range(0, len(texts), BATCH_SIZE)
        ]
    )


def assert_agree(one: np.ndarray, other: np.ndarray, least: float) -> None:
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    worst = ((one * other).sum(axis=1) / lengths).min()
    assert worst > least, f"The cosine between the vectors is only {worst}."


def enlarged(paths: list[str], size: tuple[int, int], folder: Path) -> list[str]:
    """Write enlarged photos with sensor noise."""
    from PIL import Image

    noise = np.random.default_rng(0)
    made = []
    for number, path in enumerate(paths):
        with Image.open(path) as image:
            large = np.asarray(image.resize(size, Image.Resampling.BICUBIC), dtype=np.float32)
        grain = noise.normal(0, 6, size=large.shape).astype(np.float32)
        made.append(str(folder / f"{size[0]}-{number}.jpg"))
        Image.fromarray((large + grain).clip(0, 255).astype(np.uint8)).save(made[-1], quality=90)
    return made


def compared(
    what: str, bare: Callable, own: Callable, n_samples: int, unit: str, n_rounds: int, **target
) -> list[Measurement]:
    """Return the rates of both, and their ratio."""
    times = interleaved({"bare": bare, "own": own}, n_rounds)
    return [
        measured(f"{what}: bare loop", n_samples / times["bare"], unit),
        measured(f"{what}: HubEmbedder", n_samples / times["own"], unit),
        measured(
            f"{what}: HubEmbedder ÷ bare loop", times["bare"] / times["own"], "ratio", **target
        ),
    ]


def photos(folder: Path) -> list[Measurement]:
    import tensorflow_hub as hub
    from PIL import Image

    from skactive.embedding import HubEmbedder

    model, embedder = hub.load(mobilenet()), HubEmbedder(mobilenet(), batch_size=BATCH_SIZE)
    everything = fruit_photos()
    thumbnails = everything[:: len(everything) // N_THUMBNAILS][:N_THUMBNAILS]
    expected = bare_photos(model, thumbnails)
    assert_agree(embedder.transform(thumbnails), expected, 0.99999)
    rows = compared(
        "thumbnails",
        lambda: bare_photos(model, thumbnails),
        lambda: embedder.transform(thumbnails),
        len(thumbnails),
        "photos/s",
        5,
        at_least=1.5,
    )
    for name, (size, n_photos) in LARGE.items():
        large = enlarged(thumbnails[:n_photos], size, folder)
        assert_agree(embedder.transform(large), bare_photos(model, large), 0.98)
        assert_agree(embedder.transform(large), bare_photos(model, large, scaled=True), 0.98)
        for scaled in (False, True):
            rows += compared(
                f"{name}, scaled decoding" if scaled else name,
                lambda large=large, scaled=scaled: bare_photos(model, large, scaled=scaled),
                lambda large=large: embedder.transform(large),
                len(large),
                "photos/s",
                3,
                **({} if scaled else {"at_least": 1.5}),
            )
    images = np.stack([np.asarray(Image.open(path).convert("RGB")) for path in thumbnails])
    assert_agree(embedder.transform(images), expected, 0.99999)
    rows += compared(
        "arrays, uint8",
        lambda: bare_arrays(model, images),
        lambda: embedder.transform(images),
        len(images),
        "photos/s",
        5,
        at_least=0.95,
    )
    return rows + hits("thumbnails", embedder, thumbnails, folder / "photo-vectors")


def texts(folder: Path) -> list[Measurement]:
    import tensorflow_hub as hub

    from skactive.embedding import HubEmbedder

    model = hub.load(sentence_encoder())
    embedder = HubEmbedder(sentence_encoder(), batch_size=BATCH_SIZE)
    chosen = tweets()[:N_TEXTS]
    assert_agree(embedder.transform(chosen), bare_texts(model, chosen), 0.99999)
    rows = compared(
        "tweets",
        lambda: bare_texts(model, chosen),
        lambda: embedder.transform(chosen),
        len(chosen),
        "texts/s",
        5,
        at_least=0.95,
    )
    return rows + hits("tweets", embedder, chosen, folder / "text-vectors")


def hits(what: str, embedder, samples: list[str], location: Path) -> list[Measurement]:
    """Compare embedding samples with reading them from the cache."""
    from sklearn.base import clone

    caching = clone(embedder).set_params(cache=location)
    expected = embedder.transform(samples)
    assert np.array_equal(caching.transform(samples), caching.transform(samples))
    assert_agree(caching.transform(samples), expected, 0.99999)
    times = interleaved(
        {
            "embed": lambda: embedder.transform(samples),
            "cached": lambda: caching.transform(samples),
        },
        5,
    )
    return [
        measured(f"{what}: cache hits", len(samples) / times["cached"], "samples/s"),
        measured(
            f"{what}: cache hits ÷ embedding",
            times["embed"] / times["cached"],
            "ratio",
            at_least=100,
        ),
    ]


# Read from /proc: `getrusage` of a new process includes the memory of its parent.
PEAK = """
import json, re, sys
from pathlib import Path
from skactive.embedding import HubEmbedder
handle, paths = json.load(sys.stdin)
vectors = HubEmbedder(handle).transform(paths)
assert len(vectors) == len(paths)
print(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
"""


def memory() -> list[Measurement]:
    everything = fruit_photos()
    many = (everything * (N_PHOTOS_IN_MEMORY_TEST // len(everything) + 1))[:N_PHOTOS_IN_MEMORY_TEST]
    few_peak, many_peak = (peak_megabytes(many[: 2 * BATCH_SIZE]), peak_megabytes(many))
    return [
        measured("peak memory, two batches of photos", few_peak, "MB"),
        measured(f"peak memory, {N_PHOTOS_IN_MEMORY_TEST:,} photos", many_peak, "MB"),
        measured("difference of the two", many_peak - few_peak, "MB", at_most=300),
    ]


def peak_megabytes(paths: list[str]) -> float:
    answer = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", PEAK],
        input=json.dumps([mobilenet(), paths]),
        capture_output=True,
        text=True,
        check=True,
    )
    return int(answer.stdout) / 1024


def measure() -> list[Measurement]:
    with tempfile.TemporaryDirectory() as folder:
        return photos(Path(folder)) + texts(Path(folder)) + memory()
