"""A small Label Studio: the routes that the bridge uses, as Label Studio 1.23.2 answers them."""

import json
import random
import re
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

TOKEN = "0123456789abcdef0123456789abcdef01234567"  # noqa: S105 - of nothing
PERSONAL = "eyJhbGciOiJIUzI1NiJ9.eyJ0eXAiOiJyZWZyZXNoIn0.c2lnbmF0dXJl"
PROJECT = 3
TEXTS = (
    '<View><Text name="text" value="$text"/><Choices name="label" toName="text" choice="single">'
    '<Choice value="A"/><Choice value="B"/></Choices></View>'
)
IMAGES = TEXTS.replace("Text name", "Image name").replace("$text", "$image")


def choice(label):
    names = [label] if isinstance(label, str) else list(label)
    return [
        {"from_name": "label", "to_name": "text", "type": "choices", "value": {"choices": names}}
    ]


class FakeLabelStudio:
    """A project, its tasks, annotations and predictions, and faults on demand.

    Attributes
    ----------
    requests : list of (str, str)
        Method and path of each request.
    faults : list of callable
        Each is called with the handler of one request, in order, and answers in place of the
        routes unless it returns True.
    """

    def __init__(self, config=TEXTS, data=()):
        self.config = config
        self.title = "a project"
        self.model_version = None
        self.sampling = "Sequential sampling"
        self.shows_predictions = True
        self.maximum_annotations = 1
        self.tasks = {}
        self.annotations = {}
        self.predictions = []
        self.locks = {}
        # Of each member: the time of the last change.
        self.members = {}
        self.files = {}
        self.accesses = {}
        self.requests = []
        self.headers = []
        self.faults = []
        self.lock = threading.RLock()
        self.random = random.Random(0)  # noqa: S311 - no secret
        self._time = datetime(2026, 11, 29, tzinfo=UTC)
        self._n_ids = 0
        for one in data:
            self.add_task(one)
        self._server = None
        self.port = 0
        self.start()

    def start(self):
        fake = self

        class Handler(RequestHandler):
            studio = fake

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.stop()

    def now(self):
        self._time += timedelta(seconds=1)
        return self._time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def _id(self):
        self._n_ids += 1
        return self._n_ids

    # What people and imports do.

    def add_task(self, data):
        with self.lock:
            number = self._id()
            self.tasks[number] = {"id": number, "data": data, "updated_at": self.now()}
            return number

    def edit_task(self, number, data):
        with self.lock:
            self.tasks[number].update(data=data, updated_at=self.now())

    def delete_task(self, number):
        with self.lock:
            del self.tasks[number]
            self.annotations = {k: a for k, a in self.annotations.items() if a["task"] != number}
            self.predictions = [one for one in self.predictions if one["task"] != number]

    def annotate(self, task, label, user=1, *, skip=False):
        with self.lock:
            number, moment = self._id(), self.now()
            self.annotations[number] = {
                "id": number,
                "task": task,
                "result": [] if label is None else choice(label),
                "was_cancelled": skip,
                "completed_by": user,
                "updated_at": moment,
                "created_at": moment,
            }
            self.tasks[task]["updated_at"] = self.now()
            self.locks.pop(user, None)
            self.members[user] = datetime.now(UTC)
            return number

    def update(self, annotation, label):
        with self.lock:
            one = self.annotations[annotation]
            one.update(result=choice(label), updated_at=self.now())
            self.tasks[one["task"]]["updated_at"] = self.now()

    def delete(self, annotation):
        with self.lock:
            one = self.annotations.pop(annotation)
            self.tasks[one["task"]]["updated_at"] = self.now()

    def delete_together(self, annotations):
        """Delete annotations as the data manager does: the tasks keep their time."""
        with self.lock:
            for annotation in annotations:
                del self.annotations[annotation]

    def next(self, user=1):
        """Return the task that an annotator is asked, which stays theirs; None without one."""
        with self.lock:
            done = {a["task"] for a in self.annotations.values() if a["completed_by"] == user}
            left = [n for n in self.tasks if not self.is_labeled(n) and n not in done]
            if self.locks.get(user) in left:
                return self.locks[user]
            taken = {task for other, task in self.locks.items() if other != user}
            begun = [n for n in left if self.maximum_annotations > 1 and self.of_task(n)]
            scores = {
                one["task"]: one["score"]
                for one in self.predictions
                if one["model_version"] == self.model_version
            }
            if begun:
                left = begun
            elif self.sampling == "Uncertainty sampling" and scores.keys() & set(left):
                left = sorted(scores.keys() & set(left), key=scores.__getitem__)
                # As soon as two people have annotated, it draws.
                if len({one["completed_by"] for one in self.annotations.values()}) > 1:
                    self.random.shuffle(left)
            found = next((n for n in left if n not in taken), None)
            if found is not None:
                self.locks[user] = found
            return found

    def queue(self):
        """Return the tasks to label with a prediction of the project's version, in order."""
        with self.lock:
            own = [one for one in self.predictions if one["model_version"] == self.model_version]
            in_order = [one["task"] for one in sorted(own, key=lambda one: one["score"])]
            return [task for task in in_order if not self.is_labeled(task)]

    def of_task(self, number):
        return [one for one in self.annotations.values() if one["task"] == number]

    def is_labeled(self, number):
        own = [one for one in self.of_task(number) if not one["was_cancelled"]]
        return len(own) >= self.maximum_annotations

    # The routes.

    def answer(self, method, path, query, body):
        """Return the status and the answer, JSON or bytes."""
        own = rf"/api/projects/{PROJECT}"
        if path in self.files:
            return 200, self.files[path]
        if path == "/api/tasks/":
            return 200, self._page(query)
        if path == "/api/users/":
            return 200, self._members()
        if path == f"{own}/":
            return self._settings(method, query, body)
        if path.startswith("/api/predictions/"):
            return self._prediction(path, body)
        if path == f"{own}/import/predictions" and method == "POST":
            return 201, {"created": self._store(body)}
        if path == f"{own}/model-versions/":
            if method == "DELETE":
                gone = body["model_version"]
                self.predictions = [p for p in self.predictions if p["model_version"] != gone]
                if self.model_version == gone:
                    self.model_version = None
            return 200, dict.fromkeys((p["model_version"] for p in self.predictions), 1)
        return 404, b"<!doctype html><h1>Uh oh</h1>"

    def _settings(self, method, query, body):
        if method == "PATCH":
            version = body.get("model_version", self.model_version)
            known = {p["model_version"] for p in self.predictions}
            if version and version not in known | {self.model_version}:
                return 400, {"validation_errors": {"model_version": ["Unknown model version"]}}
            self.model_version = version
            self.sampling = body.get("sampling", self.sampling)
            self.shows_predictions = body.get("show_collab_predictions", self.shows_predictions)
        skips = [one for one in self.annotations.values() if one["was_cancelled"]]
        settings = {
            "id": PROJECT,
            "title": self.title,
            "label_config": self.config,
            "model_version": self.model_version,
            "sampling": self.sampling,
            "show_collab_predictions": self.shows_predictions,
            "task_number": len(self.tasks),
            "total_annotations_number": len(self.annotations) - len(skips),
            "skipped_annotations_number": len(skips),
        }
        chosen = query.get("include", ",".join(settings)).split(",")
        return 200, {name: settings[name] for name in chosen}

    def _page(self, query):
        included = set(query["include"].split(","))
        asked = json.loads(query["query"])
        found = [self.tasks[number] for number in sorted(self.tasks)]
        for item in asked.get("filters", {}).get("items", []):
            start = datetime.strptime(item["value"], "%Y-%m-%dT%H:%M:%S.%fZ")
            text = start.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            found = [one for one in found if one["updated_at"] > text]
        size, number = int(query["page_size"]), int(query["page"])
        page = found[(number - 1) * size : number * size]
        rows = []
        for one in page:
            # The list of fields applies to the annotations, too.
            own = [
                {name: value for name, value in a.items() if name in included}
                for a in self.of_task(one["id"])
            ]
            row = {**one, "is_labeled": self.is_labeled(one["id"]), "annotations": own}
            rows.append({name: value for name, value in row.items() if name in included})
        return {"tasks": rows, "total": len(found)}

    def _store(self, body):
        classes = set(re.findall(r'<Choice value="([^"]*)"', self.config))
        stored = [
            one
            for one in body
            if one["task"] in self.tasks
            and 0 <= one["score"] <= 1
            and all(set(part["value"]["choices"]) <= classes for part in one["result"])
        ]
        self.predictions += [{**one, "id": self._id()} for one in stored]
        return len(stored)

    def _members(self):
        return [
            {"id": user, "last_activity": moment.isoformat()}
            for user, moment in self.members.items()
        ]

    def _prediction(self, path, body):
        """Add a prediction, or change one."""
        number = path.removeprefix("/api/predictions/").rstrip("/")
        values = {name: value for name, value in body.items() if name != "project"}
        if not number:
            is_stored = self._store([values])
            return (201, self.predictions[-1]) if is_stored else (400, {"detail": "no such task"})
        one = next((one for one in self.predictions if one.get("id") == int(number)), None)
        if one is None:
            return 404, {"detail": "Not found."}
        one.update(values)
        return 200, one


