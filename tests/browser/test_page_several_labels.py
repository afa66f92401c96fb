"""The page of a session in which a sample has several labels."""

from contextlib import contextmanager

import pytest

pytest.importorskip("playwright")
pytest.importorskip("uvicorn")

from label_page import labels, page_of, sample, saved, shown, until
from page_server import serving
from playwright.sync_api import expect

WORDS = {"art": "canvas", "law": "judge", "sport": "goal"}
KEYS = {"art": "1", "law": "2", "sport": "3"}


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "texts.txt"
    rows = []
    for number in range(64):
        names = [word for place, word in enumerate(WORDS.values()) if number >> place & 1]
        rows.append(" ".join([*names, f"no. {number}"]))
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


@contextmanager
def opened(browser, source):
    options = ["--classes", ",".join(WORDS), "--multi-label"]
    with serving(source, *options) as server, page_of(browser, server) as page:
        sample(page)
        yield page, server


def truth(text):
    return tuple(sorted(name for name, word in WORDS.items() if word in text))


def submit(page):
    before = shown(page)
    page.keyboard.press("Enter")
    until(page, lambda: shown(page) != before, f"{before} is not submitted.")


def answer(page):
    """Answer the sample that is shown by keys, and return its text."""
    text = sample(page)
    for name in truth(text):
        page.keyboard.press(KEYS[name])
    submit(page)
    return text


def pressed(page):
    return page.locator('.class[aria-pressed="true"] .name').all_text_contents()


def given(source):
    """Return the label of each text that has one."""
    from skactive.labeling import LabelingSession

    with LabelingSession(source) as session:
        assert session.multi_label
        return {one.value: one.label for one in session.history()}


def test_keys_switch_labels_and_enter_submits_them(browser, source):
    with opened(browser, source) as (page, server):
        texts = [answer(page) for _ in range(40)]
        # A key that is pressed twice switches its label off again.
        last = sample(page)
        for key in ("1", "3", "1"):
            page.keyboard.press(key)
        assert pressed(page) == ["sport"]
        expect(page.locator(".submit")).to_have_text("EnterSubmit sport")
        submit(page)
        assert pressed(page) == []
        expect(page.locator(".submit")).to_have_text("EnterSubmit without a label")
        saved(page)
        server.stop()
    assert given(source) == {text: truth(text) for text in texts} | {last: ("sport",)}


def test_clicks_do_the_same_and_undo_shows_the_labels_again(browser, source):
    with opened(browser, source) as (page, server):
        text = sample(page)
        page.get_by_role("button", name="law").click()
        page.get_by_role("button", name="art").click()
        # The button that was clicked is not pressed again by Enter.
        submit(page)
        page.keyboard.press("u")
        until(page, lambda: shown(page) == text, "The sample is not shown again.")
        assert pressed(page) == ["art", "law"]
        page.keyboard.press("2")
        page.locator(".submit").click()
        until(page, lambda: shown(page) != text, "The sample is not submitted.")
        saved(page)
        server.stop()
    assert given(source) == {text: ("art",)}


def test_a_new_label_is_switched_on_at_once(browser, source):
    with opened(browser, source) as (page, server):
        text = sample(page)
        page.keyboard.press("1")
        page.keyboard.press("n")
        page.keyboard.type("weather")
        page.keyboard.press("Enter")
        # It is submitted also before the server has replied.
        submit(page)
        saved(page)
        expect(page.locator(".class .name")).to_have_text([*WORDS, "weather"])
        server.stop()
    assert given(source) == {text: ("art", "weather")}


def test_answers_survive_a_server_that_ends(browser, source):
    with opened(browser, source) as (page, server):
        texts = [answer(page) for _ in range(2)]
        saved(page)
        server.kill()
        texts.append(answer(page))
        expect(page.locator(".banner")).to_contain_text("1 answer is kept and sent later")
        server.start()
        page.goto("about:blank")
        page.goto(server.address)
        sample(page)
        saved(page)
        server.stop()
    assert given(source) == {text: truth(text) for text in texts}


def test_the_history_corrects_labels_of_selected_samples(browser, source):
    with opened(browser, source) as (page, server):
        texts = [answer(page) for _ in range(6)]
        saved(page)
        page.keyboard.press("h")
        tiles = page.locator(".tile")
        expect(tiles).to_have_count(6)
        expect(page.locator(".submit")).to_be_disabled()
        tiles.nth(0).click()
        newest = texts[-1]
        assert tuple(sorted(pressed(page))) == truth(newest)
        page.keyboard.press("3")
        # Enter submits, although the tile has the focus.
        page.keyboard.press("Enter")
        expect(page.locator(".live")).to_contain_text("1 sample labelled")
        saved(page)
        server.stop()
    expected = tuple(sorted({*truth(newest)} ^ {"sport"}))
    assert given(source) == {**{text: truth(text) for text in texts}, newest: expected}


def test_the_gallery_labels_selected_samples_alike(browser, source):
    with opened(browser, source) as (page, server):
        [answer(page) for _ in range(30)]
        saved(page)
        page.keyboard.press("g")
        page.locator("#group").select_option(label="Guessed law")
        tiles = page.locator(".tile")
        # Guesses have their probability.
        expect(page.locator(".tile .caption").first).to_be_visible()
        # A guess about one label says nothing of the others.
        expect(page.locator(".accepting")).to_be_hidden()
        chosen = [tiles.nth(place).locator(".excerpt").text_content() for place in range(2)]
        for place in range(2):
            tiles.nth(place).click()
        page.keyboard.press("2")
        page.keyboard.press("Enter")
        expect(page.locator(".live")).to_contain_text("2 samples labelled law")
        saved(page)
        server.stop()
    found = given(source)
    assert [found[text] for text in chosen] == [("law",)] * 2
    assert len(found) == 32


def test_the_folder_has_the_labels_by_id(browser, source):
    with opened(browser, source) as (page, server):
        answer(page)
        saved(page)
        server.stop()
    [label] = labels(f"{source}.session").values()
    assert isinstance(label, tuple)
