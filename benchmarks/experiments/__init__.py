"""The article's two experiments on real inputs: `python -m benchmarks.experiments.fruits`."""
