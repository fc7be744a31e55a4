"""Optimizers against Keras and PyTorch: twenty steps, restored state, settings at their ends."""

import keras
import numpy as np
import pytest
import torch

from paribus.keyed import generator
from paribus.nn.native import library as native
from paribus.nn.operators.updates import update_by_kernel
from paribus.nn.optimizers import build_optimizer
from paribus.nn.training import OPTIMIZERS, TrainSpec
from tests.nn.trained import spec

# Keras's own conversion of its variables to NumPy raises it.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy")


BETAS = [0.0, 0.1, 0.49, 0.4999999, 0.5, 0.50000001, 0.51, 0.9]


EDGES = [
    *[("Adam", {"beta_1": beta, "beta_2": 0.9}) for beta in BETAS],
    ("AdamW", {"beta_1": 0.0, "beta_2": 0.0, "weight_decay": 0.1}),
    ("Adam", {"beta_1": 0.3, "beta_2": 0.0, "weight_decay": 0.1}),
    ("Adam", {"beta_1": 0.0, "beta_2": 0.9999}),
    ("Nadam", {"beta_1": 0.0}),
    ("Nadam", {"beta_1": 0.3, "beta_2": 0.0, "weight_decay": 0.01}),
    ("SGD", {"momentum": 0.0}),
    ("SGD", {"momentum": 0.0, "weight_decay": 0.1}),
    ("SGD", {"momentum": 0.999, "nesterov": True}),
    ("SGD", {"momentum": 0.5, "weight_decay": 0.1}),
    ("RMSprop", {"rho": 0.0}),
    ("RMSprop", {"rho": 0.9, "momentum": 0.5}),
    ("RMSprop", {"rho": 0.5, "centered": True, "weight_decay": 0.1}),
    ("Adagrad", {"initial_accumulator_value": 0.5, "weight_decay": 0.1}),
    ("Adadelta", {"rho": 0.0, "learning_rate": 1.0}),
    ("Adadelta", {"rho": 0.5, "learning_rate": 0.1, "weight_decay": 0.1}),
]


TORCH_NAMES = {
    "learning_rate": "lr", "rho": "rho", "epsilon": "eps", "initial_accumulator_value": "initial_accumulator_value",
}  # fmt: skip


def torchs(name, given, parameter):
    arguments = {TORCH_NAMES.get(key, key): value for key, value in given.items()}
    if "beta_1" in arguments:
        arguments["betas"] = (arguments.pop("beta_1"), arguments.pop("beta_2", 0.999))
    if name == "RMSprop":
        arguments["alpha"] = arguments.pop("rho")
    return getattr(torch.optim, {"Nadam": "NAdam"}.get(name, name))([parameter], **arguments)


@pytest.mark.parametrize("kernels_on", [True, False])
@pytest.mark.parametrize("profile", ["keras", "torch"])
@pytest.mark.parametrize(("name", "given"), EDGES, ids=str)
def test_thirty_steps_at_the_edges_equal_the_frameworks_own(
    kernels, name, given, profile, kernels_on
):
    native.use(native.build() if kernels_on else native.Built(None, "a test"))
    draws = np.random.default_rng(3)
    start = draws.standard_normal((5, 7)).astype(np.float32)
    sizes = 10.0 ** draws.uniform(-1, 1, (30, 1, 1))  # gradients that shrink and grow at once
    gradients = (draws.standard_normal((30, 5, 7)) * sizes).astype(np.float32)
    own = torch.nn.Parameter(torch.tensor(start))
    settings = {"optimizer": {name: given}, "epochs": 1, "batch_size": 1}
    optimizer = build_optimizer(TrainSpec.parse(settings, profile), [own], profile)
    if profile == "keras":
        variable = keras.Variable(start.astype(np.float64), dtype="float64")
        reference = getattr(keras.optimizers, name)(**given)
        reference.build([variable])
    else:
        variable = torch.nn.Parameter(torch.tensor(start, dtype=torch.float64))
        reference = torchs(name, given, variable)
    for gradient in gradients:
        own.grad = torch.tensor(gradient)
        optimizer.step()
        wide = torch.tensor(gradient).double()
        if profile == "keras":
            reference.apply([wide], [variable])
        else:
            variable.grad = wide
            reference.step()
    value = variable.value if profile == "keras" else variable
    expected = value.detach().numpy()
    found = own.detach().numpy()
    if given.get("centered"):  # the root of a small difference of large numbers
        assert np.median(np.abs(found - expected)) < 1e-4
        return
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize("beta", BETAS)
@pytest.mark.parametrize("size", [1, 15, 16, 17, 1003])
def test_adams_mean_of_gradients_has_the_bits_of_torchs_lerp(kernels, beta, size):
    draws = torch.Generator().manual_seed(size)
    p, g, m, v = (torch.randn(size, generator=draws) for _ in range(4))
    g, v = g * 1e-4, v.square()
    tensors = [t.clone() for t in (p, g, m * 1e3, v)]
    expected = tensors[2].clone()
    torch._foreach_lerp_([expected], [g], 1 - beta)
    constants = (1 - beta, 0.999, 1 - 0.999, 0.5, 1e-7, -0.01)
    assert update_by_kernel("adam", [[t] for t in tensors], constants)
    assert torch.equal(tensors[2], expected)
    if beta == 0:
        assert torch.equal(tensors[2], g)


