"""Sheets, the results of ``results.images.NAME()``: notebooks and the page show them, `save` writes PNG."""

from __future__ import annotations

import base64
import io
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image

from paribus.durable import write_bytes
from paribus.errors import Problem, StudyError
from paribus.pictures.base.panels import Figure, Fold, Folds, Grid, Grids, Panel, said_cells
from paribus.pictures.base.picture_grid import caption_lines, is_wrong, picture_grid
from paribus.pictures.base.png import Picture, pixels_of
from paribus.pictures.base.sheet import sheet_png

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ImageSheet", "PngPicture", "Sheet", "Stack", "file_name", "saved_png"]


class Sheet(Protocol):
    """A sheet of pictures, which notebooks show and `save` writes."""

    @property
    def title(self) -> str:
        """Title of the sheet, one line."""
        ...

    def __len__(self) -> int:
        """Return the number of images."""
        ...

    def save(self, path: str | Path) -> Path:
        """Write the sheet as one PNG; return its path."""
        ...

    def files(self, name: str) -> Iterator[tuple[str, bytes]]:
        """Yield the name, without an ending, and the PNG of each file that `paribus figures` writes.

        Args:
            name: prefix of the file names.
        """
        ...

    def panel(self, anchor: str) -> Panel:
        """Return the panel of the page, for pictures whose module has no ``panels``.

        Args:
            anchor: HTML id of the panel.
        """
        ...


@dataclass(frozen=True)
class ImageSheet:
    """A sheet of images with their classes and networks' predictions."""

    title: str
    pictures: tuple[Picture, ...]
    said: tuple[str, ...] = ()
    """Predictions of the variants for each image, on which they disagree; may be empty."""
    note: str = ""
    """Explanation of the sheet, for the page."""

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.pictures)

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return picture_grid(self.title, self.pictures, self.said)

    def pixels(self) -> list[npt.NDArray[np.uint8]]:
        """Return all images, each ``(height, width, 1 or 3)`` with values from 0 to 255."""
        return [pixels_of(picture.uri) for picture in self.pictures]

    def frame(self) -> pd.DataFrame:
        """Return one row per image: its index in the source, its file, class, guess and probability.

        A missing file or guess is empty; the probability of a missing guess is NaN.
        """
        import pandas as pd

        rows = {
            "index": [picture.index for picture in self.pictures],
            "file": [picture.file for picture in self.pictures],
            "truth": [picture.truth for picture in self.pictures],
            "guess": [picture.guess for picture in self.pictures],
            "probability": [p.probability if p.guess else float("nan") for p in self.pictures],
        }
        return pd.DataFrame({**rows, "said": self.said} if self.said else rows)

    def save(self, path: str | Path) -> Path:
        """Write all images with their captions as one PNG, magnified without smoothing.

        Raises:
            StudyError: the path does not end in .png.
            StoreError: the file cannot be written.
        """
        return saved_png(path, self._png())

    def files(self, name: str) -> Iterator[tuple[str, bytes]]:
        """Yield one PNG of all images."""
        yield name, self._png()

    def panel(self, anchor: str) -> Grids:
        """Return the sheet as one grid of the page."""
        grid = Grid(said_cells(self.pictures, self.said))
        return Grids(anchor, self.title, (grid,), self.note)

    def _png(self) -> bytes:
        said = self.said or ("",) * len(self.pictures)
        captions = [
            ("\n".join(caption_lines(picture, text)), is_wrong(picture))
            for picture, text in zip(self.pictures, said, strict=True)
        ]
        return sheet_png(self.pixels(), captions)


@dataclass(frozen=True)
class PngPicture:
    """A sheet that consists of one drawn picture."""

    title: str
    note: str
    png: bytes

    def __len__(self) -> int:
        """Return 1: the sheet is one picture."""
        return 1

    def _repr_png_(self) -> bytes:
        """Return what a notebook shows."""
        return self.png

    def save(self, path: str | Path) -> Path:
        """Write the PNG; return its path.

        Raises:
            StudyError: the path does not end in .png.
            StoreError: the file cannot be written.
        """
        return saved_png(path, self.png)

    def files(self, name: str) -> Iterator[tuple[str, bytes]]:
        """Yield the sheet as one PNG file."""
        yield name, self.png

    def panel(self, anchor: str) -> Folds:
        """Return the sheet as one large picture for the page."""
        return Folds(anchor, self.title, (Fold(self.title, (self.figure(),)),))

    def figure(self) -> Figure:
        """Return the picture for the page."""
        with Image.open(io.BytesIO(self.png)) as picture:
            width, height = picture.size
        uri = "data:image/png;base64," + base64.b64encode(self.png).decode()
        return Figure(uri, width, height, self.note or self.title)


class Stack(ABC):
    """A sheet of large pictures, one below another; an index selects one."""

    @property
    @abstractmethod
    def title(self) -> str:
        """Title, which says what the pictures show."""

    @abstractmethod
    def __len__(self) -> int:
        """Return the number of pictures."""

    @abstractmethod
    def __getitem__(self, place: int) -> PngPicture:
        """Return the picture at an index; raise IndexError beyond the last."""

    @abstractmethod
    def name(self, place: int) -> str:
        """Return the part of a picture's file name that distinguishes it from the others."""

    def __iter__(self) -> Iterator[PngPicture]:
        """Yield every picture of the sheet, in its order."""
        return (self[place] for place in range(len(self)))

    def save(self, path: str | Path) -> Path:
        """Write all pictures, one below another, as one PNG.

        Raises:
            StudyError: the path does not end in .png.
            StoreError: the file cannot be written.
        """
        drawn = [Image.open(io.BytesIO(picture.png)) for picture in self]
        size = (max((p.width for p in drawn), default=1), sum(p.height for p in drawn) or 1)
        sheet, top = Image.new("RGB", size, "white"), 0
        for picture in drawn:
            sheet.paste(picture, (0, top))
            top += picture.height
        buffer = io.BytesIO()
        sheet.save(buffer, "PNG")
        return saved_png(path, buffer.getvalue())

    def files(self, name: str) -> Iterator[tuple[str, bytes]]:
        """Yield the PNG of every picture."""
        for place, picture in enumerate(self):
            yield f"{name}-{self.name(place)}", picture.png

    def panel(self, anchor: str) -> Panel:
        """Return one fold with all pictures."""
        fold = Fold(self.title, tuple(picture.figure() for picture in self))
        return Folds(anchor, self.title, (fold,))


def saved_png(path: str | Path, content: bytes) -> Path:
    """Write a PNG; return its path.

    Raises:
        StudyError: the path does not end in .png.
        StoreError: the file cannot be written.
    """
    path = Path(path)
    if path.suffix != ".png":
        raise StudyError(Problem(str(path), "must end in .png", repr(path.suffix)))
    write_bytes(path, content)
    return path


def file_name(text: str) -> str:
    """Return a file name made from a text.

    >>> file_name("kernels-none: conv"), file_name("???")
    ('kernels-none-conv', 'picture')
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "picture"
