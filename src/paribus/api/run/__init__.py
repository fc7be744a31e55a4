"""Running a study: from what is missing to results."""
