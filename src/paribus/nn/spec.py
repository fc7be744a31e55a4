"""Specification of a network in a study file: a profile and a list of layers. Free of torch."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Self

from paribus.checking import Issue, Path, SettingsError, parse, show, single_choice
from paribus.errors import did_you_mean
from paribus.habits import habit_of_value
from paribus.nn.layer import KERAS_SLOPE, Layer, Profile
from paribus.nn.layers.container import Repeat
from paribus.nn.registry import LAYERS

__all__ = ["ModelSpec", "snake_case"]

_INNER = ("layers", "shortcut")
MOST_LAYERS = 2_000
"""Largest number of layers of a network, with repeated blocks written out."""


@dataclass(frozen=True)
class ModelSpec:
    """A network: the profile of its defaults, and its layers in order."""

    defaults: Profile
    layers: tuple[Layer, ...]

    @classmethod
    def parse(cls, settings: object, path: Path = ()) -> Self:
        """Validate ``{defaults: ..., layers: [...]}`` and return the model.

        Args:
            settings: plain settings; a layer is ``Name`` or ``{Name: {argument: value}}``.
            path: path of the settings in the study, for error messages.

        Raises:
            SettingsError: every broken rule, with its path.
        """
        if not isinstance(settings, dict):
            raise SettingsError([Issue(path, "must be a mapping with layers", show(settings))])
        issues = [
            Issue(
                (*path, key), "is not a known key", None, did_you_mean(key, ("defaults", "layers"))
            )
            for key in settings
            if key not in ("defaults", "layers")
        ]
        profile = settings.get("defaults", "keras")
        if profile not in ("keras", "torch"):
            issues.append(Issue((*path, "defaults"), "must be one of keras, torch", show(profile)))
        if "layers" not in settings:
            issues.append(Issue((*path, "layers"), "is required", None, "List the layers."))
        layers = _parse_layers(settings.get("layers", []), (*path, "layers"), issues)
        issues.extend(_name_issues(layers, (*path, "layers")))
        if not issues and (count := sum(map(_unrolled_count, layers))) > MOST_LAYERS:
            rule = f"must give at most {MOST_LAYERS:,} layers, repeated ones counted every time"
            issues.append(Issue((*path, "layers"), rule, f"{count:,}"))
        if issues:
            raise SettingsError(issues)
        return cls(profile, layers)

    def named(self) -> ModelSpec:
        """Return the model with default names for unnamed layers, so that edits do not change other names."""
        return replace(self, layers=_named(self.layers))

    def resolved(self) -> ModelSpec:
        """Return the model with every constant and name written out, and Repeat unrolled."""
        unrolled = tuple(part for layer in self.named().layers for part in _unroll(layer))
        return replace(self, layers=tuple(_resolve(layer, self.defaults) for layer in unrolled))

    def to_settings(self, *, seldom: bool = True) -> dict[str, Any]:
        """Return the settings as JSON-able values that `parse` accepts.

        Args:
            seldom: whether to include settings that were added in later versions and have their default.
                Trial identities leave them out, so that they do not change with a new version.
        """
        layers = [layer_settings(item) for item in self.layers]
        if not seldom and self.defaults == "keras":
            _leave_out_slopes(layers)
        return {"defaults": self.defaults, "layers": layers}

    def walk(self) -> Iterator[Layer]:
        """Yield all layers, containers before their content."""
        yield from _walk(self.layers)


def snake_case(kind: str) -> str:
    """Return the base of a layer's default name.

    Example:
        >>> snake_case("MaxPooling2D"), snake_case("BatchNormalization"), snake_case("ReLU")
        ('max_pooling2d', 'batch_normalization', 're_lu')
    """
    partly = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", kind)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", partly).lower()


def layer_settings(layer: Layer) -> dict[str, Any]:
    """Return ``{Kind: {argument: value}}`` with all arguments that are not None."""
    arguments = layer.model_dump(mode="json", exclude=set(_INNER), exclude_none=True)
    for field in _INNER:
        inner = getattr(layer, field, None)
        if inner:
            arguments[field] = [layer_settings(item) for item in inner]
    return {layer.kind: arguments}


def _leave_out_slopes(layers: list[dict[str, Any]]) -> None:
    """Remove slopes of ``leaky_relu`` that have Keras's default; earlier versions had no such setting."""
    for item in layers:
        for arguments in item.values():
            if arguments.get("activation") == "leaky_relu" and (
                arguments.get("negative_slope") == KERAS_SLOPE
            ):
                del arguments["negative_slope"]
            for field in _INNER:
                _leave_out_slopes(arguments.get(field, []))


