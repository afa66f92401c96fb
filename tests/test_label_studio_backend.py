"""The bridge as a connected model: the requests of Label Studio 1.23.2, as they were recorded."""

import json
import math
import os
import stat
import threading
import urllib.request
from urllib.error import HTTPError

import pytest
from fake_label_studio import TEXTS, TOKEN, FakeLabelStudio, choice
from test_label_studio_bridge import Lengths, bridge_of, text_of, truth

from skactive.integrations.label_studio import LabelStudioBridge, LabelStudioError
from skactive.integrations.label_studio._backend import ModelRoutes, secret_of, serving

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")

SETUP = {
    "project": "3.1795864253",
    "schema": TEXTS,
    "hostname": "http://localhost:8899",
    "access_token": "(the project creator's legacy token)",
    "extra_params": None,
}
PREDICT = {
    "project": "3.1795864253",
    "label_config": TEXTS,
    "params": {"login": None, "password": None, "context": None},
}
PROJECT = {"id": 3, "title": "probe", "label_config": TEXTS, "model_version": "skactive-0001"}
TASK = {"id": 16, "data": {"text": "t3"}, "is_labeled": True, "overlap": 1}
WEBHOOKS = [
    {
        "action": "ANNOTATION_CREATED",
        "annotation": {"id": 5, "result": choice("A"), "was_cancelled": False, "task": 16},
        "project": PROJECT,
        "task": TASK,
    },
    {"action": "ANNOTATIONS_DELETED", "annotations": [{"id": 9}], "project": PROJECT},
    {"action": "TASKS_CREATED", "tasks": [TASK], "project": PROJECT},
    {"action": "START_TRAINING", "project": PROJECT},
]


def request(url, body=None):
    data = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(url, data, {"Content-Type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(asked, timeout=10) as response:  # noqa: S310
        return json.load(response)


@pytest.fixture
def model():
    """The address of a model, the tasks that were predicted, and the event of changes."""
    predicted, wake = [], threading.Event()

    def predict(tasks):
        predicted.append(tasks)
        return [{"result": choice("A"), "score": 0.5} for _ in tasks]

    with serving(ModelRoutes(predict, wake, "secret"), 0) as port:
        yield f"http://127.0.0.1:{port}", predicted, wake


def test_the_model_is_up_and_set_up(model):
    url, _, wake = model
    assert request(f"{url}/secret/health")["status"] == "UP"
    assert request(f"{url}/secret/setup", SETUP)["model_version"].startswith("skactive-")
    assert not wake.is_set()


def test_predictions_are_in_the_order_of_the_tasks(model):
    url, predicted, _ = model
    tasks = [{**TASK, "id": number} for number in (13, 5, 16)]
    answer = request(f"{url}/secret/predict", {**PREDICT, "tasks": tasks})
    assert predicted == [[13, 5, 16]]
    assert len(answer["results"]) == 3
    assert answer["results"][0]["result"] == choice("A")
    assert answer["results"][0]["score"] == 0.5
    assert answer["results"][0]["model_version"].startswith("skactive-predictions-")


@pytest.mark.parametrize("body", WEBHOOKS, ids=lambda body: body["action"])
def test_a_webhook_wakes_the_bridge(body, model):
    url, predicted, wake = model
    assert request(f"{url}/secret/webhook", body) == {}
    assert wake.is_set()
    assert predicted == []


def test_the_update_that_the_bridge_makes_does_not_wake_it(model):
    url, _, wake = model
    assert request(f"{url}/secret/webhook", {"action": "PROJECT_UPDATED", "project": PROJECT}) == {}
    assert not wake.is_set()


def test_train_wakes_the_bridge(model):
    url, _, wake = model
    assert request(f"{url}/secret/train", {"annotations": [], "project": "3.1"}) == {}
    assert wake.is_set()


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("other/health", None, 404),
        ("health", None, 404),
        ("secret/unknown", {}, 404),
        ("other/webhook", WEBHOOKS[0], 404),
        ("secret/predict", {}, 400),
        ("secret/predict", {"tasks": [{"data": {}}]}, 400),
        ("secret/predict", [], 400),
        ("secret/predict", {"tasks": [{"id": math.inf}]}, 400),
    ],
)
def test_other_requests_are_refused(path, body, status, model):
    url, predicted, wake = model
    with pytest.raises(HTTPError) as caught:
        request(f"{url}/{path}", body)
    with caught.value as error:
        assert error.code == status
    assert predicted == []
    assert not wake.is_set()


def test_the_secret_is_the_same_at_each_start_and_private(tmp_path):
    secret = secret_of(tmp_path)
    assert secret_of(tmp_path) == secret
    assert secret_of(tmp_path / "other") != secret
    path = tmp_path / "model.json"
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "other").stat().st_mode) == 0o700
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for damaged in ("", "{", "[]", '{"secret": "short"}', '{"secret": 5}'):
        path.write_text(damaged)
        assert secret_of(tmp_path) != secret


def test_a_port_in_use_is_named(model):
    port = int(model[0].rpartition(":")[2])
    routes = ModelRoutes(lambda tasks: [], threading.Event(), "secret")
    with pytest.raises(LabelStudioError, match=f"port {port}: .*in use"), serving(routes, port):
        pass


def test_the_bridge_answers_as_a_model_and_follows_webhooks(tmp_path):
    notes, stop, wake = [], threading.Event(), threading.Event()
    queued, answered = threading.Event(), threading.Event()

    def announce(text):
        notes.append(text)
        (answered if "13 labels" in text else queued).set()

    with FakeLabelStudio(data=map(text_of, range(24))) as studio:
        for number in list(studio.tasks)[:12]:
            studio.annotate(number, truth(studio, number))
        bridge = bridge_of(studio, tmp_path / "s", announce=announce)
        # Without a webhook it would not ask again.
        arguments = {"poll": 3600, "serve": 0, "wake": wake, "stop": stop}
        thread = threading.Thread(target=bridge.run, kwargs=arguments)
        thread.start()
        try:
            assert queued.wait(60)
            url = notes[0].split()[-6]
            bridge_session(bridge).wait()
            studio.annotate(20, truth(studio, 20))
            assert request(f"{url}/webhook", WEBHOOKS[0]) == {}
            assert answered.wait(60)
            answer = request(f"{url}/predict", {**PREDICT, "tasks": [{"id": 24}, {"id": 999}]})
        finally:
            stop.set()
            wake.set()
            thread.join()
            bridge.close()
    known, unknown = answer["results"]
    assert known["result"] == choice(truth(studio, 24))
    assert 0.5 <= known["score"] <= 1
    assert unknown["result"] == []
    with pytest.raises(OSError, match="refused"):
        request(f"{url}/health")


def bridge_session(bridge):
    """Return the session as soon as it is open."""
    for _ in range(1000):
        try:
            return bridge.session
        except LabelStudioError:
            threading.Event().wait(0.02)
    raise AssertionError("There is no session.")


def test_a_bridge_predicts_nothing_before_it_has_a_session(tmp_path):
    with LabelStudioBridge(
        "http://localhost", 3, folder=tmp_path / "s", token=TOKEN, embedder=Lengths()
    ) as bridge:
        assert bridge.predict([1, 2]) == [{"result": [], "score": 0.0}] * 2
