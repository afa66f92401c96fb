"""The explanation of a query: measures, factors, ranks and nearest samples."""

from __future__ import annotations

import html
import textwrap
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from skactive._engine.candidate_rank import CandidateRank
from skactive._engine.chosen_metric import chosen_metric
from skactive._engine.distances import UNDEFINED
from skactive._engine.positions import check_positions
from skactive._estimators import classifier_of
from skactive._frame import Tabular
from skactive._text import aligned, label_text, one_line
from skactive._validation import check_integer
from skactive.base import LabelingPool
from skactive.learner._explanation.reasons import sentences_of
from skactive.strategies import UtilityComponent

# Number of classes, and of nearest samples, that the text names.
N_CLASSES = 5
N_NEAREST_SHOWN = 10
# A longer id or label is shortened in the middle.
NAME_WIDTH, MEASURE_WIDTH = 36, 24


@dataclass(frozen=True, eq=False)
class NearestSamples:
    """The samples nearest to the one that is explained, nearest first.

    Attributes
    ----------
    indices : ndarray of int of shape (n,)
        Their positions in the pool; -1 for a labelled sample of the seed set.
    names : tuple of length n
        Their ids; None for a sample of the seed set.
    distances : ndarray of shape (n,)
        Their distances.
    metric : str
        The metric of the distances.
    labels : ndarray of shape (n,) or None
        Their labels; None if the samples are neighbours in the pool, labelled or not.
    """

    indices: np.ndarray
    names: tuple[Any, ...]
    distances: np.ndarray
    metric: str
    labels: np.ndarray | None = None

    def named(self) -> list[str]:
        """Return the name of each sample, with its label if labels are known.

        Returns
        -------
        texts : list of str of length n
            Such as "44" or "44 (apple)".
        """
        names = [
            "one of the seed set" if name is None else one_line(name, NAME_WIDTH)
            for name in self.names
        ]
        if self.labels is None:
            return names
        labels = [label_text(label, NAME_WIDTH) for label in self.labels.tolist()]
        return [f"{name} ({label})" for name, label in zip(names, labels, strict=True)]

    def __str__(self) -> str:
        distances = [_number(distance) for distance in self.distances.tolist()]
        texts = [
            f"{name} at {distance}" for name, distance in zip(self.named(), distances, strict=True)
        ]
        if len(texts) > N_NEAREST_SHOWN:
            texts[N_NEAREST_SHOWN:] = [f"{len(texts) - N_NEAREST_SHOWN:,} more"]
        return ", ".join(texts)


