"""The labelling page in Chromium: start, time per key, memory, and lost key presses.

A process of `skactive label` with the built-in descriptors, and a browser that is open already,
label photos (generated JPEG files of 224 × 224), texts (generated sentences) and 512-dimensional
vectors with small pictures. Keys are pressed by the browser's own input events, and each answer is
the true class of the sample. The next key is pressed as soon as the next sample is painted, faster
than a person, and then at the pace of a fast person: 0.2 to 0.6 s after the sample was painted.

"Start" is the time from the start of the process to the first sample on the screen, "complete" that
until all samples are embedded and in the pool. The modules are compiled, as after an installation
by pip. A part of the start is the import of scikit-learn, which is measured alternately.

"Key" is the time from the timestamp of the keydown event to the second animation frame after the
next sample, its picture decoded, is in the page: the first of these frames is painted then. The
same time on a page that only replaces a word, "floor", is part of all of these, and is measured
between the others. "Acknowledged" is the time of the request of an answer, which is on the disk
before it is acknowledged. Each key press that the log of the killed server does not have, in its
order, would be a lost one, which is asserted.

Peak memory is the resident memory of the server's process. `python -m benchmarks.labeling_page`
with the names of some pools measures only these, and writes no file.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.labeling_pools import LabeledSource, photos, texts, vectors
from benchmarks.report import Measurement, measured, table
from benchmarks.timing import seconds

SMALL = "1,000 photos"
POOLS = {
    SMALL: (photos, 1_000),
    "20,000 photos": (photos, 20_000),
    "100,000 texts": (texts, 100_000),
    "100,000 vectors": (vectors, 100_000),
}
N_STARTS, N_PRESSES, N_PACED, N_FLOOR = 3, 500, 200, 100
# Seconds after a sample was painted.
PACE = (0.2, 0.6)
MAX_START, MAX_KEY = 3.0, 0.05
MEBIBYTE = 2**20

# Notes every key press in the page, the sample before and after it, and its time.
PROBE = """
(() => {
  const PATIENCE = 900000;  // milliseconds
  const probe = { presses: [], acknowledged: [], painted: null };
  window.probe = probe;
  const shown = () => {
    const text = document.querySelector(".stage p.text");
    if (text) return text.textContent;
    const image = document.querySelector(".stage .picture img");
    return image?.complete && image.naturalWidth ? image.alt : null;
  };
  const after = (before) => new Promise((resolve, reject) => {
    const start = performance.now();
    const look = () => {
      const now = shown();
      // The frame of this call is painted before the next one.
      if (now !== null && now !== before) requestAnimationFrame(() => resolve(now));
      else if (performance.now() - start < PATIENCE) requestAnimationFrame(look);
      else reject(new Error("There is no next sample."));
    };
    look();
  });
  probe.shown = shown;
  probe.first = after(null).then(() => performance.timeOrigin + performance.now());
  probe.isComplete = () => {
    const status = document.querySelector(".status");
    return Boolean(status?.childElementCount) && !status.querySelector(".embedding");
  };
  // The page's policy refuses conditions that are sent to it as text.
  probe.until = async (condition) => {
    const start = performance.now();
    while (!condition()) {
      if (performance.now() - start > PATIENCE) throw new Error("The page does not go on.");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  addEventListener("keydown", (event) => {
    const start = event.timeStamp, before = shown();
    // The page changes after this listener.
    probe.painted = new Promise(requestAnimationFrame).then(() => after(before)).then(() => {
      probe.presses.push([before, event.key, performance.now() - start]);
    });
  }, true);
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (entry.name.endsWith("/api/act")) probe.acknowledged.push(entry.duration);
    }
  }).observe({ type: "resource", buffered: true });
})()
"""
IMPORT = "import sklearn.neighbors"
FLOORED = "floor"
FLOOR = """
<div class="stage"><p class="text">0</p></div>
<script>
  const text = document.querySelector("p");
  addEventListener("keydown", () => { text.textContent = Number(text.textContent) + 1; });
</script>
"""


class NoBrowserError(ImportError):
    """Playwright or Chromium is not installed."""


@contextmanager
def opened_browser() -> Iterator[Any]:  # of Playwright's Browser
    """Start Chromium: the one of the variable BROWSER, or Playwright's own."""
    hint = (
        "Hint: pip install 'skactive[label]' playwright, and set the environment variable BROWSER "
        "to the path of an installed Chromium, or run: playwright install chromium."
    )
    try:
        import uvicorn  # noqa: F401 - the server needs it
        from playwright.sync_api import Error, sync_playwright
    except ImportError as error:
        raise NoBrowserError(f"{error.name} is not installed. {hint}") from error
    # Inside of a container there is no sandbox to start.
    flags = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as play:
        try:
            browser = play.chromium.launch(
                executable_path=os.environ.get("BROWSER") or None, args=flags
            )
        except Error as error:
            raise NoBrowserError(f"Chromium cannot be started. {hint}") from error
        try:
            yield browser
        finally:
            browser.close()


