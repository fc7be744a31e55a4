"""Differences between the resolved settings of a variant and of the baseline, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from paribus.checking import single_choice
from paribus.records import Settings

__all__ = ["changed_aspects", "settings_changes"]


def settings_changes(
    baseline: Mapping[str, Settings], variant: Mapping[str, Settings]
) -> tuple[str, ...]:
    """Return one readable line per difference, for example ``train.epochs: 10 -> 20``.

    Args:
        baseline: resolved settings ``{"model", "data", "train"}`` of the baseline.
        variant: resolved settings of the variant.
    """
    return (
        *_layer_changes(baseline["model"], variant["model"]),
        *_value_changes("data", baseline["data"], variant["data"]),
        *_value_changes("train", baseline["train"], variant["train"]),
    )


def changed_aspects(baseline: Mapping[str, Settings], variant: Mapping[str, Settings]) -> set[str]:
    """Return the aspects that differ: ``layers``, ``data``, or a key of ``train`` such as ``epochs``."""
    aspects = {"data"} if baseline["data"] != variant["data"] else set()
    if baseline["model"] != variant["model"]:
        aspects.add("layers")
    old, new = baseline["train"], variant["train"]
    return aspects | {key for key in {*old, *new} if old.get(key) != new.get(key)}


def _layer_changes(old: Settings, new: Settings) -> Iterator[str]:
    before, after = _by_name(old["layers"]), _by_name(new["layers"])
    if old["defaults"] != new["defaults"]:
        yield f"model.defaults: {old['defaults']} -> {new['defaults']}"
    previous = "the input"
    for name, (kind, _) in after.items():
        if name not in before:
            yield f"+ {kind} {name} after {previous}"
        previous = name
    for name, (kind, _) in before.items():
        if name not in after:
            yield f"- {kind} {name}"
    for name, (kind, arguments) in after.items():
        if name not in before:
            continue
        old_kind, old_arguments = before[name]
        if kind != old_kind:
            yield f"{name}: {old_kind} -> {kind}"
        else:
            yield from _value_changes(name, old_arguments, arguments)
    kept = [name for name in after if name in before]
    if kept != [name for name in before if name in after]:
        yield "layers stand in another order"


def _by_name(layers: list[Any]) -> dict[str, tuple[str, dict[str, Any]]]:
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for item in layers:
        kind, arguments = single_choice(item) or ("", {})
        inner = [*arguments.pop("layers", []), *arguments.pop("shortcut", [])]
        found[arguments.get("name", kind)] = (kind, arguments)
        found.update(_by_name(inner))
    return found


def _value_changes(where: str, old: Any, new: Any) -> Iterator[str]:
    if old == new:
        return
    if (
        isinstance(old, Mapping)
        and isinstance(new, Mapping)
        and (len(old) > 1 or set(old) == set(new))
    ):
        for key in dict.fromkeys([*old, *new]):
            yield from _value_changes(f"{where}.{key}", old.get(key), new.get(key))
        return
    yield f"{where}: {_words(old)} -> {_words(new)}"


def _words(value: Any) -> str:
    """Format a setting: ``none``, ``l2 0.01``, ``SGD(learning_rate 0.1)``."""
    if value is None or value == []:
        return "none"
    if isinstance(value, Mapping):
        parts = [
            f"{key}({_words(item)})" if isinstance(item, Mapping) else f"{key} {_words(item)}"
            for key, item in value.items()
            if item not in (0.0, None, False, {})
        ]
        return ", ".join(parts) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(map(_words, value))
    return str(value).lower() if isinstance(value, bool) else str(value)
