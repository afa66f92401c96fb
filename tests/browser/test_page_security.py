"""The guard of the page against other pages, hosts and machines: a test for each line."""

import http.server
import re
import socket
import sys
import threading
from contextlib import contextmanager

import numpy as np
import pytest

pytest.importorskip("playwright")
pytest.importorskip("uvicorn")

from label_page import page_of, sample
from page_server import Server, serving
from playwright.sync_api import Error, expect

EVERY_ADDRESS = "0.0.0.0"  # noqa: S104 - on this machine, for the test
# Call the page's server as the page does.
CALL = """async ([name, given]) => {
  const key = localStorage.getItem("page-key") ?? "";
  const headers = {"X-Skactive": key, "Content-Type": "application/json"};
  const options = {method: "POST", headers, body: JSON.stringify(given)};
  return (await fetch(`/api/${name}`, options)).json();
}"""


@contextmanager
def unchanged(browser, server):
    """Open the page; what is done then changes neither labels nor classes."""
    with page_of(browser, server) as page:
        sample(page)
        yield page
        assert [one["name"] for one in page.evaluate(CALL, ["state", {}])["classes"]] == ["low"]
        progress = page.evaluate(CALL, ["progress", {}])
        assert (progress["n_labeled"], progress["n_skipped"]) == (0, 0)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    path = tmp_path_factory.mktemp("points") / "points.npz"
    np.savez(path, X=np.eye(20, 3), images=np.zeros((20, 4, 4), np.uint8))
    with serving(path, "--classes", "low") as server:
        yield server


@pytest.fixture
def other_port():
    """Serve an empty page; return its port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>other</title><body></body>")

        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def network_address():
    """Return an address under which other machines may reach this one, or None."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Nothing is sent.
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        return probe.getsockname()[0]


def test_it_listens_on_the_loopback_address_only(browser, server):
    port = server.origin.rpartition(":")[2]
    addresses = {network_address(), "127.0.0.2" if sys.platform == "linux" else None} - {None}
    with unchanged(browser, server) as page:
        for address in addresses:
            other = page.context.new_page()
            with pytest.raises(Error, match="ERR_CONNECTION_REFUSED"):
                other.goto(f"http://{address}:{port}/")


def test_the_token_stays_in_the_fragment_and_becomes_a_cookie(browser, server):
    token = server.address.partition("#")[2]
    sent = []
    with browser.new_context() as context:
        context.on("request", lambda request: sent.append(request))  # noqa: PLW0108
        page = context.new_page()
        page.goto(server.address)
        sample(page)
        [cookie] = context.cookies()
        assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
        assert token not in cookie["value"]
        assert page.evaluate("document.cookie") == ""
        assert page.url == f"{server.origin}/"
        page.reload()
        sample(page)
    assert len(sent) > 10
    with_token = [one.url for one in sent if token in f"{one.url} {one.headers} {one.post_data}"]
    assert with_token == [f"{server.origin}/api/access"]


@pytest.mark.parametrize("fragment", ["", "#wrong"])
def test_a_browser_without_the_token_has_no_access(fragment, browser, server):
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{server.origin}/{fragment}")
        expect(page.locator("main")).to_contain_text("in the terminal")
        assert page.locator(".stage").count() == 0
        assert page.evaluate("async () => (await fetch('/picture/0')).status") == 401
        assert page.evaluate(CALL, ["state", {}]) == {
            "error": "This browser has no access: open the address in the terminal."
        }


READS = {
    "fetch": """async origin => {
      try { return (await fetch(`${origin}/api/state`, {credentials: "include"})).status }
      catch { return "refused" }
    }""",
    "picture": """origin => new Promise(resolve => {
      const image = new Image();
      image.onload = () => resolve("read");
      image.onerror = () => resolve("refused");
      image.src = `${origin}/picture/0`;
    })""",
    "frame": """origin => new Promise(resolve => {
      const frame = document.createElement("iframe");
      frame.src = origin;
      frame.onload = () => {
        try { resolve(frame.contentDocument?.body?.textContent ? "read" : "refused") }
        catch { resolve(frame.contentWindow.length ? "shown" : "refused") }
      };
      document.body.append(frame);
    })""",
    "script": """origin => new Promise(resolve => {
      const script = document.createElement("script");
      script.onload = () => resolve("read");
      script.onerror = () => resolve("refused");
      script.src = `${origin}/static/page.js`;
      document.body.append(script);
    })""",
}
# Another port is another origin of the same site, to which browsers send the cookie.
SITES = ["127.0.0.1", "evil.example"]


