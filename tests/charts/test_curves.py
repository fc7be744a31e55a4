"""Curves: a line per seed, a name per split, whole epochs."""

from xml.etree import ElementTree as ET

import numpy as np
import pytest

from paribus.charts import ShownStudy
from paribus.charts.curves import charts as curve_charts
from paribus.charts.curves import draw as draw_curves
from paribus.charts.curves import points as curve_points
from paribus.charts.curves import seed_curves
from paribus.judge.summary import summarise
from tests.charts.drawn import HOSTILE, texts
from tests.charts.seeded import SEEDS, study, trial


def test_curves_are_named_by_their_split():
    _, results = study(names=("v",))
    curves = seed_curves(results, "loss")
    assert [(c.split, c.seed, c.epochs) for c in curves[:2]] == [
        ("train", 0, (1, 2, 3)),
        ("validation", 0, (1, 2, 3)),
    ]
    points = {(p.split, p.epoch): p for p in curve_points(curves)}
    values = [0.5 + 0.013 * seed for seed in range(SEEDS)]
    point = points["validation", 2]
    assert (point.mean, point.lowest, point.highest) == pytest.approx((np.mean(values), 0.5, values[-1]))  # fmt: skip
    assert points["train", 2].mean == pytest.approx(np.mean(values) / 2)
    assert {p.n for p in points.values()} == {SEEDS}


def test_every_seed_has_a_line_and_every_panel_its_n():
    plan, results = study()
    curves = seed_curves(results, "loss")
    svg = draw_curves(curves, "loss", [v.name for v in plan.variants])
    assert {"a (n 5)", f"{HOSTILE} (n 3)", "train", "validation", "loss"} <= set(texts(svg))
    thin = [n for n in ET.fromstring(svg).iter() if n.get("stroke-width") == "0.6"]
    assert len(thin) == 2 * 3, "one path per split and panel"
    assert sum(node.get("d").count("M") for node in thin) == 2 * (5 + 5 + 3), "one stroke per trial"
    assert sum(node.get("d").count("L") for node in thin) == 2 * (5 + 5 + 3) * 2
    assert "<script" not in svg
    assert [chart.svg for chart in curve_charts(ShownStudy(plan, study()[1]))] == [svg]


@pytest.mark.parametrize(("epochs", "expected"), [(3, [1, 2, 3]), (10, [2, 4, 6, 8, 10]), (100, [20, 40, 60, 80, 100])])  # fmt: skip
def test_ticks_are_whole_epochs(epochs, expected):
    plan, _ = study(names=("v",))
    results = summarise(plan, [trial("v", 0, 1.0, epochs=epochs)])
    svg = draw_curves(seed_curves(results, "loss"), "loss", ["v"])
    shown = " ".join(texts(svg))
    assert " ".join(map(str, expected)) + " epoch" in shown
