"""What lies in a folder of pictures: pictures, sub-folders, other files, and junk of other programs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from paribus.data.decoding import is_picture_name
from paribus.errors import DataError, Problem

__all__ = ["Tree", "grown", "is_junk", "plain_text", "shown"]

_JUNK = re.compile(
    r"\..*|__macosx|__pycache__|@eadir|#recycle|\$recycle\.bin|system volume information|lost\+found|"
    r"thumbs\.db|ehthumbs\.db|desktop\.ini|icon\r|.*~|.*\.(crdownload|part|partial|tmp)",
    re.IGNORECASE,
)
"""Names that operating systems, browsers and notebooks leave beside pictures."""
_DEEPEST = 12
_MOST_OTHERS = 1_000_000
"""Files that are no pictures, in a folder of pictures: beyond it another folder was meant."""
_SHOWN = 3


@dataclass
class Tree:
    """A folder, its own files, and its sub-folders, all sorted by name."""

    path: Path
    pictures: list[Path] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)
    folders: list[Tree] = field(default_factory=list)
    junk: list[Path] = field(default_factory=list)
    """Files and folders, here only."""

    @property
    def name(self) -> str:
        """Of the folder, as text that can be written down."""
        return plain_text(self.path.name)

    def every(self) -> Iterator[Tree]:
        """Yield this folder and all below."""
        yield self
        for folder in self.folders:
            yield from folder.every()

    def all_pictures(self) -> list[Path]:
        """Return pictures here and below."""
        return [file for tree in self.every() for file in tree.pictures]


def grown(path: Path) -> Tree:
    """Look through a folder.

    Args:
        path: the folder. Links are followed, but never into a folder that holds them.

    Raises:
        DataError: a folder cannot be read, folders lie too deep, or this is no folder of pictures at all.
    """
    if path.resolve().parent == path.resolve():
        rule = "must be a folder of pictures, not the root of all files"
        raise DataError(
            Problem(str(path), rule, repr(str(path)), "Name the folder of the pictures.")
        )
    return _grown(path, (), _Count(path))


@dataclass
class _Count:
    """How many files that are no pictures have been met below a folder."""

    root: Path
    others: int = 0

    def more(self) -> None:
        """Count one more.

        Raises:
            DataError: they are too many.
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
        elif not entry.is_dir() and not entry.is_file():  # a pipe would be waited for, for ever
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
    """Whether a name is one that programs leave beside pictures."""
    return _JUNK.fullmatch(name) is not None


def plain_text(name: str) -> str:
    """Return a name that can be written as UTF-8; bytes that are no text are escaped."""
    return name.encode("utf-8", "backslashreplace").decode()


def shown(paths: list[Path], root: Path) -> str:
    """Return the first few paths, from the root on, and how many more there are."""
    names = [plain_text(path.relative_to(root).as_posix()) for path in paths[:_SHOWN]]
    more = len(paths) - len(names)
    return ", ".join(names) + (f" and {more:,} more" if more else "")


def _seems_picture(file: Path) -> bool:
    """Whether a file begins as a picture does, whatever its ending."""
    try:
        with file.open("rb") as stream:
            start = stream.read(12)
    except OSError:
        return False
    return start.startswith((b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*")) or (
        start[:4] == b"RIFF" and start[8:12] == b"WEBP"
    )
