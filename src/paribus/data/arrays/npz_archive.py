"""Safe reader of ``.npz`` archives: all headers first, then arrays one by one, within size limits.

Memory for an array is allocated only after the size in its header agrees with the size in the
archive's directory and is below the limit.
"""

from __future__ import annotations

import lzma
import math
import struct
import tokenize
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

from paribus.errors import DataError, Problem

__all__ = ["MOST_BYTES", "Header", "NpzArchive"]

MOST_BYTES = 4 << 30
"""Largest accepted array in bytes, unpacked."""
_RATIO = 500
"""Largest accepted compression ratio of a large array; images never reach it."""
_SMALL = 64 << 20
"""Size in bytes up to which any compression ratio is accepted."""
_CHUNK = 1 << 24
_DAMAGES = (
    OSError,
    ValueError,
    EOFError,
    KeyError,
    IndexError,
    TypeError,
    SyntaxError,
    AttributeError,
    NotImplementedError,
    RuntimeError,
    OverflowError,
    MemoryError,
    RecursionError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    tokenize.TokenError,
)


@dataclass(frozen=True)
class Header:
    """Shape, type and memory order of an array, from its header."""

    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]
    fortran: bool = False
    """Whether values are stored in Fortran (column-major) order."""

    def __str__(self) -> str:
        """Return type and shape, for example ``uint8 (60000, 28, 28)``."""
        return f"{self.dtype} {self.shape}"


class NpzArchive:
    """An open ``.npz`` archive, to be used as a context manager.

    Raises:
        DataError: the file is no archive of plain arrays, or an array exceeds a limit.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.headers: dict[str, Header] = {}
        self.others: list[str] = []
        """Names of archive members that are no arrays."""
        self._members: dict[str, zipfile.ZipInfo] = {}
        try:
            self._refuse_npy()
            self._zip = zipfile.ZipFile(path)
        except _DAMAGES as error:
            raise self._damaged(error) from error
        try:
            for member in self._zip.infolist():
                self._add(member)
        except DataError:
            self._zip.close()
            raise

    def __enter__(self) -> NpzArchive:
        """Return the open archive."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the archive's file."""
        self._zip.close()

    def read(self, name: str) -> npt.NDArray[np.generic]:
        """Read one array and verify its checksum.

        Raises:
            DataError: the array is damaged, contains Python objects, or differs in size from its header.
        """
        header, member = self.headers[name], self._members[name]
        if header.dtype.hasobject:
            rule = "must be a plain array"
            fix = "Save numbers, or text as a NumPy array of text: x.astype(str)."
            raise DataError(Problem(f"{self.path}: {name}", rule, "pickled Python objects", fix))
        try:
            with self._zip.open(member) as file:
                self._header(file)
                return self._content(file, header)
        except _DAMAGES as error:
            raise self._damaged(error, name) from error

    def _add(self, member: zipfile.ZipInfo) -> None:
        if not member.filename.endswith(".npy"):
            self.others.append(member.filename)
            return
        name = member.filename.removesuffix(".npy")
        if name in self.headers:
            raise DataError(Problem(f"{self.path}: {name}", "must be in the archive once", "twice"))
        try:
            with self._zip.open(member) as file:
                start = self._header(file)
        except _DAMAGES as error:
            raise self._damaged(error, name) from error
        self.headers[name], self._members[name] = start, member
        if not start.dtype.hasobject:
            self._refuse_size(name, start, member)

    def _refuse_size(self, name: str, header: Header, member: zipfile.ZipInfo) -> None:
        where = f"{self.path}: {name}"
        size = math.prod(header.shape) * header.dtype.itemsize
        if size > MOST_BYTES:
            rule = f"must be at most {MOST_BYTES:,} bytes unpacked"
            raise DataError(Problem(where, rule, f"{size:,}", "Save fewer or smaller images."))
        if size > _SMALL and size > _RATIO * max(1, member.compress_size):
            rule = f"must be packed at most {_RATIO} times smaller"
            got = f"{member.compress_size:,} bytes for {size:,}"
            raise DataError(Problem(where, rule, got, "Save it with numpy.savez (not packed)."))
        if not size <= member.file_size <= size + (1 << 17):
            rule = f"must hold {size:,} bytes, as its header says ({header})"
            got = f"{member.file_size:,} with the header"
            raise DataError(Problem(where, rule, got, "The file is damaged: save it again."))

    @staticmethod
    def _header(file: IO[bytes]) -> Header:
        version = np.lib.format.read_magic(file)
        if version == (1, 0):
            shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
        else:
            shape, fortran, dtype = np.lib.format.read_array_header_2_0(file)
        if any(size < 0 for size in shape):
            raise ValueError(f"the shape {shape}")
        return Header(tuple(int(size) for size in shape), dtype, bool(fortran))

    @staticmethod
    def _content(file: IO[bytes], header: Header) -> npt.NDArray[np.generic]:
        count = math.prod(header.shape)
        flat = np.empty(count, header.dtype)
        view, done = flat.view(np.uint8).reshape(-1) if count else np.empty(0, np.uint8), 0
        while done < len(view):
            block = file.read(min(_CHUNK, len(view) - done))
            if not block:
                raise EOFError(f"it ends after {done:,} of {len(view):,} bytes")
            view[done : done + len(block)] = np.frombuffer(block, np.uint8)
            done += len(block)
        if file.read(1):
            raise ValueError("it is longer than its header says")
        if header.fortran:
            return np.ascontiguousarray(flat.reshape(header.shape[::-1]).transpose())
        return flat.reshape(header.shape)

    def _refuse_npy(self) -> None:
        with self.path.open("rb") as file:
            start = file.read(8)
        if start.startswith(b"\x93NUMPY"):
            raise ValueError("a single array (.npy)")
        if start[:2] != b"PK":
            raise ValueError("another kind of file" if start else "an empty file")

    def _damaged(self, error: Exception, name: str = "") -> DataError:
        where = f"{self.path}: {name}" if name else str(self.path)
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        rule, fix = "must be a .npz archive of plain arrays", "Save it with numpy.savez."
        return DataError(Problem(where, rule, reason, fix))
