"""The page to label in: its messages, and the requests that it refuses."""

import io
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import joblib
import numpy as np
import pytest

pytest.importorskip("starlette")
pytest.importorskip("httpx")

from drawn_points import write_points
from sklearn.base import BaseEstimator, TransformerMixin
from starlette.testclient import TestClient

from skactive.labeling import LabelingSession
from skactive.labeling._api import PageApi
from skactive.labeling.server._app import create_app
from skactive.labeling.server._security import Access

HOST = "127.0.0.1:8123"
ORIGIN = f"http://{HOST}"
HEADERS = {"origin": ORIGIN, "sec-fetch-site": "same-origin"}
HTML = "<img src=x onerror=alert(1)>"


class Page:
    """A browser with access to the page of a session."""

    def __init__(self, session, **access):
        self.access = Access(8123, **access)
        self.client = TestClient(create_app(session, self.access), base_url=ORIGIN)
        # Sent with each request, if it is not replaced.
        self.client.headers["x-skactive"] = self.access.key
        self.n_requests = 0

    def enter(self):
        reply = self.post("access", token=self.access.token)
        assert reply.status_code == 200
        assert reply.json() == {"key": self.access.key}
        return self

    def post(self, path, /, headers=None, content=None, **given):
        content = json.dumps(given) if content is None else content
        headers = {**HEADERS, "content-type": "application/json", **(headers or {})}
        headers = {key: value for key, value in headers.items() if value is not None}
        return self.client.post(f"/api/{path}", content=content, headers=headers)

    def get(self, path, **headers):
        return self.client.get(path, headers=headers)

    def call(self, path, /, **given):
        reply = self.post(path, **given)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def act(self, kind, /, **given):
        self.n_requests += 1
        return self.call("act", kind=kind, request=f"test-{self.n_requests}", **given)


def picture_of(session, place, size="large"):
    """Return the address of the picture of a sample."""
    [one] = PageApi(session).call("samples", {"ids": [session.samples()[place].id]})["samples"]
    return f"/picture/{one['picture']}?size={size}"


@pytest.fixture
def session(tmp_path):
    with LabelingSession(write_points(tmp_path)) as session:
        yield session.wait()


@pytest.fixture
def page(session):
    return Page(session).enter()


def texts_page(tmp_path, texts):
    path = tmp_path / "texts.txt"
    path.write_text("\n".join(texts), encoding="utf-8")
    return LabelingSession(path)


# ---- Security: a test for each line of the specification.


def test_the_token_is_exchanged_for_a_cookie_that_no_script_and_no_other_site_can_use(session):
    page = Page(session)
    assert page.post("state").status_code == 401
    assert page.get("/picture/0").status_code == 401
    for wrong in ["", "x", page.access.cookie, "ü", None, 5, [page.access.token]]:
        assert page.post("access", token=wrong).status_code == 403
    reply = page.post("access", token=page.access.token)
    cookie = reply.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert page.access.token.lower() not in cookie
    assert page.post("state").status_code == 200
    assert page.get(picture_of(session, 0)).status_code == 200


@pytest.mark.parametrize("path", ["state", "export/csv"])
@pytest.mark.parametrize("key", ["1", "", "ü", "the cookie", None])
def test_the_cookie_alone_gives_no_access(path, key, page):
    # Browsers send it to other servers on this machine, too.
    value = page.access.cookie if key == "the cookie" else key
    call = page.post if path == "state" else lambda _, headers: page.get(f"/api/{path}", **headers)
    assert call(path, headers={}).status_code == 200
    if value is None:
        del page.client.headers["x-skactive"]
        assert call(path, headers={}).status_code == 403
    else:
        reply = call(path, headers={"x-skactive": value.encode()})
        assert reply.status_code == 401


