"""Reader of image folders: one folder per class, sorted by name, inside folders of official parts, if any.

Folders named ``train``, ``val`` (``valid``, ``validation``, ``dev``) and ``test`` are the official parts
if they contain class folders. Upper case, filler words and words shared by all parts are allowed
(``training_set``, ``seg_test``). A single folder around the parts, or around the classes of a part, is
skipped. Images of a class may lie in subfolders. Unused files are reported; ambiguous layouts are refused.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from paribus.data.dataset import Dataset, Said
from paribus.data.pictures.labels_table import contradicting_table, labelled_pictures, tables_of
from paribus.data.pictures.pictures import Listed, read_pictures
from paribus.data.pictures.tree import Tree, grown, plain_text, shown
from paribus.data.same_names import composed
from paribus.data.spec import DataSpec
from paribus.errors import DataError, Problem
from paribus.wording import counted

__all__ = ["PART_NAMES", "image_folders", "read_folder"]

PART_NAMES = {
    **dict.fromkeys(("train", "training", "trn"), 0),
    **dict.fromkeys(("val", "valid", "validation", "dev"), 1),
    **dict.fromkeys(("test", "testing", "tst"), 2),
}
_ROLES = ("train", "validation", "test")
_FILLERS = frozenset(
    {"set", "sets", "data", "dataset", "split", "part", "folder", "images", "image", "imgs", "img"}
)
"""Words that are ignored in the name of a part's folder."""
_CONTENTS = frozenset(
    {
        *("image", "images", "imgs", "img", "jpegimages", "pictures", "photos"),
        *("mask", "masks", "annotation", "annotations", "label", "labels", "trimaps"),
        *("segmentation", "segmentations", "bboxes", "boundingboxes"),
    }
)
"""Folder names that describe a kind of content and cannot be classes."""


def read_folder(path: Path, spec: DataSpec) -> Dataset:
    """Read an image folder, with classes from its subfolders or from a table of labels in it.

    Args:
        path: the folder.
        spec: data settings; used are ``background``, ``unreadable``, ``columns`` and a resize step.

    Raises:
        DataError: no classes, empty classes, an ambiguous layout, or unreadable files; all are listed.
    """
    tree = grown(path)
    root, notes = _inner(tree)
    table = None if _holds_classes(root) and spec.columns is None else tables_of(root, spec)
    if table is not None:
        listed, class_names, said = labelled_pictures(table, root, spec)
        said = Said((*notes, *said.changed), (*said.ignored, *_junk(tree)), said.notes)
        return read_pictures(path, listed, class_names, said, spec)
    if spec.columns is not None:
        rule, got = (
            "needs a table of the pictures",
            f"no table in {plain_text(path.name)} names any",
        )
        raise DataError(Problem("data.columns", rule, got, "Leave it out, or add the table."))
    _refuse_contents(root)
    parts = [(role, _inside(part)) for role, part in _parts(root)]
    _refuse_unclear(root, parts)
    _refuse_another_table(root, parts, spec)
    listed, class_names = _listed(parts)
    said = Said(
        (*notes, *_deeper(path, parts)),
        _ignored(tree, {item.file for item in listed}),
        _missing_classes(parts, class_names),
    )
    return read_pictures(path, listed, class_names, said, spec)


def image_folders(path: Path) -> dict[str, list[Path]]:
    """Return name of subfolder -> its image files, also those in deeper folders."""
    return {folder.name: folder.all_pictures() for folder in grown(path).folders}


def _inner(tree: Tree) -> tuple[Tree, tuple[str, ...]]:
    """Descend while there is a single subfolder, as unpacked archives have; returns folder and remark."""
    inner = tree
    while len(inner.folders) == 1 and not inner.pictures and inner.folders[0].folders:
        if _role(inner.folders[0].name) is not None:
            break
        inner = inner.folders[0]
    if inner is tree:
        return tree, ()
    return inner, (f"read from its only folder, {inner.path.relative_to(tree.path).as_posix()}",)


def _inside(part: Tree) -> Tree:
    """Descend while a part has a single subfolder, such as ``test_set/test_set``."""
    while len(part.folders) == 1 and not part.pictures and part.folders[0].folders:
        part = part.folders[0]
    return part


