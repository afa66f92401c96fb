"""The error of all that concerns Label Studio."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class LabelStudioError(Exception):
    """A failure of Label Studio, or a project that cannot be labelled, in one sentence.

    Parameters
    ----------
    message : str
        The sentence.
    is_temporary : bool, default=False
        Whether the same request may succeed later, such as after Label Studio was started.

    Attributes
    ----------
    is_temporary : bool
        The parameter.

    Examples
    --------
    >>> from skactive.integrations.label_studio import LabelStudioBridge, LabelStudioError
    >>> try:
    ...     LabelStudioBridge("localhost", 3, token="0123")
    ... except LabelStudioError as error:
    ...     print(error)
    'localhost' is no address of Label Studio. Hint: pass one such as http://localhost:8080.
    """

    def __init__(self, message: str, *, is_temporary: bool = False) -> None:
        super().__init__(message)
        self.is_temporary = is_temporary


@contextmanager
def refusals_of_session() -> Iterator[None]:
    """Raise what a session refuses, such as a name of a class, as a failure of the project.

    A bridge that runs waits until someone mends it in Label Studio.
    """
    try:
        yield
    except (TypeError, ValueError) as error:
        raise LabelStudioError(str(error)) from error
