"""Tables of numbers, as pandas has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def as_frame(who: Any, table: Mapping[str, Any]) -> Any:
    """Return a table of columns as a DataFrame, or raise naming the extra that brings pandas.

    Parameters
    ----------
    who : object
        Whose table it is, named in the error by its type.
    table : dict of str to array-like of shape (n_rows,)
        The columns.

    Returns
    -------
    frame : pandas.DataFrame
        The same columns, under the same names.
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError(
            f"A frame of {type(who).__name__} needs pandas, which is not installed. Install it "
            "with: pip install 'skactive[table]'"
        ) from error
    return pd.DataFrame(dict(table))
