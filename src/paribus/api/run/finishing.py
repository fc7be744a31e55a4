"""Last steps of a run, after all trials have ended: selection, refit, and one test."""

from __future__ import annotations

from collections.abc import Sequence

from paribus.api.run.executing import execute, fit
from paribus.api.run.own_trials import refit_of
from paribus.api.run.progress import Progress
from paribus.api.run.session import Session
from paribus.execute.task import Task
from paribus.judge.selection import missing_trials, select_variant
from paribus.records import StoredTrial, Trial
from paribus.wording import counted

__all__ = ["finish_selected"]


def finish_selected(session: Session, trials: Sequence[Trial]) -> None:
    """Freeze the selection; refit the winner where asked; only then open the test set.

    Does nothing while trials are missing, since the selection would depend on which ones.

    Args:
        session: session of the run.
        trials: all trials that the study needs.
    """
    rule = session.plan.select
    stored = session.stored()
    required = {(trial.variant.name, trial.seed) for trial in trials}
    missing = missing_trials(stored, required)
    if missing:
        text = f"{counted(len(missing), 'trial')} missing: nothing is selected or tested"
        session.tell(Progress(text))
        return
    selected = select_variant(session.plan, stored, required)
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
        fit(session, final, "refit")
    variant = next(item for item in session.plan.variants if item.name == selected.variant)
    if rule.test == "never" or variant.data["split"].get("validation") == "test":
        return
    _open_test(session, final)


def _refit(session: Session, trial: Trial, stored: StoredTrial) -> Trial:
    name = trial.variant.name
    return refit_of(
        trial,
        stored,
        data_fingerprint=session.fingerprints[name],
        engine_version=session.engine_versions[name],
    )


def _open_test(session: Session, trials: Sequence[Trial]) -> None:
    stored = {item.identity: item for item in session.store.trials(curves=False)}
    found = [stored[trial.identity] for trial in trials]
    unfinished = [item for item in found if item.status not in ("done", "failed")]
    if unfinished:
        text = f"{counted(len(unfinished), 'refit')} missing: the test set stays closed"
        session.tell(Progress(text))
        return
    ready = [
        trial
        for trial, item in zip(trials, found, strict=True)
        if item.status == "done" and "test_accuracy" not in item.metrics
    ]
    session.tell(Progress("test", text="opening the test set"))
    execute(session, [Task("test", (trial,), session.dataset(trial)) for trial in ready])
