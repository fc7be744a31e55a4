"""Selection of the variant with the best mean of a validation metric over seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

from paribus.judge.results import Selection
from paribus.judge.statistics.effects import Interval, mean_interval
from paribus.records import Plan, StoredTrial

__all__ = ["higher_is_better", "missing_trials", "select_variant", "trials_by_variant"]


def higher_is_better(metric: str) -> bool:
    """Return whether a larger value of the metric is better (accuracies) or a smaller one (losses)."""
    name = metric.partition("@")[0]
    return not (name.endswith("loss") or name == "objective")


def trials_by_variant(
    plan: Plan, trials: Sequence[StoredTrial], fit_on: str = "train"
) -> dict[str, list[StoredTrial]]:
    """Return variant -> finished trials, in the order of the plan's seeds."""
    found = {
        (trial.variant, trial.seed): trial
        for trial in trials
        if trial.fit_on == fit_on and trial.status == "done"
    }
    return {
        variant.name: [
            found[variant.name, seed] for seed in plan.seeds if (variant.name, seed) in found
        ]
        for variant in plan.variants
    }


def missing_trials(
    trials: Sequence[StoredTrial], required: Set[tuple[str, int]]
) -> set[tuple[str, int]]:
    """Return (variant, seed) of the required trials that are neither done nor failed.

    Args:
        trials: all stored trials.
        required: (variant, seed) of the trials that the study needs.
    """
    ended = {
        (trial.variant, trial.seed)
        for trial in trials
        if trial.fit_on == "train" and trial.status in ("done", "failed")
    }
    return set(required) - ended


def select_variant(
    plan: Plan, trials: Sequence[StoredTrial], required: Set[tuple[str, int]]
) -> Selection | None:
    """Return the selected variant, or None while trials are missing or no variant is eligible.

    A variant is eligible if all its compared seeds are done; one failed trial excludes it.

    Args:
        plan: the study; ``plan.select.by`` names the metric.
        trials: all stored trials, including refits and those with test metrics.
        required: (variant, seed) of the trials that the study needs.
    """
    if missing_trials(trials, required):
        return None
    metric = plan.select.by
    finished = trials_by_variant(plan, trials)
    seeds = common_seeds(plan, finished)
    eligible = {
        name: mean_interval([trial.metrics[metric] for trial in done if trial.seed in seeds])
        for name, done in finished.items()
        if seeds <= {trial.seed for trial in done} and all(metric in t.metrics for t in done)
    }
    if not eligible:
        return None
    sign = -1 if higher_is_better(metric) else 1
    ranking = sorted(eligible, key=lambda name: sign * eligible[name].mean)
    winner = ranking[0]
    return Selection(
        variant=winner,
        by=metric,
        interval=eligible[winner],
        runner_up=ranking[1] if len(ranking) > 1 else None,
        refit=plan.select.refit,
        test=_test_metrics(plan, trials, winner),
    )


def common_seeds(plan: Plan, finished: Mapping[str, Sequence[StoredTrial]]) -> set[int]:
    """Return the seeds over which variants are compared for selection.

    These are all seeds, or with planned looks the seeds of the last look that every variant reached.
    """
    if not plan.looks:
        return set(plan.seeds)
    fewest = min((len(done) for done in finished.values()), default=0)
    reached = [look for look in plan.looks if look <= fewest]
    return set(plan.seeds[: reached[-1] if reached else plan.looks[0]])


def _test_metrics(
    plan: Plan, trials: Sequence[StoredTrial], variant: str
) -> Mapping[str, Interval]:
    fit_on = "train+validation" if plan.select.refit == "train+validation" else "train"
    done = trials_by_variant(plan, trials, fit_on)[variant]
    tested = [trial for trial in done if "test_accuracy" in trial.metrics]
    if not tested:
        return {}
    return {
        metric: mean_interval([trial.metrics[metric] for trial in tested])
        for metric in ("test_accuracy", "test_loss")
    }
