"""The check of labels against the declared classes."""

from __future__ import annotations

from difflib import get_close_matches

import numpy as np

from skactive._engine.label_arrays import is_among

N_SHOWN = 12


def check_declared(labels: np.ndarray, declared: np.ndarray) -> None:
    """Raise if a label is not a declared class. The message names the most similar class."""
    unknown = labels[~is_among(labels, declared)].tolist()
    if not unknown:
        return
    names = declared.tolist()
    by_text = {str(name).casefold(): name for name in names}
    similar = get_close_matches(str(unknown[0]).casefold(), by_text, n=1)
    if similar:
        hint = f"Did you mean {by_text[similar[0]]!r}?"
    else:
        more = f" and {len(names) - N_SHOWN} more" if len(names) > N_SHOWN else ""
        hint = f"Hint: the classes are {', '.join(map(repr, names[:N_SHOWN]))}{more}."
    raise ValueError(f"The label {unknown[0]!r} is not one of the declared classes. {hint}")
