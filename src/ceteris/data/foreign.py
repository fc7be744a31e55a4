"""Images that somebody brings along, made to fit a study's data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from ceteris.data.folder import image_folders, read_image
from ceteris.data.handwriting import mnist_like
from ceteris.errors import DataError, Problem
from ceteris.records import Shape

__all__ = ["HANDWRITTEN", "fitting", "labelled_files", "read_foreign"]

HANDWRITTEN = ("mnist", "digits")
"""Sources whose images were normalised in a way that can be repeated."""
Bytes = npt.NDArray[np.uint8]


def read_foreign(files: Sequence[Path], source: str, shape: Shape, maximum: int) -> Bytes:
    """Read images and make them look as a source's do.

    Args:
        files: PNG or JPEG.
        source: of the study's data.
        shape: ``(height, width, channel)`` of the source's raw images.
        maximum: the largest value of their pixels.

    Returns:
        ``(example, height, width, channel)``

    Raises:
        DataError: files that cannot be read, or hold no digit; all are named.
    """
    found, problems = [], []
    for file in files:
        try:
            found.append(fitting(read_image(file, None), source, shape, maximum))
        except (
            OSError,
            ValueError,
            SyntaxError,
            UnidentifiedImageError,
            Image.DecompressionBombError,
        ) as error:
            reason = (
                "no PNG or JPEG image" if isinstance(error, UnidentifiedImageError) else str(error)
            )
            rule = "must be a readable image of one thing"
            problems.append(Problem(str(file), rule, reason, "Repair it, or leave it out."))
    if problems:
        raise DataError(problems)
    return np.stack(found)


def fitting(pixels: Bytes, source: str, shape: Shape, maximum: int) -> Bytes:
    """Make one image look as a source's do.

    Digits are normalised as MNIST was; other images are resized, and turned light on dark where the
    source is.

    Args:
        pixels: ``(height, width, 1 or 3)``.
        source: of the study's data.
        shape: of its raw images.
        maximum: the largest value of their pixels.

    Raises:
        ValueError: a digit is asked for, and there is no ink.
    """
    height, width, channels = shape
    if source in HANDWRITTEN:
        digit = mnist_like(pixels)
        if (height, width) != digit.shape[:2]:
            digit = _resized(digit[4:24, 4:24], (height, width))
        return np.round(digit.astype(np.float64) * maximum / 255).astype(np.uint8)
    if channels == 1 and pixels.shape[2] == 3:
        pixels = np.round(pixels.mean(2, keepdims=True)).astype(np.uint8)
    if channels == 3 and pixels.shape[2] == 1:
        pixels = np.repeat(pixels, 3, axis=2)
    if source == "fashion-mnist" and _border(pixels) > 127:
        pixels = 255 - pixels
    resized = _resized(pixels, (height, width))
    return np.round(resized.astype(np.float64) * maximum / 255).astype(np.uint8)


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


def _border(pixels: Bytes) -> float:
    edges = (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1])
    return float(np.median(np.concatenate([edge.ravel() for edge in edges])))


def _resized(pixels: Bytes, size: tuple[int, int]) -> Bytes:
    if pixels.shape[:2] == size:
        return pixels
    plain = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    way = Image.Resampling.BOX if plain.width >= 2 * size[1] else Image.Resampling.BILINEAR
    found = np.asarray(plain.resize((size[1], size[0]), way))
    return found if found.ndim == 3 else found[..., None]
