"""A tar archive with the batches of CIFAR-10 or CIFAR-100."""

from __future__ import annotations

from paribus.data.binary.cifar import is_archive, read_cifar
from paribus.data.sources.base.source import FileKind

__all__ = ["SOURCE"]

SOURCE = FileKind(
    kind="an archive",
    says="a tar archive of CIFAR batches",
    order=40,
    recognises=lambda path: not path.is_dir() and is_archive(path),
    read=lambda path, _: read_cifar(path),
    settings=frozenset({"columns", "layout", "shape"}),
)
