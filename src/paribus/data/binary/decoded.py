"""Cache of decoded archives in the user's cache folder, keyed by the SHA-256 of the archive."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from paribus.data.dataset import Dataset, Said, make_dataset
from paribus.data.exported import export_dataset, open_dataset
from paribus.errors import DataError, StoreError
from paribus.failpoints import reach

__all__ = ["decoded"]


def decoded(digest: str, decode: Callable[[], Dataset], cache: Path) -> Dataset:
    """Return a data set from the cache, or decode the archive and add it to the cache.

    A cached data set is used only if its recomputed fingerprint is equal to the stored one. If the
    cache cannot be written, the decoded data set is returned all the same.

    Args:
        digest: SHA-256 of the archive, as hexadecimal digits.
        decode: function that decodes the archive.
        cache: folder of the cache.
    """
    folder = cache / digest[:32]
    kept = _kept(folder)
    if kept is not None:
        return kept
    data = decode()
    partial = cache / f"{folder.name}.{os.getpid()}.partial"
    with contextlib.suppress(OSError, StoreError):
        try:
            export_dataset(data, partial)
            reach("decoded.remove")
            shutil.rmtree(folder, ignore_errors=True)
            reach("decoded.rename")
            partial.rename(folder)
        finally:
            reach("decoded.partial.remove")
            shutil.rmtree(partial, ignore_errors=True)
    return data


def _kept(folder: Path) -> Dataset | None:
    try:
        found = open_dataset(folder)
        whole = make_dataset(
            found.images,
            found.labels,
            found.class_names,
            where=str(folder),
            parts=found.parts,
            maximum=found.maximum,
            said=Said(found.changed, found.ignored, found.notes),
        )
    except (OSError, ValueError, KeyError, TypeError, DataError):
        return None
    if whole.fingerprint != found.fingerprint:
        return None
    return whole
