"""paribus on two screens: the whole product in small. Read this first, then ARCHITECTURE.md.

A study varies one thing (the factor), trains every variant over several seeds on the same split,
the same batch order and the same initial weights, and judges a claim by the paired differences.
What the real package adds: study files, many layers and data sets, worker processes, a store that
survives any crash, the sealed test set, checks and a report."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from scipy import stats
from torch import Tensor, nn


def generator(seed: int, *names: object) -> np.random.Generator:
    """Control: a draw is addressed by its name, so nothing else in the study can move it."""
    digest = hashlib.sha256(repr((seed, *names)).encode()).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest[:16], "little")))


Part = tuple[Tensor, Tensor]  # images (example, 64) in [0, 1], labels (example,)


def load_data(split_seed: int = 1) -> tuple[Part, Part]:
    """Scanned digits, 8x8 pixels from 0 to 16: 70 % for training, the rest for validation."""
    table = np.loadtxt(Path(__file__).parents[1] / "src/paribus/data/digits.csv.gz", delimiter=",")
    images = torch.tensor(table[:, :64] / 16, dtype=torch.float32)
    labels = torch.tensor(table[:, 64], dtype=torch.int64)
    order = torch.from_numpy(generator(split_seed, "split").permutation(len(images)))
    train, validation = order[:1257], order[1257:]
    return (images[train], labels[train]), (images[validation], labels[validation])


# --- Models: a variant is a small edit of the base; layers carry names, and names key the weights --

Layers = dict[str, nn.Module]
Edit = Callable[[Layers], Layers]


def base_layers() -> Layers:
    return {"hidden": nn.Linear(64, 32), "relu": nn.ReLU(), "output": nn.Linear(32, 10)}


def insert_after(anchor: str, name: str, make: Callable[[], nn.Module]) -> Edit:
    """The edit `insert: {after: anchor, layers: [...]}` of a study file."""

    def edit(layers: Layers) -> Layers:
        names = list(layers)
        cut = names.index(anchor) + 1
        return {
            key: layers[key] if key in layers else make()
            for key in [*names[:cut], name, *names[cut:]]
        }

    return edit


def build(layers: Layers, seed: int) -> nn.Sequential:
    """Give every kernel its keyed initial weights, so unchanged layers start bit-equal."""
    for name, layer in layers.items():
        if isinstance(layer, nn.Linear):
            limit = (6 / (layer.in_features + layer.out_features)) ** 0.5
            keyed = generator(seed, "initial weights", name)
            draw = keyed.uniform(-limit, limit, layer.weight.shape)
            layer.weight.data = torch.tensor(draw, dtype=torch.float32)
            layer.bias.data.zero_()
    return nn.Sequential(*layers.values())


# --- Engine: one trial = variant x seed; it inherits nothing from another -------------------------


def run_trial(edit: Edit, seed: int, train: Part, validation: Part, epochs: int = 8) -> float:
    """Train one network and return its validation accuracy, a fraction."""
    images, labels = train
    network = build(edit(base_layers()), seed)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    for epoch in range(epochs):
        torch.manual_seed(seed * 1000 + epoch)  # dropout; the real engine keys it by layer name
        network.train()
        order = generator(seed, "batch order", epoch).permutation(len(images))
        for batch in torch.from_numpy(order).split(32):
            loss = nn.functional.cross_entropy(network(images[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    network.eval()
    with torch.inference_mode():
        guesses = network(validation[0]).argmax(1)
    return float((guesses == validation[1]).double().mean())


# --- Judge: the paired difference over seeds, with its interval, against zero and a margin --------


@dataclass(frozen=True)
class Effect:
    """Paired difference from the baseline, with a 95 % t interval."""

    estimate: float
    low: float
    high: float
    n: int


def paired_effect(variant: np.ndarray, baseline: np.ndarray) -> Effect:
    """Both arguments are (seed,), in the same order of seeds."""
    differences = variant - baseline
    interval = stats.ttest_1samp(differences, 0).confidence_interval(0.95)
    return Effect(float(differences.mean()), interval.low, interval.high, len(differences))


def verdict(effect: Effect, margin: float) -> str:
    """Judge "variant > baseline"."""
    if effect.n < 5:
        return "undecided"
    if -margin < effect.low and effect.high < margin:
        return "practically equal"
    return "supported" if effect.low > 0 else "refuted" if effect.high < 0 else "undecided"


VARIANTS: Mapping[str, Edit] = {
    "none": lambda layers: layers,
    "dropout": insert_after("relu", "dropout", lambda: nn.Dropout(0.5)),
    "batch_norm": insert_after("relu", "norm", lambda: nn.BatchNorm1d(32)),
}


def run_study(seeds: range) -> dict[str, np.ndarray]:
    """Every variant over every seed: variant -> (seed,) accuracies."""
    data = load_data()
    return {
        name: np.array([run_trial(edit, seed, *data) for seed in seeds])
        for name, edit in VARIANTS.items()
    }


if __name__ == "__main__":
    accuracies = run_study(range(5))
    for name, values in accuracies.items():
        effect = paired_effect(values, accuracies["none"])
        interval = f"{effect.estimate:+.4f} [{effect.low:+.4f}, {effect.high:+.4f}]"
        judged = (
            f"'{name} > none' is {verdict(effect, margin=0.01)}" if name != "none" else "baseline"
        )
        print(f"{name:12} {values.mean():.4f}  {interval}  {judged}")
