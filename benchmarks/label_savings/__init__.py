"""How many labels each strategy of the field saves: `python -m benchmarks.label_savings`."""
