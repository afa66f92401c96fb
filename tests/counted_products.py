"""The number of pairs of rows that a search compares by matrix products."""

from skactive._engine import block_search


def counted_products(monkeypatch):
    """Return a list that grows by the number of pairs of each product."""
    counts = []
    original = block_search.lower_bounds

    def counting(frame, A, B, unit):
        counts.append(len(A) * len(B))
        return original(frame, A, B, unit)

    monkeypatch.setattr(block_search, "lower_bounds", counting)
    return counts
