"""The widget of a notebook in Chromium, with the channel to its kernel in place of Jupyter."""

import base64
from contextlib import contextmanager

import pytest

pytest.importorskip("playwright")

from label_page import N_STORED, PATIENCE, answer, sample, saved, shown, until
from playwright.sync_api import expect

from skactive.labeling import LabelingSession
from skactive.labeling._bundle import script, style
from skactive.labeling._channel import PageChannel

# A notebook: a field, the output of a cell, and the channel of a widget.
NOTEBOOK = """<!doctype html><style id="own">{style}</style>
<body data-jp-theme-light="true"><h1>Notebook</h1><button>Run</button>
<textarea id="cell"></textarea><div id="output"></div></body>"""
OPEN = """async () => {
  window.pressed = [];
  document.addEventListener("keydown", ({ key }) => window.pressed.push(key));
  window.handlers = new Map();
  window.tell = (content, buffers = []) => {
    const decoded = (one) => Uint8Array.from(atob(one), (character) => character.charCodeAt());
    const bytes = buffers.map((one) => new DataView(decoded(one).buffer));
    for (const handler of window.handlers.get("msg:custom") ?? []) handler(content, bytes);
  };
  window.model = {
    on: (name, handler) => {
      window.handlers.set(name, [...(window.handlers.get(name) ?? []), handler]);
    },
    off: (name, handler) => {
      window.handlers.set(name, window.handlers.get(name).filter((one) => one !== handler));
    },
    send: async (content) => {
      const reply = await window.kernel(content);
      if (reply) window.tell(...reply);
    },
  };
  const url = URL.createObjectURL(new Blob([await window.script()], { type: "text/javascript" }));
  window.widget = (await import(url)).default;
  const el = document.getElementById("output");
  window.show = () => window.widget.render({ model: window.model, el });
  window.end = window.show();
}"""


class Kernel:
    """Executes messages, at once or when it is free again."""

    def __init__(self, session):
        self.session = session
        self.is_busy = self.is_gone = False
        self.received = []
        self._channel = PageChannel(session)

    def receive(self, message):
        self.received.append(message)
        if self.is_busy or self.is_gone:
            return None
        return self.reply(message)

    def reply(self, message):
        content, buffers = self._channel.reply(message)
        return [content, [base64.b64encode(one).decode() for one in buffers]]

    def acts(self):
        return [one for one in self.received if one.get("name") == "act"]


@contextmanager
def notebook_of(browser, session, **options):
    """Open a notebook that shows the widget of a session; errors of its scripts fail the test."""
    kernel = Kernel(session)
    context = browser.new_context(viewport={"width": 1000, "height": 900}, **options)
    context.set_default_timeout(PATIENCE)
    errors = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    page = context.new_page()
    content = NOTEBOOK.replace("{style}", style())
    page.route(
        "http://localhost/", lambda route: route.fulfill(body=content, content_type="text/html")
    )
    page.expose_function("kernel", kernel.receive)
    page.expose_function("script", script)
    page.goto("http://localhost/")
    page.evaluate(OPEN)
    try:
        yield page, kernel
        assert errors == []
    finally:
        context.close()


@pytest.fixture
def session(points):
    with LabelingSession(points, classes=["low", "high"]) as session:
        yield session.wait()


def enter(page):
    """Give the widget the keys, by a click beside the picture."""
    sample(page)
    page.locator(".stage").click(position={"x": 4, "y": 4})


def test_keys_label_undo_and_show_views(browser, session):
    with notebook_of(browser, session) as (page, _):
        enter(page)
        answered = [answer(page, key) for key in "1212"]
        saved(page)
        assert [session.sample(one).label for one in answered] == ["low", "high", "low", "high"]
        page.keyboard.press("u")
        expect(page.locator(".stage img")).to_have_attribute("alt", answered[-1])
        for key, name in {"g": "gallery", "h": "history", "c": "classes", "p": "progress"}.items():
            page.keyboard.press(key)
            expect(page.locator("main")).to_have_class(name)
        page.keyboard.press("g")
        expect(page.locator(".tile img").first).to_have_js_property("naturalWidth", 256)
        page.keyboard.press("?")
        expect(page.locator("dialog[open]")).to_be_visible()
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        # The notebook sees no plain key, and all others.
        page.keyboard.press("Control+s")
        assert page.evaluate("window.pressed") == ["Control", "s"]
        assert page.title() == ""


def test_keys_are_those_of_a_cell_while_it_has_the_focus(browser, session):
    with notebook_of(browser, session) as (page, kernel):
        first = sample(page)
        page.keyboard.press("1")
        page.locator("#cell").click()
        page.keyboard.type("12u")
        assert page.locator("#cell").input_value() == "12u"
        page.get_by_role("button", name="Run").click()
        page.keyboard.press("1")
        page.locator("h1", has_text="Notebook").click()
        page.keyboard.press("1")
        assert kernel.acts() == []
        enter(page)
        assert shown(page) == first
        answer(page, "1")
        # The focus can be taken elsewhere by Tab.
        page.locator(".skactive").focus()
        page.keyboard.press("Shift+Tab")
        expect(page.locator("#cell")).to_be_focused()


def test_the_focus_stays_inside_while_its_element_is_replaced(browser, session):
    with notebook_of(browser, session) as (page, _):
        sample(page)
        page.locator(".class").first.click()
        saved(page)
        page.keyboard.press("n")
        page.keyboard.type("middle")
        page.keyboard.press("Enter")
        saved(page)
        page.keyboard.press("g")
        expect(page.locator(".tile").first).to_be_visible()
        page.locator(".tile").first.click()
        page.keyboard.press("1")
        expect(page.locator(".live")).to_contain_text("labelled low")
        page.keyboard.press("Escape")
        answer(page, "2")
        saved(page)
        assert sorted(session.labels_per_class().items()) == [
            ("high", 1),
            ("low", 2),
            ("middle", 1),
        ]


