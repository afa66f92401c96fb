"""The check of journals of version 0.1, which recognised a pool by 64 of its rows.

Such a journal is accepted if the pool has the same size and these rows. Its samples then get
content digests, so that later sessions check it like any other journal.
"""

from __future__ import annotations

import os
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from skactive._io.content_keys import content_key
from skactive._rows import take_rows

FORMAT_1 = "skactive answers 1"
N_COMPARED = 64


def check_pool(path: Path, header: dict[str, Any], samples: Any, n_samples: int) -> None:
    """Raise if the first line of a journal of version 0.1 belongs to another pool."""
    if header["pool"] != n_samples:
        raise ValueError(
            f"{path} has answers for a pool of {header['pool']} samples, but this one has "
            f"{n_samples}. Hint: pass the samples of that file, or another file."
        )
    if header["content"] != content_of(samples, n_samples):
        raise ValueError(
            f"{path} has answers for other samples, or for the same samples in another order. "
            "Hint: pass the samples of that file, or another file."
        )


def content_of(samples: Any, n_samples: int) -> str:
    """Return the digest of 64 rows, spread evenly."""
    positions = np.unique(np.linspace(0, max(n_samples - 1, 0), N_COMPARED).astype(np.intp))
    rows = take_rows(samples, positions)
    if sp.issparse(rows):
        rows = rows.toarray()
    elif hasattr(rows, "to_numpy"):
        rows = rows.to_numpy()
    digest = blake2b(digest_size=16)
    for row in rows:
        digest.update(_key(row))
    return digest.hexdigest()


def _key(sample: Any) -> bytes:
    if isinstance(sample, os.PathLike):
        sample = os.fspath(sample)
    try:
        return content_key(b"", sample, paths=False) or b""
    except TypeError:
        return type(sample).__qualname__.encode()
