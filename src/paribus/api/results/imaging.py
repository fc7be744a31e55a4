"""Access to the images of a report from Python and notebooks, such as ``results.images.mistakes()``."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image

from paribus.api.report.reporting import disagreements_of, kernels_of, pictures_of
from paribus.api.results.pictures import Part, PngPicture, first_images, saved_png
from paribus.errors import Problem, StudyError, did_you_mean
from paribus.pictures.kernels import KernelPicture
from paribus.pictures.picture_grid import caption_lines, is_wrong, kernel_grid, picture_grid
from paribus.pictures.png import Picture, pixels_of
from paribus.pictures.sheet import sheet_png

if TYPE_CHECKING:
    import pandas as pd

    from paribus.api.results.record import Results

__all__ = ["ImageSheet", "Images", "KernelSheet"]


@dataclass(frozen=True)
class ImageSheet:
    """Images with their classes and predictions; notebooks show them, `save` writes a PNG."""

    title: str
    pictures: tuple[Picture, ...]
    said: tuple[str, ...] = ()
    """Predictions of the variants for each image, if the sheet shows disagreements."""

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.pictures)

    def _repr_html_(self) -> str:
        """Return the HTML that a notebook shows."""
        return picture_grid(self.title, self.pictures, self.said)

    def pixels(self) -> list[npt.NDArray[np.uint8]]:
        """Return every image ``(height, width, 1 or 3)``, white as 255."""
        return [pixels_of(picture.uri) for picture in self.pictures]

    def frame(self) -> pd.DataFrame:
        """Return one row per image: its index in the source, its file, class, guess and probability.

        A file or a guess that there is not is empty; then the guess's probability is NaN.
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
        said = self.said or ("",) * len(self.pictures)
        captions = [
            ("\n".join(caption_lines(picture, text)), is_wrong(picture))
            for picture, text in zip(self.pictures, said, strict=True)
        ]
        return saved_png(path, sheet_png(self.pixels(), captions))


@dataclass(frozen=True)
class KernelSheet:
    """Kernels of every convolution of one network; notebooks show them, `save` writes a PNG."""

    variant: str
    layers: tuple[KernelPicture, ...]

    @property
    def title(self) -> str:
        """Title of the sheet."""
        return f"Kernels of {self.variant}"

    def __len__(self) -> int:
        """Return the number of convolutions."""
        return len(self.layers)

    def __getitem__(self, place: int) -> PngPicture:
        """Return the kernels of one convolution, in the order of the layers."""
        layer = self.layers[place]
        png = base64.b64decode(layer.uri.partition(",")[2])
        return PngPicture(f"{self.variant}: {layer.layer}", layer.caption, png)

    def __iter__(self) -> Iterator[PngPicture]:
        """Yield the kernels of every convolution."""
        return (self[place] for place in range(len(self)))

    def _repr_html_(self) -> str:
        """Return the HTML that a notebook shows."""
        return kernel_grid(self.title, self.layers)

    def save(self, path: str | Path) -> Path:
        """Write the pictures of all layers, one below another, as one PNG.

        Raises:
            StudyError: the path does not end in .png.
            StoreError: the file cannot be written.
        """
        drawn = [Image.fromarray(pixels_of(layer.uri)) for layer in self.layers]
        size = (max((p.width for p in drawn), default=1), sum(p.height for p in drawn) or 1)
        sheet, top = Image.new("RGB", size, "white"), 0
        for picture in drawn:
            sheet.paste(picture, (0, top))
            top += picture.height
        buffer = io.BytesIO()
        sheet.save(buffer, "PNG")
        return saved_png(path, buffer.getvalue())


@dataclass(frozen=True)
class Images:
    """The images of a run, those that its report shows."""

    results: Results

    def samples(self) -> ImageSheet:
        """Training images of every class."""
        return ImageSheet("Training images, class by class", self._group("samples"))

    def mistakes(self) -> ImageSheet:
        """Validation images that the selected variant's first network gets wrong, the most confident first."""
        return ImageSheet(f"Most confident mistakes{self._whose()}", self._group("mistakes"))

    def disagreements(self) -> ImageSheet:
        """Validation images on which the variants' first networks disagree most."""
        rows = disagreements_of(self.results)
        return ImageSheet(
            "Images on which the variants disagree",
            tuple(picture for picture, _ in rows),
            tuple(said for _, said in rows),
        )

    def predictions(self, split: str = "validation") -> ImageSheet:
        """Return the first images of a part, with predictions of the selected variant's first network.

        Args:
            split: ``validation``, or ``test`` once the test set was opened.

        Raises:
            StudyError: the part is unknown, or its images are not kept.
        """
        groups = pictures_of(self.results)
        known = [name for name in ("validation", "test") if name in groups]
        if split not in known:
            fix = "The test set is not opened." if split == "test" else did_you_mean(split, known)
            raise StudyError(
                Problem("split", "must be a part that a network was scored on", repr(split), fix)
            )
        return ImageSheet(f"The first {split} images{self._whose()}", groups[split])

    def kernels(self, variant: str | None = None) -> KernelSheet:
        """Return the kernels of a variant's first network; the selected one's (or the baseline's) by default.

        Raises:
            StudyError: the variant is unknown.
        """
        name = self.results.variant(variant).name
        return KernelSheet(name, kernels_of(self.results, name))

    def first(self, part: Part, *, guesses: bool = True) -> PngPicture | None:
        """Return the first images of a part of the data, five by five, with their classes.

        Args:
            part: ``train``, ``validation`` or ``test``.
            guesses: write what the selected variant says as well, wrong guesses in red.

        Returns:
            None where the run has kept no such images: a test set that was not opened stays unseen.

        Raises:
            StudyError: there is no such part.
        """
        return first_images(self.results, part, guesses=guesses)

    def _group(self, name: str) -> tuple[Picture, ...]:
        groups: Mapping[str, tuple[Picture, ...]] = pictures_of(self.results)
        return groups.get(name, ())

    def _whose(self) -> str:
        chosen = self.results.summary.selected
        return f" of {chosen.variant}" if chosen else ""
