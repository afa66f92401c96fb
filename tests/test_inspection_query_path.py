"""The plot of the queries has the numbers of its table, and the animation those of a replay."""

import re
import subprocess
import sys

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import load_iris
from sklearn.decomposition import TruncatedSVD
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skactive import ActiveLearner
from skactive.inspection import QueryPathDisplay
from skactive.inspection._query_marks import numbered_places
from skactive.model_selection import BudgetedClassifier
from skactive.neighbors import IncrementalKNeighborsClassifier, NeighborGraph
from skactive.semi_supervised import IncrementalLabelSpreading

matplotlib = pytest.importorskip("matplotlib")

from matplotlib.colors import to_hex  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402
from PIL import Image  # noqa: E402

X, CODES = load_iris(return_X_y=True)
Y = np.array(["setosa", "versicolor", "virginica"])[CODES]
ORDER = [100, 7, 60, 3, 120, 80]


@pytest.fixture
def ax():
    return Figure().subplots()


def learner_of(pool=X, *, estimator=None, order=ORDER, **settings):
    return ActiveLearner(estimator, X_pool=pool, **settings).teach(order, Y[order])


def legend_texts(display):
    return [text.get_text() for text in display.legend_.get_texts()]


def test_the_queries_are_numbered_in_their_order(ax):
    display = QueryPathDisplay.from_estimator(learner_of().skip([9]), ax=ax)
    table = display.table()
    assert np.argsort(-table["order"])[: len(ORDER)].tolist() == ORDER[::-1]
    assert np.flatnonzero(table["skipped"]).tolist() == [9]
    np.testing.assert_array_equal(display.queries_.get_offsets(), display.coordinates[ORDER])
    np.testing.assert_array_equal(display.skips_.get_offsets(), display.coordinates[[9]])
    assert [number.get_text() for number in display.numbers_] == list("123456")
    assert display.numbers_[0].xy == pytest.approx(display.coordinates[100])
    assert list(display.frame().columns) == list(table)


def test_predictions_are_the_learners(ax):
    learner = learner_of()
    display = QueryPathDisplay.from_estimator(learner, ax=ax)
    np.testing.assert_array_equal(display.predictions, learner.predict(X))


@pytest.mark.parametrize("color_by", [None, "truth", "prediction"])
def test_points_have_the_colour_of_their_class(ax, color_by):
    display = QueryPathDisplay.from_estimator(learner_of(), y=Y, ax=ax, color_by=color_by)
    classes, colors = display.palette()
    values = display.predictions if color_by == "prediction" else Y
    drawn = [to_hex(color).upper() for color in display.points_.get_facecolors()]
    assert drawn == colors[np.searchsorted(classes, values)].tolist()
    assert legend_texts(display)[:3] == classes.tolist()
    right = np.mean(display.predictions == Y)
    assert ax.get_title(loc="left") == f"6 of 150 samples labelled, {right:.0%} right"


def test_the_queries_of_a_budgeted_classifier_are_drawn(ax):
    scaled = make_pipeline(StandardScaler(), IncrementalKNeighborsClassifier())
    classifier = BudgetedClassifier(scaled, budget=12).fit(X, Y)
    display = QueryPathDisplay.from_estimator(classifier, X, Y, ax=ax)
    np.testing.assert_array_equal(display.labeled, classifier.query_indices_)
    np.testing.assert_array_equal(display.predictions, classifier.predict(X))


@pytest.mark.parametrize(
    ("n_queries", "numbered"),
    [
        (0, []),
        (12, list(range(1, 13))),
        (30, list(range(1, 31))),
        (31, [1, 5, 10, 15, 20, 25, 30]),
        (150, [1, *range(10, 151, 10)]),
        (400, [1, *range(25, 401, 25)]),
    ],
)
def test_numbers_thin_out_where_there_are_many(n_queries, numbered):
    assert (numbered_places(n_queries) + 1).tolist() == numbered


def test_of_many_classes_the_frequent_ones_have_colours(ax):
    truth = np.concatenate([np.arange(20), np.full(30, 19), np.full(100, 3)])
    learner = ActiveLearner(X_pool=X).teach([19], [19])
    display = QueryPathDisplay.from_estimator(learner, y=truth, ax=ax)
    assert "11 other classes" in legend_texts(display)
    assert {"3", "19"} <= set(legend_texts(display))


def test_nothing_labelled_yet_is_a_grey_picture(ax):
    display = QueryPathDisplay.from_estimator(ActiveLearner(X_pool=X), ax=ax)
    assert legend_texts(display) == ["no label known yet"]
    assert "prediction" not in display.table()
    assert ax.get_title(loc="left") == "0 of 150 samples labelled"
    with pytest.raises(ValueError, match="so that there is nothing to animate"):
        display.animate()


