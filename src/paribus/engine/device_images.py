"""Batches of a trial's images as tensors on the training device."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from paribus.data.image_arrays import ImageSet, LookUp
from paribus.nn.native.library import library

__all__ = ["DeviceImages"]


class DeviceImages:
    """Images from which batches are gathered as network input: NCHW in channels_last memory."""

    def __init__(self, images: ImageSet, device: torch.device) -> None:
        self.device = device
        self._count = len(images)
        self._look_up: LookUp | None = None
        self._values: Tensor | None = None
        self._table: Tensor | None = None
        source = images.source
        if not isinstance(source, LookUp):
            self._values = torch.from_numpy(np.ascontiguousarray(source)).to(device)
        elif device.type == "cpu":
            self._look_up = source
        else:
            self._values = torch.from_numpy(np.array(source.raw[source.ids])).to(device)
            self._table = torch.from_numpy(source.table).to(device)

    def __len__(self) -> int:
        """Return the number of examples."""
        return self._count

    def batch(self, positions: Tensor) -> Tensor:
        """Gather the images at some positions.

        Args:
            positions: int64 ``(n,)`` on the device.

        Returns:
            float32 ``(n, channel, height, width)``.
        """
        if self._look_up is not None:
            return _looked_up(self._look_up, positions).permute(0, 3, 1, 2)
        assert self._values is not None  # noqa: S101 - one of the two is set
        chosen = self._values[positions]
        if self._table is not None:
            levels = chosen.long()
            parts = [row[levels[..., index]] for index, row in enumerate(self._table)]
            chosen = torch.stack(parts, dim=-1)
        return chosen.permute(0, 3, 1, 2)


def _looked_up(source: LookUp, positions: Tensor) -> Tensor:
    """Gather raw images and map them by the lookup table to float32 ``(n, height, width, channel)``."""
    kernels = library()
    raw = source.raw
    if kernels is None or not raw.flags.c_contiguous:
        return torch.from_numpy(source.take(positions.numpy()))
    ids = np.ascontiguousarray(source.ids[positions.numpy()])
    result = torch.empty(len(ids), *raw.shape[1:])
    size, channels = int(np.prod(raw.shape[1:])), raw.shape[3]
    kernels.look_up(
        raw.ctypes.data,
        ids.ctypes.data,
        len(ids),
        size,
        source.table.ctypes.data,
        channels,
        result.data_ptr(),
    )
    return result