class PageServer:
    """`skactive label` in a process of its own.

    Parameters
    ----------
    source : LabeledSource
        The samples.
    folder : Path
        The folder of the session.
    compiled : Path
        The folder of compiled modules.

    Attributes
    ----------
    started : float
        The time at which the process was started, in seconds since the epoch.
    address : str
        The address of the page.
    """

    def __init__(self, source: LabeledSource, folder: Path, compiled: Path) -> None:
        classes = ",".join(source.classes)
        options = ["--session", str(folder), "--classes", classes, "--no-browser"]
        self.started = time.time()
        # The command is ours.
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "skactive", "label", str(source.path), *options],
            stdout=subprocess.PIPE,
            text=True,
            env=environment(compiled),
        )
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if found := re.search(r"http://\S+", line):
                self.address = found[0]
                return
        raise RuntimeError("The server did not start.")

    def peak_bytes(self) -> int:
        """Return the peak resident memory of the process."""
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
        return 1024 * int(status.split("VmHWM:")[1].split()[0])

    def processor_seconds(self) -> float:
        """Return the time for which the process ran on processors so far."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="utf-8")
        user, system = fields.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def kill(self) -> None:
        """End the process without notice."""
        self._process.kill()
        self._process.communicate()


def environment(compiled: Path) -> dict[str, str]:
    """Return the variables of a process whose modules are compiled once."""
    kept = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(compiled)}


def import_seconds(compiled: Path) -> float:
    """Return the duration of a process that imports scikit-learn's neighbours."""
    command = [sys.executable, "-c", IMPORT]
    # The command is ours.
    return seconds(
        lambda: subprocess.run(command, check=True, env=environment(compiled))  # noqa: S603
    )


@dataclass
class Figures:
    """What was measured of a pool, in seconds and bytes."""

    starts: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    imports: list[float] = field(default_factory=list)
    complete: float = 0.0
    keys: dict[str, np.ndarray] = field(default_factory=dict)
    acknowledged: dict[str, np.ndarray] = field(default_factory=dict)
    peak: int = 0
    n_pressed: int = 0
    n_lost: int = 0
    loads: list[float] = field(default_factory=list)


@contextmanager
def page_of(browser: Any, server: PageServer) -> Iterator[Any]:  # of Playwright's Page
    """Open the page and wait for the first sample; kill the server at the end."""
    context = browser.new_context(viewport={"width": 1200, "height": 800})
    try:
        page = context.new_page()
        page.add_init_script(PROBE)
        page.goto(server.address, wait_until="commit")
        yield page
    finally:
        server.kill()
        context.close()


def press_all(
    page: Any, source: LabeledSource, n: int, *, pace: np.ndarray | None, until_complete: bool
) -> None:
    """Answer samples by keys, the next one when its sample is painted."""
    for place in range(n):
        shown, is_complete = page.evaluate("[probe.shown(), probe.isComplete()]")
        if until_complete and is_complete:
            return
        if pace is not None:
            page.wait_for_timeout(1000 * pace[place])
        label = source.labels[source.ids[shown]]
        page.keyboard.press(str(source.classes.index(label) + 1))
        page.evaluate("probe.painted")


def answered(page: Any, source: LabeledSource, figures: Figures, phase: str) -> list[list[str]]:
    """Wait until all answers are acknowledged; keep their times, and return what was pressed."""
    page.evaluate("probe.until(() => !Object.keys(localStorage).some((one) => one !== 'page-key'))")
    page.wait_for_timeout(100)
    presses, acknowledged = page.evaluate("[probe.presses.splice(0), probe.acknowledged.splice(0)]")
    assert len(presses) == len(acknowledged), "Not every key press is a request."
    if not presses:
        return []
    figures.keys[phase] = np.array([one for _, _, one in presses]) / 1000
    figures.acknowledged[phase] = np.array(acknowledged) / 1000
    return [[source.ids[shown], source.classes[int(key) - 1]] for shown, key, _ in presses]


def logged(folder: Path) -> list[list[str]]:
    """Return the samples and classes of all answers on the disk, in their order."""
    lines = (folder / "answers.jsonl").read_text(encoding="utf-8").splitlines()
    entries = [entry for entry in map(json.loads, lines) if "answer" in entry]
    return [[sample, entry["label"]] for entry in entries for sample in entry["answer"]]


