"""The order of the variants still changed at the end of training."""

from __future__ import annotations

from collections.abc import Iterator

from paribus.judge.evidence import Evidence
from paribus.judge.reading import done_trials, mean_curve
from paribus.judge.results import Finding

__all__ = ["check"]

LAST_SHARE = 0.2
FEWEST_EPOCHS = 5


def check(study: Evidence) -> Iterator[Finding]:
    """Note that another variant led when four fifths of the epochs were over."""
    curves = {
        name: mean_curve(trials, "val_accuracy")
        for name, trials in done_trials(study.plan, study.trials).items()
    }
    lengths = {len(curve) for curve in curves.values()}
    if len(curves) < 2 or len(lengths) > 1 or min(lengths) < FEWEST_EPOCHS:
        return
    length = lengths.pop()
    before = length - 1 - max(1, round(LAST_SHARE * length))
    earlier = max(curves, key=lambda name: curves[name][before])
    last = max(curves, key=lambda name: curves[name][-1])
    lead = curves[earlier][before] - curves[last][before]
    now = curves[last][-1] - curves[earlier][-1]
    if earlier != last and lead >= _finest(study):
        yield Finding(
            check="late_ranking",
            severity="note",
            where=f"{last}, {earlier}",
            variants=(last, earlier),
            evidence=(
                f"after {before + 1} of {length} epochs {earlier} led {last} by {100 * lead:.2f} points of "
                f"validation accuracy; at the end {last} leads by {100 * now:.2f} points (means over seeds, "
                "not tested)"
            ),
            advice="Train all variants for more epochs: which one leads may depend on when training stops.",
        )


def _finest(study: Evidence) -> float:
    """Return 1 / validation images: a smaller lead in mean accuracy is not reported."""
    counts = [trial.observed.validation_examples or 0 for trial in study.trials]
    fewest = min((count for count in counts if count), default=0)
    return 1 / fewest if fewest else 0.0
