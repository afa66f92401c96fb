"""Take the screenshot of the labelling page in JupyterLab for the user guide.

Run ``python docs/notebook_screenshot.py``, with JupyterLab and anywidget installed. It labels some
of the digits that scikit-learn ships in a notebook, and writes ``docs/images/notebook.png``; with
``--dark PATH``, it writes another file, in dark colours.
"""

import sys
import tempfile
from pathlib import Path

from PIL import Image
from screenshots import IMAGES, N_COLORS, write_digits
from sklearn.datasets import load_digits

from skactive.labeling import LabelingSession

sys.path.append(str(Path(__file__).parents[1] / "tests"))

from page_server import opened_browser
from running_jupyter import jupyter, run, write_notebook

CELL = """from skactive.labeling import LabelingSession, LabelingWidget

session = LabelingSession("digits.npz", classes=list("0123456789"))
LabelingWidget(session)"""
NEXT = "session.progress()"
SIZE = {"width": 1000, "height": 860}
N_ANSWERS = 40


def main(path: Path, *, is_dark: bool) -> None:
    """Take the screenshot."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder) / "work"
        work.mkdir()
        source = write_digits(work / "digits.npz")
        with LabelingSession(source, Path(folder) / "names") as session:
            names = [one.id for one in session.samples()]
        truth = dict(zip(names, load_digits().target.tolist(), strict=True))
        write_notebook(work / "Label.ipynb", CELL, NEXT)
        with (
            jupyter(work, Path(folder) / "jupyter", is_dark=is_dark) as lab,
            opened_browser() as browser,
        ):
            page = browser.new_page(viewport=SIZE)
            page.goto(lab.page("Label.ipynb"))
            run(page, 0)
            picture = page.locator(".skactive .picture img")
            picture.wait_for()
            # The list of files takes place.
            page.keyboard.press("Control+B")
            page.locator(".stage").click(position={"x": 4, "y": 4})
            for place in range(N_ANSWERS):
                page.keyboard.press(str(truth[picture.get_attribute("alt")]))
                page.locator(".status", has_text=f"{place + 1} label").wait_for()
            page.locator(".live:empty").wait_for(state="attached")
            page.mouse.move(0, 0)
            page.screenshot(path=path, animations="disabled")
    with Image.open(path) as image:
        image.convert("RGB").quantize(N_COLORS).save(path, optimize=True)


if __name__ == "__main__":
    is_dark = sys.argv[1:2] == ["--dark"]
    main(Path(sys.argv[2]) if is_dark else IMAGES / "notebook.png", is_dark=is_dark)
