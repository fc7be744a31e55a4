"""Training settings at random: one function an optimizer and a schedule that the registries hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.fuzz.drawing.randomness import Randomness

__all__ = ["LOSSES", "drawn_training"]

Settings = dict[str, Any]
LOSSES = (
    "categorical_crossentropy",
    "sparse_categorical_crossentropy",
    "mean_squared_error",
    "half_squared_error",
    "binary_crossentropy",
)


def drawn_training(draw: Randomness, profile: str) -> Settings:
    """Return everything but the number of epochs."""
    optimizer = draw.choice(list(OPTIMIZERS))
    arguments = OPTIMIZERS[optimizer](draw, profile)
    if draw.chance(0.3):
        arguments["weight_decay"] = draw.magnitude(1e-4, 0.1)
    found: Settings = {
        "optimizer": {optimizer: arguments},
        "loss": draw.choice(("categorical_crossentropy", *LOSSES)),
        "batch_size": draw.choice((1, 2, 3, 4, 5, 7, 8, 9)),
    }
    if draw.chance(0.4):
        found["label_smoothing"] = draw.choice((0.1, 0.3, draw.number(0, 0.9)))
    schedule = draw.choice(list(SCHEDULES))
    if draw.chance(0.8):
        found["schedule"] = {schedule: SCHEDULES[schedule](draw)}
    return found


def _sgd(draw: Randomness, profile: str) -> Settings:
    found: Settings = {}
    if draw.chance(0.8):
        found["learning_rate"] = draw.magnitude(1e-3, 0.1)
    if draw.chance(0.6):
        found["momentum"] = draw.choice((0.5, 0.9, draw.number(0.01, 0.99)))
    if draw.chance(0.4) and ("momentum" in found or profile == "keras"):
        found["nesterov"] = True
    return found


def _adam(draw: Randomness, profile: str) -> Settings:
    found: Settings = {}
    if draw.chance(0.7):
        found["learning_rate"] = draw.magnitude(1e-4, 1e-2)
    if draw.chance(0.4):
        found["beta_1"] = draw.choice((0.0, 0.1, 0.3, 0.49, 0.5, 0.51, 0.8, 0.95))
    if draw.chance(0.4):
        found["beta_2"] = draw.choice((0.5, 0.9, 0.99, 0.9999))
    if draw.chance(0.3):
        found["epsilon"] = draw.magnitude(1e-8, 0.1)
    return found


def _rmsprop(draw: Randomness, profile: str) -> Settings:
    found: Settings = {}
    if draw.chance(0.7):
        found["learning_rate"] = draw.magnitude(1e-4, 1e-2)
    if draw.chance(0.4):
        found["rho"] = draw.choice((0.5, 0.9, 0.99))
    if draw.chance(0.4):
        found["momentum"] = draw.choice((0.5, 0.9))
    if draw.chance(0.4):
        found["centered"] = True
    if draw.chance(0.3):
        found["epsilon"] = draw.magnitude(1e-7, 0.1)
    return found


def _adagrad(draw: Randomness, profile: str) -> Settings:
    found: Settings = {}
    if draw.chance(0.7):
        found["learning_rate"] = draw.magnitude(1e-3, 5e-2)
    if draw.chance(0.4):
        found["initial_accumulator_value"] = draw.choice((0.0, 0.1, 1.0))
    if draw.chance(0.3):
        found["epsilon"] = draw.magnitude(1e-8, 0.1)
    return found


def _adadelta(draw: Randomness, profile: str) -> Settings:
    found: Settings = {}
    if draw.chance(0.7):
        found["learning_rate"] = draw.magnitude(1e-2, 1.0)
    if draw.chance(0.4):
        found["rho"] = draw.choice((0.5, 0.9, 0.99))
    if draw.chance(0.3):
        found["epsilon"] = draw.magnitude(1e-7, 1e-2)
    return found


OPTIMIZERS: dict[str, Callable[[Randomness, str], Settings]] = {
    "SGD": _sgd,
    "Adam": _adam,
    "AdamW": _adam,
    "Nadam": _adam,
    "RMSprop": _rmsprop,
    "Adagrad": _adagrad,
    "Adadelta": _adadelta,
}
SCHEDULES: dict[str, Callable[[Randomness], Settings]] = {
    "constant": lambda draw: {},
    "step": lambda draw: {"every": draw.integer(1, 3), "factor": draw.number(0.1, 1)},
    "cosine": lambda draw: {"final": draw.number(0, 1)} if draw.chance(0.5) else {},
    "one_cycle": lambda draw: (
        {
            "warmup": draw.number(0.05, 0.95),
            "start_divisor": draw.number(1, 50),
            "final_divisor": draw.magnitude(1, 1e5),
        }
        if draw.chance(0.6)
        else {}
    ),
}
