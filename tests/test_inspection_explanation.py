"""The explanation shows the samples that voted, from each kind of classifier."""

import sys

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skactive import ActiveLearner
from skactive.inspection import ExplanationDisplay
from skactive.model_selection import BudgetedClassifier
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.semi_supervised import IncrementalLabelSpreading

matplotlib = pytest.importorskip("matplotlib")

from matplotlib.collections import PolyCollection  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402
from matplotlib.image import AxesImage  # noqa: E402
from matplotlib.text import Text  # noqa: E402
from PIL import Image  # noqa: E402

X, Y = load_digits(return_X_y=True)
X, Y = X[:200], Y[:200]
TEXTS = ["a red apple costs $1 or $2", "green apple", "an orange", "the orange sun", "pear tree"]
KINDS = ["apple", "apple", "orange", "orange", "pear"]


@pytest.fixture
def ax():
    return Figure().subplots()


def test_shares_labels_and_probabilities_are_the_classifiers(ax):
    classifier = IncrementalKNeighborsClassifier().fit(X[:100], Y[:100])
    display = ExplanationDisplay.from_estimator(classifier, X, index=150, ax=ax)
    explanation, table = classifier.explain(X[[150]]), display.table()
    np.testing.assert_array_equal(table["index"], explanation.indices[0])
    np.testing.assert_array_equal(table["label"], Y[table["index"]])
    np.testing.assert_array_equal(table["share"], explanation.shares[0])
    expected = classifier.predict_proba(X[[150]])[0]
    np.testing.assert_allclose(display.probabilities(), expected)
    assert [bar.get_width() for bar in display.share_bars_] == table["share"].tolist()
    widths = [bar.get_width() for bar in display.class_bars_]
    assert widths == pytest.approx(np.sort(expected)[::-1][:8])
    assert ax.get_title(loc="left") == f"predicted: {Y[150]} ({expected.max():.0%})"
    for shown, row in zip(display.neighbors, table["index"], strict=True):
        np.testing.assert_array_equal(shown, X[row])
    assert list(display.frame().columns) == ["index", "label", "distance", "share"]


def test_a_learner_names_positions_after_any_undo(ax):
    learner = ActiveLearner(X_pool=X, X_labeled=X[:2] + 1, y_labeled=Y[:2])
    learner.teach([50, 40, 30], Y[[50, 40, 30]]).teach([60], Y[[60]])
    learner.undo()
    learner.skip([61]).teach([90, 60], Y[[90, 60]]).relabel([40], [5])
    explanation = learner.explain(X[[50, 40, 30, 60, 90]])
    assert explanation.indices[:, 0].tolist() == [50, 40, 30, 60, 90]
    assert learner.explain(X[:2] + 1).indices[:, 0].tolist() == [-1, -1]
    display = ExplanationDisplay.from_estimator(learner, X[:2] + 1, index=1, ax=ax)
    assert display.neighbors[0] == "(seed set, outside the pool)"
    own = ExplanationDisplay.from_estimator(learner, index=40, image_shape=(8, 8), ax=ax)
    np.testing.assert_array_equal(own.sample, X[40].reshape(8, 8))
    assert (own.table()["index"][0], own.table()["label"][0]) == (40, 5)


def test_a_budgeted_classifier_names_positions_in_its_training_data(ax):
    scaled = make_pipeline(StandardScaler(), IncrementalKNeighborsClassifier())
    classifier = BudgetedClassifier(scaled, budget=20).fit(X, Y)
    position = classifier.query_indices_[7]
    names = [f"photo {number}" for number in range(200)]
    display = ExplanationDisplay.from_estimator(
        classifier, X, index=int(position), labeled_samples=names, ax=ax
    )
    assert display.neighbors[0] == f"photo {position}"
    assert display.table()["index"][0] == position
    plain = ExplanationDisplay.from_estimator(classifier, X, index=int(position), ax=ax)
    assert isinstance(plain.portraits_[1], PolyCollection)
    with pytest.raises(
        ValueError, match="Hint: pass all samples that the classifier was fitted on"
    ):
        ExplanationDisplay.from_estimator(
            classifier, X, index=int(position), labeled_samples=names[:1], ax=ax
        )


