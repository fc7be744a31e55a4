"""Checks of how single variants were trained."""
