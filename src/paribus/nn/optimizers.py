"""Optimizers in two dialects, with the formulas of Keras 3 or of PyTorch. They differ in the place of epsilon,
in weight decay, and in whether the velocity of momentum contains the learning rate.

State is a dict of tensor lists (one tensor per parameter) and a step count, so that it can be
stored and restored bit for bit.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, ClassVar

import torch
from torch import Tensor

from paribus.nn.layer import Profile
from paribus.nn.operators.updates import update_by_kernel
from paribus.nn.training import TrainSpec
from paribus.observed import RanOptimizer

__all__ = ["OptimizerState", "build_optimizer"]


class OptimizerState(ABC):
    """An optimizer with its parameters and its slots (state tensors with the shapes of the parameters)."""

    slots: ClassVar[tuple[str, ...]] = ()
    decoupled: ClassVar[bool] = False
    """Whether weight decay is decoupled from the gradient in the torch dialect, as it always is in Keras's."""

    def __init__(
        self, parameters: Iterable[Tensor], constants: dict[str, Any], profile: Profile
    ) -> None:
        self.parameters = [parameter for parameter in parameters if parameter.requires_grad]
        self.constants = constants
        self.keras = profile == "keras"
        self.learning_rate: float = constants["learning_rate"]
        self.steps = 0
        self.state: dict[str, list[Tensor]] = {
            slot: [self.initial(slot, item) for item in self.parameters] for slot in self.slots
        }

    def initial(self, slot: str, parameter: Tensor) -> Tensor:  # noqa: ARG002
        """Return a slot's initial tensor for a parameter; zeros by default."""
        return torch.zeros_like(parameter, memory_format=torch.preserve_format)

    def zero_grad(self) -> None:
        """Set the gradients of all parameters to None."""
        for parameter in self.parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Apply weight decay, then `update`, to all parameters in place."""
        gradients = [_gradient(item) for item in self.parameters]
        self.steps += 1
        decay = self.constants["weight_decay"]
        if decay and (self.keras or self.decoupled):
            torch._foreach_mul_(self.parameters, 1 - self.learning_rate * decay)
        elif decay:
            gradients = list(torch._foreach_add(gradients, self.parameters, alpha=decay))
        self.update(gradients)

    @abstractmethod
    def update(self, gradients: list[Tensor]) -> None:
        """Change parameters and slots in place by one step.

        Args:
            gradients: gradient of the loss with respect to each parameter, in the same order and shapes.
        """

    def tensors(self) -> dict[str, Tensor]:
        """Return the state as tensors: slots as ``<slot>.<index of parameter>``, and `scalars`."""
        flat = {
            f"{slot}.{index}": tensor
            for slot, tensors in self.state.items()
            for index, tensor in enumerate(tensors)
        }
        return {**flat, **self.scalars()}

    def scalars(self) -> dict[str, Tensor]:
        """Return the scalars of the state: ``steps``, the number of steps so far, as int64."""
        return {"steps": torch.tensor(self.steps, dtype=torch.int64)}

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Set the state from the result of `tensors`."""
        self.steps = int(tensors["steps"])
        for slot, own in self.state.items():
            for index, tensor in enumerate(own):
                tensor.copy_(tensors[f"{slot}.{index}"])

    def describe(self) -> RanOptimizer:
        """Return the class, the dialect and the constants of this optimizer."""
        dialect = "keras" if self.keras else "torch"
        return RanOptimizer(type(self).__name__, dialect, dict(self.constants))


def _gradient(parameter: Tensor) -> Tensor:
    """Return the gradient in the parameter's memory layout; zeros if it is None."""
    if parameter.grad is None:
        return torch.zeros_like(parameter)
    if parameter.grad.stride() == parameter.stride():
        return parameter.grad
    return torch.empty_like(parameter).copy_(parameter.grad)


class SGD(OptimizerState):
    """v = momentum * v + g (torch) or v = momentum * v - rate * g (Keras)."""

    slots: ClassVar = ("velocity",)

    def update(self, gradients: list[Tensor]) -> None:
        """Update ``w -= rate v`` (torch) or ``w += v`` (Keras); ``v = g`` without momentum.

        With Nesterov momentum m: ``w -= rate (g + m v)`` (torch), ``w += m v - rate g`` (Keras).
        """
        momentum, nesterov = self.constants["momentum"], self.constants["nesterov"]
        rate = self.learning_rate
        velocity = self.state["velocity"]
        if not momentum:
            if not update_by_kernel("sgd", (self.parameters, gradients), (-rate,)):
                torch._foreach_add_(self.parameters, gradients, alpha=-rate)
            return
        by_gradient, scale = (-rate, 1.0) if self.keras else (1.0, -rate)
        constants = (
            momentum,
            by_gradient,
            scale * momentum if nesterov else scale,
            -rate if nesterov else 0.0,
        )
        if update_by_kernel("momentum", (self.parameters, gradients, velocity), constants):
            return
        torch._foreach_mul_(velocity, momentum)
        torch._foreach_add_(velocity, gradients, alpha=by_gradient)
        if not nesterov:
            torch._foreach_add_(self.parameters, velocity, alpha=scale)
            return
        torch._foreach_add_(self.parameters, velocity, alpha=scale * momentum)
        torch._foreach_add_(self.parameters, gradients, alpha=-rate)


