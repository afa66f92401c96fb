"""The displays of labels that are numbers have the numbers of their tables, and a colour bar."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skactive import ActiveLearner
from skactive.inspection import (
    ExplanationDisplay,
    LabelingCurveDisplay,
    QueryPathDisplay,
    StrategyComparisonDisplay,
    UtilityDisplay,
)
from skactive.model_selection import BudgetedRegressor, StrategyComparison
from skactive.neighbors import IncrementalKNeighborsRegressor, IncrementalMultiLabelKNeighbors
from skactive.strategies import RandomSampling

matplotlib = pytest.importorskip("matplotlib")

from matplotlib.colors import to_hex  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3))
Y = 10 * X[:, 0] + 100
NEAREST = IncrementalKNeighborsRegressor(3, metric="euclidean")
ORDER = [30, 7, 22, 3, 12, 8]
ESTIMATORS = {
    "nearest": NEAREST,
    "pipeline": make_pipeline(StandardScaler(), NEAREST),
    "ridge": Ridge(),
    # It predicts from three labels on.
    "scikit-learn's nearest": KNeighborsRegressor(3),
}


@pytest.fixture
def ax():
    return Figure(layout="constrained").subplots()


def learner_of(estimator=NEAREST, pool=X, **settings):
    random = RandomSampling(random_state=0)
    return ActiveLearner(estimator, random, pool, **settings).teach(ORDER, Y[ORDER])


def legend_texts(display):
    return [text.get_text() for text in display.legend_.get_texts()]


def hexes(colors):
    return [to_hex(color).upper() for color in colors]


# ----------------------------------------------------------------------------- QueryPathDisplay


@pytest.mark.parametrize("color_by", [None, "truth", "prediction"])
def test_points_have_the_colour_of_their_number(ax, color_by):
    display = QueryPathDisplay.from_estimator(learner_of(), y=Y, ax=ax, color_by=color_by)
    values = display.predictions if color_by == "prediction" else Y
    scale = matplotlib.colormaps["viridis"]
    place = (values - Y.min()) / (Y.max() - Y.min())
    assert hexes(display.points_.get_facecolors()) == [
        to_hex((*scale(one)[:3], 0.5)).upper() for one in place
    ]
    place = (Y[ORDER] - Y.min()) / (Y.max() - Y.min())
    assert hexes(display.queries_.get_facecolors()) == hexes(scale(place))
    assert display.colorbar_.ax.get_ylabel() == (
        "prediction" if color_by == "prediction" else "label"
    )
    assert (display.colorbar_.vmin, display.colorbar_.vmax) == (Y.min(), Y.max())
    assert legend_texts(display) == ["labelled, in this order"]
    score = r2_score(Y, display.predictions)
    assert ax.get_title(loc="left") == f"6 of 40 samples labelled, R² {score:.2f}"


@pytest.mark.parametrize("name", ESTIMATORS)
def test_predictions_are_the_learners(ax, name):
    learner = learner_of(ESTIMATORS[name])
    display = QueryPathDisplay.from_estimator(learner, ax=ax)
    np.testing.assert_allclose(display.predictions, learner.predict(X), rtol=1e-5)
    np.testing.assert_array_equal(display.table()["prediction"], display.predictions)
    assert list(display.frame().columns) == list(display.table())


def test_a_budgeted_regressor_is_drawn(ax):
    fitted = BudgetedRegressor(NEAREST, RandomSampling(random_state=1), budget=9).fit(X, Y)
    display = QueryPathDisplay.from_estimator(fitted, X, Y, ax=ax)
    np.testing.assert_array_equal(display.labeled, fitted.query_indices_)
    np.testing.assert_allclose(display.predictions, fitted.predict(X), rtol=1e-5)
    with pytest.raises(ValueError, match="that BudgetedRegressor was fitted on"):
        QueryPathDisplay.from_estimator(fitted, ax=ax)
    with pytest.raises(ValueError, match=r"y\[0\] is 'low'"):
        QueryPathDisplay.from_estimator(fitted, X, ["low"] * 40, ax=ax)


def test_before_the_first_label_there_is_no_colour_bar(ax):
    display = QueryPathDisplay.from_estimator(ActiveLearner(NEAREST, X_pool=X), ax=ax)
    assert display.colorbar_ is None
    assert legend_texts(display) == ["no label known yet"]
    display = QueryPathDisplay.from_estimator(ActiveLearner(NEAREST, X_pool=X), y=Y)
    assert display.legend_ is None
    assert display.colorbar_ is not None


def test_a_seed_set_is_part_of_the_scale_and_the_predictions(ax):
    learner = ActiveLearner(NEAREST, X_pool=X, X_labeled=X[:2], y_labeled=[0.0, 500.0])
    display = QueryPathDisplay.from_estimator(learner, ax=ax)
    assert (display.colorbar_.vmin, display.colorbar_.vmax) == (0, 500)
    np.testing.assert_allclose(display.predictions, learner.predict(X), rtol=1e-5)


def test_numbers_have_no_palette_of_classes(ax):
    display = QueryPathDisplay.from_estimator(learner_of(), ax=ax)
    with pytest.raises(TypeError, match="The labels are numbers, which have no palette"):
        display.palette()


def test_equal_labels_have_one_colour_and_no_score(ax):
    learner = ActiveLearner(NEAREST, X_pool=X).teach([0, 1], [3.0, 3.0])
    display = QueryPathDisplay.from_estimator(learner, y=np.full(40, 3.0), ax=ax)
    assert len(set(hexes(display.points_.get_facecolors()))) == 1
    assert ax.get_title(loc="left") == "2 of 40 samples labelled"


@pytest.mark.parametrize("n_features", [2, 3])
@pytest.mark.parametrize("name", ESTIMATORS)
def test_frames_have_the_predictions_of_a_replay(ax, name, n_features):
    estimator = ESTIMATORS[name]
    learner = learner_of(estimator, X[:, :n_features])
    animation = QueryPathDisplay.from_estimator(learner, ax=ax).animate(every=2, resolution=5)
    assert animation.n_labels == [1, 3, 5, 6]
    replayed = ActiveLearner(estimator, RandomSampling(), X[:, :n_features])
    for frame, stage in enumerate(animation.n_labels):
        replayed.teach(ORDER[:stage], Y[ORDER[:stage]])
        expected = np.full(40, Y[ORDER[:stage]].mean())
        if name != "scikit-learn's nearest" or stage >= 3:
            expected = replayed.predict(X[:, :n_features])
        # A pipeline's replay has the scale of the pool in float64.
        np.testing.assert_allclose(animation.predictions[frame], expected, rtol=1e-4)
        replayed.undo()
        drawn = animation.draw(frame).display_.points_.get_facecolors()
        colors = animation.display.label_colors().rgba(animation.predictions[frame])
        np.testing.assert_allclose(drawn[:, :3], colors[:, :3])
    assert animation.regions_.get_array().shape == (5, 5, 4)


def test_an_animation_is_written(tmp_path, ax):
    animation = QueryPathDisplay.from_estimator(learner_of(), ax=ax).animate(every=3, resolution=4)
    assert animation.save(tmp_path / "path.gif").stat().st_size > 0


@pytest.mark.parametrize("display", [QueryPathDisplay, ExplanationDisplay])
def test_several_labels_of_each_sample_are_refused(ax, display):
    labels = (X[:2] > 0).astype(int)
    learner = ActiveLearner(IncrementalMultiLabelKNeighbors(), X_pool=X).teach([0, 1], labels)
    with pytest.raises(TypeError, match=f"{display.__name__} needs categorical or continuous"):
        display.from_estimator(learner, ax=ax)


# --------------------------------------------------------------------------- ExplanationDisplay


@pytest.mark.parametrize("name", ["nearest", "pipeline"])
def test_an_explanation_draws_labels_and_their_mean(ax, name):
    learner = learner_of(ESTIMATORS[name])
    display = ExplanationDisplay.from_estimator(learner, index=1, ax=ax)
    table = display.table()
    prediction = float(learner.predict(X[[1]])[0])
    assert np.dot(table["label"], table["share"]) == pytest.approx(prediction)
    stems = [path.vertices for path in display.stems_.get_paths()]
    np.testing.assert_allclose([one[0, 0] for one in stems], table["label"])
    np.testing.assert_allclose([one[1, 1] for one in stems], table["share"])
    assert display.prediction_line_.get_xdata()[0] == pytest.approx(prediction)
    assert ax.get_title(loc="left") == f"predicted: {prediction:.4g}"
    assert display.class_bars_ is None
    assert display.prior_bars_ is None
    widths = [bar.get_width() for bar in display.share_bars_]
    np.testing.assert_allclose(widths, table["share"])
    with pytest.raises(TypeError, match="The labels are numbers, which have no class probabil"):
        display.probabilities()


def test_an_explanation_of_a_budgeted_regressor_names_positions(ax):
    fitted = BudgetedRegressor(NEAREST, RandomSampling(random_state=1), budget=9).fit(X, Y)
    display = ExplanationDisplay.from_estimator(fitted, X, index=5, ax=ax)
    assert set(display.table()["index"]) <= set(fitted.query_indices_)
    np.testing.assert_array_equal(Y[display.table()["index"]], display.table()["label"])
    with pytest.raises(TypeError, match="Ridge cannot explain its predictions"):
        ExplanationDisplay.from_estimator(Ridge().fit(X, Y), X, ax=ax)


# ------------------------------------------------------------------------------- other displays


def test_the_utility_has_the_panels_of_the_variance():
    learner = ActiveLearner(NEAREST, "cdf-product", X).teach(ORDER, Y[ORDER])
    display = UtilityDisplay.from_estimator(learner)
    names = [one.get_xlabel().splitlines()[0] for one in display.axes_]
    assert names == ["uncertainty", "density", "diversity", "rank"]
    _, std = learner.predict(X[learner.candidates], return_std=True)
    np.testing.assert_allclose(display.table()["uncertainty_value"], std**2, rtol=1e-4)


CURVES = {"random": [0.0, 0.2, 0.25, 0.4], "greedy": [0.1, 0.4, 0.45, 0.5]}


def comparison_of(curves=CURVES, scoring="r2", full=0.5):
    scores = np.repeat(np.array(list(curves.values()))[:, np.newaxis], 3, axis=1)
    return StrategyComparison(
        tuple(curves), np.arange(10, 50, 10), scores, np.full(3, full), scoring,
        kind="continuous", n_train=np.full(3, 60), n_test=np.full(3, 30),
    )  # fmt: skip


def test_curves_have_the_score_of_the_baseline_and_the_savings_there(ax):
    display = LabelingCurveDisplay.from_results(comparison_of(), ax=ax)
    assert ax.get_ylabel() == "R²"
    assert legend_texts(display) == [
        "random",
        "greedy: label savings 2.0× (2.0 to 2.0)",
        "with every label: 0.500",
        "random, 40 labels: 0.400",
    ]
    half = LabelingCurveDisplay(comparison_of(), fraction=0.5).plot()
    assert legend_texts(half)[1:] == [
        "greedy: label savings 1.0× (1.0 to 1.0)",
        "with every label: 0.500",
        "random, 20 labels: 0.200",
    ]
    with pytest.raises(ValueError, match=r"fraction=1\.5 is above 1, but labels"):
        LabelingCurveDisplay(comparison_of(), fraction=1.5)


def test_errors_have_their_own_unit(ax):
    errors = {name: [1000 * score - 3000 for score in one] for name, one in CURVES.items()}
    comparison = comparison_of(errors, "neg_mean_absolute_error", -2123.456)
    display = LabelingCurveDisplay.from_results(comparison, ax=ax)
    assert ax.get_ylabel() == "neg mean absolute error"
    assert legend_texts(display)[1:] == [
        "greedy: label savings 2.0× (2.0 to 2.0)",
        "with every label: -2123",
        "random, 40 labels: -2600",
    ]


def test_far_negative_scores_are_outside_the_axes(ax):
    curves = {"random": [-30.0, -0.2, 0.25, 0.4]}
    display = LabelingCurveDisplay.from_results(comparison_of(curves), ax=ax)
    assert ax.get_ylim()[0] == -1
    assert display.table()["mean"].min() == -30


def test_a_comparison_is_labelled_with_its_score(ax):
    display = StrategyComparisonDisplay.from_results(comparison_of(), ax=ax)
    assert display.image_.colorbar.ax.get_ylabel() == "row − column,\nR²"
    assert display.names == ("greedy", "random")
