"""The studies that are timed, their sizes, and what one trial of each must amount to."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, prod
from pathlib import Path
from typing import Any

import paribus
from paribus.api import PlannedStudy

STUDIES = Path(__file__).parents[1] / "studies"


@dataclass(frozen=True)
class Size:
    """How much of a study is run. Shares are of the official training images."""

    train: float
    validation: float
    epochs: int
    seeds: int = 1


@dataclass(frozen=True)
class Workload:
    """A study in a precision."""

    name: str
    file: str
    sizes: Mapping[str, Size]
    precision: str = "fp32"
    only: tuple[str, ...] = ()

    def overrides(self, size: Size) -> list[str]:
        """Return what `paribus run --set` takes."""
        test = round(1 - size.train - size.validation, 6)
        split = f"{{use: train, train: {size.train}, validation: {size.validation}, test: {test}, seed: 1}}"
        return [
            f"data.split={split}",
            f"train.epochs={size.epochs}",
            f"train.precision={self.precision}",
        ]

    def plan(self, size: Size) -> PlannedStudy:
        """Expand the study."""
        study = paribus.load(STUDIES / self.file)
        return study.plan(seeds=size.seeds, overrides=self.overrides(size), only=self.only)


def _sizes(quick: Size, normal: Size, full: Size) -> dict[str, Size]:
    return {"quick": quick, "normal": normal, "full": full}


_A = _sizes(Size(0.05, 0.02, 2), Size(0.70, 0.15, 3), Size(0.70, 0.15, 5, 10))
_B = _sizes(Size(0.02, 0.01, 2), Size(0.07, 0.02, 2), Size(0.80, 0.10, 5, 5))
_T = _sizes(Size(0.03, 0.01, 2, 2), Size(0.14, 0.02, 2, 2), Size(0.80, 0.10, 5, 10))
_D = _sizes(Size(0.01, 0.005, 2, 2), Size(0.05, 0.01, 2, 2), Size(0.80, 0.10, 5, 5))
_H = _sizes(Size(0.03, 0.01, 2), Size(0.14, 0.02, 2), Size(0.80, 0.10, 5, 5))

WORKLOADS = (
    Workload("lab A", "lab-a.yaml", _A),
    Workload("lab B", "lab-b.yaml", _B),
    Workload("tutorial CNN", "tutorial.yaml", _T),
    Workload("lab D", "lab-d.yaml", _D),
    Workload("held-out", "held-out.yaml", _H),
    Workload("lab B, bf16", "lab-b.yaml", _B, "bf16"),
    Workload("tutorial CNN, bf16", "tutorial.yaml", _T, "bf16"),
)


@dataclass(frozen=True)
class Work:
    """What one trial has to do: arms that did anything else are not compared."""

    parameters: int
    steps: int
    trained: int
    evaluated: int


@dataclass
class Prepared:
    """A workload in a size, laid out for the peers."""

    workload: Workload
    size: Size
    planned: PlannedStudy
    work: dict[str, Work]
    """Variant -> work of one trial."""
    forward_flop: dict[str, int]
    """Variant -> floating-point operations of one example's forward pass."""
    trials: list[dict[str, Any]] = field(default_factory=list)


def prepare(workload: Workload, size: Size) -> Prepared:
    """Expand a workload into resolved trials and the work each must do."""
    planned = workload.plan(size)
    result = Prepared(workload, size, planned, {}, {})
    for variant in planned.plan.variants:
        examples = planned.descriptions[variant.name].num_examples
        train, held_out = examples["train"], examples["validation"]
        epochs, batch = variant.train["epochs"], variant.train["batch_size"]
        sample = min(train, held_out)
        summary = planned.summaries[variant.name]
        result.work[variant.name] = Work(
            parameters=summary.parameters,
            steps=epochs * ceil(train / batch),
            trained=epochs * train,
            evaluated=(epochs + 1) * held_out + epochs * sample + train,
        )
        result.forward_flop[variant.name] = forward_flop(
            [(row.type, row.output_shape, row.parameters) for row in summary.layers]
        )
        for seed in planned.plan.seeds:
            result.trials.append(
                {
                    "variant": variant.name,
                    "seed": seed,
                    "layers": variant.model["layers"],
                    "optimizer": variant.train["optimizer"],
                    "epochs": epochs,
                    "batch_size": batch,
                }
            )
    return result


def forward_flop(rows: Sequence[tuple[str, Sequence[int], int]]) -> int:
    """Count multiplications and additions of convolutions and products for one example.

    Args:
        rows: type, output shape and parameters of every layer.
    """
    return sum(
        2 * parameters * prod(shape[:-1])
        for kind, shape, parameters in rows
        if kind in ("Conv2D", "Dense")
    )


def export(prepared: Prepared, folder: Path) -> None:
    """Write the images that paribus trains and validates on, as bytes, for the peers."""
    import numpy as np

    from paribus.data.load import load_dataset
    from paribus.data.spec import DataSpec
    from paribus.data.splits import split_ids

    spec = DataSpec.parse(prepared.planned.plan.variants[0].data)
    data = load_dataset(spec, base=None)
    split = split_ids(spec.split, data.labels, data.parts)
    folder.mkdir(parents=True, exist_ok=True)
    for name, ids in (("train", split.train), ("validation", split.validation)):
        np.save(folder / f"{name}-images.npy", data.images[ids])
        np.save(folder / f"{name}-labels.npy", data.labels[ids])
    (folder / "data.json").write_text(json.dumps({"divisor": data.maximum}))
