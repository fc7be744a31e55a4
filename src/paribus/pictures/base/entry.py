"""Where a picture is found, and what it is made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Entry", "Need"]

Need = Literal["images", "predictions", "weights", "insight"]
"""What of `Kept` a picture reads: its method of that name."""


@dataclass(frozen=True)
class Entry:
    """Where the picture of a file is found; in Python it is ``results.images.<name of the file>()``."""

    title: str
    """For lists; sheets say in addition whose they are."""
    says: str
    """What it shows, for the list in the docs and for ``help``."""
    order: int
    """Among all pictures."""
    needs: tuple[Need, ...]
    """What a run must have kept."""
    section: str | None = None
    """The part of the page; None where the page shows the same in another picture."""
