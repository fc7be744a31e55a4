"""Atomic writing of files: a crash or a power cut leaves the old or the new content, nothing in between.

A write has the steps content, fsync, rename, and fsync of the folder; each is a point of `paribus.failpoints`.
All files that must last are written here; caches, which can be made again, are not.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from paribus.errors import Problem, StoreError
from paribus.failpoints import reach

__all__ = ["remove", "sync_folder", "write_bytes", "write_file"]


def write_file(path: Path, content: bytes, *, partial: Path) -> None:
    """Write a file so that a power cut leaves the old or the new content; its folder must exist.

    Args:
        path: path of the file; failpoints are named after it.
        content: the whole content.
        partial: path of a temporary file in the same folder, which is renamed at the end.

    Raises:
        OSError: the file cannot be written; an earlier file of this name is unchanged.
    """
    name, half = path.name, len(content) // 2
    view = memoryview(content)
    try:
        reach(f"{name}.write")
        with partial.open("wb") as file:
            file.write(view[:half])
            file.flush()
            reach(f"{name}.half")
            file.write(view[half:])
            file.flush()
            reach(f"{name}.fsync")
            os.fsync(file.fileno())
        reach(f"{name}.rename")
        partial.replace(path)
        sync_folder(path.parent, point=name)
    except OSError:
        with contextlib.suppress(OSError):
            remove(partial, point=f"{name}.partial")
        raise
    reach(f"{name}.end")


def sync_folder(folder: Path, *, point: str) -> None:
    """Call fsync on a folder, so that renames and removals in it survive a power cut; not on Windows.

    Args:
        folder: an existing folder.
        point: name of the failpoint, that of the renamed file.

    Raises:
        OSError: the disk is full or broken.
    """
    reach(f"{point}.folder")
    if os.name == "nt":  # Windows cannot open folders
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(path: Path, *, point: str) -> None:
    """Remove a file if it exists.

    Args:
        path: path of the file.
        point: name of the file in failpoints.

    Raises:
        OSError: the file cannot be removed.
    """
    reach(f"{point}.remove")
    path.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file so that a crash leaves the old or the new content.

    Raises:
        StoreError: the file cannot be written.
    """
    partial = path.with_name(path.name + ".partial")
    try:
        write_file(path, content, partial=partial)
    except OSError as error:
        raise StoreError(
            Problem(
                where=str(path),
                rule=f"must be writable ({len(content)} bytes)",
                got=error.strerror or str(error),
                fix="Free some space or choose another folder, then run the same command again.",
            )
        ) from error
