"""The labelling page in a notebook: its messages, its modules as one, and the widget."""

import io
import json
import re
import subprocess
import sys
import threading
import warnings

import numpy as np
import pytest
from drawn_points import write_points
from PIL import Image

from skactive.labeling import LabelingSession, LabelingWidget
from skactive.labeling._bundle import STATIC, bundled, script, style
from skactive.labeling._channel import PageChannel


@pytest.fixture
def session(tmp_path):
    with LabelingSession(write_points(tmp_path)) as session:
        yield session.wait()


def said(channel, name, /, **given):
    """Send a message, and return the status and the values of the reply."""
    reply, buffers = channel.reply({"id": "7", "name": name, "given": json.dumps(given)})
    assert reply["id"] == "7"
    assert buffers == []
    return reply["status"], json.loads(reply["json"])


# ---- Messages.


def test_messages_answer_and_undo(session):
    channel = PageChannel(session)
    status, reply = said(channel, "next", n=2)
    assert status == 200
    first = reply["samples"][0]["id"]
    for _ in range(2):  # the second time is a repetition
        status, reply = said(
            channel, "act", kind="answer", ids=[first], label="low", request="000000000000001-a"
        )
        assert (status, reply["n_labeled"]) == (200, 1)
    assert session.sample(first).label == "low"
    said(channel, "act", kind="undo", request="000000000000002-a")
    assert session.sample(first).label is None


def test_a_picture_comes_as_bytes(session):
    channel = PageChannel(session)
    _, reply = said(channel, "samples", ids=[session.samples()[3].id])
    key = reply["samples"][0]["picture"]
    reply, [content] = channel.reply({"id": "8", "picture": key, "size": "large"})
    assert (reply["status"], json.loads(reply["json"])) == (200, {"type": "image/png"})
    assert np.unique(np.asarray(Image.open(io.BytesIO(content)))).tolist() == [12, 13, 14, 15]


def test_an_export_comes_as_bytes_with_its_name(session):
    session.answer(session.samples()[0].id, "low")
    reply, [content] = PageChannel(session).reply({"id": "8", "export": "csv"})
    assert (reply["status"], json.loads(reply["json"])) == (200, {"name": "labels.csv"})
    assert content.count(b"\n") == 31


@pytest.mark.parametrize(
    ("message", "status", "sentence"),
    [
        ("x", 400, "A message is a JSON object."),
        ({}, 400, "There is no message 'None'."),
        ({"name": "delete"}, 400, "There is no message 'delete'."),
        ({"name": "next", "given": "{"}, 400, "The values of a message are JSON."),
        ({"name": "next", "given": 5}, 400, "The values of a message are JSON."),
        ({"name": "next", "given": "[]"}, 400, "The values of a message are a JSON object."),
        ({"name": "next", "given": '{"n": "3"}'}, 400, "'n' is an int. Got '3' instead."),
        ({"picture": "x", "size": "large"}, 400, "There is no picture 'x'."),
        ({"picture": "x", "size": "huge"}, 400, "There is no such size."),
        ({"picture": "x", "size": ["large"]}, 400, "There is no such size."),
        ({"export": "exe"}, 409, "There is no export as 'exe'."),
        ({"export": "joblib"}, 409, "cannot predict yet"),
        ({"name": "explain", "given": '{"id": "x"}'}, 409, "No sample has the id 'x'"),
    ],
)
def test_an_error_is_a_sentence_without_a_hint_about_python(message, status, sentence, session):
    reply, buffers = PageChannel(session).reply(message)
    assert reply["status"] == status
    assert buffers == []
    assert sentence in json.loads(reply["json"])
    assert "Hint" not in json.loads(reply["json"])


def test_a_picture_that_cannot_be_read_is_named(tmp_path):
    Image.new("RGB", (4, 4)).save(tmp_path / "good.png")
    (tmp_path / "bad.png").write_bytes(b"nothing")
    with LabelingSession(tmp_path, tmp_path / "task") as session:
        channel = PageChannel(session)
        _, reply = said(channel, "samples", ids=["bad.png"])
        message = {"picture": reply["samples"][0]["picture"], "size": "large"}
        reply, _ = channel.reply(message)
    assert (reply["status"], json.loads(reply["json"])[:26]) == (404, "'bad.png' cannot be read: ")


def test_halves_of_characters_in_names_are_escaped(tmp_path):
    with LabelingSession(["one \ud800 half", "two"], tmp_path / "task") as session:
        reply, _ = PageChannel(session).reply({"id": "1", "name": "next", "given": '{"n": 2}'})
    assert reply["json"].isascii()
    assert "one \ud800 half" in {one["text"] for one in json.loads(reply["json"])["samples"]}


def test_an_export_that_is_too_large_is_refused(session, monkeypatch):
    monkeypatch.setattr("skactive.labeling._channel.MAX_EXPORT", 100)
    reply, _ = PageChannel(session).reply({"export": "csv"})
    assert reply["status"] == 409
    assert 'session.export("labels.csv")' in json.loads(reply["json"])


def test_after_the_session_is_closed_no_answer_is_taken(session):
    channel = PageChannel(session)
    one = session.next()[0].id
    session.close()
    status, sentence = said(
        channel, "act", kind="answer", ids=[one], label="low", request="000000000000001-a"
    )
    assert (status, "is closed" in sentence) == (507, True)


# ---- Modules and the style sheet.