def _parse_layers(value: object, path: Path, issues: list[Issue]) -> tuple[Layer, ...]:
    if not isinstance(value, list) or not value:
        issues.append(Issue(path, "must be a list with at least one layer", show(value)))
        return ()
    if len(value) > MOST_LAYERS:
        rule = f"must hold at most {MOST_LAYERS:,} layers"
        issues.append(Issue(path, rule, f"{len(value):,}"))
        return ()
    parsed = (_parse_layer(item, (*path, index), issues) for index, item in enumerate(value))
    return tuple(layer for layer in parsed if layer is not None)


def _parse_layer(value: object, path: Path, issues: list[Issue]) -> Layer | None:
    choice = single_choice(value)
    if choice is None:
        rule = "must be a layer: Name, or {Name: {argument: value}}"
        issues.append(Issue(path, rule, show(value)))
        return None
    kind, arguments = choice
    if kind not in LAYERS:
        fix = habit_of_value(kind, LAYERS) or did_you_mean(kind, LAYERS)
        issues.append(Issue(path, "must name a layer", show(kind), fix))
        return None
    before = len(issues)
    for field in _INNER:
        if field in arguments and field in LAYERS[kind].model_fields:
            arguments[field] = _parse_layers(arguments[field], (*path, kind, field), issues)
    if len(issues) > before:
        return None
    try:
        return parse(LAYERS[kind], arguments, (*path, kind))
    except SettingsError as error:
        issues.extend(error.issues)
        return None


def _unrolled_count(layer: Layer) -> int:
    """Return the number of layers after unrolling, with those inside containers, without building them."""
    inside = sum(map(_unrolled_count, layer.children()))
    return layer.times * inside if isinstance(layer, Repeat) else 1 + inside


def _walk(layers: tuple[Layer, ...]) -> Iterator[Layer]:
    for layer in layers:
        yield layer
        yield from _walk(layer.children())


def _name_issues(layers: tuple[Layer, ...], path: Path) -> list[Issue]:
    counts = Counter(layer.name for layer in _walk(layers) if layer.name)
    return [
        Issue(path, f"layer names must be unique, but {count} layers are called", show(name))
        for name, count in counts.items()
        if count > 1
    ]


def _named(layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
    """Name unnamed layers ``<snake_case>_<k>``, with k counted per class in order of appearance."""
    taken = {layer.name for layer in _walk(layers) if layer.name}
    counts: Counter[str] = Counter()

    def name(layer: Layer) -> Layer:
        update: dict[str, Any] = {}
        if layer.name is None:
            base = snake_case(layer.kind)
            counts[base] += 1
            while f"{base}_{counts[base]}" in taken:
                counts[base] += 1
            update["name"] = f"{base}_{counts[base]}"
        for field in _INNER:
            if getattr(layer, field, None):
                update[field] = tuple(name(item) for item in getattr(layer, field))
        return layer.model_copy(update=update)

    return tuple(name(layer) for layer in layers)


def _unroll(layer: Layer) -> tuple[Layer, ...]:
    update = {
        field: tuple(part for item in getattr(layer, field) for part in _unroll(item))
        for field in _INNER
        if getattr(layer, field, None)
    }
    opened = layer.model_copy(update=update)
    return opened.unrolled() if isinstance(opened, Repeat) else (opened,)


def _resolve(layer: Layer, profile: Profile) -> Layer:
    update = {
        field: tuple(_resolve(item, profile) for item in getattr(layer, field))
        for field in _INNER
        if getattr(layer, field, None)
    }
    return layer.model_copy(update=update).resolved(profile)