class Adam(OptimizerState):
    """Keras divides by sqrt(v) + eps before bias correction, torch after it."""

    slots: ClassVar = ("first", "second")

    def moments(self, gradients: list[Tensor]) -> None:
        """Update the moving means ``m = beta_1 m + (1 - beta_1) g`` and ``v = beta_2 v + (1 - beta_2) g^2``."""
        beta_1, beta_2 = self.constants["beta_1"], self.constants["beta_2"]
        torch._foreach_lerp_(self.state["first"], gradients, 1 - beta_1)
        torch._foreach_mul_(self.state["second"], beta_2)
        torch._foreach_addcmul_(self.state["second"], gradients, gradients, 1 - beta_2)

    def update(self, gradients: list[Tensor]) -> None:
        """Update ``w -= rate m_t / (sqrt(v_t) + epsilon)``, where ``m_t = m / (1 - beta_1^t)``.

        In torch ``v_t = v / (1 - beta_2^t)``. Keras multiplies by ``sqrt(1 - beta_2^t)`` after adding epsilon
        to ``sqrt(v)``. Source: Kingma & Ba 2015, algorithm 1 and the remark after it.
        """
        beta_1, beta_2 = self.constants["beta_1"], self.constants["beta_2"]
        divisor = (1 - beta_2**self.steps) ** 0.5
        rate = self.learning_rate / (1 - beta_1**self.steps)
        if self.keras:
            rate, divisor = rate * divisor, 1.0
        epsilon, first, second = (
            self.constants["epsilon"],
            self.state["first"],
            self.state["second"],
        )
        constants = (1 - beta_1, beta_2, 1 - beta_2, divisor, epsilon, -rate)
        if update_by_kernel("adam", (self.parameters, gradients, first, second), constants):
            return
        self.moments(gradients)
        root = torch._foreach_sqrt(second)
        if divisor != 1.0:
            torch._foreach_div_(root, divisor)
        torch._foreach_add_(root, epsilon)
        torch._foreach_addcdiv_(self.parameters, first, root, -rate)


class AdamW(Adam):
    """Adam with decoupled weight decay in both dialects: ``w -= rate decay w`` before the step."""

    decoupled: ClassVar = True


