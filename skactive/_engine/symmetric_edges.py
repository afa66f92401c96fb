"""The edges of a neighbour graph in both directions, and their similarities."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from skactive._engine.compiled import compiled


def similarities_of_neighbors(
    indices: np.ndarray, distances: np.ndarray, bandwidths: np.ndarray
) -> sp.csr_matrix:
    """Return the matrix of exp(-d² / (s_i s_j)) for samples of which one is a neighbour of another.

    Links are found in a temporary copy of the lists, ordered by neighbour.

    Parameters
    ----------
    indices : ndarray of int32 of shape (n_samples, n_neighbors)
        The neighbours of each sample.
    distances : ndarray of shape (n_samples, n_neighbors)
        The distances d. Infinite where there is no neighbour. If each of two samples is a neighbour
        of the other, the smaller distance counts.
    bandwidths : ndarray of shape (n_samples,)
        The bandwidths s.

    Returns
    -------
    similarities : CSR matrix of float32 of shape (n_samples, n_samples)
        Symmetric, entries in (0, 1].
    """
    n_samples = len(indices)
    incoming = np.zeros(n_samples + 1, dtype=np.int64)
    compiled(_count_incoming)(indices, distances, incoming)
    np.cumsum(incoming, out=incoming)
    sources = np.empty(incoming[-1], dtype=np.int32)
    lengths = np.empty(incoming[-1], dtype=distances.dtype)
    compiled(_fill_incoming)(indices, distances, incoming[:-1].copy(), sources, lengths)
    starts = np.zeros(n_samples + 1, dtype=np.int64)
    last = np.full(n_samples, -1, dtype=np.int64)
    compiled(_count_edges)(indices, distances, incoming, sources, last, starts)
    np.cumsum(starts, out=starts)
    last[:] = -1
    index_type = np.int32 if starts[-1] <= np.iinfo(np.int32).max else np.int64
    neighbors = np.empty(starts[-1], dtype=index_type)
    values = np.empty(starts[-1], dtype=distances.dtype)
    compiled(_fill_edges)(
        *(indices, distances, incoming, sources, lengths, last, starts),
        *(neighbors, values),
    )
    # The bound keeps edges with tiny similarities in the sparse matrix.
    compiled(_set_similarities)(starts, neighbors, bandwidths, np.finfo(np.float32).tiny, values)
    values = values.astype(np.float32, copy=False)
    return sp.csr_matrix((values, neighbors, starts.astype(index_type)), (n_samples, n_samples))


def _count_incoming(indices, distances, counts):  # type: ignore[no-untyped-def] # pragma: no cover - compiled
    """Add to counts[i + 1] the number of samples whose neighbour is sample i."""
    for sample in range(len(indices)):
        of_sample, lengths = indices[sample], distances[sample]
        for place in range(len(of_sample)):
            if lengths[place] < np.inf:
                counts[of_sample[place] + 1] += 1


def _fill_incoming(indices, distances, ends, sources, lengths):  # type: ignore[no-untyped-def] # pragma: no cover - compiled
    """Write the samples whose neighbour each sample is, ascending, and their distances."""
    for sample in range(len(indices)):
        of_sample, own_lengths = indices[sample], distances[sample]
        for place in range(len(of_sample)):
            if own_lengths[place] < np.inf:
                end = ends[of_sample[place]]
                sources[end], lengths[end] = sample, own_lengths[place]
                ends[of_sample[place]] = end + 1


def _count_edges(indices, distances, incoming, sources, last, counts):  # type: ignore[no-untyped-def] # pragma: no cover - compiled
    """Write into counts[i + 1] the number of edges of sample i."""
    for sample in range(len(indices)):
        of_sample, lengths, count = indices[sample], distances[sample], 0
        for place in range(len(of_sample)):
            if lengths[place] < np.inf:
                last[of_sample[place]] = sample
                count += 1
        for place in range(incoming[sample], incoming[sample + 1]):
            if last[sources[place]] != sample:
                count += 1
        counts[sample + 1] = count


def _fill_edges(  # type: ignore[no-untyped-def]
    indices, distances, incoming, sources, lengths, last, starts, neighbors, nearest
):  # pragma: no cover - compiled
    """Write the other sample and the distance of each edge."""
    for sample in range(len(indices)):
        of_sample, own_lengths = indices[sample], distances[sample]
        first, edge = starts[sample], starts[sample + 1]
        for place in range(len(of_sample)):
            if own_lengths[place] < np.inf:
                edge -= 1
                neighbors[edge], nearest[edge] = of_sample[place], own_lengths[place]
                last[of_sample[place]] = edge
        for place in range(incoming[sample], incoming[sample + 1]):
            mutual = last[sources[place]]
            if mutual >= first:
                nearest[mutual] = min(nearest[mutual], lengths[place])
            else:
                edge -= 1
                neighbors[edge], nearest[edge] = sources[place], lengths[place]


def _set_similarities(starts, neighbors, bandwidths, least, values):  # type: ignore[no-untyped-def] # pragma: no cover - compiled
    """Replace distances by similarities."""
    for sample in range(len(bandwidths)):
        own = bandwidths[sample]
        for edge in range(starts[sample], starts[sample + 1]):
            distance = np.float64(values[edge])
            # Products of tiny bandwidths would be 0.
            exponent = (distance / own) * (distance / bandwidths[neighbors[edge]])
            values[edge] = max(np.exp(-exponent), least)
