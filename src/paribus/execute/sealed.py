"""Files of named arrays whose damage is detected: safetensors with a SHA-256 checksum.

The checksum is in the file's own header. It covers all other bytes and the file's location (folder and
name), so that a file moved to another trial's folder counts as damaged. Files of earlier versions have no
checksum and are read without the comparison. Does not import torch.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load, save

from paribus.durable import write_file
from paribus.errors import Problem, StoreError, TrialError
from paribus.old_name import OLD_NAME

__all__ = ["BROKEN", "Arrays", "damaged", "find_sealed", "read_sealed", "write_sealed"]

Arrays = dict[str, npt.NDArray[Any]]

TEXT, SEAL, PLACE = OLD_NAME, "sha256", "place"
EMPTY = "0" * 64
"""Placeholder for the checksum while it is computed."""
BROKEN = (SafetensorError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""Exceptions that reading damaged bytes can raise."""
CURE = "Run the study again: paribus run FOLDER trains what cannot be read once more."


def write_sealed(path: Path, arrays: Mapping[str, npt.NDArray[Any]], text: str) -> None:
    """Write arrays and a text so that a crash leaves the old file or the new one.

    Args:
        path: path of the file; its folder is created.
        arrays: name -> array.
        text: description of the arrays, stored in the header.

    Raises:
        StoreError: the file cannot be written.
    """
    content = _sealed(path, arrays, text)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, content, partial=partial)
    except OSError as error:
        raise StoreError(
            Problem(
                str(path),
                f"must be writable ({len(content):,} bytes)",
                error.strerror or str(error),
                "Free some space or choose another folder with --out; finished trials are kept.",
            )
        ) from error


def read_sealed(path: Path) -> tuple[Arrays, str]:
    """Return the arrays and the text that `write_sealed` wrote.

    Raises:
        TrialError: there is no such file, it cannot be read, or it is damaged.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise damaged(path, "no file", rule="must exist") from error
    except OSError as error:
        raise damaged(path, error.strerror or str(error)) from error
    try:
        arrays = load(content)
        about = _metadata(content)
        _verify(path, content, about)
    except BROKEN as error:
        raise damaged(path, _first_line(error)) from error
    return arrays, about[TEXT]


def find_sealed(path: Path) -> tuple[Arrays, str] | None:
    """Return what `read_sealed` returns; None if there is no such file.

    Raises:
        TrialError: the file cannot be read, or is damaged.
    """
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise damaged(path, error.strerror or str(error)) from error
    return read_sealed(path)


def damaged(path: Path, got: str, *, rule: str = "must be a whole safetensors file") -> TrialError:
    """Return the error that a trial's file is missing or damaged.

    Args:
        path: path of the file.
        got: what was found instead.
        rule: rule that the file breaks.
    """
    return TrialError(Problem(str(path), rule, got, CURE))


def _sealed(path: Path, arrays: Mapping[str, npt.NDArray[Any]], text: str) -> bytes:
    plain = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    saved = save(plain)
    (length,) = struct.unpack("<Q", saved[:8])
    # The header is written here, because safetensors writes these keys in random order.
    about = {TEXT: text, PLACE: _place(path), SEAL: EMPTY}
    tensors = json.loads(saved[8 : 8 + length])
    header = json.dumps({"__metadata__": about, **tensors}, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    content = struct.pack("<Q", len(header)) + header + saved[8 + length :]
    digest = hashlib.sha256(content).hexdigest()
    at = _seal_at(content)
    return content[:at] + digest.encode() + content[at + len(EMPTY) :]


def _verify(path: Path, content: bytes, about: Mapping[str, str]) -> None:
    """Compare the checksum and the location; files of earlier versions have neither.

    Raises:
        TrialError: the checksum or the location differs, or the header has unknown keys.
    """
    if set(about) == {TEXT}:
        return
    if set(about) != {TEXT, PLACE, SEAL}:
        raise damaged(path, "a header that we have not written")
    at = _seal_at(content)
    blank = memoryview(content)
    digest = hashlib.sha256(blank[:at])
    digest.update(EMPTY.encode())
    digest.update(blank[at + len(EMPTY) :])
    if digest.hexdigest() != about[SEAL]:
        raise damaged(path, "other bytes than were written (its SHA-256 differs)")
    if about[PLACE] != _place(path):
        raise damaged(path, f"the file that belongs at {about[PLACE]}")


def _place(path: Path) -> str:
    """Return the location that the checksum covers: names of the folder (one per trial) and of the file."""
    return f"{path.absolute().parent.name}/{path.name}"


def _seal_at(content: bytes) -> int:
    """Return the byte offset of the checksum. It is found by its quoted key; quotes in other texts are escaped.

    Raises:
        ValueError: there is no checksum.
    """
    key = f'"{SEAL}":"'.encode()
    (length,) = struct.unpack("<Q", content[:8])
    return content.index(key, 8, 8 + length) + len(key)


def _metadata(content: bytes) -> dict[str, str]:
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    return dict(header["__metadata__"])


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
