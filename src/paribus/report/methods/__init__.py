"""Texts for a paper: a methods paragraph and two checklists, from what a run knows of itself."""
