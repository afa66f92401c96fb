"""The label of a sample in a session: a class, or the names of several labels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from skactive._text import shown

# The names of several labels are sorted and different.
Label = str | tuple[str, ...]
# Between the names of several labels in a cell of a table.
SEPARATOR = "|"


def names_in(label: Label) -> tuple[str, ...]:
    """Return the classes that a label names."""
    return (label,) if isinstance(label, str) else label


def label_set(names: Iterable[str]) -> Label:
    """Return several labels."""
    return tuple(sorted(set(names)))


def plain_label(label: Any) -> Label:
    """Return a label of a learner: its text, or the texts of several."""
    if isinstance(label, frozenset | set | tuple):
        return label_set(map(str, label))
    return str(label)


def taught_label(label: Label) -> Any:  # a str, or a set of them
    """Return a label as a learner takes it."""
    return label if isinstance(label, str) else set(label)


def read_label(plain: str | list[str]) -> Label:
    """Return a label from its JSON."""
    return plain if isinstance(plain, str) else label_set(plain)


def with_names(label: Label, change: Callable[[str], str]) -> Label:
    """Return a label whose classes have other names."""
    return change(label) if isinstance(label, str) else label_set(map(change, label))


def as_text(label: Label) -> str:
    """Return a label as a cell of a table. The separator alone is a sample without any label."""
    return label if isinstance(label, str) else SEPARATOR.join(label) or SEPARATOR


def from_text(text: str) -> Label:
    """Return several labels from a cell of a table."""
    return label_set(one.strip() for one in text.split(SEPARATOR) if one.strip())


def check_names(label: Any) -> list[Any]:
    """Return the names of several labels as a list, or raise."""
    # A mapping may say that a sample has not some of its names.
    if isinstance(label, str | Mapping) or not isinstance(label, Iterable):
        raise TypeError(
            f"The samples of this session have several labels each. Got {shown(label)} instead. "
            f"Hint: pass a list, such as {[label] if isinstance(label, str) else ['red', 'round']}."
        )
    return list(label)


def check_one_class(label: Any) -> Any:
    """Return the label of a sample that has one, or raise if there are several."""
    if isinstance(label, list | tuple | set | frozenset):
        raise TypeError(
            f"A sample of this session has one class. Got {shown(label)} instead. Hint: create a "
            "session with multi_label=True for samples with several labels."
        )
    return label
