"""The server of the labelling page as a process, and a browser that opens its page."""

import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager


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
        command = [sys.executable, "-m", "skactive", "label", *self._arguments, "--no-browser"]
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for line in self._process.stdout:
            if found := re.search(r"http://\S+", line):
                self.address = found[0]
                return
        raise AssertionError(self._process.stderr.read())

    @property
    def pid(self):
        return self._process.pid

    @property
    def origin(self):
        return self.address.partition("/#")[0]

    def kill(self):
        """End the process without notice, as a power failure does."""
        self._process.kill()
        self._process.communicate()

    def stop(self):
        """End the process as Ctrl-C does; return its output."""
        if self._process.poll() is not None:
            return ""
        self._process.send_signal(signal.SIGINT)
        output, errors = self._process.communicate(timeout=60)
        assert (self._process.returncode, errors) == (0, "")
        return output


@contextmanager
def serving(*arguments):
    """Run a server until the end of the block."""
    server = Server(*arguments)
    try:
        yield server
    finally:
        server.stop()
