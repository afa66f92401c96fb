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
        return pd.DataFrame(self.table())
