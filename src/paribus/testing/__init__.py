"""Contracts as tests, for those who add a part to paribus: the package itself imports nothing of this.

A contract is a class without a base, whose methods are tests. A subclass says how to make the part, and any
test runner that gives each method a folder of its own as ``tmp_path`` can run it; pytest does so by itself.
"""
