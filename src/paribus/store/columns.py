"""Tables of the database. Numbers that may be NaN are stored as JSON text, since SQLite stores NaN as NULL.

``seal`` is the checksum of a row (see `paribus.store.rows`).
"""

from __future__ import annotations

from sqlalchemy import Column, Float, ForeignKey, Integer, MetaData, String, Table, Text

__all__ = ["epochs", "looks", "metadata", "registrations", "trials"]

metadata = MetaData()

registrations = Table(
    "registration",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("study", Text, nullable=False),
    Column("content", String(64), nullable=False, unique=True),
    Column("study_yaml", Text, nullable=False),
    Column("manifest", Text, nullable=False),
    Column("at", String(40), nullable=False),
)

trials = Table(
    "trial",
    metadata,
    Column("identity", String(64), primary_key=True),
    Column("variant", Text, nullable=False),
    Column("levels", Text, nullable=False),
    Column("seed", Integer, nullable=False),
    Column("fit_on", String(20), nullable=False),
    Column("status", String(10), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("epochs", Integer, nullable=False),
    Column("wall_seconds", Float, nullable=False),
    Column("metrics", Text, nullable=False),
    Column("reason", Text),
    Column("first_nonfinite", Text),
    Column("observed", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("seal", String(64)),
)

epochs = Table(
    "epoch",
    metadata,
    Column("identity", String(64), ForeignKey("trial.identity"), primary_key=True),
    Column("epoch", Integer, primary_key=True),
    Column("metrics", Text, nullable=False),
    Column("wall_seconds", Float, nullable=False),
    Column("samples_per_second", Float, nullable=False),
    Column("learning_rate", Float, nullable=False),
    Column("seal", String(64)),
)

looks = Table(
    "look",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("identity", String(64), ForeignKey("trial.identity"), nullable=False),
    Column("variant", Text, nullable=False),
    Column("seed", Integer, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("at", String(40), nullable=False),
    Column("seal", String(64)),
)
