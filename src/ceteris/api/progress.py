"""How far a run has come, as its observers hear it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from ceteris.records import StoredTrial, Trial

__all__ = ["Observer", "Progress", "Status", "study_status"]


@dataclass(frozen=True)
class Progress:
    """A moment of a run. Work is counted in epochs."""

    phase: str
    """``data``, ``trials``, ``refit``, ``test`` or ``report``."""
    total_epochs: int = 0
    done_epochs: int = 0
    num_trials: int = 0
    num_finished: int = 0
    num_failed: int = 0
    text: str = ""
    """The latest news in one line."""

    def with_epoch(self, trial: Trial, text: str) -> Progress:
        """One more epoch of a trial has ended."""
        del trial
        return replace(self, done_epochs=self.done_epochs + 1, text=text)

    def with_end(self, *, failed: bool, remaining: int) -> Progress:
        """A trial has ended; epochs that it will not run any more count as done."""
        return replace(
            self,
            done_epochs=self.done_epochs + remaining,
            num_finished=self.num_finished + 1,
            num_failed=self.num_failed + failed,
        )


Observer = Callable[[Progress], None]


@dataclass(frozen=True)
class Status:
    """How many trials of a study are done, running, failed or pending."""

    study: str
    total: int
    counts: dict[str, int] = field(default_factory=dict)
    failures: tuple[str, ...] = ()
    complete: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        return {
            "study": self.study,
            "complete": self.complete,
            "total": self.total,
            **self.counts,
            "failures": list(self.failures),
        }


def study_status(
    study: str, total: int, trials: tuple[StoredTrial, ...], *, complete: bool
) -> Status:
    """Count trials by status; what is not in the store yet is pending."""
    first = [trial for trial in trials if trial.fit_on == "train"]
    counts = {
        status: sum(trial.status == status for trial in first)
        for status in ("done", "running", "failed")
    }
    counts["pending"] = total - sum(counts.values())
    failures = tuple(
        f"{trial.variant}, seed {trial.seed}: {trial.reason}"
        for trial in trials
        if trial.status == "failed"
    )
    return Status(study, total, counts, failures, complete)
