"""The named data sets cut down to their first images: what makes the quick labs quick.

Most of a small run is not training but reading, comparing and scoring 70,000 images. The cut files are
written in the original formats, so that a quick run reads, checks and notes what a whole one does.
"""

from __future__ import annotations

import gzip
import os
import pickle
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import numpy.typing as npt

from paribus.data.binary.cifar import BATCHES
from paribus.data.dataset import Dataset
from paribus.data.sources import named_sources
from paribus.data.sources.base.official import OfficialSource
from paribus.records import Parts

__all__ = ["NUM_TEST", "NUM_TRAIN", "few_images"]

NUM_TRAIN, NUM_TEST = 1_600, 150
"""First images of the official parts."""
Ids = npt.NDArray[np.int64]


@contextmanager
def few_images(source: str, folder: Path) -> Iterator[None]:
    """Let a named data set be its first images meanwhile.

    Args:
        source: of a study; one that is small already stays whole.
        folder: where the cut files are kept.
    """
    whole, places = named_sources().get(source), os.environ.get("PARIBUS_DATA")
    if not isinstance(whole, OfficialSource):
        yield
        return
    cut = folder / whole.folder
    if not cut.is_dir():
        _write(whole.load(), cut)
    file = import_module(f"paribus.data.sources.{source.replace('-', '_')}")
    file.SOURCE = replace(whole, parts=Parts(NUM_TRAIN, test=NUM_TEST))  # type: ignore[attr-defined]
    os.environ["PARIBUS_DATA"] = os.pathsep.join([str(folder), *([places] if places else [])])
    try:
        yield
    finally:
        file.SOURCE = whole  # type: ignore[attr-defined]
        if places is None:
            del os.environ["PARIBUS_DATA"]
        else:
            os.environ["PARIBUS_DATA"] = places


def _write(data: Dataset, folder: Path) -> None:
    """Write the first images of both parts; a folder that is there is whole."""
    partial = folder.with_name(f"{folder.name}.{os.getpid()}")
    partial.mkdir(parents=True)
    train = np.arange(NUM_TRAIN)
    test = np.arange(data.parts.train, data.parts.train + NUM_TEST)
    if data.images.shape[3] == 3:
        _write_batches(data, [*np.array_split(train, len(BATCHES) - 1), test], partial)
    else:
        _write_pair(data, train, partial / "train")
        _write_pair(data, test, partial / "t10k")
    try:
        partial.rename(folder)
    except OSError:  # another process was faster
        shutil.rmtree(partial)


def _write_pair(data: Dataset, ids: Ids, stem: Path) -> None:
    """Write images and labels as IDX files."""
    for kind, values in (
        ("images-idx3", data.images[ids][..., 0]),
        ("labels-idx1", data.labels[ids]),
    ):
        head = bytes([0, 0, 8, values.ndim]) + np.array(values.shape, ">u4").tobytes()
        content = gzip.compress(head + values.astype(np.uint8).tobytes())
        stem.with_name(f"{stem.name}-{kind}-ubyte.gz").write_bytes(content)


def _write_batches(data: Dataset, pieces: Sequence[Ids], folder: Path) -> None:
    """Write training batches and one of test images, as CIFAR-10 has them."""
    values: dict[str, object] = {"batches.meta": {"label_names": list(data.class_names)}}
    for name, ids in zip(BATCHES, pieces, strict=True):
        rows = np.ascontiguousarray(data.images[ids].transpose(0, 3, 1, 2)).reshape(len(ids), -1)
        values[name] = {"data": rows, "labels": data.labels[ids].tolist()}
    for name, value in values.items():
        (folder / name).write_bytes(pickle.dumps(value, protocol=2))
