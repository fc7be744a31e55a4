"""Checks, one file each. A check is a function from the `Evidence` of a study to `Finding`s.

Every module in this folder, or in one below, is imported, and must define ``check(study)``; there is no
list to edit.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator

from paribus.judge.evidence import Evidence
from paribus.judge.results import Finding

__all__ = ["all_checks", "run_checks"]

Check = Callable[[Evidence], Iterator[Finding]]
_ORDER = ("error", "warning", "note")
_DEPTH = {
    **dict.fromkeys(("contradicted_labels", "dead_units", "vanishing_gradients"), 1),
    **dict.fromkeys(
        (
            "at_chance",
            "failed_trials",
            "late_ranking",
            "not_converged",
            "overfitting",
            "underfitting",
        ),
        2,
    ),
}
"""Check -> causal depth, by which findings are sorted: 0 (default) for causes in the settings or the
data, 1 for effects inside the network, 2 for the resulting scores."""


def all_checks() -> dict[str, Check]:
    """Return every check by the name of its file."""
    found = {}
    for item in pkgutil.walk_packages(__path__, f"{__name__}."):
        if not item.ispkg:
            found[item.name.rpartition(".")[2]] = importlib.import_module(item.name).check
    return dict(sorted(found.items()))


def run_checks(study: Evidence) -> tuple[Finding, ...]:
    """Run every check; findings are sorted by severity, errors first, then causes before symptoms."""
    found = [finding for check in all_checks().values() for finding in check(study)]
    return tuple(sorted(found, key=_rank))


def _rank(finding: Finding) -> tuple[int, int]:
    return _ORDER.index(finding.severity), _DEPTH.get(finding.check, 0)
