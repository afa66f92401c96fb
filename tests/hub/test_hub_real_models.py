"""Real pretrained models give the vectors that were recorded earlier."""

import csv
import os
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

import skactive
from skactive.embedding import HubEmbedder

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

ROOT = Path(skactive.__file__).parents[1]
ASSETS = Path(os.environ.get("SKACTIVE_ASSETS") or ROOT.parent / "shared")


def asset(*names):
    """Return paths under the folder of real models and data, or skip."""
    paths = [ASSETS / name for name in names]
    for path in paths:
        if not path.exists():
            pytest.skip(f"there is no {path}: SKACTIVE_ASSETS names the folder of real models")
    return paths


def cosines(vectors, expected):
    expected = expected.astype(np.float64)
    norms = np.linalg.norm(vectors, axis=1) * np.linalg.norm(expected, axis=1)
    return (vectors * expected).sum(axis=1) / norms


def test_photos_agree_with_recorded_vectors_of_mobilenet():
    model, photos, stored = asset(
        "models/mobilenet_v2_100_224_feature_vector",
        "data/fruits_fresh_rotten",
        "embeddings/fruits_fresh_rotten_mobilenetv2.npz",
    )
    with np.load(stored) as arrays:
        chosen = np.random.default_rng(0).choice(len(arrays["files"]), 64, replace=False)
        files, expected = arrays["files"][chosen], arrays["x"][chosen]
    embedder = HubEmbedder(model)
    assert embedder.input_kind == "images"
    vectors = embedder.transform([photos / str(file) for file in files])
    assert vectors.shape == expected.shape
    assert cosines(vectors, expected).min() > 0.9999


def test_texts_agree_with_recorded_vectors_of_the_sentence_encoder():
    model, table, stored = asset(
        "models/use_multilingual_3_english_small",
        "data/sentiment140_20k/data.csv",
        "embeddings/sentiment140_20k_use.npz",
    )
    with table.open(encoding="utf-8", newline="") as file:
        texts = [row["text"] for row in islice(csv.DictReader(file), 500)]
    with np.load(stored) as arrays:
        expected = arrays["x"][:500]
    embedder = HubEmbedder(model)
    assert embedder.input_kind == "texts"
    vectors = embedder.transform(texts)
    assert vectors.shape == expected.shape
    assert cosines(vectors, expected).min() > 0.9999
