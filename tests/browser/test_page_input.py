"""Keys, mouse and touch on the page, and many classes."""

import pytest

pytest.importorskip("playwright")
pytest.importorskip("uvicorn")

from label_page import answer, labels, page_of, quiet, read, sample, saved, shown, until
from page_server import serving
from playwright.sync_api import expect

from skactive.labeling import LabelingSession

MANY = [f"class {number:02}" for number in range(40)]


def test_many_classes_have_digits_letters_and_a_field(browser, texts):
    with (
        serving(texts, "--classes", ",".join(MANY)) as server,
        page_of(browser, server) as page,
    ):
        expected = {}
        buttons = page.locator(".class[data-name]")
        expect(buttons).to_have_count(len(MANY))
        keys = {
            button.get_attribute("data-name"): button.get_attribute("aria-keyshortcuts")
            for button in buttons.all()
        }
        with_keys = [name for name in MANY if keys[name]]
        assert len(with_keys) == len({keys[name] for name in with_keys}) > 20
        for name in [MANY[0], MANY[8], MANY[9], with_keys[-1]]:
            expected[answer(page, keys[name])] = name
        # A class without a key is found by a part of its name.
        assert MANY[39] not in with_keys
        page.keyboard.press("/")
        page.keyboard.type("39")
        expect(buttons).to_have_count(1)
        expected[answer(page, "Enter")] = MANY[39]
        # The field is left without an answer.
        page.keyboard.press("/")
        page.keyboard.type("1")
        page.keyboard.press("Escape")
        expect(buttons).to_have_count(len(MANY))
        page.keyboard.press("/")
        page.keyboard.type("CLASS 07")
        before = sample(page)
        buttons.first.click()
        until(page, lambda: shown(page) != before, "A click does not answer.")
        expected[before] = MANY[7]
        saved(page)
        server.stop()
    with LabelingSession.open(texts) as session:
        assert {one.value: one.label for one in session.history()} == expected


def test_classes_that_differ_in_case_are_different(browser, texts):
    # The key, the typed name, and the class.
    found = [("/", "US", "US"), ("/", "Us", "us"), ("/", "u", "us"), ("n", "US", "US")]
    new = [("n", "Us", "Us"), ("/", "Us", "Us"), ("n", "other", "other")]
    with serving(texts, "--classes", "us,US") as server, page_of(browser, server) as page:
        expected = {}
        for key, typed, label in found + new:
            sample(page)
            page.keyboard.press(key)
            page.keyboard.type(typed)
            is_known = page.locator(f".class[data-name={typed}]").count() > 0
            expect(page.locator(".class.is-new")).to_have_count(0 if is_known else 1)
            expected[answer(page, "Enter")] = label
        # A name that is sought by a typing error is no new class, unless its button is pressed.
        sample(page)
        page.keyboard.press("/")
        page.keyboard.type("no")
        page.keyboard.press("Enter")
        expect(page.locator(".fault")).to_contain_text("No class has this name")
        expect(page.locator(".find input")).to_have_value("no")
        before = shown(page)
        page.locator(".class.is-new").click()
        until(page, lambda: shown(page) != before, "The button does not answer.")
        expected[before] = "no"
        saved(page)
        server.stop()
    with LabelingSession.open(texts) as session:
        assert {one.value: one.label for one in session.history()} == expected


def test_a_key_that_is_held_down_answers_once(browser, texts):
    with serving(texts, "--classes", "low,high") as server, page_of(browser, server) as page:
        first = sample(page)
        for _ in range(5):
            page.keyboard.down("2")
        page.keyboard.up("2")
        until(page, lambda: shown(page) != first, "The key does not answer.")
        second = sample(page)
        for _ in range(5):
            page.keyboard.down("s")
        page.keyboard.up("s")
        until(page, lambda: shown(page) != second, "The key does not skip.")
        saved(page)
        server.stop()
    with LabelingSession.open(texts) as session:
        assert [one.value for one in session.history()] == [first]
        assert [one.value for one in session.samples("skipped")] == [second]


