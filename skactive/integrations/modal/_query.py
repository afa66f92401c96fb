"""A query that calls its strategy exactly once."""

from __future__ import annotations

import warnings
from typing import Any

from skactive.integrations.modal._rows import rows_at


def query_once(
    learner: Any,
    X_pool: Any,
    query_args: tuple[Any, ...],
    query_kwargs: dict[str, Any],
    *,
    return_metrics: bool,
) -> tuple[Any, ...]:
    """Return (indices, rows), with the metrics of the rows third if requested."""
    # modAL unpacks the result inside a bare `except`: it hides the error of a strategy, calls the
    # strategy a second time, and reads an array of two indices as (indices, metrics).
    answer = learner.query_strategy(learner, X_pool, *query_args, **query_kwargs)
    indices, metrics = answer if isinstance(answer, tuple) and len(answer) == 2 else (answer, None)
    rows = rows_at(X_pool, indices)
    if not return_metrics:
        return indices, rows
    if metrics is None:
        warnings.warn(
            f"The query strategy {learner.query_strategy!r} returned indices without metrics, "
            "so the metrics are None. Hint: return the tuple (indices, metrics).",
            stacklevel=3,
        )
    return indices, rows, metrics
