"""Trials trained with another optimizer, or other constants, than the settings declare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from paribus.judge.evidence import Evidence
from paribus.judge.reading import done_trials
from paribus.judge.results import Finding

__all__ = ["check"]


def check(study: Evidence) -> Iterator[Finding]:
    """Compare the class and constants read from the optimizer object with the variant's settings."""
    plan, trials = study.plan, study.trials
    done = done_trials(plan, trials)
    for variant in plan.variants:
        for trial in done.get(variant.name, []):
            seen = trial.observed.optimizer
            declared = variant.train.get("optimizer")
            if not seen or not declared:
                continue
            name, constants = next(iter(declared.items()))
            used = seen.constants
            wrong = {k: v for k, v in constants.items() if k in used and used[k] != v}
            if seen.name == name and not wrong:
                continue
            said = {"formulas": seen.formulas} if seen.formulas else {}
            ran = _called(seen.name, {**said, **used})
            yield Finding(
                check="declared_optimizer",
                severity="error",
                where=f"{variant.name}, seed {trial.seed}",
                variants=(variant.name,),
                evidence=f"declared {_called(name, constants)}, ran {ran}",
                advice="Train the variant again: its results are those of the optimizer that ran.",
            )
            break


def _called(name: str, constants: Mapping[str, Any]) -> str:
    """Return an optimizer with its constants: ``SGD (learning_rate 0.01)``."""
    said = ", ".join(f"{key} {value}" for key, value in constants.items())
    return f"{name} ({said})" if said else name
