"""Label Studio with and without the bridge: the order of tasks, label savings, and request times.

`LABEL_STUDIO=…/bin/label-studio python -m benchmarks.label_studio` starts Label Studio with an
empty SQLite database, and writes results/label_studio.md. `order` or `times` after it measures only
these, and `--answers` is the number of timed answers of each kind. Label Studio needs an
environment of its own.

*Order.* 100 tasks of 200 are asked and answered through the API. "Plain" is a session that knows
nothing of Label Studio. "Waiting" annotators ask for a task after the bridge has learnt the last
answer; others ask at once, as Label Studio's page does. Three annotators ask in turn. Accuracies
are those of the default classifier on up to 1,000 other samples (no copies of photos in the
project), with the built-in descriptors fitted on the project. The target is the accuracy that k-NN
reaches with 100 random labels, the mean of 20 orders; labels are counted on a smoothed curve.

*Times.* An annotator submits, asks for the next task at once, and looks at it for 0.5 to 1.5 s, in
blocks of 20 answers without a bridge, with a webhook to a server that answers at once and does
nothing else, with a bridge that polls every 5 s, and with one that webhooks wake. "Added" is the
difference between the medians of a block and of the block without a bridge in the same round; for
the bridge that webhooks wake, also of the block with the other server: Label Studio itself sends a
webhook within the annotator's request.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle, islice
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np

from benchmarks.assets import asset
from benchmarks.label_savings.lineup import CLASSIFIERS
from benchmarks.label_savings.savings import labels_to, score_with
from benchmarks.report import Measurement, measured, read_csv, table, write_csv
from skactive import ActiveLearner
from skactive.embedding import ImageDescriptor, TextDescriptor

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import label_studio_projects as projects
from label_studio_server import LabelStudioServer, running

RESULTS = Path(__file__).parent / "results"
N_ANSWERS, N_HELD_OUT, N_RANDOM, N_ANNOTATORS = 100, 1_000, 20, 3
BLOCK, LOOK = 20, (0.5, 1.5)
MAX_ADDED = 0.02
WITHOUT, EMPTY = "without a bridge", "webhook to a server that does nothing"
POLLING, WEBHOOK = "polling", "webhook"
# Of each kind of block: those that its times are compared with.
BASES = {WITHOUT: (), EMPTY: (WITHOUT,), POLLING: (WITHOUT,), WEBHOOK: (WITHOUT, EMPTY)}


class Samples:
    """The samples of a project and others: vectors and classes.

    Parameters
    ----------
    kind : {"questions", "photos"}
        The kind of the samples.
    """

    def __init__(self, kind: str) -> None:
        rows = self._questions() if kind == "questions" else self._photos()
        self.names, samples, labels = zip(*rows, strict=True)
        n = projects.N_SAMPLES
        column = np.array(samples, dtype=object)
        descriptor = TextDescriptor() if kind == "questions" else ImageDescriptor()
        self.X = descriptor.fit(column[:n]).transform(column[:n])
        self.X_held_out = descriptor.transform(column[n:])
        self.y, self.y_held_out = np.split(np.array(labels), [n])

    @staticmethod
    def _questions() -> list[tuple[str, str, str]]:
        found = projects.questions(projects.N_SAMPLES + N_HELD_OUT)
        return [(text, text, label) for text, label in found.items()]

    @staticmethod
    def _photos() -> list[tuple[str, str, str]]:
        """Return the photos of the project, and photos of which it has no copy."""
        with np.load(asset("embeddings", "fruits_fresh_rotten_mobilenetv2.npz")) as file:
            groups = dict(zip(file["files"].tolist(), file["base_photo"].tolist(), strict=True))
        paths = projects.drawn_photos(folder := asset("data", "fruits_fresh_rotten"))
        own = paths[: projects.N_SAMPLES]
        known = {groups[path.relative_to(folder).as_posix()] for path in own}
        others = (
            path
            for path in paths[len(own) :]
            if groups[path.relative_to(folder).as_posix()] not in known
        )
        return [
            (f"p{number:03}{path.suffix}", str(path), path.parent.name)
            for number, path in enumerate([*own, *islice(others, N_HELD_OUT)])
        ]

    def curve(self, order: Sequence[int], estimator: Any = None) -> np.ndarray:
        """Return the accuracy on other samples after each label, in an order of positions."""
        learner = ActiveLearner(estimator, X_pool=self.X)
        found = []
        for place in order:
            learner.teach([place], [self.y[place]])
            found.append(float((learner.predict(self.X_held_out) == self.y_held_out).mean()))
        return np.array(found)

    def target(self) -> float:
        """Return the accuracy of k-NN with 100 random labels."""
        generator = np.random.default_rng(0)
        orders = [generator.permutation(len(self.y))[:N_ANSWERS] for _ in range(N_RANDOM)]
        curves = [self.curve(order.tolist(), CLASSIFIERS["k-NN"]) for order in orders]
        return score_with(np.mean(curves, axis=0), N_ANSWERS)


def measure_order(studio: LabelStudioServer) -> list[Measurement]:
    """Return label savings, and how far the orders differ."""
    tokens = [studio.sign_up(f"order{number}@example.org") for number in range(N_ANNOTATORS)]
    results = []
    for kind, create in (
        ("questions", projects.create_text_project),
        ("photos", projects.create_photo_project),
    ):
        samples = Samples(kind)
        target = samples.target()
        results.append(measured(f"{kind}: accuracy of k-NN, 100 random labels", target, "accuracy"))
        orders: dict[str, list[int]] = {}
        for name, own, is_waiting in (
            ("one annotator, waiting", tokens[:1], True),
            ("one annotator", tokens[:1], False),
            ("three annotators", tokens, False),
        ):
            project, truth = create(studio)
            first = min(truth)
            # Tasks are in the order of the samples.
            assert [truth[first + place] for place in range(len(truth))] == samples.y.tolist()
            with tempfile.TemporaryDirectory() as folder:
                asked, plain, ranks = driven(studio, project, truth, own, folder, is_waiting)
            orders[name] = [task - first for task in asked]
            orders["plain"] = [task - first for task in plain]
            same = sum(one == other for one, other in zip(asked, plain, strict=True))
            about = f"{kind}, {name}"
            results += [
                measured(f"{about}: tasks at the place of the plain order", same, "tasks"),
                measured(f"{about}: place of the task in the order at that moment", ranks, ""),
            ]
            print(table(results[-2:]))
            if is_waiting:
                assert asked == plain, "The order is not that of a plain session."
        for name, order in sorted(orders.items(), reverse=True):
            curve = samples.curve(order)
            needed = labels_to(curve, target)
            results += [
                measured(f"{kind}, {name}: accuracy with 100 labels", curve[-1], "accuracy"),
                measured(f"{kind}, {name}: mean accuracy", float(curve.mean()), "accuracy"),
                measured(f"{kind}, {name}: labels for k-NN's accuracy", needed, "labels"),
            ]
            print(table(results[-3:]))
    return results


def driven(
    studio: LabelStudioServer,
    project: int,
    truth: dict[int, str],
    tokens: Sequence[str],
    folder: str,
    is_waiting: bool,
) -> tuple[list[int], list[int], list[int]]:
    """Answer tasks; return them, those of a plain session, and places in its present order."""
    asked: list[int] = []
    ranks: list[int] = []
    opened: dict[str, int] = {}
    with projects.bridge_of(studio, project, Path(folder, "s")) as bridge:
        bridge.sync(wait=True)
        with projects.plain_session(bridge, Path(folder, "plain")) as session:
            plain = []
            for _ in range(N_ANSWERS):
                [one] = session.next()
                plain.append(int(one.id))
                session.answer(one.id, truth[plain[-1]])
        for token in islice(cycle(tokens), N_ANSWERS):
            if token not in opened:
                opened[token] = studio.next(project, token)["id"]
            task = opened.pop(token)
            present = [int(one.id) for one in bridge.session.next(len(truth))]
            ranks.append(1 + present.index(task))
            studio.annotate(task, truth[task], token=token)
            asked.append(task)
            if not is_waiting:
                opened[token] = studio.next(project, token)["id"]
            bridge.sync()
    return asked, plain, ranks


@contextmanager
def bridged(studio: LabelStudioServer, project: int, folder: Path, kind: str) -> Iterator[None]:
    """Run the command, or a server that does nothing, until the end of the block."""
    if kind == WITHOUT:
        yield
        return
    if kind == EMPTY:
        with empty_server() as url, webhook_to(studio, project, url):
            yield
        return
    options = ["--poll", "5"] if kind == POLLING else ["--poll", "60", "--serve", "0"]
    with projects.bridge_command(studio, project, folder, *options) as command:
        if kind == POLLING:
            yield
            return
        url = command.find(r"http://127\.0\.0\.1:\d+/\S+")
        with webhook_to(studio, project, f"{url}/webhook"):
            yield


@contextmanager
def webhook_to(studio: LabelStudioServer, project: int, url: str) -> Iterator[None]:
    """Let Label Studio report each change to an address until the end of the block."""
    body = {"project": project, "url": url, "send_payload": True}
    webhook = studio.call("POST", "/api/webhooks/", body)["id"]
    try:
        yield
    finally:
        studio.call("DELETE", f"/api/webhooks/{webhook}/")


@contextmanager
def empty_server() -> Iterator[str]:
    """Answer each request with nothing until the end of the block; the value is the address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), EmptyHandler) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()


