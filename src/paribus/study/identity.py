"""Identity of trials: a hash of everything that can change a trial's result."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping

from paribus.data.spec import READING
from paribus.records import FitOn, Plan, Trial, Variant

__all__ = ["canonical_json", "make_trial", "plan_trials"]


def canonical_json(value: object) -> str:
    """Return canonical JSON, equal for equal values: sorted keys, no spaces.

    Example:
        >>> canonical_json({"b": 1, "a": [1.5, None]})
        '{"a":[1.5,null],"b":1}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def make_trial(
    variant: Variant, seed: int, fit_on: FitOn, *, data_fingerprint: str, engine_version: int
) -> Trial:
    """Return a trial with its identity, a SHA-256 of 64 hexadecimal digits.

    The identity does not include names of variants and levels, claims, or the number of seeds, so
    that adding seeds or variants, or renaming them, does not retrain existing trials.

    Args:
        variant: the resolved variant.
        seed: seed of the trial.
        fit_on: split or splits to train on.
        data_fingerprint: fingerprint of the variant's data set.
        engine_version: version of the training arithmetic, see `paribus.engine.provenance.version`.
    """
    data = {k: v for k, v in variant.data.items() if k not in ("source", *READING)}
    content = {
        "engine": engine_version,
        "fingerprint": data_fingerprint,
        "data": data,
        "model": dict(variant.model),
        "train": dict(variant.train),
        "seed": seed,
        "fit_on": fit_on,
    }
    digest = hashlib.sha256(canonical_json(content).encode()).hexdigest()
    return Trial(digest, variant, seed, fit_on)


def plan_trials(
    plan: Plan, fingerprints: Mapping[str, str], version_of: Callable[[Variant], int]
) -> tuple[Trial, ...]:
    """Return all trials of a plan, ordered by seed, then variant.

    Args:
        plan: the expanded study.
        fingerprints: variant name -> fingerprint of its data set.
        version_of: function that returns the version of the training arithmetic for a variant.
    """
    return tuple(
        make_trial(
            variant,
            seed,
            "train",
            data_fingerprint=fingerprints[variant.name],
            engine_version=version_of(variant),
        )
        for seed in plan.seeds
        for variant in plan.variants
    )
