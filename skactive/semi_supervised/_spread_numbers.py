"""Means and standard deviations of numbers that spread along neighbour graphs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from skactive.semi_supervised._evidence import PRIOR_LABELS, mixture_weights
from skactive.semi_supervised._spread_view import SpreadView

# Weight of the mean of all labels at every node. A label adds at least 1 to the mass of its node.
PRIOR = 0.005

# Strengths of the ridge among which the errors of held-out labels choose.
STRENGTHS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)

# The error of a label without itself is its error divided by one minus its leverage, at least this.
LEAST_REST = 1e-3

# Smaller variances of labels, the largest of which is 1, are rounding errors.
LEAST_VARIANCE = 1e-12


@dataclass(frozen=True)
class Moments:
    """Means and second moments of the label of samples, about the mean of all labels.

    Attributes
    ----------
    first, second : ndarray of shape (n,)
        The mean, and the mean of the squares.
    """

    first: np.ndarray
    second: np.ndarray

    @property
    def deviation(self) -> np.ndarray:
        """The standard deviations."""
        return np.sqrt(np.maximum(self.second - np.square(self.first), 0.0))

    def scaled(self, factor: float) -> Moments:
        """Return the moments with variances times a factor."""
        squares = np.square(self.first)
        return Moments(self.first, squares + factor * np.maximum(self.second - squares, 0.0))

    @classmethod
    def mixed(cls, parts: list[Moments], weights: np.ndarray) -> Moments:
        """Return the moments of a mixture."""
        first = sum(weight * part.first for weight, part in zip(weights, parts, strict=True))
        second = sum(weight * part.second for weight, part in zip(weights, parts, strict=True))
        return cls(np.asarray(first), np.asarray(second))


class Numbers:
    """Labels about their mean, in units in which their squares neither overflow nor vanish.

    Parameters
    ----------
    y : ndarray of shape (n_labels,)
        The labels.

    Attributes
    ----------
    centered : ndarray of shape (n_labels,)
        The labels.
    variance : float
        Their variance.
    """

    def __init__(self, y: np.ndarray) -> None:
        largest = float(np.abs(y).max())
        scaled = y / (largest or 1.0)
        self._center = float(scaled.mean())
        self._width = float(np.abs(scaled - self._center).max()) or 1.0
        self._unit = largest or 1.0
        self.centered = (scaled - self._center) / self._width
        self.variance = float(np.square(self.centered).mean())

    def means(self, centered: np.ndarray) -> np.ndarray:
        """Return means in the units of the labels."""
        return np.asarray((self._center + self._width * centered) * self._unit)

    def deviations(self, centered: np.ndarray) -> np.ndarray:
        """Return standard deviations in the units of the labels."""
        return np.asarray(self._width * centered * self._unit)


class SpreadNumbers:
    """Numbers that spread along one graph.

    A label spreads two amounts, 1 and its number, and the mean at a node is their ratio.

    Parameters
    ----------
    view : SpreadView
        The graph.
    nodes : ndarray of int of shape (n_labels,)
        The labelled nodes.
    numbers : Numbers
        Their labels.
    """

    def __init__(self, view: SpreadView, nodes: np.ndarray, numbers: Numbers) -> None:
        lengths, reached, scores = view.spread.contributions(nodes)
        y, n, variance = numbers.centered, len(nodes), numbers.variance
        columns = np.column_stack([np.ones(n), y, np.square(y)])
        starts = np.concatenate([[0], np.cumsum(lengths)])
        spread = sp.csc_matrix((scores, reached, starts), shape=(view.spread.n_nodes, n)) @ columns
        at_nodes = moments(spread, np.zeros(1), variance)
        owners = np.repeat(np.arange(n), lengths)
        is_own = reached == nodes[owners]
        own = np.bincount(owners[is_own], scores[is_own], minlength=n)[:, np.newaxis]
        rest = spread[nodes] - own * columns
        # Without its label, a node that no other label reaches has no mass but that of rounding.
        rest[rest[:, 0] <= 1e-9 * own[:, 0]] = 0.0
        n_rest = max(n - 1, 1)
        means = -y / n_rest
        variances = np.maximum((n * variance - np.square(y)) / n_rest - np.square(means), 0.0)
        held_out = moments(rest, means, variances)
        factor = variance_factor(held_out, y)
        self.nodes, self.held_out = at_nodes.scaled(factor), held_out.scaled(factor)


def variance_factor(held_out: Moments, y: np.ndarray) -> float:
    """Return the factor of variances under which errors of held-out labels are as large.

    Without labels it is 1, which is worth as many labels as a prior of weights.
    """
    squares = np.square(y - held_out.first)
    variances = np.square(held_out.deviation)
    # If all other labels are equal, their variance is 0 or a rounding error.
    is_known = variances > LEAST_VARIANCE
    ratios = np.divide(squares, variances, out=np.ones_like(squares), where=is_known)
    return float((ratios.sum() + PRIOR_LABELS) / (len(y) + PRIOR_LABELS))


def moments(spread: np.ndarray, mean: np.ndarray, variance: np.ndarray | float) -> Moments:
    """Return the moments at nodes from the amounts that labels have spread there.

    Parameters
    ----------
    spread : ndarray of shape (n, 3)
        Sums of the masses of the labels, of masses times labels, and of masses times squares.
    mean, variance : ndarray of shape (n,) or (1,), float
        Those of all labels. The variance counts as one label.
    """
    mass = spread[:, 0]
    within = spread[:, 2] - np.divide(
        np.square(spread[:, 1]), mass, out=np.zeros_like(mass), where=mass > 0
    )
    deviations = (np.maximum(within, 0.0) + variance) / (mass + 1)
    means = (spread[:, 1] + PRIOR * mean) / (mass + PRIOR)
    return Moments(means, deviations + np.square(means))


class NumberHead:
    """A ridge regression from mapped features to numbers.

    Parameters
    ----------
    mapped : ndarray of shape (n_labels, n_mapped)
        The mapped features of the labelled samples.
    numbers : Numbers
        Their labels.

    Attributes
    ----------
    weights : ndarray of shape (n_mapped, 1)
        The coefficients.
    """

    def __init__(self, mapped: np.ndarray, numbers: Numbers) -> None:
        y, center = numbers.centered, mapped.mean(axis=0)
        left, values, right = np.linalg.svd(mapped - center, full_matrices=False)
        products, errors = left.T @ y, []
        for strength in STRENGTHS:
            kept = np.square(values) / (np.square(values) + strength)
            rest = 1 - 1 / len(y) - np.square(left) @ kept
            errors.append((y - left @ (kept * products)) / np.maximum(rest, LEAST_REST))
        best = int(np.argmin(np.square(errors).mean(axis=1)))
        factors = values / (np.square(values) + STRENGTHS[best])
        self.weights = (right.T @ (factors * products))[:, np.newaxis]
        self._shift = float(center @ self.weights[:, 0])
        self._variance = float(np.square(errors[best]).mean())
        self.held_out = self._moments(y - errors[best])

    def moments(self, products: np.ndarray) -> Moments:
        """Return the moments of samples by the products of their mapped features and `weights`."""
        return self._moments(products - self._shift)

    def _moments(self, means: np.ndarray) -> Moments:
        return Moments(means, np.square(means) + self._variance)


def weights_of(parts: list[Moments], numbers: Numbers, prior: np.ndarray) -> np.ndarray:
    """Return the weights of a mixture under which held-out labels are most probable.

    Parameters
    ----------
    parts : list of Moments
        For each part of the mixture, the moments of each label, predicted without itself. Labels
        are normally distributed.
    numbers : Numbers
        The labels.
    prior : ndarray of shape (n_parts,)
        The weights without labels.
    """
    if numbers.variance == 0 or len(parts) == 1:
        return prior
    densities = []
    for part in parts:
        deviation = np.maximum(part.deviation, np.finfo(np.float64).eps)
        errors = (numbers.centered - part.first) / deviation
        densities.append(np.exp(-np.square(errors) / 2) / deviation)
    return mixture_weights(np.column_stack(densities), prior)


@dataclass(frozen=True)
class Results:
    """What follows from all labels, until one of them changes.

    Attributes
    ----------
    numbers : Numbers
        The labels.
    spread : Moments
        The spread labels of all nodes.
    graph_weights : ndarray of shape (n_graphs,)
        The weight of each graph in them.
    head : NumberHead or None
        The regression.
    head_weight : float
        Its weight in predictions.
    held_out_spread, held_out : Moments
        The spread labels and the predictions of the labelled nodes, each without its own label.
    """

    numbers: Numbers
    spread: Moments
    graph_weights: np.ndarray
    head: NumberHead | None
    head_weight: float
    held_out_spread: Moments
    held_out: Moments

    def spread_at(self, nodes: np.ndarray) -> np.ndarray:
        """Return both moments of the spread labels at nodes, shape (n, 2)."""
        return np.column_stack([self.spread.first[nodes], self.spread.second[nodes]])

    def rows(self, of: Moments, places: Any) -> np.ndarray:
        """Return means and standard deviations in the units of the labels, shape (n, 2)."""
        some, numbers = Moments(of.first[places], of.second[places]), self.numbers
        return np.column_stack([numbers.means(some.first), numbers.deviations(some.deviation)])
