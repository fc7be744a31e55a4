"""Confidence intervals, contrasts of variants, and tests."""
