"""A whole run: missing trials are trained, a variant is selected, refitted and tested, results are judged."""

from __future__ import annotations

import shutil
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path

from paribus.api.plan.planning import PlannedStudy, plan_study
from paribus.api.report.gallery import holds_gallery, keep_gallery
from paribus.api.report.kept import first_selected_trial, first_trials
from paribus.api.report.kept_insight import kept_identity
from paribus.api.results.record import Results, marking_of, read_results
from paribus.api.run.executing import execute, fit
from paribus.api.run.finishing import finish_selected
from paribus.api.run.folder import (
    locked,
    prepared_folder,
)
from paribus.api.run.manifest import DataNote
from paribus.api.run.place import run_place
from paribus.api.run.progress import Observer, Progress
from paribus.api.run.registering import keep_verdicts, register
from paribus.api.run.session import DEFAULT_GROUP, RunOptions, Session
from paribus.data.account import range_warning
from paribus.data.dataset import Dataset
from paribus.data.exported import export_dataset, open_dataset
from paribus.data.facts import data_facts, image_digests
from paribus.data.load import data_key
from paribus.data.spec import DataSpec, SplitSpec
from paribus.data.splits import split_ids, unused_parts
from paribus.errors import Problem, StudyError
from paribus.execute.artifacts import drop_partials
from paribus.execute.devices import require_device
from paribus.execute.executor import Executor, MakesExecutor
from paribus.execute.executors import executor_named
from paribus.execute.jobs import default_jobs
from paribus.execute.task import Task
from paribus.failpoints import reach
from paribus.judge.claims.evidence import claim_evidence
from paribus.judge.claims.family import judge_claims
from paribus.judge.selection import missing_trials
from paribus.judge.summary import required_trials
from paribus.records import DataFacts, Trial
from paribus.study.loaded import Study

__all__ = ["RunOptions", "run_study"]

CACHE = "cache"


def run_study(
    study: Study,
    out: Path,
    options: RunOptions,
    observe: Observer = lambda _: None,
    *,
    store: str | None = None,
) -> Results:
    """Train the missing trials of a study, finish it, and judge all its results.

    Args:
        study: the study, from `paribus.load`.
        out: output folder; created if needed.
        options: seeds, jobs, device ...
        observe: called with a `Progress` whenever the run has advanced.
        store: URL of the store of its trials; by default the recorded store, or the folder's own.

    Raises:
        StudyError: the study breaks a rule.
        DataError: data cannot be read or downloaded.
        StoreError: results cannot be written; what was acknowledged is kept.
        KeyboardInterrupt: raised after all workers have ended; the same call continues the run later.
    """
    if options.device not in DEFAULT_GROUP:
        rule = f"must be one of {', '.join(DEFAULT_GROUP)}"
        raise StudyError(Problem("--device", rule, repr(options.device)))
    require_device(options.device)
    make = partial(_executor, executor_named(options.executor), out, options.device)
    planned = plan_study(
        study,
        seeds=options.seeds,
        jobs=options.jobs,
        overrides=options.overrides,
        only=options.only,
    )
    prepared_folder(out)
    with locked(out), run_place(out, store, planned.plan.study) as (place, opened):
        session = Session(planned, opened, out, options, observe, make)
        session.tell(Progress("data", text="reading the data"))
        with _started_early(session) as session.executor:  # workers start while data are read
            _say_how_trials_run(session)
            _load_data(session)
            register(session, study)
            _keep_first_images(session)
            trials = _run_trials(session)
            finish_selected(session, trials)
            results = read_results(opened, place)
            keep_verdicts(session, results.summary.claims)
            _keep_gallery(session, results)
            _keep_insight(session, results)
        drop_partials(out)
        reach("cache.remove")
        shutil.rmtree(out / CACHE, ignore_errors=True)
        return results


def _executor(make: MakesExecutor, out: Path, device: str, jobs: int) -> Executor:
    return make(out, jobs=jobs, device=device)


def _started_early(session: Session) -> AbstractContextManager[Executor | None]:
    """Start as many workers as there can be trials for; none if all trials seem to be done."""
    total = len(session.plan.variants) * len(session.plan.seeds)
    finished = sum(trial.status == "done" for trial in session.store.trials(curves=False))
    if finished >= total:
        return nullcontext()
    jobs = session.options.jobs or default_jobs(session.options.device)
    return session.make_executor(min(jobs, total))


