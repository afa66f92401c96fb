"""A prediction, and the labelled samples that it is based on."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.exceptions import NotFittedError

from skactive._engine.positions import check_positions
from skactive._rows import n_samples_of, take_rows
from skactive._text import label_text
from skactive._validation import check_integer
from skactive.inspection._colors import class_colors
from skactive.inspection._display import Display, pyplot
from skactive.inspection._explained import check_length, explained, first_of, votes_of
from skactive.inspection._label_colors import NumberColors
from skactive.inspection._texts import drawable, drawable_names, plain
from skactive.inspection._thumbnails import draw_thumbnail, thumbnail
from skactive.neighbors import VoteExplanation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray
    from sklearn.base import ClassifierMixin

    from skactive.learner import ActiveLearner

N_CLASSES_DRAWN = 8
WIDTH = 9.0
ROW_HEIGHT = 0.82
# Inches above and below the parts.
ABOVE, BELOW = 0.5, 0.25
NAME_WIDTH, PRIOR_WIDTH, TITLE_WIDTH = 17, 40, 48
OUTSIDE = "(seed set, outside the pool)"


class ExplanationDisplay(Display):
    """Draw a prediction beside the labelled samples that it is based on.

    The display shows whether a prediction is based on similar samples, and reveals wrong labels.
    The left side contains the sample and the probability of each class, the right side the
    labelled samples with their labels, their distances and their shares in the prediction. If
    labels are numbers, the left side contains them, with their shares and their mean, the
    prediction. Use `from_estimator` to create the display.

    Parameters
    ----------
    explanation : VoteExplanation
        The explanation of one prediction.
    classes : ndarray of shape (n_classes,)
        All classes, sorted; empty if labels are numbers.
    sample : ndarray or str
        The predicted sample in a readable form: an image of shape (height, width) or
        (height, width, 3), a text, or a row of features.
    neighbors : list of (ndarray or str)
        The labelled samples in the same form, in the order of `explanation`. It may be shorter than
        the explanation, if many samples have a small share.
    prior : ndarray of shape (n_classes,), default=None
        The part of the prior in the probability of each class, which no labelled sample has. None
        divides the share of the prior equally among the classes.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes that contain all parts.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    portraits_ : list of matplotlib Artist
        The thumbnails: that of the sample, then those of the labelled samples.
    class_bars_ : matplotlib BarContainer or None
        The probabilities in descending order; None if labels are numbers.
    prior_bars_ : matplotlib BarContainer or None
        The lighter ends of these bars: the part of the prior.
    stems_ : matplotlib LineCollection or None
        The labels of the labelled samples and their shares, if labels are numbers.
    prediction_line_ : matplotlib Line2D or None
        The prediction, if labels are numbers.
    share_bars_ : matplotlib BarContainer
        The shares of the labelled samples in the plot.

    See Also
    --------
    skactive.neighbors.IncrementalKNeighborsClassifier.explain : The numbers for nearest neighbours.
    skactive.semi_supervised.IncrementalLabelSpreading.explain : The numbers for label spreading.
    QueryPathDisplay : The queries of a labelling loop.

    Notes
    -----
    The probability of a class is the sum of the shares of its samples, plus its part of the prior:
    of the uniform one that `smoothing` adds, and in label spreading of the class descriptions. The
    plot contains at most the eight most probable classes. In label spreading every labelled sample
    has a share: the plot contains the eight with the largest.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skactive.inspection import ExplanationDisplay
    >>> from skactive.neighbors import IncrementalKNeighborsClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> classifier = IncrementalKNeighborsClassifier(n_neighbors=3).fit(X[:100], y[:100])
    >>> display = ExplanationDisplay.from_estimator(classifier, X, index=200, image_shape=(8, 8))
    >>> display.table()["label"]
    array([1, 1, 1])
    """

    def __init__(
        self,
        explanation: VoteExplanation,
        classes: NDArray[Any],  # labels of any type
        *,
        sample: np.ndarray | str,
        neighbors: list[np.ndarray | str],
        prior: NDArray[np.float64] | None = None,
    ) -> None:
        self.explanation = explanation
        self.classes = classes
        self.sample = sample
        self.neighbors = neighbors
        self.prior = prior

    @classmethod
    def from_estimator(
        cls,
        estimator: ActiveLearner | ClassifierMixin,
        X: ArrayLike | Sequence[object] | None = None,
        *,
        index: int = 0,
        samples: ArrayLike | Sequence[object] | None = None,
        labeled_samples: ArrayLike | Sequence[object] | None = None,
        image_shape: tuple[int, ...] | None = None,
        ax: Axes | None = None,
        title: str | None = None,
    ) -> ExplanationDisplay:
        """Explain the prediction of one sample.

        Parameters
        ----------
        estimator : ActiveLearner, BudgetedClassifier, BudgetedRegressor, Pipeline or classifier
            The estimator that predicts. Its last step must have a method `explain`, as
            `IncrementalKNeighborsClassifier`, `IncrementalKNeighborsRegressor` and
            `IncrementalLabelSpreading` do.
        X : array-like of length n_samples, default=None
            Samples in the form that the estimator takes. None uses the pool of an ActiveLearner.
        index : int, default=0
            The position of the sample that is explained.
        samples : sequence of length n_samples, default=None
            The same samples in a readable form: images (arrays, PIL images or paths of files),
            texts or features. None displays X.
        labeled_samples : sequence, default=None
            The labelled samples in a readable form: a sequence with all samples of the pool of an
            ActiveLearner, or all samples that a BudgetedClassifier was fitted on, or all samples
            ever added to any other estimator, in their order. None displays the samples of the
            pool, or the features that the classifier stores.
        image_shape : tuple of int, default=None
            The shape of images that are given as rows: (height, width) or (height, width, 3).
        ax : matplotlib Axes, default=None
            Where to draw; None creates a new figure.
        title : str, default=None
            The title; None gives the predicted label, and the probability of a class.

        Returns
        -------
        display : ExplanationDisplay
            The display with its artists.

        Raises
        ------
        IndexError
            If `index` is not the position of a sample.
        TypeError
            If the classifier cannot explain its predictions.
        ValueError
            If `samples` or `labeled_samples` have the wrong length, or rows do not have the shape
            of images.
        NotFittedError
            If no sample is labelled yet.
        ImportError
            If matplotlib is not installed.

        Examples
        --------
        >>> from skactive import ActiveLearner
        >>> from skactive.inspection import ExplanationDisplay
        >>> learner = ActiveLearner(X_pool=[[5.0, 1.0], [1.0, 4.0], [3.0, 2.0]])
        >>> learner = learner.teach([0, 1], ["apple", "orange"])
        >>> display = ExplanationDisplay.from_estimator(learner, index=2)
        >>> display.table()["index"]
        array([0, 1])
        """
        if X is None:
            if not hasattr(estimator, "X_pool"):
                raise ValueError(f"{cls.__name__} needs the samples to explain. Hint: pass X.")
            X = estimator.X_pool
            if samples is None:
                check_length("labeled_samples", labeled_samples, n_samples_of(X), "in the pool")
                samples = labeled_samples
        n_samples = n_samples_of(X)
        check_length("samples", samples, n_samples, "to explain")
        position = check_positions(
            check_integer(cls.__name__, "index", index, minimum=0), n_samples
        )
        row = take_rows(X, position)
        explanation, classes, neighbors, prior = explained(estimator, row, labeled_samples)
        if not neighbors:
            raise NotFittedError(
                "No sample is labelled yet, so that no prediction can be explained. Hint: add "
                "labelled samples first."
            )
        shown = row if samples is None else take_rows(samples, position)
        display = cls(
            explanation,
            classes,
            sample=thumbnail(cls.__name__, first_of(shown), image_shape),
            neighbors=[
                OUTSIDE if one is None else thumbnail(cls.__name__, one, image_shape)
                for one in neighbors
            ],
            prior=prior,
        )
        return display.plot(ax, title=title)

    def plot(self, ax: Axes | None = None, *, title: str | None = None) -> ExplanationDisplay:
        """Draw the sample, the probabilities and the labelled samples.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None creates a new figure.
        title : str, default=None
            The title; None gives the predicted label and its probability.

        Returns
        -------
        display : ExplanationDisplay
            This display with its artists.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        n_neighbors = len(self.neighbors)
        if ax is None:
            height = max(3.6, ABOVE + BELOW + ROW_HEIGHT * (n_neighbors + 0.4))
            place = (0.02, BELOW / height, 0.96, 1 - (ABOVE + BELOW) / height)
            ax = pyplot(self).figure(figsize=(WIDTH, height)).add_axes(place)
        self.ax_, self.figure_ = ax, ax.figure
        ax.set_axis_off()
        if title is None:
            plain(ax.set_title(self._title(), loc="left"))
        else:
            ax.set_title(title, loc="left")
        limits = self._limits()
        place = ax.inset_axes((0.0, 0.46, 0.30, 0.50))
        place.set_anchor("W")
        self.portraits_ = [draw_thumbnail(place, self.sample, limits, 34)]
        self.class_bars_ = self.prior_bars_ = self.stems_ = self.prediction_line_ = None
        if self._are_numbers:
            colors = NumberColors([self.explanation.labels[0]]).rgba(self.explanation.labels[0])
            self._draw_numbers(ax.inset_axes((0.0, 0.10, 0.30, 0.28)), colors)
        else:
            codes = np.searchsorted(self.classes, self.explanation.labels[0])
            of_classes = class_colors(codes, len(self.classes))
            colors = of_classes[codes]
            self._draw_classes(ax.inset_axes((0.11, 0.06, 0.19, 0.34)), of_classes)
        self._draw_neighbors(colors, limits)
        return self

    def table(self) -> dict[str, np.ndarray]:
        """Return the labelled samples that the prediction is based on, one row per sample.

        Returns
        -------
        table : dict of str to ndarray of shape (n_neighbors,)
            Columns 'index', 'label', 'distance' and 'share'. The index is the position in the
            pool of an ActiveLearner (-1 for a sample from outside), or among the samples that a
            BudgetedClassifier was fitted on, or the id of the sample in any other classifier.
        """
        return {
            "index": self.explanation.indices[0],
            "label": self.explanation.labels[0],
            "distance": self.explanation.distances[0],
            "share": self.explanation.shares[0],
        }

    def probabilities(self) -> NDArray[np.float64]:
        """Return the probability of each class.

        Returns
        -------
        probabilities : ndarray of shape (n_classes,)
            The probabilities in the order of `classes`; they add up to 1.

        Raises
        ------
        TypeError
            If labels are numbers.
        """
        if self._are_numbers:
            raise TypeError(
                "The labels are numbers, which have no class probabilities. Hint: `table` has the "
                "labels and their shares."
            )
        return votes_of(self.explanation, self.classes) + self._prior()

    def _prior(self) -> NDArray[np.float64]:
        if self.prior is not None:
            return self.prior
        n_classes = len(self.classes)
        return np.full(n_classes, self.explanation.prior_share[0] / n_classes)

    def _title(self) -> str:
        prediction = self.explanation.predictions[0]
        if self._are_numbers:
            return f"predicted: {label_text(float(prediction), TITLE_WIDTH)}"
        probability = self.probabilities()[np.searchsorted(self.classes, prediction)]
        return f"predicted: {drawable(prediction, TITLE_WIDTH)} ({probability:.0%})"

    @property
    def _are_numbers(self) -> bool:
        return len(self.classes) == 0

    def _limits(self) -> tuple[float, float]:
        """Return the smallest and the largest feature, so that all profiles have one scale."""
        rows = [
            one
            for one in (self.sample, *self.neighbors)
            if isinstance(one, np.ndarray) and one.ndim == 1
        ]
        values = np.concatenate([[0.0], *rows])
        return np.nanmin(values), np.nanmax(values)

    def _draw_classes(self, ax: Any, colors: np.ndarray) -> None:
        probabilities = self.probabilities()
        order = np.argsort(-probabilities, kind="stable")[:N_CLASSES_DRAWN]
        places = np.arange(len(order))
        self.class_bars_ = ax.barh(places, probabilities[order], color=colors[order], height=0.7)
        parts = np.clip(self._prior()[order], 0, probabilities[order])
        self.prior_bars_ = ax.barh(
            places, parts, left=probabilities[order] - parts, color="white", alpha=0.6, height=0.7
        )
        ax.bar_label(self.class_bars_, fmt="{:.0%}", padding=3, fontsize=8, color="0.25")
        names = drawable_names(self.classes[order].tolist(), NAME_WIDTH - 2)
        ax.set_yticks(places, names, fontsize=8, parse_math=False)
        ax.set(xlim=(0, 1), ylim=(max(len(order), 3) - 0.5, -0.5), xticks=[])
        ax.tick_params(axis="y", length=0)
        ax.spines[["top", "right", "bottom"]].set_visible(False)
        left_out = len(self.classes) - len(order)
        note = f"probability (and {left_out} more)" if left_out else "probability"
        ax.set_title(note, loc="left", fontsize=9, color="0.35")

    def _draw_numbers(self, ax: Any, colors: np.ndarray) -> None:
        labels, shares = self.explanation.labels[0], self.explanation.shares[0]
        prediction = float(self.explanation.predictions[0])
        self.stems_ = ax.vlines(labels, 0, shares, colors=colors, linewidth=3)
        style = {"color": "0.25", "linestyle": "--", "linewidth": 1.2}
        self.prediction_line_ = ax.axvline(prediction, **style)
        ax.set(ylim=(0, 1.15 * max(shares.max(), 1e-9)), yticks=[])
        ax.margins(x=0.1)
        ax.tick_params(axis="x", labelsize=8)
        ax.spines[["top", "right", "left"]].set_visible(False)
        ax.set_title("labels, by share; dashed: mean", loc="left", fontsize=9, color="0.35")

    def _draw_neighbors(self, colors: np.ndarray, limits: tuple[float, float]) -> None:
        """Draw the labelled samples, each with its label and its share in one of the colours."""
        count = len(self.neighbors)
        table = {name: column[:count] for name, column in self.table().items()}
        for x, text in ((0.37, "labelled samples"), (0.66, "label"), (0.81, "share")):
            self._write(x, 0.985, text, color="0.35", size=9)
        height = 0.95 / max(count, 4)
        middles = 0.95 - height * (np.arange(count) + 0.5)
        for place, shown in enumerate(self.neighbors):
            box = self.ax_.inset_axes((0.37, middles[place] - 0.44 * height, 0.27, 0.88 * height))
            box.set_anchor("W")
            self.portraits_.append(draw_thumbnail(box, shown, limits, 36))
            label = table["label"][place]
            if self._are_numbers:
                label = label_text(float(label), NAME_WIDTH)
            label = textwrap.fill(drawable(label, 2 * NAME_WIDTH - 2), NAME_WIDTH)
            size = 10 if "\n" not in label else 8.5
            self._write(0.66, middles[place] + 0.14 * height, label, size=size)
            distance = f"distance {table['distance'][place]:.3g}"
            self._write(0.66, middles[place] - 0.26 * height, distance, color="0.35", size=8)
        bars = self.ax_.inset_axes((0.81, 0.0, 0.19, 0.95))
        bars.set_axis_off()
        top = max(table["share"].max(), 1e-9)
        bars.set(xlim=(0, 1.35 * top), ylim=(0, 0.95))
        self.share_bars_ = bars.barh(
            middles, table["share"], height=0.36 * height, color=colors[:count]
        )
        bars.bar_label(self.share_bars_, fmt="{:.0%}", padding=3, fontsize=8.5, color="0.25")
        # A smaller share would be 0%.
        if self.explanation.prior_share[0] > 0.005:
            name = drawable(self.explanation.prior_name, PRIOR_WIDTH)
            prior = f"{name} (light): {self.explanation.prior_share[0]:.0%}"
            self._write(0.0, -0.01, prior, color="0.35", size=8)
        others = self.explanation.shares[0, count:]
        if len(others):
            rest = f"and {len(others)} more with {others.sum():.0%} in total"
            self._write(0.37, -0.01, rest, color="0.35", size=8)

    def _write(self, x: float, y: float, text: str, *, size: float, color: str = "black") -> None:
        style = {"va": "center", "fontsize": size, "color": color, "parse_math": False}
        self.ax_.text(x, y, text, transform=self.ax_.transAxes, **style)
