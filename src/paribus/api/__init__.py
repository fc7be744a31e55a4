"""The only place that wires the parts together: plan, run, results, report."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paribus.api.plan.planning import PlannedStudy, plan_study
from paribus.api.results.record import Results, open_results, status
from paribus.api.run.progress import Observer, Progress, Status
from paribus.durable import write_file
from paribus.errors import Problem, StudyError
from paribus.study.load import load_study, study_from_mapping
from paribus.study.loaded import Study as LoadedStudy
from paribus.study.schema import json_schema
from paribus.study.template import study_template

if TYPE_CHECKING:
    from paribus.api.run.running import RunOptions

__all__ = [
    "Observer",
    "PlannedStudy",
    "Progress",
    "Results",
    "RunOptions",
    "Status",
    "Study",
    "default_out",
    "from_mapping",
    "json_schema",
    "load",
    "open_results",
    "reopen",
    "status",
    "write_report",
    "write_template",
]


def __getattr__(name: str) -> Any:
    """Import the parts that only runs need (PyTorch among them) when they are first used."""
    if name == "RunOptions":
        from paribus.api.run.running import RunOptions

        return RunOptions
    raise AttributeError(f"module 'paribus.api' has no attribute {name!r}")


class Study:
    """A valid study, ready to be planned and run."""

    def __init__(self, loaded: LoadedStudy) -> None:
        self.loaded = loaded

    @property
    def name(self) -> str:
        """The study's name."""
        return self.loaded.file.study

    def plan(
        self,
        *,
        seeds: int | None = None,
        jobs: int | None = None,
        overrides: Sequence[str] = (),
        only: Sequence[str] = (),
        measure: bool = False,
    ) -> PlannedStudy:
        """Return the plan of a run: variants, networks, data, and a forecast of time and memory.

        Args:
            seeds: number of seeds instead of the study's.
            jobs: worker processes the forecast is for; one per core by default.
            overrides: ``path=value`` settings, applied to the base before the factors.
            only: names of the variants to keep; by default all.
            measure: forecast from a few training steps of every variant instead of from shapes.

        Raises:
            StudyError: the study breaks a rule.
            DataError: data at a path cannot be read.
        """
        return plan_study(
            self.loaded, seeds=seeds, jobs=jobs, overrides=overrides, only=only, measure=measure
        )

    def run(
        self,
        out: str | Path | None = None,
        *,
        store: str | None = None,
        options: RunOptions | None = None,
        observe: Observer = lambda _: None,
    ) -> Results:
        """Train the trials that are missing, judge all results, and write the report.

        Args:
            out: output folder; ``results/<study>`` by default.
            store: URL of the store of trials, such as ``postgresql://...``; a database in the folder by
                default. The URL is recorded in the folder, without its password.
            options: seeds, jobs, device, overrides.
            observe: called with a `Progress` whenever the run has advanced.

        Raises:
            ParibusError: the text says what is wrong and what to do.
        """
        from paribus.api.run.running import RunOptions, run_study

        folder = Path(out) if out is not None else default_out(self.name)
        results = run_study(self.loaded, folder, options or RunOptions(), observe, store=store)
        observe(Progress("report", text="writing the report"))
        write_report(folder, store=store)
        return results


def load(path: str | Path) -> Study:
    """Read a study file.

    Raises:
        StudyError: every problem of the file, each with its line.
    """
    return Study(load_study(Path(path)))


def reopen(folder: str | Path) -> tuple[Study, dict[str, Any]]:
    """Return the study whose results a folder holds, and the options of its latest run.

    Raises:
        StoreError: the folder is not a run's.
        StudyError: the study breaks a rule of this version.
    """
    from paribus.api.run.invocation import kept_invocation, kept_study

    study = Study(kept_study(Path(folder)))
    options = dict(vars(kept_invocation(Path(folder))))
    del options["base"]
    return study, options


def from_mapping(mapping: Mapping[str, Any], *, base: str | Path | None = None) -> Study:
    """Build a study from a mapping with the contents of a study file.

    Raises:
        StudyError: every problem.
    """
    return Study(study_from_mapping(mapping, base=None if base is None else Path(base)))


def default_out(name: str) -> Path:
    """Return the default output folder of a study."""
    return Path("results") / name


def write_report(
    folder: str | Path,
    *,
    kind: str = "html",
    out: str | Path | None = None,
    store: str | None = None,
) -> Path:
    """Write the report from what a run left in its folder; return its path.

    Args:
        folder: output folder of the run.
        kind: ``html``, ``pdf`` or ``md``.
        out: the file; ``report.<kind>`` in the folder by default.
        store: URL of the store of its trials; by default the store recorded in the folder.

    Raises:
        ParibusError: the text says what is wrong and what to do.
    """
    from paribus.api.report.writing import write_report_file

    file = None if out is None else Path(out)
    return write_report_file(Path(folder), kind, file, store=store)


def write_template(path: Path, *, replace: bool = False) -> None:
    """Write a commented study file.

    Raises:
        StudyError: the file exists, or cannot be written.
    """
    if os.path.lexists(path) and not replace:
        fix = "Choose another name, or add --force."
        raise StudyError(Problem(str(path), "must not exist yet", "an existing file", fix))
    try:
        write_file(path, study_template().encode(), partial=path.with_name(f"{path.name}.partial"))
    except OSError as error:
        raise StudyError(
            Problem(str(path), "must be writable", error.strerror or str(error))
        ) from error
