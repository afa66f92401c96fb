"""The queries of a labelling loop, over a projection of the pool."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skactive._validation import check_choice, check_integer
from skactive.inspection._colors import UNKNOWN_COLOR
from skactive.inspection._display import Display
from skactive.inspection._label_colors import ClassColors, LabelColors, NumberColors
from skactive.inspection._projection import project
from skactive.inspection._query_marks import (
    draw_marks_legend,
    draw_numbers,
    legend_entries,
    legend_marker,
    move_apart,
)
from skactive.inspection._query_path_animation import QueryPathAnimation, staged_regions
from skactive.inspection._recorded_loop import RecordedLoop, recorded_loop
from skactive.inspection._texts import drawable, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colorbar import Colorbar
    from matplotlib.legend import Legend
    from sklearn.base import TransformerMixin

    from skactive.learner import ActiveLearner
    from skactive.model_selection import BudgetedClassifier, BudgetedRegressor

COLORED_BY = frozenset({"truth", "prediction"})
AXIS_WIDTH = 48


class QueryPathDisplay(Display):
    """Draw the queried samples in their order, over a projection of the pool.

    The display shows which samples a strategy prefers: dense regions or outliers, the borders
    between classes or their centres. Each sample of the pool is a small point in the colour of its
    class, or of its number by a colour bar; queried samples are large and numbered. `animate` shows
    how the predictions change with each label. Use `from_estimator` to create the display.

    Parameters
    ----------
    coordinates : ndarray of shape (n_samples, 2)
        The position of each sample of the pool in the plot.
    labeled : ndarray of int of shape (n_labeled,)
        Positions of the labelled samples in the pool, in the order in which their labels came.
    labels : ndarray of shape (n_labeled,)
        Their labels.
    predictions : ndarray of shape (n_samples,), default=None
        The predicted label of each sample; None before the first label.
    truth : ndarray of shape (n_samples,), default=None
        The true label of each sample, if known.
    skipped : array-like of int of shape (n_skipped,), default=()
        Positions of the skipped samples.
    axis_names : tuple of (str, str), default=("", "")
        The labels of the axes.
    continuous : bool, default=False
        Whether labels are numbers.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    points_ : matplotlib PathCollection
        All samples.
    queries_ : matplotlib PathCollection
        The labelled samples, in their order.
    numbers_ : list of matplotlib Annotation
        The numbers of the labelled samples that have one.
    skips_ : matplotlib PathCollection
        The skipped samples.
    legend_ : matplotlib Legend or None
        The legend.
    colorbar_ : matplotlib Colorbar or None
        The colour bar; None if labels are classes.

    See Also
    --------
    LabelingCurveDisplay : The score that the queries lead to.
    ExplanationDisplay : The labelled samples that lead to a prediction.

    Notes
    -----
    Up to 30 queries all have numbers. Of more queries, the first and every 5th, 10th, 25th and so
    on have one, about 15 in total. Numbers that would overlap are moved apart, and a line connects
    them with their samples. Up to ten classes all have a colour. Of more classes, the nine
    most frequent have one, and the others are grey.

    A labelled sample has the colour of its label, even if it differs from the truth.

    Examples
    --------
    >>> import numpy as np
    >>> from skactive.inspection import QueryPathDisplay
    >>> display = QueryPathDisplay(
    ...     np.array([[0.0, 0.0], [1.0, 0.2], [3.0, 1.0]]),
    ...     np.array([2, 0]),
    ...     np.array(["pear", "apple"]),
    ...     predictions=np.array(["apple", "apple", "pear"]),
    ... )
    >>> display.table()["order"]
    array([2, 0, 1])
    >>> [number.get_text() for number in display.plot().numbers_]
    ['1', '2']
    """

    def __init__(
        self,
        coordinates: NDArray[np.floating],
        labeled: NDArray[np.intp],
        labels: np.ndarray,
        *,
        predictions: np.ndarray | None = None,
        truth: np.ndarray | None = None,
        skipped: ArrayLike = (),
        axis_names: tuple[str, str] = ("", ""),
        continuous: bool = False,
    ) -> None:
        self.coordinates = coordinates
        self.labeled = labeled
        self.labels = labels
        self.predictions = predictions
        self.truth = truth
        self.skipped = np.asarray(skipped, dtype=np.intp)
        self.axis_names = axis_names
        self.continuous = continuous
        self._loop: RecordedLoop | None = None

    @classmethod
    def from_estimator(
        cls,
        estimator: ActiveLearner | BudgetedClassifier | BudgetedRegressor,
        X: ArrayLike | None = None,
        y: ArrayLike | None = None,
        *,
        projection: str | TransformerMixin | ArrayLike = "pca",
        random_state: int | np.random.RandomState | None = 0,
        ax: Axes | None = None,
        color_by: str | None = None,
        legend: bool = True,
        title: str | None = None,
    ) -> QueryPathDisplay:
        """Draw the queries of a learner or a budgeted estimator.

        Parameters
        ----------
        estimator : ActiveLearner, BudgetedClassifier or BudgetedRegressor
            The learner, or the fitted estimator.
        X : array-like of length n_samples, default=None
            The samples that a budgeted estimator was fitted on. Must be None for a learner, which
            has a pool.
        y : array-like of shape (n_samples,), default=None
            The true labels of the pool, if known; required for a budgeted estimator.
        projection : {'pca', 'umap'}, transformer or array-like of shape (n_samples, 2), \