def test_texts_are_shown_as_texts(ax):
    classifier = make_pipeline(TfidfVectorizer(), IncrementalKNeighborsClassifier(3))
    learner = ActiveLearner(classifier, X_pool=TEXTS).teach([0, 2, 4], ["apple", "orange", "pear"])
    display = ExplanationDisplay.from_estimator(learner, index=1, ax=ax)
    assert display.neighbors[0] == TEXTS[0]
    assert all(isinstance(artist, Text) for artist in display.portraits_)
    assert display.portraits_[1].get_text() == "a red apple costs $1 or $2"
    display.figure_.canvas.draw()
    fitted = classifier.fit(TEXTS, KINDS)
    display = ExplanationDisplay.from_estimator(
        fitted, ["my apple " * 90], labeled_samples=TEXTS, ax=ax
    )
    assert display.neighbors[0] == "green apple"
    lines = display.portraits_[0].get_text().splitlines()
    assert len(lines) == 4
    assert max(map(len, lines)) <= 34


@pytest.mark.parametrize("kind", ["path", "str", "pillow", "array", "colour", "upright"])
def test_images_of_each_kind_are_shown_as_images(ax, tmp_path, kind):
    pixels = np.uint8(np.linspace(0, 255, 24).reshape(4, 6))
    image = Image.fromarray(pixels)
    image.save(tmp_path / "photo.png")
    tag = Image.Exif()
    tag[0x0112] = 6  # a quarter turn
    image.save(tmp_path / "turned.jpg", exif=tag)
    sample, shape = {
        "path": (tmp_path / "photo.png", (4, 6, 3)),
        "str": (str(tmp_path / "photo.png"), (4, 6, 3)),
        "pillow": (image, (4, 6, 3)),
        "array": (pixels[:, :, np.newaxis], (4, 6)),
        "colour": (np.stack([pixels] * 3, axis=2), (4, 6, 3)),
        "upright": (tmp_path / "turned.jpg", (6, 4, 3)),
    }[kind]
    classifier = IncrementalKNeighborsClassifier().fit(X[:2], ["a", "b"])
    display = ExplanationDisplay.from_estimator(
        classifier, X[:1], samples=[sample], labeled_samples=[sample, sample], ax=ax
    )
    assert all(isinstance(artist, AxesImage) for artist in display.portraits_)
    assert display.sample.shape == shape


def test_an_unreadable_image_is_marked(ax, tmp_path):
    (tmp_path / "broken.png").write_bytes(b"no image")
    names = [str(tmp_path / "broken.png"), str(tmp_path / "missing.png")]
    classifier = IncrementalKNeighborsClassifier().fit(X[:2], ["a", "b"])
    display = ExplanationDisplay.from_estimator(
        classifier, X[:1], labeled_samples=names, image_shape=(8, 8), ax=ax
    )
    assert display.neighbors == [
        "broken.png (no image of a known kind)",
        "missing.png (no such file or directory)",
    ]


def test_samples_behind_a_pipeline_are_opened_once_and_shown_as_they_are(ax, tmp_path):
    paths = []
    for number in range(20):
        paths.append(str(tmp_path / f"{number}.png"))
        Image.fromarray(np.uint8(15 * X[number].reshape(8, 8))).save(paths[-1])

    def read(files):
        return np.array([np.asarray(Image.open(file), dtype=float).ravel() for file in files])

    classifier = make_pipeline(FunctionTransformer(read), IncrementalKNeighborsClassifier())
    learner = ActiveLearner(classifier, X_pool=paths).teach(range(10), Y[:10])
    display = ExplanationDisplay.from_estimator(learner, index=12, ax=ax)
    assert len(display.portraits_) == 6
    assert all(isinstance(artist, AxesImage) for artist in display.portraits_)


FITTED = IncrementalKNeighborsClassifier().fit(X[:20], Y[:20])


