"""The token of Label Studio's API, which appears in no message and no file."""

from __future__ import annotations

import os
from collections.abc import Mapping

from skactive.integrations.label_studio._errors import LabelStudioError

VARIABLE = "LABEL_STUDIO_API_KEY"
HINT = (
    f"Hint: copy it from Account & Settings of Label Studio into a file or into the variable "
    f"{VARIABLE}."
)


class ApiToken:
    """A legacy token, or a personal access token.

    Parameters
    ----------
    secret : str
        The token.

    Attributes
    ----------
    is_exchanged : bool
        Whether the token is a personal access token: it is sent only to get short-lived ones.
    """

    def __init__(self, secret: str) -> None:
        self._secret = secret
        # A personal access token is a JSON Web Token, of three parts.
        self.is_exchanged = secret.count(".") == 2

    @property
    def secret(self) -> str:
        """The token itself."""
        return self._secret

    def __repr__(self) -> str:
        return "ApiToken(…)"

    def __reduce__(self) -> str:
        raise TypeError("A token is not pickled.")

    def hidden_in(self, text: str) -> str:
        """Return a text without the token."""
        return text.replace(self._secret, "…")


def read_token(given: str | None, environment: Mapping[str, str] = os.environ) -> ApiToken:
    """Return a token that was passed, or that of the environment."""
    secret = (environment.get(VARIABLE, "") if given is None else given).strip()
    if not secret:
        raise LabelStudioError(f"There is no token of Label Studio. {HINT}")
    if not secret.isascii() or not secret.isprintable() or " " in secret:
        raise LabelStudioError(
            "The token of Label Studio has characters that no token has, such as blanks. Hint: the "
            "file has the token only."
        )
    return ApiToken(secret)
