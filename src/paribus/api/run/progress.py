"""Progress and status of a run, as passed to observers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Any

from paribus.records import FitOn, Plan, StoredTrial, Trial

__all__ = [
    "FailedTrial",
    "Observer",
    "Progress",
    "RunningTrial",
    "Status",
    "VariantProgress",
    "study_status",
]

STATUSES = ("done", "running", "failed")


@dataclass(frozen=True)
class Progress:
    """Progress of a run at one moment; work is counted in epochs."""

    phase: str
    """``data``, ``trials``, ``refit``, ``test`` or ``report``."""
    total_epochs: int = 0
    done_epochs: int = 0
    num_trials: int = 0
    num_finished: int = 0
    num_failed: int = 0
    num_missing: int = 0
    """Number of trials given up in this run because their workers died."""
    text: str = ""
    """The latest news in one line."""
    lines: tuple[str, ...] = ()
    """Lines about the data that were read, to be printed once."""

    def with_epoch(self, trial: Trial, text: str) -> Progress:
        """Return the progress after one more epoch of a trial."""
        del trial
        return replace(self, done_epochs=self.done_epochs + 1, text=text)

    def with_end(self, *, failed: bool, remaining: int) -> Progress:
        """Return the progress after the end of a trial; its remaining epochs count as done."""
        return replace(
            self,
            done_epochs=self.done_epochs + remaining,
            num_finished=self.num_finished + 1,
            num_failed=self.num_failed + failed,
        )

    def with_loss(self, remaining: int) -> Progress:
        """Return the progress after a trial was given up; its remaining epochs count as done."""
        return replace(
            self, done_epochs=self.done_epochs + remaining, num_missing=self.num_missing + 1
        )


Observer = Callable[[Progress], None]


@dataclass(frozen=True)
class VariantProgress:
    """How many trials of one variant are done, running, failed or pending."""

    name: str
    done: int
    running: int
    failed: int
    pending: int


@dataclass(frozen=True)
class RunningTrial:
    """A trial that has begun: the epochs that have ended, of those that are planned."""

    variant: str
    seed: int
    fit_on: FitOn
    epoch: int
    epochs: int
    metric: str
    """``val_accuracy``; ``accuracy`` of a refit, which has no validation images."""
    curve: tuple[float, ...]
    """The metric after every epoch so far."""


@dataclass(frozen=True)
class FailedTrial:
    """A trial that failed or was lost, and why."""

    variant: str
    seed: int
    reason: str


@dataclass(frozen=True)
class Status:
    """How many trials of a study are done, running, failed or pending."""

    study: str
    total: int
    counts: dict[str, int] = field(default_factory=dict)
    variants: tuple[VariantProgress, ...] = ()
    running: tuple[RunningTrial, ...] = ()
    failed: tuple[FailedTrial, ...] = ()
    lost: tuple[FailedTrial, ...] = ()
    """Trials that are missing because their workers died."""
    complete: bool = False
    at_work: bool = False
    """Whether a run works on the folder at this moment."""

    @property
    def failures(self) -> tuple[str, ...]:
        """One line per failed trial."""
        return tuple(f"{item.variant}, seed {item.seed}: {item.reason}" for item in self.failed)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON; a number that does not exist is null."""
        return {
            "study": self.study,
            "complete": self.complete,
            "at_work": self.at_work,
            "total": self.total,
            **self.counts,
            "failures": list(self.failures),
            "lost": [dict(vars(row)) for row in self.lost],
            "variants": [dict(vars(row)) for row in self.variants],
            "running_trials": [
                {**vars(row), "curve": [v if math.isfinite(v) else None for v in row.curve]}
                for row in self.running
            ],
        }


def study_status(
    plan: Plan,
    required: Set[tuple[str, int]],
    trials: Sequence[StoredTrial],
    *,
    complete: bool,
    at_work: bool = False,
) -> Status:
    """Count trials by status; what is not in the store yet is pending.

    Args:
        plan: the study.
        required: (variant, seed) of the trials that it needs.
        trials: all trials in the store.
        complete: whether nothing is left to do.
        at_work: whether a run works on them now.
    """
    first = [trial for trial in trials if trial.fit_on == "train"]
    variants = tuple(
        _variant_progress(
            variant.name,
            sum(name == variant.name for name, _ in required),
            [trial for trial in first if trial.variant == variant.name],
        )
        for variant in plan.variants
    )
    counts = {status: sum(trial.status == status for trial in first) for status in STATUSES}
    counts["pending"] = len(required) - sum(counts.values())
    epochs = {variant.name: int(variant.train["epochs"]) for variant in plan.variants}
    return Status(
        study=plan.study,
        total=len(required),
        counts=counts,
        variants=variants,
        running=tuple(
            _running_trial(trial, epochs[trial.variant])
            for trial in trials
            if trial.status == "running"
        ),
        failed=_with_reason(trials, "failed"),
        lost=_with_reason(trials, "pending"),
        complete=complete,
        at_work=at_work,
    )


def _with_reason(trials: Sequence[StoredTrial], status: str) -> tuple[FailedTrial, ...]:
    return tuple(
        FailedTrial(trial.variant, trial.seed, trial.reason)
        for trial in trials
        if trial.status == status and trial.reason is not None
    )


def _variant_progress(name: str, total: int, trials: Sequence[StoredTrial]) -> VariantProgress:
    counts = {status: sum(trial.status == status for trial in trials) for status in STATUSES}
    return VariantProgress(name, pending=max(0, total - sum(counts.values())), **counts)


def _running_trial(trial: StoredTrial, epochs: int) -> RunningTrial:
    metric = "val_accuracy" if trial.fit_on == "train" else "accuracy"
    values = [record.metrics.get(metric, math.nan) for record in trial.curves]
    done = trial.curves[-1].epoch if trial.curves else 0
    return RunningTrial(
        trial.variant, trial.seed, trial.fit_on, done, epochs, metric, tuple(values)
    )
