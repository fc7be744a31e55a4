"""Executors, which run trials in worker processes or in this one, and the files that trials write."""
