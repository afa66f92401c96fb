"""Hypothesis strategies of samples, labels and classifiers for property tests."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

EXACT_METRICS = ["euclidean", "manhattan", "chebyshev"]
METRICS = [*EXACT_METRICS, "cosine"]
CLASS_NAMES = ["a", "b", "c"]


def small_integers(n_samples: int, n_features: int = 2) -> st.SearchStrategy[np.ndarray]:
    """Samples with many ties, duplicates and zero vectors, whose distances are exact."""
    return hnp.arrays(np.float64, (n_samples, n_features), elements=st.integers(-2, 2).map(float))


def repeated_directions(n_samples: int) -> st.SearchStrategy[np.ndarray]:
    """Samples drawn from few directions and the zero vector: equal cosines mean equal rows."""
    bank = np.vstack([np.zeros(3), np.random.default_rng(0).normal(size=(5, 3))])
    places = hnp.arrays(np.intp, n_samples, elements=st.integers(0, len(bank) - 1))
    return places.map(lambda chosen: bank[chosen])


def samples_for(metric: str, n_samples: int) -> st.SearchStrategy[np.ndarray]:
    """Samples with many ties of a metric, none of which depends on rounding."""
    return repeated_directions(n_samples) if metric == "cosine" else small_integers(n_samples)


def class_names(n_samples: int) -> st.SearchStrategy[np.ndarray]:
    """Labels, of up to three classes."""
    names = st.lists(st.sampled_from(CLASS_NAMES), min_size=n_samples, max_size=n_samples)
    return names.map(lambda labels: np.array(labels, dtype="U1"))


@st.composite
def labeled_sets(
    draw: st.DrawFn, metric: str, min_size: int = 1, max_size: int = 12
) -> tuple[np.ndarray, np.ndarray]:
    """Samples and their labels."""
    n_samples = draw(st.integers(min_size, max_size))
    return draw(samples_for(metric, n_samples)), draw(class_names(n_samples))


@st.composite
def vote_parameters(draw: st.DrawFn) -> dict[str, object]:
    """Parameters of the vote of an IncrementalKNeighborsClassifier, but for the metric."""
    return {
        "n_neighbors": draw(st.integers(1, 6)),
        "weights": draw(st.sampled_from(["uniform", "distance", "gaussian"])),
        "bandwidth": draw(st.sampled_from([None, 0.5, 2.0])),
        "smoothing": draw(st.sampled_from([0.0, 1.0, 2.5])),
    }


@st.composite
def forgetting(draw: st.DrawFn) -> dict[str, object]:
    """Parameters with which an IncrementalKNeighborsClassifier forgets, or does not."""
    return {
        "max_labeled": draw(st.sampled_from([None, 1, 2, 4])),
        "half_life": draw(st.sampled_from([None, 0.01, 1.0, 3.5])),
    }


def splits(n_samples: int) -> st.SearchStrategy[list[np.ndarray]]:
    """All samples' positions, in any order, cut into parts that may be empty."""
    cuts = st.lists(st.integers(0, n_samples), max_size=4).map(sorted)
    return st.builds(np.split, st.permutations(range(n_samples)).map(np.array), cuts)


def utilities(min_size: int = 1, max_size: int = 20) -> st.SearchStrategy[np.ndarray]:
    """Utilities with many ties."""
    sizes = st.integers(min_size, max_size)
    numbers = st.integers(-4, 4).map(float) | st.floats(-1e6, 1e6)
    return sizes.flatmap(lambda size: hnp.arrays(np.float64, size, elements=numbers))
