"""Take the screenshots of the labelling page for the README and the user guide.

Run ``python docs/screenshots.py``. It labels some of the digits that scikit-learn ships, opens the
page in Chromium by Playwright (the one of the variable BROWSER, or Playwright's own), and writes a
PNG of each view into ``docs/images``.
"""

import os
import tempfile
from pathlib import Path
from queue import Queue
from threading import Thread

import numpy as np
from PIL import Image
from playwright.sync_api import Page, sync_playwright
from sklearn.datasets import load_digits

from skactive.labeling import LabelingSession
from skactive.labeling.server import serve

TEXTS = [
    "The museum shows paintings of judges",
    "A new law for football clubs",
    "The orchestra plays in the stadium before the final",
    "The court decides about a stolen painting",
    "The team wins by a goal in the last minute",
    "A concert in the park",
]
IMAGES = Path(__file__).parent / "images"
N_LABELED, N_TEST = 80, 25
WIDE, NARROW = {"width": 1000, "height": 680}, {"width": 320, "height": 640}
# An image of few colours is small.
N_COLORS = 128


def write_digits(path: Path) -> Path:
    """Write the digits as vectors with pictures, black on white."""
    X = load_digits().data.astype(np.float32)
    images = np.rint(255 - X.reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8)
    np.savez(path, X=X, images=images)
    return path


def label(session: LabelingSession) -> None:
    """Label digits correctly, those of the test set included."""
    digits = load_digits().target.astype(str)
    truth = {one.id: digits[place] for place, one in enumerate(session.samples())}
    session.hold_out(N_TEST)
    for n in range(N_LABELED):
        [one] = session.next()
        session.answer(one.id, truth[one.id])
        session.progress()
        if n == N_LABELED // 2:
            for tested in session.next(N_TEST, test=True):
                session.answer(tested.id, truth[tested.id])


def take(page: Page, name: str) -> None:
    """Write a screenshot as soon as all pictures are shown and no message is."""
    page.mouse.move(0, 0)
    page.wait_for_load_state("networkidle")
    page.locator(".live:empty, dialog[open]").first.wait_for(state="attached")
    page.evaluate("Promise.all([...document.images].map(image => image.decode()))")
    path = IMAGES / f"{name}.png"
    page.screenshot(path=path, animations="disabled")
    with Image.open(path) as image:
        image.convert("RGB").quantize(N_COLORS).save(path, optimize=True)


def opened(session: LabelingSession) -> str:
    """Serve the page in a thread until this program ends, and return its address."""
    addresses: Queue[str] = Queue()
    options = {"announce": addresses.put, "open_browser": False}
    Thread(target=serve, args=(session,), kwargs=options, daemon=True).start()
    return addresses.get()


def show(page: Page, key: str, view: str) -> None:
    """Open a view by its key."""
    page.keyboard.press(key)
    page.locator(f"main.{view} .tile, main.{view} table, main.{view} .drawing svg").first.wait_for()


def main() -> None:
    """Take all screenshots."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        # Inside of a container there is no sandbox to start.
        flags = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        browser = play.chromium.launch(executable_path=os.environ.get("BROWSER"), args=flags)
        page = browser.new_page(viewport=WIDE)
        source = write_digits(Path(folder) / "digits.npz")
        classes = [str(digit) for digit in range(10)]
        with LabelingSession(source, classes=classes) as session:
            page.goto(opened(session.wait()))
            page.locator(".picture img").wait_for()
            show(page, "g", "gallery")
            page.get_by_text("36 samples selected").wait_for()
            take(page, "groups")
            label(session)
            page.reload()
            page.get_by_text(f"{N_LABELED} labels").wait_for()
            take(page, "label")
            page.keyboard.press("w")
            page.locator(".why .chances").wait_for()
            take(page, "why")
            page.keyboard.press("w")
            show(page, "g", "gallery")
            page.locator("#group").select_option(label="Guessed 3")
            page.locator(".tile .caption").first.wait_for()
            page.locator(".tile").nth(0).click()
            page.locator(".tile").nth(9).click(modifiers=["Shift"])
            page.locator("main .scroll").evaluate("one => one.scrollTo(0, 0)")
            take(page, "gallery")
            show(page, "h", "history")
            take(page, "history")
            show(page, "c", "classes")
            take(page, "classes")
            show(page, "p", "progress")
            take(page, "progress")
            page.keyboard.press("?")
            take(page, "keys")
            page.keyboard.press("Escape")
            page.emulate_media(color_scheme="dark")
            show(page, "g", "gallery")
            take(page, "dark")
            page.emulate_media(color_scheme="light")
            page.set_viewport_size(NARROW)
            page.keyboard.press("Escape")
            page.locator(".picture img").wait_for()
            take(page, "narrow")
            show(page, "g", "gallery")
            take(page, "narrow_gallery")
        take_several_labels(page, Path(folder) / "several.session")
        browser.close()


def take_several_labels(page: Page, folder: Path) -> None:
    """Take the screenshot of a sample with two labels."""
    topics = ["art", "law", "music", "sport"]
    with LabelingSession(TEXTS, folder, classes=topics, multi_label=True) as session:
        page.set_viewport_size(WIDE)
        page.goto(opened(session.wait()))
        page.locator(".stage .text").wait_for()
        for name in ("music", "sport"):
            page.get_by_role("button", name=name).click()
        take(page, "several_labels")


if __name__ == "__main__":
    main()