class RequestHandler(BaseHTTPRequestHandler):
    """The requests of a `FakeLabelStudio`."""

    studio: FakeLabelStudio

    def log_message(self, *args):
        pass

    def reply(self, status, answer=b"", **headers):
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        kind = "application/octet-stream" if isinstance(answer, bytes) else "application/json"
        kind = "text/html" if body.startswith(b"<") else kind
        self.send_response(status)
        for name, value in {"Content-Type": kind, **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _respond(self):
        studio, parts = self.studio, urlsplit(self.path)
        size = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(size)) if size else None
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        with studio.lock:
            studio.requests.append((self.command, self.path))
            studio.headers.append(dict(self.headers))
            fault = studio.faults.pop(0) if studio.faults else None
        if fault is not None and not fault(self):
            return
        if parts.path == "/api/token/refresh/":
            if body == {"refresh": PERSONAL}:
                access = f"access-{len(studio.accesses)}"
                studio.accesses[access] = True
                self.reply(200, {"access": access})
            else:
                self.reply(401, {"detail": f"Token is invalid: {body['refresh']}"})
            return
        given = self.headers.get("Authorization", "")
        kind, _, secret = given.partition(" ")
        is_known = (kind, secret) == ("Token", TOKEN) or (
            kind == "Bearer" and studio.accesses.get(secret)
        )
        if not is_known:
            self.reply(401, {"detail": f"Invalid token {secret}."})
            return
        with studio.lock:
            status, answer = studio.answer(self.command, parts.path, query, body)
        self.reply(status, answer)

    do_GET = do_POST = do_PATCH = do_DELETE = _respond  # noqa: N815 - names of the library


def status(number, **headers):
    """Return a fault: a status in place of an answer."""

    def fault(handler):
        handler.reply(number, {"detail": "a fault"}, **headers)

    return fault


def slow(seconds):
    """Return a fault: an answer that comes too late."""

    def fault(handler):
        time.sleep(seconds)
        return True

    return fault


def page(handler):
    """Answer with a page in place of JSON."""
    handler.reply(200, b"<html>hello</html>")


def cut(handler):
    """Answer with less than was announced."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"id": 3')
    handler.close_connection = True


def hang_up(handler):
    """Close the connection without an answer."""
    handler.close_connection = True
