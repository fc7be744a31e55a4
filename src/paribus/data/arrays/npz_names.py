"""Assignment of the arrays of a ``.npz`` file to images and labels of each part, by their names."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from paribus.data.arrays.npz_archive import Header
from paribus.data.spec import KeyNames
from paribus.errors import DataError, Problem, did_you_mean

__all__ = ["Chosen", "chosen_arrays"]

PARTS = ("train", "validation", "test")
KINDS = ("images", "labels")
_PART_WORDS = {
    "train": "train",
    "training": "train",
    "tr": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
    "te": "test",
}
_IMAGE_WORDS = ("x", "xs", "image", "images", "img", "imgs", "data", "features", "pixels", "inputs")
_LABEL_WORDS = ("y", "ys", "label", "labels", "lbl", "target", "targets", "class", "classes")
_EXAMPLES = "x_train and y_train (and x_val, y_val, x_test, y_test), or images and labels"
_NUMBERED = re.compile(r"arr_(\d+)")


@dataclass(frozen=True)
class Chosen:
    """Names of the arrays with images and labels of each part."""

    images: dict[str, str]
    """Part -> name of its array of images; the training part first."""
    labels: dict[str, str]
    """Part -> name of its array of labels."""
    changed: tuple[str, ...] = ()
    """Remarks about a choice that was not made by name."""

    def names(self) -> set[str]:
        """Return the names of all chosen arrays."""
        return {*self.images.values(), *self.labels.values()}


def chosen_arrays(headers: Mapping[str, Header], keys: KeyNames | None, where: str) -> Chosen:
    """Choose the arrays with images and labels of each part.

    Args:
        headers: name -> header, of all arrays of the file.
        keys: names given by the study; None recognises usual names.
        where: the file's name in error messages.

    Raises:
        DataError: no array, or more than one, can be the images or labels of a part.
    """
    if keys is not None:
        return _named(headers, keys, where)
    roles: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name in headers:
        role = _role(name)
        if role is not None:
            roles[role].append(name)
    parts = _complete_parts(roles)
    if parts:
        return _unique(roles, parts, headers, where)
    numbered = [name for name in headers if _NUMBERED.fullmatch(name)]
    if len(numbered) == len(headers) and numbered:
        found = _by_order(headers)
        if found is not None:
            return found
    raise DataError(_unrecognised(headers, where))


def _role(name: str) -> tuple[str, str] | None:
    """Return (part, "images" or "labels") of a name, ("", ...) without a part, None if unrecognised."""
    words = re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower())
    if len(words) == 1 and words[0] not in (*_IMAGE_WORDS, *_LABEL_WORDS):
        words = _split_word(words[0])
    if not 1 <= len(words) <= 2 or re.search(r"\d", name):
        return None
    parts = [_PART_WORDS[word] for word in words if word in _PART_WORDS]
    kinds = [
        "images" if word in _IMAGE_WORDS else "labels"
        for word in words
        if word in _IMAGE_WORDS or word in _LABEL_WORDS
    ]
    if len(kinds) != 1 or len(kinds) + len(parts) != len(words):
        return None
    return parts[0] if parts else "", kinds[0]


def _split_word(word: str) -> list[str]:
    """Split a joined word: ``xtrain`` into x and train, ``trainimages`` into train and images."""
    for part in sorted(_PART_WORDS, key=len, reverse=True):
        if word.startswith(part) and word != part:
            return [part, word.removeprefix(part)]
        if word.endswith(part) and word != part:
            return [word.removesuffix(part), part]
    return [word]


def _complete_parts(roles: Mapping[tuple[str, str], list[str]]) -> list[str]:
    """Return the parts with images and labels, training first; empty without training data.

    "" stands for a pair of arrays without a part in their names, which is for training.
    """
    whole = [part for part in PARTS if (part, "images") in roles and (part, "labels") in roles]
    if "train" in whole:
        return whole
    pair = ("", "images") in roles and ("", "labels") in roles
    return ["", *(part for part in whole if part != "train")] if pair else []


def _unique(
    roles: Mapping[tuple[str, str], list[str]],
    parts: list[str],
    headers: Mapping[str, Header],
    where: str,
) -> Chosen:
    problems = [
        Problem(
            where,
            f"must hold one array of {part or 'training'} {kind}",
            " and ".join(roles[part, kind]),
            f"Say which in data.keys, such as {_keys_example(headers)}.",
        )
        for part in parts
        for kind in KINDS
        if len(roles[part, kind]) > 1
    ]
    if problems:
        raise DataError(problems)
    return Chosen(
        {part or "train": roles[part, "images"][0] for part in parts},
        {part or "train": roles[part, "labels"][0] for part in parts},
    )


def _by_order(headers: Mapping[str, Header]) -> Chosen | None:
    """Recognise ``arr_0, arr_1 ...`` of ``numpy.savez`` by order and shape; None if ambiguous."""
    names = sorted(headers, key=lambda name: int(name.removeprefix("arr_")))
    images = [name for name in names if len(headers[name].shape) >= 3]
    labels = [name for name in names if name not in images]
    if not images and len(names) == 2:
        images = [name for name in names if _is_matrix(headers[name])]
        labels = [name for name in names if name not in images]
    if len(images) != len(labels) or len(images) not in (1, 2):
        return None
    pairs = [(image, label) for image, label in zip(images, labels, strict=True)]
    if any(headers[image].shape[0] != headers[label].shape[:1][0] for image, label in pairs):
        return None
    chosen = dict(zip(("train", "test"), images, strict=False))
    truths = dict(zip(("train", "test"), labels, strict=False))
    said = ", ".join(
        f"{chosen[part]} and {truths[part]} read as {part} images and labels" for part in chosen
    )
    return Chosen(chosen, truths, (f"by order and shape, {said} (data.keys can say otherwise)",))


def _is_matrix(header: Header) -> bool:
    return len(header.shape) == 2 and header.shape[1] > 1


def _named(headers: Mapping[str, Header], keys: KeyNames, where: str) -> Chosen:
    problems, images, labels = [], {}, {}
    for part in PARTS:
        pair = [getattr(keys, f"{part}_{kind}") for kind in KINDS]
        if (pair[0] is None) != (pair[1] is None):
            rule = f"must name images and labels of the {part} part"
            problems.append(Problem("data.keys", rule, f"only {pair[0] or pair[1]}"))
        for kind, name in zip(KINDS, pair, strict=True):
            if name is not None and name not in headers:
                rule = f"must name an array of {where}"
                fix = did_you_mean(name, headers)
                problems.append(Problem(f"data.keys.{part}_{kind}", rule, repr(name), fix))
        if None not in pair:
            images[part], labels[part] = pair
    used = [*images.values(), *labels.values()]
    if len(set(used)) < len(used):
        twice = sorted({name for name in used if used.count(name) > 1})
        problems.append(Problem("data.keys", "must name every array once", ", ".join(twice)))
    if problems:
        raise DataError(problems)
    return Chosen(images, labels)


def _unrecognised(headers: Mapping[str, Header], where: str) -> Problem:
    given = "; ".join(f"{name}: {header}" for name, header in headers.items()) or "no array"
    fix = (
        f"Or name them in data.keys, such as {_keys_example(headers)}."
        if len(headers) > 1
        else None
    )
    return Problem(where, f"must hold {_EXAMPLES}", given[:600], fix)


def _keys_example(headers: Mapping[str, Header]) -> str:
    """Return an example of ``data.keys``, by array names, else by the most and the fewest axes."""
    by_axes = sorted(headers, key=lambda name: -len(headers[name].shape))
    named = {kind: [n for n in headers if (_role(n) or ("", ""))[1] == kind] for kind in KINDS}
    images = (named["images"] or by_axes)[0]
    labels = (named["labels"] or [name for name in reversed(by_axes) if name != images])[0]
    return f"{{train_images: {images}, train_labels: {labels}}}"
