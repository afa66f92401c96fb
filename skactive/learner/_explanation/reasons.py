"""The reasons for a query, in sentences for an annotator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from skactive._engine.candidate_rank import CandidateRank, enumerated


def sentences_of(
    name: str,
    whole: CandidateRank,
    terms: Sequence[tuple[str, Any, float, CandidateRank]],
    *,
    strategy: Any,
    n_labeled: int,
    posterior: tuple[Sequence[Any], Sequence[float]],
    nearest_labeled: str | None,
) -> tuple[str, ...]:
    """Return the sentences: the rank first, then the measures by their ranks.

    Parameters
    ----------
    name : str
        The name of the sample.
    whole : CandidateRank
        Its rank by utility.
    terms : sequence of (name, UtilityComponent, value, CandidateRank)
        The components of the utility, each with the value and the rank of the candidate.
    strategy : QueryStrategy
        The strategy.
    n_labeled : int
        Number of labels that are known.
    posterior : tuple of (classes, probabilities)
        Most probable first; both empty without a posterior.
    nearest_labeled : str or None
        The nearest labelled sample and its label.
    """
    sentences = [f"{name} {whole.place()}{_ending(strategy, whole, has_terms=bool(terms))}."]
    if n_labeled == 0:
        sentences.append("No sample is labelled yet.")
    constant, left_out, varying = [], [], []
    for term in terms:
        if term[1].weight == 0:
            left_out.append(term[0])
        elif term[3].is_shared_by_all:
            constant.append(term[0])
        else:
            varying.append(term)
    varying.sort(key=lambda term: term[3].share_lower, reverse=True)
    for component_name, component, value, rank in varying:
        sentences.append(_sentence(component_name, component.measure, value, rank, posterior))
        if getattr(component.measure, "about_labeled", False) and nearest_labeled is not None:
            sentences.append(f"The nearest labelled sample is {nearest_labeled}.")
    if len(varying) > 1 and whole.rank == 1 and whole.n_tied == 0:
        sentences.append("Taken together, these reasons make it the first choice.")
    if constant and whole.n_candidates > 1:
        have, each = ("has", "it") if len(constant) == 1 else ("have", "each")
        sentences.append(
            f"{_as_subject(constant)} {have} no effect: {each} is the same for all unlabelled "
            "samples."
        )
    if left_out:
        fact = (
            "is left out: its weight is"
            if len(left_out) == 1
            else "are left out: their weights are"
        )
        sentences.append(f"{_as_subject(left_out)} {fact} 0.")
    return tuple(sentences)


def _ending(strategy: Any, whole: CandidateRank, *, has_terms: bool) -> str:
    if whole.n_candidates == 1:
        return ""
    if not has_terms:
        return f": {type(strategy).__name__} chooses at random"
    if whole.rank > 1 or whole.n_tied == 0:
        return ""
    way = "by position" if getattr(strategy, "random_state", None) is None else "at random"
    return f", and ties are broken {way}"


def _sentence(
    name: str,
    measure: Any,
    value: float,
    rank: CandidateRank,
    posterior: tuple[Sequence[Any], Sequence[float]],
) -> str:
    sentence = getattr(measure, "sentence", None)
    own = None if sentence is None else sentence(value, rank, posterior)
    if own is not None:
        return str(own)
    what = f"Its {name}" if name != type(measure).__name__ else f"Its value by {name}"
    if rank.n_lower == 0:
        return f"{what}, {value:.4g}, is the lowest of all unlabelled samples."
    return f"{what}, {value:.4g}, is higher than that of {rank.than()}."


def _as_subject(names: list[str]) -> str:
    text = enumerated(names)
    return text[0].upper() + text[1:]
