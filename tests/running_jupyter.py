"""JupyterLab or Jupyter Notebook in a process and with settings of its own, and notebooks in it."""

import json
import os
import re
import secrets
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

# A dialog asks about news, for which there is no network.
PAGE_CONFIG = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
THEME = "lab/user-settings/@jupyterlab/apputils-extension/themes.jupyterlab-settings"


@contextmanager
def jupyter(folder, settings, *, application="jupyterlab", is_dark=False):
    """Run 'jupyterlab' or 'notebook' in a folder until the end of the block."""
    config = Path(settings) / "config"
    (config / "labconfig").mkdir(parents=True)
    (config / "labconfig" / "page_config.json").write_text(json.dumps(PAGE_CONFIG))
    if is_dark:
        (config / THEME).parent.mkdir(parents=True)
        (config / THEME).write_text(json.dumps({"theme": "JupyterLab Dark"}))
    token = secrets.token_hex(16)
    environment = {
        **os.environ,
        "JUPYTER_TOKEN": token,
        "JUPYTER_CONFIG_DIR": str(config),
        "JUPYTER_DATA_DIR": str(Path(settings) / "data"),
        "JUPYTER_RUNTIME_DIR": str(Path(settings) / "runtime"),
        "IPYTHONDIR": str(Path(settings) / "ipython"),
    }
    command = [sys.executable, "-m", application, "--no-browser", "--ip=127.0.0.1", "--port=0"]
    command += ["--allow-root", f"--ServerApp.root_dir={folder}"]
    with subprocess.Popen(
        command, env=environment, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
    ) as process:
        try:
            yield _running(process, application, token)
        finally:
            # It ends its kernels, too.
            process.terminate()
            process.stderr.read()


def _running(process, application, token):
    lines = []
    for line in process.stderr:
        lines.append(line)
        if found := re.search(r"http://127\.0\.0\.1:(\d+)/(lab|tree)", line):
            return Jupyter(f"http://127.0.0.1:{found[1]}", application, token)
    raise AssertionError("".join(lines))


class Jupyter:
    """A running JupyterLab or Jupyter Notebook.

    Attributes
    ----------
    address : str
        The address of its server.
    """

    def __init__(self, address, application, token):
        self.address = address
        self._folder = {"jupyterlab": "lab/tree", "notebook": "notebooks"}[application]
        self._token = token

    def page(self, notebook):
        """Return the address of a notebook in its folder."""
        return f"{self.address}/{self._folder}/{notebook}?token={self._token}"


def write_notebook(path, *cells):
    """Write a notebook with cells of code."""
    content = {
        "cells": [
            {
                "cell_type": "code",
                "id": f"cell-{place}",
                "execution_count": None,
                "metadata": {},
                "outputs": [],
                "source": cell,
            }
            for place, cell in enumerate(cells)
        ],
        "metadata": {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    Path(path).write_text(json.dumps(content), encoding="utf-8")


def run(page, place):
    """Execute a cell of the notebook, and wait for its end."""
    if "/lab/" in page.url:
        page.locator("#jp-main-statusbar", has_text="(ipykernel) | Idle").wait_for()
    else:
        page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for()
    cell = page.locator(".jp-Notebook .jp-CodeCell").nth(place)
    prompt = cell.locator(".jp-InputPrompt")
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
    started = prompt.filter(has_text=re.compile(r"\[[*\d]+\]"))
    for _ in range(60):
        # Before the kernel is connected, the key has no effect.
        page.wait_for_timeout(1000)
        if started.count():
            break
        page.keyboard.press("Control+Enter")
    prompt.filter(has_text=re.compile(r"\[\d+\]")).wait_for()
    return cell


def restart(page):
    """Restart the kernel by the button of the toolbar."""
    page.locator(
        "[data-jp-item-name=restart] jp-button, [data-jp-item-name=restart] button"
    ).first.click()
    page.locator(".jp-Dialog .jp-mod-accept").click()
    page.locator(".jp-Dialog").wait_for(state="detached")
