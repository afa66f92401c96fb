"""Tables of numbers as pandas DataFrames."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from skactive._optional import not_installed

if TYPE_CHECKING:
    import pandas as pd


def as_frame(owner: object, table: Mapping[str, Any]) -> pd.DataFrame:
    """Return a table of columns as a DataFrame, or raise with the extra that installs pandas.

    Parameters
    ----------
    owner : object
        The owner of the table. The error names its type.
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
        what = f"A frame of {type(owner).__name__}"
        raise not_installed(what, "pandas", "table") from error
    return pd.DataFrame(dict(table))
