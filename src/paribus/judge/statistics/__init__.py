"""Intervals, contrasts and tests."""
