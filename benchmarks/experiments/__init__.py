"""The two experiments of the article on real data: `python -m benchmarks.experiments.fruits`."""
