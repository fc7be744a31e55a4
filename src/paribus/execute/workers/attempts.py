"""What every attempt to train a trial has in common: its begin, its checkpoints, its end.

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
    """Say that a trial begins, and repeat the epochs that it has behind it.

    Args:
        trial: to train.
        environment: what has to be equal for its bits to be equal.
        resume: where it goes on; None from the start.
        tell: hears of it.
    """
    tell(Started(trial.identity, environment, len(resume.records) if resume else 0))
    for record in resume.records if resume else ():
        tell(EpochEnded(trial.identity, record))


def end_attempt(
    desk: Desk, trial: Trial, outcome: TrialOutcome, data: PreparedData, tell: Tell
) -> None:
    """Look into a trained network, make its artifacts durable, then say that the trial has ended.

    Args:
        desk: where artifacts go.
        trial: has been trained.
        outcome: of its training.
        data: it was trained on.
        tell: hears of the outcome without its arrays.

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
    """Write where a trial is after an epoch.

    Args:
        folder: of the trial's artifacts.
        checkpoint: its state.

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
    """Return where a trial was when it was interrupted; None if it has to start anew.

    Args:
        folder: of the trial's artifacts.
    """
    from paribus.engine.history import Checkpoint

    found = artifacts.read_checkpoint(folder)
    if found is None:
        return None
    records, groups = found
    return Checkpoint(
        records, groups.get("weights", {}), groups.get("optimizer", {}), groups.get("best", {})
    )
