"""The results of a run, read from its folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from paribus.api.results.damage import Damage
from paribus.api.run.folder import in_use
from paribus.api.run.manifest import Manifest, manifest_from_json
from paribus.api.run.own_trials import own_trials
from paribus.api.run.place import Place, existing_place
from paribus.api.run.progress import Status, study_status
from paribus.api.run.verdict_looks import is_extended
from paribus.errors import Problem, StoreError, StudyError, did_you_mean
from paribus.execute.artifacts import read_predictions, trial_folder
from paribus.judge.marks import Marking, Marks
from paribus.judge.results import StudyResults
from paribus.judge.summary import required_trials, summarise
from paribus.records import StoredTrial, Variant
from paribus.store.store import Store

if TYPE_CHECKING:
    import pandas as pd

    from paribus.api.results.frames import Tables
    from paribus.api.results.imaging import Images
    from paribus.api.results.plotting import Plots

__all__ = ["Results", "marking_of", "open_results", "read_results", "status"]


@dataclass(frozen=True)
class Results:
    """The results of a run: trials, judgement, charts, images and tables."""

    folder: Path
    manifest: Manifest
    summary: StudyResults
    study_yaml: str

    @property
    def class_names(self) -> tuple[str, ...]:
        """Class names of the selected variant's data; of the first variant's while none is selected."""
        chosen = self.summary.selected
        name = chosen.variant if chosen else self.manifest.plan.variants[0].name
        return self.manifest.descriptions[name].class_names

    def variant(self, name: str | None = None, *, where: str = "variant") -> Variant:
        """Return a variant of the run; the selected one by default, or the plan's reference.

        Args:
            name: name of the variant.
            where: name of this argument in error messages.

        Raises:
            StudyError: the name is unknown.
        """
        plan, chosen = self.manifest.plan, self.summary.selected
        name = name or (chosen.variant if chosen else plan.reference)
        known = {variant.name: variant for variant in plan.variants}
        if name not in known:
            rule = "must name a variant of the run"
            raise StudyError(Problem(where, rule, repr(name), did_you_mean(name, known)))
        return known[name]

    @property
    def plot(self) -> Plots:
        """Charts: ``results.plot.claims()``, ``results.plot.curves()`` ..."""
        from paribus.api.results.plotting import Plots

        return Plots(self)

    @property
    def images(self) -> Images:
        """Images: ``results.images.mistakes()``, ``results.images.kernels()``, ``results.images.first("test")`` ..."""
        from paribus.api.results.imaging import Images

        return Images(self)

    @property
    def tables(self) -> Tables:
        """Tables of the report: ``results.tables.confusion("test")``, ``results.tables.settings()``."""
        from paribus.api.results.frames import Tables

        return Tables(self)

    def _repr_html_(self) -> str:
        """Return the HTML that a notebook shows: the answer and the tables."""
        from paribus.report.html import render_tables

        return render_tables(self.summary)

    def to_json(self) -> dict[str, Any]:
        """Return the object that `results --json` prints."""
        return self.summary.to_json()

    def frame(self) -> pd.DataFrame:
        """Return one row per trial, with levels and metrics as columns."""
        import pandas as pd

        return pd.DataFrame(
            {
                "variant": trial.variant,
                **trial.levels,
                "seed": trial.seed,
                "fit_on": trial.fit_on,
                "status": trial.status,
                "epochs": trial.epochs,
                "seconds": trial.wall_seconds,
                **trial.metrics,
            }
            for trial in self.summary.trials
        )

    def curves(self) -> pd.DataFrame:
        """Return one row per trial and epoch."""
        import pandas as pd

        return pd.DataFrame(
            {
                "variant": trial.variant,
                "seed": trial.seed,
                "fit_on": trial.fit_on,
                "epoch": record.epoch,
                **record.metrics,
            }
            for trial in self.summary.trials
            for record in trial.curves
        )


def open_results(folder: str | Path, *, store: str | None = None) -> Results:
    """Read the results of a run.

    Args:
        folder: output folder of the run.
        store: URL of the store of its trials; by default the store recorded in the folder.

    Raises:
        StoreError: the folder is not a run's, or its store cannot be read.
    """
    place = existing_place(Path(folder), store)
    with place.reader() as opened:
        return read_results(opened, place)


def read_results(store: Store, place: Place) -> Results:
    """Judge what a store holds, by the plan of its latest run."""
    folder = place.folder
    registrations = store.registrations()
    if not registrations:
        raise StoreError(
            Problem(
                place.name,
                "must hold a registered study",
                "none",
                "Run the study again.",
            )
        )
    where = place.name
    manifest = manifest_from_json(registrations[-1].manifest, where=where)
    earlier = [_readable(item.manifest, where) for item in registrations[:-1]]
    before = [item for item in (*earlier, manifest) if item and not item.results_seen]
    trials = own_trials(manifest.plan, store.trials(), manifest.data_keys, manifest.engine_versions)
    damage = Damage(folder)
    summary = summarise(
        manifest.plan,
        trials,
        store.looks(),
        declared=before[-1].plan.claims if before else None,
        facts=manifest.facts,
        marking=marking_of(trials, folder, damage),
        descriptions=manifest.descriptions,
        extended=is_extended(manifest.plan, manifest.verdict_looks),
    )
    summary = replace(summary, findings=(*damage.findings(), *summary.findings))
    return Results(folder, manifest, summary, registrations[-1].study_yaml)


def marking_of(
    trials: Sequence[StoredTrial], folder: Path, damage: Damage | None = None
) -> Marking:
    """Return a reader of predictions, which are opened only for claims that need single images.

    Args:
        trials: stored trials of the run.
        folder: output folder of the run.
        damage: collects files that cannot be read; their trials have no single predictions.
    """
    heard = damage or Damage(folder)
    places = {
        (trial.variant, trial.seed): trial_folder(folder, trial.identity)
        for trial in trials
        if trial.fit_on == "train" and trial.status == "done"
    }

    @cache
    def marks(variant: str, seed: int, metric: str) -> Marks | None:
        place = places.get((variant, seed))
        split: Literal["validation", "test"] = "test" if metric.startswith("test") else "validation"
        if place is None:
            return None
        found = heard.part(lambda: read_predictions(place, split), None)
        if found is None:
            return None
        return Marks(found.ids, found.probabilities.argmax(1) == found.labels)

    return marks


def _readable(manifest: str, where: str) -> Manifest | None:
    """Read an earlier registration; None if its format is that of another version."""
    try:
        return manifest_from_json(manifest, where=where)
    except StoreError:
        return None


def status(folder: str | Path, *, store: str | None = None) -> Status:
    """Return how far a run has come.

    Args:
        folder: output folder of the run.
        store: URL of the store of its trials; by default the store recorded in the folder.

    Raises:
        StoreError: the folder is not a run's.
    """
    results = open_results(folder, store=store)
    plan = results.manifest.plan
    required = required_trials(plan, results.summary.claims)
    complete, at_work = results.summary.complete, in_use(Path(folder))
    return study_status(plan, required, results.summary.trials, complete=complete, at_work=at_work)
