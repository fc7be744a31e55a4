"""From a study to a plan."""
