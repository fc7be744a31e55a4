"""The overview is the linear model of a balanced design, over the seeds in which its networks learn."""

import numpy as np
import pytest

from paribus.judge.overview import factorial_overview
from tests.judge.seeded_claims import plan, trials


def test_the_overview_is_the_linear_model_of_a_balanced_design():
    import pandas as pd
    from statsmodels.formula.api import ols

    levels = {"reg": ("none", "bn"), "depth": ("one", "two")}
    own = plan(seeds=6, levels=levels)
    found = trials(
        own,
        lambda v: (
            0.7 + 0.03 * (v["reg"] == "bn") - 0.02 * (v["depth"] == "two") * (v["reg"] == "bn")
        ),
        noise=0.005,
    )
    rows = {row.what: row for row in factorial_overview(own, found, "val_accuracy")}
    assert list(rows) == ["reg: bn - none", "depth: two - one", "(bn - none) at two - at one"]
    frame = pd.DataFrame(
        {**t.levels, "seed": t.seed, "y": t.metrics["val_accuracy"]} for t in found
    )
    frame["a"] = np.where(frame.reg == "bn", 0.5, -0.5)
    frame["b"] = np.where(frame.depth == "two", 0.5, -0.5)
    fit = ols("y ~ C(seed) + a * b", frame).fit()
    assert rows["reg: bn - none"].estimate == pytest.approx(fit.params["a"])
    assert rows["depth: two - one"].estimate == pytest.approx(fit.params["b"])
    assert rows["(bn - none) at two - at one"].estimate == pytest.approx(fit.params["a:b"])
    assert all(row.low < row.estimate < row.high for row in rows.values())
    assert factorial_overview(plan(levels={"reg": ("none", "bn")}), found, "val_accuracy") == ()
    assert factorial_overview(own, found[:1], "val_accuracy") == ()


def test_seeds_in_which_a_network_collapsed_are_left_out_as_in_claims():
    own = plan(seeds=6, levels={"reg": ("none", "bn"), "depth": ("one", "two")})
    found = trials(own, lambda v: 0.7 + 0.03 * (v["reg"] == "bn"), noise=0.005)
    hit = {(found[0].variant, 2)}
    rows = factorial_overview(own, found, "val_accuracy", hit)
    without = [trial for trial in found if trial.seed != 2]
    assert {row.n for row in rows} == {5}
    assert rows == factorial_overview(own, without, "val_accuracy")
