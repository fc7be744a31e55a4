"""Whole studies, timed side by side with what people would otherwise run: `python -m benchmarks`."""
