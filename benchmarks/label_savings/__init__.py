"""Label savings of query strategies of several packages: `python -m benchmarks.label_savings`."""