def measure_pool(browser: Any, source: LabeledSource, folder: Path, compiled: Path) -> Figures:
    """Start, and answer while samples are embedded and after that, also at a person's pace."""
    figures = Figures()
    pace = np.random.default_rng(0).uniform(*PACE, N_PACED)
    for place in range(N_STARTS):
        figures.loads.append(os.getloadavg()[0])
        own = folder / f"{place}.session"
        figures.imports.append(import_seconds(compiled))
        server = PageServer(source, own, compiled)
        pressed: list[list[str]] = []
        with page_of(browser, server) as page:
            figures.starts.append(page.evaluate("probe.first") / 1000 - server.started)
            figures.processor.append(server.processor_seconds())
            if place == 0:
                press_all(page, source, N_PRESSES, pace=None, until_complete=True)
                pressed += answered(page, source, figures, "while embedding")
            if place == N_STARTS - 1:
                page.evaluate("probe.until(probe.isComplete)")
                figures.complete = time.time() - server.started
                press_all(page, source, N_PRESSES, pace=None, until_complete=False)
                pressed += answered(page, source, figures, "complete")
                figures.keys[FLOORED] = floor(browser)
                press_all(page, source, N_PACED, pace=pace, until_complete=False)
                pressed += answered(page, source, figures, "complete, at a fast person's pace")
                figures.peak = server.peak_bytes()
        found = logged(own)
        figures.n_pressed += len(pressed)
        figures.n_lost += sum(one not in found for one in pressed)
        assert found == pressed, "The log differs from the keys."
    figures.loads.append(os.getloadavg()[0])
    return figures


def floor(browser: Any) -> np.ndarray:
    """Return the times of keys on a page that replaces a word."""
    context = browser.new_context(viewport={"width": 1200, "height": 800})
    page = context.new_page()
    page.set_content(FLOOR)
    page.evaluate(PROBE)
    for _ in range(N_FLOOR):
        page.keyboard.press("1")
        page.evaluate("probe.painted")
    times = page.evaluate("probe.presses.map((press) => press[2])")
    context.close()
    return np.array(times) / 1000


def percentile(values: np.ndarray) -> float:
    """Return the 99th percentile."""
    return float(np.quantile(values, 0.99))


def summary(name: str, figures: Figures, source: LabeledSource) -> list[Measurement]:
    """Return the rows of a pool."""
    starts = np.array(figures.starts)
    is_small = name == SMALL
    rows = [
        measured(f"{name}: start", starts, at_most=MAX_START if is_small else None),
        measured(f"{name}: start, processor time of the server", figures.processor),
        measured(f"{name}: start ÷ `{IMPORT}`", starts / figures.imports, "ratio"),
        measured(f"{name}: complete", figures.complete),
    ]
    floored = figures.keys[FLOORED]
    rows += [
        measured(f"{name}, {FLOORED}: key", floored),
        measured(f"{name}, {FLOORED}: key, 99th percentile", percentile(floored)),
    ]
    for phase, acknowledged in figures.acknowledged.items():
        keys = figures.keys[phase]
        about = f"{name}, {phase}"
        last = percentile(keys)
        rows += [
            measured(f"{about}: key", keys, at_most=MAX_KEY),
            measured(f"{about}: key, 99th percentile", last, at_most=MAX_KEY),
            measured(
                f"{about}: key, 99th percentile ÷ floor's", last / percentile(floored), "ratio"
            ),
            measured(f"{about}: acknowledged", acknowledged),
            measured(f"{about}: acknowledged, 99th percentile", percentile(acknowledged)),
        ]
    about = f"{name}: lost of {figures.n_pressed:,} key presses"
    rows.append(measured(about, figures.n_lost, "presses", at_most=0))
    rows.append(measured(f"{name}: peak memory", figures.peak / MEBIBYTE, "MiB"))
    if source.vector_bytes:
        size = source.vector_bytes
        rows += [
            measured(f"{name}: size of the vectors", size / MEBIBYTE, "MiB"),
            measured(f"{name}: peak memory ÷ vectors", figures.peak / size, "ratio"),
        ]
    rows.append(measured(f"{name}: load average of the machine", figures.loads, "processes"))
    return rows


def measure(names: Sequence[str] = tuple(POOLS)) -> list[Measurement]:
    """Return the figures of pools."""
    results = []
    with opened_browser() as browser, tempfile.TemporaryDirectory() as compiled:
        for name in names:
            write, n = POOLS[name]
            with tempfile.TemporaryDirectory(prefix="skactive-") as folder:
                source = write(Path(folder), n)
                # Compiles all modules.
                with page_of(
                    browser, PageServer(source, Path(folder, "s"), Path(compiled))
                ) as page:
                    page.evaluate("probe.first")
                found = measure_pool(browser, source, Path(folder), Path(compiled))
            results += summary(name, found, source)
    return results


if __name__ == "__main__":
    print(table(measure(sys.argv[1:] or tuple(POOLS))))