class EmptyHandler(BaseHTTPRequestHandler):
    """Answer at once."""

    def do_POST(self) -> None:
        """Answer a webhook."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Write nothing."""


def measure_times(studio: LabelStudioServer, n_answers: int) -> list[Measurement]:
    """Return the times of requests of each kind."""
    kinds = tuple(BASES)
    n_rounds = -(-n_answers // BLOCK)
    project, truth = projects.create_text_project(studio, len(kinds) * n_rounds * BLOCK + 20)
    seconds: dict[tuple[str, str], list[list[float]]] = {}
    pauses = np.random.default_rng(0)
    load = [os.getloadavg()[0]]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "s")
        with projects.bridge_of(studio, project, path) as bridge:
            bridge.sync(wait=True)
        task = studio.next(project)["id"]
        for place in range(n_rounds):
            for kind in kinds if place % 2 == 0 else reversed(kinds):
                submits = seconds.setdefault((kind, "submit"), [])
                nexts = seconds.setdefault((kind, "next task"), [])
                submits.append([])
                nexts.append([])
                with bridged(studio, project, path, kind):
                    for _ in range(BLOCK):
                        time.sleep(pauses.uniform(*LOOK))
                        start = time.perf_counter()
                        studio.annotate(task, truth[task])
                        middle = time.perf_counter()
                        task = studio.next(project)["id"]
                        submits[-1].append(middle - start)
                        nexts[-1].append(time.perf_counter() - middle)
            load.append(os.getloadavg()[0])
        with projects.bridge_of(studio, project, path) as bridge:
            bridge.sync(wait=True)
            n_learnt = len(projects.labels_of(bridge.session))
            assert n_learnt == len(kinds) * n_rounds * BLOCK, "An answer was lost."
    results = []
    for request in ("submit", "next task"):
        for kind in kinds:
            times = np.array(seconds[kind, request])
            last = float(np.quantile(times, 0.99))
            results += [
                measured(f"{request}, {kind}", times.ravel()),
                measured(f"{request}, {kind}: 99th percentile", last),
            ]
            for base in BASES[kind]:
                added = np.median(times, axis=1) - np.median(seconds[base, request], axis=1)
                more = "added" if base == WITHOUT else f"added to a {base}"
                limit = None if kind == EMPTY else MAX_ADDED
                results.append(measured(f"{request}, {kind}: {more}", added, at_most=limit))
    results.append(measured("load average of the machine", load, "processes"))
    return results


def page() -> str:
    """Return the page with the last figures of each part."""
    parts = ["# Label Studio", "Generated by `python -m benchmarks.label_studio`; do not edit."]
    parts.append((__doc__ or "").strip())
    for name in ("order", "times"):
        path = RESULTS / f"label_studio_{name}.csv"
        if path.exists():
            found, measured_under = read_csv(path)
            parts += [f"## {name.title()}", table(found), f"Measured with {measured_under}."]
    return "\n\n".join(parts) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.label_studio")
    parser.add_argument("parts", nargs="*", help="(default: both)")
    parser.add_argument("--answers", type=int, default=200, help="timed, of each kind")
    options = parser.parse_args()
    command = os.environ.get("LABEL_STUDIO")
    if command is None:
        parser.error("LABEL_STUDIO is not set. Hint: set it to the path of label-studio.")
    with tempfile.TemporaryDirectory() as folder, running(command, Path(folder)) as studio:
        for name in options.parts or ["order", "times"]:
            found = (
                measure_order(studio) if name == "order" else measure_times(studio, options.answers)
            )
            write_csv(RESULTS / f"label_studio_{name}.csv", found)
            print(table(found))
    (RESULTS / "label_studio.md").write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
