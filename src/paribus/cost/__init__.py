"""Forecast of a study's time and memory."""
