"""The views of the page by axe-core, in light and dark, on wide and narrow screens."""

import pytest

pytest.importorskip("playwright")
pytest.importorskip("uvicorn")

from label_page import VIEWS, answer, page_of, quiet, read, sample, saved
from page_server import serving
from playwright.sync_api import expect

from skactive.labeling import LabelingSession

CLASSES = ["low", "high", "a very long name of a class that fits into no button at all"]
SCREENS = [(scheme, width) for scheme in ("light", "dark") for width in (1200, 320)]
# The elements that make the page wider than the window.
TOO_WIDE = """
[...document.querySelectorAll("*")]
  .filter(one => document.documentElement.scrollWidth > innerWidth)
  .filter(one => one.getBoundingClientRect().right > innerWidth)
  .map(one => `${one.tagName}.${one.className}`)
"""
# Neither the script of the check nor a transition is one of the page's.
OPTIONS = {"bypass_csp": True, "reduced_motion": "reduce"}


@pytest.fixture
def check():
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()

    def check(page, view):
        quiet(page)
        expect(page.locator(".is-loading")).to_have_count(0)
        assert page.evaluate(TOO_WIDE) == [], view
        found = axe.run(page).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found] == [], view

    return check


def show(page, scheme, width):
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 700})


def look_at_a_sample(page, check):
    sample(page)
    check(page, "single")
    page.keyboard.press("w")
    expect(page.locator(".chances dt").first).to_be_visible()
    expect(page.locator(".nearest .tile").first).to_be_visible()
    check(page, "reasons")
    page.keyboard.press("w")
    page.keyboard.press("n")
    expect(page.locator(".find input")).to_be_focused()
    page.keyboard.type("lo")
    check(page, "new class")
    page.keyboard.press("Escape")


def look_at_other_views(page, check):
    for key, name in VIEWS.items():
        page.keyboard.press(key)
        expect(page.locator("main")).to_have_class(name)
        check(page, name)
        if name == "gallery":
            page.locator(".tile").first.click()
            check(page, "selection")
            page.locator("#group").select_option(index=1)
            page.locator("#threshold").fill("50")
            page.locator("#threshold").press("Tab")
            page.locator(".accepting button:enabled").click()
            expect(page.locator("dialog[open] .tile").first).to_be_visible()
            check(page, "check of guesses")
            page.keyboard.press("Escape")
        if name == "history":
            page.locator("#kind").select_option("doubtful")
            expect(page.locator(".tile .caption").first).to_contain_text("doubt")
            check(page, "doubtful labels")
            page.locator("#kind").select_option("unreadable")
            expect(page.locator(".tile")).to_have_count(0)
            check(page, "nothing in a list")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("dialog[open]")).to_be_visible()
    check(page, "help")
    page.keyboard.press("Escape")


def look_at_the_test_set(page, check):
    page.keyboard.press("t")
    expect(page.locator(".chip")).to_be_visible()
    sample(page)
    check(page, "test set")
    page.keyboard.press("t")
    expect(page.locator(".chip")).to_be_hidden()


def test_every_view_is_accessible_and_fits_into_320_pixels(browser, points, check):
    # The label of every sixth point is wrong.
    with LabelingSession(points, classes=CLASSES) as session:
        for place, one in enumerate(session.samples()[::5]):
            group = one.value.argmax()
            session.answer(one.id, CLASSES[(group + (place % 6 == 0)) % 2])
        session.skip([session.samples("open")[0].id])
    with serving(points) as server, page_of(browser, server, **OPTIONS) as page:
        read(page)
        for screen in SCREENS:
            show(page, *screen)
            look_at_a_sample(page, check)
            look_at_other_views(page, check)
            look_at_the_test_set(page, check)
        saved(page)
        quiet(page)
        server.kill()
        answer(page, "1")
        expect(page.locator(".banner")).to_contain_text("1 answer is kept")
        for screen in SCREENS:
            show(page, *screen)
            check(page, "lost server")
    with browser.new_context(**OPTIONS) as context, serving(points) as server:
        page = context.new_page()
        for screen in SCREENS:
            show(page, *screen)
            page.goto(server.origin)
            expect(page.locator("main.message")).to_be_visible()
            found = pytest.importorskip("axe_playwright_python.sync_playwright").Axe().run(page)
            assert found.response["violations"] == []


def test_texts_of_any_length_and_direction_are_accessible(browser, tmp_path, check):
    texts = {
        "short": "a short text",
        "right": "שלום עולם, this is mixed " * 4,
        "long": "a long text  with many words. " * 800,
        "word": "x" * 3000,
        "lines": "one\ttwo  three",
    }
    path = tmp_path / "texts.txt"
    path.write_text("\n".join(texts.values()), encoding="utf-8")
    with (
        serving(path, "--classes", "low,high") as server,
        page_of(browser, server, **OPTIONS) as page,
    ):
        read(page)
        for _ in texts:
            shown = sample(page)
            assert shown in texts.values()
            text = page.locator(".stage .text")
            assert text.evaluate("one => getComputedStyle(one).whiteSpace") == "pre-wrap"
            is_right = text.evaluate("one => getComputedStyle(one).direction") == "rtl"
            assert is_right == (shown == texts["right"])
            for screen in SCREENS:
                show(page, *screen)
                check(page, shown[:20])
            answer(page, "1")
        expect(page.locator(".stage .empty")).to_contain_text("No sample is left")
        page.keyboard.press("h")
        expect(page.locator(".tile")).to_have_count(len(texts))
        check(page, "history")
