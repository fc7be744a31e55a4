"""Trained networks on images that somebody brings along."""
