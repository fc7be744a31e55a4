"""Checks: one file each. A check looks at the evidence of a study, and yields findings.

A module in this folder that defines ``check(study)`` is found by itself.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator

from ceteris.judge.evidence import Evidence
from ceteris.judge.results import Finding

__all__ = ["all_checks", "run_checks"]

Check = Callable[[Evidence], Iterator[Finding]]
_ORDER = ("error", "warning", "note")


def all_checks() -> dict[str, Check]:
    """Return every check by the name of its file."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return {name: importlib.import_module(f"{__name__}.{name}").check for name in names}


def run_checks(study: Evidence) -> tuple[Finding, ...]:
    """Run every check; errors come first."""
    found = [finding for check in all_checks().values() for finding in check(study)]
    return tuple(sorted(found, key=lambda finding: _ORDER.index(finding.severity)))
