"""The option --model of the labelling commands: a model that cannot be used ends them at once."""

from __future__ import annotations

import argparse
from importlib.util import find_spec

from skactive._io.model_handles import check_handle, needs_download
from skactive._optional import not_installed
from skactive.cli._output import CommandError, write_note


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add the option."""
    parser.add_argument(
        "--model",
        metavar="HANDLE",
        help="pretrained model of TensorFlow Hub, by which samples are compared; it needs fewer "
        "labels than the built-in comparison of colours and shapes, or of words",
    )


def check_model(handle: str | None) -> None:
    """Raise if a model cannot be used, without loading anything."""
    if handle is None:
        return
    try:
        check_handle(handle)
        for module in ("tensorflow", "tensorflow_hub"):
            if find_spec(module) is None:
                raise not_installed("--model", module.replace("_", "-"), "hub")
    except (ImportError, OSError) as error:
        raise CommandError(str(error)) from error


def fetch_model(handle: str | None) -> None:
    """Download a model that is not there yet, or raise: nothing can be embedded before."""
    if handle is None or not needs_download(handle):
        return
    from skactive.embedding import HubEmbedder

    write_note(f"downloading {handle}")
    try:
        HubEmbedder(handle).input_kind  # noqa: B018 - it loads the model
    except (ImportError, OSError, ValueError) as error:
        raise CommandError(str(error)) from error