def test_modules_become_one_in_the_order_of_their_imports():
    names = re.findall(r"^const (\w+)Module = ", script(), re.MULTILINE)
    assert sorted(names) == sorted(
        path.stem for path in STATIC.glob("*.js") if path.name != "page.js"
    )
    assert names[-1] == "notebook"
    for module in STATIC.glob("*.js"):
        if module.stem in names:
            imported = re.findall(r'from "\./(\w+)\.js"', module.read_text(encoding="utf-8"))
            assert all(names.index(one) < names.index(module.stem) for one in imported)
    assert re.findall(r"^(?:import|export) .*", script(), re.MULTILINE) == [
        "export default { render: notebookModule.render };"
    ]


@pytest.mark.parametrize(
    ("first", "fault"),
    [
        ('import { b } from "./b.js";\nexport const a = 1;\n', "in a circle: a.js, b.js, a.js"),
        ('import * as all from "./c.js";\n', 'import * as all from "./c.js";'),
        ('import { c as d } from "./c.js";\n', "c as d"),
        ("export { c };\n", "export { c };"),
        ("export default 5;\n", "export default 5;"),
    ],
)
def test_other_forms_of_modules_are_refused(first, fault, tmp_path):
    (tmp_path / "a.js").write_text(first)
    (tmp_path / "b.js").write_text('import { a } from "./a.js";\nexport const b = 1;\n')
    (tmp_path / "c.js").write_text("export const c = 1;\n")
    with pytest.raises(ValueError, match=re.escape(fault)):
        bundled(tmp_path, "a.js")


def test_every_rule_is_about_the_element_of_the_page():
    lines = style().splitlines()
    begins = [line for line in lines if line.endswith(("{", ",")) and not line.startswith("@")]
    others = [
        line for line in begins if not re.match(r" *(:where\(\.skactive\) |\.skactive)", line)
    ]
    assert {line.strip() for line in others} == {"from {"}


# ---- The widget.


class Sent:
    """What a widget sends, in place of a notebook."""

    def __init__(self, widget):
        self.widget = widget
        self.messages = []
        self.arrived = threading.Semaphore(0)
        widget._view.send = self.send

    def send(self, content, buffers=None):
        self.messages.append((content, buffers))
        self.arrived.release()

    def call(self, name, **given):
        """Send a message as the browser does; return the status and the values of the reply."""
        message = {"id": str(len(self.messages)), "name": name, "given": json.dumps(given)}
        self.widget._view._handle_custom_msg(message, [])
        assert self.arrived.acquire(timeout=60)
        reply, _ = self.messages[-1]
        assert reply["id"] == message["id"]
        return reply["status"], json.loads(reply["json"])


@pytest.fixture
def anywidget():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return pytest.importorskip("anywidget")


def test_the_widget_replies_from_a_thread(anywidget, session):
    sent = Sent(LabelingWidget(session))
    status, reply = sent.call("state")
    assert (status, reply["session"], reply["title"]) == (200, session.id, "points.npz")
    release, asked = threading.Event(), session.next

    def slow(*args, **options):
        release.wait(60)
        return asked(*args, **options)

    session.next = slow
    sent.widget._view._handle_custom_msg({"id": "slow", "name": "next", "given": '{"n": 1}'}, [])
    # Neither the kernel nor other messages wait.
    assert sent.call("history")[0] == 200
    release.set()
    assert sent.arrived.acquire(timeout=60)
    assert sent.messages[-1][0]["id"] == "slow"


def test_a_closed_widget_says_so(anywidget, session):
    sent = Sent(LabelingWidget(session))
    sent.widget.close()
    sent.widget.close()
    sentence = (
        "This view is closed, since the widget was closed. All answers that were counted here are "
        "saved."
    )
    assert sent.messages == [({"closed": sentence}, [])]
    sent.arrived.acquire()
    assert sent.call("state") == (410, sentence)
    session.answer(session.samples()[0].id, "low")


def test_a_later_widget_closes_the_one_of_the_same_session(anywidget, session, tmp_path):
    first = Sent(LabelingWidget(session))
    with LabelingSession(["a", "b"], tmp_path / "other") as other:
        LabelingWidget(other)
        assert first.call("state")[0] == 200
    with LabelingSession.open(session.folder) as again:
        second = Sent(LabelingWidget(again))
        assert "since a later cell shows this session" in first.messages[-1][0]["closed"]
        assert second.call("state")[0] == 200


def test_the_notebook_gets_the_view(anywidget, session):
    widget = LabelingWidget(session)
    shown = widget._repr_mimebundle_(include=None, exclude=None)
    data = shown[0] if isinstance(shown, tuple) else shown
    assert "application/vnd.jupyter.widget-view+json" in data
    assert repr(widget) == "<LabelingWidget: <LabelingSession: 30 samples, 0 labels>>"
    assert widget._view._esm == script()
    assert widget._view._css == style()


@pytest.mark.parametrize("other", ["photos", None, 3])
def test_only_a_session_has_a_widget(other):
    with pytest.raises(TypeError, match=f"must be a LabelingSession. Got {other!r} instead"):
        LabelingWidget(other)


def test_without_anywidget_the_extra_is_named(session, monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    from skactive.labeling._widget import _view_class

    _view_class.cache_clear()
    with pytest.raises(ImportError, match=r"pip install 'skactive\[notebook\]'"):
        LabelingWidget(session)


def test_importing_the_package_imports_no_widget():
    code = "import sys, skactive.labeling; sys.exit('anywidget' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
