"""State that the phases of one run share, and the options of a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from paribus.api.plan.planning import PlannedStudy
from paribus.api.run.manifest import DataNote, Manifest
from paribus.api.run.own_trials import own_trials
from paribus.api.run.progress import Observer, Progress
from paribus.engine.provenance.version import engine_version
from paribus.execute.executor import Executor
from paribus.records import DataFacts, Plan, StoredTrial, Trial
from paribus.store.store import Store
from paribus.study.identity import plan_trials

__all__ = ["DEFAULT_GROUP", "RunOptions", "Session", "now"]

DEFAULT_GROUP = {"cpu": 1, "cuda": 16}


@dataclass(frozen=True)
class RunOptions:
    """Options of a run. Only device and group size affect results, by rounding."""

    jobs: int | None = None
    """Number of worker processes; by default one per core."""
    device: str = "cpu"
    group_size: int | None = None
    """Number of trials that are trained as one program; by default 1 on a CPU and 16 on a GPU."""
    seeds: int | None = None
    overrides: Sequence[str] = ()
    only: Sequence[str] = ()
    executor: str = "processes"
    """Name of the executor, a module of `paribus.execute`."""


@dataclass
class Session:
    """State of a run in progress."""

    planned: PlannedStudy
    store: Store
    out: Path
    options: RunOptions
    observe: Observer
    make_executor: Callable[[int], Executor]
    """Function that creates the executor, given the number of workers."""
    fingerprints: dict[str, str] = field(default_factory=dict)
    """Variant name -> fingerprint of its data."""
    datasets: dict[str, Path] = field(default_factory=dict)
    """Fingerprint -> folder of the exported data."""
    notes: list[DataNote] = field(default_factory=list)
    facts: dict[str, DataFacts] = field(default_factory=dict)
    """Variant name -> facts about its images, such as duplicates."""
    progress: Progress = field(default_factory=lambda: Progress("data"))
    manifest: Manifest | None = None
    """Description of the run in the store; None before it is registered."""
    study_yaml: str = ""
    """Text of the study file."""
    executor: Executor | None = None
    """The running executor; None if no trial seemed to be missing when the run began."""

    @property
    def plan(self) -> Plan:
        """Plan of the run: the expanded study."""
        return self.planned.plan

    @property
    def engine_versions(self) -> dict[str, int]:
        """Variant name -> version of the arithmetic that trains it."""
        return {variant.name: engine_version(variant) for variant in self.plan.variants}

    @property
    def group_size(self) -> int:
        """Trials that are trained as one program."""
        return self.options.group_size or DEFAULT_GROUP[self.options.device]

    def trials(self) -> tuple[Trial, ...]:
        """Return all trials that the study can need, seed by seed."""
        return plan_trials(self.plan, self.fingerprints, engine_version)

    def stored(self) -> tuple[StoredTrial, ...]:
        """Return the trials of this plan in the store, without those of other settings."""
        trials = self.store.trials()
        return own_trials(self.plan, trials, self.fingerprints, self.engine_versions)

    def dataset(self, trial: Trial) -> Path:
        """Return the folder of a trial's exported data."""
        return self.datasets[self.fingerprints[trial.variant.name]]

    def tell(self, progress: Progress) -> None:
        """Pass progress to the observer."""
        self.progress = progress
        self.observe(progress)


def now() -> str:
    """Return the present time in the format of the store."""
    return datetime.now(UTC).isoformat(timespec="seconds")
