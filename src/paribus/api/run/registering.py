"""Registration of a run in its store: before training, and when it has given verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from paribus.api.run.folder import RESOLVED, STUDY, write_text
from paribus.api.run.invocation import Invocation, keep_invocation
from paribus.api.run.manifest import Manifest, VerdictLook, manifest_from_json, manifest_to_json
from paribus.api.run.progress import Progress
from paribus.api.run.session import Session, now
from paribus.api.run.verdict_looks import verdict_look, warning_of_extension
from paribus.errors import StoreError
from paribus.judge.claims.claim_row import ClaimRow
from paribus.study.loaded import Study
from paribus.study.resolved import resolved_yaml

__all__ = ["keep_verdicts", "register"]


def register(session: Session, study: Study) -> None:
    """Store the study, its plan and facts about its data, before training."""
    session.study_yaml = study.document.text
    session.manifest = Manifest(
        plan=session.plan,
        descriptions=session.planned.descriptions,
        data=tuple(session.notes),
        data_keys=session.fingerprints,
        engine_versions=session.engine_versions,
        facts=session.facts,
        results_seen=any(
            trial.epochs or trial.status == "failed" for trial in session.store.trials(curves=False)
        ),
        verdict_looks=_verdict_looks(session),
    )
    warning = warning_of_extension(session.plan, session.manifest.verdict_looks)
    if warning is not None:
        session.tell(Progress(warning))
    write_text(session.out / STUDY, study.document.text)
    write_text(session.out / RESOLVED, resolved_yaml(session.plan))
    _keep_manifest(session)
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
            executor=options.executor,
        ),
    )


def _keep_manifest(session: Session) -> None:
    assert session.manifest is not None  # noqa: S101 - registered before
    text = manifest_to_json(session.manifest)
    session.store.register(session.plan.study, session.study_yaml, text, now())


def _verdict_looks(session: Session) -> tuple[VerdictLook, ...]:
    """Return the looks that earlier runs stored; none if another version stored them in another format."""
    registrations = session.store.registrations()
    if not registrations:
        return ()
    try:
        return manifest_from_json(registrations[-1].manifest, where="").verdict_looks
    except StoreError:
        return ()


def keep_verdicts(session: Session, claims: Sequence[ClaimRow]) -> None:
    """Store a look if it gave new verdicts."""
    assert session.manifest is not None  # noqa: S101 - registered before
    looks = session.manifest.verdict_looks
    look = verdict_look(session.plan, claims, looks, now())
    if look is not None:
        session.manifest = replace(session.manifest, verdict_looks=(*looks, look))
        _keep_manifest(session)
