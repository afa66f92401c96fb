"""Why a candidate is worth asking about, in sentences for the person who labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from skactive._engine.candidate_rank import CandidateRank, enumerated


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
        if getattr(term.measure, "about_labeled", False) and nearest_labeled is not None:
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
    sentence = getattr(measure, "sentence", None)
    own = None if sentence is None else sentence(value, standing, posterior)
    if own is not None:
        return str(own)
    what = f"Its {name}" if name != type(measure).__name__ else f"What {name} makes of it"
    if standing.n_lower == 0:
        return f"{what}, {value:.4g}, is the lowest of all candidates."
    return f"{what}, {value:.4g}, is more than that of {standing.than()}."


def _as_subject(names: list[str]) -> str:
    text = enumerated(names)
    return text[0].upper() + text[1:]