default='pca'
            The projection into the plane: principal components (singular vectors of a sparse
            matrix), UMAP with cosine distances, a clone of a transformer with `fit_transform`, or
            an array of points. Named projections leave two dense features unchanged.
        random_state : int, RandomState instance or None, default=0
            The random state of named projections: an int gives the same picture each time.
        ax : matplotlib Axes, default=None
            Where to draw; None creates a new figure.
        color_by : {'truth', 'prediction'}, default=None
            The labels that give the points their colours; None uses the truth if it is known.
        legend : bool, default=True
            Whether to draw a legend.
        title : str, default=None
            The title; None gives the number of labelled samples and, if `y` is known, the share
            of correct predictions.

        Returns
        -------
        display : QueryPathDisplay
            The display with its artists.

        Raises
        ------
        ValueError
            If X or y is missing for a budgeted estimator, or a projection is unknown or does not
            return two numbers for each sample.
        ImportError
            If matplotlib, or umap-learn for its projection, is not installed.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from skactive import ActiveLearner
        >>> from skactive.inspection import QueryPathDisplay
        >>> X, y = load_iris(return_X_y=True)
        >>> learner = ActiveLearner(X_pool=X)
        >>> for _ in range(5):
        ...     indices = learner.query()
        ...     learner = learner.teach(indices, y[indices])
        >>> display = QueryPathDisplay.from_estimator(learner, y=y)
        >>> display.ax_.get_xlabel()
        'principal component 1 (92% of variance)'
        """
        loop, truth = recorded_loop(cls.__name__, estimator, X, y)
        coordinates, axis_names = project(cls.__name__, loop.features, projection, random_state)
        columns = getattr(loop.pool.take([0]), "columns", [])
        if axis_names[0] == "feature 1" and len(columns) == 2:
            axis_names = (str(columns[0]), str(columns[1]))
        display = cls(
            coordinates,
            loop.labeled,
            loop.labels,
            predictions=loop.predictions(),
            truth=truth,
            skipped=loop.pool.skipped,
            axis_names=axis_names,
            continuous=loop.is_continuous,
        )
        display._loop = loop
        return display.plot(ax, color_by=color_by, legend=legend, title=title)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        color_by: str | None = None,
        legend: bool = True,
        title: str | None = None,
    ) -> QueryPathDisplay:
        """Draw the pool and the queries.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None creates a new figure.
        color_by : {'truth', 'prediction'}, default=None
            The labels that give the points their colours; None uses the truth if it is known.
        legend : bool, default=True
            Whether to draw a legend.
        title : str, default=None
            The title; None gives the number of labelled samples and, if the truth is known, the
            share of correct predictions.

        Returns
        -------
        display : QueryPathDisplay
            This display with its artists.

        Raises
        ------
        ValueError
            If the points are to be coloured by the truth, which is not known.
        ImportError
            If matplotlib is not installed.
        """
        by_truth = self._is_by_truth(color_by)
        ax = self._start(ax)
        self._draw_points(self._point_colors(self.truth if by_truth else self.predictions))
        self._draw_queries()
        horizontal, vertical = (
            drawable(name, AXIS_WIDTH) if name else "" for name in self.axis_names
        )
        plain(ax.set_xlabel(horizontal), ax.set_ylabel(vertical))
        if not self._has_features():
            # Units of a projection have no meaning.
            ax.set(xticks=[], yticks=[])
        text = self.title(len(self.labeled), self.predictions) if title is None else title
        ax.set_title(text, loc="left")
        ax.spines[["top", "right"]].set_visible(False)
        self.colorbar_ = self._draw_colorbar(by_truth) if self.continuous else None
        self.legend_ = self._draw_legend(by_truth) if legend else None
        move_apart(ax, self.numbers_)
        return self

    def animate(
        self, *, every: int = 1, color_by: str | None = None, resolution: int = 100
    ) -> QueryPathAnimation:
        """Show how the predictions change as the labels arrive, frame by frame.

        The background has the colour of the label predicted at each point: the prediction itself
        if the axes are two features, else the prediction for the nearest sample in the plot.

        Parameters
        ----------
        every : int, default=1
            The number of labels from frame to frame; the last frame has all labels.
        color_by : {'truth', 'prediction'}, default=None
            The labels that give the points their colours; None uses the truth if it is known.
        resolution : int, default=100
            The number of points of the background in each direction.

        Returns
        -------
        animation : QueryPathAnimation
            The animation, which can be saved as GIF or HTML or displayed in a notebook.

        Raises
        ------
        ValueError
            If no sample is labelled, or the points are to be coloured by the truth, which is not
            known.
        ImportError
            If matplotlib is not installed.

        Notes
        -----
        Cost: with an incremental classifier that of adding the labels, plus drawing. Any other
        classifier is fitted for each frame: choose a larger `every`.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from skactive.inspection import QueryPathDisplay
        >>> from skactive.model_selection import BudgetedClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> classifier = BudgetedClassifier(budget=20).fit(X, y)
        >>> animation = QueryPathDisplay.from_estimator(classifier, X, y).animate(every=5)
        >>> animation.n_labels
        [1, 6, 11, 16, 20]
        """
        check_integer(self, "every", every, minimum=1)
        check_integer(self, "resolution", resolution, minimum=2)
        self._is_by_truth(color_by)
        if self._loop is None:
            raise ValueError(
                "This QueryPathDisplay was created from arrays, which do not contain earlier "
                "predictions. Hint: create it with QueryPathDisplay.from_estimator."
            )
        if len(self.labeled) == 0:
            raise ValueError(
                "No sample is labelled yet, so that there is nothing to animate. Hint: pass labels "
                "to `teach` first."
            )
        n_labels = [*range(1, len(self.labeled), every), len(self.labeled)]
        predictions, regions, extent = staged_regions(
            self.coordinates, self._loop, n_labels, resolution, exact=self._has_features()
        )
        return QueryPathAnimation(
            self, n_labels, predictions, regions, extent=extent, color_by=color_by
        )

    def table(self) -> dict[str, np.ndarray]:
        """Return the data of the plot, one row per sample of the pool.

        Returns
        -------
        table : dict of str to ndarray of shape (n_samples,)
            Columns 'horizontal' and 'vertical'; 'order', 1 for the sample labelled first, 0 for
            unlabelled samples; 'skipped'; 'prediction' after the first label, and 'truth' if it
            is known.
        """
        order = np.zeros(len(self.coordinates), dtype=np.intp)
        order[self.labeled] = np.arange(1, len(self.labeled) + 1)
        skipped = np.zeros(len(order), dtype=bool)
        skipped[self.skipped] = True
        table = {
            "horizontal": self.coordinates[:, 0],
            "vertical": self.coordinates[:, 1],
            "order": order,
            "skipped": skipped,
        }
        if self.predictions is not None:
            table["prediction"] = self.predictions
        if self.truth is not None:
            table["truth"] = self.truth
        return table

    def palette(self) -> tuple[np.ndarray, NDArray[np.str_]]:
        """Return the classes and their colours, independent of `color_by`.

        Returns
        -------
        classes : ndarray of shape (n_classes,)
            All labels that are known, predicted or true.
        colors : ndarray of str of shape (n_classes,)
            Their colours as '#RRGGBB'.

        Raises
        ------
        TypeError
            If labels are numbers.
        """
        if self.continuous:
            raise TypeError(
                "The labels are numbers, which have no palette of classes. Hint: their colours are "
                "those of `colorbar_`."
            )
        colors = self._class_colors()
        return colors.classes, colors.colors

    def label_colors(self) -> LabelColors:
        """Return the colours of all labels, independent of `color_by`.

        Returns
        -------
        colors : LabelColors
            They belong to classes or to numbers.
        """
        return NumberColors(self._known_labels()) if self.continuous else self._class_colors()

    def title(self, n_labels: int, predictions: np.ndarray | None) -> str:
        """Return the number of labelled samples, and the share of correct predictions or R².

        Parameters
        ----------
        n_labels : int
            The number of labelled samples.
        predictions : ndarray of shape (n_samples,) or None
            The predicted labels.

        Returns
        -------
        title : str
            The title, without the share of correct predictions if the truth is not known. Numbers
            have the coefficient of determination R² instead.
        """
        text = f"{n_labels} of {len(self.coordinates):,} samples labelled"
        if predictions is None or self.truth is None:
            return text
        if self.continuous:
            total = float(np.square(self.truth - np.mean(self.truth)).sum())
            error = float(np.square(self.truth - predictions).sum())
            return f"{text}, R² {1 - error / total:.2f}" if total > 0 else text
        return f"{text}, {np.mean(predictions == self.truth):.0%} right"

    def _is_by_truth(self, color_by: str | None) -> bool:
        if color_by is None:
            return self.truth is not None
        check_choice(self, "color_by", color_by, COLORED_BY)
        if color_by == "truth" and self.truth is None:
            raise ValueError(
                "The points cannot be coloured by the truth, which is not known. Hint: pass y."
            )
        return color_by == "truth"

    def _point_colors(self, values: np.ndarray | None) -> np.ndarray:
        if values is None:
            return np.full(len(self.coordinates), UNKNOWN_COLOR)
        return self.label_colors().names(values)

    def _draw_points(self, colors: np.ndarray) -> None:
        # Labelled samples have a point below their number: an animation shows it first.
        size = float(np.clip(6000 / max(len(colors), 1), 4, 16))
        self.points_ = self.ax_.scatter(
            *self.coordinates.T, s=size, c=colors, alpha=0.5, linewidths=0, zorder=2
        )
        self.skips_ = self.ax_.scatter(
            *self.coordinates[self.skipped].T, s=30, c="0.35", marker="x", linewidths=1, zorder=3
        )

    def _draw_queries(self) -> None:
        points, colors = self.coordinates[self.labeled], self.label_colors().names(self.labels)
        self.queries_ = self.ax_.scatter(
            *points.T, s=38, c=colors, edgecolors="white", linewidths=0.8, zorder=4
        )
        self.numbers_ = draw_numbers(self.ax_, points, colors)

    def _draw_colorbar(self, by_truth: bool) -> Colorbar | None:
        if (self.truth if by_truth else self.predictions) is None:
            return None
        scale = NumberColors(self._known_labels()).scale()
        bar = self.figure_.colorbar(scale, ax=self.ax_, fraction=0.05, pad=0.02)
        bar.set_label("label" if by_truth else "prediction")
        bar.outline.set_visible(False)
        return bar

    def _draw_legend(self, by_truth: bool) -> Legend | None:
        entries = [] if self.continuous else legend_entries(*self.palette())
        heading = ("class" if by_truth else "prediction") if entries else None
        if not entries and self.colorbar_ is None:
            entries = [("no label known yet", UNKNOWN_COLOR)]
        handles = [legend_marker(self.ax_, color, name) for name, color in entries]
        if len(self.labeled):
            handles.append(legend_marker(self.ax_, "white", "labelled, in this order", size=10))
        if len(self.skipped):
            handles.append(legend_marker(self.ax_, "0.35", "skipped", marker="x"))
        # A colour bar takes the place of the legend beside the axes.
        return draw_marks_legend(self.ax_, handles, heading, below=self.colorbar_ is not None)

    def _known_labels(self) -> list[np.ndarray]:
        seed = None if self._loop is None else self._loop.seed[1]
        parts = (self.labels, self.predictions, self.truth, seed)
        return [part for part in parts if part is not None and len(part)]

    def _class_colors(self) -> ClassColors:
        source = self.truth if self.truth is not None else self.predictions
        return ClassColors(self._known_labels(), self.labels if source is None else source)

    def _has_features(self) -> bool:
        """Return whether the axes are the two features themselves."""
        return self._loop is not None and np.array_equal(self.coordinates, self._loop.features)
