"""More claims ask for more evidence; one that is declared late takes nothing from the others."""

from dataclasses import replace

import pytest

from tests.judge.judging import judged
from tests.judge.seeded_claims import claim, plan, trials


def test_more_claims_ask_for_more_evidence():
    own = plan(seeds=10)
    found = trials(own, lambda v: 0.7 + 0.002 * (v["reg"] == "bn"), noise=0.004)
    one = claim("difference", factor="reg", left="bn", right="none")
    (alone,) = judged([one], own, found)
    family = judged([one, *[replace(one, left="none", right="bn")] * 19], own, found)
    assert alone.adjusted_p == alone.p
    assert family[0].p == alone.p
    assert family[0].adjusted_p == pytest.approx(min(1.0, 20 * alone.p))


def test_a_claim_declared_late_is_exploratory_and_takes_nothing_from_the_others():
    own = plan(seeds=10)
    found = trials(own, lambda v: 0.7 + 0.004 * (v["reg"] == "bn"), noise=0.004)
    first = claim("difference", factor="reg", left="bn", right="none")
    late = replace(first, id="late", left="none", right="bn", operator="<")
    (alone,) = judged([first], own, found)
    rows = judged([first, late, late], own, found, declared=[first])
    assert [row.exploratory for row in rows] == [False, True, True]
    assert rows[0] == alone
    assert rows[1].adjusted_p == pytest.approx(3 * rows[1].p)
    changed = judged([replace(first, margin=0.02)], own, found, declared=[first])
    assert changed[0].exploratory
