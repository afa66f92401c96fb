"""The views and settings of the labelling page, in Chromium, by real keys and clicks."""

from contextlib import contextmanager

import pytest

pytest.importorskip("playwright")
pytest.importorskip("uvicorn")

from label_page import saved
from page_server import serving
from playwright.sync_api import expect

from skactive.labeling import LabelingSession

CLASSES = ["low", "middle", "high"]
N_GROUP = 40


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
        expect(page.locator(".stage img:not(.is-coming), .stage .text")).to_be_visible(
            timeout=30_000
        )
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


def change_key(page, title, key):
    """Change a key in the dialog that is open, and return its message."""
    page.locator("dialog .keys > div", has=page.get_by_text(title)).get_by_role("button").click()
    expect(page.locator("dialog .is-waiting")).to_have_count(1)
    page.keyboard.press(key)
    expect(page.locator("dialog .is-waiting")).to_have_count(0)
    return page.locator("dialog .hint").inner_text()


def keys_of(page):
    """Return the keys of the class bar, as shown and as told to screen readers."""
    shown = page.locator(".class[data-name] kbd").all_inner_texts()
    told = page.locator(".class[data-name]").all()
    assert [one.get_attribute("aria-keyshortcuts") for one in told] == shown
    return shown


def test_a_key_has_one_meaning(browser, points):
    with (
        serving(points, "--classes", ",".join(CLASSES)) as server,
        page_of(browser, server) as page,
    ):
        page.keyboard.press("?")
        assert change_key(page, "low", "q") == "low has the key q."
        # Two classes swap their keys, and so do two commands.
        assert change_key(page, "high", "2") == "high has the key 2, and middle has 3."
        skip = "Skip a sample that cannot be labelled"
        assert change_key(page, skip, "u") == f"{skip} has the key u, and Undo has s."
        assert change_key(page, "Zoom", "-") == "Zoom has the key -."
        # A class and a command do not.
        assert change_key(page, "low", "h") == "h is the key of History. Change that first."
        assert change_key(page, "Ask this", "2") == "2 is the key of high. Change that first."
        # Neither does a key that changes nothing, or is none.
        assert change_key(page, "low", "q") == "low has the key q."
        assert change_key(page, "low", "Escape") == "Click a key below to change it."
        page.get_by_label("low: key q. Change").click()
        page.keyboard.press("ArrowUp")
        expect(page.locator("dialog .hint")).to_contain_text("This key cannot be used")
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        expect(page.locator("dialog[open]")).to_have_count(0)
        assert keys_of(page) == ["q", "3", "2"]
        page.keyboard.press("q")
        expect(page.locator(".class .n").first).to_have_text("1")
        page.keyboard.press("s")
        expect(page.locator(".class .n").first).to_have_text("0")
        page.keyboard.press("Shift+S")
        expect(page.locator(".class .n").first).to_have_text("1")
        page.keyboard.press("u")
        page.keyboard.press("1")
        page.keyboard.press("-")
        expect(page.locator(".picture")).to_have_attribute("aria-pressed", "true")
        undo = page.get_by_role("button", name="Undo")
        expect(undo).to_have_attribute("aria-keyshortcuts", "s")
        saved(page)
        server.stop()
    with LabelingSession(points) as session:
        progress = session.progress()
    assert progress.n_skipped == 1
    assert progress.labels_per_class == {"low": 1, "middle": 0, "high": 0}


def test_accuracies_say_that_not_all_samples_are_read(browser, points):
    n_read = [30]

    def progress(route):
        reply = route.fetch()
        route.fulfill(response=reply, json={**reply.json(), "n_embedded": n_read[0]})

    label(points, 20)
    with LabelingSession(points) as session:
        session.wait().hold_out(4)
        for one in session.next(4, test=True):
            session.answer(one.id, session.classes[0])
    with serving(points) as server, page_of(browser, server) as page:
        page.route("**/api/progress", progress)
        page.reload()
        status, figures = page.locator(".status"), page.locator(".accuracies")
        expect(status).to_contain_text("test accuracy so far ")
        expect(status).to_contain_text("estimated accuracy so far ")
        page.keyboard.press("p")
        expect(figures).to_contain_text("Test accuracy so far")
        expect(figures).to_contain_text("Only 30 of 120 samples are read: it can change.")
        n_read[0] = 120
        expect(status).to_contain_text("test accuracy ")
        expect(status).not_to_contain_text("so far")
        expect(figures).not_to_contain_text("so far")


