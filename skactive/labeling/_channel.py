"""The messages of the page over the channel of a widget: text and bytes, in both directions."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from skactive.labeling._api import BAD, REFUSALS, MessageError, PageApi, refusal
from skactive.labeling._images import SIZES, PictureError, picture
from skactive.labeling._page_exports import exported
from skactive.labeling._session import LabelingSession

GOOD, NOT_FOUND, CLOSED, FAILED = 200, 404, 410, 500
# Bytes of an export: a message is in the memory of the kernel and of the browser.
MAX_EXPORT = 100_000_000

Reply = tuple[dict[str, Any], list[bytes]]


class PageChannel:
    """Answer the messages of the page, each by one message.

    A message has the ``id`` of its reply, and one of

    - ``name`` and ``given``: a message of `PageApi`, with its values as JSON;
    - ``picture`` and ``size``: the key of a picture;
    - ``export``: the suffix of an export.

    The reply has a ``status``, as of HTTP, and ``json``: the text of the values, or of a sentence
    about what is wrong. The bytes of a picture or an export come with it.

    Parameters
    ----------
    session : LabelingSession
        The session.
    """

    def __init__(self, session: LabelingSession) -> None:
        self._session = session
        self._api = PageApi(session)

    def reply(self, message: Any) -> Reply:
        """Return the reply to a message, and its bytes.

        Parameters
        ----------
        message : dict
            The message.
        """
        if not isinstance(message, dict):
            return failed(None, "A message is a JSON object.", BAD)
        id_ = message.get("id")
        try:
            values, buffers = self._replied(message)
        except PictureError as error:
            return failed(id_, str(error), NOT_FOUND)
        except REFUSALS as error:
            return failed(id_, *refusal(error))
        except Exception as error:  # noqa: BLE001  of any embedder or classifier
            reason = str(error).partition(" Hint: ")[0] or type(error).__name__
            return failed(id_, reason, FAILED)
        return _as_reply(id_, GOOD, values), buffers

    def _replied(self, message: dict[str, Any]) -> Reply:
        if "picture" in message:
            return self._picture(message["picture"], message.get("size"))
        if "export" in message:
            return self._export(message["export"])
        try:
            given = json.loads(message.get("given", "{}"))
        except (TypeError, ValueError, RecursionError) as error:
            raise MessageError("The values of a message are JSON.") from error
        return self._api.call(str(message.get("name")), given), []

    def _picture(self, key: Any, size: Any) -> Reply:
        if size not in SIZES:
            raise MessageError("There is no such size.")
        try:
            content, media_type = picture(self._session, self._api.id_of(str(key)), size)
        except ImportError as error:
            raise PictureError(str(error)) from error
        return {"type": media_type}, [content]

    def _export(self, suffix: Any) -> Reply:
        with tempfile.TemporaryDirectory(prefix="skactive-") as folder:
            path = exported(self._session, str(suffix), Path(folder))
            if path.stat().st_size > MAX_EXPORT:
                raise ValueError(
                    f"{path.name} has more than {MAX_EXPORT // 1_000_000} MB. Write it in a cell: "
                    f'session.export("{path.name}").'
                )
            return {"name": path.name}, [path.read_bytes()]


def failed(id_: Any, sentence: str, status: int) -> Reply:
    """Return the reply to a message that is not executed.

    Parameters
    ----------
    id_ : str
        The name of the message.
    sentence : str
        The reason.
    status : int
        That of HTTP.
    """
    return _as_reply(id_, status, sentence), []


def _as_reply(id_: Any, status: int, values: Any) -> dict[str, Any]:
    # Names of files may contain halves of characters, which only escapes can carry.
    return {"id": id_, "status": status, "json": json.dumps(values, allow_nan=False)}
