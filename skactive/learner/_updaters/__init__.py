"""How an estimator learns from answers."""
