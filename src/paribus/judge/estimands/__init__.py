"""Estimands of claims: the quantity that is compared over seeds, with its test and its interval.

``learned`` and ``mean`` are means of a contrast (`means`), ``wins`` and ``collapse`` count seeds
(`signs`). `measure` chooses between them.
"""
