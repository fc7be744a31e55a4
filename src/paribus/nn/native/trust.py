"""Checks whether a compiled library may be loaded, since loading it executes its code.

A library is trusted if only this user could have written it: the folder and the file belong to the user and are
no links, other users cannot write to them, and cannot replace the folder. The file must have the checksum that
was stored after compilation, since loading a truncated library crashes the process.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable
from pathlib import Path

from paribus.failpoints import reach

__all__ = ["distrust_of_file", "distrust_of_folder", "seal_of", "write_seal"]

_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def distrust_of_folder(folder: Path) -> str | None:
    """Return why code in a folder must not be trusted; None if it may be.

    Args:
        folder: absolute path of the folder.
    """
    try:
        found = _distrust(folder, folder.lstat(), stat.S_ISDIR)
        above = folder.parent.resolve()
        for parent in (above, *above.parents):
            found = found or _replaceable(parent)
    except OSError as error:
        return f"{folder}: {error.strerror or error}"
    return found


def distrust_of_file(path: Path) -> str | None:
    """Return why a compiled library must not be loaded; None if it may be.

    Args:
        path: path of the library in a trusted folder.
    """
    try:
        for one in (path, seal_of(path)):
            found = _distrust(one, one.lstat(), stat.S_ISREG)
            if found is not None:
                return found
        whole = seal_of(path).read_bytes() == _digest(path)
    except OSError as error:
        return f"{error.filename}: {error.strerror or error}"
    return None if whole else f"{path} is not what was compiled"


def write_seal(path: Path, target: Path) -> None:
    """Write the checksum file of a compiled library beside its final path.

    Args:
        path: present path of the library.
        target: final path of the library.
    """
    partial = path.with_name(f"{path.name}.sha256")
    reach("kernels.seal.write")
    partial.write_bytes(_digest(path))
    partial.chmod(0o600)
    reach("kernels.seal.rename")
    partial.replace(seal_of(target))


def seal_of(path: Path) -> Path:
    """Return the path of a library's checksum file."""
    return path.with_name(f"{path.name}.sha256")


def _digest(path: Path) -> bytes:
    return hashlib.sha256(path.read_bytes()).hexdigest().encode()


def _distrust(path: Path, status: os.stat_result, is_right: Callable[[int], bool]) -> str | None:
    if not is_right(status.st_mode):
        return f"{path} is a link or something else that we have not made"
    if status.st_uid != os.geteuid():
        return f"{path} belongs to another user"
    if status.st_mode & _OTHERS_WRITE:
        return f"{path} can be written by others"
    return None


def _replaceable(folder: Path) -> str | None:
    """Return a reason if other users could replace a folder inside of this one; else None."""
    status = folder.stat()
    if status.st_uid not in (0, os.geteuid()):
        return f"{folder} belongs to another user"
    if status.st_mode & stat.S_IWOTH and not status.st_mode & stat.S_ISVTX:
        return f"{folder} can be written by everybody"
    return None
