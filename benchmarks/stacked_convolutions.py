"""The ways to convolve with many networks at once on a GPU, shape by shape.

    python -m benchmarks.stacked_convolutions

Needs CUDA. Forward and backward pass of a convolution of 1, 4 and 16 members, as a CUDA graph, by each
way; microseconds a pass and member. `paribus.nn.stacked.convolution` chooses by what this prints. Writes
results/stacked-convolutions.json.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any, get_args

import torch

from benchmarks.measuring.machine import describe_self
from paribus.engine.precision import exact_products, products_in
from paribus.nn.build import build_network, load_weights
from paribus.nn.initial import initial_weights
from paribus.nn.spec import ModelSpec
from paribus.nn.stacked.network import ConvolutionWay, stack
from paribus.nn.training import Precision

ROOT = Path(__file__).parent
MEMBERS = (1, 4, 16)
WAYS: tuple[ConvolutionWay, ...] = ("products", "grouped", "each")
WARM_UP = 3
ROUND = 50_000
"""Microseconds that a round should take."""


@dataclass(frozen=True)
class Layer:
    """A convolution with padding ``same``, or the first one of a network, which passes nothing back."""

    name: str
    batch: int
    channels: int
    side: int
    filters: int
    kernel: int
    first: bool = False


LAYERS = (
    Layer("lab A, first", 100, 1, 28, 16, 3, first=True),
    Layer("lab A, second", 100, 16, 13, 16, 3),
    Layer("LeNet, first", 128, 1, 28, 6, 5, first=True),
    Layer("LeNet, second", 128, 6, 14, 16, 5),
    Layer("lab D, first", 128, 3, 32, 32, 3, first=True),
    Layer("lab D, second", 128, 32, 32, 128, 3),
    Layer("lab D, third", 128, 128, 10, 32, 3),
    Layer("lab D, fourth", 128, 32, 10, 128, 3),
    Layer("tutorial CNN, second", 128, 32, 26, 64, 3),
    Layer("lab B model 3, second", 128, 128, 13, 64, 5),
    Layer("speed run, block 1", 512, 128, 16, 128, 3),
    Layer("speed run, block 3", 512, 512, 4, 512, 3),
)


def pass_of(
    layer: Layer, members: int, way: ConvolutionWay, precision: Precision
) -> Callable[[], None]:
    """Return a replayable forward and backward pass; its gradients stay in place."""
    settings = {"filters": layer.filters, "kernel_size": layer.kernel, "padding": "same"}
    model = ModelSpec.parse({"layers": [{"Conv2D": settings}]})
    shape = (layer.side, layer.side, layer.channels)
    networks = [build_network(model, shape) for _ in range(members)]
    for seed, network in enumerate(networks):
        load_weights(network, initial_weights(model, shape, seed))
    stacked = stack(networks, way).cuda()
    count = members * layer.batch
    x = torch.randn(count, layer.channels, layer.side, layer.side, device="cuda")
    x = x.contiguous(memory_format=torch.channels_last).requires_grad_(not layer.first)
    out = torch.randn(count, layer.filters, layer.side, layer.side, device="cuda")
    out = out.contiguous(memory_format=torch.channels_last)

    def once() -> None:
        with products_in(precision, x.device):
            y = stacked(x)
        y.backward(out.to(y.dtype))

    stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(WARM_UP):
            once()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        once()
    return graph.replay


def microseconds(work: Callable[[], None], rounds: int) -> float:
    """Return the median time of one pass."""
    repeats, times = 1, []
    for _ in range(1 + rounds):  # the first is one pass, and says how many fit in a round
        start = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
        end = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
        start.record()
        for _ in range(repeats):
            work()
        end.record()
        torch.cuda.synchronize()
        elapsed = start.elapsed_time(end) * 1000
        times.append(elapsed / repeats)
        repeats = min(50, max(1, round(ROUND / elapsed))) if repeats == 1 else repeats
    return float(median(times[1:]))


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.stacked_convolutions", description=__doc__
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "stacked-convolutions.json")
    options = parser.parse_args()
    if not torch.cuda.is_available():
        raise SystemExit(
            "benchmarks.stacked_convolutions: needs a GPU that torch can use; torch sees none"
        )
    rows: list[dict[str, Any]] = []
    for precision in get_args(Precision):
        for layer in LAYERS:
            for members in MEMBERS:
                found: dict[str, float | None] = {}
                for way in WAYS:
                    found[way] = measured(layer, members, way, precision, options.rounds)
                rows.append(
                    {"precision": precision, **asdict(layer), "members": members, "us": found}
                )
                cells = [
                    f"{name} {'no memory' if us is None else f'{us / members:.0f}'}"
                    for name, us in found.items()
                ]
                print(f"{precision}, {layer.name}, {members}: {', '.join(cells)}", flush=True)
    result = {
        "date": datetime.now(UTC).date().isoformat(),
        "command": " ".join(["python -m benchmarks.stacked_convolutions", *sys.argv[1:]]),
        "machine": {**describe_self(), "gpu": torch.cuda.get_device_name()},
        "rows": rows,
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=1) + "\n")


def measured(
    layer: Layer, members: int, way: ConvolutionWay, precision: Precision, rounds: int
) -> float | None:
    """Return microseconds of a pass of all members; None if the card has no memory for it."""
    try:
        with exact_products():
            work = pass_of(layer, members, way, precision)
            return microseconds(work, rounds)
    except torch.OutOfMemoryError:
        return None
    finally:
        torch.cuda.empty_cache()


if __name__ == "__main__":
    main()
