"""Fused operators against PyTorch's own: bits where they are promised, float64 otherwise."""

import math
from contextlib import nullcontext

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from paribus.nn.build import build_network, load_weights
from paribus.nn.initial import initial_weights
from paribus.nn.native import library as native
from paribus.nn.operators.convolution import convolve
from paribus.nn.operators.dropout import keyed_dropout, keyed_factors
from paribus.nn.operators.pooling import max_pool
from paribus.nn.operators.product import linear
from paribus.nn.operators.stem import StemGeometry, stem_convolution, stem_supported
from paribus.nn.operators.updates import update_by_kernel
from paribus.nn.spec import ModelSpec

PLAIN = native.Built(None, "a test chose PyTorch's operators")


@pytest.fixture
def choose(kernels):
    """Switch between the C kernels and PyTorch's operators."""
    built = native.build()
    yield lambda name: native.use(built if name == "native" else PLAIN)
    native.use(built)


def images(*shape, dtype=torch.float32, seed=0):
    n, c, h, w = shape
    x = torch.randn(n, h, w, c, generator=torch.Generator().manual_seed(seed))
    return x.to(dtype).permute(0, 3, 1, 2)


def gradient_of(function, x, seed=9):
    x = x.clone(memory_format=torch.preserve_format).requires_grad_()
    y = function(x)
    noise = torch.randn(y.shape, generator=torch.Generator().manual_seed(seed)).to(y.dtype)
    (gradient,) = torch.autograd.grad(y, x, noise.contiguous(memory_format=torch.channels_last))
    return y.detach(), gradient


POOLS = [
    ((2, 3, 8, 8), (2, 2), (2, 2)),
    ((3, 16, 9, 7), (2, 2), (2, 2)),
    ((2, 37, 10, 11), (3, 3), (3, 3)),
    ((2, 20, 9, 9), (3, 3), (2, 2)),
    ((1, 5, 8, 9), (2, 3), (3, 3)),
    ((2, 1, 6, 6), (6, 6), (6, 6)),
]


@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(("shape", "size", "strides"), POOLS)
def test_max_pooling_has_the_bits_of_torch(kernels, shape, size, strides, dtype, relu):
    x = images(*shape, dtype=dtype)
    x = (x * 2).round() / 2 if dtype == torch.bfloat16 else x  # many ties

    def plain(x):
        y = F.max_pool2d(x, size, strides)
        return F.relu(y) if relu else y

    y, gradient = gradient_of(lambda x: max_pool(x, size, strides, relu=relu), x)
    expected, expected_gradient = gradient_of(plain, x)
    assert torch.equal(y, expected)
    if strides >= size or dtype == torch.float32:
        assert torch.equal(gradient, expected_gradient)
    else:  # sums of overlapping windows round in bfloat16
        torch.testing.assert_close(gradient, expected_gradient, rtol=2e-2, atol=2e-2)


def test_max_pooling_passes_nan_and_minus_infinity_on_as_torch_does(kernels):
    x = images(2, 17, 6, 6)
    x[0, 3, 2, 2] = math.nan
    x[1, 16] = -math.inf
    y, expected = max_pool(x, (2, 2), (2, 2)), F.max_pool2d(x, 2)
    assert torch.equal(y.isnan(), expected.isnan())
    assert y.isnan().sum() == 1
    assert torch.equal(y.nan_to_num(0.0), expected.nan_to_num(0.0))
    assert max_pool(x, (2, 2), (2, 2), relu=True).isnan().sum() == 1


STEMS = [
    (1, 16, (3, 3), (0, 0, 0, 0), (1, 1), (2, 2)),
    (1, 16, (3, 3), (0, 0, 0, 0), (1, 1), None),
    (3, 32, (3, 3), (1, 1, 1, 1), (1, 1), None),
    (1, 6, (5, 5), (2, 2, 2, 2), (1, 1), (2, 2)),
    (3, 20, (2, 2), (0, 0, 0, 0), (1, 1), (3, 3)),
    (3, 16, (3, 3), (0, 1, 0, 1), (2, 2), None),
    (2, 7, (4, 3), (1, 1, 1, 1), (1, 2), (2, 3)),
]


