"""The missing values of a table, by a multivariate normal distribution."""

from __future__ import annotations

import numpy as np

from skactive._engine.blocks import row_blocks

N_ITERATIONS = 12
# Of a column scaled to ±1, the rounding errors of its mean have a smaller standard deviation.
CONSTANT = 1e-12


class NormalCompletion:
    """A normal distribution fitted to the known values of a table, which completes others.

    The parameters are those of the EM algorithm after `N_ITERATIONS`, from independent columns. The
    covariance has a prior: as many further rows as there are columns, with independent columns.

    Parameters
    ----------
    X : ndarray of float64 of shape (n_samples, n_features)
        The table, with NaN for each value that is missing. There may be none in a row or column.

    Attributes
    ----------
    spread : ndarray of shape (n_features,)
        The standard deviation of the known values of each column; their largest absolute value if
        all are equal, and 1 if none is known or all are zero.
    n_known : ndarray of int of shape (n_features,)
        The number of known values of each column.
    """

    def __init__(self, X: np.ndarray) -> None:
        known = ~np.isnan(X)
        n_samples, n_features = X.shape
        self.n_known = known.sum(axis=0)
        largest = np.abs(np.where(known, X, 0.0)).max(axis=0, initial=0.0)
        # Squares of scaled values are finite.
        self._largest = np.where(largest > 0, largest, 1.0)
        count = np.maximum(self.n_known, 1)
        scaled = np.where(known, X / self._largest, 0.0)
        self._center = scaled.sum(axis=0) / count
        squares = np.where(known, (scaled - self._center) ** 2, 0.0)
        deviation = np.sqrt(squares.sum(axis=0) / count)
        self._deviation = np.where(deviation > CONSTANT, deviation, 1.0)
        self.spread = self._deviation * self._largest
        self._mean, self._covariance = np.zeros(n_features), np.eye(n_features)
        Z = self._standardized(X)
        for _ in range(N_ITERATIONS):
            completed, _, covariance = self._conditional(Z)
            self._mean = completed.mean(axis=0)
            centered = completed - self._mean
            total = centered.T @ centered + covariance + n_features * np.eye(n_features)
            self._covariance = total / (n_samples + n_features)

    def complete(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return rows with the expected values of the missing ones, and the variances of these.

        Parameters
        ----------
        X : ndarray of float64 of shape (n_samples, n_features)
            Rows with NaN for missing values.

        Returns
        -------
        completed : ndarray of shape (n_samples, n_features)
            The known values, and the expected values given those of the row.
        variances : ndarray of shape (n_samples, n_features)
            The variance of each expected value given the known values of the row, in units of the
            variance of the known values of its column; 0 for known values.
        """
        Z, variances, _ = self._conditional(self._standardized(X))
        values = (Z * self._deviation + self._center) * self._largest
        return np.where(np.isnan(X), values, X), variances

    def _standardized(self, X: np.ndarray) -> np.ndarray:
        return np.asarray((X / self._largest - self._center) / self._deviation)

    def _conditional(self, Z: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return completed rows, the variances, and the sum of the covariances of the rows."""
        n_features = Z.shape[1]
        completed, variances = Z.copy(), np.zeros(Z.shape)
        total = np.zeros((n_features, n_features))
        diagonal = np.arange(n_features)
        precision = np.linalg.inv(self._covariance)
        incomplete = np.flatnonzero(np.isnan(Z).any(axis=1))
        for block in row_blocks(len(incomplete), 24.0 * n_features**2):
            rows = Z[incomplete[block]]
            known = ~np.isnan(rows)
            # The precision of the missing values, whose inverse is their covariance. The known ones
            # become independent values, so that all matrices have one size.
            matrices = np.where(known[:, :, None] | known[:, None, :], 0.0, precision)
            matrices[:, diagonal, diagonal] = np.where(known, 1.0, np.diag(precision))
            left = np.linalg.inv(matrices)
            left[:, diagonal, diagonal] *= ~known
            residuals = np.where(known, rows - self._mean, 0.0)
            shift = (left @ (residuals @ precision)[:, :, None])[:, :, 0]
            completed[incomplete[block]] = np.where(known, rows, self._mean - shift)
            variances[incomplete[block]] = np.maximum(left[:, diagonal, diagonal], 0.0)
            total += left.sum(axis=0)
        return completed, variances, total
