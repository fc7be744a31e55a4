"""A folder with IDX files, the format of MNIST."""

from __future__ import annotations

from paribus.data.binary.idx_folder import holds_idx, read_idx_folder
from paribus.data.sources.base.source import FileKind

__all__ = ["SOURCE"]

SOURCE = FileKind(
    kind="a folder",
    says="a folder with IDX files",
    order=10,
    recognises=lambda path: path.is_dir() and holds_idx(path),
    read=read_idx_folder,
    settings=frozenset({"columns"}),
)
