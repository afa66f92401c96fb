"""Several labels of each sample."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from numbers import Real
from typing import Any, ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike

from skactive._contracts._target import Target
from skactive._engine.indicator import answers_of, indicator, is_answered, with_open_answers
from skactive._engine.label_arrays import label_array
from skactive._engine.label_sets import LabelSet, ordered
from skactive._engine.labels import CATEGORICAL, SKIP_HINT, check_classes, is_missing_label
from skactive._text import shown

ROWS_HINT = (
    "Hint: pass an indicator matrix, of one row such as Y[[3]] for one sample, or one set of "
    "labels for each sample, such as [{'a', 'b'}]."
)
N_SHOWN = 8


class MultiLabelTarget(Target):
    """Several labels for each sample: none, one or more of a set of labels.

    Labels are given as

    - an indicator matrix of shape (n, n_labels), dense, sparse or a DataFrame: 1 if the sample has
      the label of the column, 0 if it has not, -1 or NaN if that is not answered;
    - a list with the labels of each sample, as sets, lists or tuples of names. A sample has no
      other labels. Lists of numbers are rows of an indicator matrix: integer names are given as
      sets;
    - a list with a dict for each sample, which maps names to True or False. Other labels are not
      answered.

    An answer about a sample that is labelled already completes labels that are not answered. If it
    contradicts one of them, `teach` raises, and `relabel` replaces it: ``relabel(3, {"b": False})``
    changes one label of one sample.

    Parameters
    ----------
    classes : array-like of shape (n_labels,), default=None
        The labels, in the order of the columns of a matrix. Names that are not among them are added
        after them, sorted, unless a pool or learner has ``strict_classes=True``; samples answered
        before do not have these labels. With None, labels are known by their first answer, sorted;
        the labels of a matrix are the numbers of its columns, or the names of the columns of a
        DataFrame.

    See Also
    --------
    Target : The contract.
    CategoricalTarget : One label for each sample.

    Notes
    -----
    The labels of a pool or learner are an array of objects: the set of labels of each sample, with
    an attribute `unanswered`, the set of those that are not answered. `for_estimator` makes an
    indicator matrix of them, in int8 and with -1 if a label is not answered.

    Examples
    --------
    >>> from skactive.base import MultiLabelTarget
    >>> target = MultiLabelTarget(["cat", "dog", "tree"])
    >>> labels = target.validate([[1, 0, 1], [0, -1, 0]])
    >>> labels
    array([{'cat', 'tree'; answered: 'cat', 'dog', 'tree'},
           {answered: 'cat', 'tree'}], dtype=object)
    >>> target.for_estimator(labels, ["cat", "dog", "tree"])
    array([[ 1,  0,  1],
           [ 0, -1,  0]], dtype=int8)
    >>> target.validate([["dog"], [], {"cat": True}])
    array([{'dog'}, {}, {'cat'; answered: 'cat'}], dtype=object)
    """

    kind: ClassVar[str] = "multilabel"

    def __init__(self, classes: ArrayLike | None = None) -> None:
        self.classes = None if classes is None else check_classes(classes)
        if self.classes is None:
            return
        names, counts = np.unique(self.classes, return_counts=True)
        if len(names) == 0 or (counts > 1).any():
            fault = (
                "is empty" if len(names) == 0 else f"has {names[counts > 1].tolist()[0]!r} twice"
            )
            raise ValueError(f"The 'classes' parameter of MultiLabelTarget {fault}.")

    def __repr__(self) -> str:
        return f"MultiLabelTarget({'' if self.classes is None else self.classes.tolist()})"

    @property
    def declared(self) -> np.ndarray | None:
        return self.classes

    def validate(self, y: Any) -> np.ndarray:
        if hasattr(y, "columns"):
            return self._of_matrix(np.asarray(y), list(y.columns))
        if sp.issparse(y):
            return self._of_matrix(y.toarray(), None)
        if hasattr(y, "dtype") and np.ndim(y) == 2:
            return self._of_matrix(with_open_answers(y), None)
        rows = _rows(y)
        if rows and all(_is_numbers(row) for row in rows) and any(map(len, rows)):
            lengths = {len(row) for row in rows}
            if len(lengths) > 1:
                raise ValueError(
                    f"y has rows of different lengths, {min(lengths)} and {max(lengths)}, of "
                    "numbers. Hint: rows of numbers are an indicator matrix. Pass names that are "
                    "integers as sets."
                )
            return self._of_matrix(np.array([list(row) for row in rows]), None)
        return self._of_names(rows)

    def check_alike(self, known: np.ndarray, y: np.ndarray) -> None:
        CATEGORICAL.check_alike(known, self.names(y))
        if self.classes is not None or len(known) == 0:
            return
        for one in y.tolist():
            if one.among and one.among != set(known.tolist()):
                raise self._wrong_width(len(one.among), known)

    def check_answers(self, y: np.ndarray) -> None:
        for position, one in enumerate(y.tolist()):
            if one.answers_nothing:
                raise ValueError(f"y[{position}] answers no label. {SKIP_HINT}")

    def to_plain(self, y: np.ndarray) -> list[Any]:
        CATEGORICAL.to_plain(self.names(y))
        return [_plain(one) for one in y.tolist()]

    def from_plain(self, labels: Any) -> np.ndarray:
        return _objects([_from_plain(one) for one in labels])

    def differ(self, y: np.ndarray, other: np.ndarray) -> np.ndarray:
        return np.array([one != two for one, two in zip(y.tolist(), other.tolist(), strict=True)])

    def resolved(self, y: np.ndarray, classes: np.ndarray) -> np.ndarray:
        known = [*classes.tolist(), *self._known()]
        return _objects([one.resolved(known) for one in y.tolist()])

    def replaced(self, y: np.ndarray, before: np.ndarray) -> np.ndarray:
        pairs = zip(y.tolist(), before.tolist(), strict=True)
        return _objects([one.over(earlier) for one, earlier in pairs])

    def completed(self, label: Any, before: Any) -> Any:
        return label.completing(before)

    def names(self, y: np.ndarray) -> np.ndarray:
        return label_array(ordered({name for one in y.tolist() for name in one.names}))

    def for_estimator(self, y: np.ndarray, classes: ArrayLike) -> np.ndarray:
        return indicator(y, np.asarray(classes))

    def from_estimator(self, y: Any, classes: np.ndarray) -> np.ndarray:
        rows = np.asarray(y.toarray() if sp.issparse(y) else y).reshape(-1, len(classes))
        names = classes.tolist()
        return _objects(
            [LabelSet(names[place] for place in np.flatnonzero(row == 1)) for row in rows]
        )

    def _known(self) -> list[Any]:
        return [] if self.classes is None else self.classes.tolist()

    def _of_matrix(self, matrix: np.ndarray, columns: list[Any] | None) -> np.ndarray:
        names, order = self._columns(matrix.shape[1], columns)
        among = () if self.classes is not None else names
        sets = []
        for row in answers_of(matrix[:, order]):
            has = [names[place] for place in np.flatnonzero(row == 1)]
            named = frozenset(names[place] for place in np.flatnonzero(row >= 0))
            sets.append(LabelSet(has, named=named, among=among))
        return _objects(sets)

    def _columns(self, width: int, columns: list[Any] | None) -> tuple[list[Any], Any]:
        """Return the names of the columns of a matrix, and the order in which to take them."""
        is_named = columns is not None and columns != list(range(width))
        if self.classes is None:
            return (columns if is_named and columns else list(range(width))), slice(None)
        names = self.classes.tolist()
        if is_named and columns is not None:
            if sorted(map(str, columns)) != sorted(map(str, names)):
                raise ValueError(
                    f"The columns of y are {shown(columns)}, but the labels are "
                    f"{_shown(self.classes)}."
                )
            return names, [list(map(str, columns)).index(str(name)) for name in names]
        if width != len(names):
            raise self._wrong_width(width, self.classes)
        return names, slice(None)

    def _wrong_width(self, width: int, known: np.ndarray) -> ValueError:
        return ValueError(
            f"The indicator matrix has {width} columns, but there are {len(known)} labels: "
            f"{_shown(known)}. Hint: pass one column for each label, or sets of names."
        )

    def _of_names(self, rows: list[Any]) -> np.ndarray:
        sets = [_named(position, row) for position, row in enumerate(rows)]
        given = list(dict.fromkeys(name for one in sets for name in [*one, *(one.named or ())]))
        clean = CATEGORICAL.validate(given).tolist()
        if clean == given:
            return _objects(sets)
        known = dict(zip(given, clean, strict=True))
        return _objects([_renamed(one, known) for one in sets])


def whole_answers(y: Any, classes: np.ndarray) -> np.ndarray:
    """Return the labels of samples as an indicator matrix, or raise if some are not answered."""
    target = MultiLabelTarget(classes)
    rows = target.for_estimator(target.validate(y), classes)
    is_whole = is_answered(rows)
    if not is_whole.all():
        raise ValueError(
            f"y[{int(is_whole.argmin())}] is answered in part. Hint: leave out samples whose "
            "labels are not all known."
        )
    return rows


def _objects(sets: list[LabelSet]) -> np.ndarray:
    objects = np.empty(len(sets), dtype=object)
    objects[:] = sets
    return objects


def _rows(y: Any) -> list[Any]:
    """Return one object for each sample, or raise."""
    if isinstance(y, Mapping | set | frozenset):
        return [y]
    if getattr(y, "ndim", 1) == 0 and hasattr(y, "item"):
        y = y.item()
    if isinstance(y, str | bytes) or not isinstance(y, Iterable):
        fact = f"y is {shown(y)}, but each sample has a set of labels."
        raise ValueError(f"{fact} {ROWS_HINT}")  # noqa: TRY004 - as for other invalid labels
    # Rows may be series of pandas or Polars.
    return [row.to_list() if hasattr(row, "to_list") else row for row in y]


def _is_numbers(row: Any) -> bool:
    if not isinstance(row, list | tuple | np.ndarray):
        return False
    return all(isinstance(one, Real | np.bool_) or is_missing_label(one) for one in row)


def _named(position: int, row: Any) -> LabelSet:
    """Return the labels of a sample from their names, or raise."""
    if hasattr(row, "unanswered"):
        labels: LabelSet = row
        return labels
    if isinstance(row, Mapping):
        answers = {name: _answer(position, name, value) for name, value in row.items()}
        return LabelSet((name for name in answers if answers[name]), named=frozenset(answers))
    if is_missing_label(row):
        raise ValueError(f"y[{position}] is missing ({row!r}). {SKIP_HINT}")
    if isinstance(row, set | frozenset | list | tuple | np.ndarray):
        names = row.tolist() if isinstance(row, np.ndarray) else row
        if not all(isinstance(name, Hashable) for name in names):
            raise ValueError(
                f"y[{position}] is {shown(row)}, in which names are lists themselves. {ROWS_HINT}"
            )
        return LabelSet(names)
    plain = row.item() if isinstance(row, np.generic) else row
    raise ValueError(
        f"y[{position}] is {shown(plain)}, but each sample has a set of labels. {ROWS_HINT}"
    )


def _answer(position: int, name: Any, value: Any) -> bool:
    if isinstance(value, Real | np.bool_) and value in (0, 1):
        return bool(value)
    raise ValueError(
        f"y[{position}] has {value!r} for the label {name!r}. Hint: pass True or False, and leave "
        "out labels that are not answered."
    )


def _renamed(one: LabelSet, clean: Mapping[Any, Any]) -> LabelSet:
    named = None if one.named is None else frozenset(clean[name] for name in one.named)
    return LabelSet((clean[name] for name in one), one.unanswered, named=named, among=one.among)


def _plain(one: LabelSet) -> Any:
    has = ordered(one)
    if not (one.unanswered or one.among):
        return has
    plain = {"has": has, "unanswered": ordered(one.unanswered)}
    return {**plain, "among": ordered(one.among)} if one.among else plain


def _from_plain(plain: Any) -> LabelSet:
    if isinstance(plain, list):
        return LabelSet(plain)
    if isinstance(plain, dict) and "has" in plain:
        return LabelSet(plain["has"], plain.get("unanswered", ()), among=plain.get("among", ()))
    raise ValueError(f"{shown(plain)} is no set of labels. Hint: it needs a list of names.")


def _shown(names: np.ndarray) -> str:
    more = f" and {len(names) - N_SHOWN} more" if len(names) > N_SHOWN else ""
    return f"{', '.join(map(repr, names[:N_SHOWN].tolist()))}{more}"
