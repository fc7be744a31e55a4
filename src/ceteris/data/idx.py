"""IDX files, the format of MNIST: a magic number, sizes, then bytes; gzip or plain.

Source: LeCun, Cortes & Burges, "The MNIST database", file formats.
"""

from __future__ import annotations

import gzip
import zlib
from math import prod
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ceteris.errors import DataError, Problem

__all__ = ["find_pair", "read_idx"]

_LIMIT = 2 << 30


def read_idx(path: Path) -> npt.NDArray[np.uint8]:
    """Read one file of unsigned bytes.

    Raises:
        DataError: it is not an IDX file, or shorter or longer than its header says.
    """
    content = _content(path)
    if len(content) < 4 or content[:3] != b"\0\0\x08" or not 1 <= content[3] <= 4:
        raise DataError(
            Problem(
                str(path),
                "must begin with the IDX magic number 00 00 08 and a number of axes",
                content[:4].hex(" ") or "an empty file",
                "Download the file again.",
            )
        )
    start = 4 + 4 * content[3]
    shape = tuple(int(size) for size in np.frombuffer(content[4:start], ">u4"))
    if len(shape) != content[3] or len(content) - start != prod(shape):
        raise DataError(
            Problem(
                str(path),
                f"must hold {start + prod(shape):,} bytes after unpacking, as its header says",
                f"{len(content):,}",
                "The file is damaged: download it again.",
            )
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def find_pair(folder: Path, prefix: str) -> tuple[Path, Path] | None:
    """Return (images, labels) such as ``train-images-idx3-ubyte[.gz]``, or None."""
    found = []
    for stem in (f"{prefix}-images", f"{prefix}-labels"):
        names = sorted(
            path
            for path in folder.glob(f"{stem}*ubyte*")
            if path.suffix in ("", ".gz") or "ubyte" in path.suffix
        )
        if not names:
            return None
        found.append(names[0])
    return found[0], found[1]


def _content(path: Path) -> bytes:
    try:
        if path.suffix != ".gz":
            return path.read_bytes()
        with gzip.open(path) as file:
            return file.read(_LIMIT)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(
            Problem(str(path), "must be readable", str(error), "Download the file again.")
        ) from error
