"""The page to label in, in Chromium, by real keys and clicks."""

import pytest

pytest.importorskip("playwright")
pytest.importorskip("uvicorn")

from label_page import HTML, VIEWS, answer, labels, page_of, quiet, sample, saved
from page_server import serving
from playwright.sync_api import expect

from skactive.labeling import LabelingSession

resource = pytest.importorskip("resource")

# The controls that an element covers, or that are outside of the window.
COVERED = """selector => {
  const box = one => one.getBoundingClientRect();
  const {top, bottom} = box(document.querySelector(selector));
  const isOther = one => one.offsetParent && !one.closest(`${selector}, .scroll`);
  const isCovered = one => box(one).bottom > top + 0.5 && box(one).top < bottom;
  return [...document.querySelectorAll("button, select")]
    .filter(one => isOther(one) && (isCovered(one) || box(one).bottom > innerHeight))
    .map(one => one.textContent);
}"""


def test_progress_is_shown_while_answers_follow_each_other(browser, points):
    with serving(points, "--classes", "low,high") as server, page_of(browser, server) as page:
        expect(page.locator(".status")).to_contain_text("0 labels", timeout=30_000)
        for _ in range(100):
            answer(page, "1")
            page.wait_for_timeout(20)
            if not page.locator(".status").text_content().startswith("0 labels"):
                break
        else:
            raise AssertionError("The page does not count answers that follow each other.")


def test_no_key_press_is_lost_while_the_server_is_away(browser, points):
    with serving(points, "--classes", "low,high") as server:
        lose_and_find_answers(browser, server, points)


def lose_and_find_answers(browser, server, points):
    with page_of(browser, server) as page:
        for _ in range(3):
            answer(page, "1")
        saved(page)
        quiet(page)
        server.kill()
        lost = [answer(page, "2"), answer(page, "1")]
        expect(page.locator(".banner")).to_contain_text("2 answers are kept")
        server.start()
        expect(page.locator(".banner")).to_be_hidden(timeout=30_000)
        saved(page)
        page.keyboard.press("u")
        expect(page.locator(".stage img")).to_have_attribute("alt", lost[1])
        page.keyboard.press("r")
        saved(page)
        quiet(page)
        server.kill()
        # The page is closed, too, before the server is back.
        closed = [answer(page, "2"), page.keyboard.press("s")]
        state = page.context.storage_state()
    server.start()
    with page_of(browser, server, storage_state=state) as page:
        saved(page)
    server.stop()
    found = labels(points)
    assert len(found) == 6
    assert [found[lost[0]], found[lost[1]], found[closed[0]]] == ["high", "low", "high"]
    with LabelingSession.open(points) as session:
        assert session.progress().n_skipped == 1


def test_commands_and_fields(browser, texts):
    texts.write_text(f"{HTML}\n  two  spaces\nשלום עולם\n{texts.read_text()}", encoding="utf-8")
    with serving(texts) as server, page_of(browser, server) as page:
        first = sample(page)
        # While a field has the focus, keys are text.
        page.keyboard.press("n")
        page.keyboard.type("u s l1")
        page.keyboard.press("Enter")
        saved(page)
        assert sample(page) != first
        expect(page.locator(".class .name").first).to_have_text("u s l1")
        page.keyboard.press("n")
        page.keyboard.type(HTML)
        page.keyboard.press("Enter")
        answer(page, "l")
        answer(page, "s")
        answer(page, "2")
        sample(page)
        page.keyboard.press("/")
        page.keyboard.type("s L")
        page.keyboard.press("Enter")
        saved(page)
        for _ in range(3):
            page.keyboard.press("u")
        page.keyboard.press("Shift+U")
        page.keyboard.press("r")
        saved(page)
        for key, name in VIEWS.items():
            page.keyboard.press(key)
            expect(page.locator("main")).to_have_class(name)
        page.keyboard.press("Escape")
        page.keyboard.press("?")
        expect(page.locator("dialog[open]")).to_be_visible()
        # A dialog has its own keys.
        page.keyboard.press("s")
        page.keyboard.press("Escape")
        page.keyboard.press("Control+s")
        page.keyboard.press("w")
        expect(page.locator(".why")).to_contain_text("Why this sample")
        saved(page)
        assert page.title() == "texts.txt – skactive"
        assert page.locator("img[src='x'], script:not([src])").count() == 0
        server.stop()
    with LabelingSession.open(texts) as session:
        assert session.classes == ["u s l1", HTML]
        assert [one.label for one in session.history()] == [HTML, HTML, "u s l1"]
        progress = session.progress()
        assert (progress.n_skipped, progress.n_postponed) == (1, 1)


