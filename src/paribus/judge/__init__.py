"""Effects, intervals, claims, selection, checks: pure functions of records."""
