"""One row per trial: settings, how it ended, and its metrics."""

from __future__ import annotations

from collections.abc import Iterator

from paribus.judge.results import StudyResults
from paribus.tables.base.table import Entry, Table, Verbatim
from paribus.writing.metrics import title
from paribus.writing.numbers import format_metric
from paribus.writing.study import ShownStudy

__all__ = ["ENTRY", "table", "tables"]

ENTRY = Entry("One row per trial: levels, seed, how it ended, and every metric.", 10)


def table(results: StudyResults) -> Table:
    """Return the trials of a study."""
    metrics = sorted({name for trial in results.trials for name in trial.metrics})
    factors = list(dict.fromkeys(name for trial in results.trials for name in trial.levels))
    fixed = ("seed", "fit_on", "status", "epochs", "seconds")
    values, cells = [], []
    for trial in results.trials:
        levels = [trial.levels.get(factor, "") for factor in factors]
        seconds = Verbatim(f"{trial.wall_seconds:.3f}")
        about = (trial.seed, trial.fit_on, trial.status, trial.epochs, seconds)
        numbers = [
            Verbatim(repr(trial.metrics[name])) if name in trial.metrics else None
            for name in metrics
        ]
        values.append((trial.variant, *levels, *about, *numbers, trial.reason or ""))
        shown = [
            format_metric(name, trial.metrics[name]) if name in trial.metrics else "-"
            for name in metrics
        ]
        cells.append((trial.variant, *map(str, about), *shown, trial.reason or ""))
    return Table(
        "trials",
        ("variant", *fixed, *map(title, metrics), "reason"),
        cells,
        ("variant", *factors, *fixed, *metrics, "reason"),
        values,
    )


def tables(study: ShownStudy) -> Iterator[Table]:
    """Yield the trials, once there is one."""
    if study.results.trials:
        yield table(study.results)
