"""The error of all that concerns Label Studio."""

from __future__ import annotations


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
