"""Any label can be drawn, and nothing in a plot covers anything else."""

import warnings
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("matplotlib")

import matplotlib.pyplot as plt
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Text

from skactive import ActiveLearner
from skactive.inspection import (
    ExplanationDisplay,
    LabelingCurveDisplay,
    QueryPathDisplay,
    StrategyComparisonDisplay,
    UtilityDisplay,
    _colors,
)
from skactive.inspection._colors import strategy_styles
from skactive.inspection._query_marks import move_apart
from skactive.inspection._texts import drawable, drawable_names
from skactive.inspection._thumbnails import N_LINES, draw_thumbnail, thumbnail
from skactive.model_selection import StrategyComparison
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.strategies import all_strategies

# The texts of plots are the same on every Python version.
pytestmark = pytest.mark.once

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3))
STRANGE = {
    "one dollar": "costs $5",
    "two dollars": "under $10 and $20",
    "no formula": r"$50_$ \frac{",
    "line feed": "two\nlines",
    "control characters": "\x00\x1b[31mred\x07",
    "underscore": "_hidden",
    "long": "class " * 60,
    "one long word": "x" * 5_000,
    "Chinese": "漢字",
    "flag and family": "🇩🇪 👨\u200d👩\u200d👧",
    "right to left": "\u202eabc שלום",
    "lone surrogate": "file-\udcff.png",
    "percent and braces": "{0} %s %(x)d",
    "backslash": "C:\\new\\table",
    "blank": " ",
    "private use": "\ue000\U0010ffff",
}
# Several labels at once make the table cheap; a plot has few of them, so that each is drawn.
GROUPS = [list(STRANGE.values())[start : start + 4] for start in range(0, len(STRANGE), 4)]
every_strange_label = pytest.mark.parametrize("labels", GROUPS, ids=range(len(GROUPS)))


@pytest.fixture(autouse=True)
def figures_are_closed():
    yield
    plt.close("all")


def comparison_of(names, n_points=12, heights=None):
    rise = np.linspace(0.3, 0.9, n_points)
    places = np.arange(len(names)) if heights is None else np.asarray(heights)
    scores = rise * (1 - 0.02 * places[:, None, None]) + np.zeros((1, 3, 1))
    scores = scores + 0.001 * np.array([0.0, 1.0, 2.0])[None, :, None]
    labels = np.arange(1, n_points + 1) * 5
    sizes = np.full(3, 75), np.full(3, 25)
    return StrategyComparison(names, labels, scores, np.full(3, 0.95), "accuracy", *sizes)


def learner_of(labels):
    names = [f"{labels[i % 4]} {i}" for i in range(40)]
    learner = ActiveLearner(IncrementalKNeighborsClassifier(6), X_pool=X, ids=names)
    return learner.teach(range(12), np.array(labels)[np.arange(12) % 4])


def paths(labels):
    return [
        QueryPathDisplay(
            X[:, :2], np.arange(4), np.array(labels), axis_names=tuple(labels[:2])
        ).plot(Figure().subplots()),
        QueryPathDisplay.from_estimator(learner_of(labels), ax=Figure().subplots()),
    ]


def explanations(labels):
    texts = [labels[i % 4] for i in range(40)]
    tables = [np.array([*labels, 1.5, None], dtype=object)] * 40
    files = [f"{label}.png" for label in texts]
    return [
        ExplanationDisplay.from_estimator(
            learner_of(labels), index=20, samples=shown, labeled_samples=shown
        )
        for shown in (texts, tables, files)
    ]


def curves(labels):
    comparison = comparison_of((*labels, "random"))
    own = Figure().subplots()
    return [LabelingCurveDisplay.from_results(comparison, ax=own, baseline=labels[0])]


def matrices(labels):
    return [StrategyComparisonDisplay.from_results(comparison_of(tuple(labels)))]


