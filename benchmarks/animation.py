"""An animation of 100 answers on 1,000 points, against matplotlib drawing as many bare frames.

`QueryPathDisplay.animate` predicts the whole pool again after each answer, and `save` writes a
frame for each: the regions of ten classes, 1,000 points, the labels known at this time and a title.
The bare frames are 1,000 points and a title, saved by matplotlib's own `FuncAnimation` at the same
size. Both write the frames as a GIF.
"""

import tempfile
from pathlib import Path

import numpy as np
from matplotlib.animation import FuncAnimation, PillowWriter
from matplotlib.figure import Figure
from PIL import Image
from sklearn.datasets import load_digits

from benchmarks.report import Measurement, measured
from benchmarks.timing import interleaved
from skactive.inspection import QueryPathDisplay
from skactive.inspection._query_path_animation import DPI, FIGSIZE
from skactive.model_selection import BudgetedClassifier

N_SAMPLES = 1_000
N_ANSWERS = 100
N_ROUNDS = 3


def check_frames(display: QueryPathDisplay, classifier: BudgetedClassifier, X: np.ndarray) -> None:
    """Compare the last frame with the predictions of the classifier."""
    last = display.animate(every=N_ANSWERS).predictions[-1]
    np.testing.assert_array_equal(last, classifier.predict(X))


def save_bare(points: np.ndarray, path: Path) -> None:
    figure = Figure(figsize=FIGSIZE, dpi=DPI)
    ax = figure.subplots()
    drawn = ax.scatter(*points.T, s=6)

    def draw(frame: int) -> list[object]:
        ax.set_title(f"frame {frame}")
        return [drawn]

    FuncAnimation(figure, draw, frames=N_ANSWERS).save(path, writer=PillowWriter(fps=5))


def measure() -> list[Measurement]:
    X, y = load_digits(return_X_y=True)
    X, y = X[:N_SAMPLES], y[:N_SAMPLES]
    classifier = BudgetedClassifier(budget=N_ANSWERS).fit(X, y)
    display = QueryPathDisplay.from_estimator(classifier, X, y, ax=Figure().subplots())
    check_frames(display, classifier, X)
    with tempfile.TemporaryDirectory() as folder:
        paths = {kind: Path(folder, f"path.{kind}") for kind in ("gif", "html")}
        bare = Path(folder, "bare.gif")
        times = interleaved(
            {
                "predict": display.animate,
                "gif": lambda: display.animate().save(paths["gif"]),
                "html": lambda: display.animate().save(paths["html"]),
                "bare": lambda: save_bare(display.coordinates, bare),
            },
            N_ROUNDS,
            warm_up=0,
        )
        with Image.open(paths["gif"]) as gif:
            assert gif.n_frames == N_ANSWERS
    what = f"{N_ANSWERS} answers, {N_SAMPLES:,} points"
    return [
        measured(f"{what}: predictions alone", times["predict"]),
        measured(f"{what}: as a GIF", times["gif"], at_most=20),
        measured(f"{what}: as HTML", times["html"], at_most=20),
        measured("as many bare frames by FuncAnimation", times["bare"]),
        measured("GIF ÷ bare frames", times["gif"] / times["bare"], "ratio"),
    ]
