"""The labelling page in a real JupyterLab and Jupyter Notebook, in Chromium, by real keys."""

from contextlib import contextmanager

import numpy as np
import pytest

pytest.importorskip("anywidget")
pytest.importorskip("jupyterlab")
pytest.importorskip("playwright")

from label_page import PATIENCE, answer, sample, saved, shown, until
from page_server import opened_browser
from playwright.sync_api import expect
from running_jupyter import jupyter, restart, run, write_notebook

from skactive.labeling import LabelingSession

CELL = """from skactive.labeling import LabelingSession, LabelingWidget

session = LabelingSession("points.npz", classes=["low", "high"])
LabelingWidget(session)"""
BUSY = "import time; time.sleep(6)"
COUNTED = "print(len(session.history()))"
N_ANSWERS = 40


LEARNER = """import numpy as np
from skactive import ActiveLearner

arrays = np.load("points.npz")
learner = ActiveLearner(X_pool=arrays["X"], classes=[1, 2])
learner.label(arrays["images"])"""
LEARNT = "print(len(learner.labeled), set(learner.labels.tolist()), learner.undo())"


every_application = pytest.mark.parametrize("application", ["jupyterlab", "notebook"])


@contextmanager
def notebook_in(tmp_path, application, *cells):
    """Open a notebook beside vectors with pictures, until the end of the block."""
    folder = tmp_path / "work"
    folder.mkdir()
    groups = np.repeat([0, 1], 60)
    X = np.random.default_rng(0).normal(size=(120, 3)) + 12 * np.eye(3)[groups]
    images = np.repeat(groups * 200, 16).reshape(-1, 4, 4).astype(np.uint8)
    np.savez(folder / "points.npz", X=X.astype(np.float32), images=images)
    write_notebook(folder / "label.ipynb", *cells)
    with (
        jupyter(folder, tmp_path / "jupyter", application=application) as running,
        opened_browser() as browser,
    ):
        page = browser.new_page(viewport={"width": 1200, "height": 1000})
        page.set_default_timeout(PATIENCE)
        page.goto(running.page("label.ipynb"))
        yield page


def enter(page):
    """Give the widget the keys, by a click beside the picture."""
    sample(page)
    page.locator(".stage").click(position={"x": 4, "y": 4})


@every_application
def test_forty_answers_undo_and_a_restart_of_the_kernel(tmp_path, application):
    with notebook_in(tmp_path, application, CELL, COUNTED, BUSY) as page:
        expected = label_in(page)
    with LabelingSession.open(tmp_path / "work" / "points.npz") as session:
        assert {one.id: one.label for one in session.history()} == expected


def label_in(page):
    """Label in a notebook, and return the labels that the session has to have."""
    run(page, 0)
    enter(page)
    expected = {}
    for n in range(N_ANSWERS):
        # In a cell, these keys would make headings.
        expected[answer(page, "12"[n % 2])] = ["low", "high"][n % 2]
    saved(page)
    page.keyboard.press("u")
    last = list(expected)[-1]
    expect(page.locator(".stage img")).to_have_attribute("alt", last)
    assert answer(page, "1") == last
    expected[last] = "low"
    saved(page)
    # In a cell, these keys would delete it.
    page.keyboard.press("d")
    page.keyboard.press("d")
    assert page.locator(".jp-CodeCell").count() == 3

    # A cell has the answers, and its own keys.
    page.locator(".jp-CodeCell").nth(1).locator(".cm-content").click()
    page.keyboard.press("End")
    page.keyboard.type(" # 12 u")
    assert output(run(page, 1)) == "40"

    # While a cell is executed, answers are kept or taken; none is lost.
    page.locator(".jp-CodeCell").nth(2).locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
    enter(page)
    expected[answer(page, "1")] = "low"
    expected[answer(page, "2")] = "high"
    saved(page)

    restart(page)
    enter(page)
    lost = shown(page)
    page.keyboard.press("2")
    expected[lost] = "high"
    expect(page.locator(".banner")).to_contain_text("The kernel was restarted. Run the cell again.")
    run(page, 0)
    expect(page.locator(".banner")).to_be_hidden()
    saved(page)
    until(page, lambda: shown(page) not in {None, lost}, "The widget does not resume.")
    enter(page)
    expected[answer(page, "1")] = "low"
    saved(page)
    assert output(run(page, 1)) == "44"
    return expected


@every_application
def test_a_learner_is_taught_and_follows(tmp_path, application):
    with notebook_in(tmp_path, application, LEARNER, LEARNT) as page:
        run(page, 0)
        enter(page)
        answered = [answer(page, "12"[n % 2]) for n in range(6)]
        expect(page.locator(".status")).to_contain_text("6 labels")
        saved(page)
        n, _, rest = output(run(page, 1)).partition(" ")
        assert (n, rest[:6]) == ("6", "{1, 2}")
        # The page shows what the cell has undone after the next answer.
        enter(page)
        answer(page, "1")
        saved(page)
        page.keyboard.press("h")
        expect(page.locator(".tile")).to_have_count(6)
        restart(page)
        run(page, 0)
        enter(page)
        n, _, rest = output(run(page, 1)).partition(" ")
        assert n == "6"
    assert len(set(answered)) == 6


def output(cell):
    """Return the text that a cell has printed."""
    return cell.locator(".jp-OutputArea-output").inner_text().strip()
