"""Failed trials are data: they are counted, named and never replaced by a number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from ceteris.judge.evidence import Evidence
from ceteris.judge.results import Finding
from ceteris.records import StoredTrial

__all__ = ["check"]


def check(study: Evidence) -> Iterator[Finding]:
    """Name the variants with failed trials and the first reason."""
    plan, trials = study.plan, study.trials
    failed: dict[str, list[StoredTrial]] = defaultdict(list)
    for trial in trials:
        if trial.status == "failed":
            failed[trial.variant].append(trial)
    for variant, items in failed.items():
        yield Finding(
            check="failed_trials",
            severity="warning",
            where=variant,
            evidence=f"{len(items)} of {len(plan.seeds)} trials failed; seed {items[0].seed}: {items[0].reason}",
            advice="Look at the learning rate and at the preprocessing of this variant; run again to retry.",
        )
