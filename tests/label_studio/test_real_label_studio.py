"""The bridge with Label Studio itself: order, histories, restarts, a connected model, and times.

`nox -s label_studio` installs Label Studio in an environment of its own and runs these tests.
"""

import csv
import io
import json
import os
import re
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from threading import Event, Thread

import numpy as np
import pytest
from label_studio_server import TOKEN, running

from benchmarks import assets
from skactive.integrations.label_studio import LabelStudioBridge
from skactive.labeling import LabelingSession

COMMAND = os.environ.get("LABEL_STUDIO")
if COMMAND is None:
    pytest.skip("LABEL_STUDIO is not the path of Label Studio", allow_module_level=True)

N_SAMPLES, N_ORDERED, N_TIMED = 200, 40, 20
# Seconds that a person looks at a task.
LOOK = 1.5
CONFIG = (
    '<View><{kind} name="sample" value="${field}"/>'
    '<Choices name="label" toName="sample" choice="single">{choices}</Choices></View>'
)


def config(kind, field, classes):
    choices = "".join(f'<Choice value="{name}"/>' for name in classes)
    return CONFIG.format(kind=kind, field=field, choices=choices)


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    with running(COMMAND, tmp_path_factory.mktemp("label-studio")) as studio:
        yield studio


def questions():
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
        labels = generator.choice(list(words), N_SAMPLES).tolist()
        return {
            f"{' '.join(generator.choice(words[label], 4))} {number}?": label
            for number, label in enumerate(labels)
        }
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    chosen = np.random.default_rng(0).permutation(len(rows))[:N_SAMPLES]
    return {rows[place]["text"]: rows[place]["label"] for place in chosen.tolist()}


def photos():
    """Return photos and their classes, by their names: real ones if they are on this machine."""
    image = pytest.importorskip("PIL.Image")
    generator = np.random.default_rng(0)
    try:
        folder = assets.asset("data", "fruits_fresh_rotten")
    except assets.MissingAssetError:
        colors = {"red": (200, 40, 40), "green": (40, 160, 40), "yellow": (220, 220, 40)}
        found = {}
        for number, label in enumerate(generator.choice(list(colors), N_SAMPLES).tolist()):
            pixels = np.clip(generator.normal(colors[label], 60, (32, 32, 3)), 0, 255)
            file = io.BytesIO()
            image.fromarray(pixels.astype(np.uint8)).save(file, "PNG")
            found[f"p{number:03}.png"] = (file.getvalue(), label)
        return found
    paths = sorted(path for path in folder.glob("*/*") if path.suffix in {".png", ".jpg"})
    chosen = generator.permutation(len(paths))[:N_SAMPLES]
    some = [paths[place] for place in chosen.tolist()]
    return {
        f"p{number:03}{path.suffix}": (path.read_bytes(), path.parent.name)
        for number, path in enumerate(some)
    }


@pytest.fixture
def text_project(studio):
    """A project of questions, and the class of each task."""
    truth = questions()
    project = studio.project(config("Text", "text", sorted(set(truth.values()))))
    studio.add_tasks(project, [{"text": text} for text in truth])
    return project, {task: truth[data["text"]] for task, data in studio.tasks(project).items()}


@pytest.fixture
def photo_project(studio):
    """A project of photos, and the class of each task."""
    files = photos()
    classes = sorted({label for _, label in files.values()})
    project = studio.project(config("Image", "image", classes))
    studio.upload(project, {name: content for name, (content, _) in files.items()})
    truth = {}
    for task, data in studio.tasks(project).items():
        # Label Studio puts a random part before the name.
        [name] = re.findall(r"p\d{3}\.\w+", data["image"])
        truth[task] = files[name][1]
    return project, truth


def bridge_of(studio, project, folder, **settings):
    return LabelStudioBridge(studio.url, project, folder=folder, token=TOKEN, **settings)


