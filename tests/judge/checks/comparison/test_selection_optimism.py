"""The best of many looks too good."""

from dataclasses import replace

import numpy as np

from tests.judge.checks.studied import found, metrics, plan, trial


def test_the_best_of_many_looks_too_good():
    own = replace(plan(), variants=tuple(replace(plan().variants[0], name=name) for name in "abcd"))
    spread = (-0.02, -0.01, 0.0, 0.0, 0.01, 0.02)
    trials = [
        trial(name, k, **metrics(val_accuracy=0.9 + spread[k])) for name in "abcd" for k in range(6)
    ]
    (finding,) = found("selection_optimism", own, trials)
    error = 100 * (0.001 / 5 / 6) ** 0.5
    assert (
        "the means of 4 variants are near the best (at most 3 standard errors of the difference below it); if "
        f"all 4 were equally good, the best mean would be too high by up to {error * (2 * np.log(4)) ** 0.5:.1f} points on average (standard error "
        f"of a mean over seeds: {error:.2f} points)"
    ) == finding.evidence
    far = [  # spreads widely, and has no part in the luck
        trial("d", k, **metrics(val_accuracy=0.6 + 5 * spread[k])) for k in range(6)
    ]
    (without,) = found("selection_optimism", own, [t for t in trials if t.variant != "d"] + far)
    assert without.evidence.startswith("the means of 3 variants are near the best")
    assert f"over seeds: {error:.2f} points" in without.evidence
    assert not found("selection_optimism", own, [t for t in trials if t.variant in "ab"])
    calm = [replace(t, metrics={**t.metrics, "val_accuracy": 0.9 + t.seed * 1e-4}) for t in trials]
    assert not found("selection_optimism", own, calm)
