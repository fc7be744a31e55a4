"""Augmentation of batches on their device: one gather for flip and shift, one mask for cutout."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from paribus.nn.augmentation import Augmentation, Crop, Cutout, draw_moves
from paribus.records import Shape

__all__ = ["Augmenter"]


class Augmenter:
    """Augments batches of one trial, or of all members of a group.

    The tensors of random draws are overwritten in place each epoch, so that a CUDA graph may read them.
    """

    def __init__(
        self, steps: Sequence[Augmentation], num_examples: int, shape: Shape, device: torch.device
    ) -> None:
        self.steps, self.num_examples, self.shape, self.device = steps, num_examples, shape, device
        self._flip: Tensor | None = None
        self._shift: Tensor | None = None
        self._hole: Tensor | None = None
        self._reflect = any(isinstance(item, Crop) and item.fill == "reflect" for item in steps)
        self._size = next((item.size for item in steps if isinstance(item, Cutout)), 0)

    def begin_epoch(self, seeds: Sequence[int], epoch: int) -> None:
        """Draw flips, shifts and holes of all examples for an epoch, for each of the seeds."""
        moves = [
            draw_moves(
                self.steps,
                seed=seed,
                epoch=epoch,
                num_examples=self.num_examples,
                shape=self.shape,
            )
            for seed in seeds
        ]
        self._flip = self._placed(self._flip, [item.flip for item in moves])
        self._shift = self._placed(self._shift, [item.shift for item in moves])
        self._hole = self._placed(self._hole, [item.hole for item in moves])

    def _placed(self, old: Tensor | None, rows: Sequence[np.ndarray | None]) -> Tensor | None:
        found = [row for row in rows if row is not None]
        if not found:
            return None
        new = torch.from_numpy(np.concatenate(found)).to(self.device)
        return new if old is None else old.copy_(new)

    def __call__(self, images: Tensor, positions: Tensor) -> Tensor:
        """Augment a batch.

        Args:
            images: ``(n, channel, height, width)`` in channels_last memory.
            positions: training positions of the images: ``(n,)`` for a trial, ``(member, n)`` for a
                group, whose images are ordered by member.
        """
        if positions.dim() == 2:
            members = torch.arange(len(positions), device=positions.device)
            positions = (positions + members[:, None] * self.num_examples).flatten()
        x = images.permute(0, 2, 3, 1)
        if self._flip is not None or self._shift is not None:
            x = self._moved(x, positions)
        if self._hole is not None:
            x = x * self._uncut(positions).unsqueeze(3)
        return x.permute(0, 3, 1, 2)

    def _moved(self, x: Tensor, positions: Tensor) -> Tensor:
        count, height, width, _ = x.shape
        rows = torch.arange(height, device=x.device).expand(count, -1)
        columns = torch.arange(width, device=x.device).expand(count, -1)
        if self._shift is not None:
            shift = self._shift[positions]
            rows, columns = rows + shift[:, :1], columns + shift[:, 1:]
        if self._flip is not None:
            columns = torch.where(self._flip[positions][:, None], width - 1 - columns, columns)
        inside = None
        if self._shift is not None and self._reflect:
            rows, columns = _reflected(rows, height), _reflected(columns, width)
        elif self._shift is not None:
            valid_rows = (rows >= 0) & (rows < height)
            valid_columns = (columns >= 0) & (columns < width)
            inside = valid_rows[:, :, None] & valid_columns[:, None, :]
            rows, columns = rows.clamp(0, height - 1), columns.clamp(0, width - 1)
        examples = torch.arange(count, device=x.device)[:, None, None]
        moved = x[examples, rows[:, :, None], columns[:, None, :]]
        return moved if inside is None else moved * inside.unsqueeze(3)

    def _uncut(self, positions: Tensor) -> Tensor:
        """Return a mask ``(n, height, width)``, False inside the hole of cutout."""
        assert self._hole is not None  # noqa: S101 - checked by the caller
        hole, (height, width) = self._hole[positions], self.shape[:2]
        down = torch.arange(height, device=hole.device) - hole[:, :1]
        right = torch.arange(width, device=hole.device) - hole[:, 1:]
        in_rows = (down >= 0) & (down < self._size)
        in_columns = (right >= 0) & (right < self._size)
        return ~(in_rows[:, :, None] & in_columns[:, None, :])


def _reflected(index: Tensor, size: int) -> Tensor:
    """Reflect indices at the first and the last pixel, without repeating these pixels."""
    last = size - 1
    return last - (last - index.abs()).abs()
