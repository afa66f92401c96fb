"""Labelling curves of several strategies, with bands and label savings."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import t as student_t

from skactive._text import counted, score_number, score_text
from skactive._validation import check_choice, check_method, check_number
from skactive.inspection._colors import strategy_styles
from skactive.inspection._display import Display, draw_grid, pyplot
from skactive.inspection._legends import draw_beside
from skactive.inspection._texts import draw_legend, drawable, drawable_names, plain, wrapped
from skactive.model_selection import StrategyComparison, compare_strategies

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.legend import Legend
    from matplotlib.lines import Line2D
    from numpy.typing import ArrayLike
    from sklearn.base import ClassifierMixin, RegressorMixin

    from skactive.strategies import QueryStrategy

BANDS = frozenset({"standard_error", "confidence"})

# From this number of curves on, a legend inside the axes covers them.
N_OUTSIDE = 6
NAME_WIDTH = 28
LOWEST_R2 = -1.0


class LabelingCurveDisplay(Display):
    """Draw the score of each strategy against the number of labels.

    The display compares strategies and their label savings: every curve has a band for its
    uncertainty, the legend gives the factor by which a strategy needs fewer labels than the
    baseline, and a thin line marks the score with every label. Use `from_results` to create the
    display, or `from_estimator`, which runs the labelling loops as well.

    Parameters
    ----------
    comparison : StrategyComparison
        The curves.
    band : {'standard_error', 'confidence'}, default='standard_error'
        The width of the bands: the standard error of the mean over the splits to either side,
        s / √n_splits, or the 95 % interval of Student's t around the mean. A single split has no
        band.
    baseline : str, default='random'
        The strategy that the others are compared with, drawn in grey and dashed. If the
        comparison has no strategy of that name, the legend has no label savings.
    fraction : float, default=None
        The fraction of the score with every label at which label savings are computed, above 0;
        None is 0.9. If labels are numbers, it is a fraction of the budget, at most 1: the score is
        that of the baseline with so many labels; None is 1.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    lines_ : list of matplotlib Line2D
        The curves, in the order of ``comparison.names``.
    bands_ : list of matplotlib PolyCollection
        Their bands, in the same order.
    full_score_line_ : matplotlib Line2D
        The line at the score with every label.
    legend_ : matplotlib Legend
        The legend, which names the curves and the horizontal lines.

    See Also
    --------
    skactive.model_selection.compare_strategies : Computes the curves.
    skactive.model_selection.labeling_curve : Computes the curve of one strategy.
    StrategyComparisonDisplay : Draws the differences of strategies, and their significance.

    Notes
    -----
    The splits share training samples, so that both bands are narrower than those of independent
    repetitions.

    R² below -1 is outside the axes, and in `table`.

    A strategy has the same colour in all plots. The legend is beside the axes from six curves on,
    or if it would cover a curve; a figure without other axes is then widened.

    Examples
    --------
    >>> import numpy as np
    >>> from skactive.inspection import LabelingCurveDisplay
    >>> from skactive.model_selection import StrategyComparison
    >>> comparison = StrategyComparison(
    ...     names=("random", "cdf-product"),
    ...     n_labels=np.array([10, 20]),
    ...     test_scores=np.array([[[0.5, 0.9], [0.7, 0.9]], [[0.7, 0.9], [0.7, 1.0]]]),
    ...     full_scores=np.array([0.95, 0.95]),
    ...     scoring="accuracy",
    ... )
    >>> display = LabelingCurveDisplay(comparison)
    >>> display.table()["mean"].round(2)
    array([0.6 , 0.9 , 0.7 , 0.95])
    >>> [line.get_label() for line in display.plot().lines_]
    ['random', 'cdf-product: label savings 1.0× (1.0 to 1.0)']
    """

    def __init__(
        self,
        comparison: StrategyComparison,
        *,
        band: str = "standard_error",
        baseline: str = "random",
        fraction: float | None = None,
    ) -> None:
        expected = "a StrategyComparison, which compare_strategies returns"
        check_method(self, "comparison", comparison, "paired_tests", expected)
        self.comparison = comparison
        self.band = check_choice(self, "band", band, BANDS)
        self.baseline = baseline
        self.fraction = _checked_fraction(self, fraction, comparison.kind)

    @classmethod
    def from_estimator(
        cls,
        estimator: ClassifierMixin | RegressorMixin | None,
        strategies: Mapping[str, QueryStrategy],
        X: ArrayLike,
        y: ArrayLike,
        *,
        ax: Axes | None = None,
        band: str = "standard_error",
        baseline: str = "random",
        fraction: float | None = None,
        title: str | None = None,
        **arguments: Any,  # all further arguments of `compare_strategies`
    ) -> LabelingCurveDisplay:
        """Compare strategies, and draw their labelling curves.

        Parameters
        ----------
        estimator : classifier, regressor, Pipeline or None
            The estimator that is taught, as in `compare_strategies`, which gives the default.
        strategies : dict of str to QueryStrategy
            The strategies by name.
        X : array-like of length n_samples
            Samples; the training part of a split is the pool.
        y : array-like of shape (n_samples,)
            Their labels.
        ax : matplotlib Axes, default=None
            Where to draw; None creates a new figure.
        band : {'standard_error', 'confidence'}, default='standard_error'
            The standard error to either side of the mean, or its 95 % interval.
        baseline : str, default='random'
            The strategy that the others are compared with.
        fraction : float, default=None
            The fraction of the score with every label at which label savings are computed, or of
            the budget if labels are numbers.
        title : str, default=None
            The title; None names the strategies and the number of splits.
        **arguments : dict
            Further arguments of `compare_strategies`, such as `budget`, `cv`, `scoring`,
            `n_jobs`, `random_state` and `memory`.

        Returns
        -------
        display : LabelingCurveDisplay
            The display with its artists, and with the curves in `comparison`.

        Raises
        ------
        ImportError
            If matplotlib is not installed, before any labelling loop runs.

        Examples
        --------
        >>> from sklearn.datasets import load_digits
        >>> from skactive.inspection import LabelingCurveDisplay
        >>> from skactive.strategies import CDFProduct
        >>> display = LabelingCurveDisplay.from_estimator(
        ...     None, {"cdf-product": CDFProduct()}, *load_digits(return_X_y=True),
        ...     budget=30, cv=2, random_state=0,
        ... )
        >>> display.comparison.names
        ('cdf-product',)
        """
        check_choice(cls.__name__, "band", band, BANDS)
        _checked_fraction(cls.__name__, fraction, "categorical")
        pyplot(object.__new__(cls))
        comparison = compare_strategies(estimator, strategies, X, y, **arguments)
        return cls.from_results(
            comparison, ax=ax, band=band, baseline=baseline, fraction=fraction, title=title
        )

    @classmethod
    def from_results(
        cls,
        comparison: StrategyComparison,
        *,
        ax: Axes | None = None,
        band: str = "standard_error",
        baseline: str = "random",
        fraction: float | None = None,
        title: str | None = None,
    ) -> LabelingCurveDisplay:
        """Draw the result of `compare_strategies`.

        Parameters
        ----------
        comparison : StrategyComparison
            The curves.
        ax : matplotlib Axes, default=None
            Where to draw; None creates a new figure.
        band : {'standard_error', 'confidence'}, default='standard_error'
            The standard error to either side of the mean, or its 95 % interval.
        baseline : str, default='random'
            The strategy that the others are compared with.
        fraction : float, default=None
            The fraction of the score with every label at which label savings are computed, or of
            the budget if labels are numbers.
        title : str, default=None
            The title; None names the strategies and the number of splits.

        Returns
        -------
        display : LabelingCurveDisplay
            The display with its artists.

        Raises
        ------
        ImportError
            If matplotlib is not installed.

        Examples
        --------
        >>> from sklearn.datasets import load_digits
        >>> from skactive.inspection import LabelingCurveDisplay
        >>> from skactive.model_selection import compare_strategies
        >>> from skactive.strategies import CDFProduct, RandomSampling
        >>> strategies = {"cdf-product": CDFProduct(), "random": RandomSampling()}
        >>> comparison = compare_strategies(
        ...     None, strategies, *load_digits(return_X_y=True), budget=50, cv=3, random_state=0
        ... )
        >>> LabelingCurveDisplay.from_results(comparison).ax_.get_xlabel()
        'number of labels'
        """
        display = cls(comparison, band=band, baseline=baseline, fraction=fraction)
        return display.plot(ax, title=title)

    def plot(self, ax: Axes | None = None, *, title: str | None = None) -> LabelingCurveDisplay:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None creates a new figure.
        title : str, default=None
            The title; None names the strategies and the number of splits.

        Returns
        -------
        display : LabelingCurveDisplay
            This display with its artists.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        ax = self._start(ax)
        means, lows, highs = self._curves()
        n_labels = self.comparison.n_labels
        self.lines_, self.bands_ = [], []
        labels = self._legend_labels()
        styles = strategy_styles(self.comparison.names, self.baseline)
        # A single point is no line.
        marker = "o" if len(n_labels) == 1 else None
        for place, name in enumerate(self.comparison.names):
            style = styles[name] | {"linewidth": 1.6 if name == self.baseline else 2.0}
            band = {"color": style["color"], "alpha": 0.16, "linewidth": 0}
            self.bands_.append(ax.fill_between(n_labels, lows[place], highs[place], **band))
            line = ax.plot(n_labels, means[place], label=labels[place], marker=marker, **style)
            self.lines_ += line
        full = float(self.comparison.full_scores.mean())
        marks = [self._mark_score(full, "with every label", "-")]
        self.full_score_line_ = marks[0]
        if self._has_rivals():
            marks.append(self._mark_score(*self._goal(), ":"))
        ax.set_xlabel("number of labels")
        plain(ax.set_ylabel(drawable(score_text(self.comparison.scoring), NAME_WIDTH)))
        if title is None:
            plain(ax.set_title(self._default_title(), loc="left"))
        else:
            ax.set_title(title, loc="left")
        ax.set_xlim(0, n_labels[-1])
        if self.comparison.scoring == "r2":
            # With the first labels, R² can be far below that of a constant.
            ax.set_ylim(bottom=max(ax.get_ylim()[0], LOWEST_R2))
        draw_grid(ax)
        self.legend_ = self._draw_legend([*self.lines_, *marks])
        return self

    def table(self) -> dict[str, np.ndarray]:
        """Return the numbers of the plot, one row per strategy and number of labels.

        Returns
        -------
        table : dict of str to ndarray of shape (n_rows,)
            Columns 'strategy', 'n_labels', 'mean', 'low' and 'high'; the last two are the limits
            of the band.
        """
        means, lows, highs = self._curves()
        n_points = len(self.comparison.n_labels)
        return {
            "strategy": np.repeat(self.comparison.names, n_points),
            "n_labels": np.tile(self.comparison.n_labels, len(self.comparison.names)),
            "mean": means.ravel(),
            "low": lows.ravel(),
            "high": highs.ravel(),
        }

    def _curves(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        scores, means = self.comparison.test_scores, self.comparison.mean_scores
        n_splits = scores.shape[1]
        if n_splits == 1:
            return means, means, means
        widths = scores.std(axis=1, ddof=1) / math.sqrt(n_splits)
        if self.band == "confidence":
            widths *= student_t.ppf(0.975, n_splits - 1)
        return means, means - widths, means + widths

    def _draw_legend(self, handles: list[Line2D]) -> Legend:
        """Draw the legend in the lower right corner, or beside the axes if it covers curves."""
        legend = draw_legend(
            self.ax_,
            handles,
            [handle.get_label() for handle in handles],
            loc="lower right",
            frameon=False,
            title=self._legend_title(),
            alignment="left",
        )
        legend.get_title().set(color="0.35", fontsize="small", parse_math=False)
        draw_beside(legend, self.bands_, self.lines_, always=len(self.lines_) >= N_OUTSIDE)
        return legend

    def _legend_labels(self) -> list[str]:
        names = drawable_names(self.comparison.names, NAME_WIDTH)
        if not self._has_rivals():
            return names
        # At the end of the baseline, each draw of splits has a score of its own.
        is_end = self._is_continuous and self.fraction == 1
        score = None if is_end else self._goal()[0]
        savings = self.comparison.label_savings(score, baseline=self.baseline)
        return [
            shown if name == self.baseline else f"{shown}{_savings_text(*row)}"
            for name, shown, row in zip(self.comparison.names, names, savings.tolist(), strict=True)
        ]

    def _legend_title(self) -> str:
        n_splits = self.comparison.test_scores.shape[1]
        if n_splits == 1:
            return "one split, no band"
        width = "mean ± 1 standard error" if self.band == "standard_error" else "95 % interval"
        lines = [f"band: {width} over {n_splits} splits"]
        if any(": label savings" in line.get_label() for line in self.lines_):
            baseline = drawable(self.baseline, NAME_WIDTH)
            lines += [f"label savings: against {baseline},", "at the dotted line, 95 % interval"]
        return "\n".join(lines)

    def _default_title(self) -> str:
        names = self.comparison.names
        others = [drawable(name, NAME_WIDTH) for name in names if name != self.baseline]
        baseline = drawable(self.baseline, NAME_WIDTH)
        n_splits = self.comparison.test_scores.shape[1]
        text = " and ".join(others) if len(others) <= 2 else f"{len(others)} strategies"
        if self.baseline in names:
            text = f"{text} against {baseline}" if others else baseline
        return wrapped(f"{text}, {n_splits} {'split' if n_splits == 1 else 'splits'}")

    @property
    def _is_continuous(self) -> bool:
        return self.comparison.kind == "continuous"

    def _goal(self) -> tuple[float, str]:
        """Return the score at which label savings are computed, and its name."""
        comparison = self.comparison
        if not self._is_continuous:
            full = float(comparison.full_scores.mean())
            return self.fraction * full, f"{100 * self.fraction:g} % of it"
        n_labels = comparison.n_labels
        place = int(np.argmax(n_labels >= self.fraction * n_labels[-1]))
        curve = comparison.mean_scores[comparison.names.index(self.baseline)]
        name = drawable(self.baseline, NAME_WIDTH)
        return float(curve[place]), f"{name}, {counted(int(n_labels[place]), 'label')}"

    def _has_rivals(self) -> bool:
        return self.baseline in self.comparison.names and len(self.comparison.names) > 1

    def _mark_score(self, score: float, text: str, line_style: str) -> Line2D:
        return self.ax_.axhline(
            score,
            color="0.25",
            linestyle=line_style,
            linewidth=0.8,
            zorder=1.5,
            label=f"{text}: {self._number(score)}",
        )

    def _number(self, score: float) -> str:
        return score_number(score, is_share=bool(np.abs(self.comparison.test_scores).max() <= 1))


def _checked_fraction(owner: object, fraction: float | None, kind: str) -> float:
    """Return the fraction of the full score, or of the budget if labels are numbers, or raise."""
    is_continuous = kind == "continuous"
    if fraction is None:
        return 1.0 if is_continuous else 0.9
    value = check_number(owner, "fraction", fraction, exclusive=True)
    if is_continuous and value > 1:
        raise ValueError(
            f"fraction={fraction} is above 1, but labels are numbers, and it is a fraction of the "
            "budget. Hint: choose at most 1."
        )
    return value


def _savings_text(savings: float, low: float, high: float) -> str:
    if math.isnan(savings):
        return ""
    interval = "" if math.isnan(low + high) else f" ({low:.1f} to {high:.1f})"
    return f": label savings {savings:.1f}×{interval}"
