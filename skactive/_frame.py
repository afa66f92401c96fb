"""Tables of numbers as pandas DataFrames."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import numpy as np

from skactive._optional import not_installed

if TYPE_CHECKING:
    import pandas as pd


class Tabular(ABC):
    """A result or a plot whose numbers are a table."""

    @abstractmethod
    def table(self) -> dict[str, np.ndarray]:
        """Return the numbers as columns of one length, by name."""

    def frame(self) -> pd.DataFrame:
        """Return the table as a DataFrame.

        Returns
        -------
        frame : pandas.DataFrame
            The columns of `table`.

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise not_installed(f"A frame of {type(self).__name__}", "pandas", "table") from error
        columns = {}
        for name, values in self.table().items():
            try:
                columns[name] = pd.Series(values)
            except UnicodeEncodeError:
                # A string type cannot have the names of files that are not in UTF-8.
                columns[name] = pd.Series(values, dtype=object)
        return pd.DataFrame(columns)
