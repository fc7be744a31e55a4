"""Alembic's migration scripts: from each released schema to the next."""
