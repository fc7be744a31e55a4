"""Keyed randomness: every random draw of a study has a name, and depends on nothing but that name.

A draw is addressed by (seed, stream, names...), for example ``(3, "initial weights", "conv1",
"kernel")``. Adding a layer, a variant or a seed therefore never moves another draw. Must not
import torch, and must not hold state.
"""

from __future__ import annotations

import hashlib

import numpy as np

__all__ = ["STREAMS", "generator", "key"]

STREAMS = ("split", "subset", "initial weights", "batch order", "dropout", "augmentation", "sample")


def key(seed: int, stream: str, *names: str | int) -> int:
    """Return the 128-bit key of a named draw.

    Args:
        seed: seed of the trial (or of the split), any integer.
        stream: name of the random stream, one of `STREAMS`.
        *names: names that make the draw unique: layer name, weight name, epoch ...

    Raises:
        ValueError: the stream is unknown.

    Example:
        >>> key(0, "dropout", "drop1", 3) == key(0, "dropout", "drop1", 3)
        True
        >>> key(0, "dropout", "drop1", 3) == key(0, "dropout", "drop1", 4)
        False
    """
    if stream not in STREAMS:
        raise ValueError(f"stream: must be one of {STREAMS}, got {stream!r}")
    parts = [str(int(seed)), stream, *(f"{type(name).__name__}:{name}" for name in names)]
    text = "".join(f"{len(part)}:{part};" for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "little")


def generator(seed: int, stream: str, *names: str | int) -> np.random.Generator:
    """Return a fresh NumPy generator (Philox, counter-based) for a named draw.

    Example:
        >>> a = generator(1, "batch order", 1).permutation(5)
        >>> b = generator(1, "batch order", 1).permutation(5)
        >>> bool((a == b).all())
        True

    Source: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3" (Philox).
    """
    return np.random.Generator(np.random.Philox(key=key(seed, stream, *names)))