def test_keys_are_text_in_every_field(browser, texts):
    text = "us1l2trngh?/"
    with serving(texts, "--classes", "low,high") as server, page_of(browser, server) as page:
        answer(page, "1")
        answer(page, "2")
        saved(page)
        fields = {"n": 1, "c": 5, "g": 1}
        for key, n_fields in fields.items():
            page.keyboard.press(key)
            boxes = page.locator("input[type=text]:visible, input[type=number]:visible")
            if key == "g":
                page.locator("#group").select_option(index=1)
            expect(boxes).to_have_count(n_fields)
            for place in range(n_fields):
                box = boxes.nth(place)
                box.focus()
                page.keyboard.press("End")
                page.keyboard.type(text)
                expect(page.locator("dialog[open]")).to_have_count(0)
                assert box.evaluate("one => one === document.activeElement")
                value = box.input_value()
                assert value.endswith(text) or box.get_attribute("type") == "number"
                # What was typed is taken back, so that nothing is changed.
                for _ in text:
                    page.keyboard.press("Backspace")
            page.keyboard.press("Escape")
            page.keyboard.press("Escape")
        quiet(page)
        # With a modifier, a key belongs to the browser.
        page.keyboard.press("Escape")
        first = sample(page)
        for key in ["Control+1", "Alt+1", "Meta+1", "Control+u"]:
            page.keyboard.press(key)
        assert shown(page) == first
        saved(page)
        server.stop()
    with LabelingSession.open(texts) as session:
        progress = session.progress()
        assert (progress.n_labeled, progress.n_skipped, progress.n_test) == (2, 0, 0)
        assert session.classes == ["low", "high"]


@pytest.mark.parametrize("is_touch", [False, True])
def test_everything_works_without_keys(is_touch, browser, points):
    options = {"has_touch": True, "is_mobile": True} if is_touch else {}
    size = {"width": 390, "height": 800} if is_touch else {"width": 1200, "height": 800}
    with (
        serving(points, "--classes", "low,high") as server,
        page_of(browser, server, viewport=size, **options) as page,
    ):

        def press(locator):
            locator.tap() if is_touch else locator.click()

        def command(name):
            press(page.get_by_role("button", name=name, exact=True))

        def changes(locator):
            before = sample(page)
            press(locator)
            until(page, lambda: shown(page) != before, "The sample stays.")
            return before

        read(page)
        low, high = (page.locator(f".class[data-name={name}]") for name in ("low", "high"))
        first, second = changes(low), changes(high)
        command("Undo")
        expect(page.locator(".stage img")).to_have_attribute("alt", second)
        command("Redo")
        until(page, lambda: shown(page) != second, "Redo does not answer.")
        skipped = changes(page.get_by_role("button", name="Skip", exact=True))
        changes(page.get_by_role("button", name="Later", exact=True))
        command("Why?")
        expect(page.locator(".why")).to_contain_text("Guess")
        press(page.locator(".picture"))
        expect(page.locator(".picture")).to_have_attribute("aria-pressed", "true")
        press(page.locator(".picture"))
        press(page.get_by_role("button", name="New class"))
        page.locator(".find input").fill("middle")
        changes(page.locator(".class.is-new"))
        command("Gallery")
        press(page.locator(".tile").nth(0))
        press(page.locator(".tile").nth(1))
        press(page.locator(".class[data-name=low]"))
        expect(page.locator(".live")).to_contain_text("2 samples labelled low")
        command("History")
        expect(page.locator(".tile")).to_have_count(5)
        command("Keys")
        expect(page.locator("dialog[open]")).to_be_visible()
        command("Close")
        command("Label")
        command("Test set")
        expect(page.locator(".chip")).to_be_visible()
        saved(page)
        server.stop()
    found = labels(points)
    assert (found[first], found[second]) == ("low", "high")
    assert sorted(found.values()) == ["high", "low", "low", "low", "middle"]
    with LabelingSession.open(points) as session:
        assert [one.id for one in session.samples("skipped")] == [skipped]
        assert session.progress().n_test == 20
