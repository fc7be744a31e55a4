"""Finished trials whose files cannot be read; they are trained again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from paribus.execute.artifacts import Split, trial_folder, unreadable
from paribus.records import StoredTrial
from paribus.wording import counted

__all__ = ["Unreadable", "sentence_of_unreadable", "unreadable_trials"]

Unreadable = tuple[StoredTrial, str]
"""A trial, and the reason why its files cannot be read."""

_PROOF: tuple[tuple[str, Split], ...] = (
    ("val_accuracy", "validation"),
    ("test_accuracy", "test"),
)
"""Metrics, each with the split whose stored predictions it was computed from."""


def unreadable_trials(out: Path, trials: Sequence[StoredTrial]) -> list[Unreadable]:
    """Return done trials whose weights or predictions are damaged or gone, and why.

    Args:
        out: output folder.
        trials: stored trials of the run.
    """
    found = []
    for trial in trials:
        if trial.status == "done":
            reason = unreadable(trial_folder(out, trial.identity), _splits(trial.metrics))
            if reason is not None:
                found.append((trial, reason))
    return found


def sentence_of_unreadable(found: Sequence[Unreadable]) -> str:
    """Return one line that says which trials are trained again.

    Args:
        found: result of `unreadable_trials`, not empty.
    """
    trial, reason = found[0]
    first = f"{trial.variant}, seed {trial.seed}: {reason}"
    which = first if len(found) == 1 else f"the first of them is {first}"
    return f"{counted(len(found), 'done trial')} cannot be read and will be trained again: {which}"


def _splits(metrics: Mapping[str, float]) -> tuple[Split, ...]:
    return tuple(split for metric, split in _PROOF if metric in metrics)