@dataclass(frozen=True, eq=False)
class QueryExplanation(Tabular):
    """The reasons for the rank of a candidate in a query.

    `ActiveLearner.explain_query` returns it. `print` shows the reasons in words, then the numbers;
    a notebook shows them as a table.

    Attributes
    ----------
    index : int
        The position of the sample in the pool.
    name : object
        Its id.
    sentences : tuple of str
        The reasons in words: the rank first, then the measures by their ranks.
    n_candidates : int
        Number of candidates.
    utility : float
        Its utility, the product of `factors`; 1 if the strategy chooses at random.
    rank : int
        Its rank by utility; 1 is the highest, and equal candidates share the smallest rank.
    measures : tuple of str of length n_measures
        The names of the components of the utility; empty if the strategy chooses at random.
    values : ndarray of shape (n_measures,)
        The value of each measure.
    weights : ndarray of shape (n_measures,)
        The weight of each.
    factors : ndarray of shape (n_measures,)
        The factor of each in the utility. For `CDFProduct`, the share of the candidates with a
        lower value to the power of the weight; 1 for a measure that is the same for all.
    ranks : ndarray of int of shape (n_measures,)
        Its rank by each; 1 is the highest value, and equal candidates share the smallest rank.
    ties : ndarray of int of shape (n_measures,)
        Number of other candidates with the same value.
    classes : tuple of length n_classes
        The classes, most probable first; empty if there are no probabilities.
    probabilities : ndarray of shape (n_classes,)
        The probabilities of `classes`.
    neighbors : NearestSamples
        Its neighbours in the pool, labelled or not, by the metric of the density.
    labeled : NearestSamples
        The labelled samples nearest to it, by the metric of the diversity.

    See Also
    --------
    skactive.inspection.UtilityDisplay : Draws the factors of all candidates.
    """

    index: int
    name: Any
    sentences: tuple[str, ...]
    n_candidates: int
    utility: float
    rank: int
    measures: tuple[str, ...]
    values: np.ndarray
    weights: np.ndarray
    factors: np.ndarray
    ranks: np.ndarray
    ties: np.ndarray
    classes: tuple[Any, ...]
    probabilities: np.ndarray
    neighbors: NearestSamples
    labeled: NearestSamples

    def table(self) -> dict[str, np.ndarray]:
        """Return the numbers, one row per measure.

        Returns
        -------
        table : dict of str to ndarray of shape (n_measures,)
            Columns 'measure', 'value', 'weight', 'factor' and 'rank'.
        """
        return {
            "measure": np.array(self.measures, dtype=str),
            "value": self.values,
            "weight": self.weights,
            "factor": self.factors,
            "rank": self.ranks,
        }

    def __str__(self) -> str:
        parts = [_wrapped(" ".join(self.sentences))]
        if self.measures:
            parts.append(aligned(self._cells()))
        near = [_wrapped(f"{name}: {text}", indent="    ") for name, text in self._surroundings()]
        return "\n\n".join(parts + ["\n".join(near)] * bool(near))

    def _repr_html_(self) -> str:
        parts = [f"<p>{html.escape(' '.join(self.sentences))}</p>"]
        if self.measures:
            first, *rows = self._cells()
            cells = [("th", first), *(("td", row) for row in rows)]
            lines = [
                "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in row) for tag, row in cells
            ]
            parts.append("<table>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>")
        for name, text in self._surroundings():
            parts.append(f"<p>{html.escape(name)}: {html.escape(text)}</p>")
        return "".join(parts)

    def _cells(self) -> list[list[str]]:
        """Return the table as text, with its head and the product."""
        rows = [["measure", "value", "weight", "factor", f"rank of {self.n_candidates:,}"]]
        columns = (self.values, self.weights, self.factors, self.ranks, self.ties)
        numbers = zip(*(column.tolist() for column in columns), strict=True)
        for name, (value, weight, factor, rank, n_tied) in zip(self.measures, numbers, strict=True):
            place = "all equal" if n_tied == self.n_candidates - 1 else f"{rank:,}"
            rows.append(
                [
                    one_line(name, MEASURE_WIDTH),
                    f"{value:.4g}",
                    f"{weight:g}",
                    f"{factor:.3f}",
                    place,
                ]
            )
        if np.array_equal(self.values, self.factors) and len(self.measures) == 1:
            # The value is the factor and the product.
            return [[row[0], row[1], row[4]] for row in rows]
        rows.append(["product", "", "", f"{self.utility:.3f}", f"{self.rank:,}"])
        if (self.weights == 1).all():
            rows = [[*row[:2], *row[3:]] for row in rows]
        return rows

    def _surroundings(self) -> list[tuple[str, str]]:
        lines = []
        if self.classes:
            pairs = zip(self.classes, self.probabilities.tolist(), strict=True)
            classes = [
                f"{one_line(label, NAME_WIDTH)} {probability:.2f}"
                for place, (label, probability) in enumerate(pairs)
                # The first one is shown even if it is small.
                if place == 0 or (place < N_CLASSES and f"{probability:.2f}" != "0.00")
            ]
            if n_more := len(self.classes) - len(classes):
                classes.append(f"{n_more:,} more")
            lines.append(("Class probabilities", ", ".join(classes)))
        for name, nearest in (
            ("Nearest in the pool", self.neighbors),
            ("Nearest labelled", self.labeled),
        ):
            if nearest.names:
                lines.append((f"{name} ({nearest.metric})", str(nearest)))
        return lines


def explain_query(
    learner: Any, index: Any, n_neighbors: int, n_compared: int | None = None
) -> QueryExplanation:
    """Return the explanation of a candidate of a learner.

    `n_compared` is the number of candidates that the query compares, None if it compares all.
    """
    check_integer("explain_query", "n_neighbors", n_neighbors, minimum=1)
    pool = learner.pool
    index = check_candidate(pool, index)
    place = int(np.searchsorted(pool.candidates, index))
    terms = terms_of(learner)
    utilities = UtilityComponent.product(terms, pool.n_candidates)
    whole = CandidateRank.of(utilities, place)
    ranks = {name: CandidateRank.of(term.values, place) for name, term in terms.items()}
    classes, probabilities = _posterior_of(learner, index)
    neighbors = _neighbors_of(learner, index, n_neighbors, terms)
    labeled = _labeled_near(learner, index, n_neighbors, terms)
    name = _names(learner, [index])[0]
    sentences = sentences_of(
        f"Sample {one_line(name, NAME_WIDTH)}",
        whole,
        [(name, term, float(term.values[place]), ranks[name]) for name, term in terms.items()],
        strategy=learner.strategy,
        n_labeled=pool.n_labeled,
        posterior=(classes, probabilities.tolist()),
        nearest_labeled=next(iter(labeled.named()), None),
    )
    if n_compared is not None:
        sentences += (f"The first query compares {n_compared:,} samples, drawn at random.",)
    return QueryExplanation(
        index=index,
        name=name,
        sentences=sentences,
        n_candidates=pool.n_candidates,
        utility=float(utilities[place]),
        rank=whole.rank,
        measures=tuple(terms),
        values=np.array([term.values[place] for term in terms.values()], dtype=float),
        weights=np.array([term.weight for term in terms.values()], dtype=float),
        factors=np.array([term.factors[place] for term in terms.values()], dtype=float),
        ranks=np.array([rank.rank for rank in ranks.values()], dtype=np.intp),
        ties=np.array([rank.n_tied for rank in ranks.values()], dtype=np.intp),
        classes=classes,
        probabilities=probabilities,
        neighbors=neighbors,
        labeled=labeled,
    )


