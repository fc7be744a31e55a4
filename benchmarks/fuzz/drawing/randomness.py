"""Draws that a seed, an index and a purpose decide."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

__all__ = ["Randomness"]

T = TypeVar("T")


class Randomness:
    """A generator with the few draws that the fuzz needs."""

    def __init__(self, seed: int, index: int, purpose: str) -> None:
        self.generator = np.random.default_rng([seed, index, zlib.crc32(purpose.encode())])

    def choice(self, values: Sequence[T]) -> T:
        """Return one of the values."""
        return values[int(self.generator.integers(len(values)))]

    def chance(self, probability: float) -> bool:
        """Return True with a probability."""
        return bool(self.generator.random() < probability)

    def integer(self, low: int, high: int) -> int:
        """Return a whole number from ``low`` to ``high``, both included."""
        return int(self.generator.integers(low, high + 1))

    def number(self, low: float, high: float) -> float:
        """Return a number in ``[low, high)`` with three digits, as people write them."""
        return float(f"{self.generator.uniform(low, high):.3g}")

    def magnitude(self, low: float, high: float) -> float:
        """Return a number whose logarithm is uniform, with three digits."""
        return float(f"{np.exp(self.generator.uniform(np.log(low), np.log(high))):.3g}")
