"""Reader of the Python batches of CIFAR-10 and CIFAR-100, without executing their pickles.

The batches are pickles, decoded by `plain_pickle`. Archives are read member by member: nothing is
unpacked to disk, and the size in memory is limited.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
import numpy.typing as npt

from paribus.data.binary.plain_pickle import ByteArray, plain_value
from paribus.data.dataset import Dataset, Said, make_dataset
from paribus.errors import DataError, Problem
from paribus.records import Parts

__all__ = ["BATCHES", "holds_cifar", "is_archive", "plain_value", "read_cifar"]

BATCHES = (*(f"data_batch_{k}" for k in range(1, 6)), "test_batch")
_MEMBER_LIMIT = 256 << 20
"""Largest accepted batch file in bytes; the training batch of CIFAR-100 has 155 MB."""
_TOTAL_LIMIT = 1 << 30
"""Largest accepted unpacked archive in bytes."""
_ROW = 3 * 32 * 32
"""Bytes of one image."""
_ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2")
_AGAIN = "Download it again."
_DAMAGES = (
    tarfile.TarError,
    lzma.LZMAError,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
    OverflowError,
    MemoryError,
    RecursionError,
)


@dataclass(frozen=True)
class _Kind:
    """File names of one CIFAR data set, and keys of the dictionaries in them."""

    name: str
    train: tuple[str, ...]
    test: tuple[str, ...]
    meta: str
    labels: str
    class_names: str

    @property
    def files(self) -> tuple[str, ...]:
        """Names of all files of the data set."""
        return (*self.train, *self.test, self.meta)


_CIFAR_10 = _Kind("CIFAR-10", BATCHES[:5], BATCHES[5:], "batches.meta", "labels", "label_names")
_CIFAR_100 = _Kind("CIFAR-100", ("train",), ("test",), "meta", "fine_labels", "fine_label_names")


def is_archive(path: Path) -> bool:
    """Return whether a file has the name of a tar archive."""
    return path.name.lower().endswith(_ARCHIVES)


def holds_cifar(folder: Path) -> bool:
    """Return whether a folder contains batch files of CIFAR-10 or CIFAR-100."""
    tens = any((folder / name).is_file() for name in BATCHES)
    return tens or all((folder / name).is_file() for name in _CIFAR_100.files)


def read_cifar(path: Path) -> Dataset:
    """Read CIFAR-10 or CIFAR-100 from an archive (tar, tar.gz, tar.xz, tar.bz2) or an unpacked folder.

    Raises:
        DataError: a batch is missing or damaged, or does not contain images and labels.
    """
    contents, ignored = _folder(path) if path.is_dir() else _archive(path)
    kind = _CIFAR_100 if not set(contents) & set(_CIFAR_10.files) and contents else _CIFAR_10
    missing = [name for name in kind.files if name not in contents]
    if missing:
        rule = f"must hold all of {kind.name}'s batches"
        raise DataError(Problem(str(path), rule, f"none called {', '.join(missing)}"))
    batches = [_batch(path, name, contents[name], kind) for name in (*kind.train, *kind.test)]
    pixels = np.concatenate([images for images, _ in batches])
    counts = [len(labels) for _, labels in batches]
    return make_dataset(
        pixels.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1),
        np.concatenate([labels for _, labels in batches]),
        _class_names(path, contents[kind.meta], kind),
        where=str(path),
        parts=Parts(sum(counts[: len(kind.train)]), test=sum(counts[len(kind.train) :])),
        said=Said(ignored=ignored),
    )


def _value(path: Path, name: str, content: bytes) -> dict[str, Any]:
    try:
        value = plain_value(content)
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, MemoryError) as error:
        reason = " ".join(str(error).split())[:200]
        raise DataError(
            Problem(f"{path}: {name}", "must be a batch of plain data", reason, _AGAIN)
        ) from error
    if not isinstance(value, dict):
        raise DataError(Problem(f"{path}: {name}", "must hold a dictionary", type(value).__name__))
    return {_text(key): item for key, item in value.items()}


def _text(key: object) -> str:
    return key.decode("latin-1") if isinstance(key, bytes) else str(key)


def _class_names(path: Path, content: bytes, kind: _Kind) -> tuple[str, ...]:
    names = _value(path, kind.meta, content).get(kind.class_names)
    if not isinstance(names, list) or not all(isinstance(name, str | bytes) for name in names):
        rule = f"must hold the names of the classes, {kind.class_names}"
        raise DataError(Problem(f"{path}: {kind.meta}", rule, "other data"))
    return tuple(map(_text, names))


def _batch(
    path: Path, name: str, content: bytes, kind: _Kind
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    value = _value(path, name, content)
    data, labels = value.get("data"), value.get(kind.labels)
    good = (
        isinstance(data, ByteArray)
        and isinstance(labels, list)
        and all(type(label) is int and 0 <= label < 1 << 31 for label in labels)
        and data.shape == (len(labels), _ROW)
        and len(data.content) == len(labels) * _ROW
    )
    if not good or not isinstance(data, ByteArray):
        rule = f"must hold {kind.labels} and as many rows of {_ROW} bytes"
        raise DataError(Problem(f"{path}: {name}", rule, "other data"))
    pixels = np.frombuffer(data.content, np.uint8).reshape(data.shape)
    return pixels, np.array(labels, dtype=np.int64)


_Contents = tuple[Mapping[str, bytes], tuple[str, ...]]
"""(batch file name -> its bytes, names of the other files)."""


def _folder(path: Path) -> _Contents:
    known = {*_CIFAR_10.files, *_CIFAR_100.files}
    entries = sorted(path.iterdir())
    contents = {}
    for entry in entries:
        if entry.name in known and entry.is_file():
            if entry.stat().st_size > _MEMBER_LIMIT:
                raise DataError(_too_large(path, entry.name, entry.stat().st_size))
            contents[entry.name] = entry.read_bytes()
    return contents, tuple(entry.name for entry in entries if entry.name not in contents)


def _archive(path: Path) -> _Contents:
    contents: dict[str, bytes] = {}
    ignored: list[str] = []
    try:
        with _unpacked(path) as file, tarfile.open(fileobj=file, mode="r|") as archive:
            for name, content in _members(path, archive, ignored):
                if name in contents:
                    rule = "must be in the archive once"
                    raise DataError(Problem(f"{path}: {name}", rule, "twice", _AGAIN))
                contents[name] = content
    except _DAMAGES as error:
        raise DataError(
            Problem(str(path), "must be a whole tar archive", str(error), _AGAIN)
        ) from error
    return contents, tuple(ignored)


def _members(
    path: Path, archive: tarfile.TarFile, ignored: list[str]
) -> Iterator[tuple[str, bytes]]:
    known = {*_CIFAR_10.files, *_CIFAR_100.files}
    for member in archive:
        name = member.name.rsplit("/", 1)[-1]
        if name not in known or not member.isfile():
            if not member.isdir() and len(ignored) < 20:
                ignored.append(member.name)
            continue
        if member.size > _MEMBER_LIMIT:
            raise DataError(_too_large(path, name, member.size))
        file = archive.extractfile(member)
        if file is not None:
            yield name, file.read(_MEMBER_LIMIT)


def _too_large(path: Path, name: str, size: int) -> Problem:
    return Problem(f"{path}: {name}", f"must be under {_MEMBER_LIMIT:,} bytes", f"{size:,}")


class _Limited:
    """A file from which at most `_TOTAL_LIMIT` bytes can be read, as `tarfile` reads a stream."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._left = file, _TOTAL_LIMIT

    def __enter__(self) -> IO[bytes]:
        return cast("IO[bytes]", self)

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read(self, size: int) -> bytes:
        """Read up to ``size`` bytes; raises OSError beyond the limit."""
        block = self._file.read(size)
        self._left -= len(block)
        if self._left < 0:
            raise OSError(f"more than {_TOTAL_LIMIT:,} bytes unpacked")
        return block


def _unpacked(path: Path) -> _Limited:
    """Open an archive and decompress it by the magic number of its content, whatever its name says."""
    with path.open("rb") as file:
        start = file.read(6)
    if start.startswith(b"\x1f\x8b"):
        return _Limited(cast("IO[bytes]", gzip.open(path)))
    if start.startswith(b"\xfd7zXZ\0"):
        return _Limited(cast("IO[bytes]", lzma.open(path)))
    if start.startswith(b"BZh"):
        return _Limited(cast("IO[bytes]", bz2.open(path)))
    return _Limited(path.open("rb"))
