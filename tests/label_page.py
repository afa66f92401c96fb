"""The labelling page in Chromium: what tests read from it and do to it."""

from contextlib import contextmanager

from playwright.sync_api import expect

from skactive.labeling import LabelingSession

# Milliseconds: other work may take most of the machine.
PATIENCE = 90_000
expect.set_options(timeout=PATIENCE)

HTML = "<img src=x onerror=\"document.title='pwned'\"><script>document.title='pwned'</script>"
VIEWS = {"g": "gallery", "h": "history", "c": "classes", "p": "progress"}
SIZE = {"width": 1200, "height": 800}
# The number of answers that the browser keeps.
N_STORED = "Object.keys(localStorage).filter(one => /^skactive-(?!keys)/.test(one)).length"
# The requests under way, by the context of a page.
UNDER_WAY = {}
SHOWN = ".stage .picture img, .stage .text, .stage .empty"


@contextmanager
def page_of(browser, server, **options):
    """Open the page in a context of its own; errors of its scripts fail the test."""
    context = browser.new_context(**{"viewport": SIZE, **options})
    context.set_default_timeout(PATIENCE)
    requests = UNDER_WAY[context] = set()
    # Playwright takes no methods of built-in types.
    context.on("request", lambda request: requests.add(request))  # noqa: PLW0108
    for end in ["requestfinished", "requestfailed"]:
        context.on(end, lambda request: requests.discard(request))  # noqa: PLW0108
    errors = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    page = context.new_page()
    page.goto(server.address)
    try:
        yield page
        assert errors == []
    finally:
        context.close()
        del UNDER_WAY[context]


def visit(page, address):
    """Open an address; the page loads itself again if it is open with another secret."""
    with page.expect_event("load"):
        page.goto(address)


def until(page, condition, reason):
    """Wait until a function returns a true value, and return it."""
    for _ in range(PATIENCE // 20):
        if found := condition():
            return found
        page.wait_for_timeout(20)
    raise AssertionError(reason)


def shown(page):
    """Return what identifies the sample on the page, or None."""
    return page.evaluate(
        """selector => {
          const one = document.querySelector(selector);
          return one ? one.alt || one.textContent : null;
        }""",
        SHOWN,
    )


def sample(page):
    """Wait for a sample, and return what identifies it."""
    expect(page.locator(".stage .picture img:not(.is-coming), .stage .text").first).to_be_visible()
    return shown(page)


def answer(page, key):
    """Press a key, and wait for the next sample."""
    before = sample(page)
    page.keyboard.press(key)
    until(page, lambda: shown(page) != before, f"The key {key} does not answer {before}.")
    return before


def saved(page):
    """Wait until all answers are acknowledged."""
    until(
        page,
        lambda: page.evaluate(N_STORED) == 0,
        "Some answers are not acknowledged.",
    )


def quiet(page):
    """Wait until nothing is being fetched, such as the next samples."""
    until(page, lambda: not UNDER_WAY[page.context], "A request has no answer.")


def read(page):
    """Wait until all samples are embedded."""
    expect(page.locator(".status")).to_contain_text("label")
    expect(page.locator(".embedding")).to_have_count(0)


def labels(folder):
    """Return the label of each sample that has one."""
    with LabelingSession.open(folder) as session:
        return {one.id: one.label for one in session.history()}
