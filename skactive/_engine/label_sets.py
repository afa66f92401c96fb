"""The labels of one sample: those that it has, and those about which nothing is known."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Self


class LabelSet(frozenset[Any]):
    """The labels that a sample has, with those that are not answered.

    It compares with a set, if all labels are answered. The sample has no other label, unless
    `named` says that only some labels are answered.

    Attributes
    ----------
    unanswered : frozenset
        The labels that are not answered.
    named : frozenset or None
        The only labels about which an answer says something, as long as it is not combined with
        other answers. None is all but `unanswered`.
    among : frozenset
        The labels of all columns, if it was a row of an indicator matrix without declared labels.
    """

    __slots__ = ("among", "named", "unanswered")

    unanswered: frozenset[Any]
    named: frozenset[Any] | None
    among: frozenset[Any]

    def __new__(
        cls,
        has: Iterable[Any] = (),
        unanswered: Iterable[Any] = (),
        *,
        named: frozenset[Any] | None = None,
        among: Iterable[Any] = (),
    ) -> Self:
        self = super().__new__(cls, has)
        self.unanswered, self.named = frozenset(unanswered), named
        self.among = frozenset(among)
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _label_set, (list(self), list(self.unanswered), self.named, list(self.among))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, frozenset | set):
            return NotImplemented
        unanswered: frozenset[Any] = getattr(other, "unanswered", frozenset())
        return frozenset.__eq__(self, other) and self.unanswered == unanswered

    def __ne__(self, other: object) -> bool:
        is_equal = self.__eq__(other)
        return is_equal if is_equal is NotImplemented else not is_equal

    def __hash__(self) -> int:
        own = frozenset.__hash__(self)
        return hash((own, self.unanswered)) if self.unanswered else own

    def __repr__(self) -> str:
        open_ones = f"unanswered: {_listed(self.unanswered)}" if self.unanswered else ""
        if self.named is not None:
            open_ones = f"answered: {_listed(self.named)}"
        if not self:
            return f"{{{open_ones}}}" if open_ones else "{}"
        return f"{{{_listed(self)}{'; ' if open_ones else ''}{open_ones}}}"

    __str__ = __repr__

    @property
    def names(self) -> frozenset[Any]:
        """All labels that are named."""
        return self.union(self.unanswered, self.named or (), self.among)

    def answers(self, label: Any) -> bool:
        """Return whether it says that the sample has a label, or that it has not."""
        return label not in self.unanswered if self.named is None else label in self.named

    @property
    def answers_nothing(self) -> bool:
        """Whether it says nothing about any label."""
        return self.named is not None and not self.named

    def resolved(self, classes: Collection[Any]) -> LabelSet:
        """Return it with all labels that are not answered, the first answer about a sample."""
        if self.named is None:
            return self
        unanswered = (self.among.union(classes)) - self.named
        return LabelSet(self, unanswered, among=self.among)

    def over(self, before: LabelSet) -> LabelSet:
        """Return the labels of a sample after this answer has replaced earlier ones."""
        if self.named is None:
            return self
        has = self.union(label for label in before if not self.answers(label))
        return LabelSet(has, before.unanswered - self.named, among=before.among)

    def completing(self, before: LabelSet) -> LabelSet | None:
        """Return the labels of a sample after this answer, or None if it contradicts earlier ones.

        Labels that were not answered before are completed.
        """
        changed = (label for label in before.symmetric_difference(self) if self.answers(label))
        if any(label not in before.unanswered for label in changed):
            return None
        unanswered = (label for label in before.unanswered if not self.answers(label))
        return LabelSet(self.union(before), unanswered, among=before.among)


def ordered(labels: Iterable[Any]) -> list[Any]:
    """Return labels of one type sorted."""
    return sorted(labels)


def _label_set(has: Any, unanswered: Any, named: Any, among: Any) -> LabelSet:
    return LabelSet(has, unanswered, named=named, among=among)


def _listed(labels: Iterable[Any]) -> str:
    return ", ".join(map(repr, ordered(labels)))
