"""A ``.npz`` file with arrays of images and labels."""

from __future__ import annotations

from paribus.data.arrays.npz import read_npz
from paribus.data.sources.base.source import FileKind

__all__ = ["SOURCE"]

SOURCE = FileKind(
    kind="an .npz file",
    says="a .npz file",
    order=30,
    recognises=lambda path: not path.is_dir() and path.suffix.lower() == ".npz",
    read=read_npz,
    settings=frozenset({"keys", "layout", "shape"}),
    reads_maximum=True,
)
