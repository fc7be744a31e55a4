"""The referee's losses, penalties, learning rates and optimizers, from resolved settings alone.

With the profile ``torch`` they are ``torch.optim``'s own; with ``keras`` they are Keras 3's formulas
written out (`tests/benchmarks/test_fuzz.py` compares them with Keras).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["KerasOptimizer", "learning_rates", "objective", "optimizer_of", "penalty"]

Settings = dict[str, Any]


def objective(raw: Tensor, labels: Tensor, train: Settings, final: str) -> Tensor:
    """Return what is minimised, without penalties: a mean over examples.

    Args:
        raw: (n, class), before the final activation.
        labels: (n,).
        train: resolved.
        final: softmax, sigmoid or linear; cross-entropies take a linear output as logits.
    """
    classes, smoothing = raw.shape[1], train["label_smoothing"]
    one_hot = torch.eye(classes, dtype=raw.dtype)[labels]
    loss = train["loss"]
    target = one_hot * (1 - smoothing) + smoothing / (2 if loss.startswith("binary") else classes)
    if loss.endswith("squared_error"):
        output = {"softmax": lambda x: torch.softmax(x, 1), "sigmoid": torch.sigmoid}
        errors = (output.get(final, lambda x: x)(raw) - target) ** 2
        per_example = errors.mean(1) if loss.startswith("mean") else errors.sum(1) / 2
        return per_example.mean()
    if loss == "binary_crossentropy":
        yes, no = F.logsigmoid(raw), F.logsigmoid(-raw)
        if final == "softmax":
            yes, no = torch.log_softmax(raw, 1), _log_of_the_others(raw)
        return -(target * yes + (1 - target) * no).mean(1).mean()
    logits = F.logsigmoid(raw) if final == "sigmoid" else raw
    return -(target * torch.log_softmax(logits, 1)).sum(1).mean()


def _log_of_the_others(raw: Tensor) -> Tensor:
    """log(1 - softmax)."""
    columns = []
    for k in range(raw.shape[1]):
        others = torch.cat([raw[:, :k], raw[:, k + 1 :]], 1)
        columns.append(torch.logsumexp(others, 1) - torch.logsumexp(raw, 1))
    return torch.stack(columns, 1)


def penalty(layers: Sequence[Settings], weights: Mapping[str, Tensor]) -> Tensor | float:
    """Return l1 * sum|w| + l2 * sum(w^2) over all weights that have a regularizer."""
    total: Tensor | float = 0.0
    for layer in layers:
        kind, arguments = next(iter(layer.items()))
        for inner in ("layers", "shortcut"):
            total = total + penalty(arguments.get(inner, ()), weights)
        names = ("kernel", "bias")
        if kind == "SeparableConv2D":
            names = ("depthwise_kernel", "pointwise_kernel", "bias")
        for name in names:
            rule = arguments.get(f"{name.removesuffix('_kernel')}_regularizer")
            if kind == "SeparableConv2D" and name != "bias" and rule is None:
                rule = arguments.get("kernel_regularizer")
            weight = weights.get(f"{arguments['name']}/{name}")
            if rule is not None and weight is not None:
                total = total + rule["l1"] * weight.abs().sum() + rule["l2"] * (weight**2).sum()
    return total


def learning_rates(train: Settings, *, per_epoch: int, count: int) -> list[float]:
    """Return the learning rates of the first steps, by ``torch.optim.lr_scheduler``."""
    name, arguments = next(iter(train["schedule"].items()))
    base = next(iter(train["optimizer"].values()))["learning_rate"]
    total = train["epochs"] * per_epoch
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], base)
    rules = torch.optim.lr_scheduler
    scheduler: Any = None
    if name == "step":
        scheduler = rules.StepLR(optimizer, arguments["every"] * per_epoch, arguments["factor"])
    elif name == "cosine":
        scheduler = rules.CosineAnnealingLR(optimizer, total, base * arguments["final"])
    elif name == "one_cycle":
        scheduler = rules.OneCycleLR(
            optimizer,
            base,
            total_steps=total,
            pct_start=arguments["warmup"],
            div_factor=arguments["start_divisor"],
            final_div_factor=arguments["final_divisor"],
        )
    found = []
    for step in range(count):
        found.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        if scheduler is not None and step + 1 < total:
            scheduler.step()
    return found


def optimizer_of(train: Settings, profile: str, parameters: Sequence[Tensor]) -> Any:
    """Return an optimizer with ``step()`` and ``param_groups[0]["lr"]``."""
    name, given = next(iter(train["optimizer"].items()))
    if profile == "keras":
        return KerasOptimizer(name, given, parameters)
    common = {"lr": given["learning_rate"], "weight_decay": given["weight_decay"]}
    betas = {"betas": (given.get("beta_1"), given.get("beta_2")), "eps": given.get("epsilon")}
    match name:
        case "SGD":
            more = {"momentum": given["momentum"], "nesterov": given["nesterov"]}
            return torch.optim.SGD(parameters, **common, **more)
        case "Adam":
            return torch.optim.Adam(parameters, **common, **betas)
        case "AdamW":
            return torch.optim.AdamW(parameters, **common, **betas)
        case "Nadam":
            return torch.optim.NAdam(parameters, **common, **betas)
        case "RMSprop":
            more = {"alpha": given["rho"], "eps": given["epsilon"]}
            more |= {"momentum": given["momentum"], "centered": given["centered"]}
            return torch.optim.RMSprop(parameters, **common, **more)
        case "Adagrad":
            more = {"eps": given["epsilon"]}
            more["initial_accumulator_value"] = given["initial_accumulator_value"]
            return torch.optim.Adagrad(parameters, **common, **more)
        case "Adadelta":
            return torch.optim.Adadelta(
                parameters, **common, rho=given["rho"], eps=given["epsilon"]
            )
    raise NotImplementedError(f"the referee of the fuzz has no optimizer {name}: add it here")


class KerasOptimizer:
    """Keras 3's update rules, one parameter after another."""

    def __init__(self, name: str, given: Settings, parameters: Sequence[Tensor]) -> None:
        self.rule, self.given, self.parameters = KERAS_RULES[name], given, parameters
        self.param_groups = [{"lr": given["learning_rate"]}]
        self.steps = 0
        start = given.get("initial_accumulator_value", 0.0)
        self.slots: list[Settings] = [
            {
                **{slot: torch.zeros_like(item) for slot in ("m", "v", "mean")},
                "sum": torch.full_like(item, start),
            }
            for item in parameters
        ]
        self.product = 1.0

    @torch.no_grad()
    def step(self) -> None:
        """Update every parameter from its gradient."""
        rate = self.param_groups[0]["lr"]
        self.steps += 1
        number = {"step": self.steps, "product": self.product}
        for parameter, slots in zip(self.parameters, self.slots, strict=True):
            gradient = parameter.grad
            assert gradient is not None
            if self.given["weight_decay"]:
                parameter -= parameter * self.given["weight_decay"] * rate
            parameter += self.rule(gradient, slots, self.given, rate, number)
        self.product = number.get("next", self.product)


