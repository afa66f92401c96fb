"""Projects of Label Studio with 200 questions or photos, and the bridge beside them."""

import csv
import io
import os
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from threading import Thread

import label_studio_server
import numpy as np

from benchmarks import assets
from skactive.integrations.label_studio import LabelStudioBridge
from skactive.labeling import LabelingSession

N_SAMPLES = 200
CONFIG = (
    '<View><{kind} name="sample" value="${field}"/>'
    '<Choices name="label" toName="sample" choice="single">{choices}</Choices></View>'
)


def config(kind, field, classes):
    choices = "".join(f'<Choice value="{name}"/>' for name in classes)
    return CONFIG.format(kind=kind, field=field, choices=choices)


def questions(n=N_SAMPLES):
    """Return questions and their classes: real ones if they are on this machine."""
    try:
        path = assets.asset("data", "trec6", "data.csv")
    except assets.MissingAssetError:
        words = {
            "person": ["who", "author", "actor", "king", "invented", "wrote"],
            "place": ["where", "city", "river", "country", "capital", "lies"],
            "number": ["how", "many", "year", "distance", "cost", "when"],
        }
        generator = np.random.default_rng(0)
        labels = generator.choice(list(words), n).tolist()
        return {
            f"{' '.join(generator.choice(words[label], 4))} {number}?": label
            for number, label in enumerate(labels)
        }
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    chosen = np.random.default_rng(0).permutation(len(rows))[:n]
    return {rows[place]["text"]: rows[place]["label"] for place in chosen.tolist()}


def photos():
    """Return photos and their classes, by their names: real ones if they are on this machine."""
    try:
        folder = assets.asset("data", "fruits_fresh_rotten")
    except assets.MissingAssetError:
        from PIL import Image

        generator = np.random.default_rng(0)
        colors = {"red": (200, 40, 40), "green": (40, 160, 40), "yellow": (220, 220, 40)}
        found = {}
        for number, label in enumerate(generator.choice(list(colors), N_SAMPLES).tolist()):
            pixels = np.clip(generator.normal(colors[label], 60, (32, 32, 3)), 0, 255)
            file = io.BytesIO()
            Image.fromarray(pixels.astype(np.uint8)).save(file, "PNG")
            found[f"p{number:03}.png"] = (file.getvalue(), label)
        return found
    return {
        f"p{number:03}{path.suffix}": (path.read_bytes(), path.parent.name)
        for number, path in enumerate(drawn_photos(folder)[:N_SAMPLES])
    }


def drawn_photos(folder):
    """Return the paths of all photos in a random order, which is always the same."""
    paths = sorted(path for path in folder.glob("*/*") if path.suffix in {".png", ".jpg"})
    return [paths[place] for place in np.random.default_rng(0).permutation(len(paths)).tolist()]


def create_text_project(studio, n=N_SAMPLES, **settings):
    """Create a project of questions; return its number, and the class of each task."""
    truth = questions(n)
    project = studio.project(config("Text", "text", sorted(set(truth.values()))), **settings)
    studio.add_tasks(project, [{"text": text} for text in truth])
    return project, {task: truth[data["text"]] for task, data in studio.tasks(project).items()}


def create_photo_project(studio, **settings):
    """Create a project of photos; return its number, and the class of each task."""
    files = photos()
    classes = sorted({label for _, label in files.values()})
    project = studio.project(config("Image", "image", classes), **settings)
    studio.upload(project, {name: content for name, (content, _) in files.items()})
    truth = {}
    for task, data in studio.tasks(project).items():
        # Label Studio puts a random part before the name.
        [name] = re.findall(r"p\d{3}\.\w+", data["image"])
        truth[task] = files[name][1]
    return project, truth


def bridge_of(studio, project, folder, **settings):
    arguments = {"folder": folder, "token": label_studio_server.TOKEN, **settings}
    return LabelStudioBridge(studio.url, project, **arguments)


@contextmanager
def plain_session(bridge, folder):
    """Open a session of the samples of a bridge that knows nothing of Label Studio."""
    with LabelingSession(bridge.folder / "tasks.jsonl", folder, id_column="id") as session:
        for label in bridge.session.classes:
            session.add_class(label)
        yield session.wait()


def labels_of(session):
    return {one.id: one.label for one in session.samples() if one.label is not None}


def wait_for(condition, seconds=120):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.1)


class BridgeCommand:
    """`skactive label-studio` in a process of its own.

    Attributes
    ----------
    lines : list of str
        What it printed so far.
    """

    def __init__(self, studio, project, folder, *options):
        command = [sys.executable, "-m", "skactive", "label-studio", studio.url]
        settings = {"LABEL_STUDIO_API_KEY": label_studio_server.TOKEN, "PYTHONUNBUFFERED": "1"}
        self.lines = []
        self._process = subprocess.Popen(
            [*command, "--project", str(project), "--session", str(folder), *options],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **settings},
        )
        self._reader = Thread(target=self._read)
        self._reader.start()

    def _read(self):
        for line in self._process.stdout:
            self.lines.append(line)

    def find(self, pattern):
        """Wait until a line has a pattern, and return the first match."""
        found = []

        def is_found():
            found.extend(re.findall(pattern, "".join(self.lines)))
            return found

        wait_for(is_found)
        return found[0]

    def close(self):
        self._process.terminate()
        self._process.wait(60)
        self._reader.join()
        self._process.stdout.close()


@contextmanager
def bridge_command(studio, project, folder, *options):
    """Run the command until the end of the block, from the moment in which the queue is there."""
    command = BridgeCommand(studio, project, folder, *options)
    try:
        command.find("Next tasks")
        yield command
    finally:
        command.close()
