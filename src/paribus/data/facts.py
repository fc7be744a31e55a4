"""Statistics of images and labels before training: class counts, duplicates, trivial accuracies."""

from __future__ import annotations

import hashlib
from collections import defaultdict

import numpy as np

from paribus.data.dataset import Dataset
from paribus.data.splits import Split
from paribus.data.trivial import trivial_accuracies
from paribus.records import DataFacts

__all__ = ["data_facts", "image_digests"]

MOST_EXAMPLES = 10
"""Largest number of duplicates, and of contradictory labels, that are listed by name."""


def image_digests(data: Dataset) -> list[bytes]:
    """Return a digest of the raw pixels of every image; equal digests are equal images."""
    rows = np.ascontiguousarray(data.images).reshape(len(data.images), -1)
    return [hashlib.blake2b(row.data, digest_size=16).digest() for row in rows]


def data_facts(data: Dataset, split: Split, digests: list[bytes]) -> DataFacts:
    """Compute the statistics of a split.

    Args:
        data: the data set.
        split: example ids of training, validation and test set.
        digests: result of `image_digests` for the data set.
    """
    parts = {"train": split.train, "validation": split.validation, "test": split.test}
    seen = {name: {digests[k]: k for k in ids.tolist()[::-1]} for name, ids in parts.items()}
    shared: dict[str, int] = {}
    twins: dict[int, int] = {}
    for first, second in (("train", "validation"), ("train", "test"), ("validation", "test")):
        found = [k for k in parts[second].tolist() if digests[k] in seen[first]]
        shared[f"{first}, {second}"] = len(found)
        for k in found:
            twins.setdefault(k, seen[first][digests[k]])
    labels: dict[bytes, dict[int, int]] = defaultdict(dict)
    for k in np.concatenate(list(parts.values())).tolist():
        labels[digests[k]].setdefault(int(data.labels[k]), k)
    clashing = {digest: [*of.values()][:2] for digest, of in labels.items() if len(of) > 1}
    examples = tuple(twins)[:MOST_EXAMPLES]
    return DataFacts(
        class_counts={
            name: tuple(np.bincount(data.labels[ids], minlength=len(data.class_names)).tolist())
            for name, ids in parts.items()
        },
        repeated=len(split.train) - len(seen["train"]),
        shared=shared,
        contradictory=sum(digests[k] in clashing for ids in parts.values() for k in ids.tolist()),
        examples=examples,
        pairs=tuple((data.name_of(k), data.name_of(twins[k])) for k in examples),
        clashes=tuple(
            (data.name_of(k), data.name_of(other))
            for k, other in [*clashing.values()][:MOST_EXAMPLES]
        ),
        trivial=trivial_accuracies(data, split),
    )
