"""The components of a query strategy's utility, over all candidates."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skactive._engine.candidate_rank import CandidateRank
from skactive._engine.distances import UNDEFINED
from skactive.inspection._display import Display, draw_grid, pyplot
from skactive.inspection._texts import drawable, plain
from skactive.learner import ActiveLearner
from skactive.strategies import UtilityComponent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Blue and vermilion of Okabe and Ito's palette.
CURVE, CHOSEN = "#0072B2", "#D55E00"
GREY = "#6e6e6e"
NAME_WIDTH, MEASURE_WIDTH = 200, 28
N_COLUMNS = 4
PANEL_SIZE = (3.1, 3.0)
# Fewer candidates are drawn as points: few points are monotone by chance.
N_FOR_LINE = 20
N_LARGE_POINTS = 200


class UtilityDisplay(Display):
    """Draw the components of a query strategy's utility over all candidates, and mark one.

    Each measure has a panel that shows the factor of each candidate against its value. The last
    panel shows the utilities, which are the products of the factors, in descending order. The
    panels show which measures raise the utility of the marked candidate and which lower it. Use
    `from_estimator` to create the display.

    Parameters
    ----------
    terms : dict of str to UtilityComponent
        The components of the utility, as `QueryStrategy.terms` returns them.
    candidates : ndarray of int of shape (n_candidates,)
        The positions of the candidates in the pool, in ascending order.
    index : int
        The position of the candidate to mark.
    name : object, default=None
        The name of the marked candidate in the title; None uses its position.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes of shape (n_panels,)
        The panels: one for each measure whose factor differs from its value, and the last.
    figure_ : matplotlib Figure
        The figure of the panels.
    lines_ : list of matplotlib Line2D
        The candidates in each panel, as a line or as points.
    marks_ : list of matplotlib Line2D
        The mark of the candidate in each panel.

    See Also
    --------
    skactive.ActiveLearner.explain_query : The same explanation as text.

    Notes
    -----
    A line connects the candidates where the factor is a monotone function of the value, such as
    the distribution function in `CDFProduct`. Where it is not, as for the uncertainty in
    `UncertaintyHerding`, or with fewer than 20 candidates, each candidate is a point.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skactive import ActiveLearner
    >>> from skactive.inspection import UtilityDisplay
    >>> from skactive.strategies import CDFProduct
    >>> X, y = load_digits(return_X_y=True)
    >>> learner = ActiveLearner(None, CDFProduct(), X).teach(range(20), y[:20])
    >>> display = UtilityDisplay.from_estimator(learner)
    >>> [ax.get_xlabel().splitlines()[0] for ax in display.axes_]
    ['uncertainty', 'density', 'diversity', 'rank']
    """

    def __init__(
        self,
        terms: Mapping[str, UtilityComponent],
        candidates: NDArray[np.intp],
        index: int,
        *,
        name: object = None,
    ) -> None:
        self.terms = dict(terms)
        self.candidates = candidates
        self.index = index
        self.name = index if name is None else name

    @classmethod
    def from_estimator(
        cls,
        learner: ActiveLearner,
        index: ArrayLike | None = None,
        *,
        ax: Axes | ArrayLike | None = None,
        title: str | None = None,
    ) -> UtilityDisplay:
        """Draw the components of a candidate's utility in the current state of a learner.

        Parameters
        ----------
        learner : ActiveLearner
            The learner whose strategy and pool are drawn; it is not changed.
        index : int or array-like of int of shape (1,), default=None
            The position of a candidate in X_pool; None uses the result of ``query()``.
        ax : matplotlib Axes or array-like of Axes of shape (n_panels,), default=None
            Where to draw, as in `plot`.
        title : str, default=None
            The title; None gives the name of the sample and its rank.

        Returns
        -------
        display : UtilityDisplay
            The display with its artists.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError
            If the strategy has no method `terms`.
        ValueError
            If the sample is labelled or skipped already, or no candidate is left.
        """
        if len(learner.candidates) == 0:
            raise ValueError(
                f"{cls.__name__} draws the candidates, and no sample is left to label. "
                "Hint: draw it before the last sample is labelled or skipped."
            )
        explanation = learner.explain_query(learner.query() if index is None else index)
        terms = learner.strategy.terms(learner.pool)
        display = cls(terms, learner.candidates, explanation.index, name=explanation.name)
        return display.plot(ax, title=title)

    @property
    def utilities(self) -> NDArray[np.float64]:
        """The products of the factors, shape (n_candidates,)."""
        return UtilityComponent.product(self.terms, len(self.candidates))

    def plot(
        self, ax: Axes | ArrayLike | None = None, *, title: str | None = None
    ) -> UtilityDisplay:
        """Draw the panels.

        Parameters
        ----------
        ax : matplotlib Axes or array-like of Axes of shape (n_panels,), default=None
            As in scikit-learn's `PartialDependenceDisplay`: the panels replace a single Axes; an
            array has one Axes for each panel. None creates a new figure.
        title : str, default=None
            The title; None gives the name of the sample and its rank.

        Returns
        -------
        display : UtilityDisplay
            This display with its artists.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If the number of Axes in `ax` is not the number of panels, or a single Axes is not
            part of a grid.
        """
        self.axes_ = self._axes(ax, self._default_title() if title is None else title)
        self.figure_ = self.axes_[0].figure
        self.lines_: list[Any] = []
        self.marks_: list[Any] = []
        shown = self._shown()
        for panel, (name, term) in zip(self.axes_[:-1], shown.items(), strict=True):
            self._draw_term(panel, name, term)
        self._draw_utilities(self.axes_[-1])
        for panel in self.axes_:
            draw_grid(panel)
        return self

    def table(self) -> dict[str, np.ndarray]:
        """Return the numbers in the panels, one row per candidate.

        Returns
        -------
        table : dict of str to ndarray of shape (n_candidates,)
            Columns 'index', for each measure 'NAME_value' and 'NAME_factor', and 'utility'.
        """
        columns: dict[str, np.ndarray] = {"index": self.candidates}
        for name, term in self.terms.items():
            columns |= {f"{name}_value": term.values, f"{name}_factor": term.factors}
        return columns | {"utility": self.utilities}

    @property
    def _place(self) -> int:
        return int(np.searchsorted(self.candidates, self.index))

    def _shown(self) -> dict[str, UtilityComponent]:
        """Return the components with a panel: none where a single value is the utility."""
        if len(self.terms) == 1:
            [term] = self.terms.values()
            if np.array_equal(term.values, term.factors):
                return {}
        return self.terms

    def _default_title(self) -> str:
        rank = CandidateRank.of(self.utilities, self._place)
        return f"Sample {drawable(self.name, NAME_WIDTH)} {rank.place()}"

    def _axes(self, ax: Any, title: str) -> np.ndarray:
        n_panels = len(self._shown()) + 1
        n_rows = math.ceil(n_panels / N_COLUMNS)
        n_columns = math.ceil(n_panels / n_rows)
        if ax is None:
            width, height = PANEL_SIZE
            size = (max(width * n_columns, 5.5), height * n_rows + 0.3)
            figure = pyplot(self).figure(figsize=size, layout="constrained")
            # A long name continues in the next line.
            lines = textwrap.wrap(title, int(12 * size[0]), break_on_hyphens=False)
            plain(figure.suptitle("\n".join(lines), x=0.01, ha="left", fontsize=11))
            return _panels(figure, figure.add_gridspec(n_rows, n_columns), n_panels)
        if hasattr(ax, "get_subplotspec"):
            if ax.get_subplotspec() is None:
                raise ValueError(
                    "The Axes passed to UtilityDisplay is not part of a grid, so that it cannot be "
                    "divided into panels. Hint: create it by `plt.subplots`, or pass an array of "
                    "Axes."
                )
            ax.set_axis_off()
            grid = ax.get_subplotspec().subgridspec(n_rows, n_columns, wspace=0.5, hspace=0.5)
            axes = _panels(ax.figure, grid, n_panels)
        else:
            axes = np.asarray(ax, dtype=object).ravel()
            if len(axes) != n_panels:
                raise ValueError(
                    f"UtilityDisplay draws {n_panels} panels here. Got {len(axes)} Axes. "
                    "Hint: pass one Axes, which the panels share."
                )
        plain(axes[0].set_title(title, loc="left", fontsize=11))
        return axes

    def _draw_term(self, ax: Any, name: str, term: UtilityComponent) -> None:
        value, factor = float(term.values[self._place]), float(term.factors[self._place])
        order = np.lexsort((term.factors, term.values))
        values, factors = term.values[order], term.factors[order]
        self.lines_ += ax.plot(values, factors, **_style(values, factors))
        self._mark(ax, value, factor)
        shown = drawable(name, MEASURE_WIDTH)
        label = f"{shown}\nvalue {_number(value)}, factor {_number(factor)}"
        # Beside the axes, a remark covers no candidate.
        plain(ax.set_xlabel("\n".join([label, *_remarks(term)])))
        ax.set_ylabel("factor")
        ax.set_ylim(_limits(factors))
        if values[0] == values[-1]:
            ax.set_xticks([value], [_number(value)])
            margin = 0.5 * abs(value) or 0.5
            ax.set_xlim(value - margin, value + margin)
        elif values[-1] >= UNDEFINED:
            _compress_undefined(ax, values)

    def _draw_utilities(self, ax: Any) -> None:
        utilities = np.sort(self.utilities)[::-1]
        rank = CandidateRank.of(self.utilities, self._place).rank
        utility = float(self.utilities[self._place])
        ranks = np.arange(1, len(utilities) + 1)
        self.lines_ += ax.plot(ranks, utilities, color=GREY)
        self._mark(ax, rank, utility)
        ax.set_xscale("log")
        ax.set_xlim(0.8, 1.25 * len(utilities))
        ax.xaxis.set_major_formatter("{x:,.0f}")
        ax.xaxis.set_minor_formatter("")
        label = f"rank\nrank {rank:,}, utility {_number(utility)}"
        name = ": ".join(["utility", *(drawable(name, MEASURE_WIDTH) for name in self.terms)])
        plain(ax.set_ylabel("product of the factors" if self._shown() else name))
        if _is_same(utilities):
            ax.set_yticks([utility], [_number(utility)])
            ax.set_ylim(utility - 1, utility + 1)
            if len(utilities) > 1:
                label += "\nsame utility for all candidates"
        ax.set_xlabel(label)

    def _mark(self, ax: Any, x: float, y: float) -> None:
        style = {"color": CHOSEN, "linewidth": 1.0, "linestyle": ":"}
        ax.axvline(x, **style)
        ax.axhline(y, **style)
        self.marks_ += ax.plot([x], [y], "o", color=CHOSEN, markersize=8, markeredgecolor="white")


def _panels(figure: Any, grid: Any, n_panels: int) -> np.ndarray:
    return np.array([figure.add_subplot(grid[place]) for place in range(n_panels)], dtype=object)


def _style(values: np.ndarray, factors: np.ndarray) -> dict[str, Any]:
    """Return how to draw factors against ascending values: as a line, or as points."""
    if len(values) >= N_FOR_LINE and _is_monotone(values, factors):
        return {"color": CURVE}
    size, alpha = (4.0, 0.8) if len(values) <= N_LARGE_POINTS else (2.5, 0.4)
    return {
        "color": CURVE,
        "linestyle": "none",
        "marker": "o",
        "markersize": size,
        "markeredgewidth": 0.0,
        "alpha": alpha,
    }


def _is_monotone(values: np.ndarray, factors: np.ndarray) -> bool:
    """Return whether factors are a monotone function of ascending values, up to rounding."""
    steps = np.diff(factors)
    steps[np.abs(steps) <= 1e-9 * np.abs(factors).max()] = 0.0
    is_function = not steps[values[1:] == values[:-1]].any()
    return is_function and bool((steps >= 0).all() or (steps <= 0).all())


def _is_same(numbers: np.ndarray) -> bool:
    return bool(numbers.min() == numbers.max())


def _limits(factors: np.ndarray) -> tuple[float, float]:
    """Return limits of the vertical axis that begin at 0, where no factor is negative."""
    low, high = min(float(factors.min()), 0.0), float(factors.max())
    high = max(high, 0.0) if high > 1 or low < 0 else 1.0
    margin = 0.04 * (high - low)
    return low - margin, high + 2 * margin


def _compress_undefined(ax: Any, values: np.ndarray) -> None:
    """Compress the horizontal axis between the largest defined distance and the undefined ones."""
    low, high = float(values[0]), float(values[values < UNDEFINED].max(initial=0.0)) or 1.0
    n_decades = math.log10(UNDEFINED / high)
    ax.set_xscale("symlog", linthresh=high, linscale=n_decades)
    ax.set_xlim(min(low - 0.1 * (high - low), 0.9 * high), 1e4 * UNDEFINED)
    ticks = sorted({min(low, high), high, UNDEFINED})
    ax.set_xticks(ticks, [_number(tick) for tick in ticks])
    ax.minorticks_off()


def _number(value: float) -> str:
    # Adding 0 removes the sign of a negative zero.
    return "undefined" if value >= UNDEFINED else f"{value + 0.0:.3g}".replace("-", "−")


def _remarks(term: UtilityComponent) -> list[str]:
    """Return the remark about a component, or nothing."""
    if term.weight == 0:
        return ["left out: weight 0"]
    if len(term.values) == 1:
        return []
    if term.is_constant and _is_same(term.factors):
        return ["same value for all: no effect"]
    if _is_same(term.factors):
        return ["same factor for all"]
    return [] if term.weight == 1 else [f"weight {term.weight:g}"]
