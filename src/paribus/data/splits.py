"""Training, validation and test split: seeded, stratified by class, and the same for all variants."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from paribus.data.spec import SplitSpec
from paribus.errors import DataError, Problem
from paribus.keyed import generator
from paribus.records import Parts

__all__ = ["Split", "split_ids", "split_sizes", "subset", "subset_size", "unused_parts"]

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Split:
    """Example ids of the three splits, sorted and disjoint.

    ``test`` is empty if the official test part serves as validation set.
    """

    train: Ids
    validation: Ids
    test: Ids


def split_sizes(spec: SplitSpec, parts: Parts) -> tuple[int, int, int]:
    """Return the number of training, validation and test examples.

    Args:
        spec: shares of the split; without a share for training, the source's own parts are kept.
        parts: sizes of the source's official parts.
    """
    spec = spec.completed(parts)
    if spec.validation == "test":
        return parts.train, parts.test, 0
    if spec.train is None:
        validation = parts.validation or round(_share(spec.validation) * parts.train)
        test = parts.test or round(_share(spec.test) * parts.train)
        return (
            parts.train - (0 if parts.validation else validation) - (0 if parts.test else test),
            validation,
            test,
        )
    pool = sum(parts) if spec.use == "all" else parts.train
    train = round(spec.train * pool)
    validation = round(_share(spec.validation) * pool)
    return train, validation, pool - train - validation


def split_ids(spec: SplitSpec, labels: Ids, parts: Parts) -> Split:
    """Draw the split.

    Args:
        spec: shares and seed of the split.
        labels: ``(example,)``, ordered by official part: training, validation, test.
        parts: sizes of the official parts.

    Raises:
        DataError: a split would be empty, or the source lacks an official part that is asked for.
    """
    spec = spec.completed(parts)
    _refuse_lacking(spec, parts)
    sizes = split_sizes(spec, parts)
    if min(sizes[:2]) < 1 or (sizes[2] < 1 and spec.validation != "test"):
        got = f"{sizes[0]} / {sizes[1]} / {sizes[2]} examples"
        raise DataError(Problem("data.split", "every part must get at least one example", got))
    own_train, own_validation, own_test = np.split(
        np.arange(len(labels)), np.cumsum(parts)[:2].tolist()
    )
    if spec.validation == "test":
        return Split(own_train, own_test, own_test[:0])
    pool = np.arange(len(labels)) if spec.use == "all" else own_train
    order = pool[stratified_order(labels[pool], spec.seed, "split")]
    train, validation, test = np.split(order, [sizes[0], len(order) - _drawn_for_test(spec, parts)])
    if spec.train is None:
        validation = own_validation if parts.validation else validation
        test = own_test if parts.test else test
    return Split(np.sort(train), np.sort(validation), np.sort(test))


def unused_parts(spec: SplitSpec, parts: Parts) -> tuple[str, ...]:
    """Return a sentence for every official part of the source, or share of the split, that is unused.

    Args:
        spec: shares of the split.
        parts: sizes of the source's official parts.
    """
    spec, said = spec.completed(parts), []
    for name in ("validation", "test"):
        count = getattr(parts, name)
        if not count:
            continue
        images = f"the source's own {name} part ({count:,} images)"
        if name == "validation" and spec.validation == "test":
            said.append(f"{images} is not used: data.split.validation asks for the test part")
        elif spec.train is not None and spec.use == "train":
            fix = "write split: {validation: official} to use the source's parts"
            said.append(
                f"{images} is not used: data.split asks for shares of the training part ({fix})"
            )
        elif spec.train is None and isinstance(getattr(spec, name), float):
            said.append(f"data.split.{name}, a share, is not used: {images} is")
    return tuple(said)


def _refuse_lacking(spec: SplitSpec, parts: Parts) -> None:
    shares = "Write {train: 0.6, validation: 0.2, test: 0.2}."
    if spec.validation == "official" and not parts.validation:
        rule = "validation: official needs a source with a validation part"
        raise DataError(Problem("data.split", rule, "none", f"{shares[:-1]}, or a share."))
    if spec.train is None and not parts.test and spec.test is None:
        rule = "needs the shares of train, validation and test, as the source has no test part"
        if parts.validation:
            shares = "Write {validation: official, test: 0.2}."
        raise DataError(Problem("data.split", rule, "only validation", shares))


def _drawn_for_test(spec: SplitSpec, parts: Parts) -> int:
    """Return how many test examples the split draws; 0 if the official test part is used."""
    own = spec.train is None and parts.test
    return 0 if own else split_sizes(spec, parts)[2]


def _share(value: float | str | None) -> float:
    return float(value) if isinstance(value, float | int) else 0.0


def subset_size(num_train: int, size: float | None) -> int:
    """Return the number of training examples with ``data.train_size``, a number or a fraction."""
    if size is None:
        return num_train
    return min(num_train, max(1, round(size * num_train) if isinstance(size, float) else size))


def subset(train: Ids, labels: Ids, size: float | None, seed: int) -> Ids:
    """Return a stratified training subset. Subsets of one seed are nested.

    Args:
        train: ids of the training set.
        labels: ``(example,)``, labels of all examples of the source.
        size: number or fraction of examples; None keeps all.
        seed: seed of the trial.

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
    """Return a random order in which every prefix has nearly the class proportions of the whole.

    The examples of each class are shuffled, and the k-th of n (from 0) gets the position
    (k + 1/2) / n; equal positions are ordered at random. The draws are keyed by seed and stream.
    """
    place = np.empty(len(labels))
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        shuffled = generator(seed, stream, "class", int(label)).permutation(members)
        place[shuffled] = (np.arange(len(members)) + 0.5) / len(members)
    ties = generator(seed, stream, "ties").permutation(len(labels))
    return np.lexsort((ties, place)).astype(np.int64)