def test_requests_of_a_page_of_another_session_are_refused(page, session):
    assert page.post("state", headers={"x-skactive-session": session.id}).status_code == 200
    for path in ["state", "act", "next"]:
        reply = page.post(path, headers={"x-skactive-session": "another"})
        assert (reply.status_code, "Another session" in reply.text) == (403, True)


def test_a_token_for_once_is_exchanged_once(session):
    page = Page(session)
    token = page.access.token_for_once()
    assert page.post("access", token=token).status_code == 200
    assert page.post("access", token=token).status_code == 403


@pytest.mark.parametrize("cookie", ["", "x=y", "skactive-8123=wrong", "skactive-8123=ü", ";;==,"])
def test_other_cookies_give_no_access(cookie, session):
    reply = Page(session).post("state", headers={"cookie": cookie.encode()})
    assert reply.status_code == 401


@pytest.mark.parametrize("place", ["before", "after"])
@pytest.mark.parametrize(
    "other",
    [
        'prefs={"a":1}',
        "theme=dark mode",
        "n=é",
        "é=1",
        "nothing",
        "",
        "=",
        'open="',
        "a[b]=1",
        "skactive-8123=wrong",
        "skactive-8123",
        "Path=/",
    ],
)
def test_cookies_of_other_programs_do_not_matter(other, place, session):
    page = Page(session)
    own = f"{page.access.cookie_name}={page.access.cookie}"
    pairs = [other, own] if place == "before" else [own, other]
    headers = {"cookie": "; ".join(pairs).encode()}
    assert page.post("state", headers=headers).status_code == 200
    foreign = {"cookie": f"{other}; x{own}; {own}x".encode()}
    assert page.post("state", headers=foreign).status_code == 401


def test_files_of_the_page_need_no_cookie_and_contain_nothing_of_the_session(session):
    page = Page(session)
    text = page.get("/").text
    assert session.source.name not in text
    assert page.access.token not in text


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": None},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "http://localhost:8123"},
        {"origin": "https://127.0.0.1:8123"},
        {"origin": "http://evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": None},
    ],
    ids=str,
)
def test_a_request_needs_the_header_json_and_the_own_origin(headers, page, session):
    id_ = session.next()[0].id
    reply = page.post(
        "act", headers=headers, kind="answer", request="one", ids=[id_], label="apple"
    )
    assert reply.status_code == 403
    assert session.history() == []


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "DELETE", "PATCH", "TRACE"])
def test_other_methods_are_refused_so_that_no_preflight_request_succeeds(method, page):
    reply = page.client.request(method, "/api/act", headers={"origin": "http://evil.example"})
    assert reply.status_code == 405
    assert not [name for name in reply.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    ("host", "is_known"),
    [
        ("127.0.0.1:8123", True),
        ("localhost:8123", True),
        ("LOCALHOST:8123", True),
        ("[::1]:8123", True),
        ("127.0.0.1:8124", False),
        ("127.0.0.1", False),
        ("evil.example:8123", False),
        ("127.0.0.1.evil.example:8123", False),
        ("localhost.:8123", False),
        ("192.168.0.7:8123", False),
        ("", False),
        (":8123", False),
        ("8123", False),
    ],
)
def test_a_host_that_was_rebound_is_refused(host, is_known, page):
    for reply in [
        page.get("/", host=host),
        page.get("/picture/0", host=host),
        page.post("state", headers={"host": host, "origin": f"http://{host}"}),
    ]:
        assert (reply.status_code == 421) == (not is_known)


def test_in_a_network_addresses_and_names_of_the_machine_are_known(session):
    names = frozenset({"localhost", "desk"})
    page = Page(session, names=names, takes_addresses=True).enter()
    for host in ["192.168.0.7:8123", "[fe80::1]:8123", "desk:8123"]:
        assert page.get("/", host=host).status_code == 200
    for host in ["evil.example:8123", "192.168.0.7.evil.example:8123"]:
        assert page.get("/", host=host).status_code == 421


