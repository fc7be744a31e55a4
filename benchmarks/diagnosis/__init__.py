"""Whether checks name the mistake that a study has, and are silent where it has none."""
