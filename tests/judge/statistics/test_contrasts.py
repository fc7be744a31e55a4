"""Contrasts by hand: trends, interactions, matched sides."""

from dataclasses import replace

import pytest

from paribus.judge.statistics.contrasts import contrasts_of
from tests.judge.judging import judged
from tests.judge.seeded_claims import claim, plan, rows

SIZES = {"small-8": 0, "mid-32": 1, "large-64": 2}


TREND = claim("trend", factor="size", left="size", levels=("small-8", "mid-32", "large-64"))


INTERACTION = claim(
    "interaction", factor="reg", left="bn", right="none", operator="depends", other="size"
)


def test_a_trend_is_the_change_along_its_line():
    (row,) = rows([TREND], lambda v: 0.7 + 0.03 * SIZES[v["size"]])
    assert row.verdict == "supported"
    assert row.estimate == pytest.approx(0.06, abs=0.002)
    (falls,) = rows([replace(TREND, operator="<")], lambda v: 0.7 + 0.03 * SIZES[v["size"]])
    assert falls.verdict == "refuted"
    bend = {"small-8": 0.0, "mid-32": 0.05, "large-64": 0.03}
    (bent,) = rows([TREND], lambda v: 0.7 + bend[v["size"]])
    assert bent.verdict == "refuted"
    assert bent.reason == (
        "a step between two neighbouring levels goes the other way, more surely than chance explains"
    )


def test_an_interaction_is_a_difference_of_differences():
    def gain(v):
        return 0.02 * SIZES[v["size"]] if v["reg"] == "bn" else 0.0

    (row,) = rows([INTERACTION], lambda v: 0.7 + gain(v))
    assert row.verdict == "supported"
    assert abs(row.estimate) == pytest.approx(0.04, abs=0.002)
    (none,) = rows([INTERACTION], lambda v: 0.7 + 0.02 * (v["reg"] == "bn"))
    assert none.verdict == "practically equal"
    two = replace(INTERACTION, other="depth")
    (row,) = rows([two], lambda v: 0.7 + 0.03 * (v["reg"] == "bn" and v["depth"] == "two"))
    assert row.estimate == pytest.approx(0.03, abs=0.002)
    assert row.p == pytest.approx(row.adjusted_p)


def test_sides_are_matched_by_their_other_levels():
    own = plan()
    kept = tuple(
        v for v in own.variants if v.levels != {"size": "mid-32", "reg": "bn", "depth": "two"}
    )
    (contrast,) = contrasts_of(
        claim("difference", factor="reg", left="bn", right="none"), replace(own, variants=kept)
    )
    assert len(contrast.weights) == 10
    assert sum(contrast.weights.values()) == pytest.approx(0.0)
    assert not any("mid-32" in name and name.endswith("two") for name in contrast.weights)
    gone = replace(own, variants=kept[:1])
    for item in (TREND, INTERACTION, claim("difference", factor="reg", left="bn", right="none")):
        (row,) = judged([item], gone, [])
        assert row.verdict == "not assessable"
