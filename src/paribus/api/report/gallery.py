"""Images that a report shows; a run stores them, so that a report can be made without the data set."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from paribus.data.dataset import Dataset
from paribus.data.spec import DataSpec
from paribus.data.splits import split_ids
from paribus.errors import TrialError
from paribus.execute.artifacts import (
    Split,
    read_described,
    read_predictions,
    trial_folder,
    write_arrays,
)
from paribus.execute.sealed import BROKEN, damaged
from paribus.pictures import kept_groups
from paribus.pictures.base.ended import EndedRun
from paribus.pictures.base.kept import Gallery
from paribus.records import Predictions

__all__ = ["FILE", "holds_gallery", "keep_gallery", "load_gallery"]

FILE = "gallery.safetensors"
RULE = "must hold images, their labels, and which of them belong together"


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
    found = {} if selected is None else _predictions(trial_folder(out, selected))
    others = [read_predictions(trial_folder(out, name), "validation") for name in firsts]
    ended = EndedRun(
        parts={"train": split.train, "validation": split.validation, "test": split.test},
        labels=data.labels,
        num_classes=len(data.class_names),
        predictions=found,
        of_variants=[item for item in others if item is not None],
    )
    groups = kept_groups(ended)
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


def _predictions(folder: Path) -> dict[Split, Predictions]:
    splits: tuple[Split, ...] = ("validation", "test")
    found = {split: read_predictions(folder, split) for split in splits}
    return {split: item for split, item in found.items() if item is not None}
