"""Base classes of data sources: named sources, and kinds of files and folders."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from paribus.data.dataset import Dataset
from paribus.records import Parts, Shape

if TYPE_CHECKING:
    from paribus.data.spec import DataSpec

__all__ = ["FileKind", "NamedSource"]


@dataclass(frozen=True, kw_only=True)
class NamedSource(ABC):
    """A data set that a study file calls by its name. Its attributes are known without reading its files."""

    name: str
    order: int
    """Position of the name in lists of sources, in ascending order."""
    shape: Shape
    """Shape of an image: ``(height, width, channel)``."""
    class_names: tuple[str, ...]
    parts: Parts
    handwritten: bool = False
    """Whether images are digits normalised like MNIST's; the user's own images are then normalised, too."""

    @abstractmethod
    def load(self) -> Dataset:
        """Return the data set, downloading it if it is not on this machine.

        Raises:
            DataError: a file is damaged, or cannot be downloaded.
        """

    def is_here(self) -> bool:
        """Return whether the data set is on this machine, so that `load` downloads nothing."""
        return True


@dataclass(frozen=True, kw_only=True)
class FileKind:
    """A kind of files or folders that a study file names by their path."""

    kind: str
    """Name in error messages, with an article, for example ``a table``."""
    says: str
    """Description of accepted files, for the list in error messages and in the docs."""
    order: int
    """Position in the order in which kinds are asked, ascending."""
    recognises: Callable[[Path], bool]
    """Function that returns whether a path is of this kind, by its name or its first bytes."""
    read: Callable[[Path, DataSpec], Dataset]
    """Function that reads a data set; it raises `DataError` for damaged or ambiguous data."""
    settings: frozenset[str] = frozenset()
    """Those of the settings ``columns``, ``keys``, ``layout`` and ``shape`` that apply; others are refused."""
    reads_maximum: bool = False
    """Whether ``read`` itself applies ``data.maximum``, because values may exceed a byte."""
