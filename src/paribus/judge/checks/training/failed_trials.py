"""Failed trials. They are counted and their reason is reported; no number stands in for a result."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from paribus.judge.evidence import Evidence
from paribus.judge.results import Finding
from paribus.records import StoredTrial
from paribus.wording import named_seeds

__all__ = ["check"]


def check(study: Evidence) -> Iterator[Finding]:
    """Warn of each variant with failed trials, with the first reason and what retraining showed."""
    plan, trials = study.plan, study.trials
    failed: dict[str, list[StoredTrial]] = defaultdict(list)
    for trial in trials:
        if trial.status == "failed":
            failed[trial.variant].append(trial)
    for variant, items in failed.items():
        tried = [trial for trial in items if trial.observed.counterfactuals]
        yield Finding(
            check="failed_trials",
            severity="warning",
            where=variant,
            variants=(variant,),
            evidence=(
                f"{len(items)} of {len(plan.seeds)} trials failed{_others(items)}; "
                f"seed {items[0].seed}: {items[0].reason}"
                + (f". Seed {tried[0].seed} run again: {_tried(tried[0])}" if tried else "")
            ),
            advice=_advice(tried),
        )


def _others(failed: Sequence[StoredTrial]) -> str:
    """Name the seeds that failed, unless the first, whose reason is given, is the only one."""
    return f" ({named_seeds([trial.seed for trial in failed])})" if len(failed) > 1 else ""


def _tried(trial: StoredTrial) -> str:
    """Describe which counterfactual trainings of a failed trial failed again, and which did not."""
    rows = trial.observed.counterfactuals or ()
    failing = [_name(row.change) for row in rows if row.fails]
    fine = [_name(row.change) for row in rows if not row.fails]
    said = [f"it fails {_listed(failing)}"] if failing else []
    return "; ".join(said + ([f"it does not fail {_listed(fine)}"] if fine else []))


def _name(change: str) -> str:
    return "as it is" if change == "nothing" else f"with {change}"


def _listed(names: Sequence[str]) -> str:
    return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


_CURES = {
    "NaN": (
        "Look for a division by zero in the preprocessing (a pixel that is the same in all images has the "
        "deviation zero): with 0 for the inputs that are not finite, training does not fail."
    ),
    "precision": "Train this study in fp32: that alone prevents the failure.",
    "inputs": "Add `scale` or `standardize` to `preprocess`: standardised inputs alone prevent the failure.",
    "learning_rate": "Lower the learning rate: that alone prevents the failure.",
    "batch_size": "Change the batch size: that alone prevents the failure.",
}
"""First word of a counterfactual's name -> advice if this change alone prevents the failure."""


def _advice(tried: Sequence[StoredTrial]) -> str:
    """Advise the change that prevents the failure of all trials; batch size only if no other does."""
    if not tried:
        return "Look at the learning rate and at the preprocessing of this variant; run again to retry."
    helped = set.intersection(*(_helpful(trial) for trial in tried))
    cure = next((text for kind, text in _CURES.items() if kind in helped), None)
    if cure is None:
        return "Look at the initial weights and the model: no single change that was tried prevents the failure."
    blamed = "" if "batch_size" in helped else " Half or twice the batch size does not prevent it."
    return cure + blamed


def _helpful(trial: StoredTrial) -> set[str]:
    unchanged, *changed = trial.observed.counterfactuals or ()
    if not unchanged.fails:  # not reproducible
        return set()
    return {row.change.split()[0] for row in changed if not row.fails}
