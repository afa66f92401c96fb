"""Real photos, texts and models for the benchmarks, which the project does not ship."""

import os
from pathlib import Path

VARIABLE = "SKACTIVE_ASSETS"
DEFAULT = Path(__file__).resolve().parents[2] / "shared"


class MissingAssetError(FileNotFoundError):
    """A required photo, text, model or table is not on this machine."""


def asset(*parts: str) -> Path:
    """Return the path of a real input: a file or folder that exists.

    The folder of all inputs is given by SKACTIVE_ASSETS; the default is `shared` beside the
    repository.
    """
    folder = Path(os.environ.get(VARIABLE) or DEFAULT)
    path = folder.joinpath(*parts)
    if not path.exists():
        raise MissingAssetError(
            f"{path} does not exist, and the project does not ship it. Hint: set the environment "
            f"variable {VARIABLE} to the folder that contains 'data', 'embeddings' and 'models'."
        )
    return path