@pytest.mark.parametrize(
    ("pool", "projection", "axis"),
    [
        (X, "pca", "principal component 1 (92% of variance)"),
        (sp.csr_matrix(X), "pca", "singular vector 1"),
        (X[:, :2], "pca", "feature 1"),
        (X[:, :1], "pca", "feature 1"),
        (X, TruncatedSVD(2), "TruncatedSVD 1"),
        (X, X[:, 2:].tolist(), ""),
        (np.ones((150, 3)), "pca", "principal component 1 (0% of variance)"),
    ],
)
def test_samples_get_into_the_plane(ax, pool, projection, axis):
    display = QueryPathDisplay.from_estimator(learner_of(pool), projection=projection, ax=ax)
    assert ax.get_xlabel().startswith(axis)
    assert np.isfinite(display.coordinates).all()
    assert display.animate(every=3, resolution=5).draw(0).n_labels == [1, 4, 6]


def test_two_columns_of_a_frame_name_the_axes(ax):
    pd = pytest.importorskip("pandas")
    pool = pd.DataFrame(X[:, :2], columns=["length", "width"])
    QueryPathDisplay.from_estimator(learner_of(pool), ax=ax)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("length", "width")


@pytest.mark.parametrize("seed", [False, True])
def test_each_frame_predicts_as_labels_had_spread_by_then(ax, seed):
    settings = {"X_labeled": X[[1, 70]] + 0.1, "y_labeled": Y[[1, 70]]} if seed else {}
    learner = learner_of(**settings)
    animation = QueryPathDisplay.from_estimator(learner, ax=ax).animate(every=3, resolution=7)
    for known, predictions in zip(animation.n_labels, animation.predictions, strict=True):
        earlier = learner_of(order=ORDER[:known], **settings)
        assert np.mean(predictions == earlier.predict(X)) > 0.99


def test_a_learners_graph_is_drawn_from_and_not_built_again(ax, monkeypatch):
    learner = learner_of()
    monkeypatch.setattr(NeighborGraph, "of", lambda *_, **__: pytest.fail("built again"))
    display = QueryPathDisplay.from_estimator(learner, ax=ax)
    assert len(display.animate(every=3, resolution=7).predictions) == 3


@pytest.mark.parametrize("n_features", [2, 4])
@pytest.mark.parametrize("seed", [False, True])
@pytest.mark.parametrize(
    "estimator", [IncrementalKNeighborsClassifier(), LogisticRegression(max_iter=500)]
)
def test_each_frame_predicts_as_a_classifier_fitted_on_its_labels(ax, n_features, seed, estimator):
    pool = X[:, :n_features]
    settings = {"X_labeled": pool[[1, 70]], "y_labeled": Y[[1, 70]]} if seed else {}
    learner = learner_of(pool, estimator=estimator, **settings)
    animation = QueryPathDisplay.from_estimator(learner, ax=ax).animate(every=2, resolution=7)
    assert animation.n_labels == [1, 3, 5, 6]
    for frame, known in enumerate(animation.n_labels):
        rows = [*([1, 70] if seed else []), *ORDER[:known]]
        plain = clone(estimator)
        if len(set(Y[rows])) == 1:
            continue
        plain.fit(pool[rows].astype(np.float32), Y[rows])
        expected = plain.predict(pool.astype(np.float32))
        assert np.mean(animation.predictions[frame] == expected) > 0.99
        if n_features == 2:
            left, right, low, high = animation.extent
            corners = np.array([[left, low], [right, low], [left, high], [right, high]])
            region = animation.regions[frame][[0, 0, -1, -1], [0, -1, 0, -1]]
            np.testing.assert_array_equal(region, plain.predict(corners))


class Transductive(ClassifierMixin, BaseEstimator):
    """A transductive classifier of another package, with the methods of the contracts only."""

    def fit(self, X, y):
        self._inner = IncrementalLabelSpreading().fit(X, y)
        return self

    def fit_pool(self, pool, classes=None):
        self._inner = IncrementalLabelSpreading().fit_pool(pool, classes)
        return self

    def relabel(self, indices, y):
        self._inner.relabel(indices, y)
        self.classes_ = self._inner.classes_
        return self

    def remove_labeled(self, indices):
        self._inner.remove_labeled(indices)
        return self

    def predict(self, X):
        return self._inner.predict(X)

    def predict_proba(self, X):
        return self._inner.predict_proba(X)


def test_any_transductive_classifier_is_animated(ax):
    plain = QueryPathDisplay.from_estimator(learner_of(), ax=ax).animate(every=3, resolution=5)
    learner = learner_of(estimator=Transductive())
    animation = QueryPathDisplay.from_estimator(learner, ax=ax).animate(every=3, resolution=5)
    for found, expected in zip(animation.predictions, plain.predictions, strict=True):
        np.testing.assert_array_equal(found, expected)


def test_a_frame_shows_the_labels_known_by_then(ax):
    animation = QueryPathDisplay.from_estimator(learner_of(), ax=ax).animate(every=2, resolution=5)
    shown = animation.draw(1).display_
    assert [n.get_text() for n in shown.numbers_ if n.get_visible()] == ["1", "2", "3"]
    assert len(shown.queries_.get_offsets()) == 3
    assert len(animation.rings_.get_offsets()) == 2
    assert animation.ax_.get_title(loc="left") == "3 of 150 samples labelled"
    with pytest.raises(IndexError, match=r"no frame 4\. Hint: frames are numbered from 0 to 3"):
        animation.draw(4)


