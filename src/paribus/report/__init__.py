"""What was found, as tables, charts and one HTML page."""