@contextmanager
def plain_session(folder, source):
    """Open a session of the same samples that knows nothing of Label Studio."""
    with LabelingSession(source, folder, id_column="id") as session:
        yield session.wait()


@pytest.mark.parametrize("kind", ["text", "photo"])
def test_the_first_forty_tasks_are_those_of_a_plain_session(kind, studio, request, tmp_path):
    project, truth = request.getfixturevalue(f"{kind}_project")
    assert len(truth) == N_SAMPLES
    with bridge_of(studio, project, tmp_path / "s") as bridge:
        bridge.sync(wait=True)
        served, wanted = [], []
        with plain_session(tmp_path / "plain", tmp_path / "s" / "tasks.jsonl") as plain:
            for label in bridge.session.classes:
                plain.add_class(label)
            for _ in range(N_ORDERED):
                wanted.append(int(plain.next()[0].id))
                task = studio.next(project)["id"]
                served.append(task)
                studio.annotate(task, truth[task])
                plain.answer(str(task), truth[task])
                bridge.sync()
        assert served == wanted


def test_an_annotator_who_does_not_wait_is_one_answer_ahead(studio, text_project, tmp_path, capsys):
    project, truth = text_project
    ranks = []
    with bridge_of(studio, project, tmp_path / "s") as bridge:
        bridge.sync(wait=True)
        task = studio.next(project)["id"]
        for _ in range(N_ORDERED // 2):
            queue = [number for number, _ in bridge._queue.content]
            studio.annotate(task, truth[task])
            following = studio.next(project)["id"]
            # Locked from now on.
            assert following == next(number for number in queue if number != task)
            bridge.sync()
            ideal = [int(one.id) for one in bridge.session.next(N_SAMPLES)]
            ranks.append(ideal.index(following))
            task = following
    with capsys.disabled():
        sys.stdout.write(
            f"\nAnnotators who do not wait: the task is first in the order with the last answer "
            f"in {ranks.count(0)} of {len(ranks)} cases; its median place is "
            f"{1 + statistics.median(ranks):g} of {N_SAMPLES}, the last {1 + max(ranks)}.\n"
        )


def test_histories_survive_restarts_of_both(studio, text_project, tmp_path):
    project, truth = text_project
    expected = {}
    with bridge_of(studio, project, tmp_path / "s") as bridge:
        bridge.sync(wait=True)
        made = {}
        for _ in range(6):
            task = studio.next(project)["id"]
            made[task] = studio.annotate(task, truth[task])
            expected[str(task)] = truth[task]
            bridge.sync()
        skipped = studio.next(project)["id"]
        studio.annotate(skipped, None)
        first, second, *_ = made
        other = next(label for label in truth.values() if label != truth[first])
        studio.update(made[first], other)
        expected[str(first)] = other
        studio.delete(made[second])
        del expected[str(second)]
        bridge.sync()
        assert labels_of(bridge.session) == expected
        assert [one.id for one in bridge.session.samples("skipped")] == [str(skipped)]
    # Annotations while the bridge is down, and deleted ones as in the data manager.
    while_down = [task for task in truth if str(task) not in expected and task != skipped][:3]
    for task in while_down:
        studio.annotate(task, truth[task])
        expected[str(task)] = truth[task]
    third = list(made)[2]
    studio.call(
        "POST",
        f"/api/dm/actions?id=delete_tasks_annotations&project={project}",
        {"selectedItems": {"all": False, "included": [third]}},
    )
    del expected[str(third)]
    notes, stop, wake = [], Event(), Event()
    with bridge_of(studio, project, tmp_path / "s", announce=notes.append) as bridge:
        bridge.sync(wait=True)
        assert labels_of(bridge.session) == expected
        thread = Thread(target=bridge.run, kwargs={"poll": 0.5, "wake": wake, "stop": stop})
        thread.start()
        try:
            studio.stop()
            wait_for(lambda: any("cannot be reached" in note for note in notes))
            studio.start()
            task = studio.next(project)["id"]
            studio.annotate(task, truth[task])
            expected[str(task)] = truth[task]
            wait_for(lambda: labels_of(bridge.session) == expected)
        finally:
            stop.set()
            wake.set()
            thread.join()
        bridge.sync(wait=True)
        assert studio.next(project)["id"] == int(bridge.session.next()[0].id)


def labels_of(session):
    return {one.id: one.label for one in session.samples() if one.label is not None}


def wait_for(condition, seconds=120):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.1)


