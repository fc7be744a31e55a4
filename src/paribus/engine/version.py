"""The version of the training arithmetic. A change that can change results raises it: trials of
another version are other trials.

A change often concerns few trials (a layer, a loss), and results that were right keep their
identities. So a trial's version is the last one that changed the bits of trials like it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from paribus.engine import concerned
from paribus.records import Variant

__all__ = ["CHANGES", "ENGINE_VERSION", "Change", "engine_version"]

OLDEST = 3
"""Of trials that no later change concerns."""


@dataclass(frozen=True)
class Change:
    """One change of the arithmetic, and whom it concerns."""

    version: int
    why: str
    concerns: Callable[[Variant], bool]
    """Whether bits of a variant's trials may have changed; in doubt, yes."""


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
"""The newest version."""


def engine_version(variant: Variant, changes: Sequence[Change] = CHANGES) -> int:
    """Return the last version that changed the bits of a variant's trials.

    Args:
        variant: fully resolved.
        changes: all there were since `OLDEST`.
    """
    found = (change.version for change in changes if change.concerns(variant))
    return max(found, default=OLDEST)
