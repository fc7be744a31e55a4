"""Conversion between `paribus.observed.Observed` and the JSON object in a column.

The keys are the same in all versions of the package. Fields that were not observed have no key. A missing
key, as in rows of earlier versions, gives the field's default; unknown keys, as in rows of later versions,
are ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from paribus.observed import Moments, Observed, RanOptimizer

__all__ = ["json_of_observed", "observed_of", "with_test_inputs"]

_NULLED = "first_loss"
"""The only key that may be written as null: for a trial that was resumed from a checkpoint."""


def json_of_observed(observed: Observed) -> dict[str, Any]:
    """Return an `Observed` as a JSON object, in the order of the fields."""
    found = _fields_of(observed)
    trained = observed.optimizer is not None
    names = [item.name for item in fields(observed)]
    return {
        name: found.get(name) for name in names if name in found or (trained and name == _NULLED)
    }


def observed_of(values: Mapping[str, Any]) -> Observed:
    """Return the `Observed` in a JSON object of any version.

    Args:
        values: result of `json_of_observed` of this or another version.

    Raises:
        ValueError: the value of a known key has a wrong type; the text names the key.
    """
    try:
        return _adapter().validate_python({**values, **_split_optimizer(values)})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ValueError(f"{first['input']!r:.60} as {where or 'observed'}") from None


def with_test_inputs(values: Mapping[str, Any], moments: Moments) -> dict[str, Any]:
    """Return a stored JSON object with the moments of the test images added; unknown keys are kept.

    Args:
        values: the JSON object as stored.
        moments: moments of the preprocessed test images.
    """
    return {**values, "inputs": {**values.get("inputs", {}), "test": _plain(moments)}}


@cache
def _adapter() -> TypeAdapter[Observed]:
    return TypeAdapter(Observed)


def _split_optimizer(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the optimizer's flat JSON object with the constants moved to the key ``constants``."""
    flat = values.get("optimizer")
    if not isinstance(flat, Mapping):
        return {}
    own = {"class": "name", "formulas": "formulas"}
    constants = {key: value for key, value in flat.items() if key not in own}
    named = {own[key]: value for key, value in flat.items() if key in own}
    return {"optimizer": {**named, "constants": constants}}


def _fields_of(value: Any) -> dict[str, Any]:
    """Return name -> JSON-able value of the fields whose value is not the default."""
    found = {item.name: (getattr(value, item.name), _default(item)) for item in fields(value)}
    return {name: _plain(own) for name, (own, default) in found.items() if own != default}


def _default(item: Field[Any]) -> Any:
    return item.default if item.default_factory is MISSING else item.default_factory()


def _plain(value: Any) -> Any:
    """Return a value as JSON-able values."""
    if isinstance(value, RanOptimizer):
        return {"class": value.name, "formulas": value.formulas, **value.constants}
    if is_dataclass(value):
        return _fields_of(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(own) for key, own in value.items()}
    if isinstance(value, tuple):
        return [_plain(own) for own in value]
    return value
