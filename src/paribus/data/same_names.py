"""Names that look alike: Unicode writes "ä" as one character, or as "a" and a dot above it.

macOS writes names of files in the second way, most other systems in the first; so a folder that was
copied can have another name than the same folder that was not.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

__all__ = ["alike", "composed"]


def composed(name: str) -> str:
    """Return a name in its composed form (NFC), in which equal names are equal texts.

    >>> composed("a" + chr(0x308)) == chr(0xE4)
    True
    """
    return unicodedata.normalize("NFC", name)


def alike(names: Iterable[str]) -> list[tuple[str, ...]]:
    """Return the names that differ, if at all, in what nobody sees: the form of letters, and spaces.

    >>> alike(["cat", "dog", "cat "])
    [('cat', 'cat ')]
    """
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(" ".join(composed(name).split()), []).append(name)
    return [tuple(group) for group in groups.values() if len(group) > 1]
