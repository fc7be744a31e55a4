"""Looks into trained networks, and measurements of the engine."""