def _words(name: str) -> list[str]:
    return re.findall(r"[a-z]+|[0-9]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower())


def _role(name: str) -> int | None:
    """Return the part that a folder is named after (0 training, 1 validation, 2 test), or None."""
    words = [word for word in _words(name) if word not in _FILLERS]
    return PART_NAMES.get(words[0]) if len(words) == 1 else None


def _named_parts(folders: list[Tree]) -> list[tuple[int, Tree]]:
    """Return (part, folder) of the folders that are named like parts.

    Besides the part's name and fillers, a name may have other words only if folders of at least two
    parts share them, for example ``seg_train`` and ``seg_test``.
    """
    found: dict[str, list[tuple[int, Tree]]] = {}
    for folder in folders:
        words = [word for word in _words(folder.name) if word not in _FILLERS]
        said = [word for word in words if word in PART_NAMES]
        if len(said) == 1:
            rest = " ".join(word for word in words if word not in PART_NAMES)
            found.setdefault(rest, []).append((PART_NAMES[said[0]], folder))
    shared = [pairs for rest, pairs in found.items() if not rest or len({r for r, _ in pairs}) > 1]
    return [pair for pairs in shared for pair in pairs]


def _holds_classes(root: Tree) -> bool:
    """Return whether there are several class folders, or parts that contain folders."""
    folders = [folder for folder in root.folders if folder.all_pictures()]
    if folders and len(_named_parts(folders)) == len(folders):
        return any(folder.folders for folder in folders)
    return len(folders) > 1


def _refuse_contents(root: Tree) -> None:
    """Refuse folders named after kinds of content, for example ``images`` and ``masks``."""
    folders = [folder for folder in root.folders if folder.all_pictures()]
    if len(folders) < 2 or not all(folder.name.lower() in _CONTENTS for folder in folders):
        return
    got = ", ".join(folder.name for folder in folders)
    fix = "Name the folder of the pictures as the source, with folders of classes or a table of labels in it."
    rule = "folders must be named after classes"
    raise DataError(Problem(plain_text(str(root.path)), rule, got, fix))


def _refuse_another_table(root: Tree, parts: list[tuple[int, Tree]], spec: DataSpec) -> None:
    """Refuse a table of the images whose labels disagree with their class folders."""
    folder_of = {
        file: folder.name
        for _, part in parts
        for folder in part.folders
        for file in folder.all_pictures()
    }
    table = contradicting_table(root, folder_of, spec)
    if table is None:
        return
    names = list(dict.fromkeys(folder_of.values()))
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    got = f"the folders {', '.join(names[:3])}{more}, and {table.name}, no column of which says the same"
    fix = f"Name {table.name} as the source, or keep it elsewhere if the folders are the classes."
    rule = "classes must be clear: folders, or a table of the pictures"
    raise DataError(Problem(plain_text(str(root.path)), rule, got, fix))


def _parts(root: Tree) -> list[tuple[int, Tree]]:
    """Return (part, folder), training first; without named parts, the whole folder is for training."""
    named = _named_parts(root.folders)
    parted = [folder for _, folder in named if folder.folders]
    parts_alone = {folder.name for _, folder in named}
    if not parted and len(named) == len(root.folders) > 0 and root.all_pictures():
        raise DataError(_no_classes(root, root))
    if not parted:
        return [(0, root)]
    where = plain_text(str(root.path))
    others = [f.name for f in root.folders if f.name not in parts_alone and f.all_pictures()]
    if others:
        got = f"{', '.join(others)} beside {', '.join(folder.name for _, folder in named)}"
        fix = "Move what is no part elsewhere, or all classes into parts."
        raise DataError(Problem(where, "must hold either parts or classes", got, fix))
    roles = Counter(role for role, _ in named)
    twice = [role for role, count in roles.items() if count > 1]
    if twice:
        got = ", ".join(folder.name for role, folder in named if role in twice)
        rule = "must hold one folder for each part"
        raise DataError(Problem(where, rule, got, "Keep one of them, or join them."))
    if 0 not in roles:
        got = ", ".join(folder.name for _, folder in named)
        fix = "Call the folder of the training images train."
        raise DataError(Problem(where, "must hold a training part", got, fix))
    return sorted(named, key=lambda pair: pair[0])


def _refuse_unclear(root: Tree, parts: list[tuple[int, Tree]]) -> None:
    """Refuse parts without classes, with empty classes, or with possible classes on two levels."""
    problems = []
    for _, part in parts:
        where = plain_text(str(part.path))
        if len(part.folders) < 2 and len(parts) == 1:
            problems.append(_no_classes(root, part))
            continue
        if not part.folders:
            rule, fix = "must hold one folder per class", "Sort its images into such folders."
            problems.append(Problem(where, rule, counted(len(part.pictures), "picture"), fix))
        empty = [folder.name for folder in part.folders if not folder.all_pictures()]
        if empty:
            fix = "Add images, or remove the folder."
            rule = "every class must have an image"
            problems.append(Problem(where, rule, f"no image in {', '.join(empty)}", fix))
        problems += _parts_below(part) or _two_levels(part)
    if problems:
        raise DataError(problems)


def _no_classes(root: Tree, part: Tree) -> Problem:
    pictures, folders = part.all_pictures(), [folder.name for folder in part.folders]
    got = counted(len(pictures), "picture") + (f" in {', '.join(folders)}" if folders else "")
    fix = "Sort them into folders named after their classes, or add a table of files and labels (labels.csv)."
    if not pictures:
        got = "no image" + (f" in {', '.join(folders)}" if folders else "")
    rule = "must hold one folder per class with images in it, at least two"
    if folders and all(name.lower() in PART_NAMES for name in folders):
        rule = f"{' and '.join(folders)} must hold one folder per class each"
    return Problem(plain_text(str(root.path)), rule, got, fix)


def _parts_below(part: Tree) -> list[Problem]:
    """Report class folders that contain ``train`` and ``test``: test images would be trained on."""
    below = {
        inner.name: PART_NAMES[inner.name.lower()]
        for top in part.folders
        for inner in top.folders
        if inner.name.lower() in PART_NAMES and inner.all_pictures()
    }
    if not set(below.values()) - {0}:
        return []
    example = part.folders[0].name
    got = f"{', '.join(sorted(below))} inside {', '.join(folder.name for folder in part.folders)}"
    fix = f"Put the parts on top: train/{example}/, test/{example}/."
    rule = "parts must hold classes, not classes parts"
    return [Problem(plain_text(str(part.path)), rule, got, fix)]


def _two_levels(part: Tree) -> list[Problem]:
    """Report folder names that recur inside several class folders: they may be the true classes."""
    below = Counter(
        folder.name for top in part.folders for folder in top.folders if folder.all_pictures()
    )
    groups = [top for top in part.folders if not top.pictures and len(top.folders) > 1]
    recurring = sorted(name for name, count in below.items() if count > 1)
    if len(groups) < 2 or len(recurring) < 2:
        return []
    tops = ", ".join(folder.name for folder in part.folders)
    got = f"{tops}, several of which hold {', '.join(recurring)}"
    if len(groups) == len(part.folders) and len(recurring) == len(below):
        got = f"{tops}, each of which holds {', '.join(recurring)}"
    fix = "Name one of these folders as the source, or put the class folders on top."
    return [Problem(plain_text(str(part.path)), "classes must be clear", got, fix)]


def _listed(parts: list[tuple[int, Tree]]) -> tuple[list[Listed], tuple[str, ...]]:
    """List the images with their class names, which are those of the training part."""
    known = {folder.name for role, part in parts if role == 0 for folder in part.folders}
    called = _called(parts)
    class_names = tuple(sorted(set(called.values())))
    strange = [name for name in class_names if name not in known]
    if strange:
        part = next(p for _, p in parts if any(called[f.name] in strange for f in p.folders))
        rule = f"classes must be those of the training part ({', '.join(sorted(known))})"
        raise DataError(
            Problem(plain_text(str(part.path)), rule, ", ".join(strange), "Rename or remove them.")
        )
    return [
        Listed(file, class_names.index(called[folder.name]), role)
        for role, part in parts
        for folder in part.folders
        for file in folder.all_pictures()
    ], class_names


def _called(parts: list[tuple[int, Tree]]) -> dict[str, str]:
    """Return folder name -> class name, the name of the training part's folder that looks the same."""
    known = {composed(f.name): f.name for role, part in parts if role == 0 for f in part.folders}
    return {
        folder.name: folder.name if role == 0 else known.get(composed(folder.name), folder.name)
        for role, part in reversed(parts)
        for folder in part.folders
    }


def _missing_classes(
    parts: list[tuple[int, Tree]], class_names: tuple[str, ...]
) -> tuple[str, ...]:
    notes = []
    for role, part in parts[1:]:
        called = _called(parts)
        absent = set(class_names) - {called[folder.name] for folder in part.folders}
        if absent:
            notes.append(f"the {_ROLES[role]} part has no image of {', '.join(sorted(absent))}")
    return tuple(notes)


def _deeper(root: Path, parts: list[tuple[int, Tree]]) -> tuple[str, ...]:
    """Return a remark if images lie in subfolders of class folders."""
    deep = [
        file
        for _, part in parts
        for folder in part.folders
        for inner in folder.folders
        for file in inner.all_pictures()
    ]
    if not deep:
        return ()
    count = counted(len(deep), "picture")
    return (f"{count} in folders inside a class folder taken for its class: {shown(deep, root)}",)


def _ignored(tree: Tree, used: set[Path]) -> tuple[str, ...]:
    """Return remarks about unused images, other files and junk."""
    unused = [file for file in tree.all_pictures() if file not in used]
    others = [file for item in tree.every() for file in item.others]
    said = []
    if unused:
        said.append(
            f"{counted(len(unused), 'picture')} outside class folders: {shown(unused, tree.path)}"
        )
    if others:
        said.append(f"{counted(len(others), 'other file')}: {shown(others, tree.path)}")
    return (*said, *_junk(tree))


def _junk(tree: Tree) -> tuple[str, ...]:
    junk = [file for item in tree.every() for file in item.junk]
    if not junk:
        return ()
    return (f"left by other programs: {shown(junk, tree.path)}",)
