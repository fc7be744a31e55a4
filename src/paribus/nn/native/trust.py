"""Whether a compiled library may be loaded: loading it runs what is in it.

Only what this user alone could have written is trusted: the folder and the file belong to the user, are no
links, nobody else may write them, and nobody else can put another folder in their place. The bytes must be
those that were compiled: a cut library would end the process that loads it.
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
    """Return why a folder is not to be trusted with code; None if it is.

    Args:
        folder: absolute.
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
    """Return why a compiled library is not to be loaded; None if it may be.

    Args:
        path: in a trusted folder.
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
    """Write the checksum of a compiled library beside the place that it is to have.

    Args:
        path: of the library, now.
        target: where it is to lie.
    """
    partial = path.with_name(f"{path.name}.sha256")
    reach("kernels.seal.write")
    partial.write_bytes(_digest(path))
    partial.chmod(0o600)
    reach("kernels.seal.rename")
    partial.replace(seal_of(target))


def seal_of(path: Path) -> Path:
    """Return where the checksum of a library lies."""
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
    """Return whether somebody else could put another folder in the place of one in this one."""
    status = folder.stat()
    if status.st_uid not in (0, os.geteuid()):
        return f"{folder} belongs to another user"
    if status.st_mode & stat.S_IWOTH and not status.st_mode & stat.S_ISVTX:
        return f"{folder} can be written by everybody"
    return None