@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize(("channels", "filters", "size", "pads", "strides", "pool"), STEMS)
def test_the_first_convolution_equals_float64(
    kernels, channels, filters, size, pads, strides, pool, bias, relu
):
    x = images(5, channels, 14, 13)
    draws = torch.Generator().manual_seed(1)
    kernel = torch.randn(filters, channels, *size, generator=draws).requires_grad_()
    shift = torch.randn(filters, generator=draws).requires_grad_() if bias else None
    assert stem_supported(x, kernel)
    y = stem_convolution(x, kernel, shift, StemGeometry(pads, strides, relu, pool))
    exact = [t.detach().double().requires_grad_() for t in ([kernel, shift] if bias else [kernel])]
    z = F.conv2d(F.pad(x.double(), pads), exact[0], exact[1] if bias else None, strides)
    z = F.max_pool2d(z, pool) if pool else z
    z = F.relu(z) if relu else z
    torch.testing.assert_close(y.double(), z, rtol=1e-5, atol=1e-5)
    noise = torch.randn(z.shape, generator=draws)
    given = [kernel, shift] if bias else [kernel]
    ours = torch.autograd.grad(y, given, noise.contiguous(memory_format=torch.channels_last))
    theirs = torch.autograd.grad(z, exact, noise.double())
    for own, other in zip(ours, theirs, strict=True):
        scale = float(other.abs().max())
        torch.testing.assert_close(own.double(), other, rtol=1e-5, atol=1e-5 * scale)


def test_the_first_convolution_rounds_once_under_bf16(kernels):
    x = images(4, 1, 12, 12)
    kernel = torch.randn(16, 1, 3, 3, generator=torch.Generator().manual_seed(1))
    geometry = StemGeometry((0, 0, 0, 0), (1, 1), relu=True, pool=(2, 2))
    exact = stem_convolution(x, kernel, None, geometry)
    with torch.autocast("cpu", torch.bfloat16):
        narrow = stem_convolution(x, kernel, None, geometry)
    assert narrow.dtype == torch.bfloat16
    assert torch.equal(narrow, exact.bfloat16())


def test_a_first_convolution_with_many_taps_or_a_gradient_is_left_to_torch(kernels):
    assert not stem_supported(images(2, 32, 8, 8), torch.zeros(8, 32, 3, 3))
    assert not stem_supported(images(2, 1, 8, 8).requires_grad_(), torch.zeros(8, 1, 3, 3))
    assert stem_supported(images(2, 1, 8, 8), torch.zeros(8, 1, 3, 3))


CONVOLUTIONS = [
    (32, 64, 3, (26, 26), (1, 1), (0, 0)),  # the own way
    (5, 48, 3, (24, 21), (1, 1), (1, 1)),
    (16, 16, 5, (50, 50), (2, 2), (2, 2)),
    (3, 32, (2, 4), (41, 47), (2, 1), (0, 2)),
    (64, 32, 3, (11, 11), (1, 1), (0, 0)),  # oneDNN's
    (8, 6, 3, (30, 30), (1, 1), (1, 1)),
]


@pytest.mark.parametrize("case", CONVOLUTIONS, ids=str)
def test_gradients_of_a_convolution_equal_float64(kernels, case):
    channels, filters, size, sides, strides, padding = case
    size = size if isinstance(size, tuple) else (size, size)
    x = images(3, channels, *sides).requires_grad_()
    draws = torch.Generator().manual_seed(1)
    kernel = torch.randn(filters, channels, *size, generator=draws).requires_grad_()
    bias = torch.randn(filters, generator=draws).requires_grad_()
    y = convolve(x, kernel, bias, strides, padding)
    exact = [t.detach().double().requires_grad_() for t in (x, kernel, bias)]
    z = F.conv2d(*exact, strides, padding)
    noise = torch.randn(z.shape, generator=draws)
    for own, other in zip(
        torch.autograd.grad(y, (x, kernel, bias), noise),
        torch.autograd.grad(z, exact, noise.double()),
        strict=True,
    ):
        torch.testing.assert_close(
            own.double(), other, rtol=1e-5, atol=1e-5 * float(other.abs().max())
        )


