"""`paribus.observed.Observed` as the JSON object that a column holds, and back.

The keys are those that every version has written, so that databases of all versions are alike. What was
not observed has no key. Keys that are missing, as in rows of earlier versions, read as "not observed";
keys that are unknown, as in rows of later ones, are passed over.
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
"""The one key that is written as null: of a trial that went on from a checkpoint."""


def json_of_observed(observed: Observed) -> dict[str, Any]:
    """Return what a trial did as a JSON object, in the order of the fields."""
    found = _fields_of(observed)
    trained = observed.optimizer is not None
    names = [item.name for item in fields(observed)]
    return {
        name: found.get(name) for name in names if name in found or (trained and name == _NULLED)
    }


def observed_of(values: Mapping[str, Any]) -> Observed:
    """Return what a trial did, from a JSON object of any version.

    Args:
        values: what `json_of_observed` of this or another version returned.

    Raises:
        ValueError: a known key holds something else than it should; the text names the key.
    """
    try:
        return _adapter().validate_python({**values, **_split_optimizer(values)})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ValueError(f"{first['input']!r:.60} as {where or 'observed'}") from None


def with_test_inputs(values: Mapping[str, Any], moments: Moments) -> dict[str, Any]:
    """Return a stored JSON object with the moments of the test images; unknown keys stay in it.

    Args:
        values: as stored.
        moments: of the test images that the network saw.
    """
    return {**values, "inputs": {**values.get("inputs", {}), "test": _plain(moments)}}


@cache
def _adapter() -> TypeAdapter[Observed]:
    return TypeAdapter(Observed)


def _split_optimizer(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the flat JSON object of an optimizer with its constants in an object of their own."""
    flat = values.get("optimizer")
    if not isinstance(flat, Mapping):
        return {}
    own = {"class": "name", "formulas": "formulas"}
    constants = {key: value for key, value in flat.items() if key not in own}
    named = {own[key]: value for key, value in flat.items() if key in own}
    return {"optimizer": {**named, "constants": constants}}


def _fields_of(value: Any) -> dict[str, Any]:
    """Return the fields of a dataclass that do not have their default."""
    found = {item.name: (getattr(value, item.name), _default(item)) for item in fields(value)}
    return {name: _plain(own) for name, (own, default) in found.items() if own != default}


def _default(item: Field[Any]) -> Any:
    return item.default if item.default_factory is MISSING else item.default_factory()


def _plain(value: Any) -> Any:
    """Return a value as JSON has it."""
    if isinstance(value, RanOptimizer):
        return {"class": value.name, "formulas": value.formulas, **value.constants}
    if is_dataclass(value):
        return _fields_of(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(own) for key, own in value.items()}
    if isinstance(value, tuple):
        return [_plain(own) for own in value]
    return value
