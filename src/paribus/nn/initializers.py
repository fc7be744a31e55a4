"""Initializers of weights: named distributions, and keyed draws from them. Free of torch.

Source: Glorot & Bengio 2010 (glorot), He et al. 2015 (he), LeCun et al. 1998 (lecun), Saxe et al.
2014 (orthogonal); the scalings are those of Keras 3's ``VarianceScaling`` (truncated normals are
cut at two standard deviations and rescaled). ``torch_uniform`` is PyTorch's default for
convolutions and linear layers: uniform within 1 / sqrt(fan_in), for kernel and bias alike.
"""

from __future__ import annotations

import math
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import BeforeValidator

from paribus.errors import did_you_mean
from paribus.habits import habit_of_value

__all__ = ["INITIALIZERS", "Initializer", "draw"]

_TRUNCATED_STD = 0.87962566103423978
"""Standard deviation of a standard normal cut at +-2."""

_SCALED = {  # scale, fan, distribution
    "glorot_uniform": (1.0, "average", "uniform"),
    "glorot_normal": (1.0, "average", "normal"),
    "he_uniform": (2.0, "in", "uniform"),
    "he_normal": (2.0, "in", "normal"),
    "lecun_uniform": (1.0, "in", "uniform"),
    "lecun_normal": (1.0, "in", "normal"),
    "torch_uniform": (1.0 / 3.0, "in", "uniform"),
}
_PLAIN: dict[str, dict[str, float]] = {
    "zeros": {},
    "ones": {},
    "orthogonal": {"gain": 1.0},
    "random_uniform": {"minval": -0.05, "maxval": 0.05},
    "random_normal": {"mean": 0.0, "stddev": 0.05},
    "constant": {"value": 0.0},
}
_FILLED = {"zeros": 0.0, "ones": 1.0}
_ALIASES = {"uniform": "random_uniform", "normal": "random_normal"}
LARGEST = 1e30
"""Largest absolute value of an argument of an initialiser; float32 ends at 3e38."""
INITIALIZERS = (*_SCALED, *_PLAIN)


def _initializer(value: object) -> object:
    """Accept a name, or ``{name: {argument: number}}``; return the second form or a bare name."""
    given: object
    if isinstance(value, str):
        name, given = value, {}
    elif isinstance(value, dict) and len(value) == 1:
        name, given = next(iter(value.items()))
    else:
        raise ValueError("must be the name of an initialiser, or {name: {argument: value}}")
    name = _ALIASES.get(name, name)
    if name not in INITIALIZERS:
        fix = habit_of_value(name, INITIALIZERS) or did_you_mean(str(name), INITIALIZERS)
        raise ValueError(f"must name an initialiser. {fix}")
    arguments = _PLAIN.get(name, {})
    if given is not None and not isinstance(given, dict):
        raise ValueError(f"{name} takes {{argument: value}}")
    for key, number in (given or {}).items():
        if key not in arguments:
            raise ValueError(f"{name} has no argument {key!r}. {did_you_mean(str(key), arguments)}")
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise ValueError(f"{name}.{key} must be a number")  # noqa: TRY004 - pydantic collects it
        if not -LARGEST <= number <= LARGEST:  # false for NaN, too
            raise ValueError(f"{name}.{key} must be a finite number from -1e30 to 1e30")
    complete = {**arguments, **(given or {})}
    if complete.get("stddev", 0.0) < 0:
        raise ValueError(f"{name}.stddev must be 0 or more")
    if complete.get("minval", 0.0) > complete.get("maxval", math.inf):
        raise ValueError(f"{name}.minval must not be larger than maxval")
    return {name: complete} if arguments else name


Initializer = Annotated[str | dict[str, dict[str, float]], BeforeValidator(_initializer)]
"""A name, or ``{name: {argument: number}}`` with every argument resolved."""


def draw(
    initializer: str | dict[str, Any],
    shape: tuple[int, ...],
    *,
    fan_in: float,
    fan_out: float,
    generator: np.random.Generator,
) -> npt.NDArray[np.float32]:
    """Draw one weight tensor.

    Args:
        initializer: the resolved initializer, see `Initializer`.
        shape: shape of the weight in torch's layout (outputs first).
        fan_in: number of inputs of one output.
        fan_out: number of outputs of one input.
        generator: random generator, keyed by seed, layer and weight.
    """
    name, arguments = (
        (initializer, {}) if isinstance(initializer, str) else next(iter(initializer.items()))
    )
    if name in _SCALED:
        return _scaled(name, shape, fan_in, fan_out, generator)
    if name == "orthogonal":
        return _orthogonal(shape, arguments["gain"], generator)
    if name == "random_uniform":
        values = generator.uniform(arguments["minval"], arguments["maxval"], shape)
    elif name == "random_normal":
        values = generator.normal(arguments["mean"], arguments["stddev"], shape)
    else:
        value = arguments["value"] if name == "constant" else _FILLED[name]
        values = np.full(shape, value)
    return values.astype(np.float32)


def _scaled(
    name: str, shape: tuple[int, ...], fan_in: float, fan_out: float, generator: np.random.Generator
) -> npt.NDArray[np.float32]:
    scale, fan, distribution = _SCALED[name]
    variance = scale / max(1.0, fan_in if fan == "in" else (fan_in + fan_out) / 2)
    if distribution == "uniform":
        limit = math.sqrt(3 * variance)
        return generator.uniform(-limit, limit, shape).astype(np.float32)
    values = _truncated_normal(shape, generator)
    return (values * math.sqrt(variance) / _TRUNCATED_STD).astype(np.float32)


def _truncated_normal(
    shape: tuple[int, ...], generator: np.random.Generator
) -> npt.NDArray[np.float64]:
    values = generator.standard_normal(shape)
    while (outside := np.abs(values) > 2).any():
        values[outside] = generator.standard_normal(int(outside.sum()))
    return values


def _orthogonal(
    shape: tuple[int, ...], gain: float, generator: np.random.Generator
) -> npt.NDArray[np.float32]:
    rows, columns = shape[0], math.prod(shape[1:])
    flat = generator.standard_normal((max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(flat)
    q = q * np.sign(np.diag(r))
    return (gain * (q if rows >= columns else q.T)).reshape(shape).astype(np.float32)
