"""Image folders: one folder per class, sorted by name; dot-files are ignored.

With sub-folders ``train`` and ``test`` (and nothing else), these are the official parts. Images are
PNG or JPEG; all must have one size unless a resize step makes them equal.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from ceteris.data.dataset import Dataset, make_dataset
from ceteris.errors import DataError, Problem
from ceteris.records import Parts

__all__ = ["image_folders", "read_folder", "read_image"]

FORMATS = ("PNG", "JPEG")
MAX_PIXELS = 50_000_000


def read_folder(path: Path, *, size: tuple[int, int] | None = None) -> Dataset:
    """Read every image.

    Args:
        path: the folder.
        size: height and width to resize to while reading; None keeps the images' own.

    Raises:
        DataError: files that cannot be read (all are named), or sizes that differ.
    """
    parts = _parts(path)
    class_names = tuple(sorted({entry.name for part in parts for entry in _entries(part)}))
    files = [
        [
            (file, class_names.index(folder.name))
            for folder in _entries(part)
            for file in _files(folder)
        ]
        for part in parts
    ]
    flat = [item for part in files for item in part]
    images = _read_all(path, [file for file, _ in flat], size)
    return make_dataset(
        images,
        np.array([label for _, label in flat], dtype=np.int64),
        class_names,
        where=str(path),
        parts=Parts(len(files[0]), test=sum(map(len, files[1:]))),
    )


def _parts(path: Path) -> list[Path]:
    names = {entry.name for entry in _entries(path)}
    return [path / "train", path / "test"] if names == {"train", "test"} else [path]


def _entries(path: Path) -> list[Path]:
    return sorted(
        item for item in path.iterdir() if item.is_dir() and not item.name.startswith(".")
    )


def _files(folder: Path) -> Iterator[Path]:
    return (
        item
        for item in sorted(folder.iterdir())
        if item.is_file() and not item.name.startswith(".")
    )


def _read_all(path: Path, files: list[Path], size: tuple[int, int] | None) -> npt.NDArray[np.uint8]:
    if not files:
        raise DataError(
            Problem(
                str(path),
                "must hold one folder per class with PNG or JPEG images in it",
                "no image",
                "Sort the images into folders named after their classes.",
            )
        )
    images, problems = [], []
    for file in files:
        try:
            images.append(read_image(file, size))
        except (
            OSError,
            ValueError,
            UnidentifiedImageError,
            Image.DecompressionBombError,
            SyntaxError,
        ) as error:
            reason = (
                "no PNG or JPEG image" if isinstance(error, UnidentifiedImageError) else str(error)
            )
            problems.append(
                Problem(str(file), "must be a readable image", reason, "Repair or remove it.")
            )
    if problems:
        raise DataError(problems)
    return _stack(path, files, images)


def image_folders(path: Path) -> dict[str, list[Path]]:
    """Return the files of every sub-folder, by its name."""
    return {folder.name: list(_files(folder)) for folder in _entries(path)}


def read_image(file: Path, size: tuple[int, int] | None) -> npt.NDArray[np.uint8]:
    """Read one PNG or JPEG: ``(height, width, 1 or 3)``, gray where all channels agree.

    Args:
        file: to read.
        size: height and width to resize to; None keeps the image's own.

    Raises:
        OSError, ValueError, SyntaxError, UnidentifiedImageError: it cannot be read, or is too large.
    """
    with warnings.catch_warnings(), Image.open(file, formats=FORMATS) as image:
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        if image.width * image.height > MAX_PIXELS:
            raise ValueError(f"{image.width}x{image.height} pixels are more than {MAX_PIXELS:,}")
        gray = image.mode in ("1", "L", "LA", "I", "I;16", "F") or _is_gray(image)
        plain = image.convert("L" if gray else "RGB")
        if size is not None and plain.size != size[::-1]:
            plain = plain.resize(size[::-1], Image.Resampling.BILINEAR)
        pixels = np.asarray(plain)
    return pixels if pixels.ndim == 3 else pixels[..., None]


def _is_gray(image: Image.Image) -> bool:
    """Whether all three channels agree, as in scans of ink that were saved in colour."""
    pixels = np.asarray(image.convert("RGB"))
    return bool((pixels == pixels[..., :1]).all())


def _stack(
    path: Path, files: list[Path], images: list[npt.NDArray[np.uint8]]
) -> npt.NDArray[np.uint8]:
    channels = max(image.shape[2] for image in images)
    images = [np.repeat(image, channels // image.shape[2], axis=2) for image in images]
    shapes = [image.shape for image in images]
    if len(set(shapes)) > 1:
        other = next(index for index, shape in enumerate(shapes) if shape != shapes[0])
        raise DataError(
            Problem(
                str(path),
                "images must have one size, or the study a resize step",
                f"{_size(shapes[0])} ({files[0].name}) and {_size(shapes[other])} ({files[other].name})",
                "Add {resize: {height: 28, width: 28}} to data.preprocess.",
            )
        )
    return np.stack(images)


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[0]}x{shape[1]}"
