"""A table of pixels, or a table that lists image files with their labels."""

from __future__ import annotations

from pathlib import Path

from paribus.data.dataset import Dataset
from paribus.data.pictures.labels_table import names_pictures, read_labels_table
from paribus.data.sources.base.source import FileKind
from paribus.data.spec import DataSpec
from paribus.data.tables.pixel_tables import read_table
from paribus.data.tables.table_text import is_table

__all__ = ["SOURCE"]


def read(path: Path, spec: DataSpec) -> Dataset:
    """Read the image files that a table lists; if it lists none, read its cells as pixels.

    Raises:
        DataError: the table is damaged or ambiguous.
    """
    labelled = read_labels_table(path, spec) if names_pictures(path, spec) else None
    return labelled or read_table(path, spec)


SOURCE = FileKind(
    kind="a table",
    says="a table (.csv, .tsv, .txt)",
    order=50,
    recognises=lambda path: not path.is_dir() and is_table(path),
    read=read,
    settings=frozenset({"columns", "layout", "shape"}),
    reads_maximum=True,
)
