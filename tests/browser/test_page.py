"""The page to label in, in Chromium, by real keys and clicks."""

import http.server
import threading
from contextlib import contextmanager

import numpy as np
import pytest

pytest.importorskip("playwright")
pytest.importorskip("uvicorn")

from page_server import Server, opened_browser, serving
from playwright.sync_api import expect

from skactive.labeling import LabelingSession

resource = pytest.importorskip("resource")

HTML = "<img src=x onerror=\"document.title='pwned'\"><script>document.title='pwned'</script>"
VIEWS = {"g": "gallery", "h": "history", "c": "classes", "p": "progress"}
SIZE = {"width": 1200, "height": 800}


@pytest.fixture(scope="module")
def browser():
    with opened_browser("--host-resolver-rules=MAP evil.example 127.0.0.1") as browser:
        yield browser


@pytest.fixture
def points(tmp_path):
    """Vectors of three groups, with pictures whose brightness is that of the group."""
    generator = np.random.default_rng(0)
    groups = np.repeat([0, 1, 2], 40)
    X = generator.normal(size=(120, 3)) + 12 * np.eye(3)[groups]
    images = np.repeat(groups * 100, 16).reshape(-1, 4, 4).astype(np.uint8)
    np.savez(tmp_path / "points.npz", X=X.astype(np.float32), images=images)
    return tmp_path / "points.npz"


@pytest.fixture
def texts(tmp_path):
    path = tmp_path / "texts.txt"
    lines = [HTML, "  two  spaces", "שלום עולם", *(f"text number {n}" for n in range(30))]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@contextmanager
def page_of(browser, server, **options):
    """Open the page; errors of its scripts fail the test."""
    context = browser.new_context(viewport=SIZE, **options)
    page = context.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(server.address)
    try:
        yield page
        assert errors == []
    finally:
        context.close()


def sample(page):
    """Wait for a sample, and return what identifies it."""
    shown = page.locator(".stage .picture img, .stage .text").first
    expect(shown).to_be_visible(timeout=30_000)
    return shown.get_attribute("alt") or shown.text_content()


def answer(page, key):
    """Press a key, and wait for the next sample."""
    before = sample(page)
    page.keyboard.press(key)
    shown = page.locator(".stage .picture img, .stage .text, .stage .empty").first
    page.wait_for_timeout(0)
    for _ in range(300):
        if (shown.get_attribute("alt") or shown.text_content()) != before:
            return before
        page.wait_for_timeout(10)
    raise AssertionError(f"The key {key} does not answer {before}.")


def saved(page):
    """Wait until all answers are acknowledged."""
    for _ in range(500):
        if page.evaluate("localStorage.length") == 0:
            return
        page.wait_for_timeout(10)
    raise AssertionError("Some answers are not acknowledged.")


def labels(folder):
    with LabelingSession.open(folder) as session:
        return {one.id: one.label for one in session.history()}


def test_forty_samples_by_keys_alone_and_on_the_next_day(browser, points, tmp_path):
    classes = ["--classes", "low,middle,high"]
    X = np.load(points)["X"]
    server = Server(points, *classes)
    answered = []
    with LabelingSession(points, tmp_path / "other") as session:
        names = {one.id: place for place, one in enumerate(session.samples())}
    with page_of(browser, server) as page:
        for _ in range(40):
            key = str(X[names[sample(page)]].argmax() + 1)
            answered.append((answer(page, key), ["low", "middle", "high"][int(key) - 1]))
        saved(page)
    server.kill()
    server.start()
    with page_of(browser, server) as page:
        expect(page.locator(".status")).to_contain_text("40 labels", timeout=30_000)
        sample(page)
        # An answer of the day before is undone, corrected, and taught.
        page.keyboard.press("u")
        expect(page.locator(".stage img")).to_have_attribute("alt", answered[-1][0])
        answer(page, "1")
        page.keyboard.press("t")
        expect(page.locator(".chip")).to_be_visible()
        for _ in range(10):
            answer(page, str(X[names[sample(page)]].argmax() + 1))
        saved(page)
        expect(page.locator(".status")).to_contain_text("test accuracy", timeout=30_000)
    assert "50 labels" in server.stop()
    expected = dict(answered) | {answered[-1][0]: "low"}
    with LabelingSession.open(points) as session:
        taught = {one.id: one.label for one in session.history() if not one.is_test}
        assert taught == expected
        assert session.write_predictions(points, tmp_path / "predictions.csv") == 120
        session.export(tmp_path / "labels.csv")
        assert session.progress().test_accuracy.value > 0.8


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
    server = Server(points, "--classes", "low,high")
    with page_of(browser, server) as page:
        for _ in range(3):
            answer(page, "1")
        saved(page)
        page.wait_for_timeout(500)
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
        expect(page.locator(".why")).to_contain_text("candidates", timeout=30_000)
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
        expect(tiles).to_have_count(36, timeout=30_000)
        page.keyboard.press("1")
        expect(page.locator(".live")).to_contain_text("No sample is selected")
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
        expect(page.locator(".chances dt")).to_have_count(2, timeout=30_000)
        guess = page.locator(".chances dt").first.text_content()
        answered = answer(page, "Enter")
        saved(page)
        server.stop()
    found = labels(points)
    assert len(found) == 5
    assert found[answered] == guess


