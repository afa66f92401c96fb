"""The tasks of a project, and the answer that follows from their annotations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from skactive._label_names import Label, label_set
from skactive.integrations.label_studio._errors import LabelStudioError
from skactive.integrations.label_studio._interface import LabelingInterface

SKIPPED = "skipped in Label Studio"
EMPTY = "submitted without a choice in Label Studio"
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
# Of tasks and, at once, of their annotations. Without this list an answer takes ten times as long.
FIELDS = "id,data,annotations,is_labeled,updated_at,result,was_cancelled,completed_by"


class TaskAnswer(NamedTuple):
    """A task's answer: a label, or the reason why it is skipped, or neither.

    Attributes
    ----------
    label : str, tuple of str or None
        The class; with multiple choice, all classes.
    skipped : str or None
        The reason.
    """

    label: Label | None = None
    skipped: str | None = None


@dataclass(frozen=True)
class RemoteTask:
    """A task of Label Studio.

    Attributes
    ----------
    id : int
        Its id.
    data : dict
        The sample, by the name of a field.
    annotations : list of dict
        The submitted annotations, without drafts.
    is_labeled : bool
        Whether Label Studio asks no other annotator for it.
    updated_at : str
        The time of its last change.
    """

    id: int
    data: dict[str, Any]
    annotations: list[dict[str, Any]]
    is_labeled: bool
    updated_at: str

    @property
    def n_cancelled(self) -> int:
        """The number of annotations that are skips."""
        return sum(bool(one.get("was_cancelled")) for one in self.annotations)

    def answer(self, interface: LabelingInterface) -> TaskAnswer:
        """Return the class of most annotations; that of the latest of them if there are several.

        With multiple choice, each class is decided on its own.
        """
        votes: list[tuple[tuple[datetime, int], Label]] = []
        reason = None
        for one in self.annotations:
            if one.get("was_cancelled"):
                reason = SKIPPED
                continue
            label = interface.label_of(one.get("result"))
            if label is None:
                reason = reason or EMPTY
                continue
            votes.append(((time_of(one.get("updated_at")), int(one.get("id") or 0)), label))
        if not votes:
            return TaskAnswer(skipped=reason)
        in_order = [label for _, label in sorted(votes)]
        if not interface.is_multiple:
            return TaskAnswer(label=most_of(in_order))
        classes = {name for label in in_order for name in label}
        return TaskAnswer(
            label=label_set(
                name for name in classes if most_of([name in label for label in in_order])
            )
        )


def most_of(votes: Sequence[Any]) -> Any:
    """Return the most frequent vote; the latest one of several. The last vote is the latest."""
    counts = Counter(votes)
    return max(reversed(votes), key=counts.__getitem__)


def read_task(found: Any) -> RemoteTask:
    """Return a task from its JSON."""
    try:
        data = found["data"]
        annotations = [
            {name: one[name] for name in ("id", "result", "was_cancelled")}
            | {name: one.get(name) for name in ("completed_by", "updated_at")}
            for one in found["annotations"]
        ]
        return RemoteTask(
            int(found["id"]),
            data if isinstance(data, dict) else {},
            annotations,
            bool(found.get("is_labeled")),
            str(found.get("updated_at") or ""),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise LabelStudioError(
            "Label Studio returned a task in an unknown form. Hint: use version 1.23 or report it."
        ) from error


def time_of(text: object) -> datetime:
    """Return the time in an answer of Label Studio; the earliest if it is no time."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return EARLIEST
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
