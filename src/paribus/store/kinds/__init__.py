"""Kinds of stores: one file each, found by itself.

A file defines ``SCHEMES``, the schemes of its URLs, and ``open_database(database, *, read_only=False, study=None)``,
which opens the store of one study; a kind that holds one study for each URL has no use for its name.
"""