def test_new_and_deleted_tasks_and_predictions_of_all(studio, text_project, tmp_path):
    project, truth = text_project
    with bridge_of(studio, project, tmp_path / "s", show_guesses=True) as bridge:
        bridge.sync(wait=True)
        for _ in range(12):
            task = studio.next(project)["id"]
            studio.annotate(task, truth[task])
            bridge.sync()
        shown = studio.next(project)["predictions"]
        assert [one["model_version"] for one in shown] == [
            studio.settings(project)["model_version"]
        ]
        studio.annotate(studio.next(project)["id"], next(iter(truth.values())))
        studio.add_tasks(project, [{"text": "a new question?"}])
        gone = int(bridge.session.history()[0].id)
        studio.call("DELETE", f"/api/tasks/{gone}/")
        bridge.sync(wait=True)
        assert len(bridge.session) == N_SAMPLES
        assert str(gone) not in {one.id for one in bridge.session.samples()}
        n = bridge.push_predictions()
        assert n == len(bridge.session.samples("open"))
        # The order is still that of the queue.
        assert studio.next(project)["id"] == int(bridge.session.next()[0].id)
        versions = studio.call("GET", f"/api/projects/{project}/model-versions/")
        assert sorted(versions.values()) == [8, n]


def test_an_export_is_imported_with_its_images_and_labels(studio, tmp_path):
    image = pytest.importorskip("PIL.Image")
    folder = studio.files / "some photos"
    names = ["1.png", "2.png", "in/a folder & ü.png"]
    for number, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        image.new("RGB", (8, 8), (90 * number, 0, 0)).save(folder / name)
    with LabelingSession(folder, tmp_path / "session") as session:
        session.wait().answer("1.png", "in")
        session.export(tmp_path / "labels.json")
    project = studio.project(
        '<View><Image name="image" value="$image"/>'
        '<Choices name="label" toName="image"><Choice value="in"/></Choices></View>'
    )
    storage = {"project": project, "title": "photos", "path": str(folder), "use_blob_urls": True}
    studio.call("POST", "/api/storages/localfiles", storage)
    studio.add_tasks(project, json.loads((tmp_path / "labels.json").read_text("utf-8")))
    found = studio.tasks(project)
    assert sorted(data["id"] for data in found.values()) == names
    for data in found.values():
        assert studio.call("GET", data["image"]) == (folder / data["id"]).read_bytes()
    exported = studio.call("GET", f"/api/projects/{project}/export?exportType=JSON")
    labels = {
        task["data"]["id"]: [one["result"][0]["value"]["choices"] for one in task["annotations"]]
        for task in exported
    }
    assert labels == {"1.png": [["in"]], "in/a folder & ü.png": [["in"]]}


