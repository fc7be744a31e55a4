"""Selection of the stored trials that belong to a plan; a folder may contain trials of other settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from paribus.records import Plan, StoredTrial, Trial, Variant
from paribus.study.identity import make_trial, plan_trials

__all__ = ["own_trials", "refit_of"]


def own_trials(
    plan: Plan,
    trials: Sequence[StoredTrial],
    fingerprints: Mapping[str, str],
    versions: Mapping[str, int],
) -> tuple[StoredTrial, ...]:
    """Return the trials that a plan asks for, and refits that follow from them.

    Args:
        plan: the study.
        trials: all stored trials, including those of other settings.
        fingerprints: variant name -> fingerprint of its data.
        versions: variant name -> version of the arithmetic; empty where an earlier version of the
            program did not write it down: then names and seeds decide, as they did there.
    """
    if not versions:
        return tuple(trials)
    planned = {
        trial.identity: trial
        for trial in plan_trials(plan, fingerprints, lambda variant: versions[variant.name])
    }
    first = [item for item in trials if item.identity in planned]
    refits = {
        refit_of(
            planned[item.identity],
            item,
            data_fingerprint=fingerprints[item.variant],
            engine_version=versions[item.variant],
        ).identity
        for item in first
        if item.status == "done"
    }
    return tuple(item for item in trials if item.identity in planned or item.identity in refits)


def refit_of(
    trial: Trial, stored: StoredTrial, *, data_fingerprint: str, engine_version: int
) -> Trial:
    """Return the refit of a trial: same seed, training and validation images, number of epochs kept.

    Args:
        trial: trial of the plan.
        stored: the stored trial, with the number of epochs kept.
        data_fingerprint: fingerprint of its data.
        engine_version: version of the arithmetic.
    """
    kept = stored.observed.kept_epoch
    train: dict[str, Any] = {
        **trial.variant.train,
        "epochs": stored.epochs if kept is None else kept,
        "early_stopping": None,
        "checkpoint": "last",
    }
    variant: Variant = replace(trial.variant, train=train)
    return make_trial(
        variant,
        trial.seed,
        "train+validation",
        data_fingerprint=data_fingerprint,
        engine_version=engine_version,
    )