def test_the_gallery_labels_a_range_by_one_key_and_undoes_it_by_one(browser, points):
    with serving(points, "--classes", "low,high") as server, page_of(browser, server) as page:
        for key in "1212":
            answer(page, key)
        saved(page)
        page.keyboard.press("g")
        tiles = page.locator(".tile")
        expect(tiles).to_have_count(36)
        page.keyboard.press("1")
        expect(page.get_by_role("alert")).to_contain_text("No sample is selected")
        tiles.nth(1).click()
        tiles.nth(5).click(modifiers=["Shift"])
        tiles.nth(3).click()
        expect(page.locator(".selection")).to_contain_text("4 samples selected")
        page.keyboard.press("2")
        expect(page.locator(".live")).to_contain_text("4 samples labelled high")
        expect(page.locator(".class .n").nth(1)).to_have_text("6")
        page.keyboard.press("u")
        expect(page.locator(".live")).to_contain_text("Undone: 4 samples")
        expect(page.locator(".class .n").nth(1)).to_have_text("2")
        # Guesses are accepted after a look at some of them.
        page.locator("#group").select_option(index=1)
        page.locator("#threshold").fill("50")
        page.locator("#threshold").press("Tab")
        page.locator(".accepting button:enabled").click()
        expect(page.locator("dialog[open]")).to_contain_text("drawn at random")
        page.locator("dialog[open] .primary").click()
        expect(page.locator(".live")).to_contain_text("labelled low")
        page.keyboard.press("u")
        expect(page.locator(".class .n").nth(0)).to_have_text("2")
        server.stop()
    assert len(labels(points)) == 4


def test_an_error_stays_until_it_is_closed_or_an_action_follows(browser, points):
    with serving(points, "--classes", "low,high") as server, page_of(browser, server) as page:
        sample(page)
        fault = page.get_by_role("alert")
        page.keyboard.press("g")
        page.get_by_role("button", name="Select none").click()
        for width in [1200, 320]:
            page.set_viewport_size({"width": width, "height": 640})
            # By its button.
            page.keyboard.press("1")
            expect(fault).to_contain_text("No sample is selected.")
            assert page.evaluate(COVERED, ".fault") == []
            fault.get_by_role("button", name="Close the message").click()
            expect(fault).to_be_hidden()
            # By Escape, which then goes back as always.
            page.keyboard.press("1")
            expect(fault).to_be_visible()
            page.keyboard.press("Escape")
            expect(fault).to_be_hidden()
            expect(page.locator("main")).to_have_class("gallery")
        page.keyboard.press("1")
        expect(fault).to_be_visible()
        page.clock.install()
        page.clock.run_for(60_000)
        expect(fault).to_be_visible()
        page.locator(".tile").first.click()
        expect(fault).to_be_visible()
        page.keyboard.press("1")
        expect(fault).to_be_hidden()
        page.keyboard.press("Escape")
        expect(page.locator("main")).to_have_class("label")
        server.stop()


def test_labels_and_classes_are_corrected(browser, points):
    with serving(points, "--classes", "low,high") as server, page_of(browser, server) as page:
        first, second = answer(page, "1"), answer(page, "2")
        page.keyboard.press("h")
        tiles = page.locator(".tile")
        expect(tiles).to_have_count(2)
        tiles.nth(1).focus()
        page.keyboard.press("Space")
        page.keyboard.press("2")
        expect(page.locator(".tile .caption").nth(0)).to_have_text("high")
        expect(page.locator(".tile .caption").nth(1)).to_have_text("high")
        tiles.nth(1).click()
        page.get_by_role("button", name="Ask again").click()
        expect(tiles).to_have_count(1)
        page.keyboard.press("c")
        page.get_by_label("Name of high").fill("tall")
        page.keyboard.press("Enter")
        expect(page.get_by_label("Name of tall")).to_be_visible()
        page.on("dialog", lambda dialog: dialog.accept())
        page.get_by_label("Name of low").fill("tall")
        page.keyboard.press("Enter")
        expect(page.locator("tbody tr")).to_have_count(1)
        page.get_by_label("Description of tall").fill("1 u s")
        page.keyboard.press("Enter")
        expect(page.locator(".live")).to_contain_text("Saved")
        page.keyboard.press("u")
        page.keyboard.press("u")
        expect(page.locator("tbody tr")).to_have_count(2)
        saved(page)
        server.stop()
    with LabelingSession.open(points) as session:
        assert [(one.id, one.label) for one in session.history()] in (
            [(first, "tall")],
            [(second, "tall")],
        )
        assert session.classes == ["low", "tall"]


def test_the_guess_is_hidden_until_it_is_wanted(browser, points):
    with serving(points, "--classes", "low,high") as server, page_of(browser, server) as page:
        for key in "1212":
            answer(page, key)
        assert page.locator(".chances").count() == 0
        page.keyboard.press("Enter")
        page.keyboard.press("w")
        expect(page.locator(".chances dt")).to_have_count(2)
        guess = page.locator(".chances dt").first.text_content()
        answered = answer(page, "Enter")
        saved(page)
        server.stop()
    found = labels(points)
    assert len(found) == 5
    assert found[answered] == guess


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="limits of other processes: Linux")
def test_a_full_disk_is_named_and_takes_no_answers_until_it_has_space(browser, points):
    with serving(points, "--classes", "low,high") as server, page_of(browser, server) as page:
        first = answer(page, "1")
        saved(page)
        log = points.with_name("points.npz.session") / "answers.jsonl"
        _, most = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (log.stat().st_size + 9, most))
        second = answer(page, "2")
        expect(page.locator(".banner")).to_contain_text("Answers cannot be saved: ")
        expect(page.locator(".banner")).to_contain_text("No further answers are taken.")
        third = sample(page)
        page.keyboard.press("1")
        page.locator(".class").first.click()
        page.keyboard.press("s")
        assert sample(page) == third
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (most, most))
        expect(page.locator(".banner")).to_be_hidden(timeout=30_000)
        assert answer(page, "2") == third
        saved(page)
        server.stop()
    assert labels(points) == {first: "low", second: "high", third: "high"}
