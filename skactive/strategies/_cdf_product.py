"""The product of measures of any scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from skactive._engine.largest_product import largest_product
from skactive._engine.quantile_bins import DistributionFactor
from skactive._text import shown
from skactive._validation import check_measure, check_number, checked_utilities
from skactive.base import PoolView
from skactive.measures import Diversity, InformationDensity, Measure, TargetUncertainty
from skactive.strategies._base import QueryStrategy
from skactive.strategies._utility_component import UtilityComponent


class CDFProduct(QueryStrategy):
    """Choose candidates that are uncertain, in a dense region and unlike those picked before.

    Measures have different scales. Each value is therefore replaced by the share of the candidates
    with a lower value: measure m of candidate x becomes F(m(x)) = P(m < m(x)), the empirical
    distribution over the candidates. The utility is the product Π F_j(m_j(x))^w_j, in [0, 1]. No
    strictly increasing rescaling of a measure changes the choice. A measure that is the same for
    all candidates has the factor 1, so that a query without any label depends on density alone.

    Parameters
    ----------
    measures : list of (str, Measure), default=None
        The measures and their names. None takes ``[("uncertainty", TargetUncertainty()),
        ("density", InformationDensity()), ("diversity", Diversity())]``.
    weights : dict of str to float, default=None
        The exponent of each factor, at least 0, by the name of its measure; 1 for those not
        named. A weight of 0 leaves a measure out.
    random_state : int, RandomState instance or None, default=None
        None breaks ties by position; otherwise they are broken at random.

    See Also
    --------
    UncertaintySampling : Uses uncertainty alone.

    Notes
    -----
    Parameters of the measures are addressed by their names, as in a Pipeline:
    ``set_params(density__metric="euclidean", weights={"uncertainty": 2.0})``, and a measure is
    replaced by ``set_params(density=...)``. A grid or a distribution of a single weight is named
    ``weights__density``.

    Cost for each sample chosen: that of the measures, and O(n_candidates) to find the candidates
    that can have the largest product, which alone are ranked; `utilities` and `factors` sort each
    measure, O(n_candidates log n_candidates).

    References
    ----------
    B. Settles and M. Craven, "An analysis of active learning strategies for sequence labeling
    tasks", EMNLP 2008, for information density as a factor.

    Examples
    --------
    >>> from skactive import Pool
    >>> from skactive.neighbors import IncrementalKNeighborsClassifier
    >>> from skactive.strategies import CDFProduct
    >>> pool = Pool([[1, 0], [0, 1], [3, 1], [1, 1]], estimator=IncrementalKNeighborsClassifier())
    >>> strategy = CDFProduct(weights={"uncertainty": 2.0})
    >>> strategy.select(pool)[0]
    array([3])
    >>> strategy.set_params(density__metric="euclidean").get_params()["density__metric"]
    'euclidean'
    """

    partition_rule = "product"

    def __init__(
        self,
        measures: Sequence[tuple[str, Measure]] | None = None,
        weights: Mapping[str, float] | None = None,
        *,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        super().__init__(random_state=random_state)
        self.measures = measures
        self.weights = weights

    def utilities(self, pool: PoolView) -> np.ndarray:
        product = np.ones(pool.n_candidates)
        for factor in self.factors(pool).values():
            product *= factor
        return product

    def factors(self, pool: PoolView) -> dict[str, np.ndarray]:
        """Return the factor of each measure.

        Parameters
        ----------
        pool : PoolView
            The candidates to choose from. It is not changed.

        Returns
        -------
        factors : dict of str to ndarray of shape (n_candidates,)
            F_j(m_j(x))^w_j by the name of the measure, in [0, 1].
        """
        return {name: factor.all() for name, factor in self.distribution_factors(pool).items()}

    def distribution_factors(self, pool: PoolView) -> dict[str, DistributionFactor]:
        """Return the factor of each measure, computed when it is read.

        Parameters
        ----------
        pool : PoolView
            The candidates to choose from. It is not changed.

        Returns
        -------
        factors : dict of str to DistributionFactor
            By the name of the measure.
        """
        weights = self.exponents()
        return {
            name: DistributionFactor(
                checked_utilities(f"The measure {name!r}", measure.utilities(pool), pool),
                weights[name],
            )
            for name, measure in self._named_measures()
        }

    def exponents(self) -> dict[str, float]:
        """Return the checked weight of every measure.

        Returns
        -------
        exponents : dict of str to float
            By the name of the measure.
        """
        measures = self._checked_measures()
        if not isinstance(self.weights, Mapping | None):
            raise TypeError(
                "The 'weights' parameter of CDFProduct must be a dict from names of measures to "
                f"numbers, or None. Got {shown(self.weights)} instead."
            )
        weights = dict(self.weights or {})
        unknown = sorted(set(weights) - set(measures))
        if unknown:
            raise ValueError(
                f"The 'weights' parameter of CDFProduct names {unknown[0]!r}, which is not one "
                f"of its measures: {list(measures)}."
            )
        return {
            name: check_number(self, f"weights[{name!r}]", weights.get(name, 1.0))
            for name in measures
        }

    def terms(self, pool: PoolView) -> dict[str, UtilityComponent]:
        if not self._is_plain():
            return super().terms(pool)
        measures = dict(self._named_measures())
        return {
            name: UtilityComponent(measures[name], factor.utilities, factor.all(), factor.weight)
            for name, factor in self.distribution_factors(pool).items()
        }

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters, with the weights and parameters of the measures by their names.

        Parameters
        ----------
        deep : bool, default=True
            Whether to add the measures and their parameters.

        Returns
        -------
        params : dict of str to object
            The parameters.
        """
        params: dict[str, Any] = super().get_params(deep=False)
        if deep:
            for name, measure in self._named_measures():
                params[name] = measure
                params |= {f"{name}__{key}": value for key, value in measure.get_params().items()}
                if isinstance(self.weights, Mapping | None):
                    params[f"weights__{name}"] = (self.weights or {}).get(name, 1.0)
        return params

    def set_params(self, **params: Any) -> CDFProduct:
        """Set parameters, those of the measures by their names.

        Parameters
        ----------
        **params : dict
            Such as ``weights={"density": 0.5}``, ``weights__density=0.5``, which leaves the other
            weights as they are, ``density__metric="euclidean"`` or
            ``density=InformationDensity("euclidean")``.

        Returns
        -------
        self : CDFProduct
            The strategy.
        """
        taken = list(super().get_params(deep=False))
        own = {name: params.pop(name) for name in list(params) if name in taken}
        super().set_params(**own)
        if not params:
            return self
        measures = dict(self._named_measures())
        prefix = "weights__"
        weights = {name: params.pop(prefix + name) for name in measures if prefix + name in params}
        if weights:
            self.weights = {**(self.weights or {}), **weights}
        if not params:
            return self
        for name in [name for name in params if name in measures]:
            measures[name] = params.pop(name)
        nested: dict[str, dict[str, Any]] = {}
        for key, value in params.items():
            name, delimiter, parameter = key.partition("__")
            if not delimiter or name not in measures:
                raise ValueError(
                    f"Invalid parameter {key!r} for CDFProduct. Its own parameters are "
                    f"{sorted(taken)} and its measures {sorted(measures)}."
                )
            nested.setdefault(name, {})[parameter] = value
        for name, values in nested.items():
            measures[name].set_params(**values)
        self.measures = list(measures.items())
        return self

    def best(self, batch: PoolView) -> tuple[np.ndarray, float]:
        if not self._is_plain():
            return super().best(batch)
        return largest_product(list(self.distribution_factors(batch).values()), batch.n_candidates)

    def _is_plain(self) -> bool:
        # The override of a subclass replaces the product of the plain factors.
        return all(
            getattr(type(self), name) is getattr(CDFProduct, name)
            for name in ("utilities", "factors")
        )

    def _named_measures(self) -> list[tuple[str, Measure]]:
        if self.measures is None:
            return [
                ("uncertainty", TargetUncertainty()),
                ("density", InformationDensity()),
                ("diversity", Diversity()),
            ]
        given = self.measures
        if isinstance(given, Sequence) and not isinstance(given, str):
            pairs = [one if isinstance(one, tuple | list) else () for one in given]
            if all(len(pair) == 2 and isinstance(pair[0], str) for pair in pairs):
                return [
                    (name, check_measure(self, f"measures[{place}][1]", measure))
                    for place, (name, measure) in enumerate(pairs)
                ]
        raise TypeError(
            "The 'measures' parameter of CDFProduct must be a list of pairs, such as "
            f"[('density', InformationDensity())]. Got {shown(given)} instead."
        )

    def _checked_measures(self) -> dict[str, Measure]:
        measures = self._named_measures()
        names = [name for name, _ in measures]
        if not names or len(set(names)) < len(names):
            raise ValueError(f"CDFProduct needs measures with different names. Got {names}.")
        # Listing the parameters would take as long as a sort.
        taken = vars(self)
        reserved = sorted(name for name in names if name in taken or "__" in name)
        if reserved:
            raise ValueError(
                f"A measure of CDFProduct cannot be named {reserved[0]!r}: this name is a "
                "parameter of CDFProduct or has two underscores. Hint: choose another name."
            )
        return dict(measures)
