"""The chart of claims: margin, verdict and published value."""

import pytest

from paribus.charts.claims import draw as draw_claims
from paribus.charts.claims import points as claim_points
from tests.charts.drawn import plan_and_results, texts


def test_claims_are_drawn_with_margin_verdict_and_published_value():
    _, results = plan_and_results()
    (point,) = claim_points(results)
    assert (point.estimate, point.low, point.high, point.margin) == pytest.approx((3, 2, 4, 1))
    assert point.published == pytest.approx(10)
    svg = draw_claims([point])
    assert {"supported, n 5", "difference of the two sides, left - right (points)"} <= set(
        texts(svg)
    )
    assert "<script" not in svg
