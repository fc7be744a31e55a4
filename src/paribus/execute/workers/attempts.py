"""Steps that every attempt to train a trial shares: its start, its checkpoints, its end.

Artifacts are durable before the event that announces them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paribus.data.prepare import PreparedData
from paribus.execute import artifacts
from paribus.execute.events import EpochEnded, Finished, Started, Tell
from paribus.execute.workers.desk import Desk
from paribus.records import Trial, TrialOutcome

if TYPE_CHECKING:
    from paribus.engine.history import Checkpoint

__all__ = ["begin_attempt", "end_attempt", "keep_checkpoint", "kept_checkpoint"]


def begin_attempt(
    trial: Trial, environment: Mapping[str, Any], resume: Checkpoint | None, tell: Tell
) -> None:
    """Report that a trial starts, and report again the epochs before its checkpoint.

    Args:
        trial: the trial to train.
        environment: fingerprint of everything that must be equal for equal bits.
        resume: checkpoint from which training continues; None to begin with the first epoch.
        tell: called with the events.
    """
    tell(Started(trial.identity, environment, len(resume.records) if resume else 0))
    for record in resume.records if resume else ():
        tell(EpochEnded(trial.identity, record))


def end_attempt(
    desk: Desk, trial: Trial, outcome: TrialOutcome, data: PreparedData, tell: Tell
) -> None:
    """Examine a trained network, make its artifacts durable, then report that the trial has ended.

    Args:
        desk: the worker's state, with the folder of artifacts.
        trial: the trained trial.
        outcome: outcome of its training.
        data: the prepared data that it was trained on.
        tell: called with `Finished`, whose outcome has no arrays.

    Raises:
        StoreError: artifacts cannot be written.
    """
    from paribus.engine.inspection.examine import examine

    folder = desk.folder(trial)
    outcome = examine(trial, data, outcome, desk.device)
    if outcome.status == "done":
        artifacts.write_weights(folder, outcome.weights, data.preprocessing)
        for predictions in outcome.predictions:
            artifacts.write_predictions(folder, predictions)
    observed = replace(outcome.observed, preprocessing_notes=data.preprocessing.notes())
    tell(Finished(trial.identity, replace(outcome, weights={}, predictions=(), observed=observed)))


def keep_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint: the state of a trial after an epoch.

    Args:
        folder: folder of the trial's artifacts.
        checkpoint: state of the trial.

    Raises:
        StoreError: it cannot be written.
    """
    groups = {
        "weights": checkpoint.weights,
        "optimizer": checkpoint.optimizer,
        "best": checkpoint.best_weights,
    }
    artifacts.write_checkpoint(folder, checkpoint.records, groups)


def kept_checkpoint(folder: Path) -> Checkpoint | None:
    """Return the checkpoint of an interrupted trial; None if there is none, so that it starts anew.

    Args:
        folder: folder of the trial's artifacts.
    """
    from paribus.engine.history import Checkpoint

    found = artifacts.read_checkpoint(folder)
    if found is None:
        return None
    records, groups = found
    return Checkpoint(
        records, groups.get("weights", {}), groups.get("optimizer", {}), groups.get("best", {})
    )
