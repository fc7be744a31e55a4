"""Checks of what is compared, and how."""
