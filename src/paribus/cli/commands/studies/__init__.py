"""Commands that take a study file."""