def test_the_test_set_says_by_which_key_it_ends(browser, points):
    with serving(points, "--classes", "low,high") as server, page_of(browser, server) as page:
        page.keyboard.press("t")
        chip = page.locator(".chip")
        expect(chip).to_have_text(
            "Test set: the classifier does not learn from these answers. t ends the test."
        )
        page.keyboard.press("?")
        change_key(page, "Test set", "e")
        page.keyboard.press("Escape")
        expect(chip).to_contain_text(" e ends the test.")
        page.keyboard.press("e")
        expect(chip).to_be_hidden()


def test_keys_of_classes_belong_to_a_session_and_those_of_commands_to_all(
    browser, points, tmp_path
):
    with serving(points, "--classes", ",".join(CLASSES)) as server:
        with page_of(browser, server) as page:
            page.keyboard.press("?")
            change_key(page, "low", "q")
            change_key(page, "Skip a", "u")
            page.keyboard.press("Escape")
            # A field keeps its keys. A new class gets a key that is free.
            page.keyboard.press("n")
            page.keyboard.type("qs23")
            page.keyboard.press("Enter")
            expect(page.locator(".class .n")).to_have_text(["0", "0", "0", "1"])
            assert keys_of(page) == ["q", "2", "3", "1"]
            # A class that is renamed keeps its key.
            page.keyboard.press("c")
            page.get_by_label("Name of low").fill("dark")
            page.keyboard.press("Enter")
            expect(page.get_by_label("Name of dark")).to_be_visible()
            expect(page.locator("tbody kbd")).to_have_text(["q", "2", "3", "1"])
            saved(page)
            state = page.context.storage_state()
        with page_of(browser, server, storage_state=state) as page:
            assert keys_of(page) == ["q", "2", "3", "1"]
    port = server.origin.rpartition(":")[2]
    arguments = [points, "--session", tmp_path / "other", "--classes", "s,u", "--port", port]
    with (
        serving(*arguments) as server,
        page_of(browser, server, storage_state=state) as page,
    ):
        assert keys_of(page) == ["1", "2"]
        page.keyboard.press("?")
        undo = page.get_by_label("Undo, also answers of earlier days: key s. Change")
        expect(undo).to_be_visible()
        reset = page.get_by_role("button", name="Reset all keys")
        reset.click()
        expect(undo).to_have_count(0)
        expect(reset).to_be_disabled()
        # Those of the classes of the other session stay.
        kept, _ = page.evaluate("Object.keys(localStorage).sort().reverse()")
        assert kept.startswith("skactive-keys-")


@pytest.mark.parametrize(
    "kept", ["{", "5", "null", '[["low", 5], ["high", "UP"]]', '[["low"]]', "[5]"]
)
def test_damaged_keys_are_those_of_the_beginning(kept, browser, points):
    with (
        serving(points, "--classes", "low,__proto__,constructor") as server,
        page_of(browser, server) as page,
    ):
        page.evaluate("kept => localStorage.setItem('skactive-keys', kept)", kept)
        page.reload()
        expect(page.locator(".stage .picture img:not(.is-coming)")).to_be_visible(timeout=30_000)
        assert keys_of(page) == ["1", "2", "3"]
        page.keyboard.press("2")
        expect(page.locator(".class .n")).to_have_text(["0", "1", "0"])


def brightness(page):
    """Return the colours of the tiles, one for each class."""
    return page.evaluate(
        """async () => {
          const found = new Set();
          for (const image of document.querySelectorAll(".tile img")) {
            await image.decode();
            const canvas = Object.assign(document.createElement("canvas"), {width: 1, height: 1});
            canvas.getContext("2d").drawImage(image, 0, 0, 1, 1);
            found.add(canvas.getContext("2d").getImageData(0, 0, 1, 1).data[0]);
          }
          return [...found];
        }"""
    )


