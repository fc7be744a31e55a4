"""Readers of tables with one row per image."""
