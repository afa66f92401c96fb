"""What skactive claims of its speed and memory, measured: `python -m benchmarks`."""
