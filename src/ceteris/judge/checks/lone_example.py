"""A last batch of one example, which batch normalisation cannot normalise."""

from __future__ import annotations

from collections.abc import Iterator

from ceteris.judge.evidence import Evidence
from ceteris.judge.reading import done_trials, layers_of
from ceteris.judge.results import Finding

__all__ = ["check"]

SMALL = 4


def check(study: Evidence) -> Iterator[Finding]:
    """Warn of tiny remainder batches, or tiny batches at all, in front of batch normalisation."""
    plan, trials = study.plan, study.trials
    done = done_trials(plan, trials)
    for variant in plan.variants:
        kinds = {kind for kind, _ in layers_of(variant.model)}
        mine = done.get(variant.name, [])
        if "BatchNormalization" not in kinds or not mine:
            continue
        batch = variant.train["batch_size"]
        rest = mine[0].observed.get("train_examples", 0) % batch
        last = 0 < rest < SMALL and variant.train.get("last_batch") != "drop"
        if not last and batch >= SMALL:
            continue
        evidence = (
            f"the last batch of every epoch has {rest} example{'s' if rest > 1 else ''}"
            if last and batch >= SMALL
            else f"batches have {batch} examples"
        )
        yield Finding(
            check="lone_example",
            severity="warning",
            where=variant.name,
            evidence=f"{evidence}; the statistics of so few are mostly noise",
            advice="Set `last_batch: drop`, or another batch size.",
        )
