"""Masks of dropout in NumPy: what the published generator gives for a key and a counter.

Source: splitmix64 (Steele, Lea & Flood 2014); each draw of 64 bits decides four numbers, lowest
bits first, so a rate is a whole number of 1/65536.
"""

from __future__ import annotations

import math

import numpy as np

__all__ = ["dropout_factors"]

_STEPS = 65_536


def dropout_factors(
    shape: tuple[int, ...], rate: float, key: int, used: int
) -> tuple[np.ndarray, int]:
    """Return the factors, zero or the inverse of the share that survives, and how many draws they took.

    Args:
        shape: of the factors, in the order in which they are drawn.
        rate: share that is dropped.
        key: 64 bits.
        used: draws that came before under this key.
    """
    count = math.prod(shape)
    draws = -(-count // 4)
    with np.errstate(over="ignore"):
        z = np.arange(used + 1, used + 1 + draws, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z += np.uint64(key)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    shifts = np.arange(0, 64, 16, dtype=np.uint64)
    bits = ((z[:, None] >> shifts) & np.uint64(0xFFFF)).reshape(-1)[:count]
    threshold = round(rate * _STEPS)
    if threshold == 0:
        return np.ones(shape), 0
    kept = bits >= threshold
    return (kept * (_STEPS / max(_STEPS - threshold, 1))).reshape(shape), draws
