"""The views and settings of the labelling page, in Chromium, by real keys and clicks."""

from contextlib import contextmanager

import numpy as np
import pytest

pytest.importorskip("playwright")
pytest.importorskip("uvicorn")

from page_server import opened_browser, serving
from playwright.sync_api import expect

from skactive.labeling import LabelingSession

CLASSES = ["low", "middle", "high"]
N_GROUP = 40


@pytest.fixture(scope="module")
def browser():
    with opened_browser() as browser:
        yield browser


@pytest.fixture
def points(tmp_path):
    """Vectors of three groups, with pictures whose brightness is that of the group."""
    generator = np.random.default_rng(0)
    groups = np.repeat([0, 1, 2], N_GROUP)
    X = generator.normal(size=(3 * N_GROUP, 3)) + 12 * np.eye(3)[groups]
    images = np.repeat(groups * 100, 16).reshape(-1, 4, 4).astype(np.uint8)
    np.savez(tmp_path / "points.npz", X=X.astype(np.float32), images=images)
    return tmp_path / "points.npz"


@contextmanager
def page_of(browser, server, **options):
    """Open the page; errors of its scripts fail the test."""
    context = browser.new_context(viewport={"width": 1200, "height": 800}, **options)
    page = context.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: message.type == "error" and errors.append(message.text))
    page.goto(server.address)
    try:
        expect(page.locator(".stage .picture img, .stage .text")).to_be_visible(timeout=30_000)
        yield page
        assert errors == []
    finally:
        context.close()


def label(points, n):
    """Label samples correctly, without the page."""
    with LabelingSession(points, classes=CLASSES) as session:
        names = {one.id: place for place, one in enumerate(session.wait().samples())}
        for _ in range(n):
            [one] = session.next()
            session.answer(one.id, CLASSES[names[one.id] // N_GROUP])
            progress = session.progress()
    return progress


def test_the_curve_and_the_advice_are_those_of_the_session(browser, points):
    label(points, 14)
    progress = label(points, 1)
    with serving(points) as server, page_of(browser, server) as page:
        page.keyboard.press("p")
        # The browser waits for the vectors.
        drawing = page.get_by_role("img", name="Estimated accuracy: ")
        expect(drawing).to_be_visible(timeout=30_000)
        expect(page.locator(".advice h3")).to_have_text("Continue labelling")
        reason = progress.advice.verdicts[0].reason
        expect(page.locator(".advice p").first).to_have_text(f"{reason.capitalize()}.")
        page.get_by_text("Numbers of the curve").click()
        rows = page.locator(".points tbody tr")
        expect(rows).to_have_count(6)
        shown = [row.split("\t") for row in rows.all_inner_texts()]
        assert [row[0] for row in shown] == [str(one.n_labeled) for one in progress.curve]
        for row, one in list(zip(shown, progress.curve, strict=True))[:-1]:
            shares = [one.accuracy.value, one.accuracy.lower, one.accuracy.upper]
            value, lower, upper = (f"{100 * share:.1f}" for share in shares)
            assert row[1:] == [f"{value} % ({lower} to {upper} %)", "–"]
        # The line has a point for each row, and the drawing follows the width.
        assert (
            page.locator(".drawing path.line.accuracy:not(.end)").get_attribute("d").count("L") == 5
        )
        page.set_viewport_size({"width": 320, "height": 640})
        expect(page.locator(".drawing svg")).to_have_attribute("width", "288")
        assert page.evaluate("document.documentElement.scrollWidth") == 320
        # An answer adds a point.
        page.keyboard.press("Escape")
        page.keyboard.press("1")
        page.keyboard.press("p")
        expect(rows).to_have_count(7, timeout=30_000)
