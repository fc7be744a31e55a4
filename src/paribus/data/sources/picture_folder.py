"""A folder of image files: any folder that no other kind recognises."""

from __future__ import annotations

from pathlib import Path

from paribus.data.pictures.folder import read_folder
from paribus.data.sources.base.source import FileKind

__all__ = ["SOURCE"]

SOURCE = FileKind(
    kind="a folder",
    says="an image folder (one folder per class)",
    order=90,
    recognises=Path.is_dir,
    read=read_folder,
    settings=frozenset({"columns"}),
)
