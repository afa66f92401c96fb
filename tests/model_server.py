"""A local HTTP server of one archive, with configurable failures."""

import io
import tarfile
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def packed(folder, *, compression="gz"):
    """Return a model's folder as the bytes of an archive."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=f"w:{compression}") as tar:
        tar.add(folder, ".")
    return file.getvalue()


def packed_files(**files):
    """Return files, with their names and content, as the bytes of an archive."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return file.getvalue()


class ModelServer:
    """The responses of the server: one after another, then the last one repeatedly.

    An answer is a function that is called with the handler of a request.
    """

    def __init__(self, address):
        host, port = address
        self.url = f"http://{host}:{port}/models/text/1.tar.gz"
        self.answers = []
        self.requested = []

    def answer(self, handler):
        self.requested.append(handler.path)
        (self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])(handler)


def gives(body, *, status=200, kept=None, announced=True, kind="application/gzip"):
    """Return a response that sends the first `kept` bytes of a body, and then closes."""

    def answer(handler):
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        if announced:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body[:kept])

    return answer


@contextmanager
def serving():
    """Serve on a free port of this machine alone, in a thread."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            server.answer(self)

        def log_message(self, *_):
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server = ModelServer(http.server_address)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()
