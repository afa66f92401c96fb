"""Why a candidate is worth asking about, in sentences for the person who labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from skactive._engine.candidate_rank import CandidateRank, enumerated
from skactive.measures import (
    Coverage,
    Diversity,
    Entropy,
    InformationDensity,
    LeastConfidence,
    Margin,
)

UNCERTAINTY = (Entropy, LeastConfidence, Margin)

# A class is in question if it has at least this share of the probability of the most probable
# one; this many are named.
IN_QUESTION = 0.5
N_NAMED = 3

# From which share of the candidates on, or up to which, a sentence says what a measure means.
HIGH, LOW = 2 / 3, 1 / 3


def sentences_of(
    who: str,
    whole: CandidateRank,
    terms: Sequence[tuple[str, Any, float, CandidateRank]],
    *,
    strategy: Any,
    n_labeled: int,
    posterior: tuple[Sequence[Any], Sequence[float]],
    nearest_labeled: str | None,
) -> tuple[str, ...]:
    """Return the sentences: the place first, then what speaks for the candidate most.

    Parameters
    ----------
    who : str
        What the sample is called.
    whole : CandidateRank
        Its place by utility.
    terms : sequence of (name, UtilityComponent, value, CandidateRank)
        What the strategy goes by, the value of the candidate and its place by it.
    strategy : QueryStrategy
        Who asks.
    n_labeled : int
        How many labels are known.
    posterior : tuple of (classes, probabilities)
        Most probable first; both empty while nothing is known.
    nearest_labeled : str or None
        The nearest labelled sample and its label.
    """
    sentences = [f"{who} {whole.place()}{_ending(strategy, whole, has_terms=bool(terms))}."]
    if n_labeled == 0:
        sentences.append("Nothing is labelled yet.")
    silent, left_out, speaking = [], [], []
    for term in terms:
        name, standing = term[0], term[3]
        if term[1].weight == 0:
            left_out.append(name)
        elif standing.is_shared_by_all:
            silent.append(name)
        else:
            speaking.append(term)
    speaking.sort(key=lambda term: term[3].share_lower, reverse=True)
    for name, term, value, standing in speaking:
        sentences.append(_sentence(name, term.measure, value, standing, posterior))
        if isinstance(term.measure, Diversity) and nearest_labeled is not None:
            sentences.append(f"The labelled sample nearest to it is {nearest_labeled}.")
    if len(speaking) > 1 and whole.rank == 1 and whole.n_tied == 0:
        sentences.append("No other candidate combines these as well.")
    if silent and whole.n_candidates > 1:
        does, each = ("says", "it") if len(silent) == 1 else ("say", "each")
        sentences.append(
            f"{_as_subject(silent)} {does} nothing now: {each} is the same for all candidates."
        )
    if left_out:
        fact = "is left out: its weight is" if len(left_out) == 1 else "are left out: weights of"
        sentences.append(f"{_as_subject(left_out)} {fact} 0.")
    return tuple(sentences)


def _ending(strategy: Any, whole: CandidateRank, *, has_terms: bool) -> str:
    if whole.n_candidates == 1:
        return ""
    if not has_terms:
        return f": {type(strategy).__name__} draws at random"
    if whole.rank > 1 or whole.n_tied == 0:
        return ""
    decides = "position" if getattr(strategy, "random_state", None) is None else "chance"
    return f", and {decides} decides among equals"


def _sentence(
    name: str,
    measure: Any,
    value: float,
    standing: CandidateRank,
    posterior: tuple[Sequence[Any], Sequence[float]],
) -> str:
    if isinstance(measure, UNCERTAINTY):
        return _about_uncertainty(standing, *posterior)
    if isinstance(measure, InformationDensity):
        return _about_density(standing)
    if isinstance(measure, Diversity):
        return _about_diversity(standing, measure.aggregate)
    if isinstance(measure, Coverage):
        return _about_coverage(value, standing)
    what = f"Its {name}" if name != type(measure).__name__ else f"What {name} makes of it"
    if standing.n_lower == 0:
        return f"{what}, {value:.4g}, is the lowest of all candidates."
    return f"{what}, {value:.4g}, is more than that of {standing.than()}."


def _about_uncertainty(
    standing: CandidateRank, classes: Sequence[Any], probabilities: Sequence[float]
) -> str:
    if standing.n_lower == 0:
        more = "there is no candidate of which it is surer"
    else:
        more = f"it is less sure than of {standing.than()}"
    if len(classes) == 0:
        return f"The classifier is unsure: {more}."
    in_question = int(np.count_nonzero(np.asarray(probabilities) >= IN_QUESTION * probabilities[0]))
    named = [
        f"{label} ({probability:.2f})"
        for label, probability in zip(classes[:N_NAMED], probabilities[:N_NAMED], strict=True)
    ]
    if in_question == 1:
        return f"The classifier takes it for {named[0]}; {more}."
    if in_question <= N_NAMED:
        return f"The classifier hesitates between {enumerated(named[:in_question])}: {more}."
    first = f"{enumerated(named)} first among them"
    return f"The classifier hesitates between {in_question} classes, {first}: {more}."


def _about_density(standing: CandidateRank) -> str:
    if standing.n_lower == 0:
        return "It stands alone: around no candidate is the pool less dense."
    fact = f"the pool is denser around it than around {standing.than()}"
    if standing.share_lower >= HIGH:
        return f"It stands for many others: {fact}."
    if standing.share_lower <= LOW:
        return f"It stands for few others: {fact}, not more."
    return f"{fact[0].upper()}{fact[1:]}."


def _about_diversity(standing: CandidateRank, aggregate: str) -> str:
    what = "the nearest labelled sample" if aggregate == "min" else "the labelled samples"
    mean = "" if aggregate == "min" else "on average "
    if standing.n_lower == 0:
        return f"No candidate is {mean}nearer to {what}."
    fact = f"it is {mean}farther from {what} than {standing.than()}"
    if standing.share_lower >= HIGH:
        return f"It is unlike what is labelled: {fact}."
    if standing.share_lower <= LOW:
        return f"It is like what is labelled: {fact}, not more."
    return f"{fact[0].upper()}{fact[1:]}."


def _about_coverage(value: float, standing: CandidateRank) -> str:
    if standing.n_lower == 0:
        return "Around no candidate do labels cover the pool as well already."
    samples = "sample" if f"{value:.3g}" == "1" else "samples"
    return (
        f"Its label would cover what none covers yet, as much as {value:.3g} {samples}: more than "
        f"that of {standing.than()}."
    )


def _as_subject(names: list[str]) -> str:
    text = enumerated(names)
    return text[0].upper() + text[1:]
