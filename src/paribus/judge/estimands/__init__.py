"""Estimands of claims: what exactly is compared over seeds, how it is tested, and its interval.

``learned`` and ``mean`` are means of a contrast (`means`), ``wins`` and ``collapse`` count seeds
(`signs`). `measure` chooses between them.
"""