def utilities(labels):
    learner = learner_of(labels)
    [term, *_] = learner.strategy.terms(learner.pool).values()
    named = dict.fromkeys(labels, term)
    index = int(learner.candidates[0])
    return [UtilityDisplay(named, learner.candidates, index, name="".join(labels)).plot()]


DISPLAYS = [paths, explanations, curves, matrices, utilities]


@pytest.mark.parametrize("displays", DISPLAYS, ids=lambda function: function.__name__)
@every_strange_label
def test_every_display_draws_every_label(displays, labels):
    for display in displays(labels):
        figure = display.figure_
        figure.set_dpi(20)
        figure.canvas.draw()
        plainly = [text for text in figure.findobj(Text) if "$" in text.get_text()]
        assert not any(text.get_parse_math() for text in plainly)
        if any("$" in label for label in labels):
            assert plainly


@every_strange_label
def test_a_legend_has_an_entry_for_every_class_and_curve(labels):
    display = paths(labels)[1]
    entries = [text.get_text() for text in display.legend_.get_texts()]
    assert {drawable(label, 28) for label in labels} <= set(entries)
    assert len(entries) == 5
    [curve] = curves(labels)
    names = [text.get_text() for text in curve.legend_.get_texts()]
    assert len(names) == 7
    for name, label in zip(names, labels, strict=False):
        assert name.startswith(drawable(label, 28))


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=()), max_size=80), st.integers(3, 40))
def test_a_drawable_text_is_one_line_of_glyphs_within_the_width(text, width):
    shown = drawable(text, width)
    assert 0 < len(shown) <= width
    assert shown.isprintable()
    figure = Figure(figsize=(1, 1))
    figure.text(0, 0, shown, parse_math=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure.draw_without_rendering()


@pytest.mark.parametrize("difference", ["first", "middle", "last"])
def test_shortened_names_remain_different(difference):
    numbers = [f"{number:02}" for number in range(12)]
    names = [
        {"first": n + "x" * 80, "middle": "x" * 40 + n + "x" * 40, "last": "x" * 80 + n}[difference]
        for n in numbers
    ]
    texts = drawable_names(names, 16)
    assert len(set(texts)) == 12
    assert max(map(len, texts)) <= 16


# Files.


@pytest.mark.parametrize(
    "name", ["a$b$c.png", "_x.png", "a\nb.png", "漢.png", "n\x00l.png", "%s.png"]
)
def test_a_file_with_a_strange_name_that_cannot_be_read_is_marked(name):
    shown = thumbnail("Display", name, None)
    assert shown.startswith(drawable(name, 60))
    figure = Figure()
    draw_thumbnail(figure.subplots(), shown, (0, 1), 34)
    figure.draw_without_rendering()


def test_a_row_of_a_table_is_cut_between_its_columns():
    row = np.array([f"value {number}" for number in range(30)], dtype=object)
    artist = draw_thumbnail(Figure().subplots(), thumbnail("Display", row, None), (0, 1), 36)
    lines = artist.get_text().splitlines()
    assert len(lines) == N_LINES
    assert max(map(len, lines)) <= 36
    whole = [value for line in lines[:-1] for value in line.rstrip(",").split(", ")]
    assert whole == row[: len(whole)].tolist()
    assert lines[-1] == f"… and {30 - len(whole)} more"


def test_a_text_that_is_cut_ends_with_an_ellipsis():
    shown = thumbnail("Display", "many words " * 40, None)
    artist = draw_thumbnail(Figure().subplots(), shown, (0, 1), 36)
    assert artist.get_text().endswith(" …")
    short = draw_thumbnail(Figure().subplots(), "a few words", (0, 1), 36)
    assert short.get_text() == "a few words"


# No candidate, one class, one label.


def test_displays_of_a_pool_without_candidates():
    learner = ActiveLearner(IncrementalKNeighborsClassifier(), X_pool=X[:12])
    learner.teach(range(12), ["only"] * 12)
    display = QueryPathDisplay.from_estimator(learner, ax=Figure().subplots())
    assert display.ax_.get_title(loc="left").startswith("12 of 12 samples labelled")
    assert ExplanationDisplay.from_estimator(learner, ax=Figure().subplots()).class_bars_
    sentence = "UtilityDisplay draws the candidates, and no sample is left to label. Hint: draw it"
    with pytest.raises(ValueError, match=sentence):
        UtilityDisplay.from_estimator(learner)
    learner.undo()
    learner.skip(range(12))
    with pytest.raises(ValueError, match=sentence):
        UtilityDisplay.from_estimator(learner)
    assert (
        len(QueryPathDisplay.from_estimator(learner, ax=Figure().subplots()).queries_.get_offsets())
        == 0
    )


def test_a_curve_of_one_point_is_visible():
    display = LabelingCurveDisplay.from_results(
        comparison_of(("margin", "random"), n_points=1), ax=Figure().subplots()
    )
    assert {line.get_marker() for line in display.lines_} == {"o"}


# Colours.


def test_a_strategy_has_one_colour_in_every_plot():
    names = (*all_strategies("categorical"), "mine", "yours")
    alone = {name: strategy_styles([name])[name] for name in names}
    for chosen in [names, names[::-1], names[3:9], ("yours", "margin"), ("mine", "random")]:
        styles = strategy_styles(chosen)
        assert list(styles) == list(chosen)
        assert {name: styles[name] for name in chosen if name in all_strategies()} == {
            name: alone[name] for name in chosen if name in all_strategies()
        }
        assert len({tuple(style.values()) for style in styles.values()}) == len(chosen)
    assert strategy_styles(["UncertaintyHerding"])["UncertaintyHerding"] == alone["herding"]


@pytest.mark.parametrize("kind", ["categorical", "continuous"])
def test_built_in_strategies_differ_in_their_colours_alone(kind):
    names = all_strategies(kind)
    colors = {style["color"] for style in strategy_styles(names).values()}
    assert len(colors) == len(names)


@pytest.mark.parametrize("n_strategies", [17, 18, 19, 52, 53, 400])
def test_any_number_of_strategies_of_the_registry_differ_in_their_styles(n_strategies, monkeypatch):
    entry = all_strategies()["margin"]
    known = {f"strategy-{place}": entry for place in range(n_strategies)}
    monkeypatch.setattr(_colors, "all_strategies", lambda _=None: known)
    styles = strategy_styles([*known, "mine", "yours", "random"])
    assert len({tuple(style.items()) for style in styles.values()}) == n_strategies + 3
    for name in known:
        assert strategy_styles([name])[name] == styles[name]
    figure = Figure()
    for style in styles.values():
        figure.gca().plot([0, 1], **style)
    figure.draw_without_rendering()


def test_the_matrix_has_the_colours_of_the_curves():
    comparison = comparison_of(("margin", "herding", "random", "mine"))
    curve = LabelingCurveDisplay.from_results(comparison, ax=Figure().subplots())
    matrix = StrategyComparisonDisplay.from_results(comparison)
    by_name = dict(
        zip(comparison.names, (to_hex(one.get_color()) for one in curve.lines_), strict=True)
    )
    marks = [to_hex(color) for color in matrix.marks_.get_facecolors()]
    assert dict(zip(matrix.names, marks, strict=True)) == by_name


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(max_size=8), min_size=1, max_size=80, unique=True))
def test_the_colours_do_not_depend_on_the_order(names):
    assert strategy_styles(names) == strategy_styles(sorted(names))
    styles = [tuple(style.items()) for style in strategy_styles(names).values()]
    assert len(set(styles)) == len(names)


