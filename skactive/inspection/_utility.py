"""The measures behind a query, and what they come to, over all candidates."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping
from typing import Any

import numpy as np

from skactive._engine.candidate_rank import CandidateRank
from skactive._frame import as_frame
from skactive.inspection._axes import pyplot
from skactive.learner._explanation.query_explanation import check_candidate, terms_of
from skactive.strategies import UtilityComponent
from skactive.strategies._utility_component import product_of

# Okabe and Ito's blue and vermilion.
CURVE, CHOSEN = "#0072B2", "#D55E00"
GREY = "#6e6e6e"
N_COLUMNS = 4
PANEL_SIZE = (3.1, 3.0)


class UtilityDisplay:
    """Draw what a strategy goes by, over all candidates, and mark one of them.

    A panel for each measure shows which factor it makes of which value; the last one the
    utilities, which are the products of the factors, best first. So one sees which measure
    spoke for the sample, and which against it. Make one with `from_estimator`.

    Parameters
    ----------
    terms : dict of str to UtilityComponent
        What the strategy goes by, as `QueryStrategy.terms` returns it.
    candidates : ndarray of int of shape (n_candidates,)
        The positions of the candidates in the pool, ascending.
    index : int
        The position of the candidate to mark.
    name : object, default=None
        What to call it; None takes its position.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes of shape (n_panels,)
        The panels: one for each measure that makes a factor of its values, and the last.
    figure_ : matplotlib Figure
        Their figure.
    lines_ : list of matplotlib Line2D
        The curve in each panel.
    marks_ : list of matplotlib Line2D
        The mark of the candidate in each panel.

    See Also
    --------
    skactive.ActiveLearner.explain_query : Says the same in words.

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
        candidates: np.ndarray,
        index: int,
        *,
        name: Any = None,
    ) -> None:
        self.terms = dict(terms)
        self.candidates = candidates
        self.index = index
        self.name = index if name is None else name

    @classmethod
    def from_estimator(
        cls, learner: Any, index: Any = None, *, ax: Any = None, title: str | None = None
    ) -> UtilityDisplay:
        """Draw why a learner asks about a candidate.

        Parameters
        ----------
        learner : ActiveLearner
            Whose strategy and pool are looked at, as they stand now; it is not changed.
        index : int or array-like of int of shape (1,), default=None
            The position of a candidate in X_pool; None takes the one that ``query()`` returns.
        ax : matplotlib Axes or array-like of Axes of shape (n_panels,), default=None
            Where to draw, as `plot` takes it.
        title : str, default=None
            The title; None names the sample and its place.

        Returns
        -------
        display : UtilityDisplay
            What was drawn, with its artists.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If the sample is labelled or skipped already, or none is left.
        """
        pool = learner.pool
        chosen = check_candidate(pool, learner.query() if index is None else index)
        name = learner.ids[chosen : chosen + 1].tolist()[0]
        display = cls(terms_of(learner), pool.candidates, chosen, name=name)
        return display.plot(ax, title=title)

    @property
    def utilities(self) -> np.ndarray:
        """The products of the factors, shape (n_candidates,)."""
        return product_of(self.terms, len(self.candidates))

    def plot(self, ax: Any = None, *, title: str | None = None) -> UtilityDisplay:
        """Draw the panels.

        Parameters
        ----------
        ax : matplotlib Axes or array-like of Axes of shape (n_panels,), default=None
            As for scikit-learn's `PartialDependenceDisplay`: one Axes gives its place to the
            panels and is drawn no more; an array has one for each panel. None takes a new
            figure.
        title : str, default=None
            The title; None names the sample and its place.

        Returns
        -------
        display : UtilityDisplay
            This display, with its artists.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If `ax` has another number of Axes than there are panels, or lies in no grid.
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
            panel.grid(visible=True, color="0.92", linewidth=0.8)
            panel.set_axisbelow(True)
            panel.spines[["top", "right"]].set_visible(False)
        return self

    def table(self) -> dict[str, np.ndarray]:
        """Return the numbers drawn, one row per candidate.

        Returns
        -------
        table : dict of str to ndarray of shape (n_candidates,)
            Columns 'index', for each measure 'NAME_value' and 'NAME_factor', and 'utility'.
        """
        columns = {"index": self.candidates}
        for name, term in self.terms.items():
            columns |= {f"{name}_value": term.values, f"{name}_factor": term.factors}
        return columns | {"utility": self.utilities}

    def frame(self) -> Any:
        """Return the numbers drawn as a DataFrame, one row per candidate.

        Returns
        -------
        frame : pandas.DataFrame
            The columns of `table`.

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        return as_frame(self, self.table())

    @property
    def _place(self) -> int:
        return int(np.searchsorted(self.candidates, self.index))

    def _shown(self) -> dict[str, UtilityComponent]:
        """Return the terms that have a panel: where the value is the utility, one says it all."""
        if len(self.terms) == 1:
            [term] = self.terms.values()
            if np.array_equal(term.values, term.factors):
                return {}
        return self.terms

    def _default_title(self) -> str:
        standing = CandidateRank.of(self.utilities, self._place)
        return f"Sample {self.name} {standing.place()}"

    def _axes(self, ax: Any, title: str) -> np.ndarray:
        plt = pyplot(self)
        n_panels = len(self._shown()) + 1
        if ax is not None and not hasattr(ax, "get_subplotspec"):
            axes = np.asarray(ax, dtype=object).ravel()
            if len(axes) != n_panels:
                raise ValueError(
                    f"UtilityDisplay draws {n_panels} panels here. Got {len(axes)} Axes. "
                    "Hint: pass one Axes, which the panels share."
                )
            axes[0].set_title(title, loc="left", fontsize=11)
            return axes
        n_rows = math.ceil(n_panels / N_COLUMNS)
        n_columns = math.ceil(n_panels / n_rows)
        if ax is None:
            width, height = PANEL_SIZE
            size = (max(width * n_columns, 5.0), height * n_rows + 0.3)
            figure = plt.figure(figsize=size, layout="constrained")
            # A long id goes on in the next line.
            lines = textwrap.wrap(title, int(12 * size[0]), break_on_hyphens=False)
            figure.suptitle("\n".join(lines), x=0.01, ha="left", fontsize=11)
            grid = figure.add_gridspec(n_rows, n_columns)
        else:
            figure = ax.figure
            if ax.get_subplotspec() is None:
                raise ValueError(
                    "The Axes given to UtilityDisplay lies in no grid that could be divided. "
                    "Hint: make it by `plt.subplots`, or pass an array of Axes."
                )
            ax.set_axis_off()
            grid = ax.get_subplotspec().subgridspec(n_rows, n_columns, wspace=0.3, hspace=0.5)
        places = [divmod(place, n_columns) for place in range(n_panels)]
        axes = np.array([figure.add_subplot(grid[place]) for place in places], dtype=object)
        if ax is not None:
            axes[0].set_title(title, loc="left", fontsize=11)
        return axes

    def _draw_term(self, ax: Any, name: str, term: UtilityComponent) -> None:
        value, factor = float(term.values[self._place]), float(term.factors[self._place])
        order = np.argsort(term.values, kind="stable")
        self.lines_ += ax.plot(
            term.values[order], term.factors[order], color=CURVE, drawstyle="steps-post"
        )
        self._mark(ax, value, factor)
        ax.set_xlabel(f"{name}\n{value:.3g}: factor {factor:.2f}")
        ax.set_ylabel("factor")
        ax.set_ylim(-0.04, 1.08)
        if term.is_constant:
            ax.set_xticks([value])
        remark = _remark(term)
        if remark:
            place = (0.5, 0.5) if term.is_constant or term.weight == 0 else (0.04, 0.92)
            side = "center" if place[0] == 0.5 else "left"
            style = {"ha": side, "va": "center", "color": "0.35", "fontsize": "small"}
            patch = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8}
            ax.text(*place, remark, transform=ax.transAxes, bbox=patch, **style)

    def _draw_utilities(self, ax: Any) -> None:
        utilities = np.sort(self.utilities)[::-1]
        standing = CandidateRank.of(self.utilities, self._place)
        utility = float(self.utilities[self._place])
        ranks = np.arange(1, len(utilities) + 1)
        self.lines_ += ax.plot(ranks, utilities, color=GREY)
        self._mark(ax, standing.rank, utility)
        ax.set_xscale("log")
        ax.set_xlim(0.8, 1.25 * len(utilities))
        ax.xaxis.set_major_formatter("{x:,.0f}")
        ax.xaxis.set_minor_formatter("")
        ax.set_xlabel(f"rank\n{standing.rank:,}: utility {utility:.3g}")
        ax.set_ylabel("product of the factors" if self._shown() else "utility")
        if not self.terms:
            ax.set_yticks([utility])

    def _mark(self, ax: Any, x: float, y: float) -> None:
        style = {"color": CHOSEN, "linewidth": 1.0, "linestyle": ":"}
        ax.axvline(x, **style)
        ax.axhline(y, **style)
        self.marks_ += ax.plot([x], [y], "o", color=CHOSEN, markersize=8, markeredgecolor="white")


def _remark(term: UtilityComponent) -> str:
    if term.weight == 0:
        return "left out: weight 0"
    if term.is_constant:
        return "the same for all\ncandidates: says nothing"
    return "" if term.weight == 1 else f"weight {term.weight:g}"
