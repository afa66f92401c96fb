"""Requests to Label Studio: failures, tokens and redirections."""

import http.server
import socket
import threading

import pytest
from fake_label_studio import (
    PERSONAL,
    TOKEN,
    FakeLabelStudio,
    cut,
    hang_up,
    page,
    slow,
    status,
)

from skactive.integrations.label_studio import LabelStudioError
from skactive.integrations.label_studio._client import LabelStudioClient, pause
from skactive.integrations.label_studio._token import ApiToken, read_token

STATE = "/api/projects/3/"


@pytest.fixture
def studio():
    with FakeLabelStudio(data=[{"text": "a"}]) as studio:
        yield studio


def client_of(studio, secret=TOKEN, **settings):
    """Return a client, and the list of its pauses."""
    pauses = []
    client = LabelStudioClient(studio.url, ApiToken(secret), sleep=pauses.append, **settings)
    return client, pauses


@pytest.mark.parametrize("fault", [status(500), status(503), status(429), hang_up, cut])
def test_a_failure_of_the_server_is_tried_again(studio, fault):
    studio.faults = [fault, fault]
    client, pauses = client_of(studio)
    assert client.get(STATE)["title"] == "a project"
    assert len(pauses) == 2


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (status(500), "with an error of its own \\(status 500\\)"),
        (hang_up, "cannot be reached"),
    ],
)
def test_a_lasting_failure_is_one_temporary_sentence(studio, fault, sentence):
    studio.faults = [fault] * 10
    client, pauses = client_of(studio)
    with pytest.raises(LabelStudioError, match=sentence) as caught:
        client.get(STATE)
    assert caught.value.is_temporary
    assert "\n" not in str(caught.value)
    assert len(pauses) == 3


def test_a_server_that_hangs_is_waited_for_once(studio):
    studio.faults = [slow(0.5)] * 10
    client, pauses = client_of(studio, timeout=0.2)
    with pytest.raises(LabelStudioError, match=r"did not answer within 0\.2 seconds") as caught:
        client.get(STATE)
    assert caught.value.is_temporary
    assert pauses == []


def test_a_server_that_is_down_is_a_temporary_failure():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    client = LabelStudioClient(url, ApiToken(TOKEN), sleep=lambda _: None)
    with pytest.raises(LabelStudioError, match="cannot be reached: Connection refused") as caught:
        client.get(STATE)
    assert caught.value.is_temporary


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (status(403), "does not permit GET /api/projects/3/: a fault. Hint"),
        (status(404), "has no /api/projects/3/"),
        (status(400), "refuses GET /api/projects/3/ with status 400: a fault"),
        (page, "answers with text/html and no JSON"),
    ],
)
def test_a_refusal_is_not_tried_again(studio, fault, sentence):
    studio.faults = [fault]
    client, pauses = client_of(studio)
    with pytest.raises(LabelStudioError, match=sentence) as caught:
        client.get(STATE)
    assert not caught.value.is_temporary
    assert pauses == []


def test_pauses_double_up_to_a_limit_and_differ():
    assert len({pause(3, 1.0) for _ in range(20)}) > 1
    assert all(0.5 * 2**n <= pause(n, 1.0) <= 2**n for n in range(6))
    assert all(pause(n, 1.0) <= 60 for n in range(2000))


def test_a_personal_token_is_exchanged_and_the_access_renewed(studio):
    client, _ = client_of(studio, PERSONAL)
    assert client.get(STATE)["id"] == 3
    assert client.get(STATE)["id"] == 3
    assert len(studio.accesses) == 1
    studio.accesses["access-0"] = False  # after five minutes
    assert client.get(STATE)["id"] == 3
    sent = [one.get("Authorization") for one in studio.headers]
    assert sent == [
        None, "Bearer access-0", "Bearer access-0", "Bearer access-0", None, "Bearer access-1"
    ]  # fmt: skip


@pytest.mark.parametrize("secret", [TOKEN[::-1], PERSONAL[:-1] + "X"])
def test_a_refused_token_is_in_no_message(studio, secret):
    client, _ = client_of(studio, secret)
    with pytest.raises(LabelStudioError, match="refuses the token") as caught:
        client.get(STATE)
    chain = [caught.value, caught.value.__cause__, caught.value.__context__]
    assert not any(secret in f"{one!r} {one}" for one in chain)
    assert secret not in repr(ApiToken(secret))


