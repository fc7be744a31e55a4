"""Whether a machine can run a plan at all: training steps that are made, and numbers that fit its memory.

Everything is counted from settings and shapes, before anything is allocated. Memory is counted from
below (weights, gradients, optimizer states, what each layer puts out once for a batch), so that what
is refused cannot run; `plan` forecasts what will be needed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod
from pathlib import Path as FilePath

from paribus.checking import Path
from paribus.data.sources import named_sources
from paribus.data.spec import DataSpec
from paribus.data.steps import Resize
from paribus.errors import Problem
from paribus.nn.spec import ModelSpec
from paribus.nn.summary import ModelSummary
from paribus.nn.training import TrainSpec
from paribus.records import DataDescription, Plan, Variant
from paribus.study.reading import Document

__all__ = [
    "claim_problems",
    "image_problems",
    "memory_problems",
    "step_problems",
    "where_layer",
    "where_stands",
]

_EDITS = ("insert", "remove", "replace")
"""Edits that change the list of layers; ``set`` contains a path instead."""

NUMBER_BYTES = 4
MOST_STEPS = 100_000_000
"""Largest accepted number of steps of one trial: two hundred times that of a usual ImageNet training."""
_STATES = {"SGD": 0, "Adam": 2, "AdamW": 2, "Nadam": 2, "RMSprop": 1, "Adagrad": 1, "Adadelta": 2}
"""Numbers that an optimizer keeps for each weight, at least."""


def step_problems(
    plan: Plan, descriptions: Mapping[str, DataDescription], document: Document
) -> Iterator[Problem]:
    """Yield a problem for each variant whose training would make no step.

    Args:
        plan: the expanded study.
        descriptions: variant name -> its data.
        document: the study file, for line numbers.
    """
    for variant in plan.variants:
        count = descriptions[variant.name].num_examples["train"]
        train = TrainSpec.parse(variant.train, ModelSpec.parse(variant.model).defaults)
        steps = train.epochs * (train.steps_per_epoch or -(-count // train.batch_size))
        if steps > MOST_STEPS:
            where = where_stands(
                document, variant, ("train", "steps_per_epoch"), ("train", "epochs")
            )
            rule = f"must make at most {MOST_STEPS:,} steps in all epochs together"
            yield Problem(where, rule, f"{steps:,}", "Use fewer epochs or steps_per_epoch.")
            continue
        if count and (
            train.steps_per_epoch is not None
            or train.last_batch == "keep"
            or train.batch_size <= count
        ):
            continue
        where = where_stands(document, variant, ("train", "batch_size"), ("data", "train_size"))
        rule = f"must be at most the {count:,} training images with last_batch: drop, or no step is made"
        fix = f"Use batch_size: {_smaller(count)}, or last_batch: keep."
        yield Problem(where, rule, f"{train.batch_size:,}", fix)


def claim_problems(plan: Plan, document: Document) -> Iterator[Problem]:
    """Yield a problem for each claim about an epoch that no variant reaches.

    Args:
        plan: the expanded study.
        document: the study file, for line numbers.
    """
    last = max(variant.train["epochs"] for variant in plan.variants)
    for number, claim in enumerate(plan.claims):
        epoch = claim.metric.partition("@")[2]
        if epoch and int(epoch) > last:
            where = (
                f"{document.name}:{document.line(('claims', number, 'says'))}: claims.{number}.says"
            )
            rule = f"must name an epoch that is trained, at most {last}"
            yield Problem(where, rule, repr(claim.metric))


def image_problems(
    plan: Plan, document: Document, base: FilePath | None, memory: int
) -> Iterator[Problem]:
    """Yield a problem for each variant whose resized images cannot fit, before any is read.

    Args:
        plan: the expanded study.
        document: the study file, for line numbers.
        base: the folder that relative data paths start from.
        memory: bytes of the machine.
    """
    for variant in plan.variants:
        spec = DataSpec.parse(variant.data)
        sizes = [step.height * step.width for step in spec.steps() if isinstance(step, Resize)]
        if not sizes:
            continue
        count = _num_images(spec, base)
        needed = count * max(sizes)
        if needed > memory:
            where = where_stands(document, variant, ("data", "preprocess"))
            rule = f"{count:,} images of {max(sizes):,} pixels must fit the memory of this machine, {_size(memory)}"
            yield Problem(
                where,
                rule,
                f"at least {_size(needed)}",
                "Resize to fewer pixels, or use fewer images.",
            )


def memory_problems(
    plan: Plan,
    descriptions: Mapping[str, DataDescription],
    summaries: Mapping[str, ModelSummary],
    document: Document,
    memory: int,
) -> Iterator[Problem]:
    """Yield a problem for each variant whose network cannot be trained in this machine's memory.

    Args:
        plan: the expanded study.
        descriptions: variant name -> its data.
        summaries: variant name -> its shapes.
        document: the study file, for line numbers.
        memory: bytes of the machine.
    """
    for variant in plan.variants:
        summary = summaries[variant.name]
        (optimizer,) = variant.train["optimizer"]
        copies = 2 + _STATES.get(optimizer, 0)
        of_weights = NUMBER_BYTES * copies * summary.trainable_parameters
        if of_weights > memory:
            largest = max(summary.layers, key=lambda row: row.parameters)
            rule = (
                f"{summary.parameters:,} parameters ({largest.name}: {largest.parameters:,}) with {optimizer} "
                f"must fit the memory of this machine, {_size(memory)}"
            )
            where = where_stands(document, variant, ("model", "layers"))
            fix = "Use fewer units or filters, or smaller images."
            yield Problem(where, rule, f"at least {_size(of_weights)}", fix)
            continue
        batch = min(variant.train["batch_size"], descriptions[variant.name].num_examples["train"])
        outputs = sum(prod(row.output_shape) for row in summary.layers)
        of_batch = NUMBER_BYTES * batch * outputs
        if of_weights + of_batch > memory:
            largest = max(summary.layers, key=lambda row: prod(row.output_shape))
            shape = " x ".join(map(str, largest.output_shape))
            rule = (
                f"{outputs:,} numbers an image ({largest.name}: {shape}) in batches of {batch:,} "
                f"must fit the memory of this machine, {_size(memory)}"
            )
            where = where_stands(document, variant, ("train", "batch_size"), ("model", "layers"))
            fix = "Use a smaller batch_size, fewer filters or smaller images."
            yield Problem(where, rule, f"at least {_size(of_weights + of_batch)}", fix)


def _num_images(spec: DataSpec, base: FilePath | None) -> int:
    """Return how many images a source holds, as far as is known without reading one."""
    named = named_sources().get(spec.source)
    if named is not None:
        return sum(named.parts)
    path = spec.located(base)
    return sum(1 for file in path.rglob("*") if file.is_file()) if path.is_dir() else 1


def where_stands(document: Document, variant: Variant, *keys: Path) -> str:
    """Return file and line of the first of some settings: in the variant's edits, or else in the base.

    Args:
        document: text of the study file with line numbers.
        variant: the variant that has the setting.
        keys: paths from the top of the file, the one to be named first.
    """
    line, own = _line(document, variant, *keys)
    whose = f"variant {variant.name}: " if own else ""  # one problem for all variants that share it
    return f"{document.name}:{line}: {whose}{'.'.join(map(str, keys[0]))}"


def where_layer(document: Document, variant: Variant, layer: str | None) -> str:
    """Return file and line of a layer: of the edit that inserted or replaced it, or of the base.

    Args:
        document: text of the study file with line numbers.
        variant: the variant that has the layer.
        layer: its name and type, as in ``conv (Conv2D)``; None for the variant's augmentation.
    """
    if layer is None:
        return where_stands(document, variant, ("train", "augment"))
    names = [item.name for item in ModelSpec.parse(variant.model).layers]
    name = layer.partition(" ")[0]
    line, own = _line(document, variant, ("model", "layers", name), ("model", "layers"))
    if not own and name in names:
        line = document.line(("model", "layers", names.index(name)))
    return f"{document.name}:{line}: variant {variant.name}: layer {layer}"


def _line(document: Document, variant: Variant, *keys: Path) -> tuple[int, bool]:
    """Return the line of a setting, and whether the variant has it changed."""
    roots: list[Path] = [("variants", variant.name)]
    roots += [("factors", factor, level) for factor, level in variant.levels.items()]
    own = [path for path in document.lines for root in roots if path[: len(root)] == root]
    for key in keys:
        for path in own:
            if any(str(key[-1]) in str(part).split(".") for part in path):
                return document.line(path), True
    if keys[0][0] == "model":  # an edit of the network that names no list of layers
        for path in own:
            if any(str(part).startswith("model") or part in _EDITS for part in path):
                return document.line(path), True
    return document.line(tuple(keys[0])), False


def _smaller(count: int) -> int:
    """Return a batch size, a power of two, with which an epoch has several steps."""
    return max(1, 1 << max(0, count.bit_length() - 4))


def _size(count: int) -> str:
    """Format bytes.

    Example:
        >>> _size(25_300_000_000), _size(8 * 10**13)
        ('25.3 GB', '80,000.0 GB')
    """
    return f"{count / 1e9:,.1f} GB"
