"""Real photos, texts and models, which the project uses where they are and does not ship."""

import os
from pathlib import Path

VARIABLE = "SKACTIVE_ASSETS"
DEFAULT = Path(__file__).resolve().parents[2] / "shared"


class MissingAssetError(FileNotFoundError):
    """A photo, text, model or table that is needed is not on this machine."""


def asset(*parts: str) -> Path:
    """Return where a real input is: a file or folder that exists.

    The folder of all inputs is the one that SKACTIVE_ASSETS names, or else `shared` beside the
    repository.
    """
    folder = Path(os.environ.get(VARIABLE) or DEFAULT)
    path = folder.joinpath(*parts)
    if not path.exists():
        raise MissingAssetError(
            f"{path} does not exist, and the project does not ship it. Hint: set the environment "
            f"variable {VARIABLE} to the folder that holds 'data', 'embeddings' and 'models'."
        )
    return path
