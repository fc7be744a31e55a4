"""What a peer is asked to do, and what it reports. Standard library and NumPy only."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np


@dataclass
class Data:
    """Arrays of the order: images float32 (example, height, width, channel), labels int64."""

    train: tuple[np.ndarray, np.ndarray]
    validation: tuple[np.ndarray, np.ndarray]

    @property
    def sample(self) -> tuple[np.ndarray, np.ndarray]:
        """As many training examples as validate; they are scored after every epoch."""
        count = min(len(self.train[0]), len(self.validation[0]))
        return self.train[0][:count], self.train[1][:count]


@dataclass
class Report:
    """What one trial did, counted where it happened."""

    variant: str
    seed: int
    parameters: int
    steps: int = 0
    trained: int = 0
    evaluated: int = 0
    epoch_seconds: list[float] = field(default_factory=list)
    """Training alone, without the evaluations."""
    val_accuracy: float = 0.0


@dataclass
class Order:
    """A study's trials, resolved, for one process."""

    trials: list[dict[str, Any]]
    precision: str
    style: str
    threads: int
    data: Path
    result: Path

    def arrays(self) -> Data:
        """Read the data as a student would: all of it as float32."""
        scale = np.float32(json.loads((self.data / "data.json").read_text())["divisor"])
        parts = []
        for name in ("train", "validation"):
            images = np.load(self.data / f"{name}-images.npy").astype(np.float32) / scale
            parts.append((images, np.load(self.data / f"{name}-labels.npy")))
        return Data(*parts)

    def write(self, reports: list[Report]) -> None:
        """Leave the result for the harness."""
        self.result.write_text(json.dumps([vars(report) for report in reports]))


def read_order() -> Order:
    """Read the order that the command line names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("order", type=Path)
    plain = json.loads(parser.parse_args().order.read_text())
    plain |= {"data": Path(plain["data"]), "result": Path(plain["result"])}
    return Order(**plain)


def named(item: str | dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the name and the arguments of a layer, an optimizer ..."""
    if isinstance(item, str):
        return item, {}
    return next(iter(item.items()))
