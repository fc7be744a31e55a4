"""The version of the training arithmetic, which is part of a trial's identity.

A change that can alter results raises the version. Most changes concern few trials (those with a
certain layer or loss), and the others keep their identity: a trial's version is the latest one that
may have changed the bits of its results.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from paribus.engine.provenance import concerned
from paribus.records import Variant

__all__ = ["CHANGES", "ENGINE_VERSION", "Change", "engine_version"]

OLDEST = 3
"""Version of trials that no later change concerns."""


@dataclass(frozen=True)
class Change:
    """A change of the arithmetic, with the variants that it concerns."""

    version: int
    why: str
    """Reason for the change."""
    concerns: Callable[[Variant], bool]
    """Function that returns whether results of a variant may have changed; True in doubt."""


def _smooths(variant: Variant) -> bool:
    return bool(variant.train.get("label_smoothing"))


CHANGES: tuple[Change, ...] = (
    Change(4, "reported losses are without label smoothing, and so is what follows them", _smooths),
    Change(
        4,
        "gradients behind a first convolution were wrong with pooling windows of 256 pixels and more",
        concerned.pools_many_pixels_first,
    ),
    Change(
        4,
        "batch normalisation of one value per channel passed the gradient on, though its output is constant",
        concerned.normalises_single_values,
    ),
    Change(
        4,
        "PyTorch's convolutions with some strides wrote beyond their memory, or were wrong",
        concerned.strides_where_torch_fails,
    ),
    Change(
        4,
        "Adam's mean of gradients was rounded otherwise than PyTorch's for beta_1 up to a half",
        concerned.follows_gradients_with_a_small_beta,
    ),
    Change(
        4,
        "depthwise kernels in PyTorch's profile began with Keras's fans",
        concerned.has_fans_of_groups,
    ),
)

ENGINE_VERSION = max((change.version for change in CHANGES), default=OLDEST)
"""The latest version."""


def engine_version(variant: Variant, changes: Sequence[Change] = CHANGES) -> int:
    """Return the latest version that may have changed the bits of a variant's results.

    Args:
        variant: the resolved variant.
        changes: all changes since `OLDEST`.
    """
    found = (change.version for change in changes if change.concerns(variant))
    return max(found, default=OLDEST)
