"""Places of a picture in lists and on the page, and the files that it needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Entry", "Need"]

Need = Literal["images", "predictions", "weights", "insight"]
"""Name of a method of `Kept` that a picture calls."""


@dataclass(frozen=True)
class Entry:
    """Places of the picture of a module; in Python it is ``results.images.<name of the module>()``."""

    title: str
    """Title in lists; the titles of sheets also name the variant."""
    says: str
    """Description of the picture, for the list in the docs and for ``help``."""
    order: int
    """Position among all pictures."""
    needs: tuple[Need, ...]
    """Kinds of stored data that the picture needs."""
    section: str | None = None
    """Part of the page with the picture; None if another picture of the page shows the same."""
