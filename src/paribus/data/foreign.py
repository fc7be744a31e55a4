"""Images that somebody brings along, made to fit a study's data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from paribus.data.decoding import Background, UnreadableError, decode
from paribus.data.folder import image_folders
from paribus.data.handwriting import mnist_like
from paribus.errors import DataError, Problem
from paribus.records import Shape

__all__ = [
    "HANDWRITTEN",
    "ImageStyle",
    "Own",
    "border_brightness",
    "counts_of",
    "fitting",
    "labelled_files",
    "read_foreign",
]

HANDWRITTEN = ("mnist", "digits")
"""Sources whose images were normalised in a way that can be repeated."""
DIGITS = frozenset("0123456789")
_LIGHT, _DARK = 0.6, 0.4
"""Of the largest value: a background that is lighter, or darker, is clearly so."""
Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class ImageStyle:
    """What images of a study's data are like."""

    source: str
    shape: Shape
    """``(height, width, channel)`` of the raw images."""
    maximum: int
    """The largest value of their pixels."""
    class_names: tuple[str, ...] = ()
    border: float | None = None
    """How bright their borders are, 0 to 1; None where that is not known."""
    invert: bool = False
    """Whether the study says that images with an unlike background are inverted."""
    background: Background = "white"
    """What lies under transparent pixels."""

    @property
    def inverts(self) -> bool:
        """Whether an image that looks inverted beside them is inverted."""
        digits = set(self.class_names) == DIGITS and self.shape[2] == 1
        return self.invert or digits or self.source == "fashion-mnist"


@dataclass(frozen=True)
class Own:
    """Images of one's own, as the study's are."""

    images: Bytes
    """``(example, height, width, channel)``"""
    notes: tuple[tuple[str, ...], ...]
    """What was done to each, or what is strange about it."""


def read_foreign(files: Sequence[Path], style: ImageStyle) -> Own:
    """Read images and make them look as a source's do.

    Args:
        files: pictures.
        style: of the study's data.

    Raises:
        DataError: files that cannot be read, or hold no digit; all are named.
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
    """Make one image look as a source's do, and say what was done.

    Images for MNIST and for ``digits`` are normalised as those were. Other images are resized; one
    whose background is light where the source's is dark (or the other way round) is inverted where
    the study says so or the classes are the ten digits, and named otherwise.

    Args:
        pixels: ``(height, width, 1 or 3)``.
        style: of the source.

    Raises:
        ValueError: a digit is asked for, and there is no ink.
    """
    height, width, channels = style.shape
    if style.source in HANDWRITTEN:
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
    """Return the median of all border pixels, as a share of the largest value.

    Args:
        images: ``(example, height, width, channel)``.
        maximum: the largest value that a pixel can have.
    """
    edges = (images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1])
    return float(np.median(np.concatenate([edge.ravel() for edge in edges]))) / maximum


def counts_of(notes: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """Return how many images each note is about.

    Args:
        notes: of each image.
    """
    every = list(notes)
    counts = Counter(note for own in every for note in own)
    return tuple(f"{count:,} of {len(every):,} images: {note}" for note, count in counts.items())


def _unlike(border: float, style: ImageStyle) -> bool:
    """Whether a background is light where the source's is dark, or dark where it is light."""
    theirs = 0.0 if style.border is None and style.source == "fashion-mnist" else style.border
    if theirs is None:
        return False
    return (border > _LIGHT and theirs < _DARK) or (border < _DARK and theirs > _LIGHT)


def _of(pixels: Bytes, maximum: int) -> Bytes:
    return np.round(pixels.astype(np.float64) * maximum / 255).astype(np.uint8)


def labelled_files(folder: Path, class_names: Sequence[str]) -> tuple[list[Path], list[int]]:
    """Return the images of a folder with one folder per class, and their labels.

    Raises:
        DataError: a folder is no class of the study, or there is no image.
    """
    if not folder.is_dir():
        raise DataError(Problem(str(folder), "must be a folder", "no folder"))
    found = image_folders(folder)
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
