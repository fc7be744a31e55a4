"""Designs that leave nothing to estimate a spread from: a verdict, never a traceback or a certainty."""

import itertools
from typing import get_args

import numpy as np
import pytest

import paribus
from paribus.api.run.running import RunOptions
from paribus.judge.statistics.contrasts import Contrast
from paribus.judge.statistics.hotelling import joint_p
from paribus.judge.statistics.samples import Sample
from paribus.judge.summary import summarise
from paribus.judge.verdicts import Verdict
from paribus.records import Claim, Plan, SelectRule, StoredTrial, Variant
from tests.data.reading import case
from tests.judge.judging import judged

LEVELS = {"a": ("x", "y"), "b": ("1", "2", "3", "4")}
CLAIMS = (
    Claim("depends", "", "a", "y", "depends", "x", "val_accuracy", kind="interaction", other="b"),
    Claim("more", "", "a", "y", ">", "x", "val_accuracy", margin=0.01),
    Claim("equal", "", "a", "y", "=", "x", "val_accuracy", margin=0.01),
    Claim("half", "", "a", "y", ">", "", "val_accuracy", kind="threshold", threshold=0.5),
    Claim("trend", "", "b", "b", ">", "", "val_accuracy", kind="trend", levels=LEVELS["b"]),
)


def plan(seeds):
    cells = itertools.product(*LEVELS.values())
    variants = tuple(Variant(f"{a}/{b}", {"a": a, "b": b}, {}, {}, {"epochs": 1}) for a, b in cells)
    return Plan(
        "s", "", "x/1", LEVELS, variants, tuple(range(seeds)), CLAIMS, SelectRule(test="never")
    )


def trials(value, seeds, missing=()):
    return [
        StoredTrial(
            f"{a}{b}{seed}", f"{a}/{b}", {"a": a, "b": b}, seed, "train", "done", 1, 1, 1.0,
            {"val_accuracy": float(value(a, b, seed)), "val_loss": 1.0, "loss": 1.0, "accuracy": 0.5},
        )
        for a, b in itertools.product(*LEVELS.values())
        for seed in range(seeds)
        if (a, b, seed) not in missing
    ]  # fmt: skip


DRAWS = np.random.default_rng(5).normal(0.8, 0.02, (2, 4, 30))
DESIGNS = {
    "all equal": lambda a, b, s: 0.8,
    "all zero": lambda a, b, s: 0.0,
    "seeds alone differ": lambda a, b, s: DRAWS[0, 0, s],
    "one factor adds a constant": lambda a, b, s: DRAWS[0, 0, s] + 0.1 * (a == "y"),
    "a constant interaction": lambda a, b, s: 0.7 + 0.1 * (a == "y") * int(b),
    "two levels are copies": lambda a, b, s: DRAWS[int(a == "y"), min(int(b), 3) - 1, s],
    "one cell moves alone": lambda a, b, s: DRAWS[0, 0, s] if (a, b) == ("y", "4") else 0.8,
    "thirds": lambda a, b, s: (1 / 3) * (1 + (a == "y")) + 0.01 * s / 3,
    "huge": lambda a, b, s: 3e38 * (a == "y"),
    "tiny": lambda a, b, s: 5e-324 * (s + (a == "y")),
}


@pytest.mark.parametrize("seeds", [1, 2, 4, 5, 6, 12, 30])
@pytest.mark.parametrize("design", DESIGNS)
def test_every_degenerate_design_has_a_verdict(design, seeds):
    for missing in ((), {("y", "2", 0)}, {("x", "3", s) for s in range(seeds)}):
        results = summarise(plan(seeds), trials(DESIGNS[design], seeds, missing))
        assert len(results.claims) == len(CLAIMS)
        assert {row.verdict for row in results.claims} <= set(get_args(Verdict))


@pytest.mark.parametrize("seeds", [5, 6, 12, 30])
@pytest.mark.parametrize("design", ["all equal", "all zero", "seeds alone differ", "thirds"])
def test_outcomes_without_interaction_never_support_one(design, seeds):
    rows = judged(CLAIMS[:1], plan(seeds), trials(DESIGNS[design], seeds))
    assert rows[0].verdict in ("undecided", "practically equal", "cannot be decided by seeds")
    assert rows[0].estimate == 0.0


def test_a_constant_interaction_is_believed_once_signs_can_say_so():
    few, many = (
        judged(CLAIMS[:1], plan(n), trials(DESIGNS["a constant interaction"], n))[0]
        for n in (5, 12)
    )
    assert few.verdict == "undecided"
    assert many.verdict == "supported"


def test_dependent_contrasts_are_tested_one_by_one_and_others_by_hotelling():
    from statsmodels.stats.multivariate import test_mvmean as hotelling

    one, two = DRAWS[0, 0, :12] - 0.79, DRAWS[0, 1, :12] - 0.8
    free = [Sample(tuple(one)), Sample(tuple(two))]
    assert joint_p(free, free) == pytest.approx(float(hotelling(np.array([one, two]).T).pvalue))
    bound = [*free, Sample(tuple(one + two))]
    assert joint_p(bound, bound) == min(1.0, 3 * min(sample.p_differs() for sample in bound))
    nearly = [*free, Sample(tuple(one * (1 + 1e-6 * two)))]
    assert np.isfinite(joint_p(nearly, nearly))


def test_rounding_is_neither_an_effect_nor_a_spread():
    values = {("a", 0): 0.1 + 0.2, ("b", 0): 0.3}
    assert 0.1 + 0.2 != 0.3
    assert Contrast({"a": 1.0, "b": -1.0}).value(values, 0) == 0.0
    values = {("a", 0): 1e-12, ("b", 0): 2e-12}
    assert Contrast({"a": 1.0, "b": -1.0}).value(values, 0) == -1e-12
    noisy = Sample((0.97 - 0.92, 0.96 - 0.91, 0.95 - 0.90, 0.94 - 0.89, 0.93 - 0.88))
    assert len(set(noisy.values)) > 1
    assert noisy.std == 0.0
    assert noisy.p_differs() == noisy.p_flip() == 2**-4
    assert Sample((0.05, 0.05 + 1e-10)).std > 0


@pytest.mark.slow
@pytest.mark.parametrize("of", ["learned", "mean"])
def test_levels_with_equal_outcomes_get_a_verdict_and_a_reason(of, tmp_path):
    """Steps of 1e-9 change no prediction, so that levels of `epochs` have the same accuracies."""
    path = case("studies") / "interaction-singular.yaml"
    study = tmp_path / "study.yaml"
    study.write_text(path.read_text().replace("margin: 0.01", f"margin: 0.01, of: {of}"))
    found = paribus.load(study).run(tmp_path / "out", options=RunOptions(jobs=1))
    (row,) = found.summary.claims
    assert row.reason
    if of == "mean":
        assert (row.verdict, row.estimate, row.n) == ("undecided", 0.0, 5)
    else:
        assert (row.verdict, row.n) == ("not assessable", 0)
        assert "in none of 5 seeds do all its networks learn" in row.reason