@pytest.mark.parametrize("shape", [(100, 2704, 80), (64, 300, 100), (7, 20, 10)])
def test_products_equal_float64(kernels, shape):
    n, features, units = shape
    draws = torch.Generator().manual_seed(1)
    given = [
        torch.randn(*size, generator=draws).requires_grad_()
        for size in ((n, features), (units, features), (units,))
    ]
    exact = [item.detach().double().requires_grad_() for item in given]
    y, z = linear(*given), F.linear(*exact)
    noise = torch.randn(z.shape, generator=draws)
    torch.testing.assert_close(y.double(), z, rtol=1e-4, atol=1e-4)
    for own, other in zip(
        torch.autograd.grad(y, given, noise),
        torch.autograd.grad(z, exact, noise.double()),
        strict=True,
    ):
        torch.testing.assert_close(own.double(), other, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("shape", [(3, 7, 5, 5), (2, 64, 3, 3), (100, 80), (1, 3)])
def test_dropout_has_the_same_bits_with_and_without_kernels(choose, shape, dtype):
    x = images(*shape, dtype=dtype) if len(shape) == 4 else torch.randn(shape).to(dtype)
    results = []
    for name in ("native", "torch"):
        choose(name)
        own = x.clone(memory_format=torch.preserve_format).requires_grad_()
        y = keyed_dropout(own, 0xFEDCBA9876543210, 12345, 20000, 65536 / 45536)
        (gradient,) = torch.autograd.grad(y, own, torch.ones_like(y))
        results.append((y.detach(), gradient))
    (y, gradient), (expected, expected_gradient) = results
    assert torch.equal(y, expected)
    assert torch.equal(gradient, expected_gradient)
    assert torch.equal(gradient == 0, y == 0)  # the backward pass drew the same mask


def test_dropout_factors_have_the_declared_rate_and_no_correlation(kernels):
    count, threshold = 200_000, 22938
    factors = keyed_factors(
        (count,), 77, 0, threshold, 65536 / (65536 - threshold), torch.device("cpu")
    )
    rate = threshold / 65536
    share = float((factors == 0).double().mean())
    deviation = math.sqrt(rate * (1 - rate) / count)
    assert abs(share - rate) < 4 * deviation
    centred = (factors == 0).double() - rate
    for lag in (1, 2, 3, 4, 5, 8, 64):
        correlation = float((centred[lag:] * centred[:-lag]).mean()) / (rate * (1 - rate))
        assert abs(correlation) < 4 / math.sqrt(count), lag


def test_sgd_updates_have_the_bits_of_the_plain_formula(kernels):
    draws = torch.Generator().manual_seed(0)
    p, g, v = (torch.randn(10_007, generator=draws) for _ in range(3))
    expected, velocity = p.clone(), v.clone()
    torch._foreach_add_([expected], [g], alpha=-0.01)
    own = p.clone()
    assert update_by_kernel("sgd", ([own], [g]), (-0.01,))
    assert torch.equal(own, expected)
    expected = p.clone()
    torch._foreach_mul_([velocity], 0.9)
    torch._foreach_add_([velocity], [g], alpha=1.0)
    torch._foreach_add_([expected], [velocity], alpha=-0.01)
    own, moved = p.clone(), v.clone()
    assert update_by_kernel("momentum", ([own], [g], [moved]), (0.9, 1.0, -0.01, 0.0))
    assert torch.equal(own, expected)
    assert torch.equal(moved, velocity)


def test_adam_and_adadelta_updates_equal_float64(kernels):
    rng = np.random.default_rng(0)
    p, g, a, b = (rng.normal(size=5003).astype(np.float32) for _ in range(4))
    b, a2 = np.abs(b), np.abs(a)
    tensors = [torch.tensor(v) for v in (p, g, a, b)]
    assert update_by_kernel("adam", [[t] for t in tensors], (0.1, 0.999, 0.001, 0.5, 1e-7, -0.01))
    p64, g64, a64, b64, c64 = (v.astype(np.float64) for v in (p, g, a, b, a2))
    first = a64 + 0.1 * (g64 - a64)
    second = 0.999 * b64 + 0.001 * g64**2
    for tensor, exact in zip(
        tensors,
        (p64 - 0.01 * first / (np.sqrt(second) / 0.5 + 1e-7), g64, first, second),
        strict=True,
    ):
        np.testing.assert_allclose(tensor.numpy(), exact, rtol=1e-5, atol=1e-6)
    tensors = [torch.tensor(v) for v in (p, g, b, a2)]
    assert update_by_kernel("adadelta", [[t] for t in tensors], (0.95, 0.05, 1e-6, -1.0))
    square = 0.95 * b64 + 0.05 * g64**2
    change = np.sqrt(c64 + 1e-6) / np.sqrt(square + 1e-6) * g64
    delta = 0.95 * c64 + 0.05 * change**2
    for tensor, exact in zip(tensors, (p64 - change, g64, square, delta), strict=True):
        np.testing.assert_allclose(tensor.numpy(), exact, rtol=1e-5, atol=1e-6)


def test_updates_leave_tensors_of_another_kind_to_torch(kernels):
    whole, narrow = torch.zeros(4), torch.zeros(4, dtype=torch.float64)
    assert not update_by_kernel("sgd", ([narrow], [narrow]), (-1.0,))
    assert not update_by_kernel("sgd", ([torch.zeros(4, 4).t()], [torch.ones(4, 4)]), (-1.0,))
    assert update_by_kernel("sgd", ([whole], [torch.ones(4)]), (-1.0,))
    assert whole.tolist() == [-1.0] * 4


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


def test_the_kernels_can_be_declined_and_say_why(monkeypatch, tmp_path):
    monkeypatch.setenv(native.CHOICE_VARIABLE, "torch")
    native.build.cache_clear()
    assert native.build() == native.Built(None, "PARIBUS_KERNELS=torch")
    monkeypatch.delenv(native.CHOICE_VARIABLE)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    native.build.cache_clear()
    assert "no C compiler" in native.build().reason
    broken = tmp_path / "cc"
    broken.write_text("#!/bin/sh\necho 'unknown option' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    native.build.cache_clear()
    assert native.build().path is None
    assert "unknown option" in native.build().reason
    assert not list((tmp_path / "cache").rglob("kernels-*"))
    native.build.cache_clear()
