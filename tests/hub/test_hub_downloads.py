"""A download ends with a complete model in the cache, or with an error and an empty cache."""

import shutil
import threading

import numpy as np
import pytest
from model_server import gives, packed, packed_files, serving

from skactive.cli import main
from skactive.embedding import HubEmbedder
from skactive.labeling import LabelingSession

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

TEXTS = ["one", "two or three", "four"]


@pytest.fixture
def server():
    """Serve on this machine."""
    with serving() as server:
        yield server


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Remove the delay between attempts."""
    monkeypatch.setattr("skactive.embedding._fetching.FIRST_PAUSE", 0)


@pytest.fixture(scope="module")
def body(text_model):
    """Pack the model of texts."""
    return packed(text_model)


def folders_in(cache):
    return [path for path in cache.iterdir() if path.is_dir()] if cache.exists() else []


def test_a_compressed_module_is_resolved_by_its_url(server, body, text_model, hub_cache):
    server.answers = [gives(body)]
    embedder = HubEmbedder(server.url)
    expected = HubEmbedder(text_model).transform(TEXTS)
    assert np.array_equal(embedder.transform(TEXTS), expected)
    [requested] = server.requested
    assert requested.endswith("?tf-hub-format=compressed")
    assert len(folders_in(hub_cache)) == 1


def test_the_page_does_not_open_with_a_model_that_cannot_be_downloaded(
    server, body, tmp_path, monkeypatch, capsys
):
    uvicorn = pytest.importorskip("uvicorn")
    opened = []
    monkeypatch.setattr(uvicorn.Server, "run", lambda *_, **__: opened.append(True))
    (tmp_path / "texts.txt").write_text("\n".join(TEXTS))
    arguments = ["label", str(tmp_path / "texts.txt"), "--no-browser", "--model", server.url]
    session = tmp_path / "texts.txt.session"
    for answer in [gives(b"", status=404), gives(body, kept=500)]:
        server.answers = [answer]
        assert main(arguments) == 2
        assert f"{server.url} cannot be downloaded" in capsys.readouterr().err
        assert not session.exists()
        assert not opened
    server.answers = [gives(body)]
    assert main(arguments) == 0
    assert opened == [True]
    with LabelingSession.open(session, read_only=True).wait() as session:
        assert session.n_embedded == len(TEXTS)


def test_a_module_is_downloaded_once(server, body):
    server.answers = [gives(body)]
    for _ in range(2):
        embedder = HubEmbedder(server.url)
        embedder.transform(TEXTS)
        embedder.get_feature_names_out()
    assert len(server.requested) == 1


def test_simultaneous_threads_download_once(server, body):
    server.answers = [gives(body)]
    shapes = []

    def embed():
        shapes.append(HubEmbedder(server.url).transform(TEXTS).shape)

    threads = [threading.Thread(target=embed) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shapes == [(3, 8)] * 4
    assert len(server.requested) == 1


@pytest.mark.parametrize("compression", ["gz", ""], ids=["compressed", "plain"])
def test_an_interrupted_download_is_retried(server, text_model, hub_cache, compression):
    whole = packed(text_model, compression=compression)
    for kept in [0, 1, 600, len(whole) // 3, len(whole) // 2, len(whole) - 1]:
        shutil.rmtree(hub_cache, ignore_errors=True)
        server.requested.clear()
        server.answers = [gives(whole, kept=kept), gives(whole)]
        assert HubEmbedder(server.url).transform(TEXTS).shape == (3, 8)
        assert len(server.requested) <= 2


@pytest.mark.parametrize("compression", ["gz", ""], ids=["compressed", "plain"])
def test_wherever_a_download_is_cut_no_part_of_a_model_is_kept(
    server, text_model, hub_cache, monkeypatch, compression
):
    from skactive.embedding._fetching import model_folder

    monkeypatch.setattr("skactive.embedding._fetching.N_ATTEMPTS", 1)
    whole = packed(text_model, compression=compression)
    content = {path.name for path in text_model.rglob("*")}
    # In an uncompressed archive, also between two files, which `tarfile` does not detect.
    cuts = {*range(0, len(whole), 512), *range(0, len(whole), len(whole) // 40), len(whole) - 9}
    refusals = []
    for kept in sorted(cuts)[:: 1 if compression else 3]:
        server.answers = [gives(whole, kept=kept)]
        try:
            folder = model_folder(server.url)
        except OSError as error:
            refusals.append((f"it ended after {kept:,} of {len(whole):,} bytes", str(error)))
            assert folders_in(hub_cache) == []
        else:
            # Truncated after the end of the archive.
            assert {path.name for path in folder.rglob("*")} == content
            shutil.rmtree(hub_cache)
    assert len(refusals) > 10
    assert all(sentence in refusal for sentence, refusal in refusals)


def test_a_cut_that_nothing_announced_leaves_nothing_that_fails_again(server, text_model):
    whole = packed(text_model, compression="")
    # Truncated in the first header of the first file of variables.
    kept = whole.index(b"./variables/variables.") - 1000
    server.answers = [gives(whole, kept=kept, announced=False)]
    embedder = HubEmbedder(server.url)
    with pytest.raises(ValueError, match=r"cannot be loaded: .+ Hint: the download was removed; "):
        embedder.transform(TEXTS)
    server.answers = [gives(whole)]
    assert embedder.transform(TEXTS).shape == (3, 8)


HTML = b"<!doctype html><title>Sign in</title>" + b"<p>Please sign in.</p>" * 100


@pytest.mark.parametrize(
    ("wrong", "error", "sentence"),
    [
        (
            gives(HTML, kind="text/html"),
            ValueError,
            "{url} is not a SavedModel: the server did not send a tar archive. Hint: check",
        ),
        (gives(b""), ValueError, "{url} is not a SavedModel: the server did not send a tar archi"),
        (
            gives(packed_files(**{"README.md": b"Hello"})),
            ValueError,
            "The download of {url} is not a SavedModel: saved_model.pb is missing; it contains REA",
        ),
        (
            gives(packed_files(**{"saved_model.pb": b"Hello"})),
            ValueError,
            "{url} cannot be loaded: Cannot parse file",
        ),
        (
            gives(packed_files(**{"../../escaped.txt": b"Hello"})),
            ValueError,
            "{url} cannot be downloaded: Relative path '../../escaped.txt' is invalid. Hint: ",
        ),
        (
            gives(packed_files(**{"deep/er/file.txt": b"Hello"})),
            ValueError,
            "{url} cannot be downloaded: ",
        ),
        (
            gives(HTML, status=404),
            OSError,
            "{url} cannot be downloaded: the server answered 404 Not Found. Hint: check the a",
        ),
        (
            gives(HTML, status=503),
            OSError,
            "{url} cannot be downloaded, after 3 attempts: HTTP Error 503: Service Unavailable. H",
        ),
        (
            gives(HTML, kept=0),
            OSError,
            "{url} cannot be downloaded, after 3 attempts: it ended after 0 of 2,237 bytes. Hin",
        ),
    ],
    ids=["page", "nothing", "other", "damaged", "escape", "deep", "404", "503", "cut"],
)
def test_a_wrong_answer_is_refused_and_the_right_one_taken_next_time(
    server, body, hub_cache, tmp_path, wrong, error, sentence
):
    server.answers = [wrong]
    embedder = HubEmbedder(server.url)
    with pytest.raises(error) as raised:
        embedder.transform(TEXTS)
    assert str(raised.value).startswith(sentence.format(url=server.url))
    assert "\n" not in str(raised.value)
    assert folders_in(hub_cache) == []
    assert not list(tmp_path.rglob("escaped.txt"))
    server.answers = [gives(body)]
    assert embedder.transform(TEXTS).shape == (3, 8)


@pytest.mark.parametrize(("status", "n_asked"), [(404, 1), (403, 1), (429, 3), (500, 3), (503, 3)])
def test_only_temporary_errors_are_retried(server, status, n_asked):
    server.answers = [gives(b"", status=status)]
    with pytest.raises(OSError, match=str(status)):
        HubEmbedder(server.url).transform(TEXTS)
    assert len(server.requested) == n_asked


def test_pauses_between_attempts_grow(server, monkeypatch):
    pauses = []
    monkeypatch.setattr("skactive.embedding._fetching.FIRST_PAUSE", 0.5)
    monkeypatch.setattr("time.sleep", pauses.append)
    server.answers = [gives(b"", status=503)]
    with pytest.raises(OSError, match="after 3 attempts"):
        HubEmbedder(server.url).transform(TEXTS)
    assert pauses == [0.5, 1.0]


def test_an_unreachable_server_raises_and_works_later(body, text_model):
    with serving() as server:
        url = server.url
    with pytest.raises(OSError, match=r"after 3 attempts: \[.+ refused\. Hint: check the"):
        HubEmbedder(url).transform(TEXTS)


def test_a_server_that_falls_silent_is_not_waited_for_for_ever(server, monkeypatch):
    monkeypatch.setattr("skactive.embedding._downloading.TIMEOUT", 0.05)
    released = threading.Event()

    def silent(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.flush()
        released.wait(10)

    server.answers = [silent]
    with pytest.raises(OSError, match="after 3 attempts: timed out"):
        HubEmbedder(server.url).transform(TEXTS)
    released.set()


def test_a_cache_that_cannot_be_written_is_a_sentence(server, body, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path / "file" / "cache"))
    server.answers = [gives(body)]
    with pytest.raises(OSError, match=r"file.cache cannot be created: .+\. Hint: name a folder of"):
        HubEmbedder(server.url).transform(TEXTS)
