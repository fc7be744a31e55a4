"""A folder with the batches of CIFAR-10 or CIFAR-100."""

from __future__ import annotations

from paribus.data.binary.cifar import holds_cifar, read_cifar
from paribus.data.sources.base.source import FileKind

__all__ = ["SOURCE"]

SOURCE = FileKind(
    kind="a folder",
    says="a folder with CIFAR batches",
    order=20,
    recognises=lambda path: path.is_dir() and holds_cifar(path),
    read=lambda path, _: read_cifar(path),
    settings=frozenset({"columns"}),
)