@pytest.mark.parametrize(
    ("estimator", "settings", "error", "sentence"),
    [
        (FITTED, {"X": None}, ValueError, r"needs the samples to explain\. Hint: pass X"),
        (FITTED, {"index": 200}, IndexError, "There is no sample 200"),
        (FITTED, {"index": -1}, ValueError, "'index' parameter of ExplanationDisplay must be an"),
        (FITTED, {"samples": TEXTS}, ValueError, "`samples` has 5 samples, but there are 200 to"),
        (FITTED, {"labeled_samples": TEXTS}, ValueError, "has 5 samples, but there are 20 that"),
        (FITTED, {"image_shape": (9, 9)}, ValueError, "of 81 pixels, but a sample has 64 feat"),
        (LogisticRegression(), {}, TypeError, "LogisticRegression cannot explain its pred"),
        (IncrementalKNeighborsClassifier(), {}, NotFittedError, "is not fitted yet"),
        (ActiveLearner(X_pool=X), {}, NotFittedError, "cannot predict yet"),
        (BudgetedClassifier(), {}, NotFittedError, "is not fitted yet"),
    ],
)
def test_an_estimator_that_cannot_be_explained_raises(ax, estimator, settings, error, sentence):
    with pytest.raises(error, match=sentence):
        ExplanationDisplay.from_estimator(estimator, **({"X": X, "ax": ax} | settings))


def test_a_learner_of_another_classifier_or_other_length_cannot_be_explained(ax):
    learner = ActiveLearner(X_pool=X).teach([0], [1])
    with pytest.raises(ValueError, match="has 5 samples, but there are 200 in the pool"):
        ExplanationDisplay.from_estimator(learner, index=1, labeled_samples=TEXTS, ax=ax)
    other = ActiveLearner(LogisticRegression(), X_pool=X).teach([0, 1], [0, 1])
    with pytest.raises(TypeError, match="Hint: use IncrementalKNeighborsClassifier"):
        other.explain(X[:1])


def test_without_any_sample_left_there_is_nothing_to_explain_with(ax):
    learner = ActiveLearner(X_pool=X, classes=[0, 1])
    with pytest.raises(NotFittedError, match="No sample is labelled yet"):
        ExplanationDisplay.from_estimator(learner, index=1, ax=ax)


def test_missing_matplotlib_raises_with_the_extra_to_install(monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match="ExplanationDisplay needs matplotlib, which is not"):
        ExplanationDisplay.from_estimator(FITTED, X)


class Explaining(ClassifierMixin, BaseEstimator):
    """A classifier of another package, with the documented methods and attributes only."""

    def fit(self, X, y):
        self._inner = IncrementalKNeighborsClassifier(3).fit(X, y)
        self.classes_ = self._inner.classes_
        self.labeled_indices_ = self._inner.labeled_indices_
        self.n_samples_seen_ = self._inner.n_samples_seen_
        return self

    def predict(self, X):
        return self._inner.predict(X)

    def explain(self, X):
        return self._inner.explain(X)

    def labeled_samples(self):
        return self._inner.labeled_samples()


class WithoutStore(Explaining):
    """Such a classifier that a learner fits again after each answer."""

    labeled_samples = None


@pytest.mark.parametrize("looks", [None, [f"photo {number}" for number in range(20)]])
def test_any_classifier_with_the_documented_methods_is_explained(ax, looks):
    classifier = Explaining().fit(X[:20], Y[:20])
    display = ExplanationDisplay.from_estimator(classifier, X[5:6], labeled_samples=looks, ax=ax)
    assert display.table()["index"][0] == 5
    assert display.neighbors[0] == "photo 5" if looks else (display.neighbors[0] == X[5]).all()
    assert len(display.neighbors) == 3
    assert display.prior is None
    learner = ActiveLearner(WithoutStore(), "random", X).teach(range(20), Y[:20])
    of_learner = ExplanationDisplay.from_estimator(learner, X[5:6], ax=ax)
    np.testing.assert_allclose(of_learner.probabilities(), display.probabilities())


