"""Checks that networks fit their data, and warnings about parameter counts and double scaling."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from paribus.errors import Problem, StudyError
from paribus.nn.augmentation import AUGMENTATIONS
from paribus.nn.layers.activation import Rescaling
from paribus.nn.shapes import ShapeError
from paribus.nn.spec import ModelSpec
from paribus.nn.summary import ModelSummary, model_summary
from paribus.records import DataDescription, Plan, Shape, Variant

__all__ = ["check_shapes", "with_parameter_warnings", "with_scaling_warnings"]

PIXEL_SCALE = 0.02
"""A Rescaling layer with a smaller factor, such as 1/255 or 1/127.5, expects raw pixels."""
ONE_OUTPUT = (
    "Instead of one sigmoid, write Dense: {units: 2, activation: softmax} with "
    "loss: categorical_crossentropy; two classes need no more."
)
NOTABLE = 0.1
"""Smallest relative change of the number of parameters that gives a warning."""


def _by_name(variant: Variant, layer: str | None) -> str:
    return f"variant {variant.name}: " + (f"layer {layer}" if layer else "train.augment")


def check_shapes(
    plan: Plan,
    descriptions: Mapping[str, DataDescription],
    locate: Callable[[Variant, str | None], str] = _by_name,
) -> dict[str, ModelSummary]:
    """Infer the shapes of every variant's layers.

    Args:
        plan: the expanded study.
        descriptions: variant name -> description of its data.
        locate: function (variant, layer such as ``conv (Conv2D)``, or None for the augmentation) ->
            text that locates it in messages; by default by names.

    Returns:
        Variant name -> summary of its layers.

    Raises:
        StudyError: layers or augmentations do not fit the shapes, or the output is not one unit per
            class; the problems of all variants are listed.
    """
    summaries: dict[str, ModelSummary] = {}
    problems: list[Problem] = []
    for variant in plan.variants:
        description = descriptions[variant.name]
        try:
            summary = model_summary(ModelSpec.parse(variant.model), description.input_shape)
        except ShapeError as error:
            problems.extend(
                replace(item, where=locate(variant, item.where)) for item in error.problems
            )
            continue
        classes = len(description.class_names)
        if summary.output_shape != (classes,):
            last = summary.layers[-1]
            rule = f"must give one output per class, ({classes},)"
            where = locate(variant, f"{last.name} ({last.type})")
            fix = (
                ONE_OUTPUT
                if summary.output_shape == (1,) and classes == 2
                else f"Set units: {classes}."
            )
            problems.append(Problem(where, rule, str(summary.output_shape), fix))
        problems += _augmentation_problems(variant, description.input_shape, locate(variant, None))
        summaries[variant.name] = summary
    if problems:
        raise StudyError(dict.fromkeys(problems))
    return summaries


def _augmentation_problems(variant: Variant, shape: Shape, place: str) -> list[Problem]:
    found = []
    for item in variant.train.get("augment", ()):
        for name, arguments in item.items():
            rule = AUGMENTATIONS[name].model_validate(arguments).misfit(shape)
            if rule is not None:
                found.append(Problem(f"{place}.{name}", rule, str(arguments)))
    return found


def with_parameter_warnings(plan: Plan, summaries: Mapping[str, ModelSummary]) -> Plan:
    """Return the plan with a warning on variants whose number of parameters differs by over 10 %."""
    reference = summaries.get(plan.baseline)
    if reference is None:
        return plan
    variants = []
    for variant in plan.variants:
        count = summaries[variant.name].parameters
        change = count / reference.parameters - 1
        if abs(change) > NOTABLE:
            text = f"the number of parameters changes by {change:+.0%} (to {count:,})"
            variant = replace(variant, warnings=(*variant.warnings, text))
        variants.append(variant)
    return replace(plan, variants=tuple(variants))


def with_scaling_warnings(plan: Plan) -> Plan:
    """Return the plan with a warning on variants that scale pixels in preprocessing and in a layer."""
    variants = []
    for variant in plan.variants:
        steps = {name for step in variant.data.get("preprocess", ()) for name in step}
        twice = [layer for layer in ModelSpec.parse(variant.model).layers if _shrinks(layer)]
        if twice and steps & {"scale", "standardize"}:
            done = " and ".join(sorted(steps & {"scale", "standardize"}))
            text = f"pixels are made small twice: by data.preprocess ({done}) and by the layer {twice[0].name}"
            variant = replace(variant, warnings=(*variant.warnings, text))
        variants.append(variant)
    return replace(plan, variants=tuple(variants))


def _shrinks(layer: object) -> bool:
    return isinstance(layer, Rescaling) and 0 < abs(layer.scale) < PIXEL_SCALE
