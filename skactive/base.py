"""The contracts that pools, estimators, targets and stores keep."""

__all__: list[str] = []
