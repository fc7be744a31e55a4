"""Layers that share passes over memory compute what they compute alone."""

from contextlib import nullcontext

import pytest
import torch
from torch.nn import functional as F

from paribus.nn.build import build_network, load_weights
from paribus.nn.initial import initial_weights
from paribus.nn.spec import ModelSpec

NETWORK = [
    {"Conv2D": {"filters": 16, "kernel_size": 3, "activation": "relu"}},
    "MaxPooling2D",
    {"Conv2D": {"filters": 16, "kernel_size": 3, "padding": "same", "activation": "relu"}},
    {"MaxPooling2D": {"pool_size": 3, "strides": 2, "padding": "same"}},
    {"Dropout": {"rate": 0.3}},
    "Flatten",
    {"Dense": {"units": 40, "activation": "relu"}},
    {"Dropout": {"rate": 0.5}},
    {"Dense": {"units": 10, "activation": "softmax"}},
]


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_network_computes_the_same_with_and_without_kernels(choose, precision):
    model = ModelSpec.parse({"defaults": "keras", "layers": NETWORK}).resolved()
    results = {}
    for name in ("native", "torch"):
        choose(name)
        network = build_network(model, (28, 28, 1))
        load_weights(network, initial_weights(model, (28, 28, 1), 3))
        network.train()
        network.begin_epoch(1, 1)
        x = torch.rand(64, 28, 28, 1, generator=torch.Generator().manual_seed(0))
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            raw = network(x.permute(0, 3, 1, 2))
        F.cross_entropy(raw.float(), torch.arange(64) % 10).backward()
        results[name] = {k: v.grad for k, v in network.weight_tensors().items()}
    tolerance = 1e-5 if precision == "fp32" else 8e-2  # bfloat16 keeps 8 bits
    for name, gradient in results["native"].items():
        expected = results["torch"][name]
        assert float((gradient - expected).norm() / expected.norm()) < tolerance, name


@pytest.mark.parametrize("front", [True, False], ids=["relu in front", "relu behind"])
@pytest.mark.parametrize("first", [True, False], ids=["first", "later"])
@pytest.mark.parametrize("size", [2, 3])
def test_a_relu_layer_beside_pooling_shares_its_pass(kernels, monkeypatch, front, first, size):
    relu, pool = [{"ReLU": {"name": "r"}}, {"MaxPooling2D": {"name": "p", "pool_size": size}}]
    convolution = {"Conv2D": {"filters": 8, "kernel_size": 3}}
    before = [] if first else [{"Conv2D": {"filters": 8, "kernel_size": 3, "activation": "tanh"}}]
    layers = [*before, convolution, *([relu, pool] if front else [pool, relu])]
    layers += ["Flatten", {"Dense": {"units": 10}}]
    model = ModelSpec.parse({"defaults": "keras", "layers": layers}).resolved()
    network = build_network(model, (14, 14, 1))
    load_weights(network, initial_weights(model, (14, 14, 1), 3))
    x = torch.randn(5, 1, 14, 14, generator=torch.Generator().manual_seed(0))
    found = {}
    alone = []
    monkeypatch.setattr(F, "relu", lambda *a, _relu=F.relu, **k: alone.append(1) or _relu(*a, **k))
    for way in ("fused", "one by one"):
        alone.clear()
        network.zero_grad()
        with network.one_by_one() if way == "one by one" else nullcontext():
            raw = network(x)
        F.cross_entropy(raw, torch.arange(5)).backward()
        found[way] = [raw.detach(), *(v.grad.clone() for v in network.weight_tensors().values())]
        assert len(alone) == (way == "one by one")
    for own, other in zip(found["fused"], found["one by one"], strict=True):
        torch.testing.assert_close(own, other, rtol=1e-5, atol=1e-6)