@pytest.mark.parametrize("site", SITES)
def test_other_origins_cannot_read(site, browser, server, other_port):
    with unchanged(browser, server) as page:
        other = page.context.new_page()
        other.goto(f"http://{site}:{other_port}/")
        found = {name: other.evaluate(script, server.origin) for name, script in READS.items()}
        assert found == dict.fromkeys(READS, "refused")
        with page.context.expect_page() as opened:
            other.evaluate("origin => { globalThis.opened = window.open(origin) }", server.origin)
        sample(opened.value)
        with pytest.raises(Error, match="SecurityError"):
            other.evaluate("opened.document.body.textContent")


CLASS = '{"kind": "add_class", "request": "x", "name": "evil"}'
POSTS = {
    "with the header": """async ([address, body]) => {
      const headers = {"X-Skactive": "1", "Content-Type": "application/json"};
      const options = {method: "POST", credentials: "include", headers, body};
      await fetch(address, options).catch(() => null);
    }""",
    "without a preflight request": """async ([address, body]) => {
      const options = {method: "POST", mode: "no-cors", credentials: "include", body};
      await fetch(address, options).catch(() => null);
    }""",
    "beacon": """([address, body]) => {
      navigator.sendBeacon(address, new Blob([body], {type: "text/plain"}));
    }""",
    "form": """([address, body]) => {
      const form = document.createElement("form");
      const [name, value] = [`${body.slice(0, -1)},"a":"`, `"}`];
      form.method = "POST";
      form.action = address;
      form.enctype = "text/plain";
      form.target = "_blank";
      const field = document.createElement("input");
      [field.name, field.value] = [name, value];
      form.append(field);
      document.body.append(form);
      form.submit();
    }""",
}


@pytest.mark.parametrize("site", SITES)
def test_other_origins_cannot_post(site, browser, server, other_port):
    replies = []
    with unchanged(browser, server) as page:
        page.context.on("response", lambda response: replies.append((response.url, response)))
        other = page.context.new_page()
        other.goto(f"http://{site}:{other_port}/")
        address = f"{server.origin}/api/act"
        for name, script in POSTS.items():
            if name == "form":
                with page.context.expect_page() as opened:
                    other.evaluate(script, [address, CLASS])
                expect(opened.value.locator("body")).to_contain_text("not answered")
            elif name == "beacon":
                with other.expect_request(address):
                    other.evaluate(script, [address, CLASS])
            else:
                other.evaluate(script, [address, CLASS])
    assert [reply.status for url, reply in replies if url == address and reply.ok] == []


# A request of the page, and what is missing in others.
HEADERS = {"X-Skactive": "1", "Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (HEADERS | {"X-Skactive": "key"}, 200),
        (HEADERS, 401),
        ({"Content-Type": "application/json"}, 403),
        ({"X-Skactive": "1", "Content-Type": "text/plain"}, 403),
        ({"X-Skactive": "1"}, 403),
    ],
)
def test_a_post_needs_the_header_and_json(headers, status, browser, server):
    with unchanged(browser, server) as page:
        found = page.evaluate(
            """async headers => {
              if (headers["X-Skactive"] === "key") {
                headers["X-Skactive"] = localStorage.getItem("page-key");
              }
              const options = {method: "POST", headers, body: "{}"};
              return (await fetch("/api/state", options)).status;
            }""",
            headers,
        )
        assert found == status


def test_a_name_that_was_rebound_to_this_machine_has_no_page(browser, server):
    port = server.origin.rpartition(":")[2]
    with unchanged(browser, server) as page:
        other = page.context.new_page()
        for path in ["", "static/page.js", "picture/0"]:
            assert other.goto(f"http://evil.example:{port}/{path}").status == 421
        assert other.evaluate(CALL, ["state", {}]) == {
            "error": "This address is not that of the page: use the one in the terminal."
        }
        other.goto(server.address.replace("127.0.0.1", "localhost"))
        sample(other)


def test_files_are_named_by_keys_and_never_by_path(browser, server):
    paths = [
        "../page.json",
        "..%2fpage.json",
        "%2e%2e%2fpage.json",
        "..%5cpage.json",
        "%00",
        "-1",
        "999",
    ]
    with unchanged(browser, server) as page:
        [one] = page.evaluate(CALL, ["next", {"n": 1}])["samples"]
        found = page.evaluate(
            """async paths => {
              const status = async path => (await fetch(path)).status;
              return Promise.all(paths.map(status));
            }""",
            [
                f"/picture/{one['picture']}",
                *(
                    f"/{folder}/{path}"
                    for folder in ["picture", "static"]
                    for path in [*paths, "-1", "999"]
                ),
            ],
        )
    assert found[0] == 200
    assert set(found[1:]) == {404}


