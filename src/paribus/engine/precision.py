"""Number formats of training: the setting ``precision``, and reproducible arithmetic on a GPU."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import torch

from paribus.nn.training import Precision

__all__ = ["exact_products", "products_in"]


def products_in(
    precision: Precision, device: torch.device
) -> contextlib.AbstractContextManager[object]:
    """Return the context manager in which a network must run for a precision.

    ``bf16`` computes convolutions and matrix products in bfloat16 with float32 sums; weights,
    normalisation statistics, losses and optimizers stay float32. Source: PyTorch's autocast.
    """
    if precision == "fp32":
        return contextlib.nullcontext()
    return torch.autocast(device.type, torch.bfloat16)


@contextlib.contextmanager
def exact_products() -> Iterator[None]:
    """Make a GPU compute with the stated precision and deterministically; without CUDA, do nothing.

    fp32 then means float32 products (PyTorch's default for convolutions is TF32 with a 10-bit
    fraction), and bfloat16 products are summed in float32. Convolution algorithms are deterministic
    and not chosen by timing. The previous settings are restored at the end. Source: "CUDA semantics"
    and "Reproducibility" in PyTorch's notes.
    """
    if not torch.cuda.is_available():
        yield
        return
    cudnn: Any = torch.backends.cudnn
    products: Any = torch.backends.cuda.matmul
    wanted = (
        (cudnn, "allow_tf32", False),
        (cudnn, "benchmark", False),
        (cudnn, "deterministic", True),
        (products, "allow_tf32", False),
        (products, "allow_bf16_reduced_precision_reduction", False),
    )
    before = [getattr(owner, name) for owner, name, _ in wanted]
    for owner, name, value in wanted:
        setattr(owner, name, value)
    try:
        yield
    finally:
        for (owner, name, _), value in zip(wanted, before, strict=True):
            setattr(owner, name, value)
