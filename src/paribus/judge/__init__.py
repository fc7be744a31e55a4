"""Statistics of a study (intervals, effects, claims, selection, checks) as pure functions of records."""
