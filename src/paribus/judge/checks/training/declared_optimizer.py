"""Trials trained with another optimizer, or other constants, than the settings declare."""

from __future__ import annotations

from collections.abc import Iterator

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
            ran = ", ".join(f"{key} {value}" for key, value in {**said, **used}.items())
            yield Finding(
                check="declared_optimizer",
                severity="error",
                where=f"{variant.name}, seed {trial.seed}",
                variants=(variant.name,),
                evidence=f"declared {name}{constants or ''}, ran {seen.name} ({ran})",
                advice="Its results belong to the optimizer that ran; train the variant again.",
            )
            break
