"""The messages between the page and a session: plain dicts in and out, without HTTP."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np

from skactive._label_names import names_in, plain_label
from skactive._loading import load
from skactive.labeling._answers import SessionSample
from skactive.labeling._images import unreadable_reason
from skactive.labeling._session import LabelingSession

# The largest numbers of samples in an answer.
MAX_NEXT = 16
MAX_LISTED = 200
# A longer text of a sample is cut off in lists.
EXCERPT = 300
# Number of values shown of a vector without a picture.
N_VALUES = 12
TYPES = {str: "a str", int: "an int", bool: "a bool", list: "a list of str"}


# Statuses of refused messages, as of HTTP: the page sends no such message, the session refuses it,
# or the answer is not stored.
BAD, CONFLICT, NOT_STORED = 400, 409, 507


class MessageError(ValueError):
    """A message that the page does not send."""


# The errors of `PageApi.call` that are about the message or the session. NotFittedError is a
# ValueError.
REFUSALS = (ValueError, TypeError, RuntimeError, OSError)


def refusal(error: Exception) -> tuple[str, int]:
    """Return the sentence that the page shows for one of `REFUSALS`, and the status."""
    if isinstance(error, MessageError):
        return str(error), BAD
    if isinstance(error, OSError):
        reason = error.strerror or str(error)
        end = "" if reason.endswith((".", "?")) else "."
        return f"Answers cannot be saved: {reason}{end}", NOT_STORED
    if isinstance(error, RuntimeError):
        # The log belongs to another process, or to a later session of this one.
        return str(error), NOT_STORED
    # The hint is about methods in Python.
    return str(error).partition(" Hint: ")[0], CONFLICT


class PageApi:
    """Execute the messages of the page. All state is in the session.

    Parameters
    ----------
    session : LabelingSession
        The session.
    """

    def __init__(self, session: LabelingSession) -> None:
        self.session = session
        self._known = {one.id for one in session.samples()}
        self._ids_by_key = {self._picture_key(name): name for name in self._known}
        self._calls: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "state": self._state,
            "next": self._next,
            "samples": self._samples,
            "act": self._act,
            "progress": self._progress,
            "history": self._history,
            "suspicious": self._suspicious,
            "explain": self._explain,
            "guesses": self._guesses,
            "cluster": self._cluster,
        }
        self._actions: dict[str, Callable[[dict[str, Any]], Any]] = {
            "answer": lambda given: session.answer_many(_ids(given), self._label(given)),
            "relabel": lambda given: session.relabel(_ids(given), self._label(given)),
            "reopen": lambda given: session.reopen(_ids(given)),
            "skip": lambda given: session.skip(_ids(given), _text(given, "reason", "")),
            "postpone": lambda given: session.postpone(_ids(given)),
            "undo": lambda _: session.undo(),
            "redo": lambda _: session.redo(),
            "hold_out": lambda given: session.hold_out(_number(given, "n", 1, len(session))),
            "add_class": lambda given: session.add_class(_text(given, "name")),
            "remove_class": lambda given: session.remove_class(_text(given, "name")),
            "rename_class": lambda given: session.rename_class(
                _text(given, "name"), _text(given, "to")
            ),
            "merge_classes": lambda given: session.merge_classes(
                [_text(given, "name")], _text(given, "to")
            ),
            "describe_class": lambda given: session.describe_class(
                _text(given, "name"), _text(given, "description")
            ),
        }

    def call(self, name: str, given: Any) -> dict[str, Any]:
        """Execute a message.

        Parameters
        ----------
        name : str
            The name of the message.
        given : dict
            Its values.

        Returns
        -------
        reply : dict
            Values for JSON.

        Raises
        ------
        MessageError
            If the page sends no such message.
        ValueError, NotFittedError
            If the session refuses it.
        OSError
            If the answer cannot be written.
        """
        if name not in self._calls:
            raise MessageError(f"There is no message {name!r}.")
        if not isinstance(given, dict):
            raise MessageError("The values of a message are a JSON object.")
        return self._calls[name](given)

    def id_of(self, key: str) -> str:
        """Return the id of the sample with a picture key."""
        if key not in self._ids_by_key:
            raise MessageError(f"There is no picture {key!r:.40}.")
        return self._ids_by_key[key]

    def _state(self, given: dict[str, Any]) -> dict[str, Any]:
        session = self.session
        return {
            # Numbered requests of another session, kept by the browser, are not sent to this one.
            "session": session.id,
            "title": session.folder.stem if session.source is None else session.source.name,
            "kind": session.kind,
            "has_model": session.has_model,
            "multi_label": session.multi_label,
            "n_samples": len(session),
            "classes": self._classes(),
        }

    def _label(self, given: dict[str, Any]) -> str | list[str]:
        if self.session.multi_label:
            return _ids(given, "label")
        return _text(given, "label")

    def _classes(self) -> list[dict[str, Any]]:
        descriptions = self.session.descriptions
        return [
            {"name": name, "n": n, "description": descriptions.get(name, "")}
            for name, n in self.session.labels_per_class().items()
        ]

    def _next(self, given: dict[str, Any]) -> dict[str, Any]:
        n = _number(given, "n", 1, MAX_LISTED)
        exclude = _ids(given, "exclude")
        found = self.session.next(n, test=_value(given, "test", bool, False), exclude=exclude)
        return {"samples": [self._shown(one) for one in found]}

    def _samples(self, given: dict[str, Any]) -> dict[str, Any]:
        return {"samples": [self._shown(self.session.sample(one)) for one in _ids(given)]}

    def _act(self, given: dict[str, Any]) -> dict[str, Any]:
        kind, request = _text(given, "kind"), _text(given, "request")
        if kind not in self._actions:
            raise MessageError(f"There is no action {kind!r}.")
        if not request:
            raise MessageError("A request has a name.")
        results: list[Any] = []
        is_new = self.session.once(request, lambda: results.append(self._actions[kind](given)))
        ids = results[0] if results and results[0] is not None else []
        # An undone action may be about samples that were removed from the source.
        ids = [one for one in ids if one in self._known]
        shown = [self._shown(self.session.sample(one)) for one in ids[:MAX_LISTED]]
        return {
            "is_new": is_new,
            "samples": shown,
            "n": len(ids),
            "classes": self._classes(),
            **self.session.counts(),
        }

    def _progress(self, given: dict[str, Any]) -> dict[str, Any]:
        progress = self.session.progress()
        curve = [
            {
                "n_labeled": point.n_labeled,
                "accuracy": _interval(point.accuracy),
                "test_accuracy": _interval(point.test_accuracy),
            }
            for point in progress.curve
            if _value(given, "curve", bool, False)
        ]
        return {
            "n_samples": progress.n_samples,
            "n_labeled": progress.n_labeled,
            "n_test": progress.n_test,
            "n_test_labeled": progress.n_test_labeled,
            "n_skipped": progress.n_skipped,
            "n_postponed": progress.n_postponed,
            "n_embedded": progress.n_embedded,
            "n_unreadable": progress.n_unreadable,
            "classes": self._classes(),
            "labels_per_minute": progress.labels_per_minute,
            "accuracy": _interval(progress.accuracy),
            "test_accuracy": _interval(progress.test_accuracy),
            "advice": {
                "stop": progress.advice.stop,
                "sentence": progress.advice.sentence,
                "verdicts": [one._asdict() for one in progress.advice.verdicts],
            },
            "curve": curve,
            "error": progress.failure,
        }

    def _history(self, given: dict[str, Any]) -> dict[str, Any]:
        start = _number(given, "start", 0, None, 0)
        n = _number(given, "n", 1, MAX_LISTED, 60)
        status = _text(given, "status", "labeled")
        label = _text(given, "label", "")
        if status == "labeled":
            found = self.session.history()
            found = [one for one in found if not label or label in names_in(one.label or ())]
        elif status in {"skipped", "postponed"}:
            found = self.session.samples(status)
        elif status == "unreadable":
            found = [self.session.sample(one) for one in self.session.unreadable]
        else:
            raise MessageError(f"There is no history of samples that are {status!r}.")
        rows = [self._shown(one, is_listed=True) for one in found[start : start + n]]
        if status == "unreadable":
            rows = [{**row, "reason": unreadable_reason(self.session, row["id"])} for row in rows]
        return {"samples": rows, "n": len(found)}

    def _suspicious(self, given: dict[str, Any]) -> dict[str, Any]:
        issues = self.session.suspicious()
        rows = zip(
            issues.names, issues.suggestions.tolist(), issues.probabilities.tolist(), strict=True
        )
        doubtful = [
            {
                **self._shown(self.session.sample(str(name)), is_listed=True),
                "suggestion": plain_label(suggestion),
                "probability": probability,
            }
            for name, suggestion, probability in list(rows)[:MAX_LISTED]
        ]
        return {"samples": doubtful, "n": len(issues), "n_labeled": issues.n_labeled}

    def _explain(self, given: dict[str, Any]) -> dict[str, Any]:
        load()
        from sklearn.exceptions import NotFittedError

        id_ = _text(given, "id")
        try:
            explanation = self.session.explain(id_)
        except NotFittedError:
            reason = "It is drawn at random, since it is not read yet."
            return {"sentences": [reason], "classes": [], "nearest": []}
        # The page shows the sample, and no name of it.
        sentences = [
            sentence.replace(f"Sample {id_}", "This sample") for sentence in explanation.sentences
        ]
        if " first of " not in sentences[0]:
            sentences.insert(0, "This sample was chosen before the last answers.")
        near = explanation.labeled
        labels = [] if near.labels is None else near.labels.tolist()
        nearest = [
            self._shown(self.session.sample(str(name)), is_listed=True)
            for name, _ in zip(near.names, labels, strict=True)
            if name is not None
        ]
        chances = zip(explanation.classes, explanation.probabilities.tolist(), strict=True)
        return {
            "sentences": sentences,
            "classes": [{"name": str(name), "probability": p} for name, p in chances],
            "nearest": nearest,
        }

    def _guesses(self, given: dict[str, Any]) -> dict[str, Any]:
        """Return samples of one predicted class, and a random sample of those above a threshold."""
        n = _number(given, "n", 1, MAX_LISTED)
        threshold = _value(given, "threshold", float, 0.0)
        found = self.session.guesses(_text(given, "label"))
        above = [one.id for one, probability in found if probability >= threshold]
        if _value(given, "check", bool, False):
            # The same sample each time: it depends on the answers only.
            found = [pair for pair in found if pair[1] >= threshold]
            drawn = np.random.default_rng(len(found)).permutation(len(found))[:n]
            found = [found[place] for place in sorted(drawn.tolist())]
        rows = [
            {**self._shown(one, is_listed=True), "probability": probability}
            for one, probability in found[:n]
        ]
        return {"samples": rows, "above": above}

    def _cluster(self, given: dict[str, Any]) -> dict[str, Any]:
        """Return samples of one group of similar ones, and the sizes of all groups."""
        n = _number(given, "n", 1, MAX_LISTED)
        place = _number(given, "place", 0, None)
        found = self.session.clusters()
        chosen = found[place][:n] if place < len(found) else []
        rows = [self._shown(self.session.sample(one), is_listed=True) for one in chosen]
        return {"samples": rows, "sizes": [len(one) for one in found]}

    def _picture_key(self, id_: str) -> str:
        """Return the key of a picture: no other has it, in any session, whatever is added."""
        name = f"{self.session.id} {id_}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(name, digest_size=12).hexdigest()

    def _shown(self, one: SessionSample, *, is_listed: bool = False) -> dict[str, Any]:
        kind = self.session.kind
        text = None
        if kind == "text":
            text = one.value
        elif kind == "vector":
            values = np.asarray(one.value)
            more = ", …" if len(values) > N_VALUES else ""
            text = ", ".join(f"{value:.4g}" for value in values[:N_VALUES].tolist()) + more
        if text is not None and is_listed and len(text) > EXCERPT:
            text = f"{text[:EXCERPT]}…"
        has_picture = kind == "image" or self.session.picture(one.id) is not None
        return {
            "id": one.id,
            "picture": self._picture_key(one.id) if has_picture else None,
            "text": None if has_picture else text,
            "label": one.label,
            "status": one.status,
            "is_test": one.is_test,
        }


def _interval(accuracy: Any) -> dict[str, Any] | None:
    if accuracy is None:
        return None
    return {name: getattr(accuracy, name) for name in ("value", "lower", "upper", "n_labeled")}


def _value(given: dict[str, Any], name: str, kind: type, default: Any = None) -> Any:
    value = given.get(name, default)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise MessageError(f"{name!r} is {TYPES.get(kind, 'a number')}. Got {value!r:.80} instead.")
    return value


def _text(given: dict[str, Any], name: str, default: str | None = None) -> str:
    return str(_value(given, name, str, default))


def _number(
    given: dict[str, Any], name: str, minimum: int, maximum: int | None, default: int | None = None
) -> int:
    value = int(_value(given, name, int, default))
    if value < minimum:
        raise MessageError(f"{name!r} is at least {minimum}. Got {value} instead.")
    return value if maximum is None else min(value, maximum)


def _ids(given: dict[str, Any], name: str = "ids") -> list[str]:
    ids = _value(given, name, list, [] if name == "exclude" else None)
    if not all(isinstance(one, str) for one in ids):
        raise MessageError(f"{name!r} is a list of str.")
    return ids
