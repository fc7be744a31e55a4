"""Decoding of image files to pixel arrays, the same for training data and for images to classify.

Pixels must look as in an image viewer: transparent pixels are composited on a background and 16-bit
values scaled, not clipped. Every change of pixels is reported. Images are limited to `MAX_PIXELS`;
formats other than `FORMATS` are refused, with advice on how to convert them.
"""

from __future__ import annotations

import contextlib
import logging
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, TiffImagePlugin, UnidentifiedImageError, WebPImagePlugin

__all__ = [
    "FORMATS",
    "Background",
    "Decoded",
    "UnreadableError",
    "decode",
    "is_picture_name",
]

Bytes = npt.NDArray[np.uint8]
Background = Literal["white", "black"]

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
MAX_PIXELS = 50_000_000
# Without a handler, logging would print Pillow's messages about damaged files to stderr, too.
logging.getLogger("PIL").addHandler(logging.NullHandler())
# The import registers these formats with `Image.open`.
_PLUGINS = (TiffImagePlugin, WebPImagePlugin)
_ENDINGS = frozenset(
    {
        *(".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".dib", ".gif"),
        *(".tif", ".tiff", ".webp", ".ppm", ".pgm", ".pbm", ".pnm"),
    }
)
_OTHER_PICTURES = {
    ".svg": "a drawing (SVG)",
    ".psd": "a Photoshop file",
    ".heic": "a HEIC photograph",
    ".heif": "a HEIF photograph",
    ".avif": "an AVIF image",
    ".jp2": "a JPEG 2000 image",
    ".jxl": "a JPEG XL image",
    ".ico": "an icon",
    ".pdf": "a PDF document",
    ".eps": "a PostScript drawing",
    ".dcm": "a DICOM image",
    ".tga": "a Targa image",
    ".exr": "an OpenEXR image",
    ".hdr": "a Radiance image",
    ".fits": "a FITS image",
    **dict.fromkeys((".raw", ".cr2", ".nef", ".arw", ".dng"), "a camera's raw file"),
}
"""File extension -> name of an image format that is not read."""
_SIGNATURES = (
    (b"%PDF", "a PDF document"),
    (b"8BPS", "a Photoshop file"),
    (b"PK\x03\x04", "a zip archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"<svg", "a drawing (SVG)"),
    (b"<?xml", "an XML file, such as a drawing (SVG)"),
    (b"<!DOCTYPE", "a web page"),
    (b"<html", "a web page"),
    (b"%!PS", "a PostScript drawing"),
    (b"\0\0\1\0", "an icon"),
    (b"SIMPLE  =", "a FITS image"),
    (b"version https://git-lfs", "a pointer of Git LFS, not the picture"),
)
_SIXTEEN = 65_535
_ORIENTATION, _PHOTOMETRIC = 0x0112, 262


class UnreadableError(Exception):
    """An image file cannot be read; the message says why, and how to convert it."""


@dataclass(frozen=True)
class Decoded:
    """A decoded image, and the changes made to its pixels."""

    pixels: Bytes
    """``(height, width, 1 or 3)``; one channel if red, green and blue are equal everywhere."""
    changes: tuple[str, ...] = ()
    """One phrase for each kind of change, the same for all images, so that they can be counted."""
    highest: int | None = None
    """Largest stored value of a 16-bit image, before scaling; None for other images."""


def decode(
    file: Path, size: tuple[int, int] | None = None, background: Background = "white"
) -> Decoded:
    """Decode an image as a viewer shows it.

    Args:
        file: PNG, JPEG, BMP, GIF, TIFF, WebP or PPM, whatever its extension.
        size: height and width to resize to; None keeps the size.
        background: colour under transparent pixels.

    Raises:
        UnreadableError: the file has another format, is damaged, or has more than `MAX_PIXELS` pixels.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            # A stream, not a path: Pillow 13.0.0 shears rotated TIFF files that it memory-maps.
            with file.open("rb") as stream, Image.open(stream, formats=FORMATS) as image:
                return _decoded(image, size, background)
    except UnreadableError:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise UnreadableError(f"more than {MAX_PIXELS:,} pixels") from error
    except UnidentifiedImageError as error:
        raise UnreadableError(_what_else(file)) from error
    except (
        ArithmeticError,
        AttributeError,
        EOFError,
        LookupError,
        MemoryError,
        NotImplementedError,
        OSError,
        RuntimeError,
        SyntaxError,
        TypeError,
        ValueError,
    ) as error:  # exceptions that decoders raise for damaged files
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise UnreadableError(" ".join(str(reason).split())) from error


def is_picture_name(name: str) -> bool:
    """Return whether a file has the extension of an image format, supported or not."""
    suffix = Path(name.lower()).suffix
    return suffix in _ENDINGS or suffix in _OTHER_PICTURES


def _decoded(image: Image.Image, size: tuple[int, int] | None, background: Background) -> Decoded:
    if image.width * image.height > MAX_PIXELS:
        raise UnreadableError(f"{image.width}x{image.height} pixels are more than {MAX_PIXELS:,}")
    if image.width * image.height == 0:
        raise UnreadableError("no pixel")
    changes: list[str] = []
    if image.format in ("GIF", "TIFF", "WEBP", "PNG") and getattr(image, "is_animated", False):
        changes.append("more than one frame, the first is taken")
    image.seek(0)
    # The orientation is read before loading, because Pillow applies and deletes that of a TIFF.
    orientation = _orientation(image)
    white_is_zero = isinstance(image, TiffImagePlugin.TiffImageFile) and (
        image.tag_v2.get(_PHOTOMETRIC) == 0 and image.mode.startswith(("I", "F"))
    )
    image.load()
    sixteen = image.mode.startswith("I;16") or (
        image.mode == "I" and image.format in ("PNG", "PPM")
    )
    if orientation != 1:
        changes.append("turned upright as its EXIF orientation says")
        image = _upright(image)
    if white_is_zero:
        raise UnreadableError("more than 8 bits, white is zero: save it with black as zero")
    highest = int(np.asarray(image).max()) if sixteen else None
    plain = _sixteen_bits(image, background, changes) if sixteen else _from_unit(image, changes)
    if plain is None:
        plain = _opaque(image, background, changes)
    if plain.mode not in ("1", "L", "RGB"):
        if plain.mode not in ("P", "PA", "RGBA", "LA", "RGBX", "RGBa", "La"):
            changes.append(f"{plain.mode} colours, converted to RGB")
        plain = plain.convert("RGB")
    gray = plain.mode in ("1", "L") or _is_gray(plain)
    plain = plain.convert("L" if gray else "RGB")
    if size is not None and plain.size != size[::-1]:
        plain = plain.resize(size[::-1], Image.Resampling.BILINEAR)
    pixels = np.asarray(plain)
    pixels = pixels if pixels.ndim == 3 else pixels[..., None]
    return Decoded(pixels, tuple(changes), highest)


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, from 1 to 8; 1 (upright) if the EXIF data are missing or invalid."""
    found = 1
    with contextlib.suppress(Exception):  # invalid EXIF data raise many types
        found = int(image.getexif().get(_ORIENTATION, 1))
    return found if found in range(2, 9) else 1


def _upright(image: Image.Image) -> Image.Image:
    """Rotate an image upright by its EXIF orientation, unless Pillow did so while loading it."""
    if _orientation(image) == 1:
        return image
    ways = ImageOps.exif_transpose(image)
    return image if ways is None else ways


def _sixteen_bits(image: Image.Image, background: Background, changes: list[str]) -> Image.Image:
    """Scale a 16-bit image to 8 bits; its transparent value becomes the background."""
    values = np.asarray(image).astype(np.int64)
    changes.append(f"16 bits, scaled from 0..{_SIXTEEN:,} to 0..255")
    clear = image.info.get("transparency")
    if isinstance(clear, int) and (values == clear).any():
        changes.append(f"transparent, composited on {background}")
        values = np.where(values == clear, _SIXTEEN if background == "white" else 0, values)
    scaled = (values * 255 + _SIXTEEN // 2) // _SIXTEEN
    return Image.fromarray(scaled.astype(np.uint8))


def _from_unit(image: Image.Image, changes: list[str]) -> Image.Image | None:
    """Scale a floating-point image from 0..1 to 8 bits; returns None for 8-bit images.

    Raises:
        UnreadableError: values are not finite or beyond 0..1, or are 32-bit integers, so that the
            largest possible value is unknown.
    """
    if image.mode not in ("I", "F"):
        return None
    numbers = np.asarray(image).astype(np.float64)
    kind = "floating-point" if image.mode == "F" else "32-bit"
    if not np.isfinite(numbers).all():
        raise UnreadableError(f"{kind} values that are not finite")
    low, high = float(numbers.min()), float(numbers.max())
    if image.mode == "I" or low < 0 or high > 1:
        raise UnreadableError(
            f"{kind} values from {low:g} to {high:g}, whose range nothing tells: "
            "save it with 8 or 16 bits, or as floats from 0 to 1"
        )
    changes.append("floats, scaled from 0..1 to 0..255")
    return Image.fromarray(np.round(numbers * 255).astype(np.uint8))


def _opaque(image: Image.Image, background: Background, changes: list[str]) -> Image.Image:
    """Composite transparent pixels on the background; opaque pixels do not change."""
    if not image.has_transparency_data:
        return image.convert("RGB") if image.mode == "P" else image
    layered = image.convert("RGBA")
    if layered.getchannel("A").getextrema() == (255, 255):
        return layered.convert("RGB")
    changes.append(f"transparent, composited on {background}")
    ground = Image.new("RGBA", layered.size, background)
    return Image.alpha_composite(ground, layered).convert("RGB")


def _is_gray(image: Image.Image) -> bool:
    """Return whether red, green and blue are equal everywhere, as in scans of ink saved in colour."""
    pixels = np.asarray(image.convert("RGB"))
    return bool((pixels == pixels[..., :1]).all())


def _what_else(file: Path) -> str:
    """Return what an unrecognised file is by its first bytes or extension, and how to convert it."""
    try:
        with file.open("rb") as stream:
            start = stream.read(64)
    except OSError as error:
        return error.strerror or str(error)
    if not start:
        return "an empty file"
    known = next((what for sign, what in _SIGNATURES if start.lstrip().startswith(sign)), None)
    known = known or _OTHER_PICTURES.get(file.suffix.lower())
    if b"ftyphei" in start[:16] or b"ftypmif1" in start[:16]:
        known = "a HEIC photograph"
    if known is None:
        return "no PNG, JPEG, BMP, GIF, TIFF, WebP or PPM image"
    return f"{known}: convert it to PNG"