def _say_how_trials_run(session: Session) -> None:
    for note in session.executor.notes if session.executor is not None else ():
        session.tell(Progress(note))


def _load_data(session: Session) -> None:
    """Load each data set once, compute facts about it, and export it for the workers."""
    loaded: dict[str, tuple[Dataset, list[bytes]]] = {}
    looked: dict[tuple[str, SplitSpec], DataFacts] = {}
    for variant in session.plan.variants:
        spec = DataSpec.parse(variant.data)
        key = data_key(spec)
        if key not in loaded:
            data = session.planned.sources.dataset(spec)
            folder = session.out / CACHE / data.fingerprint[:16]
            export_dataset(data, folder)
            loaded[key] = (data, image_digests(data))
            session.datasets[data.fingerprint] = folder
            session.notes.append(_note(spec, data))
        data, digests = loaded[key]
        if (key, spec.split) not in looked:
            split = split_ids(spec.split, data.labels, data.parts)
            looked[key, spec.split] = data_facts(data, split, digests)
        session.facts[variant.name] = looked[key, spec.split]
        session.fingerprints[variant.name] = data.fingerprint
    session.tell(Progress("data", text="the data are read", lines=_read_lines(session.planned)))
    session.planned.sources.release()


def _read_lines(planned: PlannedStudy) -> tuple[str, ...]:
    return tuple(line for account in planned.accounts for line in account.two_lines())


def _note(spec: DataSpec, data: Dataset) -> DataNote:
    notes = (*data.notes, *range_warning(spec, data))
    ignored = (*data.ignored, *unused_parts(spec.split, data.parts))
    return DataNote(spec.source, data.fingerprint, notes, data.changed, ignored)


def _run_trials(session: Session) -> tuple[Trial, ...]:
    trials = session.trials()
    if not session.plan.looks:
        session.store.add_trials(trials)
        fit(session, trials, "trials")
        return trials
    done: set[tuple[str, int]] = set()
    while True:  # trials of one planned look after another, until no claim needs more
        stored = session.stored()
        marking = marking_of(stored, session.out)
        evidence = claim_evidence(
            session.plan, stored, marking, session.facts, session.planned.descriptions
        )
        claims = judge_claims(session.plan.claims, evidence)
        keep_verdicts(session, claims)
        needed = required_trials(session.plan, claims)
        wanted = [t for t in trials if (t.variant.name, t.seed) in needed - done]
        if not wanted:
            return tuple(t for t in trials if (t.variant.name, t.seed) in done)
        done |= needed
        session.store.add_trials(wanted)
        fit(session, wanted, f"seeds up to {max(trial.seed for trial in wanted)}")
        if missing_trials(
            session.stored(), done
        ):  # with lost trials a claim would be judged on the rest
            return tuple(t for t in trials if (t.variant.name, t.seed) in done)


def _keep_first_images(session: Session) -> None:
    """Store sample images at the start of a run, for the live page."""
    if not holds_gallery(session.out):
        variant = session.plan.variants[0]
        data = open_dataset(session.datasets[session.fingerprints[variant.name]])
        keep_gallery(session.out, data, DataSpec.parse(variant.data), None)


def _keep_gallery(session: Session, results: Results) -> None:
    """Store the images that the report shows, while the data are in memory."""
    trial = first_selected_trial(results)
    name = trial.variant if trial else session.plan.variants[0].name
    variant = next(item for item in session.plan.variants if item.name == name)
    data = open_dataset(session.datasets[session.fingerprints[name]])
    identity = trial.identity if trial else None
    firsts = [item.identity for item in first_trials(results)]
    keep_gallery(session.out, data, DataSpec.parse(variant.data), identity, firsts)


def _keep_insight(session: Session, results: Results) -> None:
    """Store activations and attributions of the selected network; on failure the report lacks that part."""
    stored = first_selected_trial(results)
    if stored is None or kept_identity(session.out) == stored.identity:
        return
    variant = next(item for item in session.plan.variants if item.name == stored.variant)
    trial = Trial(stored.identity, variant, stored.seed, stored.fit_on)
    session.tell(Progress("report", text="looking into the selected network"))

    def on_failure(_trial: Trial, reason: str) -> None:
        session.tell(Progress(f"the report will not show what the network looks at: {reason}"))

    execute(session, [Task("explain", (trial,), session.dataset(trial))], on_failure)