def test_every_answer_has_the_headers_of_a_closed_page(page):
    replies = [page.get(path) for path in ["/", "/static/no.js", "/picture/0", "/nowhere"]]
    replies += [page.post("state"), page.post("state", headers={"origin": "http://evil.example"})]
    for reply in replies:
        policy = reply.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["referrer-policy"] == "no-referrer"
        assert reply.headers["cross-origin-resource-policy"] == "same-origin"
        assert "cache-control" in reply.headers


@pytest.mark.parametrize(
    "path",
    [
        "/static/../_app.py",
        "/static/%2e%2e/_app.py",
        "/static/..%2f_app.py",
        "/static//etc/passwd",
        "/picture/..%2f..%2fetc%2fpasswd",
        "/picture//etc/passwd",
        "/picture/30",
        "/picture/-1",
        "/picture/99999999999999999999",
        "/picture/0?size=../x",
        "/api/export/..%2fx",
        "/static/",
        "/static/%00",
    ],
)
def test_files_are_named_by_index_and_never_by_path(path, page):
    reply = page.client.get(path)
    assert reply.status_code in {401, 404, 405, 409}
    assert b"root:" not in reply.content
    assert b"def create_app" not in reply.content


@pytest.fixture
def photos(tmp_path):
    """A folder with two photos, and another photo beside it."""
    Image = pytest.importorskip("PIL.Image")
    for name in ["photos/a.png", "photos/b.png", "secret.png"]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("RGB", (4, 4)).save(tmp_path / name)
    return tmp_path / "photos"


def statuses(session):
    """Return the status of each picture."""
    page = Page(session).enter()
    ids = [one.id for one in session.samples()]
    return {id_: page.get(picture_of(session, at)).status_code for at, id_ in enumerate(ids)}


@pytest.mark.parametrize("target", ["../secret.png", "b.png", "a.png"])
def test_links_out_of_the_folder_that_are_made_later_are_not_shown(target, photos):
    with LabelingSession(photos, embedder=Readable()) as session:
        (photos / "b.png").unlink()
        (photos / "b.png").symlink_to(target)
        found = statuses(session)
    assert found == {"a.png": 200, "b.png": 200 if target == "a.png" else 404}


def test_files_that_a_table_names_are_shown_wherever_they_are(photos):
    pytest.importorskip("pandas")
    (photos / "link.png").symlink_to("../secret.png")
    names = ["a.png", "link.png", "../secret.png", str(photos.parent / "secret.png")]
    (photos / "list.csv").write_text("\n".join(["file", *names]))
    with LabelingSession(photos / "list.csv", embedder=Readable()) as session:
        assert statuses(session) == dict.fromkeys(names, 200)


class Readable(TransformerMixin, BaseEstimator):
    """An embedder that cannot read two of the images."""

    def __sklearn_is_fitted__(self):
        return True

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        unreadable = {"e-broken.jpg", "f-script.png"}
        return np.array([[np.nan if Path(path).name in unreadable else 1.0, 0.0] for path in X])


# ---- Messages.


def test_an_answer_is_executed_once(page, session):
    [first, second] = page.call("next", n=2)["samples"]
    for is_new in [True, False]:
        reply = page.call(
            "act", kind="answer", request="device-1", ids=[first["id"]], label="apple"
        )
        assert reply["is_new"] == is_new
        assert reply["classes"] == [{"name": "apple", "n": 1, "description": ""}]
    page.act("answer", ids=[second["id"]], label="pear")
    reply = page.act("undo")
    assert [one["id"] for one in reply["samples"]] == [second["id"]]
    reply = page.act("redo")
    assert [one["label"] for one in reply["samples"]] == ["pear"]
    assert [one["id"] for one in page.call("history")["samples"]] == [second["id"], first["id"]]