def check_candidate(pool: LabelingPool, index: Any) -> int:
    """Return the position of one candidate, or raise if the sample is none."""
    positions = check_positions(index, pool.n_samples)
    if len(positions) != 1:
        raise ValueError(
            f"One sample is explained at a time. Got {len(positions)} positions. "
            "Hint: call it once for each."
        )
    position = int(positions[0])
    if pool.is_labeled(positions)[0]:
        label = pool.labels_of(positions).tolist()[0]
        raise ValueError(
            f"Sample {position} of the pool is no longer a candidate: it is labelled {label!r}. "
            "Hint: explain it before `teach`, or call `undo` first."
        )
    if position in pool.skipped:
        raise ValueError(
            f"Sample {position} of the pool is no longer a candidate: it was skipped. "
            "Hint: choose one of `candidates`."
        )
    return position


def terms_of(learner: Any) -> dict[str, UtilityComponent]:
    """Return the present components of the utility, or raise if the strategy has no `terms`."""
    strategy = learner.strategy
    if not hasattr(strategy, "terms"):
        raise TypeError(
            f"{type(strategy).__name__} cannot be explained: it has no method `terms`. "
            "Hint: derive it from skactive.strategies.QueryStrategy."
        )
    terms = dict(strategy.terms(learner.pool))
    for name, term in terms.items():
        if hasattr(term.measure, "for_kind"):
            # It finds the words for the kind of labels.
            terms[name] = replace(term, measure=term.measure.for_kind(learner.pool.target.kind))
    return terms


def _posterior_of(learner: Any, index: int) -> tuple[tuple[Any, ...], np.ndarray]:
    classifier = classifier_of(learner.estimator)
    if learner.pool.target.kind == "continuous":
        return (), np.empty(0)
    if not (hasattr(classifier, "predict_proba") or hasattr(classifier, "decision_function")):
        return (), np.empty(0)
    source = learner.pool.posterior_source
    posterior = None if source is None else source.peek(np.array([index]))
    if posterior is None:
        return (), np.empty(0)
    order = np.argsort(-posterior[0], kind="stable")
    return tuple(source.classes[order].tolist()), np.asarray(posterior[0][order], dtype=float)


def _neighbors_of(
    learner: Any, index: int, n_neighbors: int, terms: dict[str, UtilityComponent]
) -> NearestSamples:
    metric, params = _metric(learner, terms, about_labeled=False)
    distances = learner.pool.distances_to(index, metric, params)[:, 0]
    order = np.argsort(distances, kind="stable")
    nearest = order[order != index][:n_neighbors]
    return NearestSamples(
        nearest, _names(learner, nearest.tolist()), distances[nearest].astype(float), metric
    )


def _labeled_near(
    learner: Any, index: int, n_neighbors: int, terms: dict[str, UtilityComponent]
) -> NearestSamples:
    metric, params = _metric(learner, terms, about_labeled=True)
    nearest, labels, distances = learner.pool.nearest_labeled(index, n_neighbors, metric, params)
    names = _names(learner, nearest.tolist())
    return NearestSamples(nearest, names, distances.astype(float), metric, labels)


def _metric(
    learner: Any, terms: dict[str, UtilityComponent], *, about_labeled: bool
) -> tuple[str, dict[str, Any] | None]:
    """Return the metric of a suitable measure, else of any measure, else of the classifier."""
    measures = [term.measure for term in terms.values() if hasattr(term.measure, "metric_params")]
    measures.sort(key=lambda one: getattr(one, "about_labeled", False) != about_labeled)
    if measures:
        return chosen_metric(measures[0], learner.pool)
    source = learner.pool.posterior_source
    params = {} if source is None else source.neighbors_params
    return params.get("metric", "cosine"), params.get("metric_params")


def _names(learner: Any, positions: list[int]) -> tuple[Any, ...]:
    """Return the ids of pool samples, None for one outside the pool."""
    return tuple(
        None if position < 0 else learner.ids[position : position + 1].tolist()[0]
        for position in positions
    )


def _number(value: float) -> str:
    return "an undefined distance" if value >= UNDEFINED else f"{value:.3f}"


def _wrapped(text: str, indent: str = "") -> str:
    # A path or an id stays in one piece.
    return textwrap.fill(
        text, width=80, subsequent_indent=indent, break_on_hyphens=False, break_long_words=False
    )
