"""Reader of folders of IDX files, recognised by the file names of MNIST and its descendants.

Examples of names are ``train-images-idx3-ubyte``, ``t10k-labels.idx1-ubyte.gz`` and
``emnist-letters-test-images-idx3-ubyte``. Files may also lie one folder deeper, as some programs
unpack them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from paribus.data.arrays.labels import as_labels
from paribus.data.arrays.npz import as_pictures
from paribus.data.binary.idx import read_idx
from paribus.data.dataset import Dataset, Said, make_dataset
from paribus.data.spec import DataSpec
from paribus.errors import DataError, Problem
from paribus.records import Parts

__all__ = ["holds_idx", "read_idx_folder"]

_NAME = re.compile(
    r"(?P<prefix>.*?)(?P<part>train|t10k|test|validation|valid|val)[-_. ]?(?P<kind>images?|labels?)"
    r"[-_. ]?idx\d[-_. ]?u?byte(\.gz)?",
    re.IGNORECASE,
)
_PARTS = {"train": "train", "t10k": "test", "test": "test"}
_MOST_SHOWN = 10
_JUNK = (".", "__MACOSX")


@dataclass(frozen=True)
class _File:
    path: Path
    prefix: str
    part: str
    kind: str


def holds_idx(folder: Path) -> bool:
    """Return whether a folder contains a file with the name of an IDX file."""
    return bool(_files(folder))


def read_idx_folder(folder: Path, spec: DataSpec) -> Dataset:
    """Read the training part, and the validation and test parts if they exist.

    Raises:
        DataError: files are missing, damaged or inconsistent, or two have the same role.
    """
    files = _files(folder)
    prefixes = sorted({file.prefix for file in files})
    if len(prefixes) > 1:
        given = " and ".join(repr(prefix) for prefix in prefixes)
        rule = "must hold the IDX files of one data set"
        fix = "Move each into a folder of its own."
        raise DataError(Problem(str(folder), rule, f"files that begin with {given}", fix))
    roles: dict[tuple[str, str], list[_File]] = defaultdict(list)
    for file in files:
        roles[file.part, file.kind].append(file)
    parts = [part for part in ("train", "validation", "test") if (part, "images") in roles]
    _refuse_lacking(folder, roles)
    arrays = {role: _only(claims) for role, claims in roles.items()}
    return _dataset(
        folder,
        {part: (arrays[part, "images"], arrays[part, "labels"]) for part in parts},
        spec,
    )


_Named = tuple[Path, npt.NDArray[np.uint8]]
"""A file and its array."""


def _dataset(folder: Path, found: Mapping[str, tuple[_Named, _Named]], spec: DataSpec) -> Dataset:
    images, truths = ([pair[place] for pair in found.values()] for place in (0, 1))
    _refuse_other_counts(images, truths)
    used = {path for path, _ in (*images, *truths)}
    labels = as_labels(
        [array for _, array in truths],
        lambda part, row: f"{truths[part][0]}" + ("" if row is None else f"[{row}]"),
        names=list(found),
    )
    pictures, maximum, said = as_pictures(
        [array for _, array in images],
        [str(path) for path, _ in images],
        spec,
        counts=[len(part) for part in labels.parts],
    )
    return make_dataset(
        np.concatenate(pictures),
        np.concatenate(labels.parts),
        labels.class_names,
        where=str(folder),
        parts=Parts(**{part: len(found) for part, found in zip(found, pictures, strict=True)}),
        maximum=maximum,
        said=Said(
            (*labels.changed, *said.changed),
            _ignored(folder, used),
            (*_emnist(images), *_gaps(labels.class_names), *labels.notes, *said.notes),
        ),
    )


def _files(folder: Path) -> list[_File]:
    """Return the IDX files of a folder, then those of its subfolders."""
    inner = sorted(item for item in folder.iterdir() if item.is_dir() and _counts(item))
    found = []
    for place in (folder, *inner):
        for path in sorted(place.iterdir()):
            match = _NAME.fullmatch(path.name)
            if match and path.is_file() and _counts(path):
                kind = "images" if match["kind"].lower().startswith("image") else "labels"
                part = _PARTS.get(match["part"].lower(), "validation")
                found.append(_File(path, match["prefix"].lower(), part, kind))
    return found


def _counts(path: Path) -> bool:
    return not path.name.startswith(_JUNK)


def _refuse_lacking(folder: Path, roles: dict[tuple[str, str], list[_File]]) -> None:
    problems = []
    for part in ("train", "validation", "test"):
        kinds = [kind for kind in ("images", "labels") if (part, kind) in roles]
        if len(kinds) == 2 or (not kinds and part != "train"):
            continue
        rule = f"must hold images and labels of the {part} part"
        got = f"only {roles[part, kinds[0]][0].path.name}" if kinds else "neither"
        lacking = [kind for kind in ("images", "labels") if kind not in kinds]
        stem = {"train": "train", "validation": "validation", "test": "t10k"}[part]
        names = " and ".join(
            f"{stem}-{kind}-idx{3 if kind == 'images' else 1}-ubyte" for kind in lacking
        )
        fix = f"Put {names} beside it, or remove it." if kinds else f"Put {names} into it."
        problems.append(Problem(str(folder), rule, got, fix))
    if problems:
        raise DataError(problems)


def _only(claims: Sequence[_File]) -> _Named:
    """Read the file of a role, for example training labels; several files must have equal content."""
    first = read_idx(claims[0].path)
    for other in claims[1:]:
        if not np.array_equal(first, read_idx(other.path)):
            rule = f"must be the only file of {claims[0].part} {claims[0].kind}"
            fix = "Keep the right one."
            got = f"{other.path} with other content"
            raise DataError(Problem(str(claims[0].path), rule, got, fix))
    return claims[0].path, first


def _refuse_other_counts(images: Sequence[_Named], truths: Sequence[_Named]) -> None:
    problems = []
    for (image_path, pictures), (path, labels) in zip(images, truths, strict=True):
        if pictures.ndim == 1:
            rule = "images must have three axes: image, row, column"
            problems.append(Problem(str(image_path), rule, "1: are these the labels?"))
        elif labels.ndim != 1:
            rule = "labels must have one axis"
            problems.append(Problem(str(path), rule, f"{labels.ndim}"))
        elif len(pictures) != len(labels):
            rule = f"must hold as many labels as {image_path.name} holds images, {len(pictures):,}"
            problems.append(Problem(str(path), rule, f"{len(labels):,}"))
    if problems:
        raise DataError(problems)


def _ignored(folder: Path, used: set[Path]) -> tuple[str, ...]:
    """Return the names of the files that are not used, at most ten and a count."""
    others = [
        str(path.relative_to(folder))
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path not in used
    ]
    more = len(others) - _MOST_SHOWN
    if more > 0:
        others[_MOST_SHOWN:] = [f"{more:,} more files"]
    return tuple(others)


def _emnist(images: Sequence[_Named]) -> tuple[str, ...]:
    if "emnist" not in images[0][0].name.lower():
        return ()
    return (
        "EMNIST's files hold pictures with rows and columns exchanged; they are read as they are",
    )


def _gaps(names: Sequence[str]) -> tuple[str, ...]:
    numbers = sorted(map(int, names))
    if numbers == list(range(len(numbers))):
        return ()
    return (
        f"labels go from {numbers[0]} to {numbers[-1]}; those that do not occur are no classes",
    )