def test_an_animation_is_saved_as_gif_and_html(ax, tmp_path):
    display = QueryPathDisplay.from_estimator(learner_of(), y=Y, ax=ax)
    animation = display.animate(every=2, resolution=20)
    with Image.open(animation.save(tmp_path / "path.gif", frames_per_second=10)) as gif:
        assert gif.n_frames == 4
        assert gif.info["duration"] == 100
        assert gif.convert("RGB").getpixel((2, gif.height - 2)) == (255, 255, 255)
    page = animation.save(tmp_path / "path.html", dpi=40).read_text(encoding="utf-8")
    assert page.count("data:image/png;base64") == 4
    # The page works without a network: no script, font or style is loaded.
    assert not re.search(r"https?:|<link|@import|url\(", page)
    sources = re.findall(r"""(?:src|href)=["']?([^"'\s>]*)""", page)
    assert sources
    assert all(source.startswith("data:") for source in sources)
    assert animation._repr_html_().count("data:image/png;base64") == 4
    with pytest.raises(ValueError, match=r"saved as \.gif or \.html\. Got 'path\.mp4' instead\. H"):
        animation.save(tmp_path / "path.mp4")
    with pytest.raises(ValueError, match="'frames_per_second' parameter of QueryPathAnimation"):
        animation.save(tmp_path / "path.gif", frames_per_second=0)


def test_without_pillow_matplotlib_cannot_be_imported_either():
    # Otherwise `save` would have to check for both.
    code = "import sys; sys.modules['PIL'] = None; import matplotlib.pyplot"
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert "ModuleNotFoundError: import of PIL halted" in process.stderr


@pytest.mark.parametrize(
    ("settings", "error", "sentence"),
    [
        ({"projection": "tsne"}, ValueError, r"must be one of \['pca', 'umap'\], a transformer"),
        ({"projection": 3.0}, ValueError, r"shape \(150, 2\).* gave shape \(\) instead"),
        ({"projection": X}, ValueError, r"the array gave shape \(150, 4\) instead"),
        ({"projection": object()}, TypeError, "must be one of"),
        ({"projection": np.full((150, 2), np.nan)}, ValueError, "the array has NaN or infinity"),
        ({"projection": StandardScaler()}, ValueError, "StandardScaler gave shape"),
        ({"color_by": "age"}, ValueError, "'color_by' parameter of QueryPathDisplay must be one"),
        ({"color_by": "truth"}, ValueError, r"which is not known\. Hint: pass y"),
        ({"X": X}, ValueError, "Hint: leave X out"),
        ({"y": Y[:9]}, ValueError, "inconsistent numbers of samples"),
    ],
)
def test_an_estimator_that_cannot_be_drawn_raises(ax, settings, error, sentence):
    with pytest.raises(error, match=sentence):
        QueryPathDisplay.from_estimator(learner_of(), ax=ax, **settings)


def test_a_budgeted_classifier_needs_its_samples_and_labels(ax):
    classifier = BudgetedClassifier(budget=5).fit(X, Y)
    for given in [(), (X,), (None, Y)]:
        with pytest.raises(ValueError, match="Hint: pass X and y"):
            QueryPathDisplay.from_estimator(classifier, *given, ax=ax)
    last = classifier.query_indices_.max()
    with pytest.raises(ValueError, match=f"queried sample {last}. Hint"):
        QueryPathDisplay.from_estimator(classifier, X[:last], Y[:last], ax=ax)
    with pytest.raises(TypeError, match="draws an ActiveLearner or a fitted BudgetedClassifier"):
        QueryPathDisplay.from_estimator(LogisticRegression(), X, Y, ax=ax)


def test_numbers_alone_cannot_be_animated():
    display = QueryPathDisplay(X[:, :2], np.array([0]), Y[:1])
    with pytest.raises(ValueError, match="created from arrays"):
        display.animate()


def test_missing_matplotlib_raises_with_the_extra_to_install():
    code = (
        "import sys\n"
        "sys.modules['matplotlib'] = None\n"
        "import numpy as np\n"
        "from skactive.inspection import QueryPathDisplay\n"
        "display = QueryPathDisplay(np.zeros((2, 2)), np.array([1]), np.array(['a']))\n"
        "assert display.table()['order'].tolist() == [0, 1]\n"
        "try:\n"
        "    display.plot()\n"
        "except ImportError as error:\n"
        "    assert str(error) == ('QueryPathDisplay needs matplotlib, which is not installed. '\n"
        "        \"Install it with: pip install 'skactive[plot]'\")\n"
        "else:\n"
        "    raise SystemExit('no error')\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_missing_umap_raises_with_the_extra_to_install(ax, monkeypatch):
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(ImportError, match=r"needs umap-learn, which is not.*skactive\[umap\]"):
        QueryPathDisplay.from_estimator(learner_of(), projection="umap", ax=ax)
