"""Answers of a `LabelingSession` over 100,000 × 512 float32 vectors, without the page.

Each round answers a sample, which is on the disk before `answer` returns, and asks for the next
one, before which the answer is taught. A file to which the same bytes are appended and flushed to
the disk is measured alternately, as the least that an answer can take.
"""

import os
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np

from benchmarks.labeling_pools import vectors
from benchmarks.report import Measurement, measured
from skactive.labeling import LabelingSession

N_SAMPLES, N_ANSWERS = 100_000, 500
MAX_ANSWER = 0.02


def append(path: Path, line: bytes) -> float:
    """Return the time of a line appended to a file, until it is on the disk."""
    start = perf_counter()
    with path.open("ab", buffering=0) as file:
        file.write(line)
        os.fsync(file.fileno())
    return perf_counter() - start


def measure() -> list[Measurement]:
    with tempfile.TemporaryDirectory(prefix="skactive-") as folder:
        source = vectors(Path(folder), N_SAMPLES)
        path, log = Path(folder, "session"), Path(folder, "session", "answers.jsonl")
        answers, queries, appended, expected = [], [], [], {}
        load = [os.getloadavg()[0]]
        with LabelingSession(source.path, path) as session:
            session.wait()
            [sample] = session.next()
            for _ in range(N_ANSWERS):
                size = log.stat().st_size
                start = perf_counter()
                session.answer(sample.id, source.labels[sample.id])
                answered = perf_counter()
                expected[sample.id] = source.labels[sample.id]
                # The line is in the file.
                line = log.read_bytes()[size:]
                assert sample.id.encode() in line, "The answer is not in the file."
                before = perf_counter()
                [sample] = session.next()
                queries.append(perf_counter() - before)
                answers.append(answered - start)
                appended.append(append(Path(folder, "other"), line))
        load.append(os.getloadavg()[0])
        with LabelingSession(source.path, path) as session:
            assert {one.id: one.label for one in session.history()} == expected
    last = float(np.quantile(answers, 0.99))
    return [
        measured("`answer`", answers, at_most=MAX_ANSWER),
        measured("`answer`, 99th percentile", last, at_most=MAX_ANSWER),
        measured(
            f"`answer`, 99th percentile ÷ {1000 * MAX_ANSWER:.0f} ms",
            last / MAX_ANSWER,
            "ratio",
            at_most=1,
        ),
        measured("a line appended to a file", appended),
        measured("a line appended to a file, 99th percentile", float(np.quantile(appended, 0.99))),
        measured("`answer` ÷ a line appended", np.array(answers) / appended, "ratio"),
        measured("`next` after an answer", queries),
        measured("`next` after an answer, 99th percentile", float(np.quantile(queries, 0.99))),
        measured("load average of the machine", load, "processes"),
    ]
