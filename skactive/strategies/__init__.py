"""Which samples next? Query strategies, as objects that modAL calls and grids tune."""

from skactive._public import present
from skactive.strategies._base import QueryStrategy
from skactive.strategies._cdf_product import CDFProduct
from skactive.strategies._random import RandomSampling
from skactive.strategies._term import Term
from skactive.strategies._uncertainty import UncertaintySampling
from skactive.strategies._uncertainty_herding import UncertaintyHerding

__all__ = [
    "CDFProduct",
    "QueryStrategy",
    "RandomSampling",
    "Term",
    "UncertaintyHerding",
    "UncertaintySampling",
]

present(__name__)
