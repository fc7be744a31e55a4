"""The top level of a study file, and the JSON Schema that editors use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from paribus.checking import Issue, Path, show
from paribus.data.spec import DataSpec
from paribus.data.steps import STEPS
from paribus.nn.augmentation import AUGMENTATIONS
from paribus.nn.registry import LAYERS
from paribus.nn.training import OPTIMIZERS, SCHEDULES, TrainSpec

__all__ = ["SeedRule", "SelectFile", "StudyFile", "json_schema", "name_issue"]

EDIT_VERBS = ("set", "insert", "remove", "replace", "model", "data", "train")
MOST_SEEDS = 100_000
"""Largest number of seeds with ``large: true``; `paribus.study.limits` has the usual limit."""
LAST_SEED = 2**31 - 1
"""Largest seed: the maximum of a 32-bit integer in a database."""
MIN_LOOK = 5
"""Smallest number of seeds at a planned look."""


class SelectFile(BaseModel):
    """How a variant is chosen, and what happens to it then."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    by: Literal["val_accuracy", "val_loss"] = "val_accuracy"
    refit: Literal["none", "train+validation"] = "none"
    test: Literal["once", "all", "never"] = "once"


class SeedRule(BaseModel):
    """Add seeds look by look until every claim is decided, or the last look is reached."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    until: Literal["decided"]
    looks: list[Annotated[int, Field(ge=MIN_LOOK, le=MOST_SEEDS)]] = Field(
        default_factory=lambda: [5, 10, 15, 20], min_length=1
    )


class StudyFile(BaseModel):
    """The keys of a study file."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    study: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_\-]*$", max_length=100)]
    question: str = ""
    teaching: bool = False
    large: bool = False
    """Raises the limits of text, variants and seeds; not part of a trial's identity."""
    data: dict[str, Any]
    model: dict[str, Any]
    train: dict[str, Any]
    seeds: (
        Annotated[int, Field(gt=0, le=MOST_SEEDS)]
        | Annotated[list[Annotated[int, Field(ge=0, le=LAST_SEED)]], Field(max_length=MOST_SEEDS)]
        | SeedRule
    ) = 10
    factors: dict[str, dict[str, dict[str, Any] | None]] = Field(default_factory=dict)
    variants: dict[str, dict[str, Any] | None] = Field(default_factory=dict)
    design: Literal["factorial", "one-at-a-time", "listed"] | None = None
    baseline: dict[str, str] | str | None = None
    select: SelectFile = SelectFile()
    claims: list[dict[str, Any]] = Field(default_factory=list)
    published: dict[str, dict[str, Annotated[float, Field(allow_inf_nan=False)]]] = Field(
        default_factory=dict
    )


def name_issue(name: str, path: Path) -> Issue | None:
    """Return an issue if a name of a factor, level or variant is invalid, else None."""
    if not name or len(name) > 100 or any(letter in name for letter in "/<>=\n\r\t"):
        rule = "names must be short and hold none of / < > ="
        return Issue(path, rule, show(name))
    return None


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a study file."""
    schema = StudyFile.model_json_schema()
    definitions = schema.setdefault("$defs", {})
    layer = {"anyOf": [{"enum": sorted(LAYERS)}, _choice(LAYERS, definitions)]}
    definitions["Layer"] = layer
    layers = {"type": "array", "items": {"$ref": "#/$defs/Layer"}, "minItems": 1}
    properties = schema["properties"]
    properties["model"] = {
        "type": "object",
        "properties": {"defaults": {"enum": ["keras", "torch"]}, "layers": layers},
        "required": ["layers"],
        "additionalProperties": False,
    }
    properties["data"] = _inlined(DataSpec, definitions)
    properties["data"]["required"] = ["source"]
    steps = {"anyOf": [{"enum": sorted(STEPS)}, _choice(STEPS, definitions)]}
    properties["data"]["properties"]["preprocess"] = {"type": "array", "items": steps}
    properties["train"] = _inlined(TrainSpec, definitions)
    for field, registry in (("optimizer", OPTIMIZERS), ("schedule", SCHEDULES)):
        properties["train"]["properties"][field] = {
            "anyOf": [{"enum": sorted(registry)}, _choice(registry, definitions)]
        }
    properties["train"]["properties"]["augment"] = {
        "type": "array",
        "items": {"anyOf": [{"enum": sorted(AUGMENTATIONS)}, _choice(AUGMENTATIONS, definitions)]},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "paribus study",
        **schema,
    }


def _choice(registry: Mapping[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    options = {
        name: {"anyOf": [{"type": "null"}, _layer_schema(model, definitions)]}
        for name, model in registry.items()
    }
    return {
        "type": "object",
        "properties": options,
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }


def _layer_schema(model: type[BaseModel], definitions: dict[str, Any]) -> dict[str, Any]:
    schema = _inlined(model, definitions)
    for field in ("layers", "shortcut"):
        if field in schema.get("properties", {}):
            schema["properties"][field] = {"type": "array", "items": {"$ref": "#/$defs/Layer"}}
    return _whole_or_pair(schema)


def _whole_or_pair(schema: dict[str, Any]) -> dict[str, Any]:
    """Allow an integer instead of a pair for window sizes, which pydantic's schema does not know."""
    for field in ("kernel_size", "strides", "pool_size", "padding"):
        given = schema.get("properties", {}).get(field)
        if given is not None and field in schema["properties"]:
            schema["properties"][field] = {"anyOf": [{"type": "integer"}, given]}
    return schema


def _inlined(model: type[BaseModel], definitions: dict[str, Any]) -> dict[str, Any]:
    schema = model.model_json_schema(mode="validation")
    for name, definition in schema.pop("$defs", {}).items():
        if name != "Layer":
            definitions.setdefault(name, definition)
    return schema
