"""The labelling page in a notebook."""

from __future__ import annotations

import functools
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any
from weakref import WeakValueDictionary

from skactive._optional import import_optional
from skactive.labeling._bundle import script, style
from skactive.labeling._channel import CLOSED, PageChannel, failed
from skactive.labeling._session import LabelingSession

# Pictures and answers do not wait for a query.
N_THREADS = 4
SENTENCE = "This view is closed, since {}. All answers that were counted here are saved."

# The open widgets, by the ids of their sessions.
_OPEN: WeakValueDictionary[str, LabelingWidget] = WeakValueDictionary()


class LabelingWidget:
    """Label the samples of a session in a notebook, by the keys of the labelling page.

    It works in JupyterLab, Jupyter Notebook 7 and VS Code (``pip install 'skactive[notebook]'``).
    A click into the widget gives it the keys, and a click into a cell takes them away. ``?`` lists
    them.

    Parameters
    ----------
    session : LabelingSession
        The session.

    Attributes
    ----------
    session : LabelingSession
        The session.

    Raises
    ------
    ImportError
        If anywidget is not installed.

    See Also
    --------
    skactive.ActiveLearner.label : The same for the samples of a learner.
    skactive.labeling.server.serve : The same as a page in the browser.

    Notes
    -----
    Each answer is on the disk before it is counted, and can be used in the next cell, such as by
    ``session.classifier()``. While the kernel executes a cell, answers may wait: the browser keeps
    them, and sends them afterwards, also after a restart of the kernel, as soon as the cell with
    the same session is executed again. A session has one open widget, the one that was created
    last; it may be shown several times.

    Examples
    --------
    A cell with these lines shows the widget, and resumes if it is executed again:

    >>> from skactive.labeling import LabelingSession, LabelingWidget
    >>> session = LabelingSession("photos", classes=["fresh", "rotten"])  # doctest: +SKIP
    >>> LabelingWidget(session)  # doctest: +SKIP
    """

    def __init__(self, session: LabelingSession) -> None:
        if not hasattr(session, "next"):
            raise TypeError(
                "The 'session' parameter of LabelingWidget must be a LabelingSession. Got "
                f"{session!r} instead. Hint: LabelingWidget(LabelingSession(samples))."
            )
        self.session = session
        self._channel: PageChannel | None = PageChannel(session)
        self._reason = ""
        self._sending = Lock()
        self._threads = ThreadPoolExecutor(N_THREADS, thread_name_prefix="skactive widget")
        self._view = _view_class()()
        self._view.on_msg(self._receive)
        earlier = _OPEN.get(session.id)
        if earlier is not None:
            earlier._end("a later cell shows this session")  # noqa: SLF001 - of the same class
        _OPEN[session.id] = self

    def close(self) -> None:
        """Stop labelling in this widget. The session stays open."""
        self._end("the widget was closed")

    def __repr__(self) -> str:
        return f"<LabelingWidget: {self.session!r}>"

    def _repr_mimebundle_(self, **options: Any) -> Any:  # data, or data with metadata
        """Show the widget, once more if it is shown already."""
        return self._view._repr_mimebundle_(**options)

    def _end(self, cause: str) -> None:
        if self._channel is None:
            return
        self._channel = None
        self._reason = SENTENCE.format(cause)
        self._threads.shutdown(wait=False)
        self._send({"closed": self._reason}, [])

    def _receive(self, _: Any, message: Any, __: Any) -> None:
        """Reply to a message in a thread: other cells do not wait for a query."""
        try:
            self._threads.submit(self._reply, message)
        except RuntimeError:
            # The threads have ended.
            self._reply(message)

    def _reply(self, message: Any) -> None:
        channel = self._channel
        if channel is not None:
            self._send(*channel.reply(message))
        elif isinstance(message, dict):
            self._send(*failed(message.get("id"), self._reason, CLOSED))

    def _send(self, content: dict[str, Any], buffers: list[bytes]) -> None:
        with self._sending:
            self._view.send(content, buffers)


@functools.cache
def _view_class() -> Any:  # a subclass of anywidget's class
    """Return the class of the part that the notebook shows."""
    anywidget: Any = import_optional("anywidget", "LabelingWidget", "anywidget", "notebook")
    base: Any = anywidget.AnyWidget

    class LabelingView(base):
        """The labelling page, in the browser."""

        _esm = script()
        _css = style()

        def __repr__(self) -> str:
            return "The labelling page of skactive, which a notebook shows"

    return LabelingView
