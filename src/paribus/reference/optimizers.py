"""Optimizers on NumPy arrays, with the formulas of Keras and of torch.

Each takes a weight w, its gradient g and the stored state of that weight, and returns the new weight.
``t`` counts steps from 1; ``rate`` is the learning rate of this step.

- **SGD**: ``w -= rate g``. Momentum m adds a velocity v: Keras
  ``v = m v - rate g, w += v``; torch ``v = m v + g, w -= rate v``. Nesterov momentum looks ahead:
  ``w += m v - rate g`` (Keras), ``w -= rate (g + m v)`` (torch).
- **Adagrad**: divide by the root of the sum of all squared gradients so far.
- **RMSprop**: divide by the root of a moving mean of squared gradients.
- **Adadelta**: as RMSprop, times the root of a moving mean of squared changes, so that the step has
  the unit of the weight.
- **Adam**: a moving mean of gradients over the root of a moving mean of squares, both corrected for
  the initial value zero. Keras adds epsilon before the correction of the root, torch after it.
- **AdamW**: Adam; weight decay multiplies the weight and is not part of the gradient.
- **Nadam**: Adam with Nesterov momentum.

Sources: Keras 3 and PyTorch optimizers; Duchi et al. 2011, Zeiler 2012, Kingma & Ba 2015, Dozat
2016, Loshchilov & Hutter 2019.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from paribus.reference.layer import Array

__all__ = ["ReferenceOptimizer"]

Slots = dict[str, Any]


class ReferenceOptimizer:
    """One of the seven optimizers, with its state for every weight."""

    def __init__(self, name: str, constants: Mapping[str, Any], *, keras: bool) -> None:
        self.name, self.constants, self.keras = name, dict(constants), keras
        self.learning_rate: float = constants["learning_rate"]
        self.steps = 0
        self._slots: dict[str, Slots] = {}
        self._product = 1.0
        """Product of all momenta so far, for Nadam."""

    def step(
        self, weights: Mapping[str, Array], gradients: Mapping[str, Array]
    ) -> dict[str, Array]:
        """Return name -> new weight, for all weights with a gradient."""
        self.steps += 1
        if self.name == "Nadam":
            self._product *= self._momentum(self.steps)
        return {name: self._updated(name, weights[name], g) for name, g in gradients.items()}

    def _updated(self, name: str, w: Array, g: Array) -> Array:
        decay = self.constants["weight_decay"]
        if decay and (self.keras or self.name == "AdamW"):
            w = w * (1 - self.learning_rate * decay)
        elif decay:
            g = g + decay * w
        slots = self._slots.setdefault(name, {})
        rule = {
            "SGD": self._sgd,
            "Adagrad": self._adagrad,
            "RMSprop": self._rmsprop,
            "Adadelta": self._adadelta,
            "Nadam": self._nadam,
        }.get(self.name, self._adam)
        return w + rule(g, slots)

    def _sgd(self, g: Array, s: Slots) -> Array:
        momentum, rate = self.constants["momentum"], self.learning_rate
        if not momentum:
            return -rate * g
        if self.keras:
            s["v"] = momentum * s.get("v", 0.0) - rate * g
            return np.asarray(
                momentum * s["v"] - rate * g if self.constants["nesterov"] else s["v"]
            )
        s["v"] = momentum * s.get("v", 0.0) + g
        return -rate * np.asarray(g + momentum * s["v"] if self.constants["nesterov"] else s["v"])

    def _adagrad(self, g: Array, s: Slots) -> Array:
        s["n"] = s.get("n", self.constants["initial_accumulator_value"]) + g**2
        return -self.learning_rate * g / self._root(s["n"])

    def _rmsprop(self, g: Array, s: Slots) -> Array:
        rho, momentum = self.constants["rho"], self.constants["momentum"]
        s["n"] = rho * s.get("n", 0.0) + (1 - rho) * g**2
        size = s["n"]
        if self.constants["centered"]:
            s["m"] = rho * s.get("m", 0.0) + (1 - rho) * g
            size = size - s["m"] ** 2
        change = g / self._root(size)
        if not momentum:
            return -self.learning_rate * np.asarray(change)
        scaled = self.learning_rate * change if self.keras else change
        s["v"] = momentum * s.get("v", 0.0) + scaled
        return -np.asarray(s["v"]) * (1.0 if self.keras else self.learning_rate)

    def _adadelta(self, g: Array, s: Slots) -> Array:
        rho, epsilon = self.constants["rho"], self.constants["epsilon"]
        s["n"] = rho * s.get("n", 0.0) + (1 - rho) * g**2
        change = np.sqrt(s.get("d", 0.0) + epsilon) / np.sqrt(s["n"] + epsilon) * g
        s["d"] = rho * s.get("d", 0.0) + (1 - rho) * change**2
        return -self.learning_rate * np.asarray(change)

    def _moments(self, g: Array, s: Slots) -> None:
        beta_1, beta_2 = self.constants["beta_1"], self.constants["beta_2"]
        s["m"] = beta_1 * s.get("m", 0.0) + (1 - beta_1) * g
        s["n"] = beta_2 * s.get("n", 0.0) + (1 - beta_2) * g**2

    def _adam(self, g: Array, s: Slots) -> Array:
        self._moments(g, s)
        correct_1 = 1 - self.constants["beta_1"] ** self.steps
        correct_2 = np.sqrt(1 - self.constants["beta_2"] ** self.steps)
        epsilon = self.constants["epsilon"]
        if self.keras:
            rate = self.learning_rate * correct_2 / correct_1
            return np.asarray(-rate * s["m"] / (np.sqrt(s["n"]) + epsilon))
        rate = self.learning_rate / correct_1
        return np.asarray(-rate * s["m"] / (np.sqrt(s["n"]) / correct_2 + epsilon))

    def _momentum(self, step: int) -> float:
        slow = 1.0 if self.keras else 0.004
        return float(self.constants["beta_1"] * (1 - 0.5 * 0.96 ** (step * slow)))

    def _nadam(self, g: Array, s: Slots) -> Array:
        self._moments(g, s)
        now, following = self._momentum(self.steps), self._momentum(self.steps + 1)
        root = np.sqrt(s["n"] / (1 - self.constants["beta_2"] ** self.steps))
        ahead = following * s["m"] / (1 - self._product * following)
        own = (1 - now) * g / (1 - self._product)
        return np.asarray(-self.learning_rate * (ahead + own) / (root + self.constants["epsilon"]))

    def _root(self, size: Array) -> Array:
        """Return ``sqrt(size + epsilon)`` (Keras) or ``sqrt(size) + epsilon`` (torch)."""
        epsilon = self.constants["epsilon"]
        return np.asarray(np.sqrt(size + epsilon) if self.keras else np.sqrt(size) + epsilon)
