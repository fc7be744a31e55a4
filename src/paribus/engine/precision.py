"""Number formats of training: what `precision` of a study means, and that it means that on a GPU."""

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
    """Return the context in which a network runs.

    ``bf16`` computes convolutions and matrix products in bfloat16 with float32 sums; weights,
    normalisation statistics, losses and optimizers stay float32. Source: PyTorch's autocast.
    """
    if precision == "fp32":
        return contextlib.nullcontext()
    return torch.autocast(device.type, torch.bfloat16)


@contextlib.contextmanager
def exact_products() -> Iterator[None]:
    """Let a GPU compute what a study says, the same way every time; does nothing where there is none.

    fp32 means float32 products (PyTorch's default for convolutions is TF32, with 10 bits of
    fraction), sums of bfloat16 products are float32 throughout, and a convolution's algorithm is
    one that gives equal bits every time and is not chosen by a timing. Settings are put back at
    the end. Source: "CUDA semantics" and "Reproducibility" in PyTorch's notes.
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
