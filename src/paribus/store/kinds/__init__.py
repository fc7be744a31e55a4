"""Kinds of stores: one module each, which defines ``SCHEMES`` (of URLs) and ``open_database``."""
