"""What a source of data is: one with a name, or a kind of files and folders."""

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
    """A data set that a study file calls by its name. Its facts are known without its files."""

    name: str
    order: int
    """Place of the name in lists of sources; smaller comes first."""
    shape: Shape
    """Shape of an image: ``(height, width, channel)``."""
    class_names: tuple[str, ...]
    parts: Parts
    handwritten: bool = False
    """Whether images are digits whose normalisation is MNIST's: one's own are brought into that form."""

    @abstractmethod
    def load(self) -> Dataset:
        """Return the data set, downloading it if it is not on this machine.

        Raises:
            DataError: a file is damaged, or cannot be downloaded.
        """

    def is_here(self) -> bool:
        """Return whether it is on this machine, so that `load` downloads nothing."""
        return True


@dataclass(frozen=True, kw_only=True)
class FileKind:
    """A kind of files or folders that a study file names by their path."""

    kind: str
    """What an error calls one of them: ``a table``."""
    says: str
    """What is accepted, for the list in error messages and in the docs."""
    order: int
    """Kinds of a lower number are asked first."""
    recognises: Callable[[Path], bool]
    """Whether it reads a path, judged by names alone or by the first bytes."""
    read: Callable[[Path, DataSpec], Dataset]
    """Raises `DataError` where something is damaged or unclear."""
    settings: frozenset[str] = frozenset()
    """Which of ``columns``, ``keys``, ``layout`` and ``shape`` it reads; others are refused."""
    reads_maximum: bool = False
    """Whether it applies ``data.maximum`` itself, because values may exceed a byte."""