# Geometry.


def boxes_of(artists):
    return [artist.get_window_extent() for artist in artists]


def overlap(one, other):
    return min(one.x1, other.x1) - max(one.x0, other.x0) > 0.5 and (
        min(one.y1, other.y1) - max(one.y0, other.y0) > 0.5
    )


@pytest.mark.parametrize("n_curves", [2, 5, 6, 12])
@pytest.mark.parametrize("own_axes", [False, True])
def test_a_legend_is_beside_the_axes_from_six_curves_on(n_curves, own_axes):
    names = list(all_strategies())[:n_curves]
    ax = Figure().subplots() if own_axes else None
    display = LabelingCurveDisplay.from_results(comparison_of(tuple(names)), ax=ax)
    display.figure_.draw_without_rendering()
    legend, axes = boxes_of([display.legend_, display.ax_])
    if n_curves >= 6:
        assert not overlap(legend, axes)
    elif not own_axes:
        assert overlap(legend, axes)
    assert legend.x1 <= display.figure_.bbox.x1
    assert axes.width > 250


@pytest.mark.parametrize("lowest", [0.0, 0.5, 0.8, 0.94])
def test_a_legend_covers_no_curve_and_no_band(lowest):
    comparison = comparison_of(("herding", "margin", "random"))
    scores = lowest + (0.95 - lowest) * comparison.test_scores * RNG.uniform(0.5, 1, (3, 3, 12))
    comparison = StrategyComparison(
        comparison.names, comparison.n_labels, scores, np.full(3, 0.96), "accuracy"
    )
    display = LabelingCurveDisplay.from_results(comparison, ax=Figure().subplots())
    display.figure_.draw_without_rendering()
    box = display.legend_.get_window_extent()
    fine = np.linspace(5, 60, 2_000)
    for low, high, line in zip(*display._curves()[1:], display.lines_, strict=True):
        for heights in (low, high, line.get_ydata()):
            points = np.column_stack([fine, np.interp(fine, comparison.n_labels, heights)])
            x, y = display.ax_.transData.transform(points).T
            inside = (x > box.x0 + 1) & (x < box.x1 - 1) & (y > box.y0 + 1) & (y < box.y1 - 1)
            assert not inside.any()


