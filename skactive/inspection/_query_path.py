"""Which samples were asked about, and when, over a picture of the pool."""

from __future__ import annotations

from typing import Any

import numpy as np

from skactive._frame import as_frame
from skactive._validation import check_choice, check_integer
from skactive.inspection._axes import new_axes
from skactive.inspection._colors import OTHER_COLOR, UNKNOWN_COLOR, class_colors, text_color
from skactive.inspection._played import Played, played
from skactive.inspection._projection import project
from skactive.inspection._query_path_animation import QueryPathAnimation, staged_regions

COLORED_BY = frozenset({"truth", "prediction"})
# Above this many, numbers would cover the points that they are about.
N_NUMBERED = 30
# The room around numbers of one, two and more digits, so that their discs are of a size.
DISC_PADS = {1: 0.4, 2: 0.22, 3: 0.1}


class QueryPathDisplay:
    """Draw which samples were asked about, and in which order, over the pool in the plane.

    One look tells what a strategy goes for: the crowd or the rim, the borders or the middle.
    Every sample of the pool is a small point in the colour of its class, those that were asked
    about are large and numbered. `animate` shows how the predictions change with each answer.
    Make one with `from_estimator`.

    Parameters
    ----------
    coordinates : ndarray of shape (n_samples, 2)
        Where each sample of the pool is drawn.
    labeled : ndarray of int of shape (n_labeled,)
        Positions of the labelled samples, in the order in which their labels came.
    labels : ndarray of shape (n_labeled,)
        Their labels.
    predictions : ndarray of shape (n_samples,), default=None
        What is predicted for each sample; None where nothing is known yet.
    truth : ndarray of shape (n_samples,), default=None
        The true label of each sample, where they are known.
    skipped : ndarray of int of shape (n_skipped,), default=()
        Positions of the samples that nobody could answer.
    axis_names : tuple of (str, str), default=("", "")
        What the axes are.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it was drawn.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    points_ : matplotlib PathCollection
        All samples.
    queries_ : matplotlib PathCollection
        The labelled samples, in their order.
    numbers_ : list of matplotlib Annotation
        Their numbers, as far as they are drawn.
    skips_ : matplotlib PathCollection
        The skipped samples.
    legend_ : matplotlib Legend or None
        The legend.

    See Also
    --------
    LabelingCurveDisplay : What the queries were worth.
    ExplanationDisplay : Why a prediction is what it is.

    Notes
    -----
    Up to 30 queries all have their numbers; of more, the first and every 5th, 10th, 25th and so
    on, so that about 15 numbers are drawn. Up to ten classes all have their colours; of more, the
    nine most frequent, and the others are grey.

    A labelled sample has the colour of its label, whatever the truth.

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
        coordinates: np.ndarray,
        labeled: np.ndarray,
        labels: np.ndarray,
        *,
        predictions: np.ndarray | None = None,
        truth: np.ndarray | None = None,
        skipped: Any = (),
        axis_names: tuple[str, str] = ("", ""),
    ) -> None:
        self.coordinates = coordinates
        self.labeled = labeled
        self.labels = labels
        self.predictions = predictions
        self.truth = truth
        self.skipped = np.asarray(skipped, dtype=np.intp)
        self.axis_names = axis_names
        self._played: Played | None = None

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any = None,
        y: Any = None,
        *,
        projection: Any = "pca",
        random_state: Any = 0,
        ax: Any = None,
        color_by: str | None = None,
        legend: bool = True,
        title: str | None = None,
    ) -> QueryPathDisplay:
        """Draw what a learner or a budgeted classifier asked about.

        Parameters
        ----------
        estimator : ActiveLearner or BudgetedClassifier
            Who asked; a BudgetedClassifier must be fitted.
        X : array-like of length n_samples, default=None
            What a BudgetedClassifier was fitted on. A learner has its pool: leave it None.
        y : array-like of shape (n_samples,), default=None
            The true labels of the pool, where they are known; needed for a BudgetedClassifier.
        projection : {'pca', 'umap'}, transformer or array-like of shape (n_samples, 2), \
