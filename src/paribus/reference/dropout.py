"""Dropout, with the masks of the engine."""

from __future__ import annotations

import numpy as np

from paribus.keyed import key
from paribus.nn.layers import dropout as layers
from paribus.reference.layer import Array, Given, ReferenceLayer, reference_of

__all__ = ["Dropout"]

_STEPS = 1 << 16


class Dropout(ReferenceLayer):
    """In training, multiply by a mask of zeros and ``1 / (1 - rate)``; so dx = dy times the mask.

    The factor keeps the expected output, so that evaluation needs no mask. Masks are those of the engine:
    16 random bits per value, from a counter-based generator keyed by (seed, layer, epoch).

    Source: Srivastava et al. 2014; splitmix64 by Steele, Lea & Flood 2014.
    """

    def __init__(self, name: str, rate: float, *, spatial: bool) -> None:
        super().__init__(name)
        self.threshold = round(rate * _STEPS)
        self.spatial = spatial
        self._key, self._used = 0, 0

    def begin_epoch(self, seed: int, epoch: int) -> None:
        """Set the key of the next epoch's random draws."""
        self._key, self._used = key(seed, "dropout", self.name, epoch) % (1 << 64), 0

    def forward(self, x: Array, *, training: bool) -> Array:
        """Return ``x`` times the mask in training, ``x`` itself in evaluation."""
        self._mask = self._draw(x.shape) if training and self.threshold else np.ones_like(x)
        return x * self._mask

    def backward(self, dy: Array) -> Array:
        """Return dL/dx: dy times the mask, so dropped values have gradient 0."""
        return dy * self._mask

    def _draw(self, shape: tuple[int, ...]) -> Array:
        whole = not self.spatial or len(shape) != 4
        drawn = shape if whole else (shape[0], shape[3])
        count = int(np.prod(drawn))
        words = _splitmix64(self._key, self._used, (count + 3) // 4)
        self._used += len(words)
        kept = words.view("<u2")[:count] >= self.threshold
        mask: Array = kept.reshape(drawn).astype(np.float64) * (
            _STEPS / max(_STEPS - self.threshold, 1)
        )
        return mask if whole else np.broadcast_to(mask[:, None, None, :], shape)


def _splitmix64(seed: int, used: int, count: int) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    """Return ``count`` draws after the first ``used`` of a key; products wrap around at 64 bits."""
    counter = np.arange(used + 1, used + 1 + count, dtype=np.uint64)
    z = counter * np.uint64(0x9E3779B97F4A7C15) + np.uint64(seed)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@reference_of.form(layers.Dropout)
def _dropout(layer: layers.Dropout, given: Given) -> ReferenceLayer:
    return Dropout(given.name, layer.rate, spatial=False)


@reference_of.form(layers.SpatialDropout2D)
def _spatial_dropout2d(layer: layers.SpatialDropout2D, given: Given) -> ReferenceLayer:
    return Dropout(given.name, layer.rate, spatial=True)
