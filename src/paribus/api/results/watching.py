"""State of a run while it is running, read from its output folder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import fmean

from paribus.api.results.record import Results, open_results
from paribus.api.run.folder import in_use
from paribus.judge.summary import required_trials
from paribus.records import StoredTrial
from paribus.report.live import Snapshot, State, TrialState

__all__ = ["snapshot_of", "watch"]


def watch(folder: str | Path, *, store: str | None = None) -> Snapshot:
    """Return how far a run has come at this moment.

    Args:
        folder: output folder of the run.
        store: URL of the store of its trials; by default the store recorded in the folder.

    Raises:
        StoreError: the folder is not a run's, or its run has not begun to train yet.
    """
    return snapshot_of(open_results(folder, store=store), running=in_use(Path(folder)))


def snapshot_of(results: Results, *, running: bool) -> Snapshot:
    """Return the state of every planned trial, and the time that is left.

    Args:
        results: results of a run, read just now.
        running: whether a process works on it.
    """
    plan, summary = results.manifest.plan, results.summary
    stored = {(t.variant, t.seed): t for t in summary.trials if t.fit_on == "train"}
    wanted = required_trials(plan, summary.claims)
    trials = [
        _state(
            variant.name,
            seed,
            stored.get((variant.name, seed)),
            int(variant.train["epochs"]),
            running=running,
        )
        for variant in plan.variants
        for seed in plan.seeds
        if (variant.name, seed) in wanted
    ]
    state: State = "running" if running else "finished" if summary.complete else "stopped"
    seeds = tuple(seed for seed in plan.seeds if any(trial.seed == seed for trial in trials))
    left = _seconds_left(trials, stored.values()) if running else None
    return Snapshot(plan.study, state, seeds, tuple(trials), left)


def _state(
    variant: str, seed: int, trial: StoredTrial | None, epochs: int, *, running: bool
) -> TrialState:
    if trial is None:
        return TrialState(variant, seed, "pending", 0, epochs, None, None)
    status = "interrupted" if trial.status == "running" and not running else str(trial.status)
    latest = trial.curves[-1].metrics if trial.curves else trial.metrics
    accuracy = latest.get("val_accuracy", latest.get("accuracy"))
    return TrialState(variant, seed, status, len(trial.curves), epochs, accuracy, trial.reason)


def _seconds_left(trials: Sequence[TrialState], stored: Iterable[StoredTrial]) -> float | None:
    """Forecast the time left from the mean seconds per epoch of each variant and the number of busy workers."""
    seconds: dict[str, list[float]] = {}
    for trial in stored:
        seconds.setdefault(trial.variant, []).extend(item.wall_seconds for item in trial.curves)
    known = {name: fmean(values) for name, values in seconds.items() if values}
    if not known:
        return None
    usual = fmean(known.values())
    left = sum(
        (trial.epochs - trial.epoch) * known.get(trial.variant, usual)
        for trial in trials
        if trial.status not in ("done", "failed")
    )
    return left / max(1, sum(trial.status == "running" for trial in trials))
