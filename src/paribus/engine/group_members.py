"""Members of a group: their state, the settings they share, and copies of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from paribus.engine.history import Checkpoint, History, Weights
from paribus.nn.optimizers import OptimizerState
from paribus.nn.stacked.network import StackedNetwork
from paribus.nn.training import Schedule
from paribus.records import Trial, TrialOutcome

__all__ = ["Member", "Share", "Snapshot", "joined"]


@dataclass
class Member:
    """State of one trial of the group."""

    trial: Trial
    history: History
    outcome: TrialOutcome | None = None
    """Outcome of the trial; None until it fails or the group is finished."""
    final: Weights | None = None
    """Final weights, once the trial has ended; other members may train on."""

    @property
    def ended(self) -> bool:
        """Whether the trial has failed or trained its last epoch."""
        return self.outcome is not None or self.history.ended


@dataclass
class Share:
    """Consecutive members with equal optimizer settings, ``start`` to ``stop`` (exclusive)."""

    start: int
    stop: int
    optimizer: OptimizerState
    schedule: Schedule


class Snapshot:
    """Copy of the weights, optimizer states and histories of all members."""

    def __init__(
        self, network: StackedNetwork, shares: Sequence[Share], members: Sequence[Member]
    ) -> None:
        self.weights = {
            name: tensor.detach().clone() for name, tensor in network.weight_tensors().items()
        }
        self.optimizers = [
            (share.start, share.stop, {k: v.clone() for k, v in share.optimizer.tensors().items()})
            for share in shares
        ]
        self.histories = [
            (tuple(member.history.records), member.history.best_weights) for member in members
        ]

    def checkpoint(self, index: int) -> Checkpoint:
        """Return the checkpoint of one trial, which `paribus.engine.run` can continue from."""
        start, _, state = next(item for item in self.optimizers if item[0] <= index < item[1])
        optimizer = {
            name: (value if value.dim() == 0 else value[index - start]).cpu().numpy().copy()
            for name, value in state.items()
        }
        weights = {
            name: np.ascontiguousarray(tensor[index].cpu().numpy(), np.float32).copy()
            for name, tensor in self.weights.items()
        }
        records, best = self.histories[index]
        return Checkpoint(records, weights, optimizer, best)


def joined(states: Sequence[dict[str, Any]]) -> dict[str, Tensor]:
    """Stack the optimizer states of several checkpoints over members.

    Counters (names without a dot) are equal in all states, and are taken from the first.
    """
    return {
        name: torch.from_numpy(
            np.stack([state[name] for state in states]) if "." in name else np.asarray(value)
        )
        for name, value in states[0].items()
    }