def test_symbolic_links_out_of_the_folder_are_neither_asked_nor_shown(browser, tmp_path):
    Image = pytest.importorskip("PIL.Image")
    (tmp_path / "photos").mkdir()
    for name in ["photos/a.png", "photos/b.png", "secret.png"]:
        Image.new("RGB", (4, 4)).save(tmp_path / name)
    (tmp_path / "photos" / "link.png").symlink_to(tmp_path / "secret.png")
    with (
        serving(tmp_path / "photos", "--classes", "one") as server,
        page_of(browser, server) as page,
    ):
        sample(page)
        page.keyboard.press("g")
        expect(page.locator(".tile")).to_have_count(2)
        # Links that are made later are samples, but are not shown.
        for name in ["a.png", "b.png"]:
            (tmp_path / "photos" / name).unlink()
            (tmp_path / "photos" / name).symlink_to("../secret.png")
        [one] = page.evaluate(CALL, ["samples", {"ids": ["a.png"]}])["samples"]
        found = page.evaluate(
            "async key => { const reply = await fetch(`/picture/${key}?size=full`);"
            "return [reply.status, (await reply.json()).error] }",
            one["picture"],
        )
        server.stop("warning: 1 image of")
    assert found[0] == 404
    assert "is a symbolic link to a file outside of photos" in found[1]


BLOCKED = {
    "inline script": """() => {
      const script = document.createElement("script");
      try { script.textContent = "window.isRun = true"; document.body.append(script) } catch {}
      return !window.isRun;
    }""",
    "markup": """() => {
      try { document.body.innerHTML = "<img src=x onerror='window.isRun = true'>" }
      catch { return true }
      return false;
    }""",
    "handler": """() => {
      const button = document.createElement("button");
      try { button.setAttribute("onclick", "window.isRun = true") } catch {}
      document.body.append(button);
      button.click();
      return !window.isRun;
    }""",
    # Playwright may evaluate strings, but not later.
    "eval": """() => new Promise(resolve => setTimeout(() => {
      try { globalThis.eval("window.isRun = true") } catch {}
      resolve(!window.isRun);
    }))""",
    "other host": """async address => {
      try { await fetch(address, {mode: "no-cors"}); return false } catch { return true }
    }""",
    "other picture": """address => new Promise(resolve => {
      const image = new Image();
      image.onload = image.onerror = () => resolve(true);
      document.addEventListener("securitypolicyviolation", () => resolve(true));
      image.src = address;
    })""",
    "other script": """address => new Promise(resolve => {
      document.addEventListener("securitypolicyviolation", () => resolve(true));
      const script = document.createElement("script");
      script.onload = () => resolve(false);
      try { script.src = address; document.body.append(script) } catch { resolve(true) }
    })""",
    "base": """address => {
      const base = document.createElement("base");
      base.href = address;
      document.head.append(base);
      return document.baseURI.startsWith(location.origin);
    }""",
}


def test_the_page_runs_only_its_own_scripts_and_calls_no_other_host(browser, server, other_port):
    asked = []
    with unchanged(browser, server) as page:
        page.context.on("response", lambda response: asked.append(response.url))
        for name, script in BLOCKED.items():
            assert page.evaluate(script, f"http://evil.example:{other_port}/"), name
    assert [url for url in asked if "evil" in url] == []


def test_other_machines_reach_the_page_only_by_a_flag_that_says_what_it_means(browser, points):
    with pytest.raises(AssertionError, match="can see and change all samples and labels"):
        Server(points, "--host", EVERY_ADDRESS)
    arguments = ["--classes", "low", "--host", EVERY_ADDRESS, "--allow-network"]
    with serving(points, *arguments) as server:
        reach(browser, server)
        server.stop("those who know its address can see and change all samples and labels")


def reach(browser, server):
    port = re.search(r":(\d+)/", server.address)[1]
    address = network_address() or "127.0.0.1"
    server.address = re.sub(r"//[^/]+/", f"//{address}:{port}/", server.address)
    with unchanged(browser, server) as page:
        other = page.context.new_page()
        assert other.goto(f"http://evil.example:{port}/").status == 421
