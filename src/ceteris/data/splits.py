"""Which examples train, validate and test: seeded, stratified, the same for all variants."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ceteris.data.spec import SplitSpec
from ceteris.errors import DataError, Problem
from ceteris.keyed import generator

__all__ = ["Split", "split_ids", "split_sizes", "subset", "subset_size"]

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Split:
    """Sorted, disjoint example ids of the three parts; test is empty if it serves as validation."""

    train: Ids
    validation: Ids
    test: Ids


def split_sizes(spec: SplitSpec, num_train_part: int, num_test_part: int) -> tuple[int, int, int]:
    """Return the number of training, validation and test examples."""
    if spec.validation == "test":
        return num_train_part, num_test_part, 0
    if spec.train is None:
        validation = round(float(spec.validation or 0) * num_train_part)
        return num_train_part - validation, validation, num_test_part
    pool = num_train_part + (num_test_part if spec.use == "all" else 0)
    train = round(spec.train * pool)
    validation = round(float(spec.validation or 0) * pool)
    return train, validation, pool - train - validation


def split_ids(spec: SplitSpec, labels: Ids, num_train_part: int) -> Split:
    """Draw the split.

    Args:
        spec: shares and seed.
        labels: of all examples, official training part first.
        num_train_part: its size.

    Raises:
        DataError: a part that is asked for would be empty, or the source has no test part.
    """
    num_test_part = len(labels) - num_train_part
    if spec.train is None and num_test_part == 0:
        raise DataError(
            Problem(
                "data.split",
                "needs the shares of train, validation and test, as the source has no test part",
                "only validation",
                "Write {train: 0.6, validation: 0.2, test: 0.2}.",
            )
        )
    sizes = split_sizes(spec, num_train_part, num_test_part)
    if min(sizes[:2]) < 1 or (sizes[2] < 1 and spec.validation != "test"):
        got = f"{sizes[0]} / {sizes[1]} / {sizes[2]} examples"
        raise DataError(Problem("data.split", "every part must get at least one example", got))
    parts = np.arange(num_train_part), np.arange(num_train_part, len(labels))
    if spec.validation == "test":
        return Split(parts[0], parts[1], parts[1][:0])
    pool = np.arange(len(labels)) if spec.use == "all" else parts[0]
    order = pool[stratified_order(labels[pool], spec.seed, "split")]
    train, validation = order[: sizes[0]], order[sizes[0] : sizes[0] + sizes[1]]
    test = parts[1] if spec.train is None else order[sizes[0] + sizes[1] :]
    return Split(np.sort(train), np.sort(validation), np.sort(test))


def subset_size(num_train: int, size: float | None) -> int:
    """Return how many training examples ``data.train_size`` leaves."""
    if size is None:
        return num_train
    return min(num_train, max(1, round(size * num_train) if isinstance(size, float) else size))


def subset(train: Ids, labels: Ids, size: float | None, seed: int) -> Ids:
    """Return the first examples of a stratified order, so that subsets are nested.

    Args:
        train: ids of the training part.
        labels: of all examples.
        size: number or share; None keeps all.
        seed: the trial's.

    Raises:
        DataError: more examples are asked for than there are.
    """
    if size is None:
        return train
    if isinstance(size, int) and size > len(train):
        rule = f"must be at most the {len(train)} training examples of the split"
        raise DataError(Problem("data.train_size", rule, str(size)))
    order = stratified_order(labels[train], seed, "subset")
    return np.sort(train[order[: subset_size(len(train), size)]])


def stratified_order(labels: Ids, seed: int, stream: str) -> Ids:
    """Return a keyed order in which every prefix holds the classes in nearly equal shares.

    Examples of a class are shuffled; the k-th of n is placed at (k + 1/2) / n, ties in keyed order.
    """
    place = np.empty(len(labels))
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        shuffled = generator(seed, stream, "class", int(label)).permutation(members)
        place[shuffled] = (np.arange(len(members)) + 0.5) / len(members)
    ties = generator(seed, stream, "ties").permutation(len(labels))
    return np.lexsort((ties, place)).astype(np.int64)
