"""Animation of predictions as labels arrive, saved as GIF or HTML."""

from __future__ import annotations

import copy
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.neighbors import NearestNeighbors

from skactive._text import shown
from skactive._validation import check_integer, check_number
from skactive.inspection._display import pyplot
from skactive.inspection._frames import Camera, shared_palette, write_gif, write_html
from skactive.inspection._query_marks import move_apart
from skactive.inspection._recorded_loop import RecordedLoop

if TYPE_CHECKING:
    from skactive.inspection._query_path import QueryPathDisplay

FIGSIZE = (7.2, 4.6)
DPI = 90
# The opacity of the background colours on white.
TINT = 0.28
SUFFIXES = (".gif", ".html")


class QueryPathAnimation:
    """Show how predictions change as labels arrive, frame by frame.

    A notebook displays the animation with buttons to stop and to step; `save` writes a GIF or an
    HTML file. Each frame has the labels known at that time, rings around those that are new, and
    in the background the predicted class. Use `QueryPathDisplay.animate` to create an animation.

    Parameters
    ----------
    display : QueryPathDisplay
        The display that is drawn over the background.
    n_labels : list of int of length n_frames
        The number of labels known in each frame.
    predictions : list of ndarray of shape (n_samples,)
        The predicted label of each sample of the pool in each frame.
    regions : list of ndarray of shape (resolution, resolution)
        The predicted label at each point of the background in each frame, from the lower left.
    extent : tuple of (float, float, float, float)
        The left, right, lower and upper limit of the background.
    color_by : {'truth', 'prediction'}, default=None
        The labels that give the points their colours; None uses the truth if it is known.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes of the frames.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    display_ : QueryPathDisplay
        The artists of a frame.
    regions_ : matplotlib AxesImage
        The background.
    rings_ : matplotlib PathCollection
        The rings around the labels that are new.
    title_ : matplotlib Text
        The title.

    See Also
    --------
    QueryPathDisplay : Creates the animation, and draws the last frame as a picture.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skactive.inspection import QueryPathDisplay
    >>> from skactive.model_selection import BudgetedClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> classifier = BudgetedClassifier(budget=20).fit(X, y)
    >>> animation = QueryPathDisplay.from_estimator(classifier, X, y).animate(every=5)
    >>> animation.draw(1).ax_.get_title(loc="left")
    '6 of 150 samples labelled, 96% right'
    """

    def __init__(
        self,
        display: QueryPathDisplay,
        n_labels: list[int],
        predictions: list[np.ndarray],
        regions: list[np.ndarray],
        *,
        extent: tuple[float, float, float, float],
        color_by: str | None = None,
    ) -> None:
        self.display = display
        self.n_labels = n_labels
        self.predictions = predictions
        self.regions = regions
        self.extent = extent
        self.color_by = color_by

    def __len__(self) -> int:
        return len(self.n_labels)

    def draw(self, frame: int) -> QueryPathAnimation:
        """Draw one frame.

        Parameters
        ----------
        frame : int
            The number of the frame, from 0.

        Returns
        -------
        animation : QueryPathAnimation
            This animation with its artists.

        Raises
        ------
        IndexError
            If there is no frame of this number.
        ImportError
            If matplotlib is not installed.
        """
        if not 0 <= frame < len(self):
            raise IndexError(
                f"There is no frame {frame}. Hint: frames are numbered from 0 to {len(self) - 1}."
            )
        if not hasattr(self, "figure_"):
            self._prepare()
        known = self.n_labels[frame]
        before = self.n_labels[frame - 1] if frame else 0
        self.regions_.set_data(self._tinted(self.regions[frame]))
        if not self._by_truth:
            self.display_.points_.set_facecolors(self._colors.rgba(self.predictions[frame]))
        places = self.display.coordinates[self.display.labeled]
        self.display_.queries_.set_offsets(places[:known])
        self.rings_.set_offsets(places[before:known])
        for number in self.display_.numbers_:
            number.set_visible(int(number.get_text()) <= known)
        self.title_.set_text(self.display.title(known, self.predictions[frame]))
        return self

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        frames_per_second: float = 5.0,
        dpi: int = DPI,
    ) -> Path:
        """Write the animation to a file.

        Parameters
        ----------
        path : str or path-like
            The file; its name ends in .gif, or in .html for a page with buttons to stop and step.
        frames_per_second : float, default=5.0
            The speed of the animation, above 0.
        dpi : int, default=90
            Pixels per inch of a figure of 7.2 × 4.6 inches.

        Returns
        -------
        path : pathlib.Path
            The file.

        Raises
        ------
        ValueError
            If the name has another ending.
        ImportError
            If matplotlib is not installed.
        """
        check_number(self, "frames_per_second", frames_per_second, exclusive=True)
        check_integer(self, "dpi", dpi, minimum=1)
        file = Path(path)
        if file.suffix not in SUFFIXES:
            raise ValueError(
                f"An animation is saved as {' or '.join(SUFFIXES)}. "
                f"Got {shown(file.name)} instead. "
                "Hint: programs such as ffmpeg convert a GIF into a film."
            )
        write = write_gif if file.suffix == ".gif" else write_html
        camera = self._camera(dpi)
        some = [camera.shoot() for frame in (0, len(self) // 2, len(self) - 1) if self.draw(frame)]
        shots = (camera.shoot() for frame in range(len(self)) if self.draw(frame))
        write(file, shots, shared_palette(some, self._exact_colors()), frames_per_second)
        return file

    def _repr_html_(self) -> str:
        with tempfile.TemporaryDirectory() as folder:
            return self.save(Path(folder, "animation.html")).read_text(encoding="utf-8")

    def _camera(self, dpi: int) -> Camera:
        self.draw(0)
        shown = self.display_
        moving = [self.regions_, shown.points_, shown.skips_, shown.queries_, self.rings_]
        return Camera(self.ax_, [*moving, *shown.numbers_, self.title_], dpi)

    def _exact_colors(self) -> np.ndarray:
        ends = np.array([[255, 255, 255], [0, 0, 0]])
        exact = self._colors.exact()
        own = (255 * exact).round().astype(int)
        return np.unique(np.vstack([ends, own[:, :3], tinted(exact)[:, :3]]), axis=0)

    def _tinted(self, labels: np.ndarray) -> np.ndarray:
        return tinted(self._colors.rgba(labels))

    def _prepare(self) -> None:
        """Create all artists once: a frame only changes their data."""
        pyplot(self)
        from matplotlib.figure import Figure

        # A figure of pyplot would be displayed with the last frame as well.
        figure = Figure(figsize=FIGSIZE, dpi=DPI, layout="constrained")
        self.ax_ = figure.subplots()
        self.display_ = copy.copy(self.display).plot(self.ax_, color_by=self.color_by)
        self._by_truth = self.color_by != "prediction" and self.display.truth is not None
        self._colors = self.display.label_colors()
        self.regions_ = self.ax_.imshow(
            self._tinted(self.regions[0]),
            extent=self.extent,
            origin="lower",
            aspect="auto",
            interpolation="nearest",
            zorder=0,
        )
        self.ax_.axis(self.extent)
        self.rings_ = self.ax_.scatter(
            [], [], s=300, facecolors="none", edgecolors="black", linewidths=1.6, zorder=4.5
        )
        self.title_ = self.ax_.set_title(self.ax_.get_title(loc="left"), loc="left")
        # The layout of the first frame stays, so that frames do not move.
        figure.draw_without_rendering()
        figure.set_layout_engine("none")
        move_apart(self.ax_, self.display_.numbers_)
        self.figure_ = figure


def tinted(colors: np.ndarray) -> np.ndarray:
    """Return colours of the background, lighter, with values from 0 to 255."""
    return np.asarray((255 * (TINT * colors + (1 - TINT))).round().astype(np.uint8))


def staged_regions(
    coordinates: np.ndarray,
    loop: RecordedLoop,
    n_labels: list[int],
    resolution: int,
    *,
    exact: bool,
) -> tuple[list[np.ndarray], list[np.ndarray], tuple[float, float, float, float]]:
    """Return the predictions for samples and points after given numbers of labels.

    Parameters
    ----------
    coordinates : ndarray of shape (n_samples, 2)
        The samples in the plane.
    loop : RecordedLoop
        The labelling loop.
    n_labels : list of int
        Numbers of labels.
    resolution : int
        The number of points in each direction.
    exact : bool
        Whether the coordinates are the features, so that labels of points can be predicted.

    Returns
    -------
    predictions : list of ndarray of shape (n_samples,)
        Labels of the samples.
    regions : list of ndarray of shape (resolution, resolution)
        Labels of the points, or those of their nearest samples.
    extent : tuple of (float, float, float, float)
        The left, right, lower and upper limit of the points.
    """
    low, high = coordinates.min(axis=0), coordinates.max(axis=0)
    margin = np.where(high > low, 0.06 * (high - low), 1.0)
    low, high = low - margin, high + margin
    across, up = (np.linspace(low[i], high[i], resolution) for i in range(2))
    points = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
    rows, n_samples = loop.features, len(coordinates)
    if exact:
        rows = np.vstack([rows, points])
        region: Any = slice(n_samples, None)
    else:
        nearest = NearestNeighbors(n_neighbors=1).fit(coordinates)
        region = nearest.kneighbors(points, return_distance=False)[:, 0]
    stages = list(loop.staged_predictions(rows, n_labels))
    predictions = [stage[:n_samples] for stage in stages]
    regions = [stage[region].reshape(resolution, resolution) for stage in stages]
    return predictions, regions, (low[0], high[0], low[1], high[1])
