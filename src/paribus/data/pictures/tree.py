"""Contents of a folder of images: image files, subfolders, other files, and junk of other programs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from paribus.data.pictures.decoding import is_picture_name
from paribus.errors import DataError, Problem

__all__ = ["Tree", "grown", "is_junk", "plain_text", "shown"]

_JUNK = re.compile(
    r"\..*|__macosx|__pycache__|@eadir|#recycle|\$recycle\.bin|system volume information|lost\+found|"
    r"thumbs\.db|ehthumbs\.db|desktop\.ini|icon\r|.*~|.*\.(crdownload|part|partial|tmp)",
    re.IGNORECASE,
)
"""Names of files and folders that operating systems, browsers and notebooks leave beside images."""
_DEEPEST = 12
"""Largest accepted depth of subfolders."""
_MOST_OTHERS = 1_000_000
"""Largest accepted number of files that are no images; with more, the wrong folder was given."""
_SHOWN = 3
"""Largest number of paths listed in a remark."""


@dataclass
class Tree:
    """A folder with its files and subfolders, all sorted by name."""

    path: Path
    pictures: list[Path] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)
    folders: list[Tree] = field(default_factory=list)
    junk: list[Path] = field(default_factory=list)
    """Junk files and folders directly in this folder."""

    @property
    def name(self) -> str:
        """Name of the folder, as text that can be encoded in UTF-8."""
        return plain_text(self.path.name)

    def every(self) -> Iterator[Tree]:
        """Yield this folder and all folders below it."""
        yield self
        for folder in self.folders:
            yield from folder.every()

    def all_pictures(self) -> list[Path]:
        """Return the image files in this folder and below it."""
        return [file for tree in self.every() for file in tree.pictures]


def grown(path: Path) -> Tree:
    """List the contents of a folder and its subfolders.

    Args:
        path: the folder. Symbolic links are followed, except to a folder that contains them.

    Raises:
        DataError: a folder cannot be read, folders are nested too deeply, ``path`` is the root of the
            file system, or there are too many files that are no images.
    """
    if path.resolve().parent == path.resolve():
        rule = "must be a folder of pictures, not the root of all files"
        raise DataError(
            Problem(str(path), rule, repr(str(path)), "Name the folder of the pictures.")
        )
    return _grown(path, (), _Count(path))


@dataclass
class _Count:
    """Counter of the files below a folder that are no images."""

    root: Path
    others: int = 0

    def more(self) -> None:
        """Count one more file.

        Raises:
            DataError: there are more than `_MOST_OTHERS`.
        """
        self.others += 1
        if self.others > _MOST_OTHERS:
            rule = f"must hold pictures and at most {_MOST_OTHERS:,} other files"
            fix = "Name the folder of the pictures."
            raise DataError(Problem(str(self.root), rule, "more", fix))


def _grown(path: Path, above: tuple[Path, ...], count: _Count) -> Tree:
    real = path.resolve()
    if len(above) > _DEEPEST:
        raise DataError(Problem(str(path), f"must lie at most {_DEEPEST} folders deep", "deeper"))
    found = Tree(path)
    try:
        entries = sorted(path.iterdir())
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataError(Problem(str(path), "must be a folder that can be read", reason)) from error
    for entry in entries:
        if is_junk(entry.name):
            found.junk.append(entry)
        elif not entry.is_dir() and not entry.is_file():  # opening a pipe would block
            found.others.append(entry)
        elif entry.is_dir():
            if entry.resolve() in (*above, real, *real.parents):
                found.others.append(entry)
            else:
                found.folders.append(_grown(entry, (*above, real), count))
        elif is_picture_name(entry.name) or _seems_picture(entry):
            found.pictures.append(entry)
        else:
            count.more()
            found.others.append(entry)
    return found


def is_junk(name: str) -> bool:
    """Return whether a name is one that other programs leave beside images."""
    return _JUNK.fullmatch(name) is not None


def plain_text(name: str) -> str:
    """Return a file name that can be encoded in UTF-8; undecodable bytes are escaped."""
    return name.encode("utf-8", "backslashreplace").decode()


def shown(paths: list[Path], root: Path) -> str:
    """Return text with the first three paths, relative to the root, and the number of the others."""
    names = [plain_text(path.relative_to(root).as_posix()) for path in paths[:_SHOWN]]
    more = len(paths) - len(names)
    return ", ".join(names) + (f" and {more:,} more" if more else "")


def _seems_picture(file: Path) -> bool:
    """Return whether a file begins with the magic number of an image format."""
    try:
        with file.open("rb") as stream:
            start = stream.read(12)
    except OSError:
        return False
    return start.startswith((b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*")) or (
        start[:4] == b"RIFF" and start[8:12] == b"WEBP"
    )