default='pca'
            How the samples get into the plane: principal components (for a sparse matrix:
            singular vectors), UMAP by the cosine, a clone of a transformer with `fit_transform`,
            or points found elsewhere. Two dense features are drawn as they are by the first two.
        random_state : int, RandomState instance or None, default=0
            Of the projections that are named: an int gives the same picture each time.
        ax : matplotlib Axes, default=None
            Where to draw; None takes a new figure.
        color_by : {'truth', 'prediction'}, default=None
            What gives the points their colours; None takes the truth where it is known.
        legend : bool, default=True
            Whether to draw a legend.
        title : str, default=None
            The title; None says how many samples are labelled and, where `y` is known, for how
            many the prediction is right.

        Returns
        -------
        display : QueryPathDisplay
            What was drawn, with its artists.

        Raises
        ------
        ValueError
            If a BudgetedClassifier comes without X and y, or a projection is unknown or has not
            two numbers for each sample.
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
        loop, truth = played(cls.__name__, estimator, X, y)
        coordinates, axis_names = project(cls.__name__, loop.features, projection, random_state)
        if axis_names[0] == "feature 1" and loop.feature_names and len(loop.feature_names) == 2:
            axis_names = (loop.feature_names[0], loop.feature_names[1])
        display = cls(
            coordinates,
            loop.labeled,
            loop.labels,
            predictions=loop.predictions(),
            truth=truth,
            skipped=loop.skipped,
            axis_names=axis_names,
        )
        display._played = loop
        return display.plot(ax, color_by=color_by, legend=legend, title=title)

    def plot(
        self,
        ax: Any = None,
        *,
        color_by: str | None = None,
        legend: bool = True,
        title: str | None = None,
    ) -> QueryPathDisplay:
        """Draw the pool and the queries.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None takes a new figure.
        color_by : {'truth', 'prediction'}, default=None
            What gives the points their colours; None takes the truth where it is known.
        legend : bool, default=True
            Whether to draw a legend.
        title : str, default=None
            The title; None says how many samples are labelled and, where the truth is known, for
            how many the prediction is right.

        Returns
        -------
        display : QueryPathDisplay
            This display, with its artists.

        Raises
        ------
        ValueError
            If the points are to be coloured by a truth that is not known.
        ImportError
            If matplotlib is not installed.
        """
        by_truth = self._is_by_truth(color_by)
        if ax is None:
            ax = new_axes(self)
        self.ax_, self.figure_ = ax, ax.figure
        self._draw_points(self._point_colors(self.truth if by_truth else self.predictions))
        self._draw_queries()
        ax.set_xlabel(self.axis_names[0])
        ax.set_ylabel(self.axis_names[1])
        if not self._has_features():
            # Projected, a unit means nothing.
            ax.set(xticks=[], yticks=[])
        text = self.title(len(self.labeled), self.predictions) if title is None else title
        ax.set_title(text, loc="left")
        ax.spines[["top", "right"]].set_visible(False)
        self.legend_ = self._draw_legend(by_truth) if legend else None
        return self

    def animate(
        self, *, every: int = 1, color_by: str | None = None, resolution: int = 100
    ) -> QueryPathAnimation:
        """Show how the predictions change as the labels arrive, frame by frame.

        The background has the colour of the class that is predicted there: for two features drawn
        as they are the prediction itself, else that of the nearest sample in the picture.

        Parameters
        ----------
        every : int, default=1
            How many answers from frame to frame; the last frame has all of them.
        color_by : {'truth', 'prediction'}, default=None
            What gives the points their colours; None takes the truth where it is known.
        resolution : int, default=100
            How many points the background has in each direction.

        Returns
        -------
        animation : QueryPathAnimation
            To save as a GIF or HTML file, or to show in a notebook.

        Raises
        ------
        ValueError
            If no sample is labelled, or the points are to be coloured by a truth that is not
            known.
        ImportError
            If matplotlib is not installed.

        Notes
        -----
        Cost: with `IncrementalKNeighborsClassifier` that of as many answers, plus drawing. Any
        other classifier is fitted anew for each frame: choose a larger `every`.

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
        if self._played is None:
            raise ValueError(
                "This QueryPathDisplay was made of numbers alone, which do not tell what was "
                "predicted on the way. Hint: make it with QueryPathDisplay.from_estimator."
            )
        if len(self.labeled) == 0:
            raise ValueError("No sample is labelled yet: there is nothing to animate.")
        n_labels = [*range(1, len(self.labeled), every), len(self.labeled)]
        predictions, regions, extent = staged_regions(
            self.coordinates, self._played, n_labels, resolution, exact=self._has_features()
        )
        return QueryPathAnimation(
            self, n_labels, predictions, regions, extent=extent, color_by=color_by
        )

    def table(self) -> dict[str, np.ndarray]:
        """Return what is drawn, one row per sample of the pool.

        Returns
        -------
        table : dict of str to ndarray of shape (n_samples,)
            Columns 'horizontal' and 'vertical'; 'order', 1 for the sample labelled first, 0 for
            those not labelled; 'skipped'; 'prediction' where something is predicted, and 'truth'
            where it is known.
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

    def frame(self) -> Any:
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
        return as_frame(self, self.table())

    def _is_by_truth(self, color_by: str | None) -> bool:
        if color_by is None:
            return self.truth is not None
        check_choice(self, "color_by", color_by, COLORED_BY)
        if color_by == "truth" and self.truth is None:
            raise ValueError(
                "The points cannot be coloured by the truth, which is not known. Hint: pass y."
            )
        return color_by == "truth"

    def _classes(self) -> np.ndarray:
        seed = None if self._played is None else self._played.seed[1]
        parts = (self.labels, self.predictions, self.truth, seed)
        known = [part for part in parts if part is not None]
        filled = [part for part in known if len(part)]
        return np.unique(np.concatenate(filled)) if filled else np.empty(0)

    def palette(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the classes and their colours, the same whatever gives the points theirs.

        Returns
        -------
        classes : ndarray of shape (n_classes,)
            All labels that are known, predicted or true.
        colors : ndarray of str of shape (n_classes,)
            Their colours as '#RRGGBB'.
        """
        classes = self._classes()
        source = self.truth if self.truth is not None else self.predictions
        codes = np.searchsorted(classes, self.labels if source is None else source)
        return classes, class_colors(codes, len(classes))

    def _point_colors(self, values: np.ndarray | None) -> np.ndarray:
        if values is None:
            return np.full(len(self.coordinates), UNKNOWN_COLOR)
        classes, colors = self.palette()
        return colors[np.searchsorted(classes, values)]

    def _label_colors(self) -> np.ndarray:
        classes, colors = self.palette()
        return colors[np.searchsorted(classes, self.labels)] if len(self.labels) else colors[:0]

    def _draw_points(self, colors: np.ndarray) -> None:
        # The labelled ones too, under what marks them: an animation shows them before.
        size = float(np.clip(6000 / max(len(colors), 1), 4, 16))
        self.points_ = self.ax_.scatter(
            *self.coordinates.T, s=size, c=colors, alpha=0.5, linewidths=0, zorder=2
        )
        self.skips_ = self.ax_.scatter(
            *self.coordinates[self.skipped].T, s=30, c="0.35", marker="x", linewidths=1, zorder=3
        )

    def _draw_queries(self) -> None:
        places, colors = self.coordinates[self.labeled], self._label_colors()
        self.queries_ = self.ax_.scatter(
            *places.T, s=38, c=colors, edgecolors="white", linewidths=0.8, zorder=4
        )
        # A disc and its number are one artist, so that where discs overlap no number shows
        # through another.
        self.numbers_ = [
            self.ax_.annotate(
                str(place + 1),
                places[place],
                ha="center",
                va="center",
                color=text_color(colors[place]),
                fontsize=8,
                fontweight="bold",
                zorder=5,
                bbox={
                    "boxstyle": f"circle,pad={DISC_PADS[min(len(str(place + 1)), 3)]}",
                    "facecolor": colors[place],
                    "edgecolor": "white",
                    "linewidth": 0.8,
                },
            )
            for place in numbered_places(len(places)).tolist()
        ]

    def _draw_legend(self, by_truth: bool) -> Any:
        classes, colors = self.palette()
        what = "class" if by_truth else "prediction"
        entries = legend_entries(classes, colors)
        if not entries:
            entries = [("no label known yet", UNKNOWN_COLOR)]
        handles = [self._marker(color, name) for name, color in entries]
        if len(self.labeled):
            handles.append(self._marker("white", "labelled, in this order", size=10))
        if len(self.skipped):
            handles.append(self._marker("0.35", "skipped", marker="x"))
        return self.ax_.legend(
            handles=handles,
            title=what if len(classes) else None,
            loc="center left",
            bbox_to_anchor=(1.0, 0.5),
            frameon=False,
            alignment="left",
        )

    def _marker(self, color: str, label: str, *, size: float = 6, marker: str = "o") -> Any:
        return self.ax_.plot(
            [],
            [],
            linestyle="",
            marker=marker,
            markersize=size,
            color=color,
            markeredgecolor="0.35" if color == "white" else color,
            label=label,
        )[0]

    def _has_features(self) -> bool:
        """Tell whether the axes are the features themselves."""
        return self._played is not None and np.array_equal(
            self.coordinates, np.asarray(_dense(self._played.features), dtype=float)
        )

    def title(self, n_labels: int, predictions: np.ndarray | None) -> str:
        """Say how many samples are labelled, and for how many the prediction is right.

        Parameters
        ----------
        n_labels : int
            How many are labelled.
        predictions : ndarray of shape (n_samples,) or None
            What is predicted.

        Returns
        -------
        title : str
            Without the share of right predictions where the truth is not known.
        """
        text = f"{n_labels} of {len(self.coordinates):,} samples labelled"
        if predictions is None or self.truth is None:
            return text
        return f"{text}, {np.mean(predictions == self.truth):.0%} right"


def numbered_places(n_queries: int) -> np.ndarray:
    """Return which of the queries have their numbers drawn: all, or about 15 round ones."""
    if n_queries <= N_NUMBERED:
        return np.arange(n_queries)
    step = 5
    factors = (2, 2.5, 2)  # 5, 10, 25, 50, 100, 250, ...
    turn = 0
    while n_queries / step > 16:
        step = int(step * factors[turn % 3])
        turn += 1
    return np.append(0, np.arange(step, n_queries + 1, step) - 1)


def legend_entries(classes: np.ndarray, colors: np.ndarray) -> list[tuple[str, str]]:
    """Return names and colours for the legend, the classes without a colour as one entry."""
    own = [
        (str(name), color)
        for name, color in zip(classes.tolist(), colors.tolist(), strict=True)
        if color != OTHER_COLOR
    ]
    n_others = len(classes) - len(own)
    return [*own, (f"{n_others} other classes", OTHER_COLOR)] if n_others else own


def _dense(features: Any) -> Any:
    return np.empty(0) if hasattr(features, "tocsr") else features