def test_panels_of_one_figure_keep_their_size():
    figure = Figure(figsize=(12, 4), layout="constrained")
    for ax in figure.subplots(1, 2):
        LabelingCurveDisplay.from_results(comparison_of(tuple(all_strategies())[:7]), ax=ax)
    assert figure.get_figwidth() == 12
    bare = Figure(figsize=(12, 4))
    first, second = bare.subplots(1, 2)
    display = LabelingCurveDisplay.from_results(comparison_of(tuple("abcdefg")), ax=first)
    bare.draw_without_rendering()
    assert not overlap(display.legend_.get_window_extent(), second.get_window_extent())


def path_of(points, **parameters):
    labels = np.array(["a", "b"])[np.arange(len(points)) % 2]
    display = QueryPathDisplay(np.asarray(points, dtype=float), np.arange(len(points)), labels)
    return display.plot(Figure(layout="constrained").subplots(), **parameters)


@pytest.mark.parametrize(
    "points",
    [
        np.zeros((8, 2)),
        np.column_stack([np.arange(12) * 1e-3, np.zeros(12)]),
        RNG.normal(size=(30, 2)) * 0.2,
        np.vstack([RNG.normal(size=(25, 2)), [[40.0, 40.0], [-40.0, -40.0]]]),
    ],
    ids=["equal", "in a row", "cloud", "far outliers"],
)
def test_numbers_do_not_hide_each_other(points):
    display = path_of(points)
    display.figure_.draw_without_rendering()
    discs = boxes_of(number.get_bbox_patch() for number in display.numbers_)
    centres = np.array([[(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2] for box in discs])
    radii = np.array([max(box.width, box.height) / 2 for box in discs])
    for i, j in combinations(range(len(discs)), 2):
        assert np.hypot(*(centres[i] - centres[j])) > 0.97 * (radii[i] + radii[j])
    places = display.ax_.transData.transform(points)
    moved = np.hypot(*(centres - places).T) > 1
    assert [bool(number.arrow_patch.get_visible()) for number in display.numbers_] == moved.tolist()
    assert [tuple(number.xy) for number in display.numbers_] == [tuple(point) for point in points]


def test_numbers_with_space_stay_at_their_points():
    display = path_of([[0, 0], [1, 0], [0, 1], [1, 1]])
    assert all(number.get_position() == (0, 0) for number in display.numbers_)
    move_apart(display.ax_, [])


def test_the_rows_of_an_explanation_do_not_overlap():
    texts = ["a sentence of many words that goes on and on " * 5] * 40
    labels = np.array(["a label of more than one line, in fact", "b"])
    learner = ActiveLearner(IncrementalKNeighborsClassifier(12), X_pool=X)
    learner.teach(range(20), labels[np.arange(20) % 2])
    display = ExplanationDisplay.from_estimator(learner, index=30, labeled_samples=texts)
    display.figure_.draw_without_rendering()
    rows = boxes_of(display.portraits_[1:])
    assert len(rows) == 12
    assert all(upper.y0 >= lower.y1 for upper, lower in pairwise(rows))
    written = [text for text in display.ax_.texts if text.get_text()]
    assert not any(overlap(*pair) for pair in combinations(boxes_of(written), 2))
    inside = display.figure_.bbox
    assert all(inside.x0 <= box.x0 and box.x1 <= inside.x1 for box in boxes_of(written))


@pytest.mark.parametrize("name", ["margin", "a strategy whose name nobody can remember or spell"])
@pytest.mark.parametrize("n_strategies", [2, 6, 12])
def test_the_texts_of_a_matrix_do_not_overlap(name, n_strategies):
    names = tuple(f"{name} {number}" for number in range(n_strategies))
    display = StrategyComparisonDisplay.from_results(comparison_of(names))
    display.figure_.draw_without_rendering()
    rows = boxes_of(display.ax_.get_yticklabels())
    assert not any(overlap(*pair) for pair in combinations(rows, 2))
    marks = display.marks_.get_offset_transform().transform(display.marks_.get_offsets())
    half = 3 * display.figure_.dpi / 72
    assert max(box.x1 for box in rows) <= marks[:, 0].min() - half
    assert marks[:, 0].max() + half <= display.ax_.get_window_extent().x0
    title = display.ax_.title if display.ax_.get_title() else display.ax_._left_title
    page = display.figure_.bbox
    for box in [*rows, *boxes_of([title]), *boxes_of(display.figure_.axes[1].texts)]:
        assert page.x0 <= box.x0
        assert box.x1 <= page.x1


@pytest.mark.parametrize(
    ("names", "heights", "title"),
    [
        ("ab", [0, 0], "No strategy is ahead"),
        ("abc", [0, 0, 0], "No strategy is ahead"),
        ("abc", [0, 0.001, 0.002], "a is ahead, but not significantly of any other"),
        ("abc", [0, 10, 20], "a is ahead, significantly of 2 of 2 others"),
    ],
)
def test_the_headline_of_a_matrix_says_what_is_significant(names, heights, title):
    comparison = comparison_of(tuple(names), heights=heights)
    noise = np.zeros((len(names), 3, 1))
    if "is ahead" in title:
        noise = np.random.default_rng(0).normal(0, 0.01, noise.shape)
        noise -= noise.mean(axis=1, keepdims=True)
    noisy = StrategyComparison(
        comparison.names,
        comparison.n_labels,
        comparison.test_scores + noise,
        comparison.full_scores,
        "accuracy",
        comparison.n_train,
        comparison.n_test,
    )
    display = StrategyComparisonDisplay.from_results(noisy, ax=Figure().subplots())
    assert display.ax_.get_title(loc="left") == title


def test_remarks_cover_no_candidate():
    learner = ActiveLearner(X_pool=X)
    display = UtilityDisplay.from_estimator(learner)
    assert any("no effect" in ax.get_xlabel() for ax in display.axes_)
    assert not any(ax.texts for ax in display.axes_)
