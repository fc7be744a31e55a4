"""Classification, test and explanation of a user's own images by the trained networks of a run."""
