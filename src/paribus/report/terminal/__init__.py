"""The results in a terminal."""
