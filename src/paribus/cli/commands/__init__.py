"""Commands: one file each, found by itself. It defines ``command``, named after the file, and ``ORDER`` in the help."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

__all__ = ["commands"]


def commands() -> dict[str, ModuleType]:
    """Return name -> module of every command, in the order of the help."""
    found = {}
    for item in pkgutil.walk_packages(__path__, f"{__name__}."):
        if not item.ispkg:
            found[item.name.rpartition(".")[2]] = importlib.import_module(item.name)
    return dict(sorted(found.items(), key=lambda item: item[1].ORDER))
