"""The chart of effects: every difference, the margin and n."""

import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from paribus.charts.base.style import MARGIN, PALETTE
from paribus.charts.effects import draw as draw_effects
from paribus.charts.effects import points as effect_points
from paribus.study.claims import DEFAULT_MARGIN
from tests.charts.drawn import texts
from tests.charts.seeded import SEEDS, marks, study


def test_effects_have_every_difference_the_margin_and_n():
    _, results = study()
    b, last = effect_points(results, "val_accuracy")
    assert b.differences == pytest.approx([0.1 + 0.013 * seed for seed in range(SEEDS)])
    assert last.differences == pytest.approx([0.2 + 0.026 * seed for seed in (2, 3, 4)])
    for point in (b, last):
        assert point.estimate == pytest.approx(np.mean(point.differences))
    svg = draw_effects([b, last], "val_accuracy", "a")
    assert {"n 5", "n 3 of 5", "difference from a (points of validation accuracy)"} <= set(
        texts(svg)
    )
    assert any("the margin of 1 point" in text for text in texts(svg))
    assert len(marks(svg, PALETTE[0])) == 8 + 2 + 2, "seeds, means, intervals"
    (band,) = marks(svg, MARGIN)
    width = float(re.search(r"h(-?[\d.]+)", band.get("d"))[1])
    assert abs(width) == pytest.approx(200 * DEFAULT_MARGIN * unit(svg), abs=1)


def unit(svg):
    """Pixels per point, by the ticks at 0 and 10."""
    found = {
        node.text: float(node.get("transform").split("(")[1].split(",")[0])
        for node in ET.fromstring(svg).iter()
        if node.text in ("0", "10")
    }
    return (found["10"] - found["0"]) / 10


def test_a_loss_has_no_points():
    _, results = study()
    points = effect_points(results, "val_accuracy")
    found = texts(draw_effects(points, "val_loss", "a"))
    assert "difference from a (validation loss)" in found
    assert any("the margin of 0.01" in text for text in found)