def test_answers_wait_for_a_busy_kernel_and_are_sent_once(browser, session):
    with notebook_of(browser, session) as (page, kernel):
        enter(page)
        answer(page, "1")
        saved(page)
        kernel.is_busy = True
        answered = [answer(page, "2"), answer(page, "1")]
        expect(page.locator(".banner")).to_contain_text(
            "The kernel is busy, or not connected. 2 answers"
        )
        page.wait_for_timeout(2500)
        waiting, kernel.is_busy = kernel.received[:], False
        # Repeated messages are not sent again.
        assert len([one for one in waiting if one in kernel.acts()]) == 2
        unanswered = {}
        for message in waiting:
            unanswered.setdefault((message.get("name"), message.get("given")), message)
        for message in unanswered.values():
            page.evaluate("reply => window.tell(...reply)", kernel.reply(message))
        saved(page)
        expect(page.locator(".banner")).to_be_hidden()
        assert [session.sample(one).label for one in answered] == ["high", "low"]


def test_a_kernel_that_restarts_loses_nothing(browser, session):
    with notebook_of(browser, session) as (page, kernel):
        enter(page)
        answer(page, "1")
        saved(page)
        kernel.is_gone = True
        page.evaluate("for (const one of window.handlers.get('comm_live_update')) one()")
        lost = answer(page, "2")
        expect(page.locator(".banner")).to_contain_text(
            "The kernel was restarted. Run the cell again. 1 answer is kept and sent later."
        )
        assert page.evaluate(N_STORED) == 1
        # The cell is executed again.
        kernel.is_gone = False
        page.evaluate("() => { window.end(); window.end = window.show(); }")
        saved(page)
        until(page, lambda: shown(page) not in {None, lost}, "No sample is shown.")
        assert session.sample(lost).label == "high"


def test_two_views_follow_each_other(browser, session):
    with notebook_of(browser, session) as (page, kernel):
        page.evaluate("() => { window.show(); }")
        images = page.locator(".stage img")
        expect(images).to_have_count(2)
        page.locator(".stage").first.click(position={"x": 4, "y": 4})
        answered = images.first.get_attribute("alt")
        page.keyboard.press("1")
        saved(page)
        expect(images.first).not_to_have_attribute("alt", answered)
        expect(images.last).not_to_have_attribute("alt", answered)
        assert len(kernel.acts()) == 1


def test_a_closed_widget_says_so_and_takes_no_key(browser, session):
    with notebook_of(browser, session) as (page, kernel):
        enter(page)
        page.evaluate("window.tell({ closed: 'This view is closed.' })")
        expect(page.locator(".skactive")).to_have_text("This view is closed.")
        n = len(kernel.received)
        page.keyboard.press("1")
        page.wait_for_timeout(1500)
        assert len(kernel.received) == n


def test_its_style_changes_nothing_else(browser, session):
    with notebook_of(browser, session) as (page, _):
        sample(page)
        outside = page.evaluate(
            """() => {
              const found = [];
              const look = (rules) => {
                for (const rule of rules) {
                  if (rule instanceof CSSKeyframesRule) continue;
                  const own = /^(:where\\(\\.skactive\\) |\\.skactive)/;
                  const selectors = rule.selectorText?.split(/,(?![^(]*\\))/) ?? [];
                  found.push(...selectors.filter((one) => !own.test(one.trim())));
                  if (rule.cssRules) look(rule.cssRules);
                }
              };
              look(document.getElementById("own").sheet.cssRules);
              return found;
            }"""
        )
        assert outside == []
        header = page.locator(".skactive header")
        assert header.evaluate("one => getComputedStyle(one).display") == "flex"


def test_colours_are_those_of_the_notebook(browser, session):
    with notebook_of(browser, session, color_scheme="dark") as (page, _):
        sample(page)
        ground = "getComputedStyle(document.querySelector('.skactive')).backgroundColor"
        assert page.evaluate(ground) == "rgb(251, 250, 248)"
        page.evaluate("document.body.dataset.jpThemeLight = 'false'")
        assert page.evaluate(ground) == "rgb(21, 20, 18)"
        page.evaluate("delete document.body.dataset.jpThemeLight")
        page.evaluate("document.body.dataset.vscodeThemeKind = 'vscode-light'")
        assert page.evaluate(ground) == "rgb(251, 250, 248)"
        page.evaluate("delete document.body.dataset.vscodeThemeKind")
        assert page.evaluate(ground) == "rgb(21, 20, 18)"


def test_an_export_is_downloaded(browser, session, tmp_path):
    with notebook_of(browser, session) as (page, _):
        enter(page)
        answer(page, "1")
        saved(page)
        page.keyboard.press("p")
        with page.expect_download() as download:
            page.get_by_role("button", name="CSV").click()
        assert download.value.suggested_filename == "labels.csv"
        assert download.value.path().read_text(encoding="utf-8").count("low") >= 1


def test_a_picture_that_cannot_be_read_is_named(browser, tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "bad.png").write_bytes(b"nothing")
    with (
        LabelingSession(tmp_path / "photos") as session,
        notebook_of(browser, session) as (page, _),
    ):
        expect(page.locator(".stage .broken")).to_contain_text("bad.png' cannot be read")
