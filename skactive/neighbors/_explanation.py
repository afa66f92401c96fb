"""The explanation of a prediction by labelled samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skactive._text import aligned, counted, label_text

# Number of predictions, and of labelled samples of one prediction, that the text shows.
N_ROWS_SHOWN = 20
N_VOTES_SHOWN = 3
NAME_WIDTH = 20
VOTE_WIDTH, VOTES_WIDTH = 12, 60


@dataclass(frozen=True, repr=False)
class VoteExplanation:
    """The labelled samples behind each prediction, with their shares of the vote.

    The probability of a class is the sum of `shares` over the neighbours of the class, plus its
    part of the prior. A uniform prior adds `prior_share` divided by the number of classes to each.
    The prediction of a regressor is the mean of `labels` weighted by `shares`, without a prior.

    Attributes
    ----------
    predictions : ndarray of shape (n_queries,)
        The predicted labels.
    indices : ndarray of int of shape (n_queries, n_neighbors)
        The ids of the labelled samples that voted, as `kneighbors` returns them, nearest first.
        For label spreading, the ids of all labelled samples, largest share first.
    labels : ndarray of shape (n_queries, n_neighbors)
        Their labels.
    distances : ndarray of shape (n_queries, n_neighbors)
        Their distances to the query.
    shares : ndarray of shape (n_queries, n_neighbors)
        Their shares of the vote, in [0, 1]. The shares of a row and its `prior_share` sum to 1.
    prior_share : ndarray of shape (n_queries,)
        The share of the prior, in [0, 1]. For nearest neighbours it depends on
        `smoothing` and is larger if the neighbours are old (`half_life`); for label spreading it
        is larger if little of the labels spreads to the sample, and includes class descriptions.
    prior_name : str
        What has this share.
    """

    predictions: np.ndarray
    indices: np.ndarray
    labels: np.ndarray
    distances: np.ndarray
    shares: np.ndarray
    prior_share: np.ndarray
    prior_name: str = "uniform prior"

    def __repr__(self) -> str:
        """Return the labelled samples of one prediction, or a line for each of several."""
        n_queries = len(self.predictions)
        if n_queries == 0:
            return "no predictions"
        return self._of_one() if n_queries == 1 else self._of_several()

    def _of_one(self) -> str:
        shown = self._largest(0, N_ROWS_SHOWN)
        rows = [["labelled sample", "label", "distance", "share"]]
        for place in shown.tolist():
            index, label, share = self._vote(0, place, NAME_WIDTH)
            rows.append([index, label, f"{self.distances[0, place]:.4g}", share])
        lines = [self._headline(), ""]
        if len(shown):
            lines.append(aligned(rows, n_left=2))
        rest = np.delete(self.shares[0], shown)
        if len(rest):
            more = f"{'more ' if len(shown) else ''}labelled sample"
            lines.append(f"{counted(len(rest), more)}: {_percent(rest.sum()) or 'less than 1%'}")
        if prior := _percent(self.prior_share[0]):
            lines.append(f"{self.prior_name}: {prior}")
        return "\n".join(lines)

    def _of_several(self) -> str:
        rows = [["row", "prediction", "largest shares of labelled samples"]]
        for query, prediction in enumerate(self.predictions[:N_ROWS_SHOWN].tolist()):
            shown = self._largest(query, N_VOTES_SHOWN)
            votes = [self._vote(query, place, VOTE_WIDTH) for place in shown.tolist()]
            text = "" if votes or not self.shares.shape[1] else "each less than 1%"
            for index, label, share in votes:
                longer = f"{text}{', ' if text else ''}{index} ({label}) {share}"
                text = longer if len(longer) <= VOTES_WIDTH else text
            rows.append([str(query), label_text(prediction, VOTE_WIDTH), text])
        n_more = len(self.predictions) - N_ROWS_SHOWN
        lines = [self._headline(), "", aligned(rows, n_left=3)]
        return "\n".join(lines + [f"{n_more:,} more predictions"] * (n_more > 0))

    def _headline(self) -> str:
        n_labeled = self.shares.shape[1]
        samples = "1 labelled sample" if n_labeled == 1 else f"{n_labeled:,} labelled samples"
        if len(self.predictions) > 1:
            return f"{len(self.predictions):,} predictions, each from {samples}"
        prediction = label_text(self.predictions.tolist()[0], 2 * NAME_WIDTH)
        return f"predicted: {prediction}, from {samples}"

    def _largest(self, query: int, n: int) -> np.ndarray:
        """Return the places of the largest shares, without those that are shown as 0%."""
        largest = np.argsort(-self.shares[query], kind="stable")[:n]
        return np.array([one for one in largest if _percent(self.shares[query, one])], dtype=int)

    def _vote(self, query: int, place: int, width: int) -> tuple[str, str, str]:
        index, label = self.indices[query, place], self.labels[query : query + 1, place].tolist()[0]
        return str(index), label_text(label, width), _percent(self.shares[query, place])


def _percent(share: float) -> str:
    """Return a share as text, empty if it would be 0%."""
    text = f"{share:.0%}"
    return "" if text in ("0%", "-0%") else text
