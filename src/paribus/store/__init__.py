"""Storage of results in a SQL database."""
