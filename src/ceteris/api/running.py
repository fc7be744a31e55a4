"""Running a study: what is missing is trained, selected, refitted and tested, then judged."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ceteris.api.folder import (
    DATABASE,
    RESOLVED,
    STUDY,
    locked,
    prepared_folder,
    write_text,
)
from ceteris.api.gallery import holds_gallery, keep_gallery
from ceteris.api.insight import kept_identity
from ceteris.api.invocation import Invocation, keep_invocation
from ceteris.api.manifest import DataNote, Manifest, manifest_to_json
from ceteris.api.planning import PlannedStudy, plan_study
from ceteris.api.progress import Observer, Progress
from ceteris.api.reporting import first_selected_trial, first_trials
from ceteris.api.results import Results, marking_of, read_results
from ceteris.api.trained import sentence_of_unreadable, unreadable_trials
from ceteris.data.account import range_warning
from ceteris.data.dataset import Dataset
from ceteris.data.exported import export_dataset, open_dataset
from ceteris.data.facts import data_facts, image_digests
from ceteris.data.load import data_key
from ceteris.data.spec import DataSpec, SplitSpec
from ceteris.data.splits import split_ids, unused_parts
from ceteris.engine.version import engine_version
from ceteris.errors import Problem, StoreError, StudyError
from ceteris.execute.events import EpochEnded, Event, Finished, Started, Task, Tested
from ceteris.execute.grouping import groups_of
from ceteris.execute.jobs import default_jobs
from ceteris.execute.pool import Pool
from ceteris.judge.claims import judge_claims
from ceteris.judge.selection import select_variant
from ceteris.judge.summary import required_trials
from ceteris.records import DataFacts, Look, Plan, StoredTrial, Trial, Variant
from ceteris.store.store import Store, open_store
from ceteris.study.identity import make_trial, plan_trials
from ceteris.study.load import Study
from ceteris.study.resolved import resolved_yaml

__all__ = ["RunOptions", "run_study"]

CACHE = "cache"
DEFAULT_GROUP = {"cpu": 1, "cuda": 16}


@dataclass(frozen=True)
class RunOptions:
    """How to run, none of which changes a result but the device and the group size (by rounding)."""

    jobs: int | None = None
    """Worker processes; one per core by default."""
    device: str = "cpu"
    group_size: int | None = None
    """Trials that are trained as one program; 1 on a CPU and 16 on a GPU by default."""
    seeds: int | None = None
    overrides: Sequence[str] = ()
    only: Sequence[str] = ()


@dataclass
class _Session:
    """One run while it runs."""

    planned: PlannedStudy
    store: Store
    out: Path
    options: RunOptions
    observe: Observer
    fingerprints: dict[str, str] = field(default_factory=dict)
    """Variant name -> fingerprint of its data."""
    datasets: dict[str, Path] = field(default_factory=dict)
    """Fingerprint -> folder of the exported data."""
    notes: list[DataNote] = field(default_factory=list)
    facts: dict[str, DataFacts] = field(default_factory=dict)
    """Variant name -> what looking at its images has found."""
    progress: Progress = field(default_factory=lambda: Progress("data"))
    pool: Pool | None = None
    """None where no trial seemed to be missing."""

    @property
    def plan(self) -> Plan:
        """The expanded study."""
        return self.planned.plan

    def tell(self, progress: Progress) -> None:
        """Pass news on."""
        self.progress = progress
        self.observe(progress)


def run_study(
    study: Study, out: Path, options: RunOptions, observe: Observer = lambda _: None
) -> Results:
    """Run exactly what is missing of a study, and judge all of it.

    Args:
        study: what `ceteris.load` returns.
        out: output folder; created if needed.
        options: seeds, jobs, device ...
        observe: hears of progress.

    Raises:
        StudyError: the study breaks a rule.
        DataError: data cannot be had.
        StoreError: results cannot be written; what was acknowledged is kept.
        KeyboardInterrupt: passed on after all workers are ended; the same call goes on later.
    """
    if options.device not in DEFAULT_GROUP:
        rule = f"must be one of {', '.join(DEFAULT_GROUP)}"
        raise StudyError(Problem("--device", rule, repr(options.device)))
    planned = plan_study(
        study,
        seeds=options.seeds,
        jobs=options.jobs,
        overrides=options.overrides,
        only=options.only,
    )
    prepared_folder(out)
    with locked(out), open_store(out / DATABASE) as store:
        _refuse_other_study(store, planned.plan, out)
        session = _Session(planned, store, out, options, observe)
        session.tell(Progress("data", text="reading the data"))
        with _pool(planned, store, out, options) as session.pool:  # it starts while data are read
            _say_what_kernels(session)
            _load_data(session)
            _register(session, study)
            _keep_first_images(session)
            trials = _run_trials(session)
            _finish_selected(session, trials)
            results = read_results(store, out)
            _keep_gallery(session, results)
            _keep_insight(session, results)
        shutil.rmtree(out / CACHE, ignore_errors=True)
        return results


def _pool(
    planned: PlannedStudy, store: Store, out: Path, options: RunOptions
) -> AbstractContextManager[Pool | None]:
    """Start as many workers as there can be trials for; none if all trials seem to be done."""
    total = len(planned.plan.variants) * len(planned.plan.seeds)
    finished = sum(trial.status == "done" for trial in store.trials())
    if finished >= total:
        return nullcontext()
    jobs = options.jobs or default_jobs(options.device)
    return Pool(out, jobs=min(jobs, total), device=options.device)


def _say_what_kernels(session: _Session) -> None:
    """Say why the C kernels were compiled anew or cannot be used, if that was not asked for."""
    if session.pool is not None and session.pool.kernels.reason:
        session.tell(Progress(f"C kernels: {session.pool.kernels.reason}"))


def _refuse_other_study(store: Store, plan: Plan, out: Path) -> None:
    known = {registration.study for registration in store.registrations()}
    if known and plan.study not in known:
        raise StoreError(
            Problem(
                str(out),
                f"holds the results of the study {min(known)!r}",
                f"the study {plan.study!r}",
                "Choose another folder with --out.",
            )
        )


def _load_data(session: _Session) -> None:
    """Load each data set once, look at it, and lay it where workers share it."""
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


def _register(session: _Session, study: Study) -> None:
    manifest = Manifest(
        plan=session.plan,
        descriptions=session.planned.descriptions,
        data=tuple(session.notes),
        data_keys=session.fingerprints,
        facts=session.facts,
        results_seen=any(
            trial.epochs or trial.status == "failed" for trial in session.store.trials()
        ),
    )
    write_text(session.out / STUDY, study.document.text)
    write_text(session.out / RESOLVED, resolved_yaml(session.plan))
    text = manifest_to_json(manifest)
    session.store.register(session.plan.study, study.document.text, text, _now())
    options = session.options
    keep_invocation(
        session.out,
        Invocation(
            base=None if study.base is None else str(study.base.resolve()),
            seeds=options.seeds,
            overrides=tuple(options.overrides),
            only=tuple(options.only),
            jobs=options.jobs,
            device=options.device,
            group_size=options.group_size,
        ),
    )


def _run_trials(session: _Session) -> tuple[Trial, ...]:
    trials = plan_trials(session.plan, session.fingerprints, engine_version)
    if not session.plan.looks:
        session.store.add_trials(trials)
        _fit(session, trials, "trials")
        return trials
    done: set[tuple[str, int]] = set()
    while True:  # look by look, until no claim needs more
        stored = session.store.trials()
        marking = marking_of(stored, session.out)
        claims = judge_claims(session.plan.claims, session.plan, stored, marking=marking)
        needed = required_trials(session.plan, claims)
        wanted = [t for t in trials if (t.variant.name, t.seed) in needed - done]
        if not wanted:
            return tuple(t for t in trials if (t.variant.name, t.seed) in done)
        done |= needed
        session.store.add_trials(wanted)
        _fit(session, wanted, f"seeds up to {max(trial.seed for trial in wanted)}")


def _fit(session: _Session, trials: Sequence[Trial], phase: str) -> None:
    """Train the trials that are not done."""
    wanted = {trial.identity for trial in trials}
    stored = [item for item in session.store.trials() if item.identity in wanted]
    lost = unreadable_trials(session.out, stored)
    if lost:
        session.tell(Progress(sentence_of_unreadable(lost)))
    done = {item.identity for item in stored if item.status == "done"}
    done -= {item.identity for item, _ in lost}
    missing = [trial for trial in trials if trial.identity not in done]
    epochs = sum(trial.variant.train["epochs"] for trial in trials)
    left = sum(trial.variant.train["epochs"] for trial in missing)
    session.tell(Progress(phase, epochs, epochs - left, len(trials), len(trials) - len(missing)))
    costs = session.planned.costs
    missing.sort(key=lambda trial: -costs[trial.variant.name].seconds)  # no worker idles at the end
    size = session.options.group_size or DEFAULT_GROUP[session.options.device]
    _execute(
        session,
        [
            Task("fit", group, _dataset(session, group[0]), size)
            for group in groups_of(missing, size)
        ],
    )


def _finish_selected(session: _Session, trials: Sequence[Trial]) -> None:
    """Freeze the selection; refit the winner where asked; only then open the test set."""
    rule = session.plan.select
    stored = session.store.trials()
    selected = select_variant(session.plan, stored)
    if selected is None:
        return
    if rule.test == "all" and rule.refit == "none":
        final = list(trials)
    else:
        final = [trial for trial in trials if trial.variant.name == selected.variant]
    if rule.refit == "train+validation":
        by_identity = {item.identity: item for item in stored}
        final = [_refit(session, trial, by_identity[trial.identity]) for trial in final]
        session.store.add_trials(final)
        _fit(session, final, "refit")
    variant = next(item for item in session.plan.variants if item.name == selected.variant)
    if rule.test == "never" or variant.data["split"].get("validation") == "test":
        return
    _open_test(session, final)


def _keep_first_images(session: _Session) -> None:
    """Keep sample images from the beginning, for a page that is looked at while trials run."""
    if not holds_gallery(session.out):
        variant = session.plan.variants[0]
        data = open_dataset(session.datasets[session.fingerprints[variant.name]])
        keep_gallery(session.out, data, DataSpec.parse(variant.data), None)


def _keep_gallery(session: _Session, results: Results) -> None:
    """Keep the images that the report shows, while the data are at hand."""
    trial = first_selected_trial(results)
    name = trial.variant if trial else session.plan.variants[0].name
    variant = next(item for item in session.plan.variants if item.name == name)
    data = open_dataset(session.datasets[session.fingerprints[name]])
    identity = trial.identity if trial else None
    firsts = [item.identity for item in first_trials(results)]
    keep_gallery(session.out, data, DataSpec.parse(variant.data), identity, firsts)


def _keep_insight(session: _Session, results: Results) -> None:
    """Keep what the selected network looks at; if that fails, the report lacks a part, no more."""
    stored = first_selected_trial(results)
    if stored is None or kept_identity(session.out) == stored.identity:
        return
    variant = next(item for item in session.plan.variants if item.name == stored.variant)
    trial = Trial(stored.identity, variant, stored.seed, stored.fit_on)
    session.tell(Progress("report", text="looking into the selected network"))
    failures: list[str] = []

    def on_event(event: Event) -> None:
        if isinstance(event, Finished):
            failures.append(str(event.outcome.reason))

    _run_tasks(session, [Task("explain", (trial,), _dataset(session, trial))], on_event)
    for reason in failures:
        session.tell(Progress(f"the report will not show what the network looks at: {reason}"))


def _refit(session: _Session, trial: Trial, stored: StoredTrial) -> Trial:
    """The same seed on training and validation images, for as many epochs as were kept."""
    train: dict[str, Any] = {
        **trial.variant.train,
        "epochs": stored.observed.get("kept_epoch", stored.epochs),
        "early_stopping": None,
        "checkpoint": "last",
    }
    variant: Variant = replace(trial.variant, train=train)
    return make_trial(
        variant,
        trial.seed,
        "train+validation",
        data_fingerprint=session.fingerprints[variant.name],
        engine_version=engine_version(variant),
    )


def _open_test(session: _Session, trials: Sequence[Trial]) -> None:
    stored = {item.identity: item for item in session.store.trials()}
    ready = [
        trial
        for trial in trials
        if stored[trial.identity].status == "done"
        and "test_accuracy" not in stored[trial.identity].metrics
    ]
    session.tell(Progress("test", text="opening the test set"))
    _execute(
        session,
        [Task("test", (trial,), _dataset(session, trial)) for trial in ready],
    )


def _execute(session: _Session, tasks: Sequence[Task]) -> None:
    by_identity = {trial.identity: trial for task in tasks for trial in task.trials}
    epochs = dict.fromkeys(by_identity, 0)

    def on_event(event: Event) -> None:
        trial = by_identity[event.identity]
        match event:
            case Started():
                session.store.begin_attempt(event.identity, event.environment)
            case EpochEnded():
                session.store.record_epoch(event.identity, event.record)
                epochs[event.identity] += 1
                session.tell(session.progress.with_epoch(trial, _news(trial, event)))
            case Finished():
                session.store.finish(event.identity, event.outcome)
                remaining = trial.variant.train["epochs"] - epochs[event.identity]
                failed = event.outcome.status == "failed"
                session.tell(session.progress.with_end(failed=failed, remaining=max(0, remaining)))
            case Tested():
                look = _look(session, trial)
                session.store.record_test(event.metrics, look, event.inputs)

    if tasks:
        _run_tasks(session, tasks, on_event)


def _run_tasks(session: _Session, tasks: Sequence[Task], on_event: Callable[[Event], None]) -> None:
    """Run tasks in the pool, or in one that is started for them."""
    if session.pool is not None:
        session.pool.run(tasks, on_event)
        return
    jobs = session.options.jobs or default_jobs(session.options.device)
    with Pool(session.out, jobs=min(jobs, len(tasks)), device=session.options.device) as pool:
        pool.run(tasks, on_event)


def _dataset(session: _Session, trial: Trial) -> Path:
    return session.datasets[session.fingerprints[trial.variant.name]]


def _news(trial: Trial, event: EpochEnded) -> str:
    metrics: Mapping[str, float] = event.record.metrics
    accuracy = metrics.get("val_accuracy", metrics["accuracy"])
    return f"{trial.variant.name}, seed {trial.seed}, epoch {event.record.epoch}: {accuracy:.1%}"


def _look(session: _Session, trial: Trial) -> Look:
    purpose = f"final score of the variant selected by {session.plan.select.by}"
    if session.plan.select.test == "all":
        purpose = f"final score of every variant, after selection by {session.plan.select.by}"
    return Look(trial.identity, trial.variant.name, trial.seed, purpose, _now())


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
