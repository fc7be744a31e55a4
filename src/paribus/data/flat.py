"""Detection of images without content: constant images, and splits whose images are all equal."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from paribus.data.dataset import Dataset
from paribus.data.splits import Split
from paribus.errors import DataError, Problem
from paribus.wording import counted

__all__ = ["constant_images", "refuse_flat_parts"]

_CHUNK = 4096
_SHOWN = 3


def constant_images(data: Dataset) -> npt.NDArray[np.bool_]:
    """Return ``(example,)``: whether all pixels of the image are equal."""
    found = np.zeros(len(data.images), dtype=bool)
    for start in range(0, len(found), _CHUNK):
        chunk = np.asarray(data.images[start : start + _CHUNK])
        same = chunk == chunk[:, :1, :1]
        found[start : start + _CHUNK] = same.reshape(len(chunk), -1).all(1)
    return found


def refuse_flat_parts(data: Dataset, split: Split, where: str) -> tuple[str, ...]:
    """Refuse a split whose images are all constant or all equal; return a note about other constant ones.

    Images of one pixel are always constant, so they must only differ from each other.

    Args:
        data: the data set.
        split: example ids of training, validation and test set.
        where: name of the source in the error message.

    Raises:
        DataError: a training, validation or test set has no content; all are listed.
    """
    constant = constant_images(data)
    one_pixel = data.images.shape[1] * data.images.shape[2] == 1
    problems = []
    for name, ids in (
        ("training", split.train),
        ("validation", split.validation),
        ("test", split.test),
    ):
        if not len(ids):
            continue
        first = np.asarray(data.images[ids[0]])
        seen = f"{counted(len(ids), 'image')}, the first with the value {int(first.flat[0])} everywhere"
        if bool(constant[ids].all()) and not one_pixel:
            problems.append(_problem(where, f"{name} images must show something", seen))
        elif len(ids) > 1 and all(np.array_equal(data.images[k], first) for k in ids[1:]):
            got = f"{counted(len(ids), 'image')}, all of them the same"
            problems.append(_problem(where, f"{name} images must differ", got))
    if problems:
        raise DataError(problems)
    flat = np.flatnonzero(constant)
    if one_pixel or not len(flat):
        return ()
    names = ", ".join(data.name_of(int(k)) for k in flat[:_SHOWN])
    more = f" and {len(flat) - _SHOWN:,} more" if len(flat) > _SHOWN else ""
    return (
        f"{counted(len(flat), 'image')} of {len(constant):,} of one value everywhere: {names}{more}",
    )


def _problem(where: str, rule: str, got: str) -> Problem:
    fix = "Look at the files: transparency, bit depth or the wrong column may have gone missing."
    return Problem(where, rule, got, fix)
