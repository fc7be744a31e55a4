"""Executors by name. A module of this package that defines ``EXECUTOR`` is found without registration."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache

from paribus import execute
from paribus.errors import Problem, StudyError, did_you_mean
from paribus.execute.executor import MakesExecutor

__all__ = ["executor_named", "executors"]


@cache
def executors() -> Mapping[str, MakesExecutor]:
    """Return name of a module in this package -> the class of executors that it defines."""
    found: dict[str, MakesExecutor] = {}
    for name in sorted(module.name for module in pkgutil.iter_modules(execute.__path__)):
        module = importlib.import_module(f"{execute.__name__}.{name}")
        if hasattr(module, "EXECUTOR"):
            found[name] = module.EXECUTOR
    return found


def executor_named(name: str) -> MakesExecutor:
    """Return the class of executors with a name.

    Args:
        name: name of its module, for example ``processes``.

    Raises:
        StudyError: no class of executors has that name.
    """
    known = executors()
    if name not in known:
        rule = f"must be one of {', '.join(known)}"
        raise StudyError(Problem("--on", rule, repr(name), did_you_mean(name, known)))
    return known[name]
