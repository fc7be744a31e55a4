"""The user's own images, converted to the size, channels and value range of a study's data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from paribus.data.pictures.decoding import Background, UnreadableError, decode
from paribus.data.pictures.folder import image_folders
from paribus.data.pictures.handwriting import mnist_like
from paribus.data.same_names import composed
from paribus.data.sources import is_handwritten
from paribus.errors import DataError, Problem
from paribus.records import Shape

__all__ = [
    "ImageStyle",
    "Own",
    "border_brightness",
    "counts_of",
    "fitting",
    "labelled_files",
    "read_foreign",
]

DIGITS = frozenset("0123456789")
_LIGHT, _DARK = 0.6, 0.4
"""A background is light above the first fraction of the largest value, and dark below the second."""
Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class ImageStyle:
    """Format and appearance of the images of a study's data, before preprocessing."""

    source: str
    shape: Shape
    """``(height, width, channel)`` of the raw images."""
    maximum: int
    """Largest possible pixel value."""
    class_names: tuple[str, ...] = ()
    border: float | None = None
    """Brightness of the borders in [0, 1], see `border_brightness`; None if unknown."""
    invert: bool = False
    """Whether the study asks to invert images whose background differs from the data's."""
    background: Background = "white"
    """Colour under transparent pixels."""

    @property
    def inverts(self) -> bool:
        """Whether images with an opposite background are inverted: always for digits and Fashion-MNIST."""
        digits = set(self.class_names) == DIGITS and self.shape[2] == 1
        return self.invert or digits or self.source == "fashion-mnist"


@dataclass(frozen=True)
class Own:
    """The user's own images in the format of a study's data."""

    images: Bytes
    """``(example, height, width, channel)``"""
    notes: tuple[tuple[str, ...], ...]
    """``(example,)``, remarks about the conversion of each image."""


def read_foreign(files: Sequence[Path], style: ImageStyle) -> Own:
    """Read image files and convert them to the format of a study's data.

    Args:
        files: image files.
        style: format of the study's data.

    Raises:
        DataError: files that cannot be read or, for handwritten digits, without ink; all are listed.
    """
    found: list[Bytes] = []
    notes: list[tuple[str, ...]] = []
    problems = []
    for file in files:
        try:
            read = decode(file, None, style.background)
            fitted, said = fitting(read.pixels, style)
        except (UnreadableError, ValueError) as error:
            rule = "must be a readable image of one thing"
            problems.append(Problem(str(file), rule, str(error), "Repair it, or leave it out."))
            continue
        found.append(fitted)
        notes.append((*read.changes, *said))
    if problems:
        raise DataError(problems)
    return Own(np.stack(found), tuple(notes))


def fitting(pixels: Bytes, style: ImageStyle) -> tuple[Bytes, tuple[str, ...]]:
    """Convert one image to the format of a study's data, and say what was done.

    For MNIST and for ``digits``, the image is normalised as theirs were (`mnist_like`). Other
    images are converted to the number of channels and resized. An image whose background is light
    where the data's is dark, or the reverse, is inverted if `ImageStyle.inverts`; else it is reported.

    Args:
        pixels: ``(height, width, 1 or 3)``, 0 to 255.
        style: format of the study's data.

    Returns:
        The image ``(height, width, channel)``, and remarks.

    Raises:
        ValueError: a handwritten digit is expected, and there is no ink.
    """
    height, width, channels = style.shape
    if is_handwritten(style.source):
        digit = mnist_like(pixels)
        if (height, width) != digit.shape[:2]:
            digit = _resized(digit[4:24, 4:24], (height, width))
        return _of(digit, style.maximum), ()
    if channels == 1 and pixels.shape[2] == 3:
        pixels = np.round(pixels.mean(2, keepdims=True)).astype(np.uint8)
    if channels == 3 and pixels.shape[2] == 1:
        pixels = np.repeat(pixels, 3, axis=2)
    notes: tuple[str, ...] = ()
    if _unlike(border_brightness(pixels[None], 255), style):
        look = "looks inverted beside the training images"
        if style.inverts:
            pixels, notes = 255 - pixels, (f"{look}: inverted",)
        else:
            notes = (f"{look}: not inverted (data.own_images: match_background inverts it)",)
    return _of(_resized(pixels, (height, width)), style.maximum), notes


def border_brightness(images: Bytes, maximum: int) -> float:
    """Return the median of all border pixels as a fraction of the largest possible value.

    Args:
        images: ``(example, height, width, channel)``.
        maximum: largest possible pixel value.
    """
    edges = (images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1])
    return float(np.median(np.concatenate([edge.ravel() for edge in edges]))) / maximum


def counts_of(notes: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """Return each distinct note with the number of images that have it.

    Args:
        notes: ``(example,)``, notes of each image.
    """
    every = list(notes)
    counts = Counter(note for own in every for note in own)
    return tuple(f"{count:,} of {len(every):,} images: {note}" for note, count in counts.items())


def _unlike(border: float, style: ImageStyle) -> bool:
    """Return whether a background is light where the data's is dark, or dark where it is light."""
    theirs = 0.0 if style.border is None and style.source == "fashion-mnist" else style.border
    if theirs is None:
        return False
    return (border > _LIGHT and theirs < _DARK) or (border < _DARK and theirs > _LIGHT)


def _of(pixels: Bytes, maximum: int) -> Bytes:
    return np.round(pixels.astype(np.float64) * maximum / 255).astype(np.uint8)


def labelled_files(folder: Path, class_names: Sequence[str]) -> tuple[list[Path], list[int]]:
    """Return the image files of a folder with one subfolder per class, and their labels.

    Raises:
        DataError: a subfolder is not named after a class of the study, or there is no image.
    """
    if not folder.is_dir():
        raise DataError(Problem(str(folder), "must be a folder", "no folder"))
    known = {composed(name): name for name in class_names}
    found: dict[str, list[Path]] = {}
    for name, files in image_folders(folder).items():
        found.setdefault(known.get(composed(name), name), []).extend(files)
    unknown = [name for name in found if name not in class_names]
    if unknown or not any(found.values()):
        got = f"the folders {', '.join(unknown)}" if unknown else "no image"
        fix = "Sort the images into folders named after the classes."
        rule = f"must hold folders named as classes of the study ({', '.join(class_names)})"
        raise DataError(Problem(str(folder), rule, got, fix))
    pairs = [(file, class_names.index(name)) for name, files in found.items() for file in files]
    return [file for file, _ in pairs], [label for _, label in pairs]


def _resized(pixels: Bytes, size: tuple[int, int]) -> Bytes:
    if pixels.shape[:2] == size:
        return pixels
    plain = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    way = Image.Resampling.BOX if plain.width >= 2 * size[1] else Image.Resampling.BILINEAR
    found = np.asarray(plain.resize((size[1], size[0]), way))
    return found if found.ndim == 3 else found[..., None]
