"""Panels of the page that show pictures, as plain data.

Each form of a panel has a template of its name in ``report/page/pictures/``.
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
    """A panel of the page that shows a picture, in one of several forms."""

    form: ClassVar[str]
    """Name of its template."""


@dataclass(frozen=True)
class Line:
    """One line of text below an image."""

    text: str
    style: Literal["", "soft", "refuted"] = ""


@dataclass(frozen=True)
class Cell:
    """An image of a grid, with the lines of text below it."""

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
    """HTML id of the heading: lower-case letters and hyphens."""
    title: str
    """The heading; if empty, the panel has none and belongs to the panel before it."""
    grids: tuple[Grid, ...]
    note: str = ""
    side_by_side: bool = False
    closing: str = ""
    """Text below the grids."""


@dataclass(frozen=True)
class Figure:
    """One large picture, with a description."""

    uri: str
    width: int
    height: int
    """Width and height of the picture in pixels."""
    caption: str


@dataclass(frozen=True)
class Fold:
    """Figures under a heading that can be opened and closed."""

    summary: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class Folds:
    """Several folds of large pictures; the first one is open."""

    form: ClassVar[str] = "folds"
    anchor: str
    title: str
    folds: tuple[Fold, ...]
    note: str = ""


def said_cells(pictures: Sequence[Picture], said: Sequence[str]) -> tuple[Cell, ...]:
    """Return the cells of a grid: images with the predictions of one network or of several variants.

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
