"""Kinds of stores: one file each, with ``SCHEMES`` of its URLs and ``open_database``."""