CASES = [
    ("SGD", {"momentum": 0.9}),
    ("SGD", {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    ("Adam", {"weight_decay": 0.1}),
    ("AdamW", {}),
    ("Nadam", {}),
    ("RMSprop", {"momentum": 0.9, "centered": True}),
    ("RMSprop", {}),
    ("Adagrad", {}),
    ("Adadelta", {"learning_rate": 1.0}),
]


@pytest.mark.parametrize("profile", ["keras", "torch"])
@pytest.mark.parametrize(("name", "given"), CASES, ids=str)
def test_twenty_steps_equal_the_frameworks_own(name, given, profile):
    start = generator(0, "sample").standard_normal((4, 3)).astype(np.float32)
    gradients = generator(1, "sample").standard_normal((20, 4, 3)).astype(np.float32)
    own = torch.nn.Parameter(torch.tensor(start))
    optimizer = build_optimizer(spec({name: given}, profile), [own], profile)
    if profile == "keras":
        variable = keras.Variable(start)
        reference = getattr(keras.optimizers, name)(**given)
        reference.build([variable])
    else:
        variable = torch.nn.Parameter(torch.tensor(start))
        translated = {"learning_rate": "lr"}
        arguments = {translated.get(k, k): v for k, v in given.items()}
        reference = getattr(torch.optim, {"Nadam": "NAdam"}.get(name, name))(
            [variable], **arguments
        )
    for gradient in gradients:
        own.grad = torch.tensor(gradient)
        optimizer.step()
        if profile == "keras":
            reference.apply([torch.tensor(gradient)], [variable])
        else:
            variable.grad = torch.tensor(gradient)
            reference.step()
    expected = variable.value.detach().numpy() if profile == "keras" else variable.detach().numpy()
    assert np.abs(expected - start).max() > 1e-3
    np.testing.assert_allclose(own.detach().numpy(), expected, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_state_restored_goes_on_bit_for_bit(name):
    def run(count, state=None, weights=None):
        own = torch.nn.Parameter(torch.ones(3) if weights is None else weights.clone())
        optimizer = build_optimizer(spec(name), [own], "keras")
        if state:
            optimizer.restore(state)
        for k in range(count):
            own.grad = torch.tensor([0.1, -0.2, 0.3]) * (k + 1 + (10 if state else 0))
            optimizer.step()
        return own.detach(), {k: v.clone() for k, v in optimizer.tensors().items()}

    def whole():
        own = torch.nn.Parameter(torch.ones(3))
        optimizer = build_optimizer(spec(name), [own], "keras")
        for k in [*range(1, 11), *range(11, 16)]:
            own.grad = torch.tensor([0.1, -0.2, 0.3]) * k
            optimizer.step()
        return own.detach()

    weights, state = run(10)
    assert torch.equal(run(5, state, weights)[0], whole())
