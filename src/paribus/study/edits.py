"""Edits, which derive the settings of a level or variant from the base settings.

An edit is a mapping with any of ``set`` (one setting by its path), ``insert``, ``remove``, ``replace``
(layers), ``model`` (a whole model), ``data`` and ``train`` (settings that override those of the base).
Its entries are applied in the order in which they are written. Settings are plain values here.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

from paribus.checking import Issue, Path, SettingsError, show, single_choice
from paribus.errors import did_you_mean
from paribus.nn.registry import LAYERS
from paribus.nn.spec import ModelSpec, snake_case

__all__ = ["apply_edit", "set_path"]

Plain = dict[str, Any]
LayerList = list[Any]
_INNER = ("layers", "shortcut")
_ROOTS = ("model", "data", "train")


def apply_edit(settings: Plain, edit: object, path: Path) -> Plain:
    """Return a copy of the settings with an edit applied.

    Args:
        settings: ``{"model": ..., "data": ..., "train": ...}``; every layer must have a name.
        edit: the edit as written in the study file; None changes nothing.
        path: path of the edit in the file, for messages.

    Raises:
        SettingsError: an entry is malformed, or selects no layer.
    """
    edited = copy.deepcopy(settings)
    if edit is None:
        return edited
    if not isinstance(edit, dict):
        raise SettingsError([Issue(path, "must be a mapping of edits", show(edit))])
    issues: list[Issue] = []
    for verb, argument in edit.items():
        action = _VERBS.get(verb)
        if action is None:
            fix = did_you_mean(verb, _VERBS)
            issues.append(Issue((*path, verb), "is not a known edit", None, fix))
            continue
        try:
            action(edited, argument, (*path, verb))
        except SettingsError as error:
            issues.extend(error.issues)
    if issues:
        raise SettingsError(issues)
    return edited


def set_path(settings: Plain, dotted: str, value: object, path: Path) -> None:
    """Change one setting in place, for example ``train.epochs`` or ``model.Conv2D.strides``.

    Raises:
        SettingsError: the path selects no layer or argument, or passes through a plain value.
    """
    root, *parts = dotted.split(".")
    if root not in _ROOTS or not parts:
        rule = "must begin with model., data. or train."
        raise SettingsError([Issue(path, rule, show(dotted), did_you_mean(root, _ROOTS))])
    if root == "model" and parts[0] != "defaults":
        _set_on_layers(settings["model"], parts, value, path)
    else:
        _set_in(settings[root], parts, value, path)


def _set(settings: Plain, argument: object, path: Path) -> None:
    if not isinstance(argument, dict) or not argument:
        raise SettingsError([Issue(path, "must be a mapping of path: value", show(argument))])
    for dotted, value in argument.items():
        set_path(settings, dotted, value, (*path, dotted))


def _set_on_layers(model: Plain, parts: list[str], value: object, path: Path) -> None:
    selector, *fields = parts
    if not fields:
        rule = "must name a layer (or class) and its argument"
        raise SettingsError([Issue(path, rule, show(".".join(["model", *parts])))])
    matched = list(_matches(model["layers"], [selector]))
    if not matched:
        raise SettingsError([_no_match(model, selector, path)])
    for layers, index in matched:
        kind, arguments = _layer(layers[index])
        if fields[0] not in LAYERS[kind].model_fields:
            fix = did_you_mean(fields[0], LAYERS[kind].model_fields)
            raise SettingsError([Issue(path, f"{kind} has no argument {fields[0]!r}", None, fix)])
        _set_in(arguments, fields, value, path)
        layers[index] = {kind: arguments}


def _set_in(target: Plain, parts: list[str], value: object, path: Path) -> None:
    for part in parts[:-1]:
        target = _descend(target, part, path)
    last = parts[-1]
    choice = _chosen(target)
    if choice is not None and last not in target:
        target = choice
    target[last] = copy.deepcopy(value)


def _descend(target: Plain, part: str, path: Path) -> Plain:
    choice = _chosen(target)
    if choice is not None and part not in target:
        target = choice
    inner = target.get(part)
    if inner is None:
        inner = target[part] = {}
    if isinstance(inner, str):
        inner = target[part] = {inner: {}}
    if not isinstance(inner, dict):
        raise SettingsError([Issue(path, f"{part!r} holds a value, not settings", show(inner))])
    return inner


def _chosen(target: Plain) -> Plain | None:
    """Return the arguments inside ``{Name: {...}}``, or None if ``target`` has another form.

    With it, the path ``train.optimizer.learning_rate`` works without the name of the optimizer.
    """
    if len(target) != 1:
        return None
    name, arguments = next(iter(target.items()))
    if not (name[:1].isupper() or name in ("step", "cosine", "one_cycle")):
        return None
    if arguments is None:
        arguments = target[name] = {}
    return arguments if isinstance(arguments, dict) else None


def _insert(settings: Plain, argument: object, path: Path) -> None:
    for index, item in enumerate(argument if isinstance(argument, list) else [argument]):
        place = (*path, index) if isinstance(argument, list) else path
        _insert_one(settings["model"], item, place)


def _insert_one(model: Plain, item: object, path: Path) -> None:
    if (
        not isinstance(item, dict)
        or len({"before", "after"} & set(item)) != 1
        or "layers" not in item
    ):
        rule = "must hold layers, and either before or after"
        raise SettingsError([Issue(path, rule, show(item))])
    unknown = set(item) - {"before", "after", "layers"}
    if unknown:
        fix = did_you_mean(min(unknown), ("before", "after", "layers"))
        raise SettingsError([Issue((*path, min(unknown)), "is not a known key", None, fix)])
    ModelSpec.parse({"layers": item["layers"]}, path)
    side = "after" if "after" in item else "before"
    selectors = item[side] if isinstance(item[side], list) else [item[side]]
    issues = [
        _no_match(model, selector, (*path, side))
        for selector in selectors
        if not any(_matches(model["layers"], [selector]))
    ]
    if issues:
        raise SettingsError(issues)
    taken = set(_names(model["layers"]))
    for layers, index in sorted(_matches(model["layers"], selectors), key=lambda m: -m[1]):
        anchor = _layer(layers[index])[1].get("name", "")
        added = [_named_copy(layer, anchor, taken) for layer in item["layers"]]
        at = index + 1 if side == "after" else index
        layers[at:at] = added


def _named_copy(layer: object, anchor: str, taken: set[str]) -> Plain:
    kind, arguments = _layer(copy.deepcopy(layer))
    if "name" not in arguments:
        base = name = f"{anchor}_{snake_case(kind)}"
        number = 1
        while name in taken:
            number += 1
            name = f"{base}_{number}"
        arguments = {"name": name, **arguments}
        taken.add(name)
    for field in _INNER:
        if isinstance(arguments.get(field), list):
            arguments[field] = [
                _named_copy(item, arguments["name"], taken) for item in arguments[field]
            ]
    return {kind: arguments}


def _remove(settings: Plain, argument: object, path: Path) -> None:
    model = settings["model"]
    for selector in argument if isinstance(argument, list) else [argument]:
        matched = sorted(_matches(model["layers"], [selector]), key=lambda m: -m[1])
        if not matched:
            raise SettingsError([_no_match(model, selector, path)])
        for layers, index in matched:
            del layers[index]


def _replace(settings: Plain, argument: object, path: Path) -> None:
    model = settings["model"]
    if not isinstance(argument, dict) or not argument:
        raise SettingsError([Issue(path, "must be a mapping of layer: new layer", show(argument))])
    for selector, new in argument.items():
        ModelSpec.parse({"layers": [new]}, (*path, selector))
        matched = list(_matches(model["layers"], [selector]))
        if not matched:
            raise SettingsError([_no_match(model, selector, (*path, selector))])
        for layers, index in matched:
            kind, arguments = _layer(copy.deepcopy(new))
            name = _layer(layers[index])[1].get("name", "")
            arguments = {"name": name, **arguments}
            taken = set(_names(model["layers"]))
            layers[index] = _named_copy({kind: arguments}, name, taken)


def _whole_model(settings: Plain, argument: object, path: Path) -> None:
    given = argument if isinstance(argument, dict) else {}
    model = ModelSpec.parse({"defaults": settings["model"]["defaults"], **given}, path)
    settings["model"] = model.named().to_settings()


def _over(root: str) -> Callable[[Plain, object, Path], None]:
    def lay_over(settings: Plain, argument: object, path: Path) -> None:
        if not isinstance(argument, dict):
            raise SettingsError([Issue(path, "must be a mapping", show(argument))])
        settings[root] = {**settings[root], **copy.deepcopy(argument)}

    return lay_over


_VERBS: dict[str, Callable[[Plain, object, Path], None]] = {
    "set": _set,
    "insert": _insert,
    "remove": _remove,
    "replace": _replace,
    "model": _whole_model,
    "data": _over("data"),
    "train": _over("train"),
}


def _layer(value: object) -> tuple[str, Plain]:
    choice = single_choice(value)
    if choice is None:
        raise TypeError(f"not a layer: {value!r}")
    return choice


def _matches(layers: LayerList, selectors: list[Any]) -> Iterator[tuple[LayerList, int]]:
    """Yield (list of layers, index) of every layer whose name or class is among the selectors."""
    for index, item in enumerate(layers):
        kind, arguments = _layer(item)
        if kind in selectors or arguments.get("name") in selectors:
            yield layers, index
        for field in _INNER:
            if isinstance(arguments.get(field), list):
                yield from _matches(arguments[field], selectors)


def _names(layers: LayerList) -> Iterator[str]:
    for item in layers:
        kind, arguments = _layer(item)
        yield arguments.get("name", "")
        for field in _INNER:
            yield from _names(arguments.get(field) or [])
        del kind


def _no_match(model: Plain, selector: object, path: Path) -> Issue:
    known = {*_names(model["layers"]), *(_layer(item)[0] for item in model["layers"])}
    fix = did_you_mean(str(selector), known)
    return Issue(path, "must name a layer of the model", show(selector), fix)