def test_tokens_come_from_the_environment_unless_they_are_passed():
    assert read_token(None, {"LABEL_STUDIO_API_KEY": f" {TOKEN}\n"}).secret == TOKEN
    assert read_token(f"{PERSONAL}\n", {"LABEL_STUDIO_API_KEY": TOKEN}).secret == PERSONAL
    with pytest.raises(LabelStudioError, match=r"no token.*variable LABEL_STUDIO_API_KEY"):
        read_token(None, {})
    with pytest.raises(LabelStudioError, match="characters that no token has") as caught:
        read_token("two words", {})
    assert "two words" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("localhost:8080", "is no address"),
        ("ftp://localhost", "is no address"),
        ("http://host/ls/projects/7/data", "Hint: pass http://host/ls, and the number 7 of the"),
        ("http://me:secret@localhost", "has a user, a query or a fragment"),
        ("http://localhost/?a=1", "has a user, a query or a fragment"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused(url, sentence):
    with pytest.raises(LabelStudioError, match=sentence) as caught:
        LabelStudioClient(url, ApiToken(TOKEN))
    assert "secret" not in str(caught.value)


@pytest.fixture
def elsewhere():
    """Another server with a file, and the headers of its requests."""
    seen = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append(dict(self.headers))
            self.send_response(404 if "gone" in self.path else 200)
            self.send_header("Content-Length", "5")
            self.end_headers()
            self.wfile.write(b"photo")

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", seen
    server.shutdown()
    server.server_close()


def test_other_hosts_never_get_the_token(studio, elsewhere):
    address, seen = elsewhere
    client, _ = client_of(studio)
    assert client.file(f"{address}/photo.jpg") == b"photo"
    # Storages in the cloud redirect to addresses elsewhere.
    studio.faults = [lambda handler: handler.reply(302, Location=f"{address}/photo.jpg")]
    assert client.file("/tasks/1/resolve/?fileuri=x") == b"photo"
    assert len(seen) == 2
    assert all("Authorization" not in headers for headers in seen)
    assert studio.headers[0]["Authorization"] == f"Token {TOKEN}"


def test_the_token_follows_a_redirection_within_label_studio(studio):
    studio.files["/data/upload/1.jpg"] = b"photo"
    studio.faults = [lambda handler: handler.reply(302, Location="/data/upload/1.jpg")]
    client, _ = client_of(studio)
    assert client.file("/tasks/1/resolve/") == b"photo"


@pytest.mark.parametrize(
    "address",
    [
        "/api/current-user/token",
        "/data/../api/current-user/token",
        "/data/%2e%2e/api/current-user/token",
        "/user/account",
        "/projects/1/data/",
    ],
)
def test_the_token_opens_files_and_not_the_api(studio, address):
    client, _ = client_of(studio)
    with pytest.raises(LabelStudioError, match=r"401|credentials|token"):
        client.file(address)
    assert studio.headers
    assert all("Authorization" not in headers for headers in studio.headers)


@pytest.mark.parametrize(
    "address",
    ["http://[::1/x.jpg", "http://[bad]/x.jpg", "//[/x.jpg", "http://a:b/x.jpg", "data:x"],
)
def test_an_address_that_is_none_is_refused_once(studio, address):
    client, pauses = client_of(studio)
    with pytest.raises(LabelStudioError) as raised:
        client.file(address)
    assert not raised.value.is_temporary
    assert not pauses


def test_blanks_and_umlauts_in_addresses_are_encoded(studio):
    studio.files["/data/local-files/"] = b"photo"
    client, _ = client_of(studio)
    assert client.file("/data/local-files/?d=my photos/grün.jpg") == b"photo"
    assert studio.requests[-1][1] == "/data/local-files/?d=my%20photos/gr%C3%BCn.jpg"


def test_files_of_this_machine_are_not_read(studio, tmp_path):
    (tmp_path / "secret.jpg").write_bytes(b"photo")
    client, _ = client_of(studio)
    for address in (f"file://{tmp_path}/secret.jpg", "ftp://localhost/a.jpg"):
        with pytest.raises(LabelStudioError, match="is no address of a file"):
            client.file(address)
    for location in (f"file://{tmp_path}/secret.jpg", "ftp://localhost/a.jpg"):
        studio.faults = [lambda handler, to=location: handler.reply(302, Location=to)]
        with pytest.raises(LabelStudioError, match=r"redirects a download|status 302"):
            client.file("/data/1.jpg")
    assert client.file("data:image/png;base64,cGhvdG8=") == b"photo"


def test_a_redirected_change_names_the_address(studio):
    studio.faults = [lambda handler: handler.reply(301, Location="https://labels.example.org/")]
    client, _ = client_of(studio)
    with pytest.raises(LabelStudioError, match=r"redirects to https://labels\.example\.org\. Hint"):
        client.send("PATCH", STATE, {"sampling": "x"})


def test_a_fault_of_another_host_is_named_without_its_query(studio, elsewhere):
    address, _ = elsewhere
    client, _ = client_of(studio)
    with pytest.raises(LabelStudioError, match=r"refuses /gone\.jpg: status 404") as caught:
        client.file(f"{address}/gone.jpg?signature=secret")
    assert "secret" not in str(caught.value)
