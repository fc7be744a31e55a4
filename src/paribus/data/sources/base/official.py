"""Official files of named data sets: folders that are searched, and downloads.

Files are searched in the folders listed in ``PARIBUS_DATA``, then in the user's cache. Missing files are
downloaded from the first mirror that returns the official SHA-256.
"""

from __future__ import annotations

import hashlib
import os
import warnings
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import platformdirs

from paribus.data.binary.idx import read_idx
from paribus.data.dataset import Dataset, make_dataset
from paribus.data.sources.base.source import NamedSource
from paribus.errors import DataError, Problem
from paribus.old_name import OLD_DATA_VARIABLE, OLD_NAME
from paribus.records import Parts

__all__ = ["IDX_FILES", "IdxSource", "OfficialSource", "cache_folder", "download", "search_folders"]

DATA_VARIABLE = "PARIBUS_DATA"
IDX_FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)
"""File names of MNIST, and of later data sets in the same format."""
DOWNLOAD_LIMIT = 400 << 20
"""Largest accepted download in bytes; the largest file, the archive of CIFAR-10, has 163 MiB."""


@dataclass(frozen=True, kw_only=True)
class OfficialSource(NamedSource):
    """A named data set in files with known SHA-256 checksums."""

    folder: str
    """Name of the data set's folder inside a data folder."""
    torchvision: str
    """Folder inside a data folder in which torchvision stores the data set; it is searched, too."""
    files: Mapping[str, str]
    """File name -> official SHA-256."""
    mirrors: tuple[str, ...]
    """Base URLs, tried in order."""

    @abstractmethod
    def found_in(self, folder: Path) -> tuple[Path, ...] | None:
        """Return the files to read, in order; None if the folder does not contain all of them."""

    @abstractmethod
    def read(self, paths: Mapping[Path, str]) -> Dataset:
        """Read the files and form the data set.

        Args:
            paths: path -> SHA-256 ("" for a folder), in the order of `found_in`.
        """

    def is_here(self) -> bool:
        """Return whether all files of the data set are on this machine."""
        return self._local() is not None

    def load(self) -> Dataset:
        """Return the data set, downloading it if it is not on this machine.

        Raises:
            DataError: a file is damaged, or cannot be downloaded.
        """
        local = self._local()
        if local is None:
            for file, digest in self.files.items():
                download(self.mirrors, file, digest, cache_folder() / self.folder)
            local = self._local() or ()
        paths = {path: _sha256(path) if path.is_file() else "" for path in local}
        notes = (*self._checksum_notes(paths), *_old_variable(local))
        data = self.read(paths)
        return replace(data, notes=(*data.notes, *notes))

    def _local(self) -> tuple[Path, ...] | None:
        found = (self.found_in(folder) for folder in search_folders(self.folder, self.torchvision))
        return next((paths for paths in found if paths is not None), None)

    def _checksum_notes(self, paths: Mapping[Path, str]) -> tuple[str, ...]:
        return tuple(
            f"{path.name} is not the official file (its SHA-256 differs); it is used as it is"
            for path, digest in paths.items()
            if digest not in self.files.values()
        )


@dataclass(frozen=True, kw_only=True)
class IdxSource(OfficialSource):
    """A data set of four IDX files: training images and labels, then test images and labels."""

    def found_in(self, folder: Path) -> tuple[Path, ...] | None:
        """Return the files, compressed or not; None if the folder does not contain all of them."""
        files = [_plain_or_packed(folder / file) for file in self.files]
        found = tuple(file for file in files if file is not None)
        return found if len(found) == len(files) else None

    def read(self, paths: Mapping[Path, str]) -> Dataset:
        """Read the files and form the data set."""
        arrays = [read_idx(path) for path in paths]
        return make_dataset(
            np.concatenate([arrays[0], arrays[2]]),
            np.concatenate([arrays[1], arrays[3]]).astype(np.int64),
            self.class_names,
            where=str(next(iter(paths)).parent),
            parts=Parts(len(arrays[0]), test=len(arrays[2])),
        )


def search_folders(name: str, torchvision: str) -> list[Path]:
    """Return the folders that are searched for the files of a source, in order.

    Args:
        name: name of the source's folder inside a data folder.
        torchvision: name of the folder inside a data folder in which torchvision stores the source.
    """
    roots = [Path(root) for root in _named_folders().split(os.pathsep) if root]
    named = [root / inside for root in roots for inside in (name, torchvision)]
    return [*named, cache_folder() / name, _old_cache() / name]


def _named_folders() -> str:
    """Return the list of data folders from the environment; "" if it is not set."""
    return os.environ.get(DATA_VARIABLE) or os.environ.get(OLD_DATA_VARIABLE, "")


def download(mirrors: Sequence[str], file: str, digest: str, folder: Path) -> Path:
    """Download one file into ``folder`` from the first mirror whose file has the right SHA-256.

    Args:
        mirrors: base URLs, tried in order.
        file: name of the file.
        digest: SHA-256, as hexadecimal digits.
        folder: folder to write to.

    Raises:
        DataError: no mirror gave the file; the reason of each is listed.
    """
    import pooch
    import requests

    def fetch(url: str, output_file: object, _: object) -> None:
        _stream(url, output_file)

    reasons = []
    for mirror in mirrors:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                pooch.get_logger().setLevel("WARNING")
                found = pooch.retrieve(
                    mirror + file, f"sha256:{digest}", file, folder, downloader=fetch
                )
            return Path(found)
        except (requests.RequestException, OSError, ValueError) as error:
            reasons.append(f"{mirror}: {' '.join(str(error).split())}")
    raise DataError(
        Problem(
            str(folder / file),
            "could not be downloaded from any mirror",
            "; ".join(reasons),
            f"Put the file there, or into a folder named in the environment variable {DATA_VARIABLE}.",
        )
    )


def _stream(url: str, output_file: object) -> None:
    """Write the body of a response to a file; raises ValueError if it is too long or truncated."""
    import requests

    size = 0
    with requests.get(url, stream=True, timeout=30) as response:
        response.raise_for_status()
        with Path(str(output_file)).open("wb") as file:
            for chunk in response.iter_content(1 << 20):
                size += len(chunk)
                if size > DOWNLOAD_LIMIT:
                    raise ValueError(f"more than {DOWNLOAD_LIMIT:,} bytes")
                file.write(chunk)
        expected = response.headers.get("Content-Length")
        if expected is not None and size < int(expected):
            raise ValueError(f"{size:,} of {expected} bytes came")


def _old_variable(local: Sequence[Path]) -> Iterator[str]:
    """Yield a remark if the files were found by the old name of the environment variable."""
    if os.environ.get(DATA_VARIABLE):
        return
    named = [Path(root) for root in os.environ.get(OLD_DATA_VARIABLE, "").split(os.pathsep) if root]
    if any(root in path.parents for root in named for path in local):
        yield f"found by {OLD_DATA_VARIABLE}, which is called {DATA_VARIABLE} now"


def cache_folder() -> Path:
    """Return the folder of downloads."""
    return Path(platformdirs.user_cache_dir("paribus"))


def _old_cache() -> Path:
    return Path(platformdirs.user_cache_dir(OLD_NAME))


def _plain_or_packed(path: Path) -> Path | None:
    if path.is_file():
        return path
    plain = path.with_suffix("")
    return plain if plain.is_file() else None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
