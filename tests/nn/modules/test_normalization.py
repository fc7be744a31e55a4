"""Normalisation over one value per set: the output is beta whatever the value is, so no gradient passes."""

import pytest
import torch

from paribus.nn.build import build_network, load_weights
from paribus.nn.initial import initial_weights
from paribus.nn.modules.normalization import BatchNorm
from paribus.nn.spec import ModelSpec
from paribus.nn.stacked.network import stack

SINGLE = [
    ("BatchNormalization", {}, (1, 1, 3), 1),
    ("BatchNormalization", {"scale": False}, (1, 1, 3), 1),
    ("BatchNormalization", {"center": False}, (1, 1, 1), 1),
    ("BatchNormalization", {"scale": False, "center": False}, (1, 1, 3), 1),
    ("LayerNormalization", {}, (2, 3, 1), 4),
    ("GroupNormalization", {"groups": 3}, (1, 1, 3), 4),
    ("GroupNormalization", {"groups": 3}, (1, 1, 3), 1),
    ("GroupNormalization", {"groups": 1, "scale": False}, (1, 1, 1), 1),
]


def networks_of(kind, arguments, shape, profile, flat):
    before = {"Conv2D": {"filters": shape[2], "kernel_size": 1, "activation": "tanh"}}
    layers = [before, "Flatten"] if flat else [before]
    behind = [] if flat else ["Flatten"]
    layers = [*layers, {kind: arguments}, *behind, {"Dense": {"units": 2}}]
    model = ModelSpec.parse({"defaults": profile, "layers": layers}).resolved()
    found = []
    for seed in range(2):
        network = build_network(model, shape)
        load_weights(network, initial_weights(model, shape, seed))
        found.append(network.train())
    return found


@pytest.mark.parametrize("profile", ["keras", "torch"])
@pytest.mark.parametrize("flat", [False, True])
@pytest.mark.parametrize(("kind", "arguments", "shape", "batch"), SINGLE, ids=str)
def test_no_gradient_passes_alone_or_stacked(kind, arguments, shape, batch, profile, flat):
    if flat and kind == "LayerNormalization":
        shape = (1, 1, 1)
    networks = networks_of(kind, arguments, shape, profile, flat)
    stacked = stack(networks)
    stacked.train()
    x = torch.randn(2, batch, shape[2], *shape[:2], generator=torch.Generator().manual_seed(1))
    (networks[0](x[0]).sum() + networks[1](x[1]).sum()).backward()
    stacked(x.flatten(0, 1)).sum().backward()
    joined = stacked.weight_tensors()
    for seed, network in enumerate(networks):
        for name, tensor in network.weight_tensors().items():
            if name.startswith(
                "conv2d"
            ):  # PyTorch's other two leave rounding errors of z / root(epsilon)
                assert tensor.grad.abs().max() < 1e-3, name
                assert joined[name].grad[seed].abs().max() < 1e-3, name
                if kind == "BatchNormalization":
                    assert tensor.grad.abs().max() == joined[name].grad[seed].abs().max() == 0
            elif tensor.requires_grad and not name.endswith("gamma"):
                torch.testing.assert_close(
                    joined[name].grad[seed], tensor.grad, rtol=1e-4, atol=1e-4
                )
            elif not tensor.requires_grad:
                torch.testing.assert_close(joined[name][seed], tensor)


def test_two_values_pass_a_gradient_and_one_keeps_beta_and_the_statistics():
    norm = BatchNorm(0.9, 1e-3, unbiased=False)
    norm.gamma = torch.nn.Parameter(torch.full((2,), 2.0))
    norm.beta = torch.nn.Parameter(torch.tensor([3.0, -1.0]))
    norm.register_buffer("moving_mean", torch.zeros(2))
    norm.register_buffer("moving_variance", torch.ones(2))
    x = torch.tensor([[5.0, -7.0]], requires_grad=True)
    y = norm(x)
    y.square().sum().backward()
    assert y.tolist() == [[3.0, -1.0]]
    assert x.grad.tolist() == [[0.0, 0.0]]
    assert norm.gamma.grad.tolist() == [0.0, 0.0]
    assert norm.beta.grad.tolist() == [6.0, -2.0]
    torch.testing.assert_close(norm.moving_mean, torch.tensor([0.5, -0.7]))
    torch.testing.assert_close(norm.moving_variance, torch.tensor([0.9, 0.9]))
    x = torch.tensor([[5.0, -7.0], [1.0, 2.0]], requires_grad=True)
    norm(x).square().sum().backward()
    assert x.grad.abs().max() > 0