def test_a_project_can_be_connected_to_the_model(studio, text_project, tmp_path):
    project, truth = text_project
    for task in list(truth)[:30]:
        studio.annotate(task, truth[task])
    notes, stop, wake = [], Event(), Event()
    with bridge_of(studio, project, tmp_path / "s", announce=notes.append) as bridge:
        bridge.sync(wait=True)
        arguments = {"poll": 3600, "serve": 0, "wake": wake, "stop": stop}
        thread = Thread(target=bridge.run, kwargs=arguments)
        thread.start()
        try:
            wait_for(lambda: any("Connect a model" in note for note in notes))
            [url] = re.findall(r"http://127\.0\.0\.1:\d+/\S+", " ".join(notes))
            body = {"project": project, "url": url, "title": "skactive"}
            model = studio.call("POST", "/api/ml/", body)
            assert model["state"] == "CO"
            # By the webhook that Label Studio made with the connection.
            task = studio.next(project)["id"]
            studio.annotate(task, truth[task])
            wait_for(lambda: str(task) in labels_of(bridge.session))
            studio.call("POST", f"/api/ml/{model['id']}/train", {})
            asked = [int(one.id) for one in bridge.session.next(3)]
            selected = {"selectedItems": {"all": False, "included": asked}}
            path = f"/api/dm/actions?id=retrieve_tasks_predictions&project={project}"
            studio.call("POST", path, selected)
            versions = studio.call("GET", f"/api/projects/{project}/model-versions/")
            assert versions["skactive-predictions-model"] == 3
        finally:
            stop.set()
            wake.set()
            thread.join()
        # The connection has not taken the order over.
        bridge.sync()
        assert studio.settings(project)["sampling"] == "Uncertainty sampling"
        assert studio.next(project)["id"] == int(bridge.session.next()[0].id)


def test_the_time_that_the_bridge_adds_is_measured(studio, text_project, tmp_path, capsys):
    project, truth = text_project
    with bridge_of(studio, project, tmp_path / "s") as bridge:
        bridge.sync(wait=True)
    seconds = {name: [] for name in ("without", "polling", "webhook")}
    webhooks = []
    for name in ("without", "polling", "webhook", "without", "polling", "webhook"):
        with process(studio, project, tmp_path / "s", name) as url:
            if url is not None and not webhooks:
                body = {"project": project, "url": f"{url}/webhook", "send_payload": True}
                webhooks.append(studio.call("POST", "/api/webhooks/", body)["id"])
            for _ in range(N_TIMED // 2):
                task = studio.next(project)["id"]
                time.sleep(LOOK)
                start = time.perf_counter()
                studio.annotate(task, truth[task])
                seconds[name].append(time.perf_counter() - start)
        while webhooks:
            studio.call("DELETE", f"/api/webhooks/{webhooks.pop()}/")
    with bridge_of(studio, project, tmp_path / "s") as bridge:
        bridge.sync(wait=True)
        assert len(labels_of(bridge.session)) == sum(map(len, seconds.values()))
    with capsys.disabled():
        for name, values in seconds.items():
            sys.stdout.write(
                f"\nSubmit, {name}: median {1000 * statistics.median(values):.0f} ms, 90th "
                f"percentile {1000 * np.quantile(values, 0.9):.0f} ms of {len(values)}.\n"
            )


@contextmanager
def process(studio, project, folder, name):
    """Run the command until the end of the block; the value is the address of its model."""
    if name == "without":
        yield None
        return
    options = [] if name == "polling" else ["--poll", "60", "--serve", "0"]
    command = [sys.executable, "-m", "skactive", "label-studio", studio.url]
    running_ = subprocess.Popen(
        [*command, "--project", str(project), "--session", str(folder), *options],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "LABEL_STUDIO_API_KEY": TOKEN, "PYTHONUNBUFFERED": "1"},
    )
    try:
        url = None
        for line in running_.stdout:
            if found := re.search(r"http://127\.0\.0\.1:\d+/\S+", line):
                url = found[0]
            if "Next tasks" in line:
                break
        yield url
    finally:
        running_.terminate()
        running_.communicate(timeout=60)


def test_settings_of_the_folder_have_no_token(studio, text_project, tmp_path):
    project, _ = text_project
    with bridge_of(studio, project, tmp_path / "s") as bridge:
        bridge.sync()
    files = [path for path in (tmp_path / "s").rglob("*") if path.is_file()]
    assert json.loads((tmp_path / "s" / "label_studio.json").read_text())["project"] == project
    assert not [path for path in files if TOKEN.encode() in path.read_bytes()]