class Nadam(Adam):
    """Adam with Nesterov momentum ``mu_t = beta_1 (1 - 0.96^t / 2)``; torch has ``0.96^(0.004 t)``."""

    def __init__(
        self, parameters: Iterable[Tensor], constants: dict[str, Any], profile: Profile
    ) -> None:
        super().__init__(parameters, constants, profile)
        self.product = 1.0

    def _momentum(self, step: int) -> float:
        slow = 1.0 if self.keras else 0.004
        return float(self.constants["beta_1"] * (1 - 0.5 * 0.96 ** (step * slow)))

    def update(self, gradients: list[Tensor]) -> None:
        """Update ``w -= rate (mu_{t+1} m / (1 - P_{t+1}) + (1 - mu_t) g / (1 - P_t)) / root``.

        ``P_t`` is the product of ``mu_1`` to ``mu_t``, and ``root = sqrt(v / (1 - beta_2^t)) + epsilon``.
        Source: Dozat 2016.
        """
        self.moments(gradients)
        now, following = self._momentum(self.steps), self._momentum(self.steps + 1)
        self.product *= now
        correction = 1 - self.constants["beta_2"] ** self.steps
        root = torch._foreach_div(self.state["second"], correction)
        torch._foreach_sqrt_(root)
        torch._foreach_add_(root, self.constants["epsilon"])
        rate = self.learning_rate
        by_gradient = -rate * (1 - now) / (1 - self.product)
        by_moment = -rate * following / (1 - self.product * following)
        torch._foreach_addcdiv_(self.parameters, gradients, root, by_gradient)
        torch._foreach_addcdiv_(self.parameters, self.state["first"], root, by_moment)

    def scalars(self) -> dict[str, Tensor]:
        """Return ``steps``, and ``product``, the product of all momenta so far, as float64."""
        product = torch.tensor(self.product, dtype=torch.float64)
        return {**super().scalars(), "product": product}

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Set the state, with the product of momenta, from the result of `tensors`."""
        super().restore(tensors)
        self.product = float(tensors["product"])


class RMSprop(OptimizerState):
    """Divide by the root of a moving mean of squared gradients; Keras adds epsilon inside the root."""

    slots: ClassVar = ("square", "mean", "velocity")

    def update(self, gradients: list[Tensor]) -> None:
        """Update ``w -= rate g / root``, with ``s = rho s + (1 - rho) g^2``.

        ``root`` is ``sqrt(s + epsilon)`` (Keras) or ``sqrt(s) + epsilon`` (torch); if centered, s is replaced
        by ``s - (moving mean of g)^2``. Momentum m accumulates the steps: ``v = m v + rate g / root, w -= v``.
        Source: Tieleman & Hinton 2012.
        """
        rho, momentum, epsilon = (self.constants[k] for k in ("rho", "momentum", "epsilon"))
        square, rate = self.state["square"], self.learning_rate
        torch._foreach_mul_(square, rho)
        torch._foreach_addcmul_(square, gradients, gradients, 1 - rho)
        root = torch._foreach_add(square, epsilon if self.keras else 0.0)
        if self.constants["centered"]:
            mean = self.state["mean"]
            torch._foreach_lerp_(mean, gradients, 1 - rho)
            torch._foreach_addcmul_(root, mean, mean, -1.0)
        torch._foreach_sqrt_(root)
        if not self.keras:
            torch._foreach_add_(root, epsilon)
        if not momentum:
            torch._foreach_addcdiv_(self.parameters, gradients, root, -rate)
            return
        velocity = self.state["velocity"]
        torch._foreach_mul_(velocity, momentum)
        torch._foreach_addcdiv_(velocity, gradients, root, rate if self.keras else 1.0)
        torch._foreach_add_(self.parameters, velocity, alpha=-1.0 if self.keras else -rate)


class Adagrad(OptimizerState):
    """Divide by the root of the sum of squared gradients; Keras adds epsilon inside the root."""

    slots: ClassVar = ("accumulator",)

    def initial(self, slot: str, parameter: Tensor) -> Tensor:  # noqa: ARG002
        """Return the accumulator before the first step, ``initial_accumulator_value`` everywhere."""
        return torch.full_like(parameter, self.constants["initial_accumulator_value"])

    def update(self, gradients: list[Tensor]) -> None:
        """Update ``w -= rate g / root``, with ``s += g^2``.

        ``root`` is ``sqrt(s + epsilon)`` (Keras) or ``sqrt(s) + epsilon`` (torch). Source: Duchi et al. 2011.
        """
        accumulator, epsilon = self.state["accumulator"], self.constants["epsilon"]
        torch._foreach_addcmul_(accumulator, gradients, gradients, 1.0)
        if self.keras:
            root = torch._foreach_add(accumulator, epsilon)
            torch._foreach_sqrt_(root)
        else:
            root = torch._foreach_sqrt(accumulator)
            torch._foreach_add_(root, epsilon)
        torch._foreach_addcdiv_(self.parameters, gradients, root, -self.learning_rate)


class Adadelta(OptimizerState):
    """RMSprop times the root of a moving mean of squared changes; equal in both dialects."""

    slots: ClassVar = ("square", "delta")

    def update(self, gradients: list[Tensor]) -> None:
        """Update ``w -= rate c``, with the change ``c = g sqrt(d + epsilon) / sqrt(s + epsilon)``.

        s and d are moving means: ``s = rho s + (1 - rho) g^2`` before, ``d = rho d + (1 - rho) c^2`` after.
        Source: Zeiler 2012.
        """
        rho, epsilon = self.constants["rho"], self.constants["epsilon"]
        square, delta = self.state["square"], self.state["delta"]
        constants = (rho, 1 - rho, epsilon, -self.learning_rate)
        if update_by_kernel("adadelta", (self.parameters, gradients, square, delta), constants):
            return
        torch._foreach_mul_(square, rho)
        torch._foreach_addcmul_(square, gradients, gradients, 1 - rho)
        change = torch._foreach_add(delta, epsilon)
        torch._foreach_sqrt_(change)
        root = torch._foreach_add(square, epsilon)
        torch._foreach_sqrt_(root)
        torch._foreach_div_(change, root)
        torch._foreach_mul_(change, gradients)
        torch._foreach_mul_(delta, rho)
        torch._foreach_addcmul_(delta, change, change, 1 - rho)
        torch._foreach_add_(self.parameters, change, alpha=-self.learning_rate)


_CLASSES = {item.__name__: item for item in (SGD, Adam, AdamW, Nadam, RMSprop, Adagrad, Adadelta)}


def build_optimizer(
    train: TrainSpec, parameters: Iterable[Tensor], profile: Profile
) -> OptimizerState:
    """Return the optimizer of resolved training settings in the dialect of a profile."""
    name, spec = train.built_optimizer()
    return _CLASSES[name](parameters, spec.model_dump(mode="json"), profile)
