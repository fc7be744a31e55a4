"""One learning rate for optimizers of different kinds, which need different ones."""

from __future__ import annotations

from collections.abc import Iterator

from paribus.judge.evidence import Evidence
from paribus.judge.results import Finding

__all__ = ["check"]

_FAMILIES = {
    "SGD": "plain gradients",
    "Adadelta": "accumulated steps",
    "Adagrad": "accumulated gradients",
}
"""Optimizer -> what its learning rate multiplies. All others are "adaptive": they divide the gradient
by a moving average of its magnitude."""


def check(study: Evidence) -> Iterator[Finding]:
    """Warn where optimizers of different kinds are compared at one learning rate."""
    rates: dict[float, dict[str, str]] = {}
    for variant in study.plan.variants:
        for name, constants in variant.train.get("optimizer", {}).items():
            rate = constants.get("learning_rate")
            if rate is not None:
                rates.setdefault(rate, {}).setdefault(name, variant.name)
    for rate, names in rates.items():
        kinds = {_FAMILIES.get(name, "adaptive") for name in names}
        if len(kinds) > 1:
            yield Finding(
                check="shared_learning_rate",
                severity="warning",
                where=", ".join(names.values()),
                variants=tuple(names.values()),
                evidence=f"{', '.join(names)} all run at learning_rate {rate:g}",
                advice=(
                    "Give each optimizer a learning rate of its own, found in the same way: what suits one may "
                    "not suit another (Keras's defaults: Adam 0.001, SGD 0.01)."
                ),
            )
