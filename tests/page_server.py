"""The server of the labelling page as a process, and a browser that opens its page."""

import multiprocessing
import os
import re
import shutil
import signal
from contextlib import contextmanager

from skactive.cli import main


@contextmanager
def opened_browser(*arguments):
    """Start Chromium: the one of the variable CHROMIUM, the installed one, or Playwright's own."""
    from playwright.sync_api import sync_playwright  # only some environments have it

    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    # Inside of a container there is no sandbox to start.
    flags = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=[*flags, *arguments])
        try:
            yield browser
        finally:
            browser.close()


# Imports take seconds: a process that has done them is forked for each server.
IMPORTED = ["skactive.cli", "skactive.labeling.server._app", "skactive.embedding", "uvicorn"]


class Server:
    """`skactive label` in a process of its own.

    Attributes
    ----------
    address : str
        The address of the page, with its secret.
    """

    def __init__(self, *arguments):
        self._arguments = list(map(str, arguments))
        self.start()

    def start(self):
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(IMPORTED)
        output, errors = context.Pipe(duplex=False), context.Pipe(duplex=False)
        self._process = context.Process(
            target=label, args=(self._arguments, output[1], errors[1]), daemon=True
        )
        self._process.start()
        self._output, self._errors = map(reader, (output, errors))
        for line in self._output:
            if found := re.search(r"http://\S+", line):
                self.address = found[0]
                return
        raise AssertionError(self._end()[1])

    @property
    def pid(self):
        return self._process.pid

    @property
    def origin(self):
        return self.address.partition("/#")[0]

    def kill(self):
        """End the process without notice, as a power failure does."""
        self._process.kill()
        self._end()

    def stop(self, warning=""):
        """End the process as Ctrl-C does; return its output. A warning is its only error."""
        if self._process.exitcode is not None:
            return ""
        os.kill(self.pid, signal.SIGINT)
        output, errors = self._end()
        assert self._process.exitcode == 0, errors
        assert warning in errors
        assert errors.count("\n") == bool(warning)
        return output

    def _end(self):
        """Wait for the end of the process, and return its output and errors."""
        with self._output, self._errors:
            found = self._output.read(), self._errors.read()
        self._process.join(60)
        return found


def label(arguments, output, errors):
    """Run `skactive label` in this process, with its output in pipes."""
    os.dup2(output.fileno(), 1)
    os.dup2(errors.fileno(), 2)
    output.close()
    errors.close()
    raise SystemExit(main(["label", *arguments, "--no-browser"]))


def reader(pipe):
    """Return the end of a pipe to read from, as a file of text; the other end is closed."""
    source, target = pipe
    target.close()
    with source:
        return os.fdopen(os.dup(source.fileno()), encoding="utf-8")


@contextmanager
def serving(*arguments):
    """Run a server until the end of the block."""
    server = Server(*arguments)
    try:
        yield server
    finally:
        server.stop()
