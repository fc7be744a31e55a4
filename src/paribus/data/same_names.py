"""Comparison of names in Unicode, which encodes "ä" as one character (NFC), or as "a" and a diaeresis (NFD).

Some macOS file systems use NFD for file names, most other systems NFC. Therefore a copied folder may have
another name than the original, although both look the same.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

__all__ = ["alike", "composed"]


def composed(name: str) -> str:
    """Return a name in its composed form (NFC), in which names that look the same are equal.

    >>> composed("a" + chr(0x308)) == chr(0xE4)
    True
    """
    return unicodedata.normalize("NFC", name)


def alike(names: Iterable[str]) -> list[tuple[str, ...]]:
    """Return groups of names that differ at most in Unicode form and spaces, so that they look the same.

    >>> alike(["cat", "dog", "cat "])
    [('cat', 'cat ')]
    """
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(" ".join(composed(name).split()), []).append(name)
    return [tuple(group) for group in groups.values() if len(group) > 1]
