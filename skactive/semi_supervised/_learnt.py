"""Results that are computed when a prediction first needs them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from skactive.semi_supervised._held_out import HeldOutLabels, SpreadScores
from skactive.semi_supervised._spread_head import SpreadHead
from skactive.semi_supervised._spread_numbers import Results


@dataclass
class Learnt:
    """Results that follow from the graphs and the spread labels.

    Copies and stored estimators leave them out.
    """

    head: SpreadHead | None = None

    def __getstate__(self) -> dict[str, Any]:  # of no attribute
        return {}

    def __setstate__(self, _: dict[str, Any]) -> None:
        vars(self).update(vars(type(self)()))


@dataclass
class LearntFromSpread(Learnt):
    """Those of a classifier."""

    targets: list[tuple[SpreadScores, np.ndarray]] | None = None
    graph_weights: np.ndarray | None = None
    weight_and_temperature: tuple[float, float] | None = None
    evidence: tuple[list[HeldOutLabels], np.ndarray] | None = None

    def labels_changed(self) -> None:
        """Discard the results that follow from labels."""
        self.targets = self.graph_weights = self.weight_and_temperature = self.evidence = None


@dataclass
class LearntFromNumbers(Learnt):
    """Those of a regressor."""

    results: Results | None = None