def test_every_action_of_the_page_changes_the_session(page, session):
    ids = [one["id"] for one in page.call("next", n=6)["samples"]]
    page.act("add_class", name="apple")
    page.act("answer", ids=ids[:2], label="apple")
    page.act("relabel", ids=ids[1:2], label="pear")
    page.act("skip", ids=ids[2:3], reason="blurred")
    page.act("postpone", ids=ids[3:4])
    page.act("rename_class", name="pear", to="quince")
    page.act("describe_class", name="apple", description="round")
    page.act("add_class", name="plum")
    page.act("remove_class", name="plum")
    page.act("hold_out", n=3)
    progress = page.call("progress")
    assert progress["classes"] == [
        {"name": "apple", "n": 1, "description": "round"},
        {"name": "quince", "n": 1, "description": ""},
    ]
    assert [progress[f"n_{name}"] for name in ("labeled", "skipped", "postponed", "test")] == [
        2,
        1,
        1,
        3,
    ]
    assert page.call("history", status="skipped")["samples"][0]["id"] == ids[2]
    assert all(one["is_test"] for one in page.call("next", n=9, test=True)["samples"])
    page.act("merge_classes", name="quince", to="apple")
    page.act("reopen", ids=ids[:1])
    assert [one.id for one in session.history()] == ids[1:2]
    assert session.classes == ["apple"]


def test_an_undone_answer_of_a_removed_sample_is_no_failure(tmp_path):
    texts = ["one", "two", "three"]
    with texts_page(tmp_path, texts) as session:
        gone = session.samples()[0].id
        session.answer_many([gone, session.samples()[1].id], "number")
    with pytest.warns(UserWarning, match="not in the source"):
        session = texts_page(tmp_path, texts[1:])
    with session:
        page = Page(session).enter()
        reply = page.act("undo")
        assert (reply["is_new"], [one["text"] for one in reply["samples"]]) == (True, ["two"])
        assert page.act("redo")["n"] == 1
        assert session.labels_per_class() == {"number": 1}


def test_every_reply_has_the_numbers_of_labels(page, session):
    first, second = session.next(2)
    assert page.act("answer", ids=[first.id], label="apple")["n_labeled"] == 1
    page.act("hold_out", n=3)
    tested = page.call("next", n=1, test=True)["samples"][0]["id"]
    reply = page.act("answer", ids=[tested], label="apple")
    assert (reply["n_labeled"], reply["n_test_labeled"], reply["n_test"]) == (1, 1, 3)
    assert page.act("skip", ids=[second.id])["n_skipped"] == 1


