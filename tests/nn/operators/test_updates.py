"""Updates of weights: bits of the plain formula, float64 otherwise."""

import numpy as np
import torch

from paribus.nn.operators.updates import update_by_kernel


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