def test_a_group_is_labelled_by_one_key_before_anything_can_be_guessed(browser, points):
    with serving(points) as server, page_of(browser, server) as page:
        page.keyboard.press("g")
        tiles = page.locator(".tile")
        expect(page.locator("#group option")).to_have_text(
            ["Most useful", *(f"Group {n} ({N_GROUP})" for n in (1, 2, 3))], timeout=30_000
        )
        # Similar samples are shown, all of them selected.
        expect(page.locator(".selection")).to_contain_text("36 samples selected")
        expect(tiles).to_have_count(36)
        assert len(brightness(page)) == 1
        tiles.nth(3).click()
        # The first class is named here.
        page.keyboard.press("n")
        page.keyboard.type("dark")
        page.keyboard.press("Enter")
        expect(page.locator(".live")).to_contain_text("35 samples labelled dark")
        expect(tiles).to_have_count(5)
        expect(page.locator("#group option").nth(1)).to_have_text("Group 1 (5)")
        page.keyboard.press("u")
        expect(tiles).to_have_count(36)
        expect(page.locator("#group option").nth(1)).to_have_text(f"Group 1 ({N_GROUP})")
        # The rest of a group, then the next group.
        page.locator("#size").select_option("64")
        expect(tiles).to_have_count(N_GROUP)
        page.keyboard.press("r")
        expect(tiles).to_have_count(5)
        page.keyboard.press("1")
        expect(page.locator("#group")).to_have_value("group1")
        expect(tiles).to_have_count(N_GROUP)
        for n in [4, 9, 16]:
            page.locator("#size").select_option(str(n))
            expect(tiles).to_have_count(n)
            width = tiles.first.bounding_box()["width"]
        page.locator("#size").select_option("64")
        expect(tiles).to_have_count(N_GROUP)
        assert tiles.first.bounding_box()["width"] < width
        page.keyboard.press("n")
        page.keyboard.type("light")
        page.keyboard.press("Enter")
        # With two classes, there are guesses as well.
        expect(page.locator("#group option")).to_have_text(
            ["Most useful", "Guessed dark", "Guessed light"]
            + [f"Group {n} ({size})" for n, size in [(1, 0), (2, 0), (3, N_GROUP)]]
        )
        expect(page.locator("#group")).to_have_value("group2")
        saved(page)
        server.stop()
    with LabelingSession(points) as session:
        assert session.progress().labels_per_class == {"dark": N_GROUP, "light": N_GROUP}
        session.undo()
        assert session.progress().labels_per_class == {"dark": N_GROUP}


def test_messages_cover_no_control_and_names_are_whole_on_a_narrow_page(browser, points):
    names = "fresh strawberry,rotten strawberry,fresh orange,rotten orange,other"
    with serving(points, "--classes", names) as server, page_of(browser, server) as page:
        for size in [{"width": 1200, "height": 800}, {"width": 320, "height": 640}]:
            page.set_viewport_size(size)
            page.keyboard.press("1")
            expect(page.locator(".live p")).to_be_visible()
            # At one moment: the message goes, and the page has more place.
            n_buttons, covered = page.evaluate(
                """() => {
                  const {top} = document.querySelector(".live p").getBoundingClientRect();
                  const buttons = [...document.querySelectorAll("button")];
                  const all = buttons.filter(one => one.offsetParent);
                  const isCovered = one => one.getBoundingClientRect().bottom > top + 0.5;
                  return [all.length, all.filter(isCovered).map(one => one.textContent)];
                }"""
            )
            assert n_buttons > 10
            assert covered == []
        cut = "one => one.scrollHeight > one.clientHeight + 1 || one.scrollWidth > one.clientWidth"
        shown = page.locator(".class .name").all()
        assert len(shown) == 5
        assert not any(one.evaluate(cut) for one in shown)
        page.keyboard.press("g")
        expect(page.locator(".tile").first).to_be_visible()
        filters = page.locator(".filters select:visible, .filters button:visible").all()
        assert len(filters) == 3
        assert len({one.bounding_box()["y"] for one in filters}) == 1
