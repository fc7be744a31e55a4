"""Runs: training of missing trials, selection, refit, test, and the output folder."""