def test_refused_actions_are_sentences(page, session):
    [one] = page.call("next", n=1)["samples"]
    page.act("answer", ids=[one["id"]], label="apple")
    reply = page.post("act", kind="answer", request="x", ids=[one["id"]], label="pear")
    assert reply.status_code == 409
    assert reply.json()["error"].startswith("Sample ")
    reply = page.post("act", kind="answer", request="y", ids=["nothing"], label="pear")
    assert "No sample has the id 'nothing'" in reply.json()["error"]


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("nothing", {}),
        ("next", {}),
        ("next", {"n": 0}),
        ("next", {"n": True}),
        ("next", {"n": "1"}),
        ("next", {"n": 1, "exclude": "x"}),
        ("act", {"kind": "close", "request": "a"}),
        ("act", {"kind": "answer", "request": "", "ids": [], "label": "x"}),
        ("act", {"kind": "answer", "request": "a", "ids": [1], "label": "x"}),
        ("act", {"kind": "answer", "request": "a", "ids": [[]], "label": "x"}),
        ("act", {"kind": "answer", "request": "a", "ids": ["x"], "label": None}),
        ("history", {"status": "open"}),
        ("explain", {}),
    ],
)
def test_messages_of_other_forms_are_refused(name, given, page, session):
    reply = page.post(name, **given)
    assert reply.status_code == 400
    assert reply.json()["error"].endswith(".")
    assert session.history() == []


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff", b"[" * 100_000, b"1"], ids=len)
def test_other_bodies_are_refused(content, page):
    assert page.post("state", content=content).status_code == 400


def test_a_full_disk_takes_no_answers_and_says_so(page, session, monkeypatch):
    [one] = page.call("next", n=1)["samples"]

    def fail(line):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(session._log._file, "append", fail)
        reply = page.post("act", kind="answer", request="a", ids=[one["id"]], label="apple")
        assert reply.status_code == 507
        assert "No space left on device" in reply.json()["error"]
        assert session.history() == []
    assert page.call("act", kind="answer", request="a", ids=[one["id"]], label="apple")["is_new"]


def test_a_session_that_was_opened_again_takes_no_answers(page, session):
    [one] = page.call("next", n=1)["samples"]
    with LabelingSession(session.source):
        reply = page.post("act", kind="answer", request="a", ids=[one["id"]], label="apple")
    assert reply.status_code == 507
    assert "written by another" in reply.json()["error"]


def test_guesses_explanations_and_doubtful_labels(page, session):
    for sample in session.samples()[3:9] + session.samples()[18:24]:
        is_high = session.sample(sample.id).value[0] > 4
        page.act("answer", ids=[sample.id], label="high" if is_high else "low")
    guessed = page.call("guesses", label="high", n=4)
    assert len(guessed["samples"]) == 4
    assert len(guessed["above"]) == 9
    check = page.call("guesses", label="high", n=5, threshold=0.5, check=True)
    assert {one["id"] for one in check["samples"]} <= set(check["above"])
    explanation = page.call("explain", id=session.next()[0].id)
    assert explanation["sentences"][0].startswith("This sample comes")
    assert {one["name"] for one in explanation["classes"]} == {"high", "low"}
    assert {one["status"] for one in explanation["nearest"]} == {"labeled"}
    page.act("relabel", ids=[session.samples()[4].id], label="low")
    doubtful = page.call("suspicious")
    assert doubtful["samples"][0]["id"] == session.samples()[4].id
    assert doubtful["samples"][0]["suggestion"] == "high"
    assert page.call("progress")["accuracy"]["n_labeled"] == 12
    # A label that is given again is not doubtful any more, unless that is undone.
    page.act("relabel", ids=[doubtful["samples"][0]["id"]], label="low")
    assert page.call("suspicious") == {
        **doubtful,
        "samples": doubtful["samples"][1:],
        "n": doubtful["n"] - 1,
    }
    page.act("undo")
    assert page.call("suspicious") == doubtful
    # The page shows the numbers of the session.
    shown, progress = page.call("progress", curve=True), session.progress()
    assert page.call("progress")["curve"] == []
    assert shown["curve"][-1] == {
        "n_labeled": 12,
        "accuracy": shown["accuracy"],
        "test_accuracy": None,
    }
    assert len(shown["curve"]) == len(progress.curve)
    assert shown["advice"]["sentence"] == progress.advice.sentence
    assert [one["reason"] for one in shown["advice"]["verdicts"]] == [
        one.reason for one in progress.advice.verdicts
    ]


def test_texts_and_names_arrive_as_they_are(tmp_path):
    texts = [HTML, "  two  spaces\tand a tab ", "שלום عالم", "\u202eabc", "x" * 10_000]
    with texts_page(tmp_path, texts) as session:
        page = Page(session).enter()
        assert {one["text"] for one in page.call("next", n=9)["samples"]} == set(texts)
        [id_] = [one.id for one in session.samples() if one.value == HTML]
        reply = page.act("answer", ids=[id_], label=HTML)
        assert reply["classes"][0]["name"] == HTML
        assert len(page.call("history")["samples"]) == 1


def test_exports_are_downloaded(page, session):
    page.act("answer", ids=[session.next()[0].id], label="apple")
    reply = page.client.get("/api/export/csv")
    assert reply.headers["content-disposition"] == 'attachment; filename="labels.csv"'
    assert "apple" in reply.text
    assert page.client.get("/api/export/exe").status_code == 409
    # Photos in folders need photos.
    assert page.client.get("/api/export/zip").status_code == 409


def test_the_classifier_is_downloaded(page, session, monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    first, second = session.wait().next(2)
    refused = page.client.get("/api/export/joblib")
    assert refused.status_code == 409
    session.answer(first.id, "apple")
    session.answer(second.id, "pear")
    reply = page.client.get("/api/export/joblib")
    assert reply.headers["content-disposition"] == 'attachment; filename="classifier.joblib"'
    loaded = joblib.load(io.BytesIO(reply.content))
    np.testing.assert_array_equal(loaded.classes_, ["apple", "pear"])
    assert list(tmp_path.glob("skactive-*")) == []


# ---- Pictures.


def test_pixels_of_vectors_are_drawn_large_without_smoothing(page, session):
    reply = page.get(picture_of(session, 0, "small"))
    assert reply.headers["content-type"] == "image/png"
    image = opened(reply)
    assert min(image.size) >= 256
    assert len(image.getcolors()) == 4


def opened(reply):
    from PIL import Image

    assert reply.status_code == 200, reply.text
    return Image.open(io.BytesIO(reply.content))


def test_photos_are_turned_shrunk_and_keep_transparency_and_animation(tmp_path):
    Image = pytest.importorskip("PIL.Image")
    photos = tmp_path / "photos"
    photos.mkdir()
    red, blue = Image.new("RGB", (60, 40), "red"), Image.new("RGB", (60, 40), "blue")
    exif = red.getexif()
    exif[0x0112] = 6
    red.save(photos / "a-turned.jpg", exif=exif)
    Image.new("RGBA", (2000, 10), (0, 0, 0, 0)).save(photos / "b-transparent.png")
    red.save(photos / "c-animated.gif", save_all=True, append_images=[blue])
    red.save(photos / "d-other.bmp")
    (photos / "e-broken.jpg").write_bytes(b"\xff\xd8 nothing")
    (photos / "f-script.png").write_text("<script>alert(1)</script>")
    with LabelingSession(photos, embedder=Readable()) as session:
        page = Page(session).enter()
        session.wait()
        unreadable = page.call("history", status="unreadable")["samples"]
        assert [one["id"] for one in unreadable] == ["e-broken.jpg", "f-script.png"]
        assert opened(page.get(picture_of(session, 0, "small"))).size == (40, 60)
        assert opened(page.get(picture_of(session, 0, "large"))).getexif()[0x0112] == 6
        transparent = opened(page.get(picture_of(session, 1, "small")))
        assert (transparent.mode, transparent.size) == ("RGBA", (320, 2))
        assert opened(page.get(picture_of(session, 2))).n_frames == 2
        assert page.get(picture_of(session, 3)).headers["content-type"] == "image/jpeg"
        for place in [4, 5]:
            for size in ["small", "large", "full"]:
                reply = page.get(picture_of(session, place, size))
                assert reply.status_code == 404
                assert "cannot be read" in reply.json()["error"]


class Words(TransformerMixin, BaseEstimator):
    """Has no vector of "?"."""

    def __sklearn_is_fitted__(self):
        return True

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return np.array([[np.nan] * 2 if x == "?" else [len(x), 1.0] for x in X])


def test_texts_that_cannot_be_used_have_a_reason(tmp_path):
    with LabelingSession(["a", "?", "b c"], tmp_path, embedder=Words()) as session:
        session.wait()
        listed = PageApi(session).call("history", {"status": "unreadable"})["samples"]
        assert [(one["text"], one["reason"]) for one in listed] == [
            ("?", "the model cannot use it")
        ]


def test_no_address_is_that_of_a_photo_of_another_session(tmp_path):
    Image = pytest.importorskip("PIL.Image")
    found = []
    for name in ["a", "b"]:
        (tmp_path / name).mkdir()
        Image.new("RGB", (8, 8)).save(tmp_path / name / "1.png")
        with LabelingSession(tmp_path / name, embedder=Readable()) as session:
            page = Page(session).enter()
            found += [page.call("state")["session"], picture_of(session, 0)]
    with LabelingSession(tmp_path / "b", embedder=Readable()) as session:
        assert Page(session).enter().call("state")["session"] == found[2]
        assert picture_of(session, 0) == found[3]
    assert len(set(found)) == 4


def test_an_address_of_a_picture_is_that_of_the_same_photo_after_others_were_added(tmp_path):
    Image = pytest.importorskip("PIL.Image")
    (tmp_path / "photos").mkdir()
    shown = {}
    for names in ["mno", "abx"]:
        for name in names:
            colour = (ord(name), 0, 0)
            Image.new("RGB", (8, 8), colour).save(tmp_path / "photos" / f"{name}.png")
        with LabelingSession(tmp_path / "photos", embedder=Readable()) as session:
            page = Page(session).enter()
            for one in page.call("next", n=9)["samples"]:
                shown[f"/picture/{one['picture']}?size=full"] = ord(one["id"][0])
            for address, red in shown.items():
                assert opened(page.get(address)).getpixel((0, 0))[0] == red
    assert len(shown) == 6


def test_groups_of_similar_samples_are_shown_with_their_sizes(page, session):
    groups = session.clusters()
    reply = page.call("cluster", place=1, n=4)
    assert reply["sizes"] == [len(group) for group in groups]
    assert [one["id"] for one in reply["samples"]] == groups[1][:4]
    assert page.call("cluster", place=99, n=4)["samples"] == []
    assert page.post("cluster", place=-1, n=4).status_code == 400
    page.act("answer", ids=groups[0], label="apple")
    assert page.call("cluster", place=0, n=4)["sizes"][0] == 0


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float16, np.float64, bool])
@pytest.mark.parametrize(
    ("shape", "mode"),
    [
        ((4, 5), "L"),
        ((1, 1), "L"),
        ((4, 5, 1), "L"),
        ((1, 3, 1), "L"),
        ((4, 5, 3), "RGB"),
        ((4, 5, 4), "RGBA"),
    ],
)
def test_pictures_of_vectors_of_every_shape_are_drawn(shape, mode, dtype, tmp_path):
    from PIL import Image

    images = np.random.default_rng(0).integers(0, 2, (6, *shape)).astype(dtype)
    np.savez(tmp_path / "v.npz", X=np.eye(6), images=images)
    with LabelingSession(tmp_path / "v.npz") as session:
        reply = Page(session).enter().get(picture_of(session, 5))
    assert reply.status_code == 200
    drawn = Image.open(io.BytesIO(reply.content))
    assert drawn.mode == mode
    assert drawn.width * shape[0] == drawn.height * shape[1]


def test_the_first_questions_do_not_wait_for_the_import_of_scikit_learn(tmp_path):
    code = """
import sys
from skactive.labeling import LabelingSession
from skactive.labeling._learning import SessionLearner
from skactive.labeling._api import PageApi
import skactive.labeling.server._app

# The thread imports it.
SessionLearner.start = lambda self: None
session = LabelingSession(["low", "high", "middle"], sys.argv[1], classes=["x"])
page = PageApi(session)
page.call("state", {})
[first, _] = page.call("next", {"n": 2, "exclude": []})["samples"]
answer = {"kind": "answer", "request": "1", "ids": [first["id"]], "label": "x"}
assert page.call("act", answer)["n_labeled"] == 1
assert len(page.call("next", {"n": 3, "exclude": []})["samples"]) == 2
assert page.call("progress", {})["n_labeled"] == 1
session.close()
print({"sklearn", "pandas", "joblib", "scipy.stats"} & set(sys.modules))
"""
    process = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert (process.stdout, process.stderr) == ("set()\n", "")
