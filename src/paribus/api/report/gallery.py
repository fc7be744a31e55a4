"""Images that a report shows; a run stores them, so that a report can be made without the data set."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from paribus.data.dataset import Dataset
from paribus.data.spec import DataSpec
from paribus.data.splits import split_ids
from paribus.errors import TrialError
from paribus.execute.artifacts import read_described, read_predictions, trial_folder, write_arrays
from paribus.execute.insight_file import most_confident
from paribus.execute.sealed import BROKEN, damaged
from paribus.pictures.base.kept import Gallery
from paribus.pictures.disagreements import disagreements

__all__ = ["FILE", "holds_gallery", "keep_gallery", "load_gallery"]

SAMPLES_PER_CLASS = 2
MAX_SAMPLES = 40
MAX_MISTAKES = 24
FIRST = 25
"""Number of images shown of each part of the data, in five rows of five."""
FILE = "gallery.safetensors"
RULE = "must hold images, their labels, and which of them belong together"
Ids = npt.NDArray[np.int64]


def keep_gallery(
    out: Path, data: Dataset, spec: DataSpec, selected: str | None, firsts: Sequence[str] = ()
) -> None:
    """Store the images that a report shows.

    Args:
        out: output folder.
        data: the data set of the selected variant.
        spec: its split.
        selected: identity of the selected variant's first trial, or None.
        firsts: identities of every variant's first trial, for images on which they disagree.
    """
    split = split_ids(spec.split, data.labels, data.parts)
    groups = {
        "samples": _samples(split.train, data.labels, len(data.class_names)),
        "train": split.train[:FIRST],
        "validation": split.validation[:FIRST],
    }
    if selected is not None:
        folder = trial_folder(out, selected)
        found = read_predictions(folder, "validation")
        if found is not None:
            groups["mistakes"] = found.ids[most_confident(found, MAX_MISTAKES)]
        if read_predictions(folder, "test") is not None:
            groups["test"] = split.test[:FIRST]
    others = [read_predictions(trial_folder(out, name), "validation") for name in firsts]
    rows = disagreements([item for item in others if item is not None])
    groups["disagreements"] = np.array([row.index for row in rows], dtype=np.int64)
    ids = np.unique(np.concatenate(list(groups.values())))
    write_arrays(
        out / "artifacts" / FILE,
        {
            "images": np.asarray(data.images[ids]),
            "ids": ids,
            "labels": data.labels[ids],
            "maximum": np.array([data.maximum]),
            **{f"group:{name}": own for name, own in groups.items()},
        },
        json.dumps(
            {"files": [data.file_names[k] for k in ids.tolist()] if data.file_names else []}
        ),
    )


def load_gallery(out: Path) -> Gallery | None:
    """Read the stored images; None if the run has stored none.

    Raises:
        TrialError: the file is damaged.
    """
    path = out / "artifacts" / FILE
    kept = read_described(path)
    if kept is None:
        return None
    arrays, about = kept
    groups = {
        name.removeprefix("group:"): array
        for name, array in arrays.items()
        if name.startswith("group:")
    }
    try:
        maximum = int(arrays["maximum"][0])
        files = tuple(map(str, json.loads(about).get("files", ())))
        found = Gallery(arrays["images"], arrays["ids"], arrays["labels"], maximum, groups, files)
        whole = _is_whole(found)
    except BROKEN as error:
        raise damaged(path, "something else", rule=RULE) from error
    if not whole:
        raise damaged(path, "something else", rule=RULE)
    return found


def holds_gallery(out: Path) -> bool:
    """Return whether a run has stored images, and they can be read."""
    try:
        return load_gallery(out) is not None
    except TrialError:
        return False


def _is_whole(found: Gallery) -> bool:
    """Whether there is an id and a label for every image, and an image for every id of a group."""
    images, counts = found.images, {len(found.images), len(found.ids), len(found.labels)}
    named = set(found.ids.tolist())
    return (
        images.ndim == 4
        and images.dtype == np.uint8
        and len(counts) == 1
        and found.ids.shape == found.labels.shape
        and found.labels.min(initial=0) >= 0
        and found.maximum > 0
        and len(found.files) in (0, len(found.images))
        and all(named.issuperset(ids.tolist()) for ids in found.groups.values())
    )


def _samples(
    train: npt.NDArray[np.int64], labels: npt.NDArray[np.int64], num_classes: int
) -> npt.NDArray[np.int64]:
    chosen: list[Sequence[int]] = []
    for label in range(min(num_classes, MAX_SAMPLES // SAMPLES_PER_CLASS)):
        chosen.append(train[labels[train] == label][:SAMPLES_PER_CLASS].tolist())
    return np.array([item for part in chosen for item in part], dtype=np.int64)
