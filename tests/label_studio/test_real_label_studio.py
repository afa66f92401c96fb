"""The bridge with Label Studio itself: order, histories, restarts, and a connected model.

`nox -s label_studio` installs Label Studio in an environment of its own and runs these tests.
"""

import json
import re
from threading import Event, Thread

import pytest
from label_studio_projects import (
    N_SAMPLES,
    bridge_of,
    labels_of,
    plain_session,
    wait_for,
)
from label_studio_server import TOKEN

from skactive.labeling import LabelingSession

N_ORDERED, N_HURRIED, AHEAD = 100, 20, 8


@pytest.mark.parametrize("kind", ["text", "photo"])
def test_one_hundred_tasks_and_all_guesses_are_those_of_a_plain_session(
    kind, studio, request, tmp_path
):
    project, truth = request.getfixturevalue(f"{kind}_project")
    assert len(truth) == N_SAMPLES
    with bridge_of(studio, project, tmp_path / "s") as bridge:
        bridge.sync(wait=True)
        with plain_session(bridge, tmp_path / "plain") as plain:
            for _ in range(N_ORDERED):
                task = studio.next(project)["id"]
                assert [str(task)] == [one.id for one in plain.next()]
                studio.annotate(task, truth[task])
                plain.answer(str(task), truth[task])
                bridge.sync()
                # Equal labels are equally accurate.
                assert bridge.session.predictions() == plain.predictions()
        assert len(labels_of(bridge.session)) == N_ORDERED


def test_an_annotator_who_does_not_wait_is_one_answer_ahead(studio, text_project, tmp_path):
    project, truth = text_project
    with bridge_of(studio, project, tmp_path / "s") as bridge:
        bridge.sync(wait=True)
        task = studio.next(project)["id"]
        for _ in range(N_HURRIED):
            queue = [number for number, _ in bridge._queue.content]
            studio.annotate(task, truth[task])
            following = studio.next(project)["id"]
            # Locked from now on.
            assert following == next(number for number in queue if number != task)
            bridge.sync()
            task = following


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
        # One for each active member, too.
        assert versions[studio.settings(project)["model_version"]] >= AHEAD
        [pushed] = [one for one in versions if one.startswith("skactive-predictions-")]
        assert versions[pushed] == n


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


def test_settings_of_the_folder_have_no_token(studio, text_project, tmp_path):
    project, _ = text_project
    with bridge_of(studio, project, tmp_path / "s") as bridge:
        bridge.sync()
    files = [path for path in (tmp_path / "s").rglob("*") if path.is_file()]
    assert json.loads((tmp_path / "s" / "label_studio.json").read_text())["project"] == project
    assert not [path for path in files if TOKEN.encode() in path.read_bytes()]
