"""The check that a UtilityDisplay draws its table, inside its axes."""

import numpy as np


def assert_drawn_inside(display):
    """Assert that all marks and candidates lie inside the axes, where the table places them."""
    table = display.table()
    place = table["index"].tolist().index(display.index)
    shown = [name for name in display.terms if len(display.axes_) > 1]
    assert len(shown) == len(display.axes_) - 1
    for name, line, mark in zip(shown, display.lines_, display.marks_, strict=False):
        values, factors = table[f"{name}_value"], table[f"{name}_factor"]
        order = np.lexsort((factors, values))
        np.testing.assert_array_equal(line.get_xdata(), values[order])
        np.testing.assert_array_equal(line.get_ydata(), factors[order])
        assert (*mark.get_xdata(), *mark.get_ydata()) == (values[place], factors[place])
    utilities = table["utility"]
    np.testing.assert_array_equal(display.lines_[-1].get_ydata(), np.sort(utilities)[::-1])
    rank = 1 + np.count_nonzero(utilities > utilities[place])
    assert (*display.marks_[-1].get_xdata(), *display.marks_[-1].get_ydata()) == (
        rank,
        utilities[place],
    )
    for ax, line, mark in zip(display.axes_, display.lines_, display.marks_, strict=True):
        to_axes = ax.transData + ax.transAxes.inverted()
        for artist in (line, mark):
            inside = to_axes.transform(artist.get_xydata())
            assert (inside >= 0).all()
            assert (inside <= 1).all()
