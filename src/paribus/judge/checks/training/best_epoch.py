"""Optimism of ``checkpoint: best``: the epoch with the best validation score has an inflated score."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import fmean

from paribus.judge.evidence import Evidence
from paribus.judge.reading import done_trials
from paribus.judge.results import Finding
from paribus.wording import counted

__all__ = ["check"]

NOTICED = 0.002
"""Smallest reported gap in validation accuracy, kept epoch minus last epoch, mean over trials."""


def check(study: Evidence) -> Iterator[Finding]:
    """Note by how much the kept epoch surpasses the last, for variants with ``checkpoint: best``."""
    keeping = {v.name for v in study.plan.variants if v.train.get("checkpoint") == "best"}
    for name, trials in done_trials(study.plan, study.trials).items():
        pairs = [
            (trial.metrics["val_accuracy"], trial.curves[-1].metrics["val_accuracy"])
            for trial in trials
            if trial.curves
            and "val_accuracy" in trial.metrics
            and "val_accuracy" in trial.curves[-1].metrics
        ]
        if name not in keeping or not pairs:
            continue
        gap = fmean(kept - last for kept, last in pairs)
        if gap > NOTICED:
            yield Finding(
                check="best_epoch",
                severity="note",
                where=name,
                variants=(name,),
                evidence=(
                    f"the kept epoch was chosen on the validation images, and its accuracy there is "
                    f"{100 * gap:.2f} points above the last epoch's (mean over {counted(len(pairs), 'seed')})"
                ),
                advice="Quote the test accuracy: part of this lead may come from choosing among epochs.",
            )
