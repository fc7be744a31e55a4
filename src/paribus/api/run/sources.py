"""Cache of the data sets of a study, which plan, description and run share."""

from __future__ import annotations

from pathlib import Path

from paribus.data.account import DataAccount, account_of
from paribus.data.dataset import Dataset
from paribus.data.load import data_key, describe, load_dataset
from paribus.data.sources import named_sources
from paribus.data.spec import DataSpec
from paribus.records import DataDescription

__all__ = ["Sources"]


class Sources:
    """Reads data sets when they are first asked for, and keeps them until they are released."""

    def __init__(self, base: Path | None) -> None:
        self._base = base
        self._kept: dict[str, Dataset] = {}

    def dataset(self, spec: DataSpec) -> Dataset:
        """Return the data set of a setting.

        Raises:
            DataError: the data set cannot be read or downloaded.
        """
        key = data_key(spec)
        if key not in self._kept:
            self._kept[key] = load_dataset(spec, base=self._base)
        return self._kept[key]

    def describe(self, spec: DataSpec) -> DataDescription:
        """Return shape, class names and counts, without reading named sources.

        Raises:
            DataError: data at a path cannot be read.
        """
        return describe(spec, None if spec.source in named_sources() else self.dataset(spec))

    def account(self, spec: DataSpec) -> DataAccount:
        """Return a description of the data that were read; downloads nothing.

        Raises:
            DataError: the data cannot be read.
        """
        known = self.describe(spec)
        named = named_sources().get(spec.source)
        here = named is None or named.is_here()
        return account_of(spec.completed(known.parts), self.dataset(spec) if here else None, known)

    def release(self) -> None:
        """Drop all data sets from memory."""
        self._kept.clear()
