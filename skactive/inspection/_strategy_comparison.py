"""Pairwise differences of strategies, and their significance."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from skactive._text import score_text
from skactive._validation import check_method
from skactive.inspection._colors import strategy_styles
from skactive.inspection._display import Display
from skactive.inspection._texts import drawable, drawable_names, plain, wrapped
from skactive.model_selection import StrategyComparison

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Text

# Vermilion and blue of the palette of Okabe and Ito, distinguishable with any colour vision.
WORSE, EQUAL, BETTER = "#D55E00", "#FFFFFF", "#0072B2"
DIAGONAL = "0.90"
NAME_WIDTH = 20
ROUNDING = 1e-12
TESTS = {"corrected_t": "corrected resampled t-test", "wilcoxon": "Wilcoxon signed-rank test"}
CORRECTIONS = {"holm": "Holm", "benjamini_hochberg": "Benjamini-Hochberg", None: "not corrected"}


class StrategyComparisonDisplay(Display):
    """Draw the differences between all pairs of strategies, and mark the significant ones.

    A cell contains the mean difference between the curve of the strategy in its row and that in
    its column, over the number of labels and the splits, and the number of splits that the row
    wins, ties and loses. An asterisk marks significant differences. The best strategy is in the top
    row; the diagonal contains the mean height of each curve. Use `from_results` to create the
    display.

    Parameters
    ----------
    comparison : StrategyComparison
        The curves, of two strategies or more.
    n_labels : int, default=None
        The number of labels at which scores are compared; None compares the areas under the
        curves.
    test : {'corrected_t', 'wilcoxon'}, default='corrected_t'
        The paired test, as in `StrategyComparison.paired_tests`.
    correction : {'holm', 'benjamini_hochberg'}, default='holm'
        The correction of p-values for the number of pairs; None does not correct them.
    alpha : float, default=0.05
        The level below which a corrected p-value is significant, in (0, 1).
    tolerance : float, default=0.0
        The largest difference that counts as a tie, in units of the score.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    image_ : matplotlib AxesImage
        The colours.
    texts_ : ndarray of matplotlib Text of shape (n_strategies, n_strategies)
        The texts of the cells.
    marks_ : matplotlib PathCollection
        The colours of the strategies, the same as those of their curves.

    See Also
    --------
    LabelingCurveDisplay : Draws the curves.
    skactive.model_selection.StrategyComparison.paired_tests : Describes the tests.

    Examples
    --------
    >>> import numpy as np
    >>> from skactive.inspection import StrategyComparisonDisplay
    >>> from skactive.model_selection import StrategyComparison
    >>> heights = np.array([[0.75, 0.78, 0.76, 0.77], [0.80, 0.82, 0.81, 0.83]])
    >>> comparison = StrategyComparison(
    ...     names=("random", "cdf-product"),
    ...     n_labels=np.array([50]),
    ...     test_scores=heights[:, :, np.newaxis],
    ...     full_scores=np.full(4, 0.95),
    ...     scoring="accuracy",
    ...     n_train=np.full(4, 75),
    ...     n_test=np.full(4, 25),
    ... )
    >>> display = StrategyComparisonDisplay(comparison)
    >>> display.names
    ('cdf-product', 'random')
    >>> display.table()["wins"], display.table()["significant"]
    (array([4, 0]), array([ True,  True]))
    """

    def __init__(
        self,
        comparison: StrategyComparison,
        *,
        n_labels: int | None = None,
        test: str = "corrected_t",
        correction: str | None = "holm",
        alpha: float = 0.05,
        tolerance: float = 0.0,
    ) -> None:
        expected = "a StrategyComparison, which compare_strategies returns"
        check_method(self, "comparison", comparison, "paired_tests", expected)
        self.comparison = comparison
        self.n_labels = n_labels
        self._tests = comparison.paired_tests(
            n_labels=n_labels, test=test, correction=correction, alpha=alpha
        )
        counts = comparison.win_tie_loss(n_labels=n_labels, tolerance=tolerance)
        heights = comparison.area_under_curve()
        if n_labels is not None:
            heights = comparison.test_scores[:, :, comparison.n_labels.tolist().index(n_labels)]
        means = heights.mean(axis=1)
        # All that follows has the best strategy first.
        self._order = np.argsort(-means, kind="stable")
        self._heights = means[self._order]
        self._counts = counts[np.ix_(self._order, self._order)]
        self._differences = self._matrix(self._tests.mean_difference, sign=-1)
        self._significant = self._matrix(self._tests.significant)

    @classmethod
    def from_results(
        cls,
        comparison: StrategyComparison,
        *,
        ax: Axes | None = None,
        n_labels: int | None = None,
        test: str = "corrected_t",
        correction: str | None = "holm",
        alpha: float = 0.05,
        tolerance: float = 0.0,
        title: str | None = None,
    ) -> StrategyComparisonDisplay:
        """Draw the result of `compare_strategies`.

        Parameters
        ----------
        comparison : StrategyComparison
            The curves, of two strategies or more.
        ax : matplotlib Axes, default=None
            Where to draw; None creates a new figure, which grows with the number of strategies.
        n_labels : int, default=None
            The number of labels at which scores are compared; None compares the areas under the
            curves.
        test : {'corrected_t', 'wilcoxon'}, default='corrected_t'
            The paired test.
        correction : {'holm', 'benjamini_hochberg'}, default='holm'
            The correction of p-values for the number of pairs; None does not correct them.
        alpha : float, default=0.05
            The level below which a corrected p-value is significant, in (0, 1).
        tolerance : float, default=0.0
            The largest difference that counts as a tie, in units of the score.
        title : str, default=None
            The title; None names the best strategy, and the number of significant differences.

        Returns
        -------
        display : StrategyComparisonDisplay
            The display with its artists.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        display = cls(
            comparison,
            n_labels=n_labels,
            test=test,
            correction=correction,
            alpha=alpha,
            tolerance=tolerance,
        )
        return display.plot(ax, title=title)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the strategies, the best first."""
        return tuple(self.comparison.names[place] for place in self._order)

    def plot(
        self, ax: Axes | None = None, *, title: str | None = None
    ) -> StrategyComparisonDisplay:
        """Draw the cells.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None creates a new figure, which grows with the number of strategies.
        title : str, default=None
            The title; None names the best strategy, and the number of significant differences.

        Returns
        -------
        display : StrategyComparisonDisplay
            This display with its artists.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        n_strategies = len(self.names)
        size = (max(7.0, 4.4 + 0.85 * n_strategies), 2.8 + 0.62 * n_strategies)
        ax = self._start(ax, figsize=size)
        self._color()
        self.texts_ = np.empty((n_strategies, n_strategies), dtype=object)
        for row, column in np.ndindex(n_strategies, n_strategies):
            if row == column:
                text = f"{self._heights[row]:.3f}"
            else:
                star = "*" if self._significant[row, column] else ""
                wins, ties, losses = self._counts[row, column]
                difference = f"{self._differences[row, column]:+.3f}".replace("-", "−")
                text = f"{difference}{star}\n{wins}/{ties}/{losses}"
            self.texts_[row, column] = self._write(text, row, column)
        places = range(n_strategies)
        # A row has space for two lines.
        both = drawable_names(self.names, 2 * NAME_WIDTH - 2)
        rows = [textwrap.fill(name, NAME_WIDTH) for name in both]
        columns = drawable_names(self.names, NAME_WIDTH)
        ax.set_yticks(places, rows, parse_math=False)
        slanted = {"rotation": 35, "ha": "right", "rotation_mode": "anchor"}
        ax.set_xticks(places, columns, parse_math=False, **slanted)
        ax.tick_params(length=0)
        self._draw_colors()
        ax.spines[:].set_visible(False)
        ax.set_xticks(np.arange(1, n_strategies) - 0.5, minor=True)
        ax.set_yticks(np.arange(1, n_strategies) - 0.5, minor=True)
        ax.grid(which="minor", color="white", linewidth=2)
        ax.tick_params(which="minor", length=0)
        if title is None:
            plain(ax.set_title(self._default_title(), loc="left"))
        else:
            ax.set_title(title, loc="left")
        ax.set_xlabel(self._key(), loc="left", fontsize="small", color="0.35")
        ax.xaxis.label.set_multialignment("left")
        return self

    def table(self) -> dict[str, np.ndarray]:
        """Return the numbers of the cells off the diagonal, one row per cell.

        Returns
        -------
        table : dict of str to ndarray of shape (n_rows,)
            Columns 'strategy' (the row), 'against' (the column), 'mean_difference', 'wins',
            'ties', 'losses', 'p_value', 'corrected_p_value' and 'significant'.
        """
        cells = ~np.eye(len(self.names), dtype=bool)
        rows, columns = np.nonzero(cells)
        names = np.asarray(self.names)
        wins, ties, losses = self._counts[cells].T
        return {
            "strategy": names[rows],
            "against": names[columns],
            "mean_difference": self._differences[cells],
            "wins": wins,
            "ties": ties,
            "losses": losses,
            "p_value": self._matrix(self._tests.p_value)[cells],
            "corrected_p_value": self._matrix(self._tests.corrected_p_value)[cells],
            "significant": self._significant[cells],
        }

    def _matrix(self, pairs: np.ndarray, *, sign: int = 1) -> np.ndarray:
        """Return values of pairs as a matrix; `sign` is that of a pair in reverse order."""
        rows, columns = np.triu_indices(len(self.names), 1)
        matrix = np.zeros((len(self.names), len(self.names)), pairs.dtype)
        matrix[rows, columns], matrix[columns, rows] = pairs, sign * pairs
        return matrix[np.ix_(self._order, self._order)]

    def _largest_difference(self) -> float:
        """Return the largest absolute difference, 0 if it is no more than rounding."""
        largest = float(np.nanmax(np.abs(self._differences)))
        return largest if largest > ROUNDING else 0.0

    def _color(self) -> None:
        from matplotlib.colors import LinearSegmentedColormap

        scale = LinearSegmentedColormap.from_list("wins", [WORSE, EQUAL, BETTER])
        colors = scale.with_extremes(bad=DIAGONAL)
        largest = self._largest_difference() or 1.0
        off_diagonal = np.ma.masked_array(self._differences, np.eye(len(self.names), dtype=bool))
        self.image_ = self.ax_.imshow(
            off_diagonal, cmap=colors, vmin=-largest, vmax=largest, aspect="auto"
        )
        bar = self.figure_.colorbar(self.image_, ax=self.ax_, fraction=0.05, pad=0.02)
        scoring = drawable(score_text(self.comparison.scoring), NAME_WIDTH)
        bar.set_label(f"row − column,\n{scoring}", parse_math=False)
        bar.outline.set_visible(False)

    def _draw_colors(self) -> None:
        """Draw the colour of each strategy between its name and its row."""
        styles = strategy_styles(self.names)
        self.ax_.tick_params(axis="y", pad=14)
        self.marks_ = self.ax_.scatter(
            np.zeros(len(self.names)),
            range(len(self.names)),
            s=36,
            marker="s",
            c=[styles[name]["color"] for name in self.names],
            transform=_beside_rows(self.ax_),
            clip_on=False,
        )

    def _write(self, text: str, row: int, column: int) -> Text:
        # White is more legible on full blue, black on all other colours.
        on_blue = self._differences[row, column] > 0.8 * self.image_.norm.vmax
        return self.ax_.text(
            column,
            row,
            text,
            ha="center",
            va="center",
            fontsize=10 if len(self.names) <= 6 else 8.5,
            fontweight="bold" if "*" in text else "normal",
            color="0.35" if row == column else ("white" if on_blue else "black"),
        )

    def _default_title(self) -> str:
        n_others, n_beaten = len(self.names) - 1, int(self._significant[0].sum())
        first, second = (drawable(name, NAME_WIDTH) for name in self.names[:2])
        if self._largest_difference() == 0:
            return "No strategy is ahead"
        ahead = f"{first} is ahead of {second}" if n_others == 1 else f"{first} is ahead"
        if n_others == 1:
            return wrapped(f"{ahead}, {'significantly' if n_beaten else 'not significantly'}")
        if n_beaten == 0:
            return wrapped(f"{ahead}, but not significantly of any other")
        return wrapped(f"{ahead}, significantly of {n_beaten} of {n_others} others")

    def _key(self) -> str:
        n_splits = self.comparison.test_scores.shape[1]
        mean = f"mean score at {self.n_labels} labels"
        if self.n_labels is None:
            mean = "mean height of the curve"
        significance = "One split: significance is not known."
        if n_splits > 1:
            significance = (
                f"* p < {self._tests.alpha:g} over {n_splits} splits, {TESTS[self._tests.test]}, "
                f"{CORRECTIONS[self._tests.correction]}"
            )
        return "\n".join(
            [
                f"Above: {mean}, row − column; on the diagonal: of the row",
                "Below: splits won/tied/lost by the row",
                significance,
            ]
        )


def _beside_rows(ax: Axes) -> Any:
    """Return the transform of points left of the axes, at the height of rows."""
    from matplotlib.transforms import ScaledTranslation

    scale = ax.figure.dpi_scale_trans
    return ax.get_yaxis_transform() + ScaledTranslation(-8 / 72, 0, scale)
