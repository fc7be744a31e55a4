"""A study's network and optimizer in plain PyTorch, with Keras's initial distribution."""

from __future__ import annotations

from typing import Any

import torch
from order import named
from torch import nn


def _activation(name: str | None) -> list[nn.Module]:
    return [nn.ReLU()] if name == "relu" else []


def network_of(trial: dict[str, Any], shape: tuple[int, ...]) -> nn.Sequential:
    """Build the network for images (height, width, channel); it ends in logits."""
    torch.manual_seed(trial["seed"])
    height, width, channels = shape
    modules: list[nn.Module] = []
    features = 0
    for item in trial["layers"]:
        name, s = named(item)
        if name == "Conv2D":
            rows, columns = s["kernel_size"]
            same = s["padding"] == "same"
            modules.append(
                nn.Conv2d(channels, s["filters"], (rows, columns), padding="same" if same else 0)
            )
            channels = s["filters"]
            if not same:
                height, width = height - rows + 1, width - columns + 1
            modules += _activation(s["activation"])
        elif name == "MaxPooling2D":
            rows, columns = s["pool_size"]
            modules.append(nn.MaxPool2d((rows, columns)))
            height, width = height // rows, width // columns
        elif name == "BatchNormalization":
            kind = nn.BatchNorm1d if features else nn.BatchNorm2d
            modules.append(kind(features or channels, s["epsilon"], 1 - s["momentum"]))
        elif name == "Dropout":
            modules.append(nn.Dropout(s["rate"]))
        elif name == "Flatten":
            modules.append(nn.Flatten())
            features = height * width * channels
        else:
            modules.append(nn.Linear(features, s["units"]))
            features = s["units"]
            modules += _activation(s["activation"])
    for module in modules:
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            nn.init.zeros_(module.bias)
    return nn.Sequential(*modules)


def penalty_of(trial: dict[str, Any], network: nn.Sequential) -> torch.Tensor | float:
    """L2 penalty of the kernels that have one."""
    weighted = [m for m in network if isinstance(m, nn.Conv2d | nn.Linear)]
    settings = [named(item) for item in trial["layers"]]
    kernels = [s for name, s in settings if name in ("Conv2D", "Dense")]
    total: torch.Tensor | float = 0.0
    for module, s in zip(weighted, kernels, strict=True):
        if s.get("kernel_regularizer"):
            total = total + s["kernel_regularizer"]["l2"] * module.weight.square().sum()
    return total


def optimizer_of(trial: dict[str, Any], network: nn.Module) -> torch.optim.Optimizer:
    """Return the optimizer with the study's constants."""
    name, c = named(trial["optimizer"])
    rate, parameters = c["learning_rate"], network.parameters()
    if name == "SGD":
        return torch.optim.SGD(parameters, rate, c["momentum"], nesterov=c["nesterov"])
    if name == "Adam":
        return torch.optim.Adam(parameters, rate, (c["beta_1"], c["beta_2"]), c["epsilon"])
    return torch.optim.Adadelta(parameters, rate, c["rho"], c["epsilon"])


def count_of(network: nn.Module) -> int:
    """Parameters and running statistics, as Keras counts."""
    statistics = sum(b.numel() for b in network.buffers() if b.dtype.is_floating_point)
    return statistics + sum(p.numel() for p in network.parameters())