def test_pages_of_other_origins_can_neither_read_nor_post(browser, points):
    with serving(points, "--classes", "low") as server, page_of(browser, server) as page:
        sample(page)
        with other_origin() as address, page.context.expect_page() as opened:
            page.evaluate("address => window.open(address)", address)
            other = opened.value
            other.wait_for_load_state()
            for script in ATTACKS:
                assert other.evaluate(script, server.origin) == "refused"
        page.wait_for_timeout(200)
        # The name of another host that leads to this machine.
        port = server.origin.rpartition(":")[2]
        rebound = page.context.new_page()
        reply = rebound.goto(f"http://evil.example:{port}/")
        assert reply.status == 421
        stranger = browser.new_context().new_page()
        stranger.goto(server.origin)
        expect(stranger.locator("main")).to_contain_text("open the address in the terminal")
        stranger.context.close()
        server.stop()
    assert labels(points) == {}


ATTACKS = [
    """async origin => {
      try { return (await fetch(`${origin}/api/state`, {credentials: "include"})).status }
      catch { return "refused" }
    }""",
    """async origin => {
      const given = {kind: "add_class", request: "x", name: "evil"};
      const options = {method: "POST", credentials: "include", body: JSON.stringify(given)};
      try {
        const headers = {"X-Skactive": "1", "Content-Type": "application/json"};
        return (await fetch(`${origin}/api/act`, {...options, headers})).status;
      } catch { return "refused" }
    }""",
    """async origin => {
      const options = {method: "POST", mode: "no-cors", credentials: "include", body: "{}"};
      const reply = await fetch(`${origin}/api/undo`, options).catch(() => null);
      return reply === null || reply.type === "opaque" ? "refused" : "read";
    }""",
    """origin => new Promise(resolve => {
      const image = new Image();
      image.onload = () => resolve("read");
      image.onerror = () => resolve("refused");
      image.src = `${origin}/picture/0`;
    })""",
    """origin => new Promise(resolve => {
      const frame = document.createElement("iframe");
      frame.src = origin;
      frame.onload = () => {
        try { resolve(frame.contentDocument?.body?.textContent ? "read" : "refused") }
        catch { resolve("refused") }
      };
      document.body.append(frame);
    })""",
    """origin => new Promise(resolve => {
      const script = document.createElement("script");
      script.onload = () => resolve("read");
      script.onerror = () => resolve("refused");
      script.src = `${origin}/static/page.js`;
      document.body.append(script);
    })""",
]


@contextmanager
def other_origin():
    """Serve an empty page on another port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>other</title><body></body>")

        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


# The elements that make the page wider than the window.
TOO_WIDE = """
[...document.querySelectorAll("*")]
  .filter(one => document.documentElement.scrollWidth > innerWidth)
  .filter(one => one.getBoundingClientRect().right > innerWidth)
  .map(one => `${one.tagName}.${one.className}`)
"""


def test_every_view_is_accessible_and_fits_into_320_pixels(browser, points):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    classes = ["low", "high", "a very long name of a class that fits into no button at all"]
    with (
        serving(points, "--classes", ",".join(classes)) as server,
        # The script of the check is not one of the page's.
        page_of(browser, server, bypass_csp=True) as page,
    ):
        for key in "12121212":
            answer(page, key)
        page.keyboard.press("w")
        expect(page.locator(".chances dt").first).to_be_visible(timeout=30_000)
        for scheme in ["light", "dark"]:
            page.emulate_media(color_scheme=scheme)
            for width in [1200, 320]:
                page.set_viewport_size({"width": width, "height": 700})
                for key in ["Escape", *VIEWS, "?"]:
                    page.keyboard.press(key)
                    page.wait_for_load_state("networkidle")
                    expect(page.locator(".is-loading")).to_have_count(0)
                    page.wait_for_timeout(600)
                    assert page.evaluate(TOO_WIDE) == []
                    found = axe.run(page).response["violations"]
                    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
                page.keyboard.press("Escape")


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
