"""The answers of tasks, brought into a session."""

from __future__ import annotations

from collections import Counter
from typing import Any

from skactive.integrations.label_studio._tasks import TaskAnswer
from skactive.labeling import LabelingSession, SessionSample


def bring_answers(session: LabelingSession, answers: dict[str, TaskAnswer]) -> str:
    """Bring the labels and skips of a session in line with the answers of tasks.

    Returns
    -------
    changes : str
        The number of each kind of change; empty without one.
    """
    groups: dict[tuple[str, Any], list[str]] = {}
    for one in session.samples():
        change = change_of(one, answers.get(one.id, TaskAnswer()))
        if change is not None:
            groups.setdefault(change, []).append(one.id)
    counts: Counter[str] = Counter()
    for (kind, value), names in groups.items():
        counts[kind] += len(names)
        if kind == "answered":
            session.answer_many(names, value)
        elif kind == "changed":
            session.relabel(names, value)
        else:
            session.reopen(names)
            if kind == "skipped":
                session.skip(names, value)
    return ", ".join(f"{n:,} {kind}" for kind, n in counts.items())


def change_of(sample: SessionSample, answer: TaskAnswer) -> tuple[str, Any] | None:
    """Return the change that a sample needs, and its label or reason; None without one."""
    if answer.label is not None:
        if sample.label == answer.label:
            return None
        return ("answered" if sample.label is None else "changed", answer.label)
    if answer.skipped is not None:
        return None if sample.status == "skipped" else ("skipped", answer.skipped)
    return ("reopened", "") if sample.status in {"labeled", "skipped"} else None
