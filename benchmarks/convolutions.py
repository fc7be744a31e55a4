"""Convolutions of the labs, ours beside oneDNN's: seconds and rounding.

    python -m benchmarks.convolutions

One thread, CPU seconds of the process, rounds interleaved, medians. Writes results/convolutions.json.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.measuring.machine import describe_self
from paribus.execute.workers.spawning import WORKER_ENVIRONMENT

ROOT = Path(__file__).parent


@dataclass(frozen=True)
class Layer:
    """A convolution of stride 1 in one of the labs."""

    name: str
    batch: int
    channels: int
    side: int
    filters: int
    kernel: int
    padding: int

    @property
    def output(self) -> int:
        """Height and width."""
        return self.side + 2 * self.padding - self.kernel + 1

    @property
    def products(self) -> int:
        """Multiplications of the direct sum, in each of the three passes."""
        pixels = self.batch * self.output**2
        return pixels * self.filters * self.channels * self.kernel**2


LAYERS = (
    Layer("lab D, second", 128, 32, 32, 128, 3, 1),
    Layer("lab D, third", 128, 128, 10, 32, 3, 1),
    Layer("lab D, fourth", 128, 32, 10, 128, 3, 1),
    Layer("tutorial CNN, second", 128, 32, 26, 64, 3, 0),
    Layer("lab B model 1, third", 128, 64, 12, 128, 3, 0),
    Layer("lab B model 3, second", 128, 128, 26, 64, 5, 0),
    Layer("lab B model 5, second", 128, 64, 13, 32, 5, 0),
)


def measure(layer: Layer, rounds: int) -> dict[str, Any]:
    """Run the three passes of a layer both ways."""
    import torch
    from torch.nn import functional as F

    from paribus.nn.operators.convolution import convolve

    draws = torch.Generator().manual_seed(0)
    x = torch.randn(layer.batch, layer.channels, layer.side, layer.side, generator=draws)
    shape = (layer.filters, layer.channels, layer.kernel, layer.kernel)
    kernel = torch.randn(shape, generator=draws) / (layer.channels * layer.kernel**2) ** 0.5
    noise = torch.randn(layer.batch, layer.filters, layer.output, layer.output, generator=draws)
    x, kernel, noise = (
        item.contiguous(memory_format=torch.channels_last) for item in (x, kernel, noise)
    )
    padding = (layer.padding, layer.padding)

    def all_passes(convolution: Callable[..., Any], *given: Any) -> list[Any]:
        image, weights, gradient = (item.detach() for item in given)
        image.requires_grad_()
        weights.requires_grad_()
        y = convolution(image, weights)
        return [y.detach(), *torch.autograd.grad(y, (image, weights), gradient)]

    ways = {
        "onednn": lambda a, b: F.conv2d(a, b, padding=padding),
        "paribus": lambda a, b: convolve(a, b, None, (1, 1), padding),
    }
    exact = all_passes(ways["onednn"], x.double(), kernel.double(), noise.double())
    found: dict[str, Any] = {"layer": layer.name, "shape": list(vars(layer).values())[1:]}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, way in ways.items():
            start = time.process_time()
            passes = all_passes(way, x, kernel, noise)
            if number:
                seconds[name].append(time.process_time() - start)
                continue
            found[f"{name}_error"] = max(
                float((own.double() - other).abs().max() / other.abs().max())
                for own, other in zip(passes, exact, strict=True)
            )
    for name in ways:
        found[f"{name}_seconds"] = median(seconds[name])
        found[f"{name}_rate"] = 3 * 2 * layer.products / found[f"{name}_seconds"]
    found["faster"] = median(
        other / own for own, other in zip(seconds["paribus"], seconds["onednn"], strict=True)
    )
    return found


def rows_of(found: list[dict[str, Any]]) -> Iterator[str]:
    """Yield a Markdown table."""
    yield "| layer | oneDNN | paribus | faster by | largest error, oneDNN | paribus |"
    yield "|---|--:|--:|--:|--:|--:|"
    for row in found:
        yield (
            f"| {row['layer']} | {1000 * row['onednn_seconds']:.0f} ms "
            f"| {1000 * row['paribus_seconds']:.0f} ms | {row['faster']:.2f}x "
            f"| {row['onednn_error']:.1e} | {row['paribus_error']:.1e} |"
        )


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.convolutions", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "convolutions.json")
    options = parser.parse_args()
    if not WORKER_ENVIRONMENT.items() <= os.environ.items():  # glibc reads it at the start only
        os.execve(sys.executable, sys.orig_argv, {**os.environ, **WORKER_ENVIRONMENT})
    import torch

    torch.set_num_threads(1)
    found = []
    for layer in LAYERS:
        found.append(measure(layer, options.rounds))
        print(f"{layer.name}: {found[-1]['faster']:.2f}x", flush=True)
    print("\n".join(rows_of(found)))
    result = {
        "date": datetime.now(UTC).date().isoformat(),
        "command": " ".join(["python -m benchmarks.convolutions", *sys.argv[1:]]),
        "machine": describe_self(),
        "layers": found,
    }
    options.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