Rule = Callable[[Tensor, Settings, Settings, float, dict[str, Any]], Tensor]


def _sgd(g: Tensor, slots: Settings, given: Settings, rate: float, number: Settings) -> Tensor:
    momentum = given["momentum"]
    if not momentum:
        return -rate * g
    slots["m"] = momentum * slots["m"] - rate * g
    return momentum * slots["m"] - rate * g if given["nesterov"] else slots["m"]


def _moments(g: Tensor, slots: Settings, given: Settings) -> None:
    slots["m"] = slots["m"] + (g - slots["m"]) * (1 - given["beta_1"])
    slots["v"] = slots["v"] + (g * g - slots["v"]) * (1 - given["beta_2"])


def _adam(g: Tensor, slots: Settings, given: Settings, rate: float, number: Settings) -> Tensor:
    _moments(g, slots, given)
    t = number["step"]
    alpha = rate * (1 - given["beta_2"] ** t) ** 0.5 / (1 - given["beta_1"] ** t)
    return -slots["m"] * alpha / (slots["v"].sqrt() + given["epsilon"])


def _nadam(g: Tensor, slots: Settings, given: Settings, rate: float, number: Settings) -> Tensor:
    _moments(g, slots, given)
    t, beta = number["step"], given["beta_1"]
    now, following = beta * (1 - 0.5 * 0.96**t), beta * (1 - 0.5 * 0.96 ** (t + 1))
    number["next"] = number["product"] * now
    m = following * slots["m"] / (1 - number["next"] * following)
    m = m + (1 - now) * g / (1 - number["next"])
    v = slots["v"] / (1 - given["beta_2"] ** t)
    return -m * rate / (v.sqrt() + given["epsilon"])


def _rmsprop(g: Tensor, slots: Settings, given: Settings, rate: float, number: Settings) -> Tensor:
    rho, momentum = given["rho"], given["momentum"]
    slots["v"] = rho * slots["v"] + (1 - rho) * g * g
    below = slots["v"] + given["epsilon"]
    if given["centered"]:
        slots["mean"] = rho * slots["mean"] + (1 - rho) * g
        below = below - slots["mean"] ** 2
    change = rate * g / below.sqrt()
    if momentum:
        slots["m"] = momentum * slots["m"] + change
        return -slots["m"]
    return -change


def _adagrad(g: Tensor, slots: Settings, given: Settings, rate: float, number: Settings) -> Tensor:
    slots["sum"] = slots["sum"] + g * g
    return -rate * g / (slots["sum"] + given["epsilon"]).sqrt()


def _adadelta(g: Tensor, slots: Settings, given: Settings, rate: float, number: Settings) -> Tensor:
    rho, epsilon = given["rho"], given["epsilon"]
    slots["v"] = rho * slots["v"] + (1 - rho) * g * g
    change = -((slots["m"] + epsilon).sqrt() * g / (slots["v"] + epsilon).sqrt())
    slots["m"] = rho * slots["m"] + (1 - rho) * change * change
    return rate * change


KERAS_RULES: dict[str, Rule] = {
    "SGD": _sgd,
    "Adam": _adam,
    "AdamW": _adam,
    "Nadam": _nadam,
    "RMSprop": _rmsprop,
    "Adagrad": _adagrad,
    "Adadelta": _adadelta,
}
