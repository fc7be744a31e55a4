"""Alembic's scripts: from each released schema to the next."""
