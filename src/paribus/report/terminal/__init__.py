"""Output of results to a terminal: tables, text charts, findings."""
