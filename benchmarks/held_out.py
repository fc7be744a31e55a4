"""Networks that nobody has tuned for: drawn by a seed, timed as they come.

    python -m benchmarks.held_out 20261121

writes studies/held-out.yaml. Draw anew, with the date as the seed, whenever the engine has changed.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

PATH = Path(__file__).parent / "studies" / "held-out.yaml"
NETWORKS = 4
SIDE = 28


def network(draw: random.Random) -> list[Any]:
    """Draw the layers of one network for images of 28 x 28."""
    layers: list[Any] = []
    side = SIDE
    for _ in range(draw.randint(1, 3)):
        for _ in range(draw.randint(1, 2)):
            size, padding = draw.choice((3, 3, 5)), draw.choice(("same", "valid"))
            filters = draw.choice((8, 12, 16, 24, 32, 48, 64, 96))
            settings = {"filters": filters, "kernel_size": size, "padding": padding}
            layers.append({"Conv2D": {**settings, "activation": "relu"}})
            side -= size - 1 if padding == "valid" else 0
        if draw.random() < 0.4:
            layers.append("BatchNormalization")
        layers.append("MaxPooling2D")
        side //= 2
        if draw.random() < 0.4:
            layers.append({"Dropout": {"rate": draw.choice((0.1, 0.25, 0.4))}})
        if side < 8:
            break
    layers.append("Flatten")
    for _ in range(draw.randint(0, 2)):
        layers.append(
            {"Dense": {"units": draw.choice((32, 50, 64, 100, 200)), "activation": "relu"}}
        )
    return [*layers, {"Dense": {"units": 10, "activation": "softmax"}}]


def study(seed: int) -> dict[str, Any]:
    """Return the study of a seed."""
    draw = random.Random(seed)
    variants = {
        f"net{number}": {
            "model": {"layers": network(draw)},
            "train": {"optimizer": draw.choice(("SGD", "Adam", "Adadelta"))},
        }
        for number in range(1, NETWORKS + 1)
    }
    first = variants["net1"]
    return {
        "study": "held-out",
        "question": f"How long do four networks take that were drawn by the seed {seed}?",
        "data": {
            "source": "fashion-mnist",
            "split": {"train": 0.8, "validation": 0.1, "test": 0.1, "seed": 1},
            "preprocess": ["scale"],
        },
        "model": first["model"],
        "train": {
            **first["train"],
            "epochs": 3,
            "batch_size": draw.choice((32, 64, 100, 128, 256)),
        },
        "seeds": 1,
        "design": "listed",
        "baseline": "net1",
        "variants": {"net1": {}, **{k: v for k, v in variants.items() if k != "net1"}},
        "select": {"test": "never"},
    }


def main() -> None:
    """Write the study file."""
    if len(sys.argv) != 2 or not sys.argv[1].isdigit():
        raise SystemExit("usage: python -m benchmarks.held_out SEED")
    with PATH.open("w", encoding="utf-8") as file:
        file.write(f"# Drawn by: python -m benchmarks.held_out {sys.argv[1]}\n")
        writer = YAML()
        writer.default_flow_style = None
        writer.width = 120
        writer.dump(study(int(sys.argv[1])), file)


if __name__ == "__main__":
    main()
