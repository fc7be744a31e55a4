"""Named arrays in a file that notices damage: safetensors with a checksum of all its bytes.

The checksum stands in the file's own header, so that a file is whole by itself. It covers every byte
but its own, and the place that the file was written to: a file in another's place is damage, too.
Files of earlier versions have none, and are read without. Free of torch.
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
"""Stands where the checksum will be, while it is computed."""
BROKEN = (SafetensorError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What reading of damaged bytes can raise."""
CURE = "Run the study again: paribus run FOLDER trains what cannot be read once more."


def write_sealed(path: Path, arrays: Mapping[str, npt.NDArray[Any]], text: str) -> None:
    """Write arrays and a text so that a crash leaves the old file or the new one.

    Args:
        path: of the file; its folder is created.
        arrays: by name.
        text: describes them.

    Raises:
        StoreError: it cannot be written.
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
    """Return the error about a file of a trial that is no good.

    Args:
        path: of the file.
        got: what is wrong with it.
        rule: that it breaks.
    """
    return TrialError(Problem(str(path), rule, got, CURE))


def _sealed(path: Path, arrays: Mapping[str, npt.NDArray[Any]], text: str) -> bytes:
    plain = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    saved = save(plain)
    (length,) = struct.unpack("<Q", saved[:8])
    about = {TEXT: text, PLACE: _place(path), SEAL: EMPTY}  # safetensors would shuffle them
    tensors = json.loads(saved[8 : 8 + length])
    header = json.dumps({"__metadata__": about, **tensors}, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    content = struct.pack("<Q", len(header)) + header + saved[8 + length :]
    digest = hashlib.sha256(content).hexdigest()
    at = _seal_at(content)
    return content[:at] + digest.encode() + content[at + len(EMPTY) :]


def _verify(path: Path, content: bytes, about: Mapping[str, str]) -> None:
    """Compare the checksum, if the file is new enough to have one.

    Raises:
        TrialError: it is another one, or what the file says of itself is not what we write.
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
    """Return what a file must not be mistaken for: its folder, which names the trial, and its name."""
    return f"{path.absolute().parent.name}/{path.name}"


def _seal_at(content: bytes) -> int:
    """Return where the checksum stands; quotes in other texts of the header are escaped.

    Raises:
        ValueError: it is nowhere.
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
