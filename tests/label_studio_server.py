"""Label Studio itself as a process, with an empty database, and its API as annotators use it."""

import json
import os
import secrets
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
import uuid
from contextlib import contextmanager
from http.cookiejar import CookieJar
from urllib.parse import urlencode

EMAIL, PASSWORD = "a@example.org", secrets.token_hex(8)
TOKEN = secrets.token_hex(20)
# Seconds for the first start, which creates the database: 90 on an idle machine.
START = 1200


class LabelStudioServer:
    """A Label Studio on this machine.

    Parameters
    ----------
    command : str
        The path of the command `label-studio`.
    folder : Path
        The folder of its database.

    Attributes
    ----------
    files : Path
        The folder from which it serves files.
    """

    def __init__(self, command, folder):
        self._command = command
        self._folder = folder
        self.files = folder / "files"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self._process = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self._port}"

    def start(self):
        settings = {
            "LABEL_STUDIO_BASE_DATA_DIR": str(self._folder),
            "HOME": str(self._folder),
            "COLLECT_ANALYTICS": "false",
            "LATEST_VERSION_CHECK": "false",
            "SENTRY_DSN": "",
            "FRONTEND_SENTRY_DSN": "",
            # The model is on this machine.
            "ML_BLOCK_LOCAL_IP": "false",
            "SSRF_PROTECTION_ENABLED": "false",
            "LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED": "true",
            "LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT": str(self.files),
            "LABEL_STUDIO_USERNAME": EMAIL,
            "LABEL_STUDIO_PASSWORD": PASSWORD,
            "LABEL_STUDIO_USER_TOKEN": TOKEN,
            "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
        }
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        command = [self._command, "start", "--no-browser", "--internal-host", "127.0.0.1"]
        with (self._folder / "output.txt").open("ab") as output:
            self._process = subprocess.Popen(
                [*command, "-p", str(self._port)],
                cwd=self._folder,
                env={**kept, **settings},
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        until = time.monotonic() + START
        while time.monotonic() < until:
            assert self._process.poll() is None, (self._folder / "output.txt").read_text()[-2000:]
            try:
                self.call("GET", "/health")
            except OSError:
                time.sleep(0.5)
            else:
                return
        raise AssertionError((self._folder / "output.txt").read_text()[-2000:])

    def stop(self):
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGTERM)
            self._process.wait(60)
            self._process = None

    def call(self, method, path, body=None, *, kind="application/json", token=None):
        """Return the JSON that answers a request of the API; None if nothing is found."""
        content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Authorization": f"Token {token or TOKEN}", "Content-Type": kind}
        request = urllib.request.Request(  # noqa: S310
            f"{self.url}{path}", content, headers, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=120) as response:  # noqa: S310
                found = response.read()
        except urllib.error.HTTPError as error:
            with error:
                if error.code == 404:
                    return None
                raise AssertionError(
                    f"{method} {path}: {error.code} {error.read()[:500]}"
                ) from error
        return json.loads(found) if found.startswith((b"{", b"[")) else found

    def project(self, config, **settings):
        """Create a project, and return its id."""
        given = {"title": "A project of a test", "label_config": config, **settings}
        return self.call("POST", "/api/projects/", given)["id"]

    def add_tasks(self, project, data):
        self.call("POST", f"/api/projects/{project}/import", data)

    def upload(self, project, files):
        """Import files as tasks, by their names and contents."""
        names = list(files)
        for start in range(0, len(names), 50):
            boundary = uuid.uuid4().hex
            parts = b"".join(
                f"--{boundary}\r\nContent-Disposition: form-data; name={name!r}; "
                f'filename="{name}"\r\nContent-Type: image/png\r\n\r\n'.encode()
                + files[name]
                + b"\r\n"
                for name in names[start : start + 50]
            )
            kind = f"multipart/form-data; boundary={boundary}"
            body = parts + f"--{boundary}--\r\n".encode()
            self.call("POST", f"/api/projects/{project}/import", body, kind=kind)

    def tasks(self, project):
        """Return the data of each task."""
        found = self.call("GET", f"/api/tasks/?project={project}&page_size=1000&include=id,data")
        return {task["id"]: task["data"] for task in found["tasks"]}

    def sign_up(self, email):
        """Make a person a member by the invitation, and return their token."""
        cookies = CookieJar()
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(cookies))
        link = self.url + self.call("GET", "/api/invite")["invite_url"]
        browser.open(link, timeout=120).close()
        [csrf] = [cookie.value for cookie in cookies if cookie.name == "csrftoken"]
        form = {"csrfmiddlewaretoken": csrf, "email": email, "password": PASSWORD}
        content, headers = urlencode(form).encode(), {"Referer": link}
        browser.open(urllib.request.Request(link, content, headers), timeout=120).close()  # noqa: S310
        with browser.open(f"{self.url}/api/current-user/token", timeout=120) as response:
            return json.loads(response.read())["token"]

    def next(self, project, token=None):
        """Return the task that an annotator is asked, None without one."""
        return self.call("GET", f"/api/projects/{project}/next/", token=token)

    def annotate(self, task, label, to_name="sample", token=None):
        """Submit an annotation, and return its id; without a label, skip the task."""
        body = {"result": result(label, to_name), "lead_time": 1.5, "was_cancelled": label is None}
        return self.call("POST", f"/api/tasks/{task}/annotations/", body, token=token)["id"]

    def update(self, annotation, label, to_name="sample"):
        body = {"result": result(label, to_name)}
        self.call("PATCH", f"/api/annotations/{annotation}/", body)

    def delete(self, annotation):
        self.call("DELETE", f"/api/annotations/{annotation}/")

    def settings(self, project):
        return self.call("GET", f"/api/projects/{project}/")


def result(label, to_name):
    if label is None:
        return []
    value = {"choices": [label]}
    return [{"from_name": "label", "to_name": to_name, "type": "choices", "value": value}]


@contextmanager
def running(command, folder):
    """Run Label Studio until the end of the block."""
    server = LabelStudioServer(command, folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()
