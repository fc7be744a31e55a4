"""What can happen to a file: cut, flipped, zeroed, swapped, emptied, overwritten, grown."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

__all__ = ["HARMS", "harmed"]

Harm = Callable[[bytes, random.Random, Sequence[bytes]], bytes]


def cut(content: bytes, draw: random.Random, _: Sequence[bytes]) -> bytes:
    """End anywhere."""
    return content[: draw.randrange(max(1, len(content)))]


def flip(content: bytes, draw: random.Random, _: Sequence[bytes]) -> bytes:
    """Flip one bit."""
    return _flipped(content, draw, 1, len(content))


def flip_early(content: bytes, draw: random.Random, _: Sequence[bytes]) -> bytes:
    """Flip some bits near the beginning, where formats keep what describes the rest."""
    return _flipped(content, draw, draw.randint(1, 3), min(len(content), 600))


def flip_many(content: bytes, draw: random.Random, _: Sequence[bytes]) -> bytes:
    """Flip bits everywhere."""
    return _flipped(content, draw, draw.randint(2, 200), len(content))


def zero(content: bytes, draw: random.Random, _: Sequence[bytes]) -> bytes:
    """Lose a range, as a file system does after a power cut."""
    start = draw.randrange(max(1, len(content)))
    length = min(draw.choice((1, 16, 512, 4096)), len(content) - start)
    return content[:start] + bytes(length) + content[start + length :]


def empty(content: bytes, draw: random.Random, _: Sequence[bytes]) -> bytes:
    """Leave nothing."""
    del content, draw
    return b""


def swap(content: bytes, draw: random.Random, others: Sequence[bytes]) -> bytes:
    """Put another file there."""
    return draw.choice([other for other in others if other != content] or [b"another file"])


def overwrite(content: bytes, draw: random.Random, _: Sequence[bytes]) -> bytes:
    """Write noise over a range."""
    start = draw.randrange(max(1, len(content)))
    noise = draw.randbytes(min(draw.choice((4, 64, 2048)), len(content) - start))
    return content[:start] + noise + content[start + len(noise) :]


def grow(content: bytes, draw: random.Random, _: Sequence[bytes]) -> bytes:
    """Write a part of the file twice."""
    start = draw.randrange(max(1, len(content)))
    return content[:start] + content[start : start + draw.randint(1, 900)] + content[start:]


HARMS: tuple[Harm, ...] = (
    cut,
    flip,
    flip,
    flip_early,
    flip_many,
    zero,
    empty,
    swap,
    overwrite,
    grow,
)


def harmed(content: bytes, draw: random.Random, others: Sequence[bytes]) -> tuple[str, bytes]:
    """Return the name of a harm, and what it makes of a file.

    Args:
        content: of the file.
        draw: decides.
        others: contents of other files, for `swap`.
    """
    harm = draw.choice(HARMS)
    return harm.__name__, harm(content, draw, others)


def _flipped(content: bytes, draw: random.Random, count: int, room: int) -> bytes:
    changed = bytearray(content)
    for _ in range(count if room else 0):
        changed[draw.randrange(room)] ^= 1 << draw.randrange(8)
    return bytes(changed)
