"""What the page shows of a picture, as plain data.

Each form has a template of its name in ``report/page/pictures/``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

from paribus.pictures.base.png import Picture

__all__ = [
    "Cell",
    "Figure",
    "Fold",
    "Folds",
    "Grid",
    "Grids",
    "Line",
    "Panel",
    "said_cells",
]


class Panel(Protocol):
    """What the page shows of a picture, in one of several forms."""

    form: ClassVar[str]
    """Name of the template that shows it."""


@dataclass(frozen=True)
class Line:
    """A line of text below an image."""

    text: str
    style: Literal["", "soft", "refuted"] = ""


@dataclass(frozen=True)
class Cell:
    """An image of a grid and the lines below it."""

    uri: str
    alt: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Grid:
    """A grid of images, row by row, under one title."""

    cells: tuple[Cell, ...]
    title: str = ""
    five: bool = False
    """Whether rows have five images each."""


@dataclass(frozen=True)
class Grids:
    """Grids of images below one heading."""

    form: ClassVar[str] = "grids"
    anchor: str
    """Address of the heading on the page: small letters and hyphens."""
    title: str
    """The heading; none if empty: then the panel belongs to the one before it."""
    grids: tuple[Grid, ...]
    note: str = ""
    side_by_side: bool = False
    closing: str = ""
    """Below the grids."""


@dataclass(frozen=True)
class Figure:
    """One large picture and what it shows."""

    uri: str
    width: int
    height: int
    """Width and height of the picture in pixels."""
    caption: str


@dataclass(frozen=True)
class Fold:
    """Figures behind a line that opens and closes."""

    summary: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class Folds:
    """Large pictures, folded; the first fold is open."""

    form: ClassVar[str] = "folds"
    anchor: str
    title: str
    folds: tuple[Fold, ...]
    note: str = ""


def said_cells(pictures: Sequence[Picture], said: Sequence[str]) -> tuple[Cell, ...]:
    """Return images with what a network, or several variants, say of each.

    Args:
        pictures: pictures, in order.
        said: predictions of several variants, one text per picture; empty if there are none.
    """
    return tuple(
        _said_cell(picture, said[number] if said else "") for number, picture in enumerate(pictures)
    )


def _said_cell(picture: Picture, said: str) -> Cell:
    alt, lines = f"image {picture.name}: {picture.truth}", [Line(f"is {picture.truth}")]
    if said:
        alt = f"image {picture.name}, {picture.truth}: {said}"
        lines.append(Line(said))
    elif picture.guess:
        alt += f", taken for {picture.guess}"
        lines.append(Line(f"said {picture.guess} ({100 * picture.probability:.1f} %)"))
    return Cell(picture.uri, alt, (*lines, Line(picture.name, "soft")))
