"""The state of a labelling session, and the changes of it that `undo` reverses.

The state is a table of cells. A patch has the value of each changed cell before and after a change,
so that the reversal of any change is the same patch, read backwards.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from skactive._label_names import Label, names_in, with_names


class CellKind(StrEnum):
    """The kinds of cells. The name of a cell is that of a sample, or of a class."""

    ANSWER = "answer"
    SKIP = "skip"
    POSTPONE = "postpone"
    TEST = "test"
    CONFIRMED = "confirmed"
    CLASS = "class"
    DESCRIPTION = "description"


Cell = tuple[CellKind, str]


class Answer(NamedTuple):
    """The label of a sample, the time of the answer in UTC, and the digest of the sample.

    The digest is None if the name of the sample follows from its content.
    """

    label: Label
    time: str
    digest: str | None = None


class CellChange(NamedTuple):
    """The values of a cell before and after a change; None if it is empty."""

    before: Any
    after: Any


Patch = dict[Cell, CellChange]


class SessionState:
    """The answers, the skipped, postponed and test samples, and the classes of a session.

    Attributes
    ----------
    tables : dict of CellKind to dict
        By sample: the `Answer`; the reason why it is skipped; the number of its postponement, in
        ascending order; True for a test sample; True for a label that was given again. By class:
        its place in the list of classes; its description.
    """

    def __init__(self) -> None:
        self.tables: dict[CellKind, dict[str, Any]] = {table: {} for table in CellKind}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SessionState) and self.tables == other.tables

    __hash__ = None  # type: ignore[assignment]  # it changes

    @property
    def answers(self) -> dict[str, Answer]:
        """The answer of each labelled sample, test samples included."""
        return self.tables[CellKind.ANSWER]

    @property
    def skipped(self) -> dict[str, str]:
        """The reason of each skipped sample."""
        return self.tables[CellKind.SKIP]

    @property
    def postponed(self) -> list[str]:
        """The postponed samples, the earliest first."""
        places = self.tables[CellKind.POSTPONE]
        return sorted(places, key=places.__getitem__)

    @property
    def test(self) -> dict[str, bool]:
        """The test samples, whose labels are not taught."""
        return self.tables[CellKind.TEST]

    @property
    def confirmed(self) -> dict[str, bool]:
        """The labelled samples whose label was given again."""
        return self.tables[CellKind.CONFIRMED]

    @property
    def classes(self) -> list[str]:
        """The classes, in the order in which they were added."""
        places = self.tables[CellKind.CLASS]
        return sorted(places, key=places.__getitem__)

    @property
    def descriptions(self) -> dict[str, str]:
        """The descriptions of classes, for the annotators."""
        return self.tables[CellKind.DESCRIPTION]

    def samples(self) -> Iterator[str]:
        """Iterate over the samples with an answer or a mark; some come more than once."""
        for table in (CellKind.ANSWER, CellKind.SKIP, CellKind.POSTPONE, CellKind.TEST):
            yield from self.tables[table]

    def is_open(self, sample: str) -> bool:
        """Return whether a sample has no answer and is neither skipped nor postponed."""
        postponed = self.tables[CellKind.POSTPONE]
        return sample not in self.answers and sample not in self.skipped and sample not in postponed

    def apply(self, patch: Patch) -> None:
        """Change the cells of a patch."""
        for (table, name), change in patch.items():
            self._set(table, name, change.after)

    def reverse(self, patch: Patch) -> None:
        """Take a patch back."""
        for (table, name), change in patch.items():
            self._set(table, name, change.before)

    def settle(self, patch: Patch) -> None:
        """Keep what no action has made, after a patch was applied again or taken back.

        Labels of the source do not belong to the patch of any action: their classes stay, and
        their samples are neither skipped nor postponed.
        """
        classes = self.tables[CellKind.CLASS]
        gone = {name for table, name in patch if table == CellKind.CLASS and name not in classes}
        if gone:
            for name in self.n_answers_of():
                if name in gone:
                    self.apply(self._classes_added((name,)))
        for _, name in patch:
            if name in self.answers:
                self._set(CellKind.SKIP, name, None)
                self._set(CellKind.POSTPONE, name, None)

    def added_classes(self, patch: Patch) -> list[str]:
        """Return the classes that a patch adds; none if it removes one, too."""
        changes = [(name, one) for (table, name), one in patch.items() if table == CellKind.CLASS]
        added = [name for name, one in changes if one.before is None]
        return added if len(added) == len(changes) else []

    def _set(self, table: CellKind, name: str, value: Any) -> None:
        if value is None:
            self.tables[table].pop(name, None)
        else:
            self.tables[table][name] = value

    # Each of the following returns the patch of an action and leaves the state as it is.

    def answered(
        self, samples: Iterable[str], label: Label, time: str, digests: Mapping[str, str]
    ) -> Patch:
        """Return the patch of an answer for samples, of classes that may be new."""
        patch = self._classes_added(names_in(label))
        for sample in samples:
            self._put(patch, CellKind.ANSWER, sample, Answer(label, time, digests.get(sample)))
            for table in (CellKind.SKIP, CellKind.POSTPONE, CellKind.CONFIRMED):
                self._put(patch, table, sample, None)
        return patch

    def relabelled(
        self, samples: Iterable[str], label: Label, time: str, digests: Mapping[str, str]
    ) -> Patch:
        """Return the patch of a label that labelled samples get; it confirms an equal label."""
        chosen = list(samples)
        others = [one for one in chosen if self.answers[one].label != label]
        patch = self.answered(others, label, time, digests)
        for sample in chosen:
            answer = self.answers[sample]
            if answer.label == label:
                self._put(patch, CellKind.CONFIRMED, sample, True)
                seen = answer._replace(digest=digests.get(sample))
                self._put(patch, CellKind.ANSWER, sample, seen)
        return patch

    def without_answers(self, samples: Iterable[str]) -> Patch:
        """Return the patch after which samples are open."""
        patch: Patch = {}
        for sample in samples:
            for table in (CellKind.ANSWER, CellKind.SKIP, CellKind.POSTPONE, CellKind.CONFIRMED):
                self._put(patch, table, sample, None)
        return patch

    def with_skipped(self, samples: Iterable[str], reason: str) -> Patch:
        """Return the patch that skips samples."""
        patch: Patch = {}
        for sample in samples:
            self._put(patch, CellKind.SKIP, sample, reason)
            self._put(patch, CellKind.POSTPONE, sample, None)
        return patch

    def with_postponed(self, samples: Sequence[str]) -> Patch:
        """Return the patch that postpones samples, after those postponed before."""
        patch: Patch = {}
        chosen = list(dict.fromkeys(samples))
        if self.postponed[-len(chosen) :] != chosen:
            first = max(self.tables[CellKind.POSTPONE].values(), default=0) + 1
            for place, sample in enumerate(chosen, first):
                self._put(patch, CellKind.POSTPONE, sample, place)
        for sample in chosen:
            self._put(patch, CellKind.SKIP, sample, None)
        return patch

    def with_test(self, samples: Iterable[str]) -> Patch:
        """Return the patch that adds samples to the test set."""
        patch: Patch = {}
        for sample in samples:
            self._put(patch, CellKind.TEST, sample, True)
        return patch

    def with_class(self, name: str) -> Patch:
        """Return the patch that adds a class."""
        return self._classes_added((name,))

    def without_class(self, name: str) -> Patch:
        """Return the patch that removes a class without answers."""
        patch: Patch = {}
        self._put(patch, CellKind.CLASS, name, None)
        self._put(patch, CellKind.DESCRIPTION, name, None)
        return patch

    def described(self, name: str, description: str) -> Patch:
        """Return the patch that describes a class; an empty description removes it."""
        patch: Patch = {}
        self._put(patch, CellKind.DESCRIPTION, name, description or None)
        return patch

    def renamed(self, old: str, new: str) -> Patch:
        """Return the patch that gives a class another name, which no class has."""
        patch: Patch = {}
        for table in (CellKind.CLASS, CellKind.DESCRIPTION):
            self._put(patch, table, new, self.tables[table].get(old))
            self._put(patch, table, old, None)
        self._relabel(patch, {old}, new)
        return patch

    def merged(self, names: Sequence[str], into: str) -> Patch:
        """Return the patch after which the samples of several classes are of one of them."""
        patch: Patch = {}
        others = {name for name in names if name != into}
        for name in others:
            self._put(patch, CellKind.CLASS, name, None)
            self._put(patch, CellKind.DESCRIPTION, name, None)
        self._relabel(patch, others, into)
        return patch

    def n_answers_of(self) -> Counter[str]:
        """Return the number of answers that name each class."""
        return Counter(name for one in self.answers.values() for name in names_in(one.label))

    def _relabel(self, patch: Patch, old: set[str], new: str) -> None:
        for sample, answer in self.answers.items():
            label = with_names(answer.label, lambda name: new if name in old else name)
            self._put(patch, CellKind.ANSWER, sample, answer._replace(label=label))

    def _classes_added(self, names: Iterable[str]) -> Patch:
        patch: Patch = {}
        places = self.tables[CellKind.CLASS]
        fresh = [name for name in names if name not in places]
        for place, name in enumerate(fresh, max(places.values(), default=0) + 1):
            self._put(patch, CellKind.CLASS, name, place)
        return patch

    def _put(self, patch: Patch, table: CellKind, name: str, after: Any) -> None:
        before = self.tables[table].get(name)
        if before != after:
            patch[table, name] = CellChange(before, after)