def test_label_spreading_shows_the_nodes_with_the_largest_shares(ax):
    order = np.random.default_rng(0).permutation(60)[:20]
    classifier = IncrementalLabelSpreading().fit(X, np.full(len(X), -1)).relabel(order, Y[order])
    display = ExplanationDisplay.from_estimator(classifier, X[150:151], ax=ax)
    shown = display.table()["index"][:8]
    assert len(display.neighbors) == 8
    for features, node in zip(display.neighbors, shown.tolist(), strict=True):
        np.testing.assert_array_equal(features, X[node])
    names = [f"photo {number}" for number in range(len(X))]
    named = ExplanationDisplay.from_estimator(classifier, X[150:151], labeled_samples=names, ax=ax)
    assert named.neighbors == [names[node] for node in shown]
    budgeted = BudgetedClassifier(classifier, budget=12).fit(X, Y)
    display = ExplanationDisplay.from_estimator(budgeted, X[150:151], labeled_samples=names, ax=ax)
    assert set(display.table()["index"].tolist()) == set(budgeted.query_indices_.tolist())
    assert display.neighbors == [names[node] for node in display.table()["index"][:8].tolist()]


DESCRIBED = {"few": X[[0, 1]], "many": X[[5]], "none": X[[9, 8, 7]]}
NAMED = np.array(["few", "many", "none"])[Y % 3]


@pytest.mark.parametrize(
    ("classifier", "classes", "name"),
    [
        (IncrementalKNeighborsClassifier(smoothing=5), ["few", "many", "none"], "uniform prior"),
        (IncrementalKNeighborsClassifier(), ["few", "many", "none", "other"], "uniform prior"),
        (IncrementalLabelSpreading(), None, "uniform prior"),
        (IncrementalLabelSpreading(class_descriptions=DESCRIBED), None, "class descriptions and"),
        (IncrementalLabelSpreading(head_weight=0, class_descriptions=DESCRIBED), None, "class d"),
    ],
)
@pytest.mark.parametrize("n_labels", [1, 3, 20])
def test_the_prior_has_its_name_and_its_part_of_each_class(classifier, classes, name, n_labels):
    learner = ActiveLearner(classifier, X_pool=X, classes=classes)
    learner.teach(range(n_labels), NAMED[:n_labels])
    for estimator, samples in ((learner, None), (learner.fitted_estimator(), X)):
        ax = Figure().subplots()
        display = ExplanationDisplay.from_estimator(estimator, samples, index=150, ax=ax)
        expected = learner.predict_proba(X[[150]])[0]
        expected = expected[np.isin(learner.classes_, display.classes)]
        np.testing.assert_allclose(display.probabilities(), expected)
        explanation = display.explanation
        votes = [explanation.shares[explanation.labels == one].sum() for one in display.classes]
        np.testing.assert_allclose(display.prior, expected - votes, atol=1e-12)
        assert display.prior.sum() == pytest.approx(explanation.prior_share[0])
        order = np.argsort(-expected, kind="stable")
        parts = [bar.get_width() for bar in display.prior_bars_]
        np.testing.assert_allclose(parts, display.prior[order], atol=1e-12)
        ends = [bar.get_x() + bar.get_width() for bar in display.prior_bars_]
        np.testing.assert_allclose(ends, expected[order])
        if isinstance(classifier, IncrementalKNeighborsClassifier):
            np.testing.assert_allclose(display.prior, display.prior.mean(), atol=1e-12)
            plain = ExplanationDisplay(
                explanation, display.classes, sample="a", neighbors=display.neighbors
            )
            np.testing.assert_allclose(plain.probabilities(), expected)
        elif classifier.class_descriptions:
            assert np.ptp(display.prior) > 0.01
        texts = [one.get_text() for one in ax.texts]
        share = explanation.prior_share[0]
        ending = f" (light): {share:.0%}"
        assert (share > 0.005) == any(
            text.startswith(name) and text.endswith(ending) for text in texts
        )


@pytest.mark.parametrize("form", ["csr_matrix", "csr_array", "csc_array", "coo_array", "lil_array"])
def test_sparse_samples_are_shown_as_images_whatever_their_form(form):
    sparse = getattr(sp, form)(X)
    learner = ActiveLearner(X_pool=sparse).teach(range(12), Y[:12])
    display = ExplanationDisplay.from_estimator(learner, index=100, image_shape=(8, 8))
    np.testing.assert_array_equal(display.sample, X[100].reshape(8, 8))


def test_sparse_samples_of_three_dimensions_are_refused():
    pytest.importorskip("scipy", "1.15", reason="earlier versions have none")
    with pytest.raises(ValueError, match="must have two dimensions, samples and features"):
        ActiveLearner(X_pool=sp.coo_array(np.ones((2, 2, 2))))
