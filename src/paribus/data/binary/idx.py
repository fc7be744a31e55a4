"""Reader of IDX files, the format of MNIST: a magic number, the shape, then bytes; gzip or plain.

Source: LeCun, Cortes & Burges, "The MNIST database", file formats.
"""

from __future__ import annotations

import gzip
import zlib
from math import prod
from pathlib import Path
from typing import IO, cast

import numpy as np
import numpy.typing as npt

from paribus.errors import DataError, Problem

__all__ = ["read_idx"]

MOST_BYTES = 4 << 30
"""Largest accepted file in bytes, unpacked."""
_CHUNK = 1 << 24
_LOOK = 1 << 20
"""Largest number of surplus bytes that are counted for the error message."""
_TYPES = {
    0x09: "signed bytes",
    0x0B: "16-bit numbers",
    0x0C: "32-bit numbers",
    0x0D: "32-bit fractions",
    0x0E: "64-bit fractions",
}
_AGAIN = "Download the file again."


def read_idx(path: Path) -> npt.NDArray[np.uint8]:
    """Read one IDX file of unsigned bytes; no more is unpacked than its header states.

    Raises:
        DataError: it is not an IDX file of unsigned bytes, or its size differs from its header.
    """
    try:
        with _opened(path) as file:
            return _read(file, path)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(Problem(str(path), "must be readable", str(error), _AGAIN)) from error


def _opened(path: Path) -> IO[bytes]:
    if path.suffix.lower() == ".gz":
        return cast("IO[bytes]", gzip.open(path))
    return path.open("rb")


def _read(file: IO[bytes], path: Path) -> npt.NDArray[np.uint8]:
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] != 8 or not 1 <= magic[3] <= 4:
        raise DataError(_wrong_magic(path, magic))
    sizes = file.read(4 * magic[3])
    shape = tuple(int(size) for size in np.frombuffer(sizes[: len(sizes) // 4 * 4], ">u4"))
    start, size = 4 + 4 * magic[3], prod(shape)
    if size > MOST_BYTES:
        rule = f"must be at most {MOST_BYTES:,} bytes"
        raise DataError(Problem(str(path), rule, f"a header that says {size:,}", _AGAIN))
    content = bytearray()
    while len(content) <= size:  # grows with the bytes read: a false header allocates nothing
        block = file.read(min(_CHUNK, size + 1 - len(content)))
        if not block:
            break
        content += block
    if len(shape) != magic[3] or len(content) != size:
        rest = len(file.read(_LOOK)) if len(content) > size else 0
        found, more = 4 + len(sizes) + len(content) + rest, " or more" if rest == _LOOK else ""
        rule = f"must hold {start + size:,} bytes after unpacking, as its header says"
        fix = "The file is damaged: download it again."
        raise DataError(Problem(str(path), rule, f"{found:,}{more}", fix))
    return np.frombuffer(content, np.uint8).reshape(shape)


def _wrong_magic(path: Path, magic: bytes) -> Problem:
    if len(magic) == 4 and magic[:2] == b"\0\0" and magic[2] in _TYPES:
        rule, got = "must hold unsigned bytes", f"IDX with {_TYPES[magic[2]]}"
        return Problem(str(path), rule, got, "Save such arrays as .npz.")
    rule = "must begin with the IDX magic number 00 00 08 and a number of axes"
    got = magic.hex(" ") or "an empty file"
    if magic[:2] == b"\x1f\x8b":
        return Problem(str(path), rule, got, "It is packed: give its name the ending .gz.")
    return Problem(str(path), rule, got, _AGAIN)
